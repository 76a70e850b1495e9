"""Receipts only climb, whatever the order in which they and the acknowledgement come."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from merpati.core.ids import MessageId, WaId, WireRef
from merpati.messages.handover import Outcome
from merpati.messages.model import MessageState
from merpati.messages.receipts import Receipted, apply_receipts
from merpati.messages.store_early import KEPT_MS
from merpati.messages.views import message_status
from merpati.storage.port import Storage, Tx
from merpati.transports.port import ReceiptKind
from tests.messages.outbox import (
    ACCOUNT,
    BUDI,
    DEVICE,
    a_draft,
    accept,
    an_end,
    finish,
    kinds,
    open_ids,
    own_device,
    take,
)


@pytest.fixture(autouse=True)
async def owned(storage: Storage) -> None:
    await storage.write(own_device)


def a_receipt(ref: WireRef, kind: ReceiptKind) -> Receipted:
    return Receipted(account=ACCOUNT, device=DEVICE, ids=(WaId(ref),), kind=kind, at=5_000)


async def receipts(storage: Storage, *given: Receipted) -> None:
    await storage.write(apply_receipts, list(given))


async def state_of(storage: Storage, id_: int) -> MessageState:
    status = await storage.read(message_status, (DEVICE,), MessageId(id_))
    assert status is not None
    return status.state


async def test_a_late_delivered_receipt_does_not_lower_read(storage: Storage) -> None:
    """Read came first; delivered adds nothing."""
    await accept(storage, a_draft(1))
    (taken,) = await take(storage)
    await finish(storage, an_end(taken))
    await receipts(storage, a_receipt(taken.wire_ref, ReceiptKind.READ))
    await receipts(storage, a_receipt(taken.wire_ref, ReceiptKind.DELIVERED))

    assert await state_of(storage, 1) is MessageState.READ
    assert await kinds(storage) == ["MessageQueued", "MessageSent", "MessageRead"]


async def test_a_receipt_before_the_acknowledgement_settles_the_message(storage: Storage) -> None:
    """It arrived, so it was sent: it leaves the outbox, and the acknowledgement does not lower it."""
    await accept(storage, a_draft(1))
    (taken,) = await take(storage)
    await receipts(storage, a_receipt(taken.wire_ref, ReceiptKind.DELIVERED))
    assert await open_ids(storage) == []
    assert await finish(storage, an_end(taken)) == [False]
    assert await kinds(storage) == ["MessageQueued", "MessageSent", "MessageDelivered"]

    assert await state_of(storage, 1) is MessageState.DELIVERED


async def test_a_receipt_that_is_all_that_is_heard_of_a_hand_over_counts_for_the_paces(storage: Storage) -> None:
    """After a crash it may come instead of the acknowledgement: the next hand-over still keeps its distance."""
    await accept(storage, a_draft(1), a_draft(2, BUDI))
    (taken,) = await take(storage)
    receipt = a_receipt(taken.wire_ref, ReceiptKind.DELIVERED)
    await receipts(storage, msgspec.structs.replace(receipt, gap_ms=60_000))

    assert await take(storage) == []


async def test_a_receipt_that_is_all_that_is_heard_of_a_hand_over_counts_for_the_delay(storage: Storage) -> None:
    """The caller's delay, too."""
    await accept(storage, a_draft(1, gap_ms=60_000), a_draft(2, BUDI, gap_ms=60_000))
    (taken,) = await take(storage)
    await receipts(storage, a_receipt(taken.wire_ref, ReceiptKind.DELIVERED))

    assert await take(storage) == []


async def test_a_receipt_settles_an_uncertain_message(storage: Storage) -> None:
    """Nobody knew; the recipient's phone does."""
    await accept(storage, a_draft(1))
    (taken,) = await take(storage)
    await finish(storage, an_end(taken, Outcome.UNKNOWN, wa_id=WaId(taken.wire_ref)))
    await receipts(storage, a_receipt(taken.wire_ref, ReceiptKind.DELIVERED))

    assert await state_of(storage, 1) is MessageState.DELIVERED


async def test_a_receipt_for_a_message_of_nobody_changes_nothing(storage: Storage) -> None:
    """The phone's own messages get receipts too."""
    await receipts(storage, a_receipt(WireRef("3EB0STRANGER"), ReceiptKind.READ))

    assert await kinds(storage) == []


EVENTS = ("ack", "delivered", "read")


@given(events=st.lists(st.sampled_from(EVENTS), min_size=1, max_size=8))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_receipts_in_any_order_end_in_the_highest(storage: Storage, events: list[str]) -> None:
    """Shuffled, repeated, before the acknowledgement: the final state is the highest, and no step goes down."""
    counter = _ids[storage] = _ids.get(storage, 0) + 1
    await accept(storage, a_draft(counter, due_at=counter))
    (taken,) = await take(storage)
    seen = [MessageState.SENDING]
    for event in events:
        if event == "ack":
            await finish(storage, an_end(taken))
        else:
            await receipts(storage, a_receipt(taken.wire_ref, ReceiptKind(event)))
        seen.append(await state_of(storage, counter))

    highest = max(MessageState[{"ack": "SENT"}.get(event, event.upper())] for event in events)
    assert seen[-1] is highest
    assert seen == sorted(seen)


_ids: dict[Storage, int] = {}


OWN_ID = WaId("3EB0WHATSAPPS")


def by_own_id(kind: ReceiptKind, ref: WireRef | None = None, at: int = 5_000) -> Receipted:
    """As a network tells it that draws the ids of messages itself."""
    return Receipted(account=ACCOUNT, device=DEVICE, ids=(OWN_ID,), kind=kind, at=at, ref=ref, may_be_early=True)


@pytest.mark.parametrize(
    "told",
    [(ReceiptKind.READ,), (ReceiptKind.DELIVERED, ReceiptKind.READ), (ReceiptKind.READ, ReceiptKind.DELIVERED)],
)
async def test_a_receipt_before_the_acknowledgement_waits_for_it(
    storage: Storage, told: tuple[ReceiptKind, ...]
) -> None:
    """Where nobody can know yet whose it is: it counts as soon as the id is known, once."""
    await accept(storage, a_draft(1))
    (taken,) = await take(storage)
    for kind in told:
        await receipts(storage, by_own_id(kind))
    assert await state_of(storage, 1) is MessageState.SENDING

    acknowledged = an_end(taken, wa_id=OWN_ID, receipt_may_be_early=True)
    await finish(storage, acknowledged)
    await finish(storage, acknowledged)

    assert await state_of(storage, 1) is MessageState.READ
    assert await kinds(storage) == ["MessageQueued", "MessageSent", "MessageRead"]


async def test_a_receipt_before_a_late_acknowledgement_waits_for_it(storage: Storage) -> None:
    """Its sender had been told that nobody knows; then the network names our reference."""
    await accept(storage, a_draft(1))
    (taken,) = await take(storage)
    await finish(storage, an_end(taken, Outcome.UNKNOWN, receipt_may_be_early=True))
    await receipts(storage, by_own_id(ReceiptKind.DELIVERED))
    assert await state_of(storage, 1) is MessageState.UNCERTAIN

    await receipts(storage, by_own_id(ReceiptKind.TAKEN, taken.wire_ref))

    assert await state_of(storage, 1) is MessageState.DELIVERED
    assert await kinds(storage) == ["MessageQueued", "MessageUncertain", "MessageSent", "MessageDelivered"]


async def test_receipts_of_nobodys_messages_do_not_pile_up(storage: Storage) -> None:
    """What nobody claimed within an hour was written elsewhere."""

    async def count(tx: Tx) -> int:
        row = await tx.one("SELECT count(*) FROM early_receipt")
        return int(row[0]) if row else 0

    for n in range(3):
        strange = msgspec.structs.replace(by_own_id(ReceiptKind.READ, at=n * KEPT_MS), ids=(WaId(f"{n}"),))
        await receipts(storage, strange)
    assert await storage.read(count) == 2
    await receipts(storage, by_own_id(ReceiptKind.READ, WireRef("another program's"), at=3 * KEPT_MS))
    assert await storage.read(count) == 2
