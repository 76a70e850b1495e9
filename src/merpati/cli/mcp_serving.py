"""The part of `merpati mcp` that needs the extra `mcp`."""

from merpati import __version__
from merpati.cli.troubles import Trouble
from merpati.client import Refused, Unreachable, Unreadable
from merpati.mcp.serving import NotAKey, desk_at, server_of


async def serve(url: str, key: str, *, language: str, must_ask: bool) -> None:
    """Until the assistant's program closes the input; raises `Trouble` where it cannot begin."""
    try:
        async with desk_at(url, key, language=language, must_ask=must_ask) as desk:
            await server_of(desk, __version__).run_stdio_async()
    except NotAKey:
        raise Trouble("cli.mcp.not_a_key") from None
    except Refused as refused:
        raise Trouble("cli.mcp.refused", url=url, code=refused.code, detail=refused.detail) from None
    except (Unreachable, Unreadable) as failed:
        raise Trouble("cli.mcp.unreachable", url=url, why=failed) from None
