"""Two processes at one message at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from merpati.core.clock import Clock, SystemClock
from merpati.core.errors import Refusal
from merpati.core.ids import Address, MessageId
from merpati.messages.changes import Reschedule, reschedule_message
from merpati.storage.port import Storage
from tests.messages.outbox import ACCOUNT, DEVICE, a_draft, accept, own_device, take


@pytest.mark.postgres
async def test_a_message_has_either_a_new_schedule_or_left(
    open_postgres: Callable[[Clock], Awaitable[Storage]],
) -> None:
    """Two processes meet on one row: whoever was told the new schedule finds the message waiting for it."""
    first, second = await open_postgres(SystemClock()), await open_postgres(SystemClock())
    await first.write(own_device)
    for n in range(1, 41):
        await accept(first, a_draft(n, Address(f"62811{n:07}")))
        asked = asyncio.create_task(_is_moved(first, n))
        taken = await asyncio.gather(*(take(second) for _ in range(6)))
        assert await asked == (not any(taken))


async def _is_moved(storage: Storage, id_: int) -> bool:
    try:
        await storage.write(reschedule_message, ACCOUNT, (DEVICE,), MessageId(id_), Reschedule(schedule_at=2**42))
    except Refusal:
        return False
    return True
