"""A server that speaks S3, in a process of its own: moto's."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator

import aiohttp

BUCKET = "toko"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@contextlib.asynccontextmanager
async def s3_server() -> AsyncIterator[str]:
    """Its address; `BUCKET` is there, and empty."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = (sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port))
    null = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdout=null, stderr=null)
    url = f"http://127.0.0.1:{port}"
    try:
        await _make_bucket(url)
        yield url
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _make_bucket(url: str) -> None:
    async with asyncio.timeout(60), aiohttp.ClientSession() as client:
        while True:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with client.put(f"{url}/{BUCKET}") as answer:
                    assert answer.status == 200, await answer.text()
                    return
            await asyncio.sleep(0.1)
