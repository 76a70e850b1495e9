"""The dashboard's files over a real socket."""

import gzip
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import cast

import aiohttp
import pytest
import pytest_asyncio
from litestar import Litestar

from merpati.api.fonnte.door import Handler
from merpati.api.server import listen, serving
from merpati.web.pages import DIST, BuiltFile, load_pages, page_routes

FIRST = ("index.html", "home/Home.svelte", "session/Login.svelte", "words/id")
SCRIPT = b"// a script\n" * 200


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A small dashboard, as the build leaves it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_bytes(b"<!doctype html><title>merpati</title>")
    (tmp_path / "assets" / "main-1a2b.js").write_bytes(SCRIPT)
    (tmp_path / ".stamp").write_bytes(b"0")
    return tmp_path


@pytest_asyncio.fixture
async def pages(dist: Path) -> AsyncIterator[aiohttp.ClientSession]:
    async for client in client_of(dist):
        yield client


async def client_of(dist: Path) -> AsyncIterator[aiohttp.ClientSession]:
    app = Litestar(route_handlers=[*page_routes(load_pages(dist))], openapi_config=None, logging_config=None)
    listener = listen("127.0.0.1", 0)
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with serving(cast(Handler, app), listener), aiohttp.ClientSession(base, auto_decompress=False) as client:
        yield client


async def test_the_root_leads_to_the_dashboard(pages: aiohttp.ClientSession) -> None:
    """Whoever types the server's address comes to the pages."""
    async with pages.get("/", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/app/")


@pytest.mark.parametrize("path", ["/app", "/app/", "/app/devices/3?x=1", "/app/.stamp"])
async def test_an_address_of_the_dashboard_is_its_page(pages: aiohttp.ClientSession, path: str) -> None:
    """The page draws itself by the address; no file outside of the dashboard can be named."""
    async with pages.get(path) as answer:
        assert answer.status == 200
        assert b"<title>merpati</title>" in await answer.read()
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-cache"


async def test_a_file_named_by_its_contents_is_kept_for_a_year(pages: aiohttp.ClientSession) -> None:
    """A browser asks for it once; it travels small."""
    async with pages.get("/app/assets/main-1a2b.js", headers={"Accept-Encoding": "gzip"}) as answer:
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert gzip.decompress(await answer.read()) == SCRIPT


async def test_a_file_of_an_older_build_is_not_found(pages: aiohttp.ClientSession) -> None:
    """A page left open over an update learns that it is old, and does not run a page as a script."""
    async with pages.get("/app/assets/main-0000.js") as answer:
        assert answer.status == 404


async def test_an_unchanged_page_is_not_sent_again(pages: aiohttp.ClientSession) -> None:
    """The page is asked anew each time, by its ETag."""
    async with (
        pages.get("/app/") as first,
        pages.get("/app/", headers={"If-None-Match": first.headers["ETag"]}) as answer,
    ):
        assert (answer.status, await answer.read()) == (304, b"")


async def test_a_package_without_pages_says_so(tmp_path: Path) -> None:
    """The rest works without the dashboard."""
    async for client in client_of(tmp_path / "none"):
        async with client.get("/app/") as answer:
            assert answer.status == 404
            assert b"not built" in await answer.read()


def first_load(built: Mapping[str, BuiltFile]) -> set[str]:
    """What the sign-in page and the home page load: the page, its scripts and styles, one font and one language."""
    manifest = json.loads((DIST / ".vite" / "manifest.json").read_bytes())
    asked, found = [name for name in manifest if name.endswith(FIRST)], set[str]()
    while asked:
        chunk = manifest[asked.pop()]
        new = {chunk["file"], *chunk.get("css", [])} - found
        asked.extend(chunk.get("imports", []) if new else [])
        found |= new
    fonts = [path for path in built if "latin-wght" in path and "ext" not in path]
    return {"index.html", *found, *fonts}


def test_the_first_load_is_small() -> None:
    """At most 200 kB compressed until the home page is drawn."""
    built = load_pages()
    paths = first_load(built)
    assert any("latin-wght" in path for path in paths)
    assert any(path.endswith(".css") for path in paths)
    assert sum(len(built[path].gzipped or built[path].plain) for path in paths) <= 200_000
