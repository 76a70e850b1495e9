"""The newest facts of one account, and what each stream is told next: once, in order, or to read afresh. Pure.

A stream is a position, so it costs nothing that it is slow: what it has not been told lies here once for all. The
ring has every fact above `begin` up to `head`; whoever is below `begin` waits for older ones to be read from the
log, or is told to reload when there are too many or the log has them no more.
"""

import asyncio
from collections.abc import Collection, Sequence

from merpati.api.live.events import Told, event
from merpati.core.ids import DeviceId, UserId

MOST_BEHIND = 5_000
"""A stream that is further behind is told to reload."""
KEPT = 500
"""Facts kept for those that come back, though every stream has been told."""
AT_ONCE = 500
"""Facts in one portion."""


class Stream:
    """One browser or program that follows. `position`: it was told all that it may see up to there; None: it wants
    what comes after the log's head. `devices`: it sees facts of these alone; None: all."""

    def __init__(
        self, user: UserId | None, position: int | None, devices: Collection[DeviceId] | None = None
    ) -> None:
        self.user, self.position, self.devices = user, position, devices
        self.is_admitted = False
        """The log was read since it came: only then can be said that it is ahead of it."""
        self.is_fresh = True
        """It was not told where it begins."""
        self.news = asyncio.Event()
        """Set when it may be told something."""

    def sees(self, told: Told) -> bool:
        if self.devices is not None and told.device not in self.devices:
            return False
        return told.only is None or told.only == self.user


class Feed:
    """The ring of one account."""

    def __init__(self, head: int) -> None:
        self.begin = self.head = head
        self._ring: list[Told] = []
        self._forgotten = 0
        """The log has lost a fact at or below this number."""
        self._last: tuple[int, int, bytes] = (0, 0, b"")

    # -- what the log brings --

    def extend(self, facts: Sequence[Told], upto: int) -> None:
        """What the log has above `head`, up to `upto`."""
        whole = _without_gaps(facts, upto)
        if upto - self.head > len(whole):
            self._ring, self.begin = whole, upto - len(whole)
            self._forgotten = self.begin
        else:
            self._ring += whole
        self.head = upto

    def prepend(self, facts: Sequence[Told], wanted: int) -> None:
        """What the log has below the ring, above this position."""
        whole = _without_gaps(facts, self.begin)
        self._ring = whole + self._ring
        self.begin -= len(whole)
        if self.begin > wanted:
            self._forgotten = self.begin

    def jump(self, head: int) -> None:
        """There is too much to read it all."""
        self.begin = self.head = head
        self._ring = []

    def trim(self, streams: Sequence[Stream]) -> None:
        """Let go of what everybody has been told, and of what lies too far back."""
        told_to_all = min((each.position for each in streams if each.position is not None), default=self.head)
        begin = max(min(told_to_all, self.head - KEPT), self.head - MOST_BEHIND)
        if begin - self.begin >= KEPT:
            del self._ring[: begin - self.begin]
            self.begin = begin

    def wanted(self, streams: Sequence[Stream]) -> int | None:
        """The position of the stream that waits for the oldest facts below the ring."""
        waiting = [each.position for each in streams if each.position is not None and self._is_below(each.position)]
        return min(waiting, default=None)

    def _is_below(self, position: int) -> bool:
        return max(self.head - MOST_BEHIND, self._forgotten) <= position < self.begin

    # -- what a stream is told --

    def take(self, stream: Stream) -> bytes | None:
        """The next that this stream is told; empty: it may see nothing of what is new; None: it must wait."""
        if not stream.is_admitted:
            return None
        if stream.position is None:
            stream.position = self.head
        if not self._may_go_on(stream.position):
            return self._reload(stream)
        if stream.is_fresh:
            stream.is_fresh = False
            return event("ready", stream.position, {"seq": stream.position})
        if not self.begin <= stream.position < self.head:
            return None
        return self._portion(stream, stream.position)

    def _may_go_on(self, position: int) -> bool:
        return self.begin <= position <= self.head or self._is_below(position)

    def _reload(self, stream: Stream) -> bytes:
        stream.position, stream.is_fresh = self.head, False
        return event("reload", self.head, {"seq": self.head})

    def _portion(self, stream: Stream, position: int) -> bytes:
        first = position - self.begin
        facts = self._ring[first : first + AT_ONCE]
        stream.position = facts[-1].seq
        if stream.devices is None and all(told.only is None for told in facts):
            return self._joined(position, facts)
        return b"".join(told.event for told in facts if stream.sees(told))

    def _joined(self, position: int, facts: Sequence[Told]) -> bytes:
        """Most streams ask for the same portion one after the other."""
        if self._last[:2] != (position, facts[-1].seq):
            self._last = (position, facts[-1].seq, b"".join(told.event for told in facts))
        return self._last[2]


def _without_gaps(facts: Sequence[Told], upto: int) -> list[Told]:
    """The last of these facts that are numbered without a gap up to `upto`: what is missing was forgotten."""
    count = 0
    for told in reversed(facts):
        if told.seq != upto - count:
            break
        count += 1
    return list(facts[len(facts) - count :])
