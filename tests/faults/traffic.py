"""The usual traffic of a run: lanes whose order counts, schedules, cancels, repeats, delays, replies."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial

from merpati.core.ids import Address
from merpati.transports.port import Text
from merpati.transports.simulator.connection import LinkDown, LinkLost
from tests.faults.load import Caller, Known
from tests.faults.process import now
from tests.faults.settling import Rest
from tests.faults.stage import Sender, Stage

PATIENT_MS = (3_000, 3_500)
PACES_MS = ((0, 0), (0, 0), (0, 0), PATIENT_MS, (40, 90), (40, 90), (0, 0), (0, 0))
"""Of the devices of a long run: two have a pace of their own, one a pace that outlasts a restart."""
PATIENT_REST_S = 8.0
REST_S = (0.15, 0.6)
"""Between two messages of one caller."""
GAP_MS = 100
MOST_BACKLOG = 10
MOST_WAITING = 200
"""Messages, accepted and not handed over. Under a kill a second devices are connected less than half of the time:
what callers would pile up meanwhile would not go in the minutes that a run is given to come to rest."""
LOOK_S = 0.5


def person(number: int) -> Address:
    return Address(f"62812{number:08}")


class Traffic:
    """Runs in a task group until `stop`; what was asked for is in the stage's book."""

    def __init__(self, stage: Stage, caller: Caller, rng: random.Random, group: asyncio.TaskGroup) -> None:
        self._stage, self._caller, self._rng, self._group = stage, caller, rng, group
        self._strangers = iter(range(50_000, 10**8))
        self._stopping = asyncio.Event()
        self._room = asyncio.Event()

    def start(self) -> None:
        """Lanes of one or two recipients for each device, of strangers for the last, and all the special cases."""
        for place, sender in enumerate(self._stage.senders):
            if sender.pace_ms == PATIENT_MS:
                self._begin(partial(self._to_one, sender, person(100 * place)), PATIENT_REST_S)
                continue
            lanes = 1 if sender.pace_ms[1] else 2  # what waited for a restart must be gone before the next
            for to in (person(100 * place + n) for n in range(1, lanes + 1)):
                self._begin(partial(self._to_one, sender, to))
        first, last = self._stage.senders[0], self._stage.senders[-1]
        for act in (
            lambda: self._to_strangers(last),
            lambda: self._to_strangers(last),
            lambda: self._scheduled(first),
            lambda: self._cancelled(first),
            lambda: self._repeated(first),
            lambda: self._delayed(self._stage.senders[1 % len(self._stage.senders)]),
            lambda: self._reply(first, person(9_001)),
            lambda: self._reply(last, person(9_002)),
        ):
            self._begin(act)
        self._begin(partial(self._delayed, self._stage.senders[2 % len(self._stage.senders)], 1), PATIENT_REST_S)
        self._group.create_task(self._keep_room())

    def _begin(self, act: Callable[[], Coroutine[None, None, None]], rest_s: float = 0.0) -> None:
        self._group.create_task(self._again_and_again(act, rest_s))

    async def _again_and_again(self, act: Callable[[], Coroutine[None, None, None]], rest_s: float) -> None:
        while await self._may_go_on():
            await act()
            await asyncio.sleep(rest_s or self._rng.uniform(*REST_S))

    async def _may_go_on(self) -> bool:
        await self._room.wait()
        return not self._stopping.is_set()

    async def _keep_room(self) -> None:
        """Callers wait while much waits."""
        rest = Rest(self._stage)
        while not self._stopping.is_set():
            if rest.missing().get("not handed over", 0) < MOST_WAITING:
                self._room.set()
            else:
                self._room.clear()
            await asyncio.sleep(LOOK_S)
        self._room.set()

    def stop(self) -> None:
        """No new calls; the group ends when those under way have their answer."""
        self._stopping.set()

    # -- what callers do --

    async def _to_one(self, sender: Sender, to: Address) -> None:
        await self._caller.send(sender, to, known=Known(lane=f"{sender.number}>{to}"))

    async def _to_strangers(self, sender: Sender) -> None:
        """Always somebody else: nobody waits for a recipient, so the whole device is one lane."""
        await self._caller.send(
            sender, person(next(self._strangers)), known=Known(lane=f"{sender.number}>strangers")
        )

    async def _scheduled(self, sender: Sender) -> None:
        due_s = now() // 1000 + self._rng.randint(1, 3)
        await self._caller.send(
            sender, person(next(self._strangers)), fields={"schedule": str(due_s)}, known=Known(due_at=due_s * 1000)
        )

    async def _cancelled(self, sender: Sender) -> None:
        """Some have time left, most race with the hand-over."""
        later = {"schedule": str(now() // 1000 + 2)} if self._rng.random() < 0.3 else {}
        asked = await self._caller.send(sender, person(next(self._strangers)), fields=later)
        await asyncio.sleep(self._rng.choice((0, 0, 0.005, 0.02, 0.1)))
        if asked.accepted:
            await self._caller.cancel(sender, asked)

    async def _repeated(self, sender: Sender) -> None:
        await self._caller.send(sender, person(next(self._strangers)), copies=3)

    async def _delayed(self, sender: Sender, count: int = 3) -> None:
        """Some targets, each after the one before; a single one waits longer than a restart takes."""
        gap_ms = GAP_MS if count > 1 else PATIENT_MS[0]
        people = [person(next(self._strangers)) for _ in range(count)]
        await self._caller.send_to_many(
            sender, people, fields={"delay": str(gap_ms / 1000)}, known=Known(gap_ms=gap_ms)
        )
        await asyncio.sleep(1)

    async def _reply(self, sender: Sender, who: Address) -> None:
        """Somebody writes to the device, unless much waits for it: it tells one thing after the other."""
        if self._stage.network.backlog(sender.number) > MOST_BACKLOG:
            return
        try:
            await self._stage.network.phone.say(who, sender.number, Text(body=f"halo {now()}"))
        except (LinkDown, LinkLost):
            return  # the network is being cut


@asynccontextmanager
async def busy(stage: Stage, caller: Caller, rng: random.Random) -> AsyncIterator[None]:
    """The usual traffic for as long as the context lasts; at its end every call has its answer."""
    async with asyncio.TaskGroup() as group:
        traffic = Traffic(stage, caller, rng, group)
        traffic.start()
        try:
            yield
        finally:
            traffic.stop()
