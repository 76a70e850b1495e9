"""Approved templates through the whole gateway: given by the API, stored, brought to a Meta that judges them."""

import io
from typing import Any

import aiohttp
import pytest

from merpati.fakes.graph.seeding import seed_templates
from tests.flows.test_official import OFFICIAL, Office, office

__all__ = ["office"]
JPEG = b"\xff\xd8\xff\xe0" + bytes(3_000)
PDF = b"%PDF-1.7\n" + bytes(3_000)
MP3 = b"ID3\x04" + bytes(2_000)
PLACE = {"latitude": -6.2, "longitude": 106.8, "name": "Dekat {name}", "address": "Jalan Kenari {var1}"}


@pytest.fixture
async def shop(office: Office) -> Office:
    """The number is set up, its templates are approved and were read."""
    await office.set_up()
    await office.ask("POST", f"/devices/{OFFICIAL}/official/tell-address")
    await office.opened()
    seed_templates(office.meta.running.graph, office.meta.seeded.business)
    office.meta.running.graph.timeline.run_due()
    status, _ = await office.ask("POST", f"/devices/{OFFICIAL}/official/templates/read")
    assert status == 200
    return office


async def upload(shop: Office, name: str, content: bytes) -> int:
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(content), filename=name)
    url = f"{shop.stage.gateway.url}/api/v1/files"
    async with shop.client.post(url, data=form, headers=shop.headers) as answer:
        assert answer.status == 201, await answer.text()
        return int((await answer.json())["id"])


async def send(shop: Office, name: str, *, path: str = "/messages", **more: Any) -> tuple[int, Any]:  # noqa: ANN401
    filled: dict[str, Any] = {key: more.pop(key) for key in ("body", "buttons", "header") if key in more}
    template = {"name": name, "language": "id", **filled}
    targets = more.pop("targets", shop.meta.seeded.person.phone)
    body = {"device": OFFICIAL, "targets": targets, "interactive": {"template": template}, **more}
    return await shop.ask("POST", path, body)


def texts(*given: str) -> list[dict[str, str]]:
    return [{"text": each} for each in given]


def at_meta(shop: Office) -> list[Any]:
    """The components of what arrived, oldest first."""
    lines = shop.meta.running.graph.world.lines.values()
    return [line.body["template"].get("components") for line in lines if line.body["type"] == "template"]


CODE = {"index": 0, "kind": "copy_code", "value": "HEMAT10"}


async def test_a_picture_above_goes_up_once_for_everybody(shop: Office) -> None:
    """A batch of many with one file: each gets the picture and their own name."""
    file = await upload(shop, "katalog.jpg", JPEG)
    targets = [{"to": f"62812{n:08}", "name": f"Ani {n}"} for n in range(230)]

    status, answer = await send(
        shop, "katalog_baru", body=texts("{name}"), buttons=[CODE], file=file, targets=targets
    )

    assert (status, len(answer["items"])) == (202, 230)

    async def all_arrived() -> bool:
        return len(at_meta(shop)) == 230

    await shop.stage.until(all_arrived)
    [uploaded] = shop.meta.running.graph.world.media.values()
    assert uploaded.data == JPEG
    names = {body["parameters"][0]["text"] for _, body, _ in at_meta(shop)}
    assert names == {f"Ani {n}" for n in range(230)}
    assert all(
        header["parameters"] == [{"type": "image", "image": {"id": uploaded.id}}] for header, _, _ in at_meta(shop)
    )


async def test_a_document_above_is_shown_in_the_history(shop: Office) -> None:
    """With its name, and the blanks by their names."""
    file = await upload(shop, "tagihan-januari.pdf", PDF)
    blanks = [{"name": "nama", "text": "Ani"}, {"name": "tanggal", "text": "5 Januari"}]
    status, answer = await send(shop, "tagihan_bulanan", body=blanks, file=file)
    assert status == 202, answer

    seen = await shop.until_message(answer["items"][0]["id"], state="read")

    assert (seen["content"], seen["file"]["filename"]) == ("template", "tagihan-januari.pdf")
    assert seen["interactive"]["template"]["body"] == blanks
    assert seen["text"] == "tagihan_bulanan: tagihan-januari.pdf, Ani, 5 Januari"
    assert at_meta(shop)[0][0]["parameters"][0]["document"]["filename"] == "tagihan-januari.pdf"


async def test_a_place_above_is_each_recipients_own(shop: Office) -> None:
    """Its two lines hold the target's variables."""
    target = [{"to": shop.meta.seeded.person.phone, "name": "Budi", "variables": ["7"]}]
    status, answer = await send(shop, "kurir_tiba", body=texts("{name}"), location=PLACE, targets=target)
    assert status == 202, answer

    seen = await shop.until_message(answer["items"][0]["id"], state="read")

    assert seen["location"] == PLACE | {"name": "Dekat Budi", "address": "Jalan Kenari 7"}
    shown = at_meta(shop)[0][0]["parameters"][0]["location"]
    assert (shown["name"], shown["address"]) == ("Dekat Budi", "Jalan Kenari 7")


@pytest.mark.parametrize("path", ["/messages", "/messages/preview"])
async def test_what_does_not_fit_is_refused_before_anything_is_stored(shop: Office, path: str) -> None:
    """By the same words in the preview: nothing above, another kind, a sound, a size that is too large."""
    jpeg, pdf = await upload(shop, "a.jpg", JPEG), await upload(shop, "a.pdf", PDF)
    mp3, large = await upload(shop, "a.mp3", MP3), await upload(shop, "b.jpg", JPEG + bytes(5_000_000))
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({}, "template_needs_image", "file"),
        ({"file": pdf}, "template_needs_image", "file"),
        ({"file": mp3}, "template_header_file", "file"),
        ({"file": large}, "file_too_large", ""),
        ({"location": PLACE}, "template_needs_image", "location"),
        ({"file": jpeg, "location": PLACE}, "template_one_header", "location"),
        ({"file": jpeg, "header": texts("x")}, "template_one_header", "interactive.template.header"),
        ({"file": jpeg, "body": []}, "template_blanks", "interactive.template.body"),
        ({"file": jpeg, "buttons": []}, "template_buttons", "interactive.template.buttons"),
        ({"file": jpeg, "text": "x"}, "input_invalid", "text"),
    ]
    for changed, code, field in wrong:
        given = {"body": texts("Ani"), "buttons": [CODE], **changed}
        status, problem = await send(shop, "katalog_baru", path=path, **given)
        found = next((each["field"] for each in problem.get("errors", [])), "")
        assert (problem["code"], found) == (code, field), (changed, status, problem)
    assert (await shop.ask("GET", "/messages"))[1]["items"] == []


async def test_other_parts_are_refused_by_their_name(shop: Office) -> None:
    """A carousel is listed, and not offered."""
    _, listed = await shop.ask("GET", f"/devices/{OFFICIAL}/official/templates")
    carousel = next(each for each in listed["items"] if each["name"] == "tiga_sepatu")
    assert (carousel["unfillable"], carousel["sendable"]) == ("carousel", False)
    status, problem = await send(shop, "tiga_sepatu")
    assert (status, problem["code"]) == (422, "template_part")
    assert "carousel" in problem["detail"]


async def test_one_that_was_not_read_is_judged_by_meta(shop: Office) -> None:
    """It may have been made since: the message ends with what Meta says."""
    status, answer = await send(shop, "baru_sekali", body=texts("Ani"))
    assert status == 202
    await shop.until_message(answer["items"][0]["id"], state="failed", code="template_refused")


async def test_a_places_lines_without_a_template_are_refused(shop: Office) -> None:
    """There the text stands below the map."""
    body = {"device": OFFICIAL, "targets": shop.meta.seeded.person.phone, "location": PLACE}
    status, problem = await shop.ask("POST", "/messages", body)
    assert (status, problem["code"], problem["errors"][0]["field"]) == (422, "input_invalid", "location.name")
