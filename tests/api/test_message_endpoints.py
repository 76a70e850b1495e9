"""`/status`, `/delete-message`, `/reset-message`: answers word for word as documented, and what they change."""

import pytest

from merpati.core.ids import AccountId, Address, MessageId, WaId
from merpati.messages.inbound import Incoming, receive_messages
from merpati.messages.model import MessageState
from merpati.messages.views import message_status
from merpati.transports.port import Text
from tests.api.harness import ONE, Api


async def accepted(api: Api, **body: str) -> int:
    """The id of a message that was just accepted."""
    answer = await api.post("/send", data={"target": "081234567890", "message": "hi", **body})
    return int(answer["id"][0])


async def later(api: Api) -> str:
    return str(api.gateway.clock.now() // 1_000 + 86_400)


async def test_status_tells_where_a_message_is(both: Api) -> None:
    """Fonnte docs, API check message status: pending, waiting while its time has not come."""
    now, soon = await accepted(both), await accepted(both, schedule=await later(both))

    assert await both.post("/status", data={"id": str(now)}) == {
        "id": now,
        "message_status": "pending",
        "status": True,
    }
    assert (await both.post("/status", json={"id": soon}))["message_status"] == "waiting"


ID_REFUSALS = [
    ("/status", {}, "id required"),
    ("/status", {"id": ""}, "id required"),
    ("/status", {"id": "999999999"}, "invalid message id"),
    ("/status", {"id": "abc"}, "invalid message id"),
    ("/status", {"id": "1; DROP TABLE message"}, "invalid message id"),
    ("/delete-message", {"id": "999999999"}, "invalid message id"),
    ("/reset-message", {"id": "999999999", "schedule": "0"}, "invalid message id"),
    ("/reset-message", {"id": "1"}, "input invalid"),
    ("/reset-message", {"id": "1", "delay": "9-1"}, "input invalid"),
    ("/reset-message", {"id": "1", "schedule": "99999999999"}, "input invalid"),
]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("path", "body", "reason"), ID_REFUSALS)
async def test_a_message_that_cannot_be_meant_is_refused(
    shared: Api, path: str, body: dict[str, str], reason: str
) -> None:
    """Fonnte's reasons, and nothing stored."""
    before = await shared.counts()

    assert await shared.post(path, data=body) == {"reason": reason, "status": False}
    assert await shared.counts() == before


@pytest.mark.parametrize("path", ["/status", "/delete-message", "/reset-message"])
async def test_another_devices_message_is_unknown(api: Api, path: str) -> None:
    """Also another device of the same account: a token opens only its own."""
    id_ = await accepted(api)

    for token in ("two", "theirs"):
        answer = await api.post(path, token=token, data={"id": str(id_), "schedule": "0"})
        assert answer == {"reason": "invalid message id", "status": False}


async def test_a_deleted_message_is_not_sent(both: Api) -> None:
    """Fonnte docs, API delete message; the request is on record."""
    id_ = await accepted(both)

    assert await both.post("/delete-message", data={"id": str(id_)}) == {
        "detail": f"message {id_} successfully deleted",
        "status": True,
    }
    assert await both.count("outbox") == 0
    status = await both.storage.read(message_status, (ONE,), MessageId(id_))
    assert status is not None and status.state is MessageState.CANCELLED
    assert [row[0] for row in await both.rows("SELECT path FROM request ORDER BY id")] == [
        "/send",
        "/delete-message",
    ]


async def test_a_deleted_message_can_be_changed_no_more(api: Api) -> None:
    """Fonnte docs, API delete message: the reason names the status; `cancelled` is ours."""
    id_ = str(await accepted(api))
    await api.post("/delete-message", data={"id": id_})

    again = await api.post("/delete-message", data={"id": id_})
    assert again == {"reason": "cannot delete message with status cancelled", "status": False}
    moved = await api.post("/reset-message", data={"id": id_, "schedule": "0"})
    assert moved == {"reason": "cannot reschedule message with status cancelled", "status": False}


async def test_the_id_of_an_incoming_message_is_no_message_of_the_caller(api: Api) -> None:
    """Fonnte docs, API check message status: an id is one that `/send` answered."""
    incoming = Incoming(
        id=MessageId(77),
        account=AccountId(1),
        device=ONE,
        chat=Address("6281234567890"),
        sender=Address("6281234567890"),
        name="Budi",
        wa_id=WaId("ABC"),
        content=Text(body="halo"),
        reply_to=None,
        at=500,
    )
    await api.storage.write(receive_messages, [incoming])

    for path in ("/status", "/delete-message"):
        assert await api.post(path, data={"id": "77"}) == {"reason": "invalid message id", "status": False}


async def test_a_message_of_a_batch_that_is_not_made_yet_can_be_deleted(api: Api) -> None:
    """Its id is known at once, so it works at once."""
    targets = ",".join(f"62812{n:08}" for n in range(300))
    answer = await api.post("/send", data={"target": targets, "message": "hi"})
    id_ = answer["id"][250]

    assert (await api.post("/delete-message", data={"id": id_}))["status"] is True
    assert (await api.post("/status", data={"id": id_}))["message_status"] == "cancelled"


async def test_a_message_gets_another_schedule(both: Api) -> None:
    """Fonnte docs, API reschedule; all of the same schedule on request."""
    first = await later(both)
    ids = [await accepted(both, schedule=first) for _ in range(3)]
    moved = str(int(first) + 3_600)

    answer = await both.post("/reset-message", data={"id": str(ids[0]), "schedule": moved})
    assert answer == {"detail": f"message {ids[0]} successfully rescheduled", "id": [ids[0]], "status": True}

    answer = await both.post("/reset-message", data={"id": str(ids[1]), "schedule": moved, "byschedule": "true"})
    assert answer["id"] == ids[1:]
    assert {row[0] for row in await both.rows("SELECT due_at FROM outbox")} == {int(moved) * 1_000}
