"""A call from its first try to its end, without a socket and without a clock: the shells do what it asks for."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from merpati.client.call import Call, Request, answer_of, request_of
from merpati.client.decision import Answer, Done, Fault, Patience, Raise, decide

T = TypeVar("T")


@dataclass(frozen=True)
class Wait:
    """Sleep for so long."""

    seconds: float


Conversation: TypeAlias = Generator[Request | Wait, Answer | Fault | None, T]
"""Yields what to do next, and is sent what came of a request; its value is the call's."""


def converse(
    call: Call[T], *, patience: Patience, new_key: str, draw: Callable[[], float], now: Callable[[], float]
) -> Conversation[T]:
    """Raises `Refused`, `Unreachable`, `Unreadable`. Each try is the same request, with the same key."""
    request, began, tried = request_of(call, new_key), now(), 0
    while True:
        outcome = yield request
        assert outcome is not None, "a request has an outcome"
        tried += 1
        decision = decide(outcome, tried=tried, spent_s=now() - began, drawn=draw(), patience=patience)
        if isinstance(decision, Done):
            return answer_of(call, decision.content)
        if isinstance(decision, Raise):
            raise decision.error
        yield Wait(decision.after_s)
