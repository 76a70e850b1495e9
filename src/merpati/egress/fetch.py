"""Fetching a file that a user named by its address."""

import asyncio
from pathlib import Path
from typing import BinaryIO

import aiohttp
import msgspec

from merpati.core.errors import Code, Refusal
from merpati.egress.client import Egress
from merpati.egress.drive import MOST_PAGE_BYTES, confirmed_address, file_address
from merpati.egress.guard import EgressError, EgressFault

FETCH_TIMEOUT_S = 60.0
CHUNK_BYTES = 262_144


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was fetched. What the server says of it is a hint, never a proof."""

    size_bytes: int
    content_type: str
    """Without parameters; empty when the server said nothing."""
    filename: str
    """From Content-Disposition, else the last part of the address; may be empty."""


async def fetch(
    egress: Egress, url: str, into: Path, *, max_bytes: int, timeout_s: float = FETCH_TIMEOUT_S
) -> Fetched:
    """Stream what is at `url`, or behind a share link of Google Drive, into `into`; on a failure it is gone again.

    Raises `Refusal`: FILE_TOO_LARGE (value `limit_mb`), URL_INVALID, or URL_UNREACHABLE, both with the
    `EgressFault` as `reason`. A refused address is as unreachable as any other: nobody maps a network by asking.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await _fetch(egress, url, into, max_bytes)
    except TimeoutError:
        raise Refusal(Code.URL_UNREACHABLE, reason=EgressFault.TIMEOUT.value) from None
    except EgressError as error:
        raise _refusal(error.fault, max_bytes) from None


def _refusal(fault: EgressFault, max_bytes: int) -> Refusal:
    if fault is EgressFault.TOO_LARGE:
        return Refusal(Code.FILE_TOO_LARGE, limit_mb=max_bytes // 1_000_000)
    return Refusal(Code.URL_INVALID if fault is EgressFault.URL else Code.URL_UNREACHABLE, reason=fault.value)


async def _fetch(egress: Egress, url: str, into: Path, max_bytes: int) -> Fetched:
    shared = file_address(url)
    async with egress.get(shared or url) as response:
        if shared is None or not _is_page(response):
            return await _take(response, into, max_bytes)
        confirmed = confirmed_address(await _page(response), response.url)
    async with egress.get(confirmed) as response:
        if _is_page(response):
            raise EgressError(EgressFault.NOT_SHARED)
        return await _take(response, into, max_bytes)


def _is_page(response: aiohttp.ClientResponse) -> bool:
    """Where Google Drive was asked for a file: a page about it, of any status."""
    return response.content_type == "text/html"


async def _page(response: aiohttp.ClientResponse) -> str:
    read = bytearray()
    while (chunk := await response.content.readany()) and len(read) < MOST_PAGE_BYTES:
        read += chunk
    return read[:MOST_PAGE_BYTES].decode(errors="replace")


async def _take(response: aiohttp.ClientResponse, into: Path, max_bytes: int) -> Fetched:
    if response.status != 200 or response.headers.get("Content-Encoding", "identity") != "identity":
        raise EgressError(EgressFault.STATUS, str(response.status))
    if (response.content_length or 0) > max_bytes:
        raise EgressError(EgressFault.TOO_LARGE)
    size = await _store(response, into, max_bytes)
    disposition = response.content_disposition
    return Fetched(
        size_bytes=size,
        content_type=response.content_type if "Content-Type" in response.headers else "",
        filename=(disposition and disposition.filename) or response.url.name,
    )


async def _store(response: aiohttp.ClientResponse, into: Path, max_bytes: int) -> int:
    try:
        with await asyncio.to_thread(into.open, "wb") as file:
            return await _copy(response, file, max_bytes)
    except BaseException:
        _remove(into)
        raise


async def _copy(response: aiohttp.ClientResponse, file: BinaryIO, max_bytes: int) -> int:
    size = 0
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        size += len(chunk)
        if size > max_bytes:
            raise EgressError(EgressFault.TOO_LARGE)
        await asyncio.to_thread(file.write, chunk)
    return size


def _remove(path: Path) -> None:
    """At once, also when we are being cancelled."""
    path.unlink(missing_ok=True)
