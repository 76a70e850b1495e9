"""The loop of a reader."""

import asyncio

from merpati.log.follow import Bell, follow
from merpati.storage.port import StorageGone


async def test_a_ring_is_heard_also_when_nobody_waited_yet() -> None:
    """What is committed during a round is looked at in the next one."""
    bell = Bell()
    bell.ring()
    async with asyncio.timeout(1):
        await bell.wait(60)
    await bell.wait(0.001)


async def test_rounds_follow_rings_and_end_when_the_work_says_so() -> None:
    """None ends it; a ring cuts the wait short."""
    bell, rounds = Bell(), 0

    async def work() -> float | None:
        nonlocal rounds
        rounds += 1
        bell.ring()
        return 60.0 if rounds < 3 else None

    async with asyncio.timeout(5):
        await follow(work, bell, pause_s=0)
    assert rounds == 3


async def test_a_database_that_is_away_ends_nothing() -> None:
    """The round is tried again."""
    bell, rounds = Bell(), 0

    async def work() -> float | None:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            raise StorageGone
        return None

    async with asyncio.timeout(5):
        await follow(work, bell, pause_s=0)
    assert rounds == 2


async def test_the_last_ring_cuts_a_pause_short() -> None:
    """Who is to end does not wait until others may be read together."""
    bell, rounds = Bell(), 0

    async def work() -> float | None:
        nonlocal rounds
        rounds += 1
        bell.ring_last()
        return 60.0 if rounds < 2 else None

    async with asyncio.timeout(5):
        await follow(work, bell, pause_s=60)
    assert rounds == 2
