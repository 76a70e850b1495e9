"""Things of one chat, one after the other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from merpati.core.ids import Address


class InOrder:
    """`async with in_order.of(chat)`: who came first goes first; nothing is kept of a chat at rest."""

    def __init__(self) -> None:
        self._gates: dict[Address, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def of(self, chat: Address) -> AsyncIterator[None]:
        gate, users = self._gates.get(chat, (asyncio.Lock(), 0))
        self._gates[chat] = (gate, users + 1)
        try:
            async with gate:
                yield
        finally:
            gate, users = self._gates.pop(chat)
            if users > 1:
                self._gates[chat] = (gate, users - 1)
