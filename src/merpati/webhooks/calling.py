"""Endpoints at work: each by a few tasks that call with one fact after the other, of the lane whose turn it is."""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from merpati.core.clock import Clock
from merpati.core.tokens import CannotUnseal
from merpati.log.model import RawEntry
from merpati.storage.port import StorageError
from merpati.webhooks import settling
from merpati.webhooks.deliver import Delivered, Deliverer
from merpati.webhooks.hook import Hook
from merpati.webhooks.lanes import Lane
from merpati.webhooks.model import Call, GivenUp, Outcome
from merpati.webhooks.places import Places

log = logging.getLogger("merpati.webhooks")

KEPT_CALLS = 200
KEPT_CALLS_OF_ONE = 5
"""Calls that are stored for their owners to look at, between two savings: in all, and of one endpoint."""
CARD_AGAIN_MS = 1_000


class AtOnce(NamedTuple):
    """How many calls may be under way: of endpoints that work, and of failing ones, so that many dead ones take
    nothing from others. Each number is shared by the accounts (`shares`)."""

    calls: int = 1_000
    probes: int = 100


class Callers:
    """Sets endpoints to work, and settles what each call meant for its lane."""

    def __init__(
        self,
        deliverer: Deliverer,
        clock: Clock,
        rng: random.Random,
        may_act: Callable[[], bool],
        progressed: Callable[[Hook], None],
        touched: Callable[[Hook], None],
        at_once: AtOnce,
    ) -> None:
        """`may_act`: whether our lease surely holds. `progressed`: there is something to store; `touched`: a lane
        stopped, or wants more to read."""
        self._deliverer, self._clock, self._rng = deliverer, clock, rng
        self._may_act, self._progressed, self._touched = may_act, progressed, touched
        self._tasks: set[asyncio.Task[None]] = set()
        self._places, self._probe_places = Places(at_once.calls), Places(at_once.probes)
        self._calls: list[Call] = []
        self.done = 0
        """Facts settled since the last `take_calls`."""
        self.delivered = 0

    def start(self, hook: Hook, group: asyncio.TaskGroup) -> None:
        """Call this endpoint from as many places as are free and wanted."""
        hook.line_up(self._clock.now())
        while (lane := hook.take_turn(self._clock.now())) is not None:
            task = group.create_task(self._work(hook, lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def cut_off(self) -> None:
        """End the calls under way; their facts will be told again."""
        for task in self._tasks:
            task.cancel()

    def take_calls(self) -> list[Call]:
        """The calls to store; of very many only some."""
        calls, self._calls, self.done = self._calls, [], 0
        return calls

    async def _work(self, hook: Hook, first: Lane) -> None:
        lane: Lane | None = first
        while lane is not None:
            await self._work_once(hook, lane)
            lane = hook.take_turn(self._clock.now()) if self._may_act() else None
        self._touched(hook)

    async def _work_once(self, hook: Hook, lane: Lane) -> None:
        is_probe = hook.outage is not None
        try:
            if self._may_act():
                await self._tell_oldest(hook, lane)
        except StorageError as error:
            log.warning("the card of device %d cannot be read: %s", lane.device, type(error).__name__)
            lane.not_before = self._clock.now() + CARD_AGAIN_MS
        finally:
            if hook.end_turn(lane, self._clock.now()) or is_probe:
                self._touched(hook)

    async def _tell_oldest(self, hook: Hook, lane: Lane) -> None:
        entry = lane.pending[0]
        told = await self._tell_in_turn(hook, lane, entry, lane.attempt)
        if not (lane.pending and lane.pending[0] is entry) or hook.closed:
            return  # given up meanwhile
        self.done += 1
        if told is None:
            settling.set_aside(hook, lane, self._clock.now(), GivenUp.UNREADABLE)
        elif told.outcome is Outcome.SKIPPED:
            settling.skipped(hook, lane)
        elif told.outcome is Outcome.REFUSED:
            await self._refuse(hook, lane)
        else:
            self._settle(hook, lane, told)
        self._progressed(hook)

    async def _tell_in_turn(self, hook: Hook, lane: Lane, entry: RawEntry, attempt: int) -> Delivered | None:
        places = self._probe_places if lane.trouble or hook.outage else self._places
        async with places.one_for(hook.endpoint.account):
            return await self._tell(hook, entry, attempt)

    async def _tell(self, hook: Hook, entry: RawEntry, attempt: int) -> Delivered | None:
        try:
            told = await self._deliverer.deliver(hook.endpoint, entry, attempt)
        except msgspec.ValidationError:
            log.exception("fact %d-%d cannot be read", entry.account, entry.seq)
            return None
        except CannotUnseal as error:
            log.error("endpoint %d cannot be called: %s", hook.endpoint.id, error)
            return Delivered(Outcome.FAILED)
        except StorageError:
            raise
        except Exception as error:  # the supervisor of calls: a fault with one endpoint stops no other
            log.error("endpoint %d cannot be called, by a fault of ours", hook.endpoint.id, exc_info=error)
            return Delivered(Outcome.FAILED)
        if told.call is not None:
            self._keep(told.call)
        return told

    def _settle(self, hook: Hook, lane: Lane, told: Delivered) -> None:
        now = self._clock.now()
        if told.outcome is Outcome.PASSED:
            settling.passed(hook, lane)
            self.delivered += 1
        elif told.outcome is Outcome.GONE:
            log.warning("endpoint %d answers 410 and is disabled", hook.endpoint.id)
            settling.disable(hook, now)
        else:
            settling.failed(hook, lane, now, self._rng, told.asked_ms)

    async def _refuse(self, hook: Hook, lane: Lane) -> None:
        """After the fifth refusal the next fact tells whether it is the fact or the endpoint."""
        oldest = lane.pending[0]
        if not settling.refused(hook, lane, self._clock.now(), self._rng):
            return
        other = settling.sounding(lane)
        if other is None:
            return
        told = await self._tell_in_turn(hook, lane, other, 1)
        if told is None or list(lane.pending)[:2] != [oldest, other]:
            return
        if told.outcome is Outcome.PASSED:
            settling.sounded(hook, lane, self._clock.now())
        elif told.outcome is Outcome.SKIPPED:
            del lane.pending[1]

    def _keep(self, call: Call) -> None:
        """All of a quiet endpoint's calls, a sample of a busy one's."""
        of_one = sum(kept.endpoint == call.endpoint for kept in self._calls[-3 * KEPT_CALLS_OF_ONE :])
        if len(self._calls) < KEPT_CALLS and of_one < KEPT_CALLS_OF_ONE:
            self._calls.append(call)
