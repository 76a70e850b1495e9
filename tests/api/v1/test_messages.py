"""The history: listed, counted, and told about one message."""

import time

import pytest

from merpati.devices.model import DeviceState
from merpati.messages.handover import Outcome
from tests.api.harness import ONE, THEIRS, TWO, Api
from tests.api.v1.browser import Browser, program_of
from tests.api.v1.messages import end, receive, send, send_and_end, take

LATER_S = int(time.time()) + 3_600


async def listed(browser: Browser, **params: str) -> list[int]:
    answered = await browser.ask("GET", "/messages", params=params)
    assert answered.status == 200, answered
    return [item["id"] for item in answered.body["items"]]


async def test_the_history_is_listed_newest_first(both: Api, ayu: Browser) -> None:
    """Everything that a row shows."""
    first = await send(both, target="081234567890|Budi", message="halo {name}" + "x" * 300)
    second = await receive(both)
    answered = await ayu.ask("GET", "/messages")
    assert answered.status == 200
    newer, older = answered.body["items"]
    assert answered.body["next"] is None
    assert (newer["id"], newer["direction"], newer["state"], newer["request"]) == (second, "in", "received", None)
    assert older == {
        "id": first,
        "direction": "out",
        "device": ONE,
        "to": "6281234567890",
        "name": "Budi",
        "text": ("halo Budi" + "x" * 300)[:200],
        "content": "text",
        "state": "queued",
        "code": None,
        "held": None,
        "accepted_at": older["accepted_at"],
        "due_at": older["due_at"],
        "state_at": older["accepted_at"],
        "request": older["request"],
        "typed": False,
        "edited_at": None,
        "revoked_at": None,
    }
    assert older["due_at"] >= older["accepted_at"]


@pytest.mark.parametrize("path", ["/messages", "/messages/counts"])
async def test_any_time_with_a_zone_can_be_asked_for(ayu: Browser, path: str) -> None:
    """Also at the ends of the calendar; which zone a bare one means nobody can know."""
    for at, status in (
        ("0001-01-01T00:00:00+14:00", 200),
        ("9999-12-31T23:59:59-14:00", 200),
        ("2026-11-24T10:00:00", 422),
    ):
        for name in ("from", "to"):
            answered = await ayu.ask("GET", path, params={name: at})
            assert answered.status == status
            assert status == 200 or [each["field"] for each in answered.body["errors"]] == [name]


async def test_what_came_with_a_nul_is_shown_as_it_came(both: Api, ayu: Browser) -> None:
    """Anybody may send one; no database keeps it as text."""
    id_ = await receive(both, text="halo\0 juga")
    told = (await ayu.ask("GET", f"/messages/{id_}")).body
    assert (told["text"], told["state"]) == ("halo\0 juga", "received")
    assert await listed(ayu, q="juga") == [id_]


async def test_a_program_reads_the_history_too(both: Api) -> None:
    """Its own account's."""
    id_ = await send(both)
    assert await listed(program_of(both)) == [id_]
    assert await listed(program_of(both, "stranger")) == []


async def test_a_list_says_what_holds_a_message(both: Api, ayu: Browser) -> None:
    """And until when."""
    await send(both, schedule=LATER_S)
    await send(both, "off", connectOnly=False)
    device, schedule = (await ayu.ask("GET", "/messages")).body["items"]
    assert device["held"] == {"reason": "device", "until": None}
    assert schedule["held"]["reason"] == "schedule"
    assert schedule["held"]["until"] == schedule["due_at"]


async def test_the_history_is_asked_for_parts(both: Api, ayu: Browser) -> None:
    """By device, state, direction, number, text, and time; conditions add up."""
    failed = await send_and_end(both, Outcome.FAILED, "recipient_not_on_whatsapp", target="0855555555")
    queued = await send(both, "two", message="pesanan 2291")
    held = await send(both, schedule=LATER_S, message="pesanan besok")
    received = await receive(both)
    at = (await ayu.ask("GET", f"/messages/{queued}")).body["accepted_at"]
    assert await listed(ayu, device=str(TWO)) == [queued]
    assert await listed(ayu, state="failed") == [failed]
    assert await listed(ayu, state="held") == await listed(ayu, state="scheduled") == [held]
    assert await listed(ayu, state="queued") == [held, queued]
    assert await listed(ayu, state="received") == await listed(ayu, direction="in") == [received]
    assert await listed(ayu, number="0855-555") == [failed]
    assert await listed(ayu, q="0855-555") == [failed]
    assert await listed(ayu, q="PESANAN") == [held, queued]
    assert await listed(ayu, q="pesanan", device=str(ONE), state="held") == [held]
    assert await listed(ayu, q=str(queued)) == [queued]
    assert failed not in await listed(ayu, **{"from": at})
    assert await listed(ayu, to=at) == [failed]


async def test_pages_follow_one_another(both: Api, ayu: Browser) -> None:
    """Also where words are asked for."""
    ids = [await send(both, message=f"nomor {n}") for n in range(5)]
    for params in ({}, {"q": "nomor"}):
        found, cursor = [], ""
        while cursor is not None:
            page = await ayu.ask(
                "GET", "/messages", params={"limit": "2", **params, **({"cursor": cursor} if cursor else {})}
            )
            found += [item["id"] for item in page.body["items"]]
            cursor = page.body["next"]
        assert found == ids[::-1]


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"cursor": "rubbish"}, 400, "cursor_invalid"),
        ({"state": "gone"}, 422, "input_invalid"),
        ({"device": "x"}, 422, "input_invalid"),
        ({"device": str(2**63)}, 422, "input_invalid"),
        ({"from": "yesterday"}, 422, "input_invalid"),
        ({"limit": "1000"}, 422, "input_invalid"),
        ({"q": "x" * 201}, 422, "input_invalid"),
        ({"q": "\0"}, 422, "text_unstorable"),
    ],
)
async def test_a_bad_question_is_refused(ayu: Browser, params: dict[str, str], status: int, code: str) -> None:
    """With what is wrong with it."""
    answered = await ayu.ask("GET", "/messages", params=params)
    assert (answered.status, answered.code) == (status, code)


async def test_messages_are_counted_by_kind(both: Api, ayu: Browser) -> None:
    """As the list with the same conditions has them."""
    await send_and_end(both, Outcome.UNKNOWN, "outcome_unknown")
    await send(both, schedule=LATER_S)
    await send(both, "two")
    answered = await ayu.ask("GET", "/messages/counts")
    assert answered.status == 200
    assert answered.body == {
        "most": 10_000,
        "all": 3,
        "held": 1,
        "scheduled": 1,
        "queued": 2,
        "sending": 0,
        "failed": 0,
        "cancelled": 0,
        "expired": 0,
        "uncertain": 1,
    }
    of_two = (await ayu.ask("GET", "/messages/counts", params={"device": str(TWO)})).body
    assert (of_two["all"], of_two["held"], of_two["uncertain"]) == (1, 0, 0)
    later = (await ayu.ask("GET", "/messages/counts", params={"from": "2999-01-01T00:00:00Z"})).body
    assert later["all"] == 0


async def test_everything_about_a_message_is_told(both: Api, ayu: Browser) -> None:
    """From its acceptance to WhatsApp's acknowledgement, and what is to come."""
    id_ = await send_and_end(both, Outcome.SENT, message="x" * 500)
    answered = await ayu.ask("GET", f"/messages/{id_}")
    assert answered.status == 200
    told = answered.body
    assert (told["text"], told["state"], told["why"]) == ("x" * 500, "sent", None)
    assert told["wire_ref"] == told["wa_id"]
    assert [step["key"] for step in told["timeline"]] == [
        "timeline.accepted_by",
        "timeline.handed_over",
        "timeline.sent",
    ]
    assert told["timeline"][0]["values"] == {"request": str(told["request"])}
    assert told["ahead"] == [{"kind": "delivered", "at": None}, {"kind": "read", "at": None}]
    can = {"cancel": False, "reschedule": False, "resend": False, "send_now": False, "edit": True, "revoke": True}
    assert told["can"] == can
    assert told["state_at"] == told["timeline"][-1]["at"]


async def test_why_a_message_waits_is_told(both: Api, ayu: Browser) -> None:
    """Until when, what would help, and when it will go."""
    id_ = await send(both, schedule=LATER_S)
    told = (await ayu.ask("GET", f"/messages/{id_}")).body
    assert told["why"] == {"key": "schedule", "values": {}, "until": told["due_at"]}
    assert told["timeline"][-1]["key"] == "timeline.held.schedule"
    assert told["timeline"][-1]["values"] == {"until": told["due_at"]}
    assert told["ahead"][0] == {"kind": "handed_over", "at": told["due_at"]}
    can = {"cancel": True, "reschedule": True, "resend": False, "send_now": True, "edit": False, "revoke": False}
    assert told["can"] == can
    waiting = await send(both, "off", connectOnly=False)
    told = (await ayu.ask("GET", f"/messages/{waiting}")).body
    assert told["why"]["key"] == "device"
    assert told["why"]["values"] == {
        "number": "6283333333333",
        "means": "device.state.off",
        "next_step": "device.next.off",
    }
    next_one = await send(both)
    assert (await ayu.ask("GET", f"/messages/{next_one}")).body["why"]["key"] == "turn"


async def test_a_failure_is_told_with_its_reason(both: Api, ayu: Browser) -> None:
    """As an error code, whose sentence the page has."""
    id_ = await send_and_end(both, Outcome.FAILED, "recipient_not_on_whatsapp")
    told = (await ayu.ask("GET", f"/messages/{id_}")).body
    assert told["code"] == "recipient_not_on_whatsapp"
    assert told["timeline"][-1]["key"] == "message.state.failed"
    assert told["timeline"][-1]["values"] == {"why": "recipient_not_on_whatsapp"}
    assert told["can"]["resend"]


async def test_a_try_that_was_put_off_is_told(both: Api, ayu: Browser) -> None:
    """With the wait that it led to."""
    id_ = await send(both)
    (taken,) = await take(both)
    await end(both, taken, Outcome.RETRY, "busy", wait_ms=60_000)
    told = (await ayu.ask("GET", f"/messages/{id_}")).body
    assert [step["key"] for step in told["timeline"]][-2:] == ["timeline.tried.retry", "timeline.held.retry"]
    assert (told["why"]["key"], told["held"]["reason"]) == ("retry", "retry")


@pytest.mark.parametrize(
    ("params", "content", "field", "shown"),
    [
        (
            {"location": "-6.2,106.8"},
            "location",
            "location",
            {"latitude": -6.2, "longitude": 106.8, "name": "", "address": ""},
        ),
        (
            {"choices": "merah,biru", "pollname": "warna", "select": "multiple"},
            "poll",
            "poll",
            {"name": "warna", "question": "halo", "choices": ["merah", "biru"], "several": True},
        ),
    ],
)
async def test_what_a_message_holds_is_told(
    both: Api, ayu: Browser, params: dict[str, str], content: str, field: str, shown: dict[str, object]
) -> None:
    """A place, a poll."""
    told = (await ayu.ask("GET", f"/messages/{await send(both, **params)}")).body
    assert (told["content"], told[field], told["text"]) == (content, shown, "halo")


async def test_a_message_that_is_not_made_yet_is_told(both: Api, ayu: Browser) -> None:
    """Its id is known from the answer on."""
    targets = ",".join(f"62812345{n:05d}|Orang {n}" for n in range(300))
    answered = await both.post("/send", json={"target": targets, "message": "halo {name}"})
    told = (await ayu.ask("GET", f"/messages/{answered['id'][250]}")).body
    assert (told["to"], told["text"], told["state"]) == ("6281234500250", "halo Orang 250", "queued")


@pytest.mark.parametrize("id_", ["1", "0", str(2**63), str(2**70)])
async def test_an_unknown_message_is_not_found(ayu: Browser, id_: str) -> None:
    """However large its number."""
    answered = await ayu.ask("GET", f"/messages/{id_}")
    assert (answered.status, answered.code) == (404, "message_unknown")


async def test_another_account_s_message_is_not_found(both: Api, ayu: Browser) -> None:
    """As if it were nobody's; made or not."""
    theirs = await send(both, "theirs")
    batch = await both.post(
        "/send", "theirs", json={"target": ",".join(f"62812345{n:05d}" for n in range(300)), "message": "halo"}
    )
    for id_ in (theirs, batch["id"][250]):
        assert (await ayu.ask("GET", f"/messages/{id_}")).code == "message_unknown"
    assert await listed(ayu) == []
    assert await listed(ayu, device=str(THEIRS)) == []
    assert (await ayu.ask("GET", "/messages/counts")).body["all"] == 0


async def test_a_device_that_goes_down_holds_what_waits(both: Api, ayu: Browser) -> None:
    """Its state of now decides."""
    id_ = await send(both)
    await both.set_state(ONE, DeviceState.RETRYING)
    assert await listed(ayu, state="held") == [id_]
