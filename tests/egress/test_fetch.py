"""Fetching an attachment by its address."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.core.errors import Code, Refusal
from merpati.egress.client import MAX_REDIRECTS, Egress
from merpati.egress.fetch import Fetched, fetch
from tests.egress.servers import Names, raw_server, read_request, saying


@pytest.fixture
async def egress() -> AsyncIterator[Egress]:
    """A client whose operator allowed 127.0.0.1 alone."""
    client = Egress(["127.0.0.1"], resolver=Names(files_test=[["127.0.0.1"]], inside_test=[["127.0.0.2"]]))
    yield client
    await client.close()


async def refused(egress: Egress, url: str, into: Path, timeout_s: float = 5) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await fetch(egress, url, into, max_bytes=1_000, timeout_s=timeout_s)
    assert is_gone(into)
    return caught.value


def is_gone(file: Path) -> bool:
    return not file.exists()


async def test_a_file_is_stored_with_what_the_server_says_of_it(egress: Egress, tmp_path: Path) -> None:
    """Bytes, size, type, and the name of Content-Disposition before that of the address."""
    named = saying(
        "200 OK",
        "Content-Type: image/png; a=b",
        'Content-Disposition: attachment; filename="a b.png"',
        body=b"pixels",
    )
    async with raw_server(named) as port:
        got = await fetch(egress, f"http://files.test:{port}/x/y.jpg?z=1", tmp_path / "f", max_bytes=6)
    assert got == Fetched(size_bytes=6, content_type="image/png", filename="a b.png")
    assert (tmp_path / "f").read_bytes() == b"pixels"
    async with raw_server(saying("200 OK", body=b"")) as port:
        got = await fetch(egress, f"http://files.test:{port}/x/y.jpg?z=1", tmp_path / "f", max_bytes=6)
    assert got == Fetched(size_bytes=0, content_type="", filename="y.jpg")


async def test_a_redirect_is_followed_to_an_allowed_host(egress: Egress, tmp_path: Path) -> None:
    """Relative and absolute, up to three."""

    async def hops(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, _ = await read_request(reader)
            n = int(head.split("/", 2)[1].split(" ")[0])
            line = f"302 Found\r\nLocation: /{n - 1}" if n else "200 OK"
            writer.write(f"HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n".encode())

    async with raw_server(hops) as port:
        assert (
            await fetch(egress, f"http://files.test:{port}/{MAX_REDIRECTS}", tmp_path / "f", max_bytes=9)
        ).size_bytes == 0
        error = await refused(egress, f"http://files.test:{port}/{MAX_REDIRECTS + 1}", tmp_path / "f2")
    assert (error.code, error.values["reason"]) == (Code.URL_UNREACHABLE, "redirect")


@pytest.mark.parametrize(
    ("location", "code", "reason"),
    [
        ("http://inside.test:{port}/secret", Code.URL_UNREACHABLE, "address"),
        ("http://127.0.0.2:{port}/secret", Code.URL_UNREACHABLE, "address"),
        ("//169.254.169.254/latest/meta-data", Code.URL_UNREACHABLE, "address"),
        ("file:///etc/passwd", Code.URL_INVALID, "url"),
        ("http://[::1", Code.URL_UNREACHABLE, "redirect"),
        ("", Code.URL_UNREACHABLE, "redirect"),
    ],
)
async def test_no_redirect_leads_to_an_unchecked_host(
    egress: Egress, tmp_path: Path, location: str, code: Code, reason: str
) -> None:
    """Each hop is judged like the first address."""
    hits = 0

    async def secret(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        nonlocal hits
        hits += 1

    async with (
        raw_server(secret, "127.0.0.2") as inside,
        raw_server(saying("302 Found", f"Location: {location.format(port=inside)}")) as port,
    ):
        error = await refused(egress, f"http://files.test:{port}/", tmp_path / "f")
    assert (error.code, error.values["reason"], hits) == (code, reason, 0)


async def test_a_file_over_the_limit_is_refused_by_its_announcement(egress: Egress, tmp_path: Path) -> None:
    """Nothing is read of it."""
    async with raw_server(saying("200 OK", body=b"x" * 1_001)) as port:
        assert (await refused(egress, f"http://files.test:{port}/", tmp_path / "f")).code is Code.FILE_TOO_LARGE


async def test_an_endless_file_is_cut_at_the_limit(egress: Egress, tmp_path: Path) -> None:
    """A body without a length goes on only as far as the cap."""

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with raw_server(endless) as port:
        assert (await refused(egress, f"http://files.test:{port}/", tmp_path / "f")).code is Code.FILE_TOO_LARGE


async def test_a_dripping_file_ends_by_the_time_limit(egress: Egress, tmp_path: Path) -> None:
    """Bytes that keep coming do not prolong it."""

    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with raw_server(dripping) as port:
        error = await refused(egress, f"http://files.test:{port}/", tmp_path / "f", timeout_s=0.2)
    assert (error.code, error.values["reason"]) == (Code.URL_UNREACHABLE, "timeout")


async def test_a_file_that_breaks_off_is_refused(egress: Egress, tmp_path: Path) -> None:
    """Half a file is no file."""

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()

    async with raw_server(half) as port:
        error = await refused(egress, f"http://files.test:{port}/", tmp_path / "f")
    assert (error.code, error.values["reason"]) == (Code.URL_UNREACHABLE, "broken")


@pytest.mark.parametrize("answer", [("404 Gone",), ("200 OK", "Content-Encoding: gzip"), ("206 Part",)])
async def test_an_answer_that_is_not_the_whole_plain_file_is_refused(
    egress: Egress, tmp_path: Path, answer: tuple[str, ...]
) -> None:
    """An error page is not an attachment, and nothing is unpacked."""
    async with raw_server(saying(*answer, body=b"x")) as port:
        error = await refused(egress, f"http://files.test:{port}/", tmp_path / "f")
    assert (error.code, error.values["reason"]) == (Code.URL_UNREACHABLE, "status")


@pytest.mark.parametrize("url", ["", "not a url", "ftp://files.test/x", "data:text/plain,x"])
async def test_what_is_no_http_address_is_an_invalid_url(egress: Egress, tmp_path: Path, url: str) -> None:
    """Fonnte's `url invalid`; by `check_url` already at the door."""
    assert (await refused(egress, url, tmp_path / "f")).code is Code.URL_INVALID
    with pytest.raises(Refusal):
        egress.check_url(url)
