"""Text that wants to be more than text, and a database in trouble."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from merpati.messages.actions import ACCEPT
from merpati.messages.views import show_message
from merpati.storage.port import OutcomeUnknown, StorageError, StorageFull, StorageGone
from merpati.transports.port import Text
from tests.api.conftest import api_on_sqlite
from tests.api.files import PNG
from tests.api.harness import HELLO, Api, headers_of, without

HOSTILE = [
    "'; DROP TABLE message; --",
    "{{7*7}}${7*7}<%= 7*7 %>{% debug %}",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "%s%n%x {0} {name!r} {__class__}",
    "$1 $2 {r} {skip_locked}",
    "\u202e\u200b\ufeff\U0010ffff",
    "line\r\nX-Injected: 1",
]


FIELDS = [
    "url",
    "filename",
    "schedule",
    "delay",
    "countryCode",
    "location",
    "typing",
    "duration",
    "choices",
    "select",
    "pollname",
    "connectOnly",
    "followup",
    "data",
    "sequence",
    "preview",
    "inboxid",
    "target",
    "message",
    "buttonJSON",
    "templateJSON",
    "listJSON",
    "token",
    "redirect",
    "other",
]


async def raw_post(api: Api, body: dict[str, str]) -> tuple[dict[str, Any], Mapping[str, str]]:
    async with api.client.post(api.url + "/send", headers=headers_of("one"), data=body) as response:
        assert response.status == 200
        return await response.json(), response.headers


@pytest.mark.parametrize("text", HOSTILE)
async def test_text_is_only_text(both: Api, text: str) -> None:
    """SQL, template and header text in every field is stored as it is or refused, and changes nothing else."""
    answer = await both.post("/send", data={"target": f"081234567890|{text}", "message": text, "pollname": text})
    stored = await both.storage.read(show_message, answer["id"][0])
    assert stored is not None and stored.content == Text(body=text.replace("\r\n", "\n"))

    for name in FIELDS:
        reply, headers = await raw_post(both, {**HELLO, name: text})
        assert isinstance(reply["status"], bool)
        assert "X-Injected" not in headers
    assert await both.count("message") >= 1


class BrokenLane:
    """A lane whose database is in trouble."""

    def __init__(self, error: StorageError) -> None:
        self.error = error

    async def __call__(self, action: object, _item: object) -> object:
        assert action is ACCEPT
        raise self.error

    async def close(self) -> None:
        return


TROUBLES = [
    (StorageFull("disk full"), "server storage is full, try again later"),
    (StorageGone("no database"), "server storage is not reachable, try again later"),
    (OutcomeUnknown("connection lost"), "outcome unknown, try again"),
]


@pytest.mark.parametrize(("error", "reason"), TROUBLES)
async def test_trouble_with_the_database_is_503(tmp_path: Path, error: StorageError, reason: str) -> None:
    """So that the caller tries again. The file of a call that is certainly not stored is not kept."""
    async with api_on_sqlite(tmp_path, lane=BrokenLane(error)) as api:
        form = aiohttp.FormData(HELLO, default_to_multipart=True)
        form.add_field("file", PNG, filename="a.png")
        async with api.client.post(api.url + "/send", headers=headers_of("one"), data=form) as response:
            answer = await response.json()
            assert (response.status, response.headers["Retry-After"]) == (503, "1")

        assert without(answer, "requestid") == {"status": False, "reason": reason}
        assert len(api.files()) == isinstance(error, OutcomeUnknown)
