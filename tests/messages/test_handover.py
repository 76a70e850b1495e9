"""The outbox's order, and what becomes of a hand-over. Every test runs on both engines."""

import pytest

from merpati.core.ids import DeviceId, Epoch, Incarnation
from merpati.messages.actions import accept_calls
from merpati.messages.changes import give_back
from merpati.messages.handover import Intent, Outcome, take_intents
from merpati.messages.model import Priority
from merpati.messages.views import being_handed_over, message_status
from merpati.storage.port import Storage
from tests.messages.outbox import (
    ALICE,
    BUDI,
    DEVICE,
    EPOCH,
    INC,
    a_call,
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


async def test_the_same_call_stored_twice_is_one_message(storage: Storage) -> None:
    """An answer lost in the commit is asked for again; the rows and facts are there once."""
    call = a_call(a_draft(1))
    await storage.write(accept_calls, [call])
    await storage.write(accept_calls, [call])

    assert await open_ids(storage) == [1]
    assert await kinds(storage) == ["MessageQueued"]


async def test_a_higher_priority_goes_first_and_equal_ones_in_order_of_due_time(storage: Storage) -> None:
    """Order among the due is (priority, due, order of acceptance)."""
    await accept(
        storage,
        a_draft(1, BUDI, priority=Priority.BULK, due_at=100),
        a_draft(2, ALICE, due_at=300),
        a_draft(3, BUDI, due_at=200),
        a_draft(4, ALICE, priority=Priority.REPLY, due_at=900),
    )
    order = []
    while taken := await take(storage):
        order.append(taken[0].id)
        await finish(storage, an_end(taken[0]))

    assert order == [4, 3, 2, 1]


async def test_a_message_due_in_years_blocks_nobody(storage: Storage) -> None:
    """Only what is due is in the order, also for the same recipient."""
    await accept(storage, a_draft(1, due_at=2**50), a_draft(2))

    assert [t.id for t in await take(storage)] == [2]


async def test_one_recipient_has_one_message_in_flight(storage: Storage) -> None:
    """Many may be taken at once, but never two for one recipient."""
    await accept(storage, a_draft(1), a_draft(2), a_draft(3, BUDI))

    assert [t.id for t in await take(storage, 16)] == [1, 3]
    assert await take(storage, 16) == []


async def test_a_retry_holds_back_later_messages_to_that_recipient_alone(storage: Storage) -> None:
    """Order per recipient is kept, retries included."""
    await accept(storage, a_draft(1), a_draft(2), a_draft(3, BUDI))
    (first,) = await take(storage)
    await finish(storage, an_end(first, Outcome.RETRY, wait_ms=2**50))

    assert [t.id for t in await take(storage, 16)] == [3]


async def test_nothing_is_taken_under_an_old_epoch_or_by_another_owner(storage: Storage) -> None:
    """The fence: the database knows who owns the device."""
    await accept(storage, a_draft(1))
    late = Intent(DEVICE, INC, Epoch(EPOCH - 1), 1)
    other = Intent(DEVICE, Incarnation("b" * 32), EPOCH, 1)
    stranger = Intent(DeviceId(99), INC, EPOCH, 1)

    assert await storage.write(take_intents, [late, other, stranger]) == [[], [], []]


async def test_a_delay_is_counted_from_the_last_hand_over_of_its_priority(storage: Storage) -> None:
    """Fonnte's delay: never closer than drawn, however late the first went out."""
    await accept(storage, a_draft(1, ALICE, gap_ms=0), a_draft(2, BUDI, gap_ms=2**50))
    (first,) = await take(storage, 16)
    assert first.id == 1
    assert await take(storage, 16) == []
    await finish(storage, an_end(first, at=first.handed_at))

    assert await take(storage, 16) == []


async def test_a_sequence_keeps_its_order_over_a_retry(storage: Storage) -> None:
    """`sequence`: nothing of the call overtakes, whoever the recipients are."""
    await accept(storage, a_draft(1, ALICE, sequence=5), a_draft(2, BUDI, sequence=5))
    (first,) = await take(storage, 16)
    await finish(storage, an_end(first, Outcome.RETRY, wait_ms=2**50))

    assert await take(storage, 16) == []


async def test_an_acknowledged_message_is_sent_and_leaves_the_outbox(storage: Storage) -> None:
    """`sent` is WhatsApp's own word."""
    await accept(storage, a_draft(1))
    (taken,) = await take(storage)

    assert await finish(storage, an_end(taken)) == [True]
    assert await open_ids(storage) == []
    assert await kinds(storage) == ["MessageQueued", "MessageSent"]


async def test_the_same_outcome_stored_twice_is_once(storage: Storage) -> None:
    """The lane may run a group again after an unknown commit."""
    await accept(storage, a_draft(1))
    (taken,) = await take(storage)

    assert await finish(storage, an_end(taken)) == [True]
    assert await finish(storage, an_end(taken)) == [False]
    assert await kinds(storage) == ["MessageQueued", "MessageSent"]


async def test_a_late_refusal_of_an_old_attempt_changes_nothing(storage: Storage) -> None:
    """Only an acknowledgement counts for any attempt."""
    await accept(storage, a_draft(1))
    (first,) = await take(storage)
    await finish(storage, an_end(first, Outcome.RETRY, wait_ms=0))
    (second,) = await take(storage)

    assert await finish(storage, an_end(first, Outcome.FAILED, code="content_refused")) == [False]
    assert await finish(storage, an_end(second)) == [True]


async def test_a_late_acknowledgement_settles_a_message_that_waits_for_its_second_try(storage: Storage) -> None:
    """It was sent, whoever saw it; no second hand-over follows."""
    await accept(storage, a_draft(1))
    (first,) = await take(storage)
    await finish(storage, an_end(first, Outcome.RETRY, wait_ms=0))

    assert await finish(storage, an_end(first, at=3_000)) == [True]
    assert await take(storage) == []


async def test_an_uncertain_message_becomes_sent_by_its_acknowledgement(storage: Storage) -> None:
    """Late proof settles what nobody knew."""
    await accept(storage, a_draft(1))
    (taken,) = await take(storage)
    await finish(storage, an_end(taken, Outcome.UNKNOWN))
    status = await storage.read(message_status, (DEVICE,), taken.id)
    assert status is not None and status.state.name == "UNCERTAIN"

    assert await finish(storage, an_end(taken, at=3_000)) == [True]
    assert await kinds(storage) == ["MessageQueued", "MessageUncertain", "MessageSent"]


async def test_what_is_not_scheduled_is_due_by_the_databases_clock(storage: Storage) -> None:
    """A process whose clock is an hour ahead does not hold its messages for an hour; a schedule stays."""
    ahead = 4_000_000_000_000
    await accept(
        storage,
        a_draft(1, queued_at=ahead),
        a_draft(2, BUDI, queued_at=ahead, due_at=ahead + 5_000, schedule_at=ahead + 5_000),
    )

    assert [t.id for t in await take(storage, 16)] == [1]


async def test_what_was_taken_and_never_handed_over_goes_back_and_the_rest_stays(storage: Storage) -> None:
    """An intent whose answer was lost is nobody's; one that has moved on since is not touched."""
    await accept(storage, a_draft(1), a_draft(2, BUDI))
    first, second = await take(storage, 16)
    rows = await storage.read(being_handed_over, [DEVICE])
    await finish(storage, an_end(second))
    await storage.write(give_back, rows, 9_000)
    (again,) = await take(storage, 16)

    assert (again.id, again.attempt, again.wire_ref) == (first.id, 2, first.wire_ref)
