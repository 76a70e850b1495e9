"""What happens, as it happens: the stream of server-sent events, and how it is taken up again. No socket here."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from merpati.client.decision import Answer, Fault, Patience, Raise, Retry, decide
from merpati.client.errors import Unreadable

PATH = "/api/v1/events"
ENDED = Fault("the stream ended")
QUIET_S = 45.0
"""A server that says nothing for so long is gone: it sends a comment every 15 seconds."""


class Event(msgspec.Struct, frozen=True):
    """`name` is `fact`; or `ready`, `seq` being where the stream begins; or `reload`: facts are missing, read your
    own state afresh. `seq` of the last one that you have taken in is the `after` to go on from."""

    seq: int
    name: str
    data: dict[str, Any]


class Following:
    """One reader, over as many connections as it takes."""

    def __init__(
        self, after: int | None, *, patience: Patience, draw: Callable[[], float], now: Callable[[], float]
    ) -> None:
        self._last = "" if after is None else str(after)
        self._patience, self._draw, self._now = patience, draw, now
        self._tried, self._heard_at = 0, now()
        self._rest, self._fields = b"", dict[str, str]()

    def headers(self) -> dict[str, str]:
        """Of the next connection."""
        self._rest, self._fields = b"", {}
        last = {"Last-Event-ID": self._last} if self._last else {}
        return {"Accept": "text/event-stream", **last}

    def hear(self, piece: bytes) -> Iterator[Event]:
        """The events that are whole with this piece; raises `Unreadable`."""
        self._tried, self._heard_at = 0, self._now()
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            name, _, value = line.rstrip(b"\r").decode(errors="replace").partition(":")
            if name:  # the server writes each field on one line
                self._fields[name] = value.removeprefix(" ")
            elif not line.rstrip(b"\r"):
                yield from self._event()

    def _event(self) -> Iterator[Event]:
        """At an empty line. What has no data is no event, but may move the place."""
        fields, self._fields = self._fields, {}
        self._last = fields.get("id", self._last)
        if "data" in fields:
            try:
                yield Event(int(self._last), fields.get("event", "message"), msgspec.json.decode(fields["data"]))
            except (msgspec.MsgspecError, ValueError) as error:
                raise Unreadable(f"{PATH}: {error}") from error

    def lost(self, outcome: Answer | Fault) -> float:
        """How long to wait before the next connection; raises `Refused`, or `Unreachable` after too many that said
        nothing."""
        self._tried += 1
        decision = decide(
            outcome,
            tried=self._tried,
            spent_s=self._now() - self._heard_at,
            drawn=self._draw(),
            patience=self._patience,
        )
        if isinstance(decision, Raise):
            raise decision.error
        assert isinstance(decision, Retry), "a stream that is lost is not done"
        return decision.after_s
