"""What was refused for now: it goes again before the rest of its recipient, and holds up nobody else."""

import random
from collections import defaultdict

import pytest

from merpati.core.ids import Address, DeviceId
from merpati.messages.handover import Outcome
from merpati.messages.model import Priority
from merpati.messages.retries import judge
from merpati.messages.store_outbox import LEAST_LOOKED_AT
from merpati.storage.port import Storage
from merpati.transports.port import SendError, SendFault
from tests.messages.outbox import ALICE, BUDI, DEVICE, a_draft, accept, an_end, finish, open_ids, own_device, take

PEOPLE = [Address(f"62811100{n:04}") for n in range(3)]
MINUTE_MS = 60_000


@pytest.fixture(autouse=True)
async def owned(storage: Storage) -> None:
    await storage.write(own_device)


async def refuse_first(storage: Storage, wait_ms: int = 0) -> None:
    """The first message is handed over and refused for now."""
    (first,) = await take(storage)
    await finish(storage, an_end(first, Outcome.RETRY, code="busy", wait_ms=wait_ms))


@pytest.mark.parametrize("gap_ms", [None, 0])
async def test_it_goes_before_what_was_due_before_its_new_time(storage: Storage, gap_ms: int | None) -> None:
    """Also when more wait behind it than are looked at; with a delay of the caller, and without."""
    count = 2 * LEAST_LOOKED_AT
    await accept(storage, *(a_draft(n, gap_ms=gap_ms) for n in range(1, count + 1)))
    await refuse_first(storage)
    left = []
    for _ in range(count):
        (taken,) = await take(storage)
        left.append(taken.id)
        await finish(storage, an_end(taken))

    assert left == list(range(1, count + 1))


async def test_while_it_waits_others_go_and_its_recipients_own_do_not(storage: Storage) -> None:
    """Order is kept for one recipient; nobody else waits."""
    await accept(storage, a_draft(1), a_draft(2), a_draft(3), a_draft(4, BUDI))
    await refuse_first(storage, MINUTE_MS)

    assert [taken.id for taken in await take(storage, 8)] == [4]
    assert await take(storage, 8) == []


async def test_several_with_a_delay_go_one_at_a_time(storage: Storage) -> None:
    """Two that are tried again are two hand-overs: the delay lies between them."""
    await accept(storage, a_draft(1, ALICE, gap_ms=0), a_draft(2, BUDI, gap_ms=0))
    for _ in range(2):
        (taken,) = await take(storage, 8)
        await finish(storage, an_end(taken, Outcome.RETRY, code="busy", wait_ms=0))

    assert len(await take(storage, 8)) == 1


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_is_refused_for_now_everything_leaves_in_order(storage: Storage, seed: int) -> None:
    """Random recipients, delays, priorities, refusals and numbers in flight."""
    rng = random.Random(seed)
    drafts = [
        a_draft(
            n, rng.choice(PEOPLE), gap_ms=rng.choice((None, 0)),
            priority=Priority.SINGLE if seed % 2 else rng.choice((Priority.SINGLE, Priority.BULK)),
        )
        for n in range(1, 61)
    ]  # fmt: skip
    await accept(storage, *drafts)
    left: dict[tuple[Address, int], list[int]] = defaultdict(list)
    for _ in range(1_000):
        for taken in await take(storage, rng.choice((1, 2, 8)), DeviceId(DEVICE)):
            if rng.random() < 0.3:
                await finish(storage, an_end(taken, Outcome.RETRY, code="busy", wait_ms=0))
            else:
                await finish(storage, an_end(taken))
                left[taken.chat, taken.priority].append(taken.id)
        if not await open_ids(storage):
            break

    assert await open_ids(storage) == []
    assert all(ids == sorted(ids) for ids in left.values())


FAULTS = [
    (SendFault.RATE, 0),
    (SendFault.AUTH, 0),
    (SendFault.NOT_OPEN, 0),
    (SendFault.AMBIGUOUS, 0),
    (SendFault.RETRY, 1),
]


@pytest.mark.parametrize(("fault", "costs"), FAULTS)
async def test_only_a_refusal_for_now_costs_a_try(storage: Storage, fault: SendFault, costs: int) -> None:
    """However often a device is throttled, disconnected or unclear: its messages have all their tries left."""
    await accept(storage, a_draft(1))
    for n in range(8):
        (taken,) = await take(storage)
        assert (taken.attempt, taken.refusals) == (n + 1, n * costs)
        verdict = judge(
            SendError(fault, "x"), refusals=taken.refusals, max_tries=9, takes_ref=True, rng=random.Random(1)
        )
        assert verdict.outcome is Outcome.RETRY
        await finish(storage, an_end(taken, Outcome.RETRY, code="x", costs_try=verdict.costs_try))


async def test_a_message_that_was_throttled_often_still_has_all_its_tries(storage: Storage) -> None:
    """The fifth refusal ends it, not the fifth hand-over."""
    await accept(storage, a_draft(1))
    faults = [SendFault.RATE, SendFault.RETRY] * 5
    outcomes = []
    for fault in faults:
        (taken,) = await take(storage)
        verdict = judge(
            SendError(fault, "x"), refusals=taken.refusals, max_tries=5, takes_ref=True, rng=random.Random(1)
        )
        outcomes.append(verdict.outcome)
        await finish(storage, an_end(taken, verdict.outcome, code=verdict.code, costs_try=verdict.costs_try))

    assert outcomes == [Outcome.RETRY] * 9 + [Outcome.FAILED]
