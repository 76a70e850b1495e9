"""What was prepared and waits for a person's yes. Nothing here is sent."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from merpati.client.shape import Shape

LIFE_S = 600.0
MOST = 20
"""Prepared at once; beyond that the oldest is forgotten."""


class NotPrepared(Exception):
    """There is nothing under this code: it was never given, its time is over, or the person said no."""


class Act(Protocol):
    """A call to the API that changes something."""

    def __call__(self, *, idempotency_key: str) -> Awaitable[Shape]: ...


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A call that waits. `summary` is all of what the person is shown; `title` says it in a word, for the code."""

    title: str
    summary: str
    act: Act


class _Waiting(msgspec.Struct):
    until: float
    prepared: Prepared
    agreed: bool = False


class Confirming:
    """`elapsed` answers seconds that only grow; `draw` letters that nobody can guess and that never come again."""

    def __init__(self, elapsed: Callable[[], float], draw: Callable[[], str]) -> None:
        self._elapsed, self._draw = elapsed, draw
        self._waiting: dict[str, _Waiting] = {}

    def keep(self, prepared: Prepared) -> str:
        """Keep it for ten minutes; answers its code, which begins with the title.

        A program that shows a person no more than a call's arguments shows them that.
        """
        if len(self._waiting) >= MOST:
            del self._waiting[next(iter(self._waiting))]
        code = f"{prepared.title}-{self._draw()}"
        self._waiting[code] = _Waiting(self._elapsed() + LIFE_S, prepared)
        return code

    def find(self, code: str) -> Prepared:
        """What waits under the code; raises `NotPrepared`.

        It stays until its time is over: who confirms twice asks the API twice with one `Idempotency-Key`, and so
        it happens once, and is answered alike.
        """
        return self._find(code).prepared

    def is_agreed(self, code: str) -> bool:
        """Whether the person said yes to it before; raises `NotPrepared`."""
        return self._find(code).agreed

    def agree(self, code: str) -> None:
        """The person said yes: they are not asked again. Raises `NotPrepared`."""
        self._find(code).agreed = True

    def forget(self, code: str) -> None:
        """The person said no."""
        self._waiting.pop(code, None)

    def _find(self, code: str) -> _Waiting:
        waiting = self._waiting.get(code)
        if waiting is None or waiting.until <= self._elapsed():
            raise NotPrepared
        return waiting
