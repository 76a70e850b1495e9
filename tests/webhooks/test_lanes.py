"""The laws of lanes, under everything that can happen in any order: nothing is lost, order is kept."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from merpati.core.facts import MessageExpired
from merpati.core.ids import AccountId, Address, DeviceId, EndpointId, MessageId
from merpati.log.model import RawEntry, encode_fact
from merpati.webhooks import settling
from merpati.webhooks.hook import Hook
from merpati.webhooks.lanes import MOST_WAITING, Lane
from merpati.webhooks.model import (
    DeadLetter,
    Endpoint,
    EndpointKind,
    EndpointState,
    LaneRow,
    OutageRow,
    Outcome,
    ReplayRow,
)
from merpati.webhooks.progress import mark_saved, take_progress

DEVICES = (DeviceId(1), DeviceId(2), DeviceId(3))
ENDPOINT = Endpoint(
    id=EndpointId(9),
    account=AccountId(1),
    is_slot=False,
    kinds=(EndpointKind.STATUS,),
    devices=(),
    url="http://hook.test/",
    secret_sealed="",
    state=EndpointState.ACTIVE,
)
BODY = encode_fact(MessageExpired(DeviceId(1), MessageId(1), Address("6281234567")))
LIFE_MS = 7 * 24 * 3_600_000


class World:
    """A log, an endpoint at work, and what is stored of it."""

    def __init__(self) -> None:
        self.log: list[RawEntry] = []
        self.now, self.rng = 1_000_000, random.Random(3)
        self.cursor = 0
        self.rows: dict[DeviceId, LaneRow] = {}
        self.replays: dict[tuple[DeviceId, int], ReplayRow] = {}
        self.outage: OutageRow | None = None
        self.dead: list[DeadLetter] = []
        self.told: list[RawEntry] = []
        """What the endpoint took, in order, repeats too."""
        self.late: set[int] = set()
        """Facts that may be told out of order: refused, or given up and wanted after all."""
        self.calls: list[tuple[Lane, RawEntry]] = []
        self.hook = Hook(ENDPOINT, 0)

    # -- what may happen --

    def tell(self, device: int, n: int) -> None:
        for _ in range(n):
            seq = len(self.log) + 1
            self.log.append(RawEntry(AccountId(1), seq, self.now, "MessageExpired", DEVICES[device], BODY))

    def read(self, most: int) -> None:
        entries = self.log[self.hook.read_seq : self.hook.read_seq + most]
        for entry in entries:
            self.hook.offer(entry)
        self.hook.walk_to(self.hook.read_seq + len(entries))

    def refill(self) -> None:
        for lane in self.hook.thirsty():
            upto = lane.replay.last if lane.replay else self.hook.read_seq
            mine = [e for e in self.log[lane.read_seq : upto] if e.device == lane.device][:MOST_WAITING]
            self.hook.refill(lane, mine, mine[-1].seq if len(mine) == MOST_WAITING else upto)

    def start(self) -> None:
        self.hook.line_up(self.now)
        self._take_turns()

    def _take_turns(self) -> None:
        while (lane := self.hook.take_turn(self.now)) is not None:
            self.calls.append((lane, lane.pending[0]))

    def finish(self, which: int, outcome: Outcome) -> None:
        if not self.calls:
            return
        lane, entry = self.calls.pop(which % len(self.calls))
        if outcome is Outcome.PASSED:
            self.told.append(entry)
        if lane.pending and lane.pending[0] is entry:
            self._settle(lane, entry, outcome)
        self.hook.end_turn(lane, self.now)
        self._take_turns()

    def _settle(self, lane: Lane, entry: RawEntry, outcome: Outcome) -> None:
        if outcome is Outcome.PASSED:
            settling.passed(self.hook, lane)
        elif outcome is Outcome.SKIPPED:
            self.told.append(entry)
            settling.skipped(self.hook, lane)
        elif outcome is Outcome.REFUSED:
            self.late.add(entry.seq)
            sound = settling.refused(self.hook, lane, self.now, self.rng)
            other = settling.sounding(lane) if sound else None
            if other is not None and self.rng.random() < 0.5:
                self.told.append(other)
                settling.sounded(self.hook, lane, self.now)
        else:
            settling.failed(self.hook, lane, self.now, self.rng)

    def wait(self, ms: int) -> None:
        self.now += ms
        settling.give_up(self.hook, self.now, LIFE_MS)
        self.late.update(seq for letter in self.hook.dead for seq in range(letter.first, letter.last + 1))

    def save(self) -> None:
        progress = take_progress(self.hook)
        if progress is None:
            return
        self.cursor = max(self.cursor, progress.cursor)
        self.rows |= {row.device: row for row in progress.lanes}
        for device in progress.rejoined:
            del self.rows[device]
        self.replays |= {(row.device, row.first): row for row in progress.replays}
        for done in progress.replayed:
            del self.replays[done.device, done.first]
        self.outage = progress.outage or (None if progress.recovered else self.outage)
        self.dead += progress.dead
        mark_saved(self.hook, progress)

    def crash(self) -> None:
        self.calls.clear()
        self.hook = Hook(ENDPOINT, self.cursor)
        self.hook.restore(list(self.rows.values()), list(self.replays.values()), self.outage)

    def replay(self) -> None:
        """The owner wants the oldest dead letter after all: an action of another process."""
        if self.dead:
            letter = self.dead.pop(0)
            row = ReplayRow(letter.endpoint, letter.device, letter.first, letter.last, letter.first, 1)
            self.replays[row.device, row.first] = row
            self.hook.add_replays([row])
            self.late.update(range(row.first, row.last + 1))

    # -- the end --

    def settle_down(self) -> None:
        """From now on the endpoint takes everything."""
        for _ in range(100_000):
            before = len(self.told)
            self.read(500)
            self.refill()
            self.start()
            while self.calls:
                self.finish(0, Outcome.PASSED)
            self.wait(61_000)
            if len(self.told) == before and self._is_quiet():
                break
        self.save()

    def _is_quiet(self) -> bool:
        waiting = any(lane.oldest is not None for lane in self.hook.every_lane())
        return self.hook.read_seq == len(self.log) and not waiting


DEVICE = st.integers(0, 2)
STEPS = st.one_of(
    st.tuples(st.just("tell"), DEVICE, st.sampled_from([1, 2, 5, 60, MOST_WAITING + 30])),
    st.tuples(st.just("read"), st.sampled_from([1, 7, 500])),
    st.tuples(st.sampled_from(["refill", "save", "crash", "start", "start", "start"])),
    st.tuples(
        st.just("finish"), st.integers(0, 3), st.sampled_from([Outcome.PASSED, Outcome.PASSED, Outcome.FAILED])
    ),
    st.tuples(st.just("finish"), st.integers(0, 3), st.sampled_from([Outcome.REFUSED, Outcome.SKIPPED])),
    st.tuples(st.just("wait"), st.sampled_from([1, 61_000, 90_000_000, LIFE_MS])),
    st.tuples(st.just("replay")),
)


@settings(max_examples=150)
@given(st.lists(STEPS, max_size=80))
def test_every_fact_is_told_or_is_a_dead_letter_and_order_is_kept(steps: list[tuple[object, ...]]) -> None:
    """Over failures, refusals, slow reading, give-ups, replays and crashes at any moment between two savings."""
    world = World()
    for name, *arguments in steps:
        getattr(world, str(name))(*arguments)
    world.settle_down()
    _check_nothing_is_lost(world)
    _check_order(world)


def _check_nothing_is_lost(world: World) -> None:
    told = {entry.seq for entry in world.told}
    given_up = {
        seq
        for letter in world.dead
        for seq in range(letter.first, letter.last + 1)
        if world.log[seq - 1].device == letter.device
    }
    assert told | given_up == set(range(1, len(world.log) + 1))
    assert (world.cursor, world.rows, world.replays) == (len(world.log), {}, {})


def _check_order(world: World) -> None:
    """Of what was never refused or given up, each device's facts are told first in their order."""
    late = world.late | {seq for letter in world.dead for seq in range(letter.first, letter.last + 1)}
    first = list(dict.fromkeys(entry.seq for entry in world.told))
    for device in DEVICES:
        mine = [seq for seq in first if world.log[seq - 1].device == device and seq not in late]
        assert mine == sorted(mine)


def test_a_cursor_never_passes_what_waits_without_a_row() -> None:
    """The invariant that a crash rests on, at a moment when one lane is slow and another fails."""
    world = World()
    world.tell(0, MOST_WAITING + 50)
    world.tell(1, 3)
    world.read(500)
    world.start()
    world.finish(1, Outcome.FAILED)
    world.save()
    assert world.cursor == len(world.log)
    assert {device: row.seq for device, row in world.rows.items()} == {DEVICES[0]: 1, DEVICES[1]: MOST_WAITING + 51}
