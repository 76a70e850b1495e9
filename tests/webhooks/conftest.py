"""The stage on both engines."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.core.clock import SystemClock
from merpati.storage.port import Storage
from merpati.storage.postgres import PostgresStorage
from merpati.storage.sqlite import SqliteStorage
from tests.webhooks.receiver import Receiver, receiving
from tests.webhooks.stage import Stage, staged


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as it:
        yield it


@pytest.fixture
async def stage(storage: Storage, emptied: Path | str) -> AsyncIterator[Stage]:
    """An account, and runners that a test starts."""
    opened: list[Storage] = []

    async def reopen() -> Storage:
        if isinstance(emptied, Path):
            opened.append(await SqliteStorage.open(emptied, SystemClock()))
        else:
            opened.append(await PostgresStorage.open(emptied, SystemClock()))
        return opened[-1]

    async with staged(storage, reopen) as it:
        yield it
    for one in opened:
        await one.close()
