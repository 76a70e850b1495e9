"""The window of a chat at the door: shown before it matters, and refused where it is certain."""

import time
from typing import Any

import pytest

from merpati.core.clock import DAY_MS, HOUR_MS
from merpati.storage.port import Tx
from tests.api.harness import ONE, Api
from tests.api.test_menus import GIVEN, OFFICIAL, TOKEN, official
from tests.api.v1.browser import program_of
from tests.api.v1.messages import receive

BUDI, SITI = "6281234567890", "6281234567891"
"""Wrote two hours ago; wrote the day before yesterday."""


async def long_heard(api: Api, *, since_ms: int = 3 * DAY_MS) -> None:
    """A device that has been its number for so long, and what people wrote to it."""
    await official(api)

    async def pair(tx: Tx) -> None:
        await tx.run(
            "UPDATE device SET paired_at = $2, state = 'open', state_at = $2 WHERE id = $1",
            OFFICIAL,
            tx.now - since_ms,
        )

    await api.storage.write(pair)
    await receive(api, 900_001, device=OFFICIAL, chat=BUDI, ago_ms=2 * HOUR_MS)
    await receive(api, 900_002, device=OFFICIAL, chat=SITI, ago_ms=2 * DAY_MS)


async def send(api: Api, to: str, **more: Any) -> Any:  # noqa: ANN401 - an answer
    body = {"device": OFFICIAL, "targets": to, "text": "Halo", **more}
    return await program_of(api).ask("POST", "/messages", body, headers={"Accept-Language": "en"})


async def test_what_is_due_now_in_a_closed_chat_is_refused_with_what_to_do(both: Api) -> None:
    """By a code of its own; nothing is stored. Where they wrote lately it goes."""
    await long_heard(both)
    assert (await send(both, BUDI)).status == 202
    refused = await send(both, f"{BUDI},{SITI}")
    assert (refused.status, refused.body["code"]) == (422, "template_needed")
    assert SITI in refused.body["detail"]
    assert "template" in refused.body["detail"]
    assert await both.count("outbox") == 1


async def test_fonntes_api_refuses_it_in_its_own_form(api: Api) -> None:
    """`status` false, and a reason."""
    await long_heard(api)
    form = {"target": SITI, "message": "Halo", "connectOnly": "false"}
    async with api.client.post(f"{api.url}/send", headers={"Authorization": TOKEN}, data=form) as response:
        answer = await response.json()
    assert answer["status"] is False
    assert answer["reason"] == f"input invalid: {SITI} has not written for 24 hours, send an approved template"


@pytest.mark.parametrize(
    "more",
    [
        {"schedule": "2030-01-01T00:00:00Z"},
        {"follow_up_s": 60},
        {"delay_from_s": 30},
        {"text": "", **GIVEN["template"][0]},
    ],
)
async def test_what_goes_later_and_templates_are_taken(api: Api, more: dict[str, Any]) -> None:
    """Until then they may write; WhatsApp judges it when it is handed over."""
    await long_heard(api)
    assert (await send(api, SITI, **more)).status == 202


async def test_what_nobody_can_know_is_never_refused(api: Api) -> None:
    """A device that was set up an hour ago, and one whose transport has no windows."""
    await long_heard(api, since_ms=HOUR_MS)
    assert (await send(api, SITI)).status == 202
    assert (await send(api, SITI, device=ONE)).status == 202


async def test_a_message_of_a_way_that_is_not_there_any_more_can_be_read(api: Api) -> None:
    """A server may be without a transport that it had."""
    await long_heard(api)

    async def take_away(tx: Tx) -> None:
        await tx.run("UPDATE device SET transport = 'gone' WHERE id = $1", OFFICIAL)

    await api.storage.write(take_away)
    shown = await program_of(api).ask("GET", "/messages/900001")
    assert (shown.status, shown.body["window"]) == (200, None)


async def test_the_window_is_shown_where_one_looks_before_writing(api: Api) -> None:
    """Of a chat, in the preview, beside a message; null where there are none."""
    await long_heard(api)
    program = program_of(api)

    async def window(device: int, chat: str) -> Any:  # noqa: ANN401 - JSON
        return (await program.ask("GET", f"/devices/{device}/window", params={"chat": chat})).body["window"]

    opened = await window(OFFICIAL, "0812-3456-7890")
    assert opened["state"] == "open"
    assert opened["until"] > time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    assert await window(OFFICIAL, SITI) == {"state": "closed", "until": None}
    assert await window(ONE, SITI) is None
    assert await window(OFFICIAL, "120363000000000001@g.us") is None

    body = {"device": OFFICIAL, "targets": f"{BUDI},{SITI}", "text": "Halo"}
    items = (await program.ask("POST", "/messages/preview", body)).body["items"]
    assert [item["window"]["state"] for item in items] == ["open", "closed"]
    shown = (await program.ask("GET", "/messages/900002")).body
    assert shown["window"] == {"state": "closed", "until": None}
