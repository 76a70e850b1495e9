"""Brings webhooks: signed, in batches, twice, in any order, and again until they are taken."""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable

import aiohttp
import msgspec

from merpati.fakes.graph.hooks import SIGNATURE, Change, envelope, sign
from merpati.fakes.graph.settings import Settings
from merpati.fakes.graph.timeline import Timeline

ANSWER_S = 10.0


class Parcel(msgspec.Struct, frozen=True):
    """A change on its way to an address."""

    url: str
    change: Change
    since: int
    tries: int = 0


class Post(msgspec.Struct, frozen=True):
    """One call, as it was answered; status 0: there was no answer."""

    url: str
    body: bytes
    signature: str
    status: int


class Courier:
    """One call at a time. `paused` keeps everything, so that what waits can be shuffled as a whole."""

    def __init__(
        self, settings: Settings, timeline: Timeline, rng: random.Random, secret: Callable[[], str]
    ) -> None:
        self._settings, self._timeline, self._rng, self._secret = settings, timeline, rng, secret
        self._waiting: deque[Parcel] = deque()
        self._woken, self._idle = asyncio.Event(), asyncio.Event()
        self._idle.set()
        self._later = 0
        self.paused = False
        self.posts: list[Post] = []
        """What was sent, for who judges."""

    def bring(self, url: str, change: Change) -> None:
        """Send this; nowhere to go: it is dropped."""
        if not url:
            return
        parcel = Parcel(url, change, self._timeline.clock.now())
        twice = self._rng.random() < self._settings.duplicates
        self._waiting.extend([parcel, parcel] if twice else [parcel])
        self._wake()

    def pause(self) -> None:
        self.paused = True

    def go_on(self) -> None:
        self.paused = False
        self._wake()

    async def settled(self) -> None:
        """Wait until everything was taken (or given up)."""
        while self._waiting or self._later or not self._idle.is_set():
            await self._idle.wait()
            await asyncio.sleep(0.005)

    def _wake(self) -> None:
        if self._waiting and not self.paused:
            self._idle.clear()
            self._woken.set()

    async def run(self) -> None:
        """Bring what waits, for ever."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S)) as session:
            while True:
                await self._woken.wait()
                self._woken.clear()
                while self._waiting and not self.paused:
                    await self._bring(session, self._next())
                self._idle.set()

    def _next(self) -> list[Parcel]:
        if self._settings.shuffle:
            mixed = list(self._waiting)
            self._rng.shuffle(mixed)
            self._waiting = deque(mixed)
        first = self._waiting.popleft()
        together = [first]
        while self._waiting and len(together) < self._settings.batch and self._waiting[0].url == first.url:
            together.append(self._waiting.popleft())
        return together

    async def _bring(self, session: aiohttp.ClientSession, parcels: list[Parcel]) -> None:
        body = envelope([parcel.change for parcel in parcels])
        signature, answered = sign(self._secret(), body), 0
        headers = {SIGNATURE: signature, "Content-Type": "application/json", "User-Agent": "facebookexternalua"}
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with session.post(parcels[0].url, data=body, headers=headers) as response:
                answered = response.status
        self.posts.append(Post(parcels[0].url, body, signature, answered))
        if answered != 200:
            for parcel in parcels:
                self._again(parcel)

    def _again(self, parcel: Parcel) -> None:
        if self._timeline.clock.now() - parcel.since > self._settings.give_up_ms:
            return
        waits = self._settings.again_ms
        self._later += 1

        def come_again() -> None:
            self._later -= 1
            self._waiting.append(Parcel(parcel.url, parcel.change, parcel.since, parcel.tries + 1))
            self._wake()

        self._timeline.after(waits[min(parcel.tries, len(waits) - 1)], come_again)
