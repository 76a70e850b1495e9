"""Files that are uploaded first and sent by their id."""

import io
from typing import Any

import aiohttp
import msgspec
import pytest

from merpati.core.clock import DAY_MS, Clock, Millis, SystemClock
from merpati.core.ids import MessageId
from merpati.messages.media import forget_media
from merpati.messages.views import show_message
from merpati.transports.port import Media
from tests.api.files import PNG, FileServer, picture
from tests.api.harness import ONE, Api, serving_api
from tests.api.v1.browser import Answered, Browser, program_of, signed_in

PDF = b"%PDF-1.7 the price of everything"
CALL: dict[str, Any] = {"device": ONE, "targets": "081234567890|Budi, 081234567891|Siti", "text": "Halo {name}"}


class LaterClock(Clock):
    """Ahead of the others by a day."""

    def now(self) -> Millis:
        return Millis(SystemClock().now() + DAY_MS)

    def elapsed(self) -> float:
        return 0.0


async def upload(browser: Browser, content: bytes, filename: str, name: str = "file") -> Answered:
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    form.add_field(name, io.BytesIO(content), filename=filename, content_type="application/octet-stream")
    return await browser.ask("POST", "/files", data=form)


async def contents(api: Api, sent: Answered) -> list[Media]:
    """What the accepted messages hold."""
    assert sent.status == 202, sent.body
    found = [await api.storage.read(show_message, MessageId(item["id"])) for item in sent.body["items"]]
    return [each.content for each in found if each is not None and isinstance(each.content, Media)]


async def test_an_uploaded_file_is_sent_to_each_target(both: Api, ayu: Browser) -> None:
    """One file, however many messages; the text is its caption, and its name is the one it came with."""
    kept = await upload(ayu, PDF, "Daftar harga é.pdf")
    assert kept.status == 201
    instants = dict.fromkeys(("uploaded_at", "expires_at", "removed_at"), "")
    assert {**kept.body, "id": 0, **instants} == {
        "id": 0,
        "kind": "document",
        "mime": "application/pdf",
        "size_bytes": len(PDF),
        "filename": "Daftar harga é.pdf",
        "thumbnail": None,
        "is_sent": False,
        **instants,
    }
    first, second = await contents(both, await ayu.ask("POST", "/messages", {**CALL, "file": kept.body["id"]}))
    assert (first.caption, second.caption) == ("Halo Budi", "Halo Siti")
    assert (first.filename, first.mime, first.size_bytes) == ("Daftar harga é.pdf", "application/pdf", len(PDF))
    assert both.files() == [first.path]
    assert (both.media_folder / first.path).read_bytes() == PDF


async def test_one_upload_is_sent_by_several_calls(api: Api) -> None:
    """A program with its token; a document may be given another name, a picture has none."""
    program = program_of(api)
    bill, photo = (await upload(program, PDF, "a.pdf")).body, (await upload(program, PNG, "a.txt")).body
    assert (photo["kind"], photo["mime"], photo["filename"]) == ("image", "image/png", "")
    shown = []
    for file, filename in ((bill, ""), (bill, "../Tagihan 2291"), (photo, "foto.png")):
        sent = await program.ask("POST", "/messages", {**CALL, "file": file["id"], "filename": filename})
        shown += [content.filename for content in await contents(api, sent)][:1]
    assert shown == ["a.pdf", "Tagihan 2291.pdf", ""]
    assert len(api.files()) == 2


@pytest.mark.parametrize(
    ("content", "filename", "status", "code"),
    [
        (PDF + b"x" * 10_000_001, "a.pdf", 413, "file_too_large"),
        (PDF + b"x" * 33_000_000, "a.pdf", 413, "file_too_large"),
        (b"", "a.txt", 422, "file_empty"),
        (b"\x7fELF\x02\x01\x01\0" * 10, "a.pdf", 422, "file_type"),
        (b"<html>", "a.txt", 422, "file_type"),
        (PNG, "", 422, "input_invalid"),
    ],
)
async def test_what_cannot_be_sent_is_refused_at_once(
    both: Api, ayu: Browser, content: bytes, filename: str, status: int, code: str
) -> None:
    """Judged by what it is; nothing of it stays."""
    refused = await upload(ayu, content, filename)
    assert (refused.status, refused.code) == (status, code)
    assert (await both.count("media"), both.files()) == (0, [])


async def test_an_upload_needs_the_part_file(ayu_on_sqlite: Browser) -> None:
    """As a form, and by that name."""
    assert (await upload(ayu_on_sqlite, PNG, "a.png", name="picture")).code == "input_invalid"
    assert (await ayu_on_sqlite.ask("POST", "/files", {"file": "a.png"})).code == "media_type"
    torn = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await ayu_on_sqlite.ask("POST", "/files", data=b"--x\r\n", headers=torn)).code == "body_invalid"


@pytest.mark.parametrize("path", ["/messages", "/messages/preview"])
async def test_only_a_file_of_the_account_is_sent(both: Api, ayu: Browser, path: str) -> None:
    """Another's cannot be told from one that never was; with an address too it is not clear which is meant."""
    eve = await signed_in(both, "eve@toko.id")
    theirs, ours = [(await upload(who, PNG, "a.png")).body["id"] for who in (eve, ayu)]
    for file in (theirs, 999_999):
        refused = await ayu.ask("POST", path, {**CALL, "file": file})
        assert (refused.status, refused.code) == (404, "file_unknown")
    for file in (-1, 2**70):
        assert (await ayu.ask("POST", path, {**CALL, "file": file})).code == "input_invalid"
    async with FileServer(picture) as url:
        refused = await ayu.ask("POST", path, {**CALL, "file": ours, "url": url})
    assert (refused.code, refused.body["errors"][0]["field"]) == ("input_invalid", "file")
    assert await both.count("message") == 0


async def test_a_preview_knows_the_file(both: Api, ayu: Browser) -> None:
    """With one a message needs no text."""
    file = (await upload(ayu, PNG, "a.png")).body["id"]
    assert (await ayu.ask("POST", "/messages/preview", {**CALL, "text": "", "file": file})).body["count"] == 2
    assert await both.count("message") == 0


async def test_a_file_may_be_sent_for_a_day(both: Api, ayu: Browser) -> None:
    """Later it is as if it had not been; a call that was answered is answered alike all the same."""
    file = (await upload(ayu, PNG, "a.png")).body["id"]
    call, key = {**CALL, "file": file}, {"Idempotency-Key": "pesanan-2291"}
    first = await program_of(both).ask("POST", "/messages", call, headers=key)
    later = msgspec.structs.replace(both.gateway, clock=LaterClock())
    async with serving_api(later, both.sessions) as tomorrow:
        program = program_of(tomorrow)
        assert (await program.ask("POST", "/messages", call)).code == "file_unknown"
        assert (await program.ask("POST", "/messages", call, headers=key)).body == first.body


async def test_an_unused_file_goes_and_one_that_waits_for_its_time_stays(both: Api, ayu: Browser) -> None:
    """By the sweep of all files, a week later."""
    used, unused = [(await upload(ayu, PNG, "a.png")).body["id"] for _ in range(2)]
    sent = await ayu.ask("POST", "/messages", {**CALL, "file": used, "schedule": "2035-01-01T07:00:00Z"})
    assert sent.status == 202
    later = Millis(both.gateway.clock.now() + 7 * DAY_MS)
    await forget_media(both.storage, both.gateway.files, later)
    assert await both.rows("SELECT id FROM media") == [(used,)]
    assert both.files() == [f"{used}.png"]
    assert f"{unused}.png" not in both.files()


async def test_the_rules_are_told_before_somebody_uploads(both: Api, ayu: Browser) -> None:
    """How large a file may be, and what it may be."""
    rules = (await ayu.ask("GET", "/files/rules")).body
    assert rules["most_bytes"] == both.gateway.file_limits.most
    assert {"png", "jpg", "jpeg", "pdf", "mp4"} <= set(rules["extensions"])
