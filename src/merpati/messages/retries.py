"""What follows from each fault of a hand-over: a table. Pure.

Only certainly unsent messages go back to the queue; an unclear one only where the network takes our reference.
"""

import random

import msgspec

from merpati.core.clock import MINUTE_MS, SECOND_MS
from merpati.core.errors import Code
from merpati.messages.handover import Outcome
from merpati.transports.port import SendError, SendFault

BACK_OFF_MS = (2 * SECOND_MS, 10 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS)
"""Waits after the first, second … refusal; the last one repeats."""
AUTH_WAIT_MS = 30 * SECOND_MS
UNCLEAR_WAIT_MS = SECOND_MS


class Verdict(msgspec.Struct, frozen=True):
    """The outcome of a hand-over that failed; `wait_ms` before the next try of a RETRY."""

    outcome: Outcome
    code: str
    wait_ms: int = 0
    costs_try: bool = False


def judge(error: SendError, *, refusals: int, max_tries: int, takes_ref: bool, rng: random.Random) -> Verdict:
    """What becomes of a message that the network refused for now `refusals` times, and whose hand-over failed so.

    Only such a refusal costs it a try: not a device that is not connected, is throttled or has trouble with its
    account, and not an answer that did not come.
    """
    match error.fault:
        case SendFault.RETRY:
            if refusals + 1 >= max_tries:
                return Verdict(Outcome.FAILED, Code.TRIED_TOO_OFTEN)
            return Verdict(Outcome.RETRY, error.code, _back_off(refusals + 1, rng), costs_try=True)
        case SendFault.NOT_OPEN:
            return Verdict(Outcome.RETRY, error.code, _back_off(1, rng))
        case SendFault.RATE:
            return Verdict(Outcome.RETRY, error.code, max(error.retry_after_ms, SECOND_MS))
        case SendFault.AUTH:
            return Verdict(Outcome.RETRY, error.code, AUTH_WAIT_MS)
        case SendFault.AMBIGUOUS:
            if takes_ref:
                return Verdict(Outcome.RETRY, Code.OUTCOME_UNKNOWN, UNCLEAR_WAIT_MS)
            return Verdict(Outcome.UNKNOWN, Code.OUTCOME_UNKNOWN)
        case SendFault.RECIPIENT | SendFault.CONTENT | SendFault.UNSUPPORTED:
            return Verdict(Outcome.FAILED, error.code)


def _back_off(tries: int, rng: random.Random) -> int:
    wait = BACK_OFF_MS[min(tries, len(BACK_OFF_MS)) - 1]
    return int(wait * rng.uniform(0.8, 1.2))
