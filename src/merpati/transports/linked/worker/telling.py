"""News to the gateway: one after the other, each until it is confirmed; receipts that wait go together, in order.

That the session is open is told in its place: after all that waited.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from msgspec import Struct

from merpati.core.ids import DeviceId
from merpati.transports.linked.protocol import FromWorker, Told
from merpati.transports.linked.worker.library import Happening
from merpati.transports.linked.worker.store import News, Store
from merpati.transports.port import AnyEvent

MOST_TOGETHER: Final = 64
MOST_BYTES: Final = 1_000_000
"""Of receipts that go together: a frame has room for four times as much."""
ReadNews = Callable[[News, bool], Awaitable[AnyEvent | None]]


class _Open(Struct, frozen=True):
    """All before it was there when the connection came back."""

    word: FromWorker


class Telling:
    """One device's. `read` makes an event of news; None when they say nothing to anybody. It hears, too, whether
    they are suspect: process after process has ended while they were read."""

    def __init__(self, device: DeviceId, store: Store, say: Callable[[FromWorker], None], read: ReadNews) -> None:
        self._device, self._store, self._say, self._read = device, store, say, read
        self._queue: deque[News | _Open] = deque(store.news())
        self._suspect = store.suspect()
        self._some = asyncio.Event()
        self._outstanding: Told | None = None
        self._stored = asyncio.Event()
        self._running = asyncio.get_running_loop().create_task(self._run())
        self._some.set()

    # -- what comes --

    def add(self, news: News) -> None:
        self._queue.append(news)
        self._some.set()

    def open(self, word: FromWorker) -> None:
        """Say this when all that is here now is stored."""
        self._queue.append(_Open(word))
        self._some.set()

    def close(self) -> None:
        """The connection is gone: nothing is open any more."""
        self._queue = deque(each for each in self._queue if isinstance(each, News))

    # -- what the gateway answers --

    def confirm(self, seq: int) -> None:
        self._store.forget_news(seq)
        if self._outstanding is not None and self._outstanding.seq <= seq:
            self._outstanding = None
            self._stored.set()

    async def stop(self) -> None:
        """What is not confirmed stays."""
        self._running.cancel()
        await asyncio.wait([self._running])

    # -- the one that tells --

    async def _run(self) -> None:
        while True:
            await self._some.wait()
            while self._queue:
                await self._tell_next()
            self._some.clear()

    async def _tell_next(self) -> None:
        first = self._queue.popleft()
        if isinstance(first, _Open):
            self._say(first.word)
            return
        news = [first, *self._receipts_after(first)]
        suspect = first.seq != 0 and first.seq == self._suspect
        events = [event for each in news if (event := await self._read(each, suspect)) is not None]
        seq = news[-1].seq
        if not events:
            self._store.forget_news(seq)
            return
        self._stored.clear()
        self._outstanding = Told(device=self._device, seq=seq, events=tuple(events))
        self._say(self._outstanding)
        await self._stored.wait()

    def _receipts_after(self, first: News) -> Iterator[News]:
        """Those that wait right behind a receipt."""
        count, size = 1, len(first.data)
        while first.code == Happening.RECEIPT and self._queue and count < MOST_TOGETHER:
            following = self._queue[0]
            if isinstance(following, _Open) or following.code != Happening.RECEIPT:
                return
            count, size = count + 1, size + len(following.data)
            if size > MOST_BYTES:
                return
            self._queue.popleft()
            yield following
