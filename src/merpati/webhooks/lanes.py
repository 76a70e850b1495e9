"""An endpoint's lanes in memory: what waits for it, in order per device, and what a call's end does to them. Pure.

The endpoint's cursor walks on with the log. A lane that cannot keep up (its endpoint fails, or is slow) stands
**apart**: it has a row of its own, and the cursor does not wait for it. A lane that no longer holds all that waits
is **behind**: it reads the log for itself until it has caught up.

The tries belong to the outage: while an endpoint fails, one lane at a time probes it with its oldest fact. A fact
that alone is refused (4xx) troubles its own lane only, and is set aside after five refusals, when others pass.
"""

import random
from collections import deque
from collections.abc import Iterator, Sequence

from merpati.core.ids import DeviceId
from merpati.log.model import RawEntry
from merpati.webhooks.bodies import hears
from merpati.webhooks.ladders import wait_ms
from merpati.webhooks.model import (
    EVERY_DEVICE,
    PARALLEL,
    REFUSALS_TO_SET_ASIDE,
    DeadLetter,
    Endpoint,
    GivenUp,
    LaneRow,
    ReplayRow,
)

MOST_WAITING = 200
"""Facts that one lane holds in memory; further ones are read when their turn comes."""
KEPT_IN_TROUBLE = 4


class Trouble:
    """Tries that failed in a row: how many, since when, and when the next one is."""

    __slots__ = ("attempt", "next_try_at", "since_at")

    def __init__(self, attempt: int, since_at: int, next_try_at: int) -> None:
        self.attempt, self.since_at, self.next_try_at = attempt, since_at, next_try_at


class Lane:
    """What waits for one endpoint from one device, or in one replay."""

    def __init__(self, device: DeviceId, read_seq: int, replay: ReplayRow | None = None) -> None:
        self.device, self.read_seq, self.replay = device, read_seq, replay
        self.pending: deque[RawEntry] = deque()
        self.apart = self.behind = replay is not None
        self.trouble: Trouble | None = None
        self.refusals = 0
        """Refusals of the oldest fact."""
        self.passes_before = 0
        """How often the endpoint had said yes when the oldest fact was first refused."""
        self.busy = False
        self.not_before = 0
        """Not before this instant, for a reason of ours."""

    @property
    def oldest(self) -> int | None:
        """The number of the oldest fact that may wait; None when none does."""
        if self.pending:
            return self.pending[0].seq
        return self.read_seq + 1 if self.behind else None

    @property
    def attempt(self) -> int:
        """The number of the try that comes next; 1 is the first."""
        return self.trouble.attempt + 1 if self.trouble else 1

    def fall_behind(self, keep: int) -> None:
        """Hold no more than `keep` facts in memory."""
        self.apart = self.behind = True
        while len(self.pending) > keep:
            self.pending.pop()
        if self.pending:
            self.read_seq = self.pending[-1].seq

    def next_waits(self, now: int) -> bool:
        """Whether its next try is not due yet."""
        return self.not_before > now or (self.trouble is not None and self.trouble.next_try_at > now)


class Hook:
    """One endpoint at work. `read_seq`: the log was read up to there for it; `saved_seq`: its stored cursor."""

    def __init__(self, endpoint: Endpoint, cursor: int) -> None:
        self.endpoint = endpoint
        self.read_seq = self.saved_seq = cursor
        self.lanes: dict[DeviceId, Lane] = {}
        self.replays: dict[tuple[DeviceId, int], Lane] = {}
        self.saved_rows: dict[DeviceId, LaneRow] = {}
        self.saved_replays: dict[tuple[DeviceId, int], ReplayRow] = {}
        self.dead: list[DeadLetter] = []
        """Given up, not stored yet."""
        self.outage: Trouble | None = None
        self.probed: Lane | None = None
        self.passes = self.active = 0
        self.stopping = self.closed = self.gone = False
        """No new calls; what calls under way answer does not count any more; the endpoint answered 410."""

    @property
    def at_rest(self) -> bool:
        """Whether it may not call."""
        return self.stopping or self.closed or self.gone

    # -- what the log brings --

    def restore(self, rows: Sequence[LaneRow], replays: Sequence[ReplayRow]) -> None:
        """Take up the lanes and replays that were stored."""
        for row in rows:
            lane = self.lanes[row.device] = Lane(row.device, row.seq - 1)
            lane.fall_behind(0)
            lane.refusals = row.refusals
            if row.attempt:
                lane.trouble = Trouble(row.attempt, row.since_at, row.next_try_at)
            self.saved_rows[row.device] = row
        failing = [lane.trouble for lane in self.lanes.values() if lane.trouble and not lane.refusals]
        self.outage = max(failing, key=lambda trouble: trouble.attempt, default=None)
        self.add_replays(replays)

    def add_replays(self, rows: Sequence[ReplayRow]) -> None:
        """Take up replays; those that are known stay as they are."""
        for row in rows:
            key = (row.device, row.first)
            if key not in self.replays:
                self.replays[key] = Lane(row.device, row.next - 1, row)
                self.saved_replays[key] = row

    def hears(self, entry: RawEntry) -> bool:
        return self.endpoint.device in (EVERY_DEVICE, entry.device) and hears(self.endpoint.kind, entry.kind)

    def offer(self, entry: RawEntry) -> bool:
        """A fact that was read from the log; answers whether it waits here now."""
        if entry.seq <= self.read_seq or not self.hears(entry):
            return False
        lane = self.lanes.get(entry.device)
        if lane is None:
            lane = self.lanes[entry.device] = Lane(entry.device, self.read_seq)
        if lane.behind:
            return False
        lane.pending.append(entry)
        if len(lane.pending) > MOST_WAITING:
            lane.fall_behind(MOST_WAITING)
        elif self.outage is not None and len(lane.pending) > KEPT_IN_TROUBLE:
            lane.fall_behind(KEPT_IN_TROUBLE)
        return True

    def walk_to(self, seq: int) -> None:
        """The log was read up to `seq`."""
        self.read_seq = max(self.read_seq, seq)

    def refill(self, lane: Lane, entries: Sequence[RawEntry], read_to: int) -> None:
        """What a lane that is behind has read for itself, up to `read_to`."""
        lane.pending.extend(entry for entry in entries if entry.seq > lane.read_seq and self.hears(entry))
        lane.read_seq = max(lane.read_seq, read_to)
        if lane.replay is None and lane.read_seq >= self.read_seq:
            lane.behind = False
        elif lane.replay is not None and lane.read_seq >= lane.replay.last:
            lane.behind = False
            if not lane.pending:
                self._end_replay(lane)

    def lose(self, lane: Lane, upto: int, now: int) -> None:
        """The log has forgotten what this lane had not read, up to `upto`."""
        if lane.behind and not lane.pending and lane.read_seq < upto:
            last = min(upto, lane.replay.last) if lane.replay else upto
            self._bury(lane.device, lane.read_seq + 1, last, now, GivenUp.FORGOTTEN)
            lane.read_seq = last

    def lose_unread(self, upto: int, now: int) -> None:
        """The log has forgotten what was not read for this endpoint, up to `upto`."""
        if self.read_seq < upto:
            self._bury(self.endpoint.device, self.read_seq + 1, upto, now, GivenUp.FORGOTTEN)
            self.read_seq = upto

    # -- whose turn it is --

    def every_lane(self) -> Iterator[Lane]:
        yield from self.lanes.values()
        yield from self.replays.values()

    def ready(self, now: int) -> list[Lane]:
        """The lanes that may call now; the caller marks them busy."""
        if self.at_rest or self.active >= PARALLEL:
            return []
        if self.outage is not None:
            return self._probe(now)
        waiting = [
            lane for lane in self.every_lane() if lane.pending and not lane.busy and not lane.next_waits(now)
        ]
        return waiting[: PARALLEL - self.active]

    def _probe(self, now: int) -> list[Lane]:
        """The lane with the oldest fact; among several, one that did not fail the last probe."""
        if self.active or self.outage is None or self.outage.next_try_at > now:
            return []
        waiting = [lane for lane in self.every_lane() if lane.pending]
        waiting.sort(key=lambda lane: (lane is self.probed, lane.pending[0].seq))
        self.probed = waiting[0] if waiting else None
        return waiting[:1]

    def may_go_on(self, lane: Lane, now: int) -> bool:
        """Whether a busy lane may call with its next fact."""
        if self.at_rest or not lane.pending or lane.next_waits(now):
            return False
        return self.outage is None or (lane is self.probed and self.outage.next_try_at <= now)

    def thirsty(self) -> list[Lane]:
        """The lanes that should read the log for themselves now."""
        if self.at_rest:
            return []
        least = 0 if self.outage is not None else MOST_WAITING // 2
        return [lane for lane in self.every_lane() if lane.behind and len(lane.pending) <= least]

    def next_due(self) -> int | None:
        """When to look at this endpoint again, though nothing new comes."""
        if self.outage is not None:
            return self.outage.next_try_at
        lanes = [lane for lane in self.every_lane() if lane.pending and not lane.busy]
        waits = [max(lane.not_before, lane.trouble.next_try_at if lane.trouble else 0) for lane in lanes]
        return min((at for at in waits if at), default=None)

    # -- what a call's end does --

    def passed(self, lane: Lane) -> None:
        """The endpoint took the lane's oldest fact."""
        self._drop_oldest(lane)
        self.passes += 1
        lane.trouble = None
        if self.outage is not None:
            self._recover()

    def _recover(self) -> None:
        """The outage is over: whoever waited for that may go at once."""
        self.outage = self.probed = None
        for lane in self.every_lane():
            if lane.trouble is not None:
                lane.trouble.next_try_at = 0

    def failed(self, lane: Lane, now: int, rng: random.Random, asked_ms: int | None = None) -> None:
        """The endpoint does not work; `asked_ms`: how long it wants to be left alone."""
        counts = self.outage is None or lane is self.probed
        before = self.outage or lane.trouble
        lane.trouble = self._climb(before if counts else lane.trouble, now, rng, asked_ms)
        if counts:
            self.outage = lane.trouble
            for other in self.every_lane():
                if len(other.pending) > KEPT_IN_TROUBLE and not other.busy:
                    other.fall_behind(KEPT_IN_TROUBLE)
        lane.apart = True

    def refused(self, lane: Lane, now: int, rng: random.Random) -> bool:
        """The endpoint refused the lane's oldest fact. Answers True when another should be tried right away
        (`sounding`), to know whether it is the fact or the endpoint."""
        lane.refusals += 1
        if lane.refusals == 1:
            lane.passes_before = self.passes
        if self.outage is not None or self._others_refused_too(lane):
            self.failed(lane, now, rng)
        else:
            lane.trouble = self._climb(lane.trouble, now, rng, None)
            lane.apart = True
        if lane.refusals < REFUSALS_TO_SET_ASIDE:
            return False
        if self.outage is None and self.passes > lane.passes_before:
            self.set_aside(lane, now, GivenUp.REFUSED)
            return False
        return True

    def sounding(self, lane: Lane) -> RawEntry | None:
        """The fact to try beside the one that was refused five times: the next of its lane."""
        return lane.pending[1] if len(lane.pending) > 1 else None

    def sounded(self, lane: Lane, now: int) -> None:
        """The endpoint took the next fact: it is the oldest one that it does not want."""
        del lane.pending[1]
        self.passes += 1
        self.set_aside(lane, now, GivenUp.REFUSED)
        if self.outage is not None:
            self._recover()

    def set_aside(self, lane: Lane, now: int, reason: GivenUp) -> None:
        """The oldest fact becomes a dead letter alone; the lane goes on."""
        seq = lane.pending[0].seq
        self._bury(lane.device, seq, seq, now, reason)
        lane.trouble = None
        self._drop_oldest(lane)

    def disable(self, now: int) -> None:
        """410: the endpoint wants nothing any more. What waits becomes dead letters."""
        self.gone = True
        self._bury_all(now, GivenUp.GONE)

    def give_up(self, now: int, life_ms: int) -> bool:
        """Give up what has failed for as long as the log lives; answers whether that was so."""
        if self.outage is not None and self.outage.since_at + life_ms <= now:
            self.outage.since_at = now
            self._bury_all(now, GivenUp.DOWN)
            return True
        lost = [lane for lane in self.every_lane() if lane.trouble and lane.trouble.since_at + life_ms <= now]
        for lane in [] if self.outage else lost:
            self._bury_lane(lane, now, GivenUp.DOWN)
        return bool(lost) and self.outage is None

    def try_now(self) -> None:
        """Somebody mended something: the next try is due at once, and the ladder begins anew."""
        self.outage = self.probed = None
        for lane in self.every_lane():
            lane.trouble = None
            lane.refusals = 0

    # -- within --

    def _others_refused_too(self, lane: Lane) -> bool:
        return any(
            other is not lane and other.refusals and other.passes_before == self.passes
            for other in self.every_lane()
        )

    def _climb(self, before: Trouble | None, now: int, rng: random.Random, asked_ms: int | None) -> Trouble:
        attempt = before.attempt + 1 if before else 1
        wait = wait_ms(self.endpoint.kind, attempt, rng) if asked_ms is None else asked_ms
        return Trouble(attempt, before.since_at if before else now, now + wait)

    def _drop_oldest(self, lane: Lane) -> None:
        lane.pending.popleft()
        lane.refusals = 0
        if lane.replay is not None and not lane.pending and not lane.behind:
            self._end_replay(lane)

    def _end_replay(self, lane: Lane) -> None:
        if lane.replay is not None:
            self.replays.pop((lane.device, lane.replay.first), None)

    def _bury(self, device: DeviceId, first: int, last: int, now: int, reason: GivenUp) -> None:
        self.dead.append(
            DeadLetter(
                endpoint=self.endpoint.id,
                account=self.endpoint.account,
                device=device,
                first=first,
                last=last,
                at=now,
                reason=reason,
            )
        )

    def _bury_all(self, now: int, reason: GivenUp) -> None:
        for lane in list(self.every_lane()):
            self._bury_lane(lane, now, reason)

    def _bury_lane(self, lane: Lane, now: int, reason: GivenUp) -> None:
        """One range: all that waits in this lane."""
        if lane.oldest is not None:
            last = lane.replay.last if lane.replay else self.read_seq
            self._bury(lane.device, lane.oldest, last, now, reason)
        lane.pending.clear()
        lane.behind = False
        lane.trouble = None
        lane.refusals = 0
        self._end_replay(lane)
