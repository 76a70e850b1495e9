"""What the official API would refuse of texts and files is refused at the door; what a linked phone takes goes."""

import io
from typing import Any

import aiohttp
import pytest
from PIL import Image

from merpati.core.ids import DeviceId
from tests.api.harness import ONE, Api
from tests.api.test_menus import OFFICIAL, TOKEN, official
from tests.api.v1.browser import program_of

MP3 = b"ID3\x04" + bytes(2_000)


def webp() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (8, 8)).save(made, "WEBP")
    return made.getvalue()


async def send(api: Api, device: DeviceId, **more: Any) -> Any:  # noqa: ANN401 - an answer
    body = {"device": device, "targets": "6281234567890|Ani", **more}
    return await program_of(api).ask("POST", "/messages", body, headers={"Accept-Language": "en"})


async def upload(api: Api, name: str, content: bytes) -> int:
    form = aiohttp.FormData()
    form.add_field("file", content, filename=name)
    headers = {"Authorization": program_of(api).headers["Authorization"]}
    async with api.client.post(f"{api.url}/api/v1/files", data=form, headers=headers) as answer:
        assert answer.status == 201, await answer.text()
        return int((await answer.json())["id"])


@pytest.mark.parametrize(
    "text", ["x" * 4_097, "{name}" + "x" * 4_094], ids=["as written", "with the recipient's name"]
)
async def test_a_text_that_is_too_long_there_goes_elsewhere(api: Api, text: str) -> None:
    """The sentence names the limit."""
    await official(api)
    refused = await send(api, OFFICIAL, text=text)
    assert (refused.status, refused.body["code"]) == (422, "text_too_long")
    assert "4096" in refused.body["detail"]
    assert (await send(api, ONE, text=text)).status == 202


async def test_a_file_of_a_type_it_does_not_take_is_refused_with_those_it_does(api: Api) -> None:
    """In the preview already; a linked phone takes it."""
    await official(api)
    file = await upload(api, "stiker.webp", webp())
    body = {"device": OFFICIAL, "targets": "6281234567890", "file": file}
    preview = await program_of(api).ask("POST", "/messages/preview", body)
    assert (preview.status, preview.body["code"]) == (422, "file_type_here")
    refused = await send(api, OFFICIAL, file=file)
    assert (refused.status, refused.body["code"]) == (422, "file_type_here")
    assert "jpeg, png" in refused.body["detail"]
    assert (await send(api, ONE, file=file)).status == 202


async def test_words_with_a_sound_are_refused_and_the_sound_alone_goes(api: Api) -> None:
    """Also in Fonnte's own form."""
    await official(api)
    file = await upload(api, "lagu.mp3", MP3)
    assert (await send(api, OFFICIAL, file=file, text="dengar")).body["code"] == "caption_unsupported"
    assert (await send(api, OFFICIAL, file=file)).status == 202
    form = aiohttp.FormData({"target": "6281234567890", "message": "dengar", "connectOnly": "false"})
    form.add_field("file", MP3, filename="lagu.mp3")
    async with api.client.post(f"{api.url}/send", headers={"Authorization": TOKEN}, data=form) as response:
        answer = await response.json()
    assert (answer["status"], answer["reason"]) == (
        False,
        "input invalid: this device sends sounds without message",
    )


async def test_a_group_is_refused_where_there_are_none(api: Api) -> None:
    """It was taken, and failed in the queue. The preview names it, and a linked phone takes it."""
    await official(api)
    group = "120363000000000001@g.us"
    refused = await send(api, OFFICIAL, targets=f"6281234567890,{group}", text="halo")
    assert (refused.status, refused.body["code"]) == (422, "group_unsupported")
    assert group in refused.body["detail"]
    body = {"device": OFFICIAL, "targets": f"6281234567890,{group}", "text": "halo"}
    preview = await program_of(api).ask("POST", "/messages/preview", body)
    assert [(each["text"], each["code"]) for each in preview.body["refused"]] == [(group, "group_unsupported")]
    form = {"target": group, "message": "halo", "connectOnly": "false"}
    async with api.client.post(f"{api.url}/send", headers={"Authorization": TOKEN}, data=form) as response:
        answer = await response.json()
    assert answer["reason"] == f"target input invalid: this device has no groups, {group}"
    assert (await send(api, ONE, targets=group, text="halo")).status == 202
