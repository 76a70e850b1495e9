"""State machines as tables: what is not in the table is refused."""

from collections.abc import Mapping
from enum import Enum
from typing import Generic, TypeVar

S = TypeVar("S", bound=Enum)
E = TypeVar("E", bound=Enum)


class ForbiddenTransition(ValueError):
    """The table has no row for this state and event."""


class Machine(Generic[S, E]):
    """A transition table: (state, event) -> state."""

    def __init__(self, table: Mapping[tuple[S, E], S]) -> None:
        self.table = dict(table)

    def next(self, state: S, event: E) -> S:
        """The state after `event`; raises `ForbiddenTransition` where the table has no row."""
        try:
            return self.table[state, event]
        except KeyError:
            raise ForbiddenTransition(f"{state.name} does not allow {event.name}") from None

    def sources(self, event: E) -> tuple[S, ...]:
        """The states that `event` may happen in, for the WHERE of a statement."""
        return tuple(state for (state, on) in self.table if on is event)
