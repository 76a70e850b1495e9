"""Places to call from, shared by accounts: who gets one, and who waits. Pure.

No account has a fixed part. One may hold up to `GREED` times as many places as are free: alone it gets nearly all
of them, and what it leaves is there for whoever comes next, whose calls need not wait for an end. The more accounts
want many, the smaller each one's part becomes, by itself. (Source: the dynamic thresholds by which switches share
their buffers; Choudhury and Hahne, 1998.)
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

from merpati.core.ids import AccountId

Asking = TypeVar("Asking", bound=Hashable)

GREED = 4
"""Alone an account holds 4/5 of the places; two that want all of them hold 4/9 each, and 1/9 stays free."""


class Shares(Generic[Asking]):
    """So many places. Whoever asks has a place, or waits, until it leaves."""

    def __init__(self, places: int) -> None:
        self.free = places
        self._held: dict[AccountId, int] = {}
        self._waiting: dict[AccountId, dict[Asking, None]] = {}

    def ask(self, account: AccountId, asking: Asking) -> list[Asking]:
        """It wants a place. Answers who got one: this one, or nobody."""
        self._waiting.setdefault(account, {})[asking] = None
        return self._seat()

    def leave(self, account: AccountId, asking: Asking) -> list[Asking]:
        """It is done, or waits no more. Answers who got a place by that, in order."""
        waiting = self._waiting.get(account, {})
        if asking in waiting:
            del waiting[asking]
            if not waiting:
                del self._waiting[account]
        else:
            self._give_back(account)
        return self._seat()

    def held_by(self, account: AccountId) -> int:
        return self._held.get(account, 0)

    def _may_take(self, account: AccountId) -> bool:
        held = self.held_by(account)
        return held < GREED * self.free if held else self.free > 0

    def _seat(self) -> list[Asking]:
        """The account with the fewest places comes first: when it may not take one, no other may."""
        seated = []
        while self._waiting and self._may_take(account := min(self._waiting, key=self.held_by)):
            seated.append(self._take(account))
        return seated

    def _take(self, account: AccountId) -> Asking:
        """For the one that waits longest; what else this account wants goes behind the other accounts."""
        waiting = self._waiting.pop(account)
        asking = next(iter(waiting))
        del waiting[asking]
        if waiting:
            self._waiting[account] = waiting
        self._held[account] = self.held_by(account) + 1
        self.free -= 1
        return asking

    def _give_back(self, account: AccountId) -> None:
        held = self._held.pop(account)
        if held > 1:
            self._held[account] = held - 1
        self.free += 1
