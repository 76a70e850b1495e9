"""One endpoint at work: its lanes, what the log brings for them, and whose turn it is. Pure."""

from collections.abc import Iterator, Sequence

from merpati.core.ids import DeviceId
from merpati.log.model import RawEntry
from merpati.webhooks.bodies import hears
from merpati.webhooks.lanes import KEPT_IN_TROUBLE, MOST_WAITING, Lane, Trouble
from merpati.webhooks.line import Line
from merpati.webhooks.model import (
    OPENS_AFTER,
    PARALLEL,
    DeadLetter,
    Endpoint,
    GivenUp,
    LaneRow,
    OutageRow,
    ReplayRow,
)


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
        self.streak: Trouble | None = None
        """Failures in a row, of whichever lanes, since the endpoint last took a fact."""
        self.saved_outage: OutageRow | None = None
        self.probed: Lane | None = None
        self._line = Line()
        self.passes = self.active = 0
        self.stopping = self.closed = self.gone = False
        """No new calls; what calls under way answer does not count any more; the endpoint answered 410."""

    @property
    def outage(self) -> Trouble | None:
        """The failures in a row, once they are so many that one fact at a time probes the endpoint."""
        return self.streak if self.streak is not None and self.streak.attempt >= OPENS_AFTER else None

    @property
    def is_failing(self) -> bool:
        """Whether some lane waits for its next try."""
        return any(lane.trouble is not None for lane in self.every_lane())

    @property
    def at_rest(self) -> bool:
        """Whether it may not call."""
        return self.stopping or self.closed or self.gone

    # -- what the log brings --

    def restore(
        self, rows: Sequence[LaneRow], replays: Sequence[ReplayRow], outage: OutageRow | None = None
    ) -> None:
        """Take up what was stored."""
        for row in rows:
            lane = self.lanes[row.device] = Lane(row.device, row.seq - 1)
            lane.fall_behind(0)
            lane.refusals = row.refusals
            if row.attempt:
                lane.trouble = Trouble(row.attempt, row.since_at, row.next_try_at)
            self.saved_rows[row.device] = row
        self.saved_outage = outage
        if outage is not None:
            self.streak = Trouble(outage.attempt, outage.since_at, outage.next_try_at)
        self.add_replays(replays)

    def add_replays(self, rows: Sequence[ReplayRow]) -> None:
        """Take up replays; those that are known stay as they are, also when they are done and only not stored."""
        for row in rows:
            key = (row.device, row.first)
            if key not in self.replays and key not in self.saved_replays:
                self.replays[key] = Lane(row.device, row.next - 1, row)
                self.saved_replays[key] = row

    def keep_replays(self, rows: Sequence[ReplayRow]) -> None:
        """Let go of those that were stored and are not any more: somebody stopped them, and may have asked anew."""
        kept = {(row.device, row.first): row.asked_at for row in rows}
        for key in [key for key, row in self.saved_replays.items() if kept.get(key) != row.asked_at]:
            self.saved_replays.pop(key)
            lane = self.replays.pop(key, None)
            if lane is not None:
                lane.pending.clear()
                lane.behind = False

    def hears(self, entry: RawEntry) -> bool:
        return hears(self.endpoint, entry.device, entry.kind)

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
                self.end_replay(lane)

    def lose(self, lane: Lane, upto: int, now: int) -> None:
        """The log has forgotten what this lane had not read, up to `upto`."""
        if lane.behind and not lane.pending and lane.read_seq < upto:
            last = min(upto, lane.replay.last) if lane.replay else upto
            self.bury(lane.device, lane.read_seq + 1, last, now, GivenUp.FORGOTTEN)
            lane.read_seq = last

    def lose_unread(self, upto: int, now: int) -> None:
        """The log has forgotten what was not read for this endpoint, up to `upto`."""
        if self.read_seq < upto:
            self.bury(self.endpoint.device, self.read_seq + 1, upto, now, GivenUp.FORGOTTEN)
            self.read_seq = upto

    # -- whose turn it is --

    def every_lane(self) -> Iterator[Lane]:
        yield from self.lanes.values()
        yield from self.replays.values()

    def line_up(self, now: int) -> None:
        """Lanes that have got something to tell, or may try again, wait for their turn from here on."""
        self._line.join(self.every_lane(), now)

    def take_turn(self, now: int) -> Lane | None:
        """The lane to call with its oldest fact, busy from here on; None: nobody's turn, or no place is free."""
        if self.at_rest or self.active >= PARALLEL:
            return None
        lane = self._line.call_up(now) if self.outage is None else self._probe(now)
        if lane is not None:
            lane.busy = True
            self.active += 1
        return lane

    def end_turn(self, lane: Lane, now: int) -> bool:
        """Its call is done with. Answers whether the endpoint must be looked at: the lane wants to read, or waits
        for something else than its turn."""
        lane.busy = False
        self.active -= 1
        self._line.join([lane], now)
        waits = bool(lane.pending) and (lane not in self._line or self.outage is not None)
        return waits or (lane.behind and len(lane.pending) <= MOST_WAITING // 2)

    def _probe(self, now: int) -> Lane | None:
        """The lane with the oldest fact; among several, one that did not fail the last probe and waits for nothing
        of its own."""
        if self.active or self.outage is None or self.outage.next_try_at > now:
            return None
        waiting = [lane for lane in self.every_lane() if lane.pending and lane.not_before <= now]
        waiting.sort(key=lambda lane: (lane is self.probed, lane.next_waits(now), lane.pending[0].seq))
        self.probed = waiting[0] if waiting else None
        return self.probed

    def thirsty(self) -> list[Lane]:
        """The lanes that should read the log for themselves now."""
        if self.at_rest:
            return []
        least = 0 if self.outage is not None else MOST_WAITING // 2
        return [lane for lane in self.every_lane() if lane.behind and len(lane.pending) <= least]

    def next_due(self) -> int | None:
        """When to look at this endpoint again, though nothing new comes."""
        lanes = [lane for lane in self.every_lane() if lane.pending and not lane.busy]
        if self.outage is not None:
            return max([self.outage.next_try_at, *(lane.not_before for lane in lanes[:1])]) if lanes else None
        waits = [max(lane.not_before, lane.trouble.next_try_at if lane.trouble else 0) for lane in lanes]
        return min((at for at in waits if at), default=None)

    # -- what is done with --

    def drop_oldest(self, lane: Lane) -> None:
        """The oldest fact is done with."""
        lane.pending.popleft()
        lane.refusals = 0
        if lane.replay is not None and not lane.pending and not lane.behind:
            self.end_replay(lane)

    def end_replay(self, lane: Lane) -> None:
        """Nothing of it is left."""
        key = (lane.device, lane.replay.first) if lane.replay is not None else None
        if key is not None and self.replays.get(key) is lane:
            del self.replays[key]

    def bury(self, device: DeviceId, first: int, last: int, now: int, reason: GivenUp) -> None:
        """These facts are given up; to be stored."""
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

    def bury_lane(self, lane: Lane, now: int, reason: GivenUp) -> None:
        """One range: all that waits in this lane."""
        if lane.oldest is not None:
            last = lane.replay.last if lane.replay else self.read_seq
            self.bury(lane.device, lane.oldest, last, now, reason)
        lane.pending.clear()
        lane.behind = False
        lane.trouble = None
        lane.refusals = 0
        self.end_replay(lane)
