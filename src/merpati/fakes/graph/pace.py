"""Meta's two paces: so many messages a second for a number, and so many to one person. Pure."""

from merpati.fakes.graph.errors import GraphError
from merpati.fakes.graph.settings import Settings


class Bucket:
    """Holds `room` and fills by one each `every_ms`."""

    def __init__(self, room: int, every_ms: float) -> None:
        self._room, self._every_ms = room, every_ms
        self._left, self._at = float(room), 0

    def take(self, now: int) -> bool:
        """Take one, if there is one."""
        self._left = min(self._room, self._left + (now - self._at) / self._every_ms) if self._at else self._left
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Paces:
    """All buckets. What comes in counts for a number's pace too, but is never refused."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._numbers: dict[str, Bucket] = {}
        self._pairs: dict[tuple[str, str], Bucket] = {}

    def check(self, number: str, per_second: int, person: str, now: int) -> None:
        """Count a message out; raises `GraphError` (130429, 131056)."""
        if per_second and not self._number(number, per_second).take(now):
            raise GraphError(130429, "Message failed to send because there were too many messages sent at once")
        if self._settings.pair_every_ms and not self._pair(number, person).take(now):
            raise GraphError(
                131056, "Message failed to send because too many were sent from this number to the same one"
            )

    def count_incoming(self, number: str, per_second: int, now: int) -> None:
        if per_second:
            self._number(number, per_second).take(now)

    def _number(self, number: str, per_second: int) -> Bucket:
        return self._numbers.setdefault(number, Bucket(per_second, 1_000 / per_second))

    def _pair(self, number: str, person: str) -> Bucket:
        room, every_ms = self._settings.pair_burst, self._settings.pair_every_ms
        return self._pairs.setdefault((number, person), Bucket(room, every_ms))
