"""What a job is, its life, and how long a failed one waits. Pure."""

from collections.abc import Awaitable, Callable
from enum import Enum, IntEnum
from hashlib import sha256
from typing import Generic, Protocol, TypeVar

import msgspec

from merpati.core.clock import HOUR_MS, MINUTE_MS, SECOND_MS, Clock, Millis
from merpati.core.ids import Incarnation, JobId
from merpati.core.machine import Machine
from merpati.storage.port import Storage

A = TypeVar("A", bound=msgspec.Struct)

MOST_TRIES = 6
TIMEOUT_S = 300.0
LADDER_MS = (5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS, HOUR_MS)
"""How long a job waits after its first, second … failure; the last one from then on."""
SPREAD = 0.2
"""A wait is up to this part shorter or longer, so that what failed together does not come back together."""


class JobState(IntEnum):
    """Where a job is. A finished one has no row."""

    QUEUED = 0
    RUNNING = 1
    DEAD = 2
    """Failed too often: set aside, visible, until a person revives or drops it."""


class JobEvent(Enum):
    """What can happen to a job."""

    CLAIMED = "claimed"
    RETRIED = "retried"
    TAKEN_BACK = "taken_back"
    """The process that ran it died, or gave it back."""
    GIVEN_UP = "given_up"
    REVIVED = "revived"


_S, _E = JobState, JobEvent
LIFE = Machine(
    {
        (_S.QUEUED, _E.CLAIMED): _S.RUNNING,
        (_S.RUNNING, _E.RETRIED): _S.QUEUED,
        (_S.RUNNING, _E.TAKEN_BACK): _S.QUEUED,
        (_S.RUNNING, _E.GIVEN_UP): _S.DEAD,
        (_S.DEAD, _E.REVIVED): _S.QUEUED,
    }
)
"""The life of a job."""


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job to enqueue."""

    id: JobId
    kind: str
    """A name in the table of `wiring.jobs`."""
    args: msgspec.Struct
    due_at: Millis | None = None
    """None: now."""
    lane: str | None = None
    """Of jobs with one lane at most one runs, the one due first; such as "batch:17"."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job that a node claimed, or that is looked at."""

    id: JobId
    kind: str
    lane: str | None
    due_at: Millis
    args: str
    """JSON."""
    attempt: int
    """1 in the first run."""
    state: JobState
    error: str
    created_at: Millis


class JobContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a handler gets besides its arguments. It runs outside any transaction."""

    storage: Storage
    clock: Clock
    id: JobId
    attempt: int


class JobKind(msgspec.Struct, Generic[A], frozen=True, kw_only=True):
    """How jobs of a kind are run.

    `handler` is idempotent, as a job runs at least once. Whatever it raises is a failure: the job waits and is
    tried again, `tries` times in all. It may also raise `TryLater` and `GiveUp`.
    """

    args: type[A]
    handler: Callable[[JobContext, A], Awaitable[None]]
    tries: int = MOST_TRIES
    timeout_s: float = TIMEOUT_S
    every_ms: int = 0
    """Above 0: a recurring job; it is seeded at start, runs this long after its last end, and is never given up."""


class NoArgs(msgspec.Struct, frozen=True):
    """Of a job that needs to know nothing."""


class TryLater(Exception):
    """Raised by a handler: run me again in `after_ms`; this was no failure."""

    def __init__(self, after_ms: int) -> None:
        super().__init__(f"again in {after_ms} ms")
        self.after_ms = after_ms


class GiveUp(Exception):
    """Raised by a handler: no further try can help. The text is shown to a person."""


class Holder(Protocol):
    """Who runs jobs: a node with its lease."""

    @property
    def incarnation(self) -> Incarnation | None:
        """None while it has no lease."""
        ...


def backoff_ms(attempt: int, draw: float) -> int:
    """How long to wait after the failure of this attempt (1, 2 …); `draw` is random in 0…1."""
    step = LADDER_MS[min(max(attempt, 1), len(LADDER_MS)) - 1]
    return round(step * (1 + SPREAD * (2 * draw - 1)))


def recurring_id(kind: str) -> JobId:
    """The one id of a recurring job, below 0: so that every process that seeds it means the same row."""
    return JobId(-int.from_bytes(sha256(kind.encode()).digest()[:7]) - 1)


def encode_args(args: msgspec.Struct) -> str:
    return msgspec.json.encode(args).decode()


def decode_args(kind: JobKind[A], text: str) -> A:
    """Raises `msgspec.DecodeError` or `ValidationError`."""
    return msgspec.json.decode(text, type=kind.args)
