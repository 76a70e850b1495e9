"""What goes wrong on purpose: rules that strike the next hand-overs."""

from enum import StrEnum

import msgspec


class Outage(StrEnum):
    """How a hand-over goes wrong."""

    REFUSE = "refuse"
    """Answered with the error of `code`; nothing is taken."""
    BROKEN = "broken"
    """500 with a page, as from a machine in front; nothing is taken."""
    HANG = "hang"
    """No answer, and nothing is taken."""
    LOSE_ANSWER = "lose_answer"
    """Taken, and the connection cut before the answer."""
    TAKE_AND_HANG = "take_and_hang"
    """Taken, and no answer."""
    TAKE_AND_BREAK = "take_and_break"
    """Taken, and answered with 500 and a page."""
    GONE = "gone"
    """Every request is cut, also those that only ask; ends when the rule is taken away."""


TAKEN = frozenset({Outage.LOSE_ANSWER, Outage.TAKE_AND_HANG, Outage.TAKE_AND_BREAK})
HANGING = frozenset({Outage.HANG, Outage.TAKE_AND_HANG})


class Rule(msgspec.Struct):
    """`times` hand-overs go wrong so, of one number or of all."""

    outage: Outage
    times: int = 1
    code: int = 131000
    number: str = ""
    mute: bool = False
    """Of what is taken no webhook comes: the echo is withheld."""


class Outages:
    """The rules in force, oldest first."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def strike(self, number: str) -> Rule | None:
        """The rule that this hand-over meets; it counts."""
        for rule in self.rules:
            if rule.outage is not Outage.GONE and rule.times > 0 and rule.number in ("", number):
                rule.times -= 1
                return rule
        return None

    def is_gone(self) -> bool:
        return any(rule.outage is Outage.GONE for rule in self.rules)

    def clear(self) -> None:
        self.rules.clear()
