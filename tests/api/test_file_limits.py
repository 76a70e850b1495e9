"""How large a file may be: each kind by its own setting, at Fonnte's API and at ours, by upload and by address."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web

from merpati.config import load_config
from merpati.messages.file_limits import MB, FileLimits
from merpati.transports.port import MediaKind
from tests.api.conftest import api_on_sqlite
from tests.api.files import CONTENT, FileServer
from tests.api.harness import HELLO, ONE, Api, serving_api, without
from tests.api.v1.browser import Answered, program_of

LIMITS = FileLimits(image=1 * MB, video=2 * MB, audio=3 * MB, document=4 * MB)
CASES = [(kind, more) for kind in MediaKind for more in (0, 1)]


@pytest.fixture
async def limited(tmp_path: Path) -> AsyncIterator[Api]:
    """A server with a limit of its own for each kind."""
    async with api_on_sqlite(tmp_path, file_limits=LIMITS) as running:
        yield running


def of_size(kind: MediaKind, more: int) -> bytes:
    """As large as a file of this kind may be, and so many bytes more."""
    return CONTENT[kind].ljust(LIMITS.of(kind) + more, b"x")


def form_of(content: bytes, **texts: str) -> aiohttp.FormData:
    """An upload whose name says something else than its content."""
    form = aiohttp.FormData(texts, default_to_multipart=True)
    form.add_field("file", io.BytesIO(content), filename="catatan.txt")
    return form


def serving(content: bytes) -> FileServer:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=content)

    return FileServer(handler)


async def uploaded(api: Api, content: bytes) -> Answered:
    return await program_of(api).ask("POST", "/files", data=form_of(content))


async def sent_by_address(api: Api, content: bytes) -> Answered:
    async with serving(content) as url:
        call = {"device": ONE, "targets": "081234567890", "url": url}
        return await program_of(api).ask("POST", "/messages", call)


@pytest.mark.parametrize(("kind", "more"), CASES)
async def test_fonnte_refuses_what_is_larger_than_its_kind(limited: Api, kind: MediaKind, more: int) -> None:
    """In Fonnte's words, by `file` and by `url`; at the limit it goes. Nothing of a refused one stays."""
    content = of_size(kind, more)
    by_file = await limited.post("/send", data=form_of(content, **HELLO))
    async with serving(content) as url:
        by_url = await limited.post("/send", data={**HELLO, "url": url})
    for answer in (by_file, by_url):
        if more:
            refused = {"status": False, "reason": "file size must under 4MB"}
            assert without(answer, "requestid") == refused
        else:
            assert answer["status"] is True
    assert len(limited.files()) == (0 if more else 2)


@pytest.mark.parametrize(("kind", "more"), CASES)
async def test_our_own_api_names_the_limit_of_the_kind(limited: Api, kind: MediaKind, more: int) -> None:
    """As a problem, when it is uploaded and when its address is sent; at the limit it goes."""
    content = of_size(kind, more)
    upload, sending = await uploaded(limited, content), await sent_by_address(limited, content)
    if more:
        for refused in (upload, sending):
            assert (refused.status, refused.code) == (413, "file_too_large")
            assert f"{LIMITS.of(kind) // MB} MB" in refused.body["detail"]
        assert limited.files() == []
    else:
        assert (upload.status, upload.body["kind"], sending.status) == (201, kind, 202)


async def test_a_file_that_is_larger_than_any_may_be_is_judged_too(limited: Api) -> None:
    """It is cut on its way in, so it is its own kind's limit that is told."""
    upload = await uploaded(limited, CONTENT["image"].ljust(LIMITS.most + 5, b"x"))
    assert (upload.code, "1 MB" in upload.body["detail"]) == ("file_too_large", True)
    not_sendable = await uploaded(limited, b"\x7fELF\x02\x01\x01\0".ljust(LIMITS.most + 5, b"x"))
    assert not_sendable.code == "file_type"


async def test_a_limit_that_was_lowered_counts_for_files_that_were_uploaded_before(limited: Api) -> None:
    """A kept file is judged again when it is sent."""
    kept = (await uploaded(limited, of_size(MediaKind.DOCUMENT, 0))).body["id"]
    call = {"device": ONE, "targets": "081234567890", "file": kept}
    lowered = msgspec.structs.replace(limited.gateway, file_limits=FileLimits(document=1 * MB))
    async with serving_api(lowered, limited.sessions) as anew:
        refused = await program_of(anew).ask("POST", "/messages", call)
    assert (refused.status, refused.code) == (413, "file_too_large")
    assert (await program_of(limited).ask("POST", "/messages", call)).status == 202


async def test_the_rules_tell_each_kind(limited: Api) -> None:
    """Its limit and its extensions; over all, the largest and every one."""
    rules = (await program_of(limited).ask("GET", "/files/rules")).body
    assert {each["kind"]: each["most_bytes"] for each in rules["kinds"]} == {
        "image": 1_000_000,
        "video": 2_000_000,
        "audio": 3_000_000,
        "document": 4_000_000,
    }
    assert rules["most_bytes"] == 4_000_000
    assert rules["extensions"] == [extension for each in rules["kinds"] for extension in each["extensions"]]


def test_each_limit_is_a_setting() -> None:
    """Fonnte's ten megabytes where nothing is set."""
    assert load_config({}, {}).config.file_limits == FileLimits()
    of_kinds = {f"MERPATI_MAX_{kind.upper()}_MB": str(n) for n, kind in enumerate(MediaKind, 1)}
    assert load_config(of_kinds, {}).config.file_limits == LIMITS
