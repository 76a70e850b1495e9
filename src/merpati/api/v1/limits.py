"""How often each caller may call. Counted in this process's memory: who calls several has as many budgets.

Whoever is known counts for themselves: a key, a session, the account's token. Who is not counts by address.
"""

from collections import OrderedDict
from enum import StrEnum
from typing import NamedTuple

from merpati.accounts.addresses import network_of
from merpati.api.v1.bucket import SECOND_NS, Budget, Standing, take
from merpati.core.clock import Clock

MOST_CALLERS = 50_000
"""Remembered at once. Beyond that who called longest ago begins with a full bucket again."""


class CallerKind(StrEnum):
    """What a caller is counted by."""

    KEY = "key"
    SESSION = "session"
    ACCOUNT = "account"
    ADDRESS = "address"


class Caller(NamedTuple):
    """Whose calls are counted together."""

    kind: CallerKind
    name: str


def stranger(address: str) -> Caller:
    """Somebody who is not known, by where they are (of IPv6 by the network that one customer is given)."""
    return Caller(CallerKind.ADDRESS, network_of(address))


KNOWN, STRANGERS = Budget(100, 400), Budget(10, 100)
"""The settings' defaults."""


class CallLimits:
    """The buckets of one process."""

    def __init__(
        self, clock: Clock, known: Budget = KNOWN, strangers: Budget = STRANGERS, *, most: int = MOST_CALLERS
    ) -> None:
        self._clock, self._known, self._strangers, self._most = clock, known, strangers, most
        self._full_at: OrderedDict[Caller, int] = OrderedDict()

    def take(self, caller: Caller) -> Standing | None:
        """Count a call: how the caller stands; None: there is no limit."""
        budget = self._strangers if caller.kind is CallerKind.ADDRESS else self._known
        if budget.rate_per_s <= 0:
            return None
        now = int(self._clock.elapsed() * SECOND_NS)
        self._full_at[caller], standing = take(budget, self._full_at.get(caller, 0), now)
        self._full_at.move_to_end(caller)
        if len(self._full_at) > self._most:
            self._full_at.popitem(last=False)
        return standing
