"""The hot lane: calls that wait at the same moment share one transaction, on both engines.

One lane for each process, above the storage. A group locks all its accounts once, then runs each kind of action
once, over all its items. A group that fails is halved down to the culprit; the others are kept.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from copy import copy
from typing import Any, Generic, TypeVar, cast

import msgspec

from merpati.core.ids import AccountId
from merpati.storage.port import Ask, OutcomeUnknown, Storage, StorageFull, StorageGone, Tx

I = TypeVar("I")  # noqa: E741 — an item
R = TypeVar("R")

MOST_IN_GROUP = 500
UNKNOWN_S = 5.0
"""How long a group whose outcome is unknown is tried again."""


class HotAction(Generic[I, R]):
    """A set-based action that the lane coalesces. Make one for each kind, at module level.

    `run(tx, items)` answers one result for each item, in their order. It is idempotent by the items' ids: after a
    connection lost in COMMIT it runs again. It may find its accounts locked already and lock them all the same.
    `account(item)`: the account whose facts the item records; None: it records none, nothing is locked.
    """

    def __init__(
        self,
        run: Callable[[Tx, list[I]], Coroutine[Any, Any, Sequence[R]]],
        account: Callable[[I], AccountId | None],
    ) -> None:
        self.run, self.account = run, account


class _Call(msgspec.Struct, eq=False):
    action: HotAction[Any, Any]
    item: Any
    answer: "asyncio.Future[Any]"


class HotLane:
    """`await lane(action, item)` answers the item's result after its group's commit.

    `observe` hears the size of each group. A caller that stops waiting takes nothing back.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        observe: Callable[[int], None] = lambda _size: None,
        unknown_s: float = UNKNOWN_S,
    ) -> None:
        self._storage, self._observe, self._unknown_s = storage, observe, unknown_s
        self._waiting: list[_Call] = []
        self._flushing: asyncio.Task[None] | None = None
        self._closed = False

    async def __call__(self, action: HotAction[I, R], item: I) -> R:
        """Raises what the item made `run` raise (nothing of it is stored), or a `StorageError`."""
        if self._closed:
            raise StorageGone("the lane is closed")
        call = _Call(action, item, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        return cast("R", await call.answer)

    async def close(self) -> None:
        """Finish what waits; later calls are refused with `StorageGone`. The storage stays open."""
        self._closed = True
        if self._flushing is not None:
            await self._flushing

    async def _flush(self) -> None:
        try:
            await asyncio.sleep(0)  # whoever is ready in this turn of the loop joins
            while self._waiting:
                group, self._waiting = self._waiting[:MOST_IN_GROUP], self._waiting[MOST_IN_GROUP:]
                await self._run(group)
        finally:
            self._flushing = None

    async def _run(self, group: list[_Call]) -> None:
        try:
            results = await self._write(group)
        except BaseException as error:
            if len(group) == 1 or isinstance(error, StorageFull | StorageGone | OutcomeUnknown):
                _refuse(group, error)
                return
            if isinstance(error, asyncio.CancelledError) and _is_cancelled():
                _refuse(group, error)
                raise
            half = len(group) // 2
            await self._run(group[:half])
            await self._run(group[half:])
        else:
            _answer(group, results)

    async def _write(self, group: list[_Call]) -> list[Any]:
        """Store a group. Lost in COMMIT, it runs again until the database says how it ended, for some seconds."""
        self._observe(len(group))
        calls = [(call.action, call.item) for call in group]
        try:
            return await self._storage.write(run_group, calls)
        except OutcomeUnknown as unknown:
            return await self._again(calls, unknown)

    async def _again(self, calls: "list[tuple[HotAction[Any, Any], Any]]", unknown: OutcomeUnknown) -> list[Any]:
        loop = asyncio.get_running_loop()
        give_up_at, pause_s = loop.time() + self._unknown_s, 0.05
        while loop.time() < give_up_at:
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, 0.5)
            try:
                return await self._storage.write(run_group, calls)
            except (StorageGone, OutcomeUnknown):
                continue
        raise unknown


async def run_group(tx: Tx, calls: "Sequence[tuple[HotAction[Any, Any], Any]]") -> list[Any]:
    """All accounts locked once, then each kind as one set, kinds in order of their first call."""
    named = (action.account(item) for action, item in calls)
    accounts = sorted({account for account in named if account is not None})
    held = _Held(tx, accounts)
    if accounts:
        await tx.lock(accounts)
    kinds: dict[HotAction[Any, Any], list[int]] = {}
    for n, (action, _) in enumerate(calls):
        kinds.setdefault(action, []).append(n)
    results: list[Any] = [None] * len(calls)
    for action, places in kinds.items():
        answers = await action.run(held, [calls[n][1] for n in places])
        for n, answer in zip(places, answers, strict=True):
            results[n] = answer
    return results


class _Held(Tx):
    """A `Tx` whose accounts are locked already: locking them again asks the database nothing."""

    def __init__(self, tx: Tx, accounts: Sequence[AccountId]) -> None:
        super().__init__(tx.now, tx.engine)
        self._accounts = frozenset(accounts)

    def lock(self, accounts: Sequence[AccountId]) -> Ask[None]:
        ask = super().lock(accounts)
        if self._accounts.issuperset(accounts):
            ask.rows = ()  # no rows, no statement
        return ask


def _answer(group: list[_Call], results: list[Any]) -> None:
    for call, result in zip(group, results, strict=True):
        if not call.answer.done():
            call.answer.set_result(result)


def _refuse(group: list[_Call], error: BaseException) -> None:
    for call in group:
        if not call.answer.done():
            call.answer.set_exception(copy(error) if len(group) > 1 else error)  # a raise writes into it


def _is_cancelled() -> bool:
    """Whether the lane's own task is being ended, with its loop."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
