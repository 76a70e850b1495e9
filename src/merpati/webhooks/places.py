"""Calls that may be under way at once: a task waits for its account's turn."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable

from merpati.core.ids import AccountId
from merpati.webhooks.shares import Shares


class Places:
    """So many at once, over all accounts, shared as `shares` says."""

    def __init__(self, places: int) -> None:
        self._shares: Shares[asyncio.Future[None]] = Shares(places)

    @contextlib.asynccontextmanager
    async def one_for(self, account: AccountId) -> AsyncIterator[None]:
        """Wait for a place, and hold it for the length of the block."""
        turn = asyncio.get_running_loop().create_future()
        _call_up(self._shares.ask(account, turn))
        try:
            await turn
            yield
        finally:
            _call_up(self._shares.leave(account, turn))


def _call_up(turns: Iterable[asyncio.Future[None]]) -> None:
    """One that was cancelled meanwhile leaves when its task runs."""
    for turn in turns:
        if not turn.done():
            turn.set_result(None)
