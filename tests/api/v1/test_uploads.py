"""Uploaded files: the list of them, when each goes, and the room for those that were not sent yet."""

import asyncio
from typing import Any

import aiohttp
import msgspec
import pytest

from merpati.core.clock import DAY_MS, Millis
from merpati.messages.media import forget_media
from tests.api.files import PNG
from tests.api.harness import HELLO, ONE, TWO, Api, serving_api
from tests.api.v1.browser import STRANGERS_EMAIL, Answered, Browser, program_of, signed_in
from tests.api.v1.keys import program_with
from tests.api.v1.test_files import PDF, upload

CALL: dict[str, Any] = {"device": ONE, "targets": "081234567890"}
MB = 1_000_000


def pdf_of(size: int) -> bytes:
    return PDF.ljust(size, b"x")


async def listed(browser: Browser, **query: str) -> Answered:
    return await browser.ask("GET", "/files", params=query)


async def ids_of(browser: Browser) -> list[int]:
    return [each["id"] for each in (await listed(browser)).body["items"]]


async def kept(browser: Browser, content: bytes = PDF) -> int:
    answered = await upload(browser, content, "a.pdf")
    assert answered.status == 201, answered.body
    return int(answered.body["id"])


async def send(browser: Browser, file: int, targets: str = "081234567890") -> int:
    answered = await browser.ask("POST", "/messages", {**CALL, "targets": targets, "file": file})
    return answered.status


async def test_uploaded_files_are_listed_newest_first_in_pages(both: Api, ayu: Browser) -> None:
    """As each is told alone; neither another account's nor those that came with a call of Fonnte's."""
    first, second, third = [await kept(ayu) for _ in range(3)]
    eve = await signed_in(both, STRANGERS_EMAIL)
    await kept(eve)
    form = aiohttp.FormData(HELLO, default_to_multipart=True)
    form.add_field("file", PNG, filename="a.png")
    assert (await both.post("/send", data=form))["status"] is True
    page = (await listed(ayu, limit="2")).body
    assert [each["id"] for each in page["items"]] == [third, second]
    rest = (await listed(ayu, limit="2", cursor=page["next"])).body
    assert ([each["id"] for each in rest["items"]], rest["next"]) == ([first], None)
    assert rest["items"][0] == (await ayu.ask("GET", f"/files/{first}")).body
    assert (await listed(ayu, cursor="x")).code == "cursor_invalid"


async def test_the_list_says_when_a_file_goes_and_whether_it_was_sent(both: Api, ayu: Browser) -> None:
    """A day for sending it, a week until it is removed; then it is listed no more."""
    file = await kept(ayu)
    (before,) = (await listed(ayu)).body["items"]
    assert (before["is_sent"], before["size_bytes"], before["mime"]) == (False, len(PDF), "application/pdf")
    assert before["uploaded_at"] < before["expires_at"] < before["removed_at"]
    assert before["removed_at"][11:] == before["uploaded_at"][11:]
    assert await send(ayu, file) == 202
    assert (await listed(ayu)).body["items"][0]["is_sent"] is True
    unsent = await kept(ayu)
    await forget_media(both.storage, both.gateway.files, Millis(both.gateway.clock.now() + DAY_MS))
    assert unsent not in await ids_of(ayu)
    assert await ids_of(ayu) == [file]  # a message waits for it


async def test_a_key_of_chosen_devices_sees_what_it_uploaded_itself(both: Api, ayu: Browser) -> None:
    """The account's owner sees all."""
    key = await program_with(both, ayu, devices=[TWO])
    mine, its = await kept(ayu), await kept(key)
    assert await ids_of(key) == [its]
    assert await ids_of(ayu) == [its, mine]


async def test_what_was_not_sent_has_so_much_room_and_no_more(both: Api) -> None:
    """To the byte; what was sent takes none of it, nor what another account has."""
    tight = msgspec.structs.replace(both.gateway, unsent_bytes=2 * MB)
    async with serving_api(tight, both.sessions) as narrow:
        program, other = program_of(narrow), program_of(narrow, "stranger")
        first = await kept(program, pdf_of(MB))
        await kept(program, pdf_of(MB))
        refused = await upload(program, PDF, "a.pdf")
        assert (refused.status, refused.code) == (409, "uploads_full")
        assert "2 MB" in refused.body["detail"]
        assert len(both.files()) == 2
        await kept(other, pdf_of(2 * MB))
        assert await send(program, first) == 202
        await kept(program, pdf_of(MB))
        assert (await upload(program, PDF, "a.pdf")).code == "uploads_full"


async def test_many_uploads_at_once_share_the_room(both: Api) -> None:
    """Of eight, as many as there is room for."""
    tight = msgspec.structs.replace(both.gateway, unsent_bytes=3 * MB)
    async with serving_api(tight, both.sessions) as narrow:
        program = program_of(narrow)
        answered = await asyncio.gather(*(upload(program, pdf_of(MB), "a.pdf") for _ in range(8)))
    assert sorted(each.status for each in answered) == [201] * 3 + [409] * 5
    assert len(both.files()) == 3


async def test_the_same_upload_twice_takes_its_room_once(both: Api) -> None:
    """Its key is known: the answer is the same, though there would be no room for another."""
    tight = msgspec.structs.replace(both.gateway, unsent_bytes=len(PDF))
    async with serving_api(tight, both.sessions) as narrow:
        program = program_of(narrow)
        program.headers["Idempotency-Key"] = "unggah-1"
        first, again = [await upload(program, PDF, "a.pdf") for _ in range(2)]
    assert (first.status, again.body) == (201, first.body)


async def test_a_large_call_marks_its_file_as_sent(ayu: Browser) -> None:
    """Before its messages are made."""
    file = await kept(ayu)
    assert await send(ayu, file, ",".join(f"62812{n:08}" for n in range(201))) == 202
    assert (await ayu.ask("GET", f"/files/{file}")).body["is_sent"] is True


async def test_a_file_that_was_not_sent_may_be_deleted(both: Api, ayu: Browser) -> None:
    """With its small picture, and makes room; it can be sent no more."""
    file = (await upload(ayu, PNG, "a.png")).body
    assert (await ayu.look(file["thumbnail"]))[0] == 200
    assert (await ayu.ask("DELETE", f"/files/{file['id']}")).status == 204
    assert (both.files(), await ids_of(ayu)) == ([], [])
    assert (await ayu.ask("DELETE", f"/files/{file['id']}")).code == "file_unknown"
    assert await send(ayu, file["id"]) == 404


@pytest.mark.parametrize("whose", ["account", "stranger"])
async def test_a_sent_file_and_anothers_are_not_deleted(both: Api, ayu: Browser, whose: str) -> None:
    """Messages may still need the first; of the other nobody is told that it is there."""
    file = await kept(ayu)
    if whose == "account":
        assert await send(ayu, file) == 202
    refused = await program_of(both, whose).ask("DELETE", f"/files/{file}")
    assert refused.code == ("file_sent" if whose == "account" else "file_unknown")
    assert len(both.files()) == 1
