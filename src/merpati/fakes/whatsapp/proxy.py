"""The only way out that a client is given: WhatsApp's names lead to this machine's fake, all others nowhere.

No name is ever resolved, and nothing is opened but the fake's own port on loopback.
"""

import asyncio
import contextlib
from collections.abc import Callable

LOOPBACK = "127.0.0.1"
DOMAINS = (".whatsapp.com", ".whatsapp.net")
CHUNK_BYTES = 65_536


def is_whatsapps(host: str) -> bool:
    return f".{host}".endswith(DOMAINS)


async def open_proxy(to_port: int, port: int, tell: Callable[[str], None]) -> asyncio.Server:
    """An HTTP proxy on loopback for CONNECT; `tell` hears each host asked for, refused ones with a `!` before."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            host = _host_asked(await reader.readuntil(b"\r\n\r\n"))
            tell(host if is_whatsapps(host) else f"!{host}")
            if is_whatsapps(host):
                await _join(reader, writer, to_port)
            else:
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    return await asyncio.start_server(serve, LOOPBACK, port)


def _host_asked(head: bytes) -> str:
    method, _, rest = head.decode("latin1").partition(" ")
    target = rest.partition(" ")[0]
    return target.rpartition(":")[0] if method == "CONNECT" else target


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    theirs, ours = await asyncio.open_connection(LOOPBACK, port)
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    await asyncio.gather(_copy(reader, ours), _copy(theirs, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    writer.close()
