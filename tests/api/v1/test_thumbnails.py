"""Small pictures over the API: for whoever may see the message or the file, as long as the file is kept."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from merpati.api.accepting import take_media_id
from merpati.core.clock import DAY_MS, Millis
from merpati.messages.media import forget_media
from merpati.messages.receiving import keep_received
from merpati.transports.port import Media, MediaKind
from tests.api.harness import ACCOUNT, ONE, Api
from tests.api.v1.browser import STRANGERS_EMAIL, Browser, program_of, signed_in
from tests.api.v1.messages import receive
from tests.api.v1.test_files import PDF, upload
from tests.messages.pictures import animation, bomb, photo, picture

CALL: dict[str, Any] = {"device": ONE, "targets": "081234567890"}


async def sent(browser: Browser, file: int) -> Any:  # noqa: ANN401 — JSON
    """The path of the small picture of a message with this file, or None."""
    answered = await browser.ask("POST", "/messages", {**CALL, "file": file})
    message = (await browser.ask("GET", f"/messages/{answered.body['items'][0]['id']}")).body
    return message["file"]["thumbnail"]


async def test_a_message_and_an_upload_have_a_small_picture(both: Api, ayu: Browser) -> None:
    """The same one, of our own type and without what the phone wrote beside it."""
    kept = (await upload(ayu, photo(), "a.txt")).body
    seen = []
    for path in (kept["thumbnail"], await sent(ayu, kept["id"])):
        status, body, headers = await ayu.look(path)
        assert (status, headers["Content-Type"], headers["X-Content-Type-Options"]) == (
            200,
            "image/webp",
            "nosniff",
        )
        seen.append(body)
    small = Image.open(io.BytesIO(seen[0]))
    assert seen[0] == seen[1]
    assert (small.format, small.size, dict(small.getexif())) == ("WEBP", (640, 480), {})
    assert len(both.files()) == 2


async def test_a_browser_keeps_it_for_the_session_that_asked(both: Api, ayu: Browser) -> None:
    """Who has it is not sent it again; who may not see it is not told that it is the same."""
    path = (await upload(ayu, picture(), "a.jpg")).body["thumbnail"]
    _, body, headers = await ayu.look(path)
    assert "immutable" in headers["Cache-Control"]
    assert "private" in headers["Cache-Control"]
    assert "Cookie" in headers["Vary"]
    again, nothing, told = await ayu.look(path, **{"If-None-Match": headers["ETag"]})
    assert (again, nothing, told["ETag"]) == (304, b"", headers["ETag"])
    other, same, _ = await ayu.look(path, **{"If-None-Match": '"another"'})
    assert (other, same) == (200, body)
    stranger = await signed_in(both, STRANGERS_EMAIL)
    assert (await stranger.look(path, **{"If-None-Match": headers["ETag"]}))[0] == 404


async def test_nobody_sees_anothers(both: Api, ayu: Browser) -> None:
    """Another account's is as one that never was; without signing in nothing is told."""
    kept = (await upload(ayu, picture(), "a.jpg")).body
    of_message = await sent(ayu, kept["id"])
    eve = await signed_in(both, STRANGERS_EMAIL)
    for path in (kept["thumbnail"], of_message):
        assert (await eve.look(path))[0] == 404
        assert (await program_of(both, "stranger").look(path))[0] == 404
        assert (await Browser(both.client, both.url).look(path))[0] == 401
        assert (await program_of(both).look(path))[0] == 200


@pytest.mark.parametrize(
    ("content", "filename"), [(bomb(), "a.png"), (picture("PNG")[:300], "a.png"), (picture()[:2_000], "a.jpg")]
)
async def test_a_hostile_or_broken_picture_has_none(ayu: Browser, content: bytes, filename: str) -> None:
    """It is sent all the same: only a person's reader can tell what is in it."""
    kept = (await upload(ayu, content, filename)).body
    for path in (kept["thumbnail"], await sent(ayu, kept["id"])):
        status, body, _ = await ayu.look(path)
        assert (status, b"thumbnail_none" in body) == (404, True)


async def test_what_is_no_picture_has_none(ayu: Browser) -> None:
    """And is not said to have one; a message without a file has none either."""
    kept = (await upload(ayu, PDF, "a.pdf")).body
    assert (kept["thumbnail"], await sent(ayu, kept["id"])) == (None, None)
    assert (await ayu.look(f"/api/v1/files/{kept['id']}/thumbnail"))[0] == 404
    text = (await ayu.ask("POST", "/messages", {**CALL, "text": "x"})).body["items"][0]["id"]
    status, body, _ = await ayu.look(f"/api/v1/messages/{text}/thumbnail")
    assert (status, b"thumbnail_none" in body) == (404, True)


async def test_a_picture_that_came_has_one(both: Api, ayu: Browser, tmp_path: Path) -> None:
    """Also of a type that cannot be sent, as the network calls it a picture: the first of what moves."""
    (tmp_path / "network").write_bytes(animation())
    came = Media(kind=MediaKind.IMAGE, path=str(tmp_path / "network"), mime="image/gif", size_bytes=1)
    id_, gateway = await take_media_id(both.gateway), both.gateway
    kept = await keep_received(came, id_, ACCOUNT, gateway.files, gateway.spool_folder, gateway.file_limits)
    message = (await ayu.ask("GET", f"/messages/{await receive(both, kept=kept)}")).body
    assert message["file"]["mime"] == "application/octet-stream"
    status, body, headers = await ayu.look(message["file"]["thumbnail"])
    assert (status, headers["Content-Type"], Image.open(io.BytesIO(body)).size) == (200, "image/webp", (100, 50))


async def test_it_goes_with_its_file(both: Api, ayu: Browser) -> None:
    """The message stays, and says no more that there is one."""
    kept = (await upload(ayu, picture(), "a.jpg")).body
    path = await sent(ayu, kept["id"])
    assert (await ayu.look(path))[0] == 200
    message = path.removesuffix("/thumbnail").removeprefix("/api/v1")
    await ayu.ask("POST", f"{message}/cancel")
    await forget_media(both.storage, both.gateway.files, Millis(both.gateway.clock.now() + DAY_MS))
    assert both.files() == []
    assert (await ayu.look(path))[0] == 404
    assert (await ayu.ask("GET", message)).body["file"]["thumbnail"] is None
