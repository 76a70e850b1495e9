"""Reads the log for everybody who follows it in this process, and judges now and then who still may.

A ring of the bell makes it look at once; without one it looks every `LOOK_S`, for what other processes recorded.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping

import msgspec

from merpati.accounts.key_model import Scope
from merpati.api.live.events import OF_RIGHTS, Told, tell
from merpati.api.live.feed import AT_ONCE, MOST_BEHIND, Feed, Stream
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, DeviceId, SignInId, UserId
from merpati.log import readers
from merpati.log.follow import IDLE_S, Bell, follow
from merpati.storage.port import Storage

LOOK_S = 0.15
PAUSE_S = 0.1
"""Between two looks at least: what came meanwhile goes out together."""
JUDGE_EVERY_S = 2.0
ACCOUNTS_AT_ONCE = 32
MOST_STREAMS = 500
"""Of one account in one process."""


class KeyUse(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream by a key stands on: it holds while all of this is so."""

    scope: Scope
    devices: frozenset[DeviceId] | None
    address: str


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """By what somebody follows an account: a session, the account's token, or a key."""

    account: AccountId
    user: UserId | None = None
    session: SignInId | None = None
    token_hash: str = ""
    key: KeyUse | None = None


Judge = Callable[[Collection[Grant]], Awaitable[Collection[Grant]]]
"""Which of these hold now; reads once for all of them."""


class Seat:
    """A stream and by what right it is open."""

    def __init__(self, grant: Grant, stream: Stream) -> None:
        self.grant, self.stream = grant, stream
        self.has_ended = False
        self.on_end: Callable[[], None] = lambda: None
        """Called when it must end."""


class _Watched:
    """An account that somebody follows."""

    def __init__(self) -> None:
        self.seats: set[Seat] = set()
        self.feed: Feed | None = None

    def streams(self) -> list[Stream]:
        return [seat.stream for seat in self.seats]


class Hub:
    """One for a process. `run` is its loop; `bell.ring()` after a commit makes it look at once."""

    def __init__(self, storage: Storage, judge: Judge) -> None:
        self.bell = Bell()
        self._storage, self._judge = storage, judge
        self._watched: dict[AccountId, _Watched] = {}
        self._judged_at = 0.0
        self._closed = False

    # -- what endpoints call --

    def join(self, grant: Grant, after: int | None) -> Seat:
        """Follow from here on, or from after this fact; raises `Refusal(TOO_MANY_STREAMS)`. `leave` ends it."""
        watched = self._watched.setdefault(grant.account, _Watched())
        if len(watched.seats) >= MOST_STREAMS:
            raise Refusal(Code.TOO_MANY_STREAMS)
        seat = Seat(grant, Stream(grant.user, after, grant.key.devices if grant.key else None))
        seat.has_ended = self._closed
        watched.seats.add(seat)
        self.bell.ring()
        return seat

    def leave(self, seat: Seat) -> None:
        """May be called twice."""
        watched = self._watched.get(seat.grant.account)
        if watched is not None:
            watched.seats.discard(seat)
            if not watched.seats:
                del self._watched[seat.grant.account]

    def take(self, seat: Seat) -> bytes | None:
        """What is next for this seat (`Feed.take`)."""
        watched = self._watched.get(seat.grant.account)
        return watched.feed.take(seat.stream) if watched is not None and watched.feed is not None else None

    def count(self) -> int:
        """How many follow."""
        return sum(len(watched.seats) for watched in self._watched.values())

    # -- running --

    async def run(self) -> None:
        """Follow the log until `close`."""
        await follow(self.look, self.bell, pause_s=PAUSE_S)

    def close(self) -> None:
        """End every stream, now and to come: the process stops. May be called twice."""
        self._closed = True
        self._end(seat for watched in list(self._watched.values()) for seat in list(watched.seats))
        self.bell.ring_last()

    async def look(self) -> float | None:
        """One round: who still may, what is new, what is wanted of before. For how long nothing need be done."""
        if self._closed:
            return None
        now = asyncio.get_running_loop().time()
        if self._watched and now - self._judged_at >= JUDGE_EVERY_S:
            await self.judge()
        return LOOK_S if await self._read() else IDLE_S

    async def judge(self) -> None:
        """End the streams whose right to be open is gone."""
        self._judged_at = asyncio.get_running_loop().time()
        seats = [seat for watched in self._watched.values() for seat in watched.seats]
        held = frozenset(await self._judge({seat.grant for seat in seats}))
        self._end(seat for seat in seats if seat.grant not in held)

    def _end(self, seats: Iterable[Seat]) -> None:
        for seat in seats:
            self.leave(seat)
            seat.has_ended = True
            seat.on_end()

    # -- reading --

    async def _read(self) -> bool:
        """Answers whether anybody follows."""
        watched = dict(self._watched)
        if not watched:
            return False
        coming = [stream for each in watched.values() for stream in each.streams() if not stream.is_admitted]
        await self._read_new(watched)
        for account, each in watched.items():
            await self._read_old(account, each)
        for stream in coming:
            stream.is_admitted = True
        for each in watched.values():
            self._wake(each)
        return True

    async def _read_new(self, watched: Mapping[AccountId, _Watched]) -> None:
        positions = {account: each.feed.head if each.feed else -1 for account, each in watched.items()}
        behind = {}
        for account, head in await self._storage.read(readers.list_news, positions):
            feed = watched[account].feed
            if feed is None:
                watched[account].feed = Feed(head)
            elif head - feed.head > MOST_BEHIND:
                feed.jump(head)
            else:
                behind[account] = head
        accounts = list(behind)
        for start in range(0, len(accounts), ACCOUNTS_AT_ONCE):
            await self._extend(watched, {each: behind[each] for each in accounts[start : start + ACCOUNTS_AT_ONCE]})

    async def _extend(self, watched: Mapping[AccountId, _Watched], heads: Mapping[AccountId, int]) -> None:
        feeds = {account: feed for account in heads if (feed := watched[account].feed) is not None}
        facts: dict[AccountId, list[Told]] = {account: [] for account in feeds}
        positions = {account: feed.head for account, feed in feeds.items()}
        for entry in await self._storage.read(readers.read_after, positions, AT_ONCE):
            facts[entry.account].append(tell(entry))
        for account, feed in feeds.items():
            told = facts[account]
            feed.extend(told, told[-1].seq if told else min(heads[account], feed.head + AT_ONCE))
            if any(each.kind in OF_RIGHTS for each in told):
                await self.judge()

    async def _read_old(self, account: AccountId, watched: _Watched) -> None:
        feed = watched.feed
        wanted = feed.wanted(watched.streams()) if feed is not None else None
        if feed is not None and wanted is not None:
            entries = await self._storage.read(readers.read_after, {account: wanted}, feed.begin - wanted)
            feed.prepend([tell(entry) for entry in entries], wanted)

    def _wake(self, watched: _Watched) -> None:
        if watched.feed is not None:
            streams = watched.streams()
            watched.feed.trim(streams)
            for stream in streams:
                if stream.position != watched.feed.head or stream.is_fresh:
                    stream.news.set()
