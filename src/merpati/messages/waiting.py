"""Why a queued message has not gone yet, and what may be done to a message. Pure."""

from enum import StrEnum

import msgspec

from merpati.messages.model import LIFE, HoldReason, MessageEvent, MessageState


class Wait(StrEnum):
    """What a queued message waits for."""

    SCHEDULE = "schedule"
    DELAY = "delay"
    FOLLOWUP = "followup"
    RETRY = "retry"
    UNCLEAR = "unclear"
    """It was handed over and nobody answered: it is sent again."""
    CAUTION = "caution"
    """Its recipient does not know the number, which has written to enough such people for now."""
    DEVICE = "device"
    """Its device is not connected."""
    PACE = "pace"
    """The device's own."""
    TURN = "turn"
    """Others go before it, or it goes at once."""


class Waiting(msgspec.Struct, frozen=True):
    """What a message waits for; `until_at` None: nobody can say."""

    reason: Wait
    until_at: int | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """How far along a device's line is; 0: nothing holds it."""

    paced_until: int
    delayed_until: int


def kept_back(due_at: int, hold: HoldReason | None, connected: bool, now: int) -> Waiting | None:
    """What keeps a queued message back; None: it may go, when it is its turn.

    `hold` is what it was held by last: it has another due time for that reason.
    """
    if due_at > now:
        return Waiting(Wait(hold) if hold is not None else Wait.TURN, due_at)
    return None if connected else Waiting(Wait.DEVICE)


def waits_in(line: Line, now: int) -> Waiting:
    """What a message waits for that nothing keeps back."""
    for reason, until_at in ((Wait.PACE, line.paced_until), (Wait.DELAY, line.delayed_until)):
        if until_at > now:
            return Waiting(reason, until_at)
    return Waiting(Wait.TURN)


class Can(msgspec.Struct, frozen=True, kw_only=True):
    """What may be done to a message now."""

    cancel: bool
    reschedule: bool
    resend: bool
    send_now: bool


def what_can(state: MessageState, waiting: Waiting | None) -> Can:
    """By its state, and what it waits for."""
    queued = state is MessageState.QUEUED
    return Can(
        cancel=queued,
        reschedule=queued,
        resend=state in LIFE.sources(MessageEvent.RESENT),
        send_now=queued and waiting is not None and waiting.reason in _OF_TIME,
    )


_OF_TIME = frozenset({Wait.SCHEDULE, Wait.DELAY, Wait.FOLLOWUP, Wait.RETRY, Wait.CAUTION})
"""What `send_now` ends."""
