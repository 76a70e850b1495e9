"""What goes wrong, by rules that strike so many times."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

import msgspec


class On(StrEnum):
    """What a rule strikes."""

    MESSAGE = "message"
    QUERY = "query"
    UPLOAD = "upload"
    DOWNLOAD = "download"


class Fault(StrEnum):
    """What happens to it."""

    REFUSE = "refuse"
    """Answered with the error `code`; not taken."""
    IGNORE = "ignore"
    """Not taken, never answered."""
    CUT = "cut"
    """Not taken, and the connection is cut."""
    LOSE_ANSWER = "lose_answer"
    """Taken, never answered."""
    TAKE_AND_CUT = "take_and_cut"
    """Taken, never answered, and the connection is cut."""
    HOLD = "hold"
    """Taken; answered when `release` is called."""
    DELAY = "delay"
    """Taken; answered after `delay_s`."""


TAKEN = frozenset({Fault.LOSE_ANSWER, Fault.TAKE_AND_CUT, Fault.HOLD, Fault.DELAY})
CUTTING = frozenset({Fault.CUT, Fault.TAKE_AND_CUT})


class Rule(msgspec.Struct, kw_only=True):
    """Strikes the next `times`; 0: until it is taken away."""

    fault: Fault
    on: On = On.MESSAGE
    times: int = 1
    code: int = 500
    delay_s: float = 0.0
    space: str = ""
    """Of queries: those of a namespace alone, such as `usync`."""


class Faults:
    """The rules in force, the oldest first."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._held = asyncio.Event()

    def add(self, fault: Fault, on: On = On.MESSAGE, **fields: object) -> Rule:
        """See `Rule` for the fields."""
        rule = msgspec.convert({"fault": fault, "on": on, **fields}, Rule)
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        """End all of it, and answer what is held."""
        self.rules.clear()
        self.release()

    def strike(self, on: On, space: str = "") -> Rule | None:
        rule = next((each for each in self.rules if each.on is on and each.space in ("", space)), None)
        if rule is not None and rule.times:
            rule.times -= 1
            if not rule.times:
                self.rules.remove(rule)
        return rule

    def release(self) -> None:
        """Answer what `HOLD` holds."""
        self._held.set()
        self._held = asyncio.Event()

    async def pause(self, rule: Rule | None) -> None:
        """As long as the rule holds an answer back."""
        if rule is not None and rule.fault is Fault.HOLD:
            await self._held.wait()
        if rule is not None and rule.fault is Fault.DELAY:
            await asyncio.sleep(rule.delay_s)


@dataclass(frozen=True)
class Refusal:
    """How a log-in is refused: 401 logged out, 402 banned for `expire_s`, 403 banned, 405 outdated, 500, 503."""

    reason: int
    code: int = 0
    """Why one is banned for a time, such as 101: too many messages to strangers."""
    expire_s: int = 0
