"""Attachments of `/send`: `url` and `file`."""

import io
import json

import aiohttp
import pytest
from aiohttp import web

from merpati.messages.views import show_message
from merpati.transports.port import Media
from tests.api.files import PNG, FileServer, picture
from tests.api.harness import HELLO, Api, without


async def test_a_url_is_fetched_into_the_media_folder(api: Api) -> None:
    """Once, however many targets; `message` is its caption; the picture has no file name."""
    async with FileServer(picture) as url:
        answer = await api.post(
            "/send",
            data={"target": "081234567890,081234567891", "message": "hi {name}", "url": url, "filename": "a.pdf"},
        )

    assert answer["status"] is True
    ((id_, path, kind, mime, size),) = await api.rows("SELECT id, path, kind, mime, size_bytes FROM media")
    assert (path, kind, mime, size) == (f"{id_}.png", "image", "image/png", len(PNG))
    assert api.files() == [path]
    assert (api.media_folder / path).read_bytes() == PNG
    stored = await api.storage.read(show_message, answer["id"][1])
    assert stored is not None and isinstance(stored.content, Media)
    assert (stored.content.caption, stored.content.filename) == ("hi {name}", "")


async def test_an_uploaded_file_is_taken_over(api: Api) -> None:
    """A document keeps its name; `filename` gives it another."""
    for filename, shown in (("", "Invoice é.pdf"), ("bill", "bill.pdf")):
        form = aiohttp.FormData({**HELLO, "filename": filename}, quote_fields=False, default_to_multipart=True)
        form.add_field("file", b"%PDF-1.7 ...", filename="Invoice é.pdf", content_type="application/octet-stream")
        answer = await api.post("/send", data=form)
        stored = await api.storage.read(show_message, answer["id"][0])

        assert stored is not None and isinstance(stored.content, Media)
        assert (stored.content.kind, stored.content.filename) == ("document", shown)
        assert (api.media_folder / stored.content.path).read_bytes() == b"%PDF-1.7 ..."


async def gone(_request: web.Request) -> web.Response:
    raise web.HTTPNotFound


async def page(_request: web.Request) -> web.Response:
    return web.Response(text="<!DOCTYPE html><html></html>", content_type="image/png")


async def huge(_request: web.Request) -> web.Response:
    return web.Response(body=PNG + b"\0" * 10_000_001)


@pytest.mark.parametrize(
    ("served", "reason"),
    [(gone, "url unreachable"), (page, "file format not supported"), (huge, "file size must under 4MB")],
)
async def test_an_attachment_that_cannot_be_had_refuses_the_call(api: Api, served: object, reason: str) -> None:
    """Fonnte's reasons; neither rows nor files stay."""
    async with FileServer(served) as url:
        refused = await api.post("/send", data={**HELLO, "url": url})

    assert without(refused, "requestid") == {"status": False, "reason": reason}
    assert await api.count("message") == 0
    assert api.files() == []


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"%PDF" + b"x" * 10_000_001, "a.pdf", "file size must under 4MB"),
        (b"\x7fELF\x02\x01\x01\0" * 10, "a.pdf", "file format not supported"),
        (b"<?php system($_GET[0]);", "shell.php", "file format not supported"),
        (b"", "a.txt", "file format not supported"),
    ],
)
async def test_an_upload_that_cannot_be_sent_leaves_nothing(
    api: Api, content: bytes, name: str, reason: str
) -> None:
    """Judged by what it is, not by its name."""
    form = aiohttp.FormData(HELLO, default_to_multipart=True)
    form.add_field("file", io.BytesIO(content), filename=name)

    assert without(await api.post("/send", data=form), "requestid") == {"status": False, "reason": reason}
    assert api.files() == []
    assert await api.count("message") == 0


async def test_a_call_refused_after_its_file_came_leaves_no_file(api: Api) -> None:
    """The file is good, the target is not."""
    form = aiohttp.FormData({**HELLO, "target": "x"}, default_to_multipart=True)
    form.add_field("file", PNG, filename="a.png")

    assert (await api.post("/send", data=form))["status"] is False
    assert api.files() == []


async def test_a_file_with_data_is_refused(api: Api) -> None:
    """Fonnte docs, API send message: `file` cannot be combined with `data`."""
    form = aiohttp.FormData({"data": json.dumps([HELLO])}, default_to_multipart=True)
    form.add_field("file", PNG, filename="a.png")

    assert (await api.post("/send", data=form))["reason"] == "input invalid"
    assert api.files() == []
