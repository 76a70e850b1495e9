"""A 100 MB document: `python -m bench.attachments [--megabytes 100] [--files s3://…]`.

How fast it is accepted by upload and by address, and what it takes of memory.
With `--files`, the variables that the bucket needs (AWS_…, MERPATI_S3_ENDPOINT) are those of the environment.
"""

import argparse
import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import aiohttp
import uvloop
from aiohttp import web

from bench.accept import Served, fsync_ms, rss_mb

CHUNK_BYTES = 1_000_000


def write_document(path: Path, size: int) -> None:
    """Begins as a PDF, which is all that is looked at."""
    with path.open("wb") as file:
        file.write(b"%PDF-1.7\n")
        while file.tell() < size:
            file.write(os.urandom(CHUNK_BYTES // 2).hex().encode())
        file.truncate(size)


@contextlib.asynccontextmanager
async def serving_file(path: Path) -> AsyncIterator[str]:
    """Its address on a server of its own."""

    async def answer(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(path)

    app = web.Application()
    app.router.add_get("/document.pdf", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/document.pdf"
    finally:
        await runner.cleanup()


class Peak:
    """The most memory of a process while something is awaited."""

    def __init__(self, pid: int) -> None:
        self.pid, self.mb = pid, 0.0

    async def during(self, work: Awaitable[Any]) -> tuple[float, Any]:
        """Seconds, and what it came to."""
        began, self.mb = time.perf_counter(), 0.0
        watching = asyncio.ensure_future(self._watch())
        try:
            got = await work
            return time.perf_counter() - began, got
        finally:
            watching.cancel()

    async def _watch(self) -> None:
        while True:
            self.mb = max(self.mb, rss_mb(self.pid))
            await asyncio.sleep(0.01)


async def upload(client: aiohttp.ClientSession, url: str, path: Path, token: str) -> dict[str, Any]:
    form = aiohttp.FormData({"target": "081234567890", "connectOnly": "false"}, default_to_multipart=True)
    with path.open("rb") as file:
        form.add_field("file", file, filename="laporan.pdf", content_type="application/pdf")
        async with client.post(f"{url}/send", data=form, headers={"Authorization": token}) as answer:
            told: dict[str, Any] = await answer.json()
            return told


async def by_address(client: aiohttp.ClientSession, url: str, address: str, token: str) -> dict[str, Any]:
    body = {"target": "081234567890", "connectOnly": "false", "url": address}
    async with client.post(f"{url}/send", data=body, headers={"Authorization": token}) as answer:
        told: dict[str, Any] = await answer.json()
        return told


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--files", default="")
    asked = parser.parse_args()
    megabytes = asked.megabytes
    served = await asyncio.to_thread(
        Served, "--devices", "1", "--attachment-mb", str(megabytes), *(("--files", asked.files) * bool(asked.files))
    )
    url, token, peak = served.url.geturl(), served.tokens[0], Peak(served.pid)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document.pdf"
        await asyncio.to_thread(write_document, path, megabytes * 1_000_000)
        print(f"{asked.files or 'folder'}, {megabytes} MB, fdatasync {fsync_ms(served.folder):.2f} ms\n")
        print("| run | seconds | MB/s | memory before, most (MB) |\n| --- | --- | --- | --- |")
        async with aiohttp.ClientSession() as client, serving_file(path) as address:
            await by_address(client, url, f"{address}.not-there", token)  # everything is loaded once
            for name, work in (
                ("upload", lambda: upload(client, url, path, token)),
                ("upload again", lambda: upload(client, url, path, token)),
                ("by address", lambda: by_address(client, url, address, token)),
                (
                    "four uploads at once",
                    lambda: asyncio.gather(*(upload(client, url, path, token) for _ in "1234")),
                ),
            ):
                before = rss_mb(served.pid)
                seconds, told = await peak.during(work())
                answers = told if isinstance(told, list) else [told]
                assert all(answer["status"] for answer in answers), answers
                speed = megabytes * len(answers) / seconds
                print(f"| {name} | {seconds:.2f} | {speed:.0f} | {before:.0f}, {peak.mb:.0f} |")
    served.stop()


if __name__ == "__main__":
    uvloop.run(main())
