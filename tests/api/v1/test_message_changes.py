"""One message taken back, moved, sent now, sent again."""

import pytest

from merpati.core.errors import Code, Refusal
from merpati.core.ids import MessageId
from merpati.devices.deletion import delete_device
from merpati.messages.changes import resend_message
from merpati.messages.handover import Outcome
from tests.api.harness import ACCOUNT, ONE, Api
from tests.api.v1.browser import Browser
from tests.api.v1.messages import send, send_and_end, take
from tests.api.v1.test_messages import LATER_S

AT = "2999-01-01T07:00:00+07:00"


async def test_a_queued_message_is_taken_back(both: Api, ayu: Browser) -> None:
    """It leaves the outbox; a second time is refused."""
    id_ = await send(both)
    answered = await ayu.ask("POST", f"/messages/{id_}/cancel")
    assert (answered.status, answered.body["state"]) == (200, "cancelled")
    assert await both.count("outbox") == 0
    again = await ayu.ask("POST", f"/messages/{id_}/cancel")
    assert (again.status, again.code) == (409, "message_cancelled")


async def test_what_is_being_sent_is_neither_taken_back_nor_moved(both: Api, ayu: Browser) -> None:
    """The sender has it."""
    id_ = await send(both)
    await take(both)
    for path, body in (("cancel", None), ("send-now", None), ("reschedule", {"at": "2030-01-01T00:00:00Z"})):
        answered = await ayu.ask("POST", f"/messages/{id_}/{path}", body)
        assert (answered.status, answered.code) == (409, "message_processing")


async def test_a_message_is_moved(both: Api, ayu: Browser) -> None:
    """Its own time, and why it waits, are told at once; the sender is woken."""
    id_ = await send(both, delay="60")
    answered = await ayu.ask("POST", f"/messages/{id_}/reschedule", {"at": "2030-01-01T07:00:00+07:00"})
    assert (answered.status, answered.body["due_at"]) == (200, "2030-01-01T00:00:00.000Z")
    assert answered.body["why"]["key"] == "schedule"
    assert both.woken[-1] == (ONE, 1_893_456_000_000)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"at": AT}, "schedule_invalid"),
        ({"at": "2030-01-01T00:00:00"}, "input_invalid"),
        ({"at": "tomorrow"}, "input_invalid"),
        ({}, "input_invalid"),
    ],
)
async def test_a_bad_time_is_refused(both: Api, ayu: Browser, body: dict[str, str], code: str) -> None:
    """Too far, without a zone, or none."""
    answered = await ayu.ask("POST", f"/messages/{await send(both)}/reschedule", body)
    assert (answered.status, answered.code) == (422, code)


async def test_a_time_that_has_passed_is_now(both: Api, ayu: Browser) -> None:
    """However long ago; the message's life tells of no wait that never was."""
    id_ = await send(both, schedule=LATER_S)
    for at in ("0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z"):
        moved = await ayu.ask("POST", f"/messages/{id_}/reschedule", {"at": at})
        assert (moved.status, moved.body["due_at"][:2], moved.body["schedule_at"][:2]) == (200, "20", "20")
    held = [step for step in moved.body["timeline"] if step["kind"] == "held"]
    assert len(held) == 1, held


async def test_what_fonntes_api_moves_to_the_past_is_moved_to_now(both: Api, ayu: Browser) -> None:
    """As in this one: neither the time that it was given nor a wait is told."""
    id_ = await send(both)
    answered = await both.post("/reset-message", "one", json={"id": id_, "schedule": 1_000})
    told = (await ayu.ask("GET", f"/messages/{id_}")).body
    assert (answered["status"], told["schedule_at"][:2], len(told["timeline"])) == (True, "20", 1)


async def test_a_scheduled_message_is_sent_now(both: Api, ayu: Browser) -> None:
    """Its device takes it at once."""
    id_ = await send(both, schedule=LATER_S)
    answered = await ayu.ask("POST", f"/messages/{id_}/send-now")
    assert (answered.status, answered.body["held"], answered.body["why"]["key"]) == (200, None, "turn")
    assert [taken.id for taken in await take(both)] == [id_]


async def test_a_failed_message_is_sent_again(both: Api, ayu: Browser) -> None:
    """A new attempt, which its timeline keeps apart."""
    id_ = await send_and_end(both, Outcome.FAILED, "content_refused")
    answered = await ayu.ask("POST", f"/messages/{id_}/resend", {})
    assert (answered.status, answered.body["state"], answered.body["code"]) == (200, "queued", None)
    again = await ayu.ask("POST", f"/messages/{id_}/resend", {})
    assert (again.status, again.code) == (409, "message_waiting")


async def test_an_uncertain_message_is_sent_again_by_who_accepts_that_it_arrives_twice(
    both: Api, ayu: Browser
) -> None:
    """Never blindly."""
    id_ = await send_and_end(both, Outcome.UNKNOWN, "outcome_unknown")
    refused = await ayu.ask("POST", f"/messages/{id_}/resend", {})
    assert (refused.status, refused.code) == (409, "outcome_unknown")
    answered = await ayu.ask("POST", f"/messages/{id_}/resend", {"accept_twice": True})
    assert (answered.status, answered.body["state"]) == (200, "queued")


async def test_a_deleted_device_sends_nothing_again(both: Api) -> None:
    """It is asked in the transaction that would queue the message, before which a deletion comes or after."""
    id_ = await send_and_end(both, Outcome.FAILED, "content_refused")
    await both.storage.write(delete_device, ONE)
    with pytest.raises(Refusal) as refused:
        await both.storage.write(resend_message, ACCOUNT, [ONE], MessageId(id_), 9_001)
    assert refused.value.code is Code.DEVICE_DELETED


@pytest.mark.parametrize(
    ("path", "body"),
    [("cancel", None), ("reschedule", {"at": "2030-01-01T00:00:00Z"}), ("send-now", None), ("resend", {})],
)
async def test_another_account_s_message_is_not_changed(
    both: Api, ayu: Browser, path: str, body: dict[str, str] | None
) -> None:
    """As if it were nobody's."""
    theirs = await send(both, "theirs", schedule=LATER_S)
    answered = await ayu.ask("POST", f"/messages/{theirs}/{path}", body)
    assert (answered.status, answered.code) == (404, "message_unknown")
    assert await both.count("outbox") == 1
