"""Google Drive's share links, against a server that answers under Google's names."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from yarl import URL

from merpati.core.errors import Code, Refusal
from merpati.egress.client import Egress
from merpati.egress.drive import MOST_PAGE_BYTES, confirmed_address, file_address
from merpati.egress.fetch import fetch
from merpati.egress.guard import EgressError
from tests.egress.servers import Names, Speak, raw_server, read_request

ID = "1aB-c_D2e3F4"
DIRECT = f"https://drive.google.com/uc?export=download&id={ID}"
CONFIRM = """<html><body><form id="download-form" action="{action}" method="get">
<input type="submit" id="uc-download-link" value="Download anyway"/>
<input type="hidden" name="id" value="{id}"><input type="hidden" name="export" value="download">
<input type="hidden" name="confirm" value="t"><input type="hidden" name="uuid" value="0f-1"></form>
<form><input name="other" value="1"></form></body></html>"""


@pytest.mark.parametrize(
    ("link", "address"),
    [
        (f"https://drive.google.com/file/d/{ID}/view?usp=sharing", DIRECT),
        (f"https://drive.google.com/file/d/{ID}/view", DIRECT),
        (f"https://drive.google.com/file/d/{ID}", DIRECT),
        (f"https://drive.google.com/file/u/1/d/{ID}/preview", DIRECT),
        (f"https://drive.google.com/a/toko.example/file/d/{ID}/edit", DIRECT),
        (f"https://drive.google.com/open?id={ID}&authuser=0", DIRECT),
        (f"https://drive.google.com/uc?id={ID}", DIRECT),
        (f"https://drive.google.com/uc?export=view&id={ID}", DIRECT),
        (f"https://drive.google.com/u/0/uc?id={ID}&export=download", DIRECT),
        (f"https://docs.google.com/uc?export=download&id={ID}", DIRECT),
        (f"https://DRIVE.google.com/file/d/{ID}/view?resourcekey=0-x", f"{DIRECT}&resourcekey=0-x"),
        (f"http://drive.google.com:81/uc?id={ID}", f"http://drive.google.com:81/uc?export=download&id={ID}"),
    ],
)
def test_a_share_link_leads_to_the_file(link: str, address: str) -> None:
    """Every form that Drive's pages and its users write."""
    assert file_address(link) == address


@pytest.mark.parametrize(
    "link",
    [
        "https://drive.google.com/drive/folders/1aBc",
        "https://drive.google.com/open",
        "https://drive.google.com/uc?id=a/../b",
        "https://drive.google.com.evil.example/file/d/1aBc/view",
        "https://evil.example/file/d/1aBc/view?drive.google.com",
        "https://docs.google.com/document/d/1aBc/edit",
        "https://[::1",
        "not an address",
    ],
)
def test_other_addresses_stay_as_they_are(link: str) -> None:
    """A folder is no file; another host is another host."""
    assert file_address(link) is None


@pytest.mark.parametrize(
    ("action", "leads_to"),
    [
        (
            "https://drive.usercontent.google.com/download",
            f"https://drive.usercontent.google.com/download?id={ID}&export=download&confirm=t&uuid=0f-1",
        ),
        ("/download", f"https://drive.google.com/download?id={ID}&export=download&confirm=t&uuid=0f-1"),
    ],
)
def test_the_page_that_asks_leads_on(action: str, leads_to: str) -> None:
    """The hidden values of its form, and no others."""
    assert confirmed_address(CONFIRM.format(action=action, id=ID), URL(DIRECT)) == leads_to


def test_the_older_page_has_a_link() -> None:
    """With its ampersands escaped."""
    page = f'<a id="uc-download-link" href="/uc?export=download&amp;confirm=Xy1&amp;id={ID}">Download anyway</a>'

    address = f"https://drive.google.com/uc?export=download&confirm=Xy1&id={ID}"
    assert confirmed_address(page, URL(DIRECT)) == address


@pytest.mark.parametrize(
    "action", ["http://127.0.0.1/x", "https://evil.example/download", "http://[::1", "http://xn--/"]
)
def test_a_page_leads_nowhere_else(action: str) -> None:
    """Whoever wrote it."""
    with pytest.raises(EgressError, match="not_shared"):
        confirmed_address(CONFIRM.format(action=action, id=ID), URL(DIRECT))


@pytest.mark.parametrize("page", ["<![x[ y ]]>", "<!DOCTYPE x [ <!y", "<form id='download-form'", ""])
def test_a_page_that_is_not_googles_leads_nowhere(page: str) -> None:
    """A file that is shared may be a page of anybody's."""
    with pytest.raises(EgressError, match="not_shared"):
        confirmed_address(page, URL(DIRECT))


@pytest.fixture
async def egress() -> AsyncIterator[Egress]:
    """A client for which Google is at 127.0.0.1."""
    names = Names(drive_google_com=[["127.0.0.1"]], drive_usercontent_google_com=[["127.0.0.1"]])
    client = Egress(["127.0.0.1"], resolver=names)
    yield client
    await client.close()


def google(pages: Mapping[str, bytes], asked: list[str]) -> Speak:
    """A server that answers by host and path; `asked` gets what was."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, _ = await read_request(reader)
            target = head.split(" ")[1]
            host = next(line for line in head.split("\r\n") if line.lower().startswith("host:"))[6:].split(":")[0]
            asked.append(f"{host}{target}")
            writer.write(pages[f"{host}{urlsplit(target).path}"])

    return answer


def says(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def content(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir()]


FILE = says(b"%PDF-1.4", "Content-Type: application/pdf", 'Content-Disposition: attachment; filename="Daftar.pdf"')


async def test_a_small_file_comes_at_once(egress: Egress, tmp_path: Path) -> None:
    """By the redirect that Drive gives; its name is the one it has there."""
    asked: list[str] = []
    pages: dict[str, bytes] = {}
    async with raw_server(google(pages, asked)) as port:
        there = f"http://drive.usercontent.google.com:{port}/download?id={ID}&export=download"
        pages["drive.google.com/uc"] = says(b"", f"Location: {there}", status="303 See Other")
        pages["drive.usercontent.google.com/download"] = FILE
        got = await fetch(egress, f"http://drive.google.com:{port}/file/d/{ID}/view", tmp_path / "f", max_bytes=100)

    assert (got.filename, content(tmp_path)) == ("Daftar.pdf", [b"%PDF-1.4"])
    assert asked == [
        f"drive.google.com/uc?export=download&id={ID}",
        f"drive.usercontent.google.com/download?id={ID}&export=download",
    ]


async def test_a_large_file_comes_behind_the_page_that_asks(egress: Egress, tmp_path: Path) -> None:
    """Confirmed once."""
    asked: list[str] = []
    pages: dict[str, bytes] = {"drive.usercontent.google.com/download": FILE}
    async with raw_server(google(pages, asked)) as port:
        action = f"http://drive.usercontent.google.com:{port}/download"
        page = CONFIRM.format(action=action, id=ID).encode()
        pages["drive.google.com/uc"] = says(page, "Content-Type: text/html; charset=utf-8")
        got = await fetch(egress, f"http://drive.google.com:{port}/open?id={ID}", tmp_path / "f", max_bytes=100)

    assert (got.size_bytes, got.filename) == (8, "Daftar.pdf")
    assert asked[1] == f"drive.usercontent.google.com/download?id={ID}&export=download&confirm=t&uuid=0f-1"


HTML = "Content-Type: text/html"


@pytest.mark.parametrize(
    "page",
    [
        says(b"<html>Sign in</html>", HTML),
        says(b"<html>not found</html>", HTML, status="404 Not Found"),
        says(b"x" * 2 * MOST_PAGE_BYTES, HTML),
        says(CONFIRM.format(action="http://127.0.0.1/secret", id=ID).encode(), HTML),
        says(CONFIRM.format(action="/uc", id=ID).encode(), HTML),
    ],
    ids=["sign in", "not found", "endless", "elsewhere", "for ever"],
)
async def test_a_file_that_is_not_shared_is_unreachable(egress: Egress, tmp_path: Path, page: bytes) -> None:
    """The refusal says what to look at, and no file stays."""
    async with raw_server(google({"drive.google.com/uc": page}, [])) as port:
        with pytest.raises(Refusal) as refused:
            await fetch(egress, f"http://drive.google.com:{port}/uc?id={ID}", tmp_path / "f", max_bytes=9_000_000)

    assert (refused.value.code, refused.value.values["reason"]) == (Code.URL_UNREACHABLE, "not_shared")
    assert content(tmp_path) == []
