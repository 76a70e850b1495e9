"""What the end of a call does to its lane and its endpoint. Pure.

A lane whose fact failed waits for its next try alone. After `OPENS_AFTER` failures in a row, of whichever lanes,
the tries belong to the endpoint: one lane at a time probes it with its oldest fact, until it takes one. A fact that
alone is refused (4xx) troubles its own lane only, and is set aside after five refusals, when others pass.
"""

import random

from merpati.log.model import RawEntry
from merpati.webhooks.hook import Hook
from merpati.webhooks.ladders import wait_ms
from merpati.webhooks.lanes import KEPT_IN_TROUBLE, Lane, Trouble
from merpati.webhooks.model import REFUSALS_TO_SET_ASIDE, GivenUp


def passed(hook: Hook, lane: Lane) -> None:
    """The endpoint took the lane's oldest fact."""
    hook.drop_oldest(lane)
    lane.trouble = None
    _took(hook)


def skipped(hook: Hook, lane: Lane) -> None:
    """The lane's oldest fact is not told; that says nothing of the endpoint."""
    hook.drop_oldest(lane)


def failed(hook: Hook, lane: Lane, now: int, rng: random.Random, asked_ms: int | None = None) -> None:
    """The endpoint does not work; `asked_ms`: how long it wants to be left alone.

    What was under way when it was found not to work tells nothing new of it.
    """
    counts = hook.outage is None or lane is hook.probed
    lane.trouble = _climb(hook, lane.trouble, now, rng, asked_ms)
    lane.apart = True
    if counts:
        hook.streak = _climb(hook, hook.streak, now, rng, asked_ms)
    if hook.outage is not None:
        for other in hook.every_lane():
            if len(other.pending) > KEPT_IN_TROUBLE:
                other.fall_behind(KEPT_IN_TROUBLE)


def refused(hook: Hook, lane: Lane, now: int, rng: random.Random) -> bool:
    """The endpoint refused the lane's oldest fact.

    Answers True when another fact should be tried right away (`sounding`), to know whether it is the fact or the
    endpoint.
    """
    lane.refusals += 1
    if lane.refusals == 1:
        lane.passes_before = hook.passes
    if hook.outage is not None or _others_are_refused(hook, lane):
        failed(hook, lane, now, rng)
    else:
        lane.trouble = _climb(hook, lane.trouble, now, rng, None)
        lane.apart = True
    if lane.refusals < REFUSALS_TO_SET_ASIDE:
        return False
    if hook.outage is None and hook.passes > lane.passes_before:
        set_aside(hook, lane, now, GivenUp.REFUSED)
        return False
    return True


def sounding(lane: Lane) -> RawEntry | None:
    """The fact to try beside the one that was refused five times: the next of its lane."""
    return lane.pending[1] if len(lane.pending) > 1 else None


def sounded(hook: Hook, lane: Lane, now: int) -> None:
    """The endpoint took the next fact: it is the oldest one that it does not want."""
    del lane.pending[1]
    set_aside(hook, lane, now, GivenUp.REFUSED)
    _took(hook)


def set_aside(hook: Hook, lane: Lane, now: int, reason: GivenUp) -> None:
    """The oldest fact becomes a dead letter alone; the lane goes on."""
    seq = lane.pending[0].seq
    hook.bury(lane.device, seq, seq, now, reason)
    lane.trouble = None
    hook.drop_oldest(lane)


def disable(hook: Hook, now: int) -> None:
    """410: the endpoint wants nothing any more. What waits becomes dead letters."""
    hook.gone = True
    for lane in list(hook.every_lane()):
        hook.bury_lane(lane, now, GivenUp.GONE)


def give_up(hook: Hook, now: int, life_ms: int) -> bool:
    """Give up what has failed for as long as the log lives; answers whether that was so.

    An outage goes on, with the tries of its last rung: what happens from now on waits for it.
    """
    if hook.outage is None:
        lost = [lane for lane in hook.every_lane() if lane.trouble and lane.trouble.since_at + life_ms <= now]
    elif hook.outage.since_at + life_ms <= now:
        hook.outage.since_at = now
        lost = list(hook.every_lane())
    else:
        return False
    for lane in lost:
        hook.bury_lane(lane, now, GivenUp.DOWN)
    return bool(lost)


def try_now(hook: Hook) -> None:
    """Somebody mended something: the next try is due at once, and the ladder begins anew."""
    hook.streak = hook.probed = None
    for lane in hook.every_lane():
        lane.trouble = None
        lane.refusals = 0


def _took(hook: Hook) -> None:
    """The endpoint works. When it was found not to: whoever waited for that may go at once."""
    hook.passes += 1
    was_open, hook.streak, hook.probed = hook.outage is not None, None, None
    for lane in hook.every_lane() if was_open else ():
        if lane.trouble is not None:
            lane.trouble.next_try_at = 0


def _others_are_refused(hook: Hook, lane: Lane) -> bool:
    """Whether another lane is being refused, and nothing has passed since."""
    others = (other for other in hook.every_lane() if other is not lane and other.refusals)
    return any(other.passes_before == hook.passes for other in others)


def _climb(hook: Hook, before: Trouble | None, now: int, rng: random.Random, asked_ms: int | None) -> Trouble:
    attempt = before.attempt + 1 if before else 1
    wait = wait_ms(attempt, rng, as_fonnte=hook.endpoint.is_slot) if asked_ms is None else asked_ms
    return Trouble(attempt, before.since_at if before else now, now + wait)
