"""Messages accepted by our own API: the same core as Fonnte's `/send`."""

import io
import json
from typing import Any

import pytest

from tests.api.harness import OFF, ONE, THEIRS, Api
from tests.api.v1.browser import Browser, program_of

CALL: dict[str, Any] = {"device": ONE, "targets": "081234567890|Budi, 081234567891|Siti", "text": "Halo {name}"}


async def texts(api: Api) -> list[str]:
    return [row[0] for row in await api.rows("SELECT text FROM message ORDER BY id")]


async def test_messages_are_accepted(both: Api, ayu: Browser) -> None:
    """Each rendered for its target, and told to the sender; the request is in the log."""
    answered = await ayu.ask("POST", "/messages", CALL)
    assert answered.status == 202
    first = answered.body["items"][0]["id"]
    assert answered.body == {
        "request": answered.body["request"],
        "batch": None,
        "items": [{"id": first, "to": "6281234567890"}, {"id": first + 1, "to": "6281234567891"}],
    }
    assert await texts(both) == ["Halo Budi", "Halo Siti"]
    assert [device for device, _ in both.woken] == [ONE, ONE]
    assert await both.rows("SELECT id, device_id, path FROM request") == [
        (answered.body["request"], ONE, "/api/v1/messages")
    ]


async def test_targets_may_be_a_list(both: Api) -> None:
    """With names and variables; a comma in one is no end."""
    targets = [{"to": "0812-3456-7890", "name": "Budi, S.Kom", "variables": ["merah"]}, {"to": "12036304@g.us"}]
    answered = await program_of(both).ask(
        "POST", "/messages", {**CALL, "targets": targets, "text": "{name} {var1}"}
    )
    assert answered.status == 202
    assert [item["to"] for item in answered.body["items"]] == ["6281234567890", "12036304@g.us"]
    assert await texts(both) == ["Budi, S.Kom merah", "{name} {var1}"]


async def test_a_call_with_many_targets_is_a_batch(both: Api, ayu: Browser) -> None:
    """Its ids are told at once; a body may be larger than others may."""
    targets = [{"to": f"62812{n:07d}", "name": "x" * 100} for n in range(10_000)]
    body = io.BytesIO(json.dumps({**CALL, "targets": targets}).encode())
    answered = await ayu.ask("POST", "/messages", data=body, headers={"Content-Type": "application/json"})
    assert (answered.status, len(answered.body["items"])) == (202, 10_000)
    assert answered.body["batch"] is not None
    assert both.batches == 1


@pytest.mark.parametrize(
    ("more", "held"),
    [
        ({"schedule": "2030-01-01T07:00:00+07:00"}, "schedule"),
        ({"delay_from_s": 60, "delay_to_s": 90}, "delay"),
        ({"follow_up_s": 3600}, "followup"),
        ({"device": OFF}, "device"),
    ],
)
async def test_what_holds_a_message_is_kept(ayu: Browser, more: dict[str, object], held: str) -> None:
    """A device that is not connected takes messages all the same."""
    answered = await ayu.ask("POST", "/messages", {**CALL, **more})
    assert answered.status == 202
    assert (await ayu.ask("GET", f"/messages/{answered.body['items'][0]['id']}")).body["held"]["reason"] == held


@pytest.mark.parametrize(
    ("more", "content"),
    [
        ({"location": {"latitude": -6.2, "longitude": 106.8}}, "location"),
        ({"poll": {"choices": ["merah", "biru"], "name": "warna"}}, "poll"),
        ({"typing": True, "preview": False}, "text"),
    ],
)
async def test_every_kind_of_content_is_sent(ayu: Browser, more: dict[str, object], content: str) -> None:
    """As the message is shown afterwards."""
    answered = await ayu.ask("POST", "/messages", {**CALL, **more})
    assert (await ayu.ask("GET", f"/messages/{answered.body['items'][0]['id']}")).body["content"] == content


@pytest.mark.parametrize("more", [{"reply_to": 77}, {"text": " "}, {"country_code": "abc"}])
async def test_what_is_not_right_is_named_as_the_call_names_it(ayu: Browser, more: dict[str, object]) -> None:
    """Whatever Fonnte calls it."""
    answered = await ayu.ask("POST", "/messages", {**CALL, **more}, headers={"Accept-Language": "en"})
    (name,) = more
    assert [each["field"] for each in answered.body["errors"]] == [name]


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"targets": ""}, 422, "target_required"),
        ({"targets": []}, 422, "target_required"),
        ({"targets": "nobody"}, 422, "target_invalid"),
        ({"targets": [{"to": "12"}]}, 422, "target_invalid"),
        ({"targets": 5}, 422, "input_invalid"),
        ({"text": " "}, 422, "content_missing"),
        ({"text": "x" * 60_001}, 422, "input_invalid"),
        ({"poll": {"choices": ["a", "a"]}}, 422, "choices_invalid"),
        ({"poll": {"choices": ["a"]}}, 422, "input_invalid"),
        ({"location": {"latitude": 91, "longitude": 0}}, 422, "input_invalid"),
        ({"schedule": "2999-01-01T00:00:00Z"}, 422, "schedule_invalid"),
        ({"delay_from_s": 9, "delay_to_s": 5}, 422, "delay_invalid"),
        ({"delay_from_s": -1}, 422, "input_invalid"),
        ({"country_code": "abc"}, 422, "input_invalid"),
        ({"reply_to": 77}, 422, "input_invalid"),
        ({"device": OFF, "connect_only": True}, 409, "device_disconnected"),
        ({"device": THEIRS}, 404, "device_unknown"),
        ({"device": 999}, 404, "device_unknown"),
        ({"url": "ftp://x"}, 422, "url_invalid"),
        ({"colour": "red"}, 422, "input_invalid"),
    ],
)
async def test_a_call_that_is_not_right_stores_nothing(
    both: Api, ayu: Browser, more: dict[str, object], status: int, code: str
) -> None:
    """And says what is wrong with it."""
    answered = await ayu.ask("POST", "/messages", {**CALL, **more})
    assert (answered.status, answered.code) == (status, code)
    assert [await both.count(table) for table in ("message", "batch", "request", "media")] == [0, 0, 0, 0]
    assert both.files() == []


async def test_a_quota_that_is_used_up_refuses(both: Api, ayu: Browser) -> None:
    """As it does at `/send`."""

    async def limit(tx: Any) -> None:  # noqa: ANN401 — an action of the test
        await tx.run(f"UPDATE device SET quota = 1 WHERE id = {ONE}")

    await both.storage.write(limit)
    answered = await ayu.ask("POST", "/messages", CALL)
    assert (answered.status, answered.code) == (409, "quota_used_up")
    assert await both.count("message") == 0


async def test_the_same_key_is_accepted_once(both: Api, ayu: Browser) -> None:
    """Answered alike; another body under it is refused, and so is `/send` with it."""
    key = {"Idempotency-Key": "pesanan-2291"}
    first = await ayu.ask("POST", "/messages", CALL, headers=key)
    again = await ayu.ask("POST", "/messages", CALL, headers=key)
    assert (again.status, again.body) == (202, first.body)
    assert (first.headers.get("Idempotency-Replayed"), again.headers.get("Idempotency-Replayed")) == (None, "true")
    other = await ayu.ask("POST", "/messages", {**CALL, "text": "lain"}, headers=key)
    assert (other.status, other.code) == (409, "key_reused")
    assert await both.count("message") == 2


async def test_a_preview_shows_and_stores_nothing(both: Api, ayu: Browser) -> None:
    """What each would read, what is refused, and when the last would go."""
    given = {**CALL, "targets": "0812345678|Budi, nobody, 0812345679|Siti, 12", "delay_from_s": 10}
    answered = await ayu.ask("POST", "/messages/preview", {**given, "schedule": "2030-01-01T00:00:00Z"})
    assert answered.status == 200
    assert answered.body["finishes_at"] == "2030-01-01T00:00:20.000Z"
    assert (answered.body["count"], answered.body["refused_count"]) == (2, 2)
    assert answered.body["items"] == [
        {"to": "62812345678", "name": "Budi", "text": "Halo Budi", "window": None},
        {"to": "62812345679", "name": "Siti", "text": "Halo Siti", "window": None},
    ]
    assert [(each["position"], each["text"], each["code"]) for each in answered.body["refused"]] == [
        (1, "nobody", "target_invalid"),
        (3, "12", "target_invalid"),
    ]
    assert [await both.count(table) for table in ("message", "request")] == [0, 0]


async def test_a_preview_knows_which_rotators_there_are(ayu: Browser) -> None:
    """As sending does."""
    await ayu.ask("POST", "/rotators", {"name": "CS", "kind": "full", "members": [{"to": "081234567890"}]})
    answered = await ayu.ask("POST", "/messages/preview", {**CALL, "targets": "rotator#1, rotator#99"})
    refused = [(each["text"], each["code"]) for each in answered.body["refused"]]
    assert (answered.body["count"], refused) == (1, [("rotator#99", "rotator_unknown")])


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"text": "a\0b"}, "text_unstorable"),
        ({"targets": [{"to": "081234567890", "name": "a\0b"}]}, "text_unstorable"),
        ({"text": ""}, "content_missing"),
        ({"device": THEIRS}, "device_unknown"),
        ({"schedule": "9999-12-31T23:59:59-14:00"}, "schedule_invalid"),
        ({"schedule": "9999-12-31T23:59:59Z", "delay_from_s": 10, "follow_up_s": 300}, "schedule_invalid"),
    ],
)
async def test_a_preview_refuses_what_cannot_be_sent(ayu: Browser, more: dict[str, object], code: str) -> None:
    """Before anybody waits for it."""
    assert (await ayu.ask("POST", "/messages/preview", {**CALL, **more})).code == code
