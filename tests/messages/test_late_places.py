"""First messages to strangers that go later than planned: in no 24 hours are they more for that."""

import random

import pytest

from merpati.core.clock import DAY_MS, HOUR_MS
from merpati.messages.changes import Reschedule, reschedule_message
from merpati.messages.model import DelayRange
from merpati.messages.warm_up import PAUSES_MS
from merpati.storage.port import Storage
from tests.messages.outbox import ACCOUNT, DEVICE
from tests.messages.strangers import (
    let_pass,
    limit,
    near,
    own,
    person,
    refuse,
    send_all,
    take,
    waits_ms,
    write_to,
)


@pytest.fixture(autouse=True)
async def owned(storage: Storage) -> None:
    await own(storage)


async def test_a_night_without_a_connection_saves_no_places_up(storage: Storage) -> None:
    """What was due in it goes in the morning; of the next places none comes before that is a day ago."""
    await limit(storage, 2)
    ids = await write_to(storage, *map(person, range(7)))
    assert await send_all(storage) == [person(0), person(1)]
    await let_pass(storage, DAY_MS + 20 * HOUR_MS)
    assert await send_all(storage) == [person(2), person(3)]
    await let_pass(storage, 4 * HOUR_MS)
    assert await send_all(storage) == []
    assert await waits_ms(storage, ids[4]) == near(20 * HOUR_MS)
    assert await waits_ms(storage, ids[6]) == near(20 * HOUR_MS + DAY_MS)
    await let_pass(storage, 20 * HOUR_MS)
    assert await send_all(storage) == [person(4), person(5)]


async def test_in_no_24_hours_are_more_written_to_than_the_limit(storage: Storage) -> None:
    """However often, and for how long, the device is away."""
    await limit(storage, 3)
    await write_to(storage, *map(person, range(30)))
    draw, sent_at, passed = random.Random(6), list[int](), 0
    for _ in range(60):
        sent_at += [passed] * len(await send_all(storage))
        ms = draw.choice((HOUR_MS // 4, HOUR_MS, 7 * HOUR_MS, DAY_MS - HOUR_MS, DAY_MS + HOUR_MS))
        await let_pass(storage, ms)
        passed += ms
    assert len(sent_at) == 30
    assert all(later - sooner >= DAY_MS - 30_000 for sooner, later in zip(sent_at, sent_at[3:], strict=False))


async def test_a_pause_holds_those_whose_turn_had_come_as_well(storage: Storage) -> None:
    """They were due together; the first is refused."""
    await limit(storage, 3)
    await write_to(storage, *map(person, range(6)))
    await send_all(storage)
    await let_pass(storage, DAY_MS)
    (taken,) = await take(storage, 1)
    await refuse(storage, taken)
    assert await send_all(storage) == []
    await let_pass(storage, PAUSES_MS[0])
    assert set(await send_all(storage)) == {person(3), person(4), person(5)}


async def test_what_its_owner_hurries_counts_when_it_is_taken(storage: Storage) -> None:
    """It goes in any case; the next place is a day after it."""
    await limit(storage, 1)
    ids = await write_to(storage, *map(person, range(4)))
    await send_all(storage)
    at_once = Reschedule(schedule_at=1, delay=DelayRange(0, 0))
    await storage.write(reschedule_message, ACCOUNT, [DEVICE], ids[3], at_once)
    await let_pass(storage, 12 * HOUR_MS)
    await storage.write(reschedule_message, ACCOUNT, [DEVICE], ids[2], at_once)
    assert await send_all(storage) == [person(3), person(2)]
    await let_pass(storage, 12 * HOUR_MS)
    assert await send_all(storage) == []
    assert await waits_ms(storage, ids[1]) == near(12 * HOUR_MS)
