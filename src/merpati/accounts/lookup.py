"""From a token to what it opens, without a read for every request.

An answer is kept for two seconds, also "nothing": so a token revoked through another process stops within that
time, and one revoked through this process at once (`forget`). Both memories are bounded, each for itself, so that
guessed tokens push out no real one.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from merpati.accounts.model import Account
from merpati.accounts.views import accounts_by_token_hashes
from merpati.core.clock import Clock
from merpati.core.ids import AccountId
from merpati.core.tokens import hash_token
from merpati.storage.port import Storage, Tx

T = TypeVar("T")
View: TypeAlias = Callable[[Tx, Sequence[str]], Coroutine[Any, Any, dict[str, T]]]

KEPT_S = 2.0
MOST_KEPT = 20_000


class TokenLookup(Generic[T]):
    """Finds what a token opens. Tokens that are asked for at the same moment are read together."""

    def __init__(
        self, storage: Storage, clock: Clock, view: View[T], *, kept_s: float = KEPT_S, most: int = MOST_KEPT
    ) -> None:
        self._storage, self._clock, self._view, self._kept_s = storage, clock, view, kept_s
        self._known: _Memory[T] = _Memory(most)
        self._unknown: _Memory[None] = _Memory(most)
        self._collecting: _Batch[T] | None = None
        self._newest: asyncio.Task[dict[str, T]] | None = None
        self._generation = 0

    async def find(self, token: str) -> T | None:
        """What this token opens, at most `kept_s` old; None: nothing. Raises `StorageError`."""
        hash_ = hash_token(token)
        now = self._clock.elapsed()
        if (known := self._known.get(hash_, now)) is not None:
            return known[0]
        if self._unknown.get(hash_, now) is not None:
            return None
        batch = self._batch()
        batch.hashes[hash_] = None
        return (await asyncio.shield(batch.task)).get(hash_)

    def forget(self, matches: Callable[[T], bool]) -> None:
        """Read again what matches, and every token that opened nothing."""
        self._generation += 1
        self._known.drop(matches)
        self._unknown.clear()

    def forget_all(self) -> None:
        """Read everything again."""
        self.forget(lambda _: True)

    def _batch(self) -> "_Batch[T]":
        """The batch that still collects: its read has not begun, so it sees every change until now."""
        if self._collecting is None:
            hashes: dict[str, None] = {}
            task = asyncio.create_task(self._read(hashes, self._newest))
            task.add_done_callback(_look_at_error)
            self._newest, self._collecting = task, _Batch(hashes, task)
        return self._collecting

    async def _read(self, hashes: dict[str, None], before: "asyncio.Task[dict[str, T]] | None") -> dict[str, T]:
        if before is not None:
            await asyncio.wait([before])
        self._collecting = None
        # Old from the moment the read begins, as a change may be committed right behind its snapshot.
        until, generation = self._clock.elapsed() + self._kept_s, self._generation
        found = await self._storage.read(self._view, list(hashes))
        if generation == self._generation:
            for hash_ in hashes:
                self._keep(hash_, found.get(hash_), until)
        return found

    def _keep(self, hash_: str, value: T | None, until: float) -> None:
        if value is None:
            self._unknown.put(hash_, None, until)
        else:
            self._known.put(hash_, value, until)


class _Batch(NamedTuple, Generic[T]):
    """Hashes that one read will look up."""

    hashes: dict[str, None]
    task: "asyncio.Task[dict[str, T]]"


def _look_at_error(task: "asyncio.Task[Any]") -> None:
    """Whoever asked gets the error; a task that everybody stopped waiting for must not complain of it."""
    if not task.cancelled():
        task.exception()


class _Memory(Generic[T]):
    """The `most` that were put last, each until its time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[T, float]] = OrderedDict()

    def get(self, key: str, now: float) -> tuple[T] | None:
        kept = self._kept.get(key)
        if kept is None or kept[1] <= now:
            return None
        return (kept[0],)

    def put(self, key: str, value: T, until: float) -> None:
        self._kept[key] = (value, until)
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def drop(self, matches: Callable[[T], bool]) -> None:
        for key in [key for key, (value, _) in self._kept.items() if matches(value)]:
            del self._kept[key]

    def clear(self) -> None:
        self._kept.clear()


class AccountLookup(TokenLookup[Account]):
    """Account tokens."""

    def __init__(self, storage: Storage, clock: Clock, *, kept_s: float = KEPT_S, most: int = MOST_KEPT) -> None:
        super().__init__(storage, clock, accounts_by_token_hashes, kept_s=kept_s, most=most)

    def forget_account(self, account: AccountId) -> None:
        """Call after a change of this account."""
        self.forget(lambda known: known.id == account)
