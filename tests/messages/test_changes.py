"""Cancel, reschedule, resend, expire, recover: each settles with the sender on one row."""

import msgspec
import pytest

from merpati.core.clock import DAY_MS
from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address, BatchId, DeviceId, Epoch, JobId, MessageId, RequestId, WireRef
from merpati.messages.actions import accept_calls
from merpati.messages.batches import make_next_part
from merpati.messages.changes import (
    Reschedule,
    cancel_message,
    expire_messages,
    recover_device,
    reschedule_message,
    resend_message,
)
from merpati.messages.handover import Outcome
from merpati.messages.model import Batch, BatchPlan, DelayRange, MessageState, Options, PartTarget
from merpati.messages.views import message_status, show_message
from merpati.storage.clock import database_now
from merpati.storage.port import Storage
from merpati.transports.port import Text
from tests.messages.outbox import (
    ACCOUNT,
    BUDI,
    DEVICE,
    EPOCH,
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


async def state_of(storage: Storage, id_: int) -> MessageState:
    status = await storage.read(message_status, (DEVICE,), MessageId(id_))
    assert status is not None
    return status.state


async def refusal(storage: Storage, id_: int, device: DeviceId = DEVICE) -> Code:
    with pytest.raises(Refusal) as refused:
        await storage.write(cancel_message, ACCOUNT, (device,), MessageId(id_))
    return refused.value.code


async def test_a_cancelled_message_is_never_handed_over(storage: Storage) -> None:
    """Cancelled while queued: it leaves the outbox."""
    await accept(storage, a_draft(1))
    await storage.write(cancel_message, ACCOUNT, (DEVICE,), MessageId(1))

    assert await take(storage) == []
    assert await state_of(storage, 1) is MessageState.CANCELLED
    assert await kinds(storage) == ["MessageQueued", "MessageCancelled"]


async def test_a_message_that_is_being_handed_over_cannot_be_cancelled(storage: Storage) -> None:
    """Fonnte docs, API delete message: cannot delete message with status processing."""
    await accept(storage, a_draft(1))
    (taken,) = await take(storage)
    assert await refusal(storage, 1) is Code.MESSAGE_PROCESSING
    await finish(storage, an_end(taken))

    assert await refusal(storage, 1) is Code.MESSAGE_SENT


@pytest.mark.parametrize(
    ("outcome", "code", "why"),
    [
        (Outcome.FAILED, Code.CONTENT_REFUSED, Code.MESSAGE_FAILED),
        (Outcome.UNKNOWN, Code.OUTCOME_UNKNOWN, Code.OUTCOME_UNKNOWN),
    ],
)
async def test_what_has_ended_cannot_be_cancelled(
    storage: Storage, outcome: Outcome, code: Code, why: Code
) -> None:
    """The refusal says how it ended."""
    await accept(storage, a_draft(1))
    (taken,) = await take(storage)
    await finish(storage, an_end(taken, outcome, code=code))

    assert await refusal(storage, 1) is why


async def test_what_is_cancelled_or_expired_cannot_be_cancelled_again(storage: Storage) -> None:
    """Nor is it said to be sent."""
    await accept(storage, a_draft(1), a_draft(2, schedule_at=2**41, due_at=2**41))
    await storage.write(cancel_message, ACCOUNT, (DEVICE,), MessageId(1))
    await storage.write(expire_messages, ACCOUNT, DEVICE, 2**41, 100)

    assert await refusal(storage, 1) is Code.MESSAGE_CANCELLED
    assert await refusal(storage, 2) is Code.EXPIRED


async def test_another_devices_message_is_unknown(storage: Storage) -> None:
    """A token opens only its own device."""
    await accept(storage, a_draft(1))

    assert await refusal(storage, 1, DeviceId(8)) is Code.MESSAGE_UNKNOWN
    assert await refusal(storage, 2) is Code.MESSAGE_UNKNOWN


async def test_a_new_schedule_keeps_the_distance_of_the_delay(storage: Storage) -> None:
    """Only the schedule moves: what the delay added stays."""
    await accept(storage, a_draft(1, schedule_at=2**41, due_at=2**41 + 5_000, gap_ms=5_000))
    await storage.write(reschedule_message, ACCOUNT, (DEVICE,), MessageId(1), Reschedule(schedule_at=2**42))
    status = await storage.read(message_status, (DEVICE,), MessageId(1))

    assert status is not None and status.due_at == 2**42 + 5_000


async def test_a_schedule_that_had_passed_is_no_delay(storage: Storage) -> None:
    """It counted from when the message was accepted, and so does what is left of it."""
    now = await storage.read(database_now)
    await accept(storage, a_draft(1, schedule_at=now - DAY_MS, queued_at=now))
    await storage.write(reschedule_message, ACCOUNT, (DEVICE,), MessageId(1), Reschedule(schedule_at=2**41))
    status = await storage.read(message_status, (DEVICE,), MessageId(1))

    assert status is not None and status.due_at - 2**41 < DAY_MS


async def test_by_schedule_moves_all_that_share_it_and_draws_delays_anew(storage: Storage) -> None:
    """Fonnte docs, API reschedule, parameter byschedule."""
    await accept(
        storage,
        a_draft(1, schedule_at=2**41, due_at=2**41),
        a_draft(2, BUDI, schedule_at=2**41, due_at=2**41),
        a_draft(3, BUDI, schedule_at=2**43, due_at=2**43),
    )
    asked = Reschedule(schedule_at=2**42, delay=DelayRange(2_000, 3_000), by_schedule=True, seed=4)
    moved = await storage.write(reschedule_message, ACCOUNT, (DEVICE,), MessageId(1), asked)
    first = await storage.read(message_status, (DEVICE,), MessageId(1))
    second = await storage.read(message_status, (DEVICE,), MessageId(2))

    assert moved == [1, 2]
    assert first is not None and second is not None
    assert 2_000 <= first.due_at - 2**42 <= 3_000
    assert 2_000 <= second.due_at - first.due_at <= 3_000


async def test_a_failed_message_may_be_sent_again_with_the_same_reference(storage: Storage) -> None:
    """A new attempt that a person asked for; a network that takes our reference shows it once."""
    await accept(storage, a_draft(1))
    (taken,) = await take(storage)
    await finish(storage, an_end(taken, Outcome.FAILED, code=Code.CONTENT_REFUSED))
    await storage.write(resend_message, ACCOUNT, (DEVICE,), MessageId(1), 50)
    (again,) = await take(storage)

    assert (again.id, again.wire_ref) == (1, taken.wire_ref)


async def test_a_sent_message_is_not_sent_again(storage: Storage) -> None:
    """Resend is for what did not go out."""
    await accept(storage, a_draft(1))
    (taken,) = await take(storage)
    await finish(storage, an_end(taken))
    with pytest.raises(Refusal) as refused:
        await storage.write(resend_message, ACCOUNT, (DEVICE,), MessageId(1), 50)
    assert refused.value.code is Code.MESSAGE_SENT


async def test_a_waiting_message_is_not_sent_twice(storage: Storage) -> None:
    """There is nothing to resend."""
    await accept(storage, a_draft(1))
    with pytest.raises(Refusal) as refused:
        await storage.write(resend_message, ACCOUNT, (DEVICE,), MessageId(1), 50)
    assert refused.value.code is Code.MESSAGE_WAITING


async def test_what_waited_too_long_expires_and_the_rest_stays(storage: Storage) -> None:
    """Due at or before the cut-off: expired, with its fact; later ones stay."""
    await accept(
        storage,
        a_draft(1, schedule_at=2**41, due_at=2**41),
        a_draft(2, schedule_at=2**41 + 1, due_at=2**41 + 1),
    )

    assert await storage.write(expire_messages, ACCOUNT, DEVICE, 2**41, 100) == 1
    assert await open_ids(storage) == [2]
    assert await state_of(storage, 1) is MessageState.EXPIRED


async def test_a_lost_hand_over_is_tried_again_first_where_the_network_takes_our_reference(
    storage: Storage,
) -> None:
    """The next owner hands over the same reference, before anything else of that recipient."""
    await accept(storage, a_draft(1), a_draft(2))
    (taken,) = await take(storage)
    later = Epoch(EPOCH + 1)
    await storage.write(own_device, DEVICE, epoch=later)

    assert await storage.write(recover_device, DEVICE, later, True, 9_000) == 1
    assert await storage.write(recover_device, DEVICE, later, True, 9_000) == 0
    await storage.write(own_device, DEVICE)
    (again,) = await take(storage)
    assert (again.id, again.wire_ref, again.attempt) == (1, taken.wire_ref, 2)


async def test_after_a_lost_hand_over_the_device_waits_for_its_pace(storage: Storage) -> None:
    """The message may have arrived when the process died: the next owner hands over no sooner than a pace later."""
    await accept(storage, a_draft(1))
    await take(storage)
    await storage.write(recover_device, DEVICE, Epoch(EPOCH + 1), True, 9_000, 60_000)

    assert await take(storage) == []


async def test_after_a_lost_hand_over_the_next_waits_for_its_delay(storage: Storage) -> None:
    """The caller's delay counts from a hand-over that may have arrived, too."""
    await accept(storage, a_draft(1, gap_ms=60_000), a_draft(2, BUDI, gap_ms=60_000))
    await take(storage)
    await storage.write(recover_device, DEVICE, Epoch(EPOCH + 1), True, 9_000)

    assert await take(storage) == []


async def test_a_lost_hand_over_is_uncertain_where_the_network_does_not(storage: Storage) -> None:
    """Never resent blindly."""
    await accept(storage, a_draft(1))
    await take(storage)
    await storage.write(recover_device, DEVICE, Epoch(EPOCH + 1), False, 9_000)

    assert await take(storage) == []
    assert await state_of(storage, 1) is MessageState.UNCERTAIN


_PLAN = BatchPlan(
    content=Text(body="Halo {name}"), options=Options(), media=None, schedule_at=None, sequence=None, hold=None
)


def a_batch(count: int, part: int = 2, **changes: object) -> Batch:
    targets = [
        PartTarget(DEVICE, Address(f"62811{n:07}"), 1_000, None, WireRef(f"3EB0{n:018X}"), (f"Nama {n}",))
        for n in range(count)
    ]
    return Batch(
        id=BatchId(4),
        account=ACCOUNT,
        request=RequestId(901),
        first=MessageId(100),
        plan=msgspec.structs.replace(_PLAN, **changes),
        parts=tuple(tuple(targets[i : i + part]) for i in range(0, count, part)),
        queued_at=1_000,
        job=JobId(5),
    )


async def test_a_batch_is_made_part_by_part(storage: Storage) -> None:
    """Each part once, its variables filled."""
    await storage.write(accept_calls, [a_call(batches=(a_batch(5),))])
    while await storage.write(make_next_part, BatchId(4)) is not None:
        pass
    view = await storage.read(show_message, MessageId(104))

    assert await open_ids(storage) == [100, 101, 102, 103, 104]
    assert view is not None and view.content == Text(body="Halo Nama 4")


async def test_a_message_that_its_batch_has_not_made_yet_is_queued_and_can_be_cancelled(storage: Storage) -> None:
    """Its id is known at once; cancelling makes its part, and it alone goes."""
    await storage.write(accept_calls, [a_call(batches=(a_batch(5),))])
    assert await state_of(storage, 103) is MessageState.QUEUED
    await storage.write(cancel_message, ACCOUNT, (DEVICE,), MessageId(103))
    while await storage.write(make_next_part, BatchId(4)) is not None:
        pass

    assert await open_ids(storage) == [100, 101, 102, 104]


async def test_nobody_overtakes_in_a_strict_sequence_that_is_still_being_made(storage: Storage) -> None:
    """A message of a later part cannot be changed before the parts ahead of it are made; then it can."""
    await storage.write(accept_calls, [a_call(batches=(a_batch(5, sequence=901),))])
    assert await refusal(storage, 103) is Code.MESSAGE_PROCESSING
    await storage.write(cancel_message, ACCOUNT, (DEVICE,), MessageId(100))
    assert [taken.id for taken in await take(storage)] == [101]
    assert await refusal(storage, 104) is Code.MESSAGE_PROCESSING
    await storage.write(cancel_message, ACCOUNT, (DEVICE,), MessageId(103))


async def test_a_late_acknowledgement_tells_the_truth_of_a_message_that_ended_otherwise(storage: Storage) -> None:
    """Its first hand-over was unclear; then it was cancelled, expired, or refused. It did arrive."""
    ids = (1, 2, 3)
    await accept(storage, *(a_draft(n, Address(f"62811{n:07}")) for n in ids))
    first = await take(storage, 4)
    await finish(storage, *(an_end(t, Outcome.RETRY, code=Code.OUTCOME_UNKNOWN, keeps_place=True) for t in first))
    (second, *_) = await take(storage)
    await finish(storage, an_end(second, Outcome.FAILED, code=Code.CONTENT_REFUSED))
    await storage.write(cancel_message, ACCOUNT, (DEVICE,), MessageId(2))
    await storage.write(expire_messages, ACCOUNT, DEVICE, 2**50, 10)
    ended = {await state_of(storage, n) for n in ids}

    assert ended == {MessageState.FAILED, MessageState.CANCELLED, MessageState.EXPIRED}
    assert await finish(storage, *map(an_end, first)) == [True] * 3
    assert {await state_of(storage, n) for n in ids} == {MessageState.SENT}
