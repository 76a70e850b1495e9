"""What to do after an answer, or after none: done, again in so many seconds, or give up. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import msgspec

from merpati.client.errors import FieldError, MerpatiError, Refused, Unreachable

PASSING = frozenset({429, 502, 503, 504})
"""Statuses that say: not now."""
PASSING_CODES = frozenset({"key_in_progress"})
"""Refusals that say: the first try is still on its way."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How often a call is tried, how long all of it may take, and how long the waits between are."""

    tries: int = 5
    total_s: float = 60.0
    first_s: float = 0.5
    most_s: float = 15.0

    def backoff(self, tried: int, drawn: float) -> float:
        """Doubled after each try; between half and all of that, by chance."""
        return float(min(self.most_s, self.first_s * 2 ** (tried - 1)) * (0.5 + drawn / 2))


@dataclass(frozen=True)
class Answer:
    """What came back. The names of the headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True)
class Fault:
    """Nothing came back: why."""

    why: str


@dataclass(frozen=True)
class Done:
    """The answer is the last word."""

    content: bytes


@dataclass(frozen=True)
class Retry:
    """The same request again, after so long."""

    after_s: float


@dataclass(frozen=True)
class Raise:
    """The caller is told."""

    error: MerpatiError


class _Problem(msgspec.Struct, frozen=True):
    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()


def decide(
    outcome: Answer | Fault, *, tried: int, spent_s: float, drawn: float, patience: Patience
) -> Done | Retry | Raise:
    """After the try number `tried`, `spent_s` seconds after the call began; `drawn` is chance, from 0 to 1."""
    if isinstance(outcome, Answer) and 200 <= outcome.status < 300:
        return Done(outcome.content)
    wait = patience.backoff(tried, drawn)
    if isinstance(outcome, Fault):
        error: MerpatiError = Unreachable(f"no answer after {tried} tries: {outcome.why}")
    else:
        error = refused = refusal(outcome)
        if refused.status not in PASSING and refused.code not in PASSING_CODES:
            return Raise(error)
        wait += retry_after_s(outcome.headers)
    if tried >= patience.tries or spent_s + wait > patience.total_s:
        return Raise(error)
    return Retry(wait)


def refusal(answer: Answer) -> Refused:
    """The problem that the answer holds; what holds none has its status for a code."""
    try:
        problem = msgspec.json.decode(answer.content, type=_Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        detail = answer.content[:200].decode(errors="replace")
        return Refused(code=f"http_{answer.status}", status=answer.status, detail=detail)
    return Refused(code=problem.code, status=answer.status, detail=problem.detail, errors=problem.errors)


def retry_after_s(headers: Mapping[str, str]) -> float:
    """How long the server wants to be left alone; 0 where it does not say. A date counts from the answer's own."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        until, now = (parsedate_to_datetime(each) for each in (said, headers.get("date", "")))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):  # one of them says no zone, or is no date
        return 0.0
