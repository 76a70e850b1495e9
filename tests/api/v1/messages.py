"""Messages for the tests of the API: accepted in one line, handed over, and brought to an end."""

from typing import Any

from merpati.core.ids import Address, DeviceId, Epoch, Incarnation, MessageId, WaId
from merpati.messages.handover import HandedOver, Intent, Outcome, finish_handovers, take_intents
from merpati.messages.inbound import Incoming, receive_messages
from merpati.messages.model import Taken
from merpati.messages.receiving import KeptMedia
from merpati.storage.port import Tx
from merpati.transports.port import Received, Text
from tests.api.harness import ACCOUNT, ONE, Api

NODE, EPOCH = Incarnation("f" * 32), Epoch(1)


async def send(api: Api, token: str = "one", **params: Any) -> int:  # noqa: ANN401 — JSON
    """Accept a message by Fonnte's API; answers its id."""
    answered = await api.post("/send", token, json={"target": "081234567890", "message": "halo", **params})
    assert answered["status"], answered
    return int(answered["id"][0])


async def take(api: Api, device: DeviceId = ONE, most: int = 64) -> list[Taken]:
    """What the device may hand over now, as its owner takes it."""

    async def own(tx: Tx) -> None:
        await tx.run("UPDATE device_owner SET owner_inc = $1, epoch = $2 WHERE device_id = $3", NODE, EPOCH, device)

    await api.storage.write(own)
    (taken,) = await api.storage.write(take_intents, [Intent(device, NODE, EPOCH, most)])
    return taken


async def end(api: Api, taken: Taken, outcome: Outcome = Outcome.SENT, code: str = "", **more: Any) -> None:  # noqa: ANN401 — fields of HandedOver
    """What came of a hand-over."""
    ended = HandedOver(
        account=taken.account,
        device=taken.device,
        message=taken.id,
        chat=taken.chat,
        attempt=taken.attempt,
        priority=taken.priority,
        outcome=outcome,
        handed_at=taken.handed_at,
        at=api.gateway.clock.now(),
        wa_id=WaId(taken.wire_ref) if outcome is Outcome.SENT else None,
        code=code,
        **more,
    )
    await api.storage.write(finish_handovers, [ended])


async def send_and_end(api: Api, outcome: Outcome, code: str = "", **params: Any) -> int:  # noqa: ANN401 — JSON
    """A message that was handed over, with what came of it."""
    id_ = await send(api, **params)
    (taken,) = [taken for taken in await take(api) if taken.id == id_]
    await end(api, taken, outcome, code)
    return id_


async def receive(
    api: Api,
    id_: int = 900_001,
    text: str = "halo juga",
    device: DeviceId = ONE,
    kept: KeptMedia | None = None,
    content: Received | None = None,
    *,
    chat: str = "6281234567890",
    ago_ms: int = 0,
) -> int:
    """Somebody writes to the device, or sends a file, or something else."""
    incoming = Incoming(
        id=MessageId(id_),
        account=ACCOUNT,
        device=device,
        chat=Address(chat),
        sender=Address(chat),
        name="Budi",
        wa_id=WaId(f"IN{id_}"),
        content=kept.content if kept is not None else content or Text(body=text),
        media=kept.row if kept is not None else None,
        reply_to=None,
        at=api.gateway.clock.now() - ago_ms,
    )
    await api.storage.write(receive_messages, [incoming])
    return id_
