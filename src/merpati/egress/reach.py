"""Whether an address that a user gave can be reached at all."""

import asyncio
import socket
import ssl

import aiohttp
from yarl import URL

from merpati.egress.guard import EgressError, EgressFault, Guard, GuardedResolver

REACH_TIMEOUT_S = 5.0


async def reach(guard: Guard, url: str, *, timeout_s: float = REACH_TIMEOUT_S) -> None:
    """Connect, with TLS where the address says https, and hang up: no request is made. Raises `EgressError`.

    The guard judges as it does for a real call, and the connection goes to the address it judged.
    """
    checked = guard.check_url(url)
    try:
        async with asyncio.timeout(timeout_s):
            await _connect(guard, checked)
    except TimeoutError:
        raise EgressError(EgressFault.TIMEOUT) from None
    except socket.gaierror:
        raise EgressError(EgressFault.NAME) from None
    except ssl.SSLError as error:
        raise EgressError(EgressFault.TLS, error.reason or "") from None
    except OSError as error:
        raise EgressError(EgressFault.CONNECT, type(error).__name__) from None


async def _connect(guard: Guard, url: URL) -> None:
    host, port = url.raw_host or "", url.port or 0
    found = await GuardedResolver(guard, aiohttp.ThreadedResolver()).resolve(host, port)
    if not found:
        raise EgressError(EgressFault.NAME)
    secure = ssl.create_default_context() if url.scheme == "https" else None
    _, writer = await asyncio.open_connection(
        found[0]["host"], port, ssl=secure, server_hostname=host if secure else None
    )
    writer.transport.abort()
