"""`/files/…`: what came with messages, fetched by whoever was told the address, over a real socket."""

from pathlib import Path

import aiohttp
import pytest
from litestar import Litestar

from merpati.api.files import file_routes, is_shown
from merpati.api.server import listen, serving
from merpati.core.facts import ReceivedFile
from merpati.core.ids import AccountId, MediaId
from merpati.messages.media import keep_media
from merpati.messages.model import Media
from merpati.messages.receiving import UNKNOWN
from tests.api.files import PNG
from tests.api.harness import Api

LATER = 60_000


async def fetched(api: Api, path: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by small letters, and body, from the routes alone."""
    app = Litestar(file_routes(api.gateway), openapi_config=None, logging_config=None)
    with listen("127.0.0.1", 0) as door:
        port = door.getsockname()[1]
        async with (
            serving(app, door),  # type: ignore[arg-type]  # an ASGI app
            aiohttp.ClientSession() as client,
            client.get(f"http://127.0.0.1:{port}{path}") as answer,
        ):
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, headers, await answer.read()


async def stored(api: Api, name: str, mime: str, body: bytes, filename: str = "") -> str:
    """A file in the folder; the path of its address."""
    (api.media_folder / name).write_bytes(body)
    media = Media(
        id=MediaId(int(Path(name).stem)),
        account=AccountId(1),
        path=name,
        kind="document",
        mime=mime,
        size_bytes=len(body),
        filename=filename,
    )
    await api.storage.write(keep_media, media)
    until = api.gateway.clock.now() + LATER
    file = ReceivedFile(media.id, filename or name, Path(name).suffix[1:], until)
    return api.gateway.links.link(file).removeprefix("http://files.example")


async def test_a_picture_is_shown_and_cannot_run(both: Api) -> None:
    """By the type that we judged, whatever the address calls it."""
    path = await stored(both, "9.png", "image/png", PNG, "foto ü.png")
    status, headers, body = await fetched(both, path)
    renamed = await fetched(both, f"{path.rpartition('/')[0]}/page.html")

    assert (status, body, headers["content-type"]) == (200, PNG, "image/png")
    assert headers["content-disposition"].startswith("inline")
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert renamed[1]["content-type"] == "image/png"


async def test_what_nobody_judged_is_saved_and_never_shown(both: Api) -> None:
    """A page that somebody sent is bytes."""
    path = await stored(both, "10.bin", UNKNOWN.mime, b"<script>alert(1)</script>", 'a"b.html')
    status, headers, _ = await fetched(both, path)

    assert (status, headers["content-type"]) == (200, "application/octet-stream")
    assert headers["content-disposition"].startswith("attachment")


async def test_an_address_that_opens_nothing_is_not_found(both: Api) -> None:
    """Forged, of a file that is gone, of no row; and there is no list."""
    gone = await stored(both, "11.png", "image/png", PNG)
    (both.media_folder / "11.png").unlink()
    until = both.gateway.clock.now() + LATER
    nobodys = both.gateway.links.token(ReceivedFile(MediaId(404), "a.png", "png", until))
    over = both.gateway.links.token(ReceivedFile(MediaId(9), "a.png", "png", until - 2 * LATER))
    await stored(both, "9.png", "image/png", PNG)

    for path in (gone, f"/files/{nobodys}/a.png", f"/files/{over}/a.png", "/files/AAAA/9.png", "/files", "/files/"):
        assert (await fetched(both, path))[0] == 404, path


@pytest.mark.parametrize(
    ("mime", "shown"),
    [
        ("image/webp", True),
        ("video/mp4", True),
        ("audio/mpeg", True),
        ("application/pdf", True),
        ("text/csv", False),
        ("text/html", False),
        ("application/xhtml+xml", False),
    ],
)
def test_only_pictures_sound_and_pdf_are_shown(mime: str, shown: bool) -> None:
    """What a browser would run is saved."""
    assert is_shown(mime) is shown
