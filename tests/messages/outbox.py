"""A small account with devices, and drafts to put into its outbox: what the tests of messages stand on."""

from collections.abc import Sequence

import msgspec

from merpati.core.ids import (
    AccountId,
    Address,
    DeviceId,
    Epoch,
    Incarnation,
    MessageId,
    RequestId,
    WaId,
    WireRef,
)
from merpati.log.actions import open_account
from merpati.log.model import Entry, RequestRow
from merpati.log.store import facts_after
from merpati.messages.actions import accept_calls
from merpati.messages.handover import HandedOver, Intent, Outcome, finish_handovers, take_intents
from merpati.messages.model import Acceptance, Draft, Options, Priority, Taken
from merpati.storage.port import Storage, Tx
from merpati.transports.port import Text

ACCOUNT = AccountId(1)
DEVICE = DeviceId(7)
INC = Incarnation("a" * 32)
EPOCH = Epoch(3)
ALICE, BUDI = Address("628111000001"), Address("628111000002")


async def own_device(tx: Tx, device: DeviceId = DEVICE, inc: Incarnation = INC, epoch: Epoch = EPOCH) -> None:
    """Open the account's log and make the device `inc`'s, without the rows that nothing here reads."""
    await open_account(tx, ACCOUNT)
    await tx.run("DELETE FROM device_owner WHERE device_id = $1", device)
    await tx.run("INSERT INTO device_owner (device_id, owner_inc, epoch) VALUES ($1, $2, $3)", device, inc, epoch)


def a_draft(id_: int, chat: Address = ALICE, **changes: object) -> Draft:
    """A draft of a text to `chat`, due at once."""
    draft = Draft(
        id=MessageId(id_),
        account=ACCOUNT,
        device=DEVICE,
        chat=chat,
        name="",
        content=Text(body=f"Halo nomor {id_}"),
        options=Options(),
        media=None,
        wire_ref=WireRef(f"3EB0{id_:018X}"),
        request=RequestId(900 + id_),
        batch=None,
        priority=Priority.SINGLE,
        schedule_at=None,
        queued_at=1_000,
        due_at=1_000,
        gap_ms=None,
        sequence=None,
        hold=None,
    )
    changes.setdefault("due_at", changes.get("queued_at", draft.due_at))
    return msgspec.structs.replace(draft, **changes)


def a_call(*drafts: Draft, **changes: object) -> Acceptance:
    """A call that accepts these drafts."""
    request = RequestRow(
        id=RequestId(900 + int(drafts[0].id) if drafts else 899),
        account=ACCOUNT,
        device=DEVICE,
        at=1_000,
        method="POST",
        path="/send",
        params="{}",
        answer='{"status":true}',
    )
    return msgspec.structs.replace(Acceptance(account=ACCOUNT, request=request, drafts=drafts), **changes)


async def accept(storage: Storage, *drafts: Draft) -> None:
    await storage.write(accept_calls, [a_call(*drafts)])


async def take(storage: Storage, most: int = 1, device: DeviceId = DEVICE) -> list[Taken]:
    """What the device may hand over now."""
    return (await storage.write(take_intents, [Intent(device, INC, EPOCH, most)]))[0]


def an_end(taken: Taken, outcome: Outcome = Outcome.SENT, at: int = 2_000, **changes: object) -> HandedOver:
    end = HandedOver(
        account=taken.account,
        device=taken.device,
        message=taken.id,
        chat=taken.chat,
        attempt=taken.attempt,
        priority=taken.priority,
        outcome=outcome,
        handed_at=taken.handed_at,
        at=at,
        wa_id=WaId(taken.wire_ref) if outcome is Outcome.SENT else None,
    )
    return msgspec.structs.replace(end, **changes)


async def finish(storage: Storage, *ends: HandedOver) -> list[bool]:
    return await storage.write(finish_handovers, list(ends))


async def facts(storage: Storage) -> list[Entry]:
    """Everything in the account's log."""
    return await storage.read(facts_after, ACCOUNT, 0, 10_000)


async def kinds(storage: Storage) -> list[str]:
    return [type(entry.fact).__name__ for entry in await facts(storage)]


async def open_ids(storage: Storage) -> Sequence[int]:
    """The messages in the outbox."""

    async def ids(tx: Tx) -> list[int]:
        return [row[0] for row in await tx.all("SELECT message_id FROM outbox ORDER BY message_id")]

    return await storage.read(ids)
