"""Scripted faults: rules that say what goes wrong at which hand-over. Pure, seeded.

A script is a TOML file with `[[fault]]` tables (and `[network]`, see `settings`), or JSON lines of rules; `merpati
phone fault` adds rules to a running network. A rule that fires is written to the journal, and a limited one
(`times`) stays used up after a restart.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from merpati.core.ids import Address
from merpati.transports.port import SendFault, SessionState


class Do(StrEnum):
    """What goes wrong."""

    DROP_ACK = "drop_ack"
    """Take the message, never acknowledge it (a repeat is acknowledged, unless it is dropped too)."""
    LATE_ACK = "late_ack"
    """Acknowledge `ms` milliseconds later."""
    REFUSE = "refuse"
    """Refuse with `fault`, `code`, `retry_after_ms`; nothing is taken."""
    THROTTLE = "throttle"
    """Refuse (RATE) what exceeds `per_s` hand-overs a second."""
    CUT = "cut"
    """Take the message, then end the device's session before the acknowledgement."""
    CUT_LINK = "cut_link"
    """Take the message, then cut the connection of the whole process."""
    TAKE_AND_CUT = "take_and_cut"
    """Take `count` messages without acknowledging any, then cut the sessions that sent them."""
    REPLACED = "replaced"
    """Acknowledge, then end the session: somebody else logged in."""
    LOGGED_OUT = "logged_out"
    """Acknowledge, then the phone ends the pairing."""
    BAN = "ban"
    """Take the message, then ban the account for `for_s` seconds."""
    DUPLICATE_RECEIPTS = "duplicate_receipts"
    """Each receipt of the message twice."""
    SHUFFLE_RECEIPTS = "shuffle_receipts"
    """Receipts wait until `count` (default 10) are there or `ms` (default 500) have passed; then shuffled."""
    RECEIPTS_FIRST = "receipts_first"
    """All receipts at once, the acknowledgement `ms` (default 50) after them."""
    NO_RECEIPTS = "no_receipts"


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One rule. Empty conditions hold always; all that are given must hold."""

    do: Do
    name: str = ""
    """For the journal; empty: the action and the rule's place in the script."""
    device: Address = Address("")
    to: Address = Address("")
    nth: int = 0
    """Only the nth matching hand-over."""
    every: int = 0
    """Every nth matching hand-over."""
    after: int = 0
    """Not the first so many."""
    probability: float = 1.0
    times: int = 0
    """At most so often; 0: always."""
    ms: int = 0
    fault: SendFault = SendFault.RETRY
    code: str = "scripted"
    retry_after_ms: int = 0
    per_s: float = 0.0
    count: int = 0
    for_s: float = 60.0


@dataclass(slots=True)
class Ending:
    """How a session ends after a hand-over."""

    state: SessionState
    reason: str
    ban_s: float = 0.0
    unpair: bool = False
    link: bool = False
    """The whole connection is cut."""
    group: str = ""
    """Also the sessions that met the same rule before."""


@dataclass(slots=True)
class Plan:
    """What is to become of one hand-over."""

    refuse: tuple[SendFault, str, int] | None = None
    ack: bool = True
    late_ms: int = 0
    ending: Ending | None = None
    ack_before_ending: bool = False
    copies: int = 1
    """Of each receipt."""
    shuffle: tuple[int, int] | None = None
    """Receipts at most, milliseconds at most."""
    receipts_first: bool = False
    collect: str = ""
    """Rule whose cut will also meet this session."""
    fired: list[str] = field(default_factory=list)


USUAL = Plan()


@dataclass(slots=True)
class _Live:
    """A rule in force, with what it counted."""

    rule: Rule
    name: str
    fired: int = 0
    matched: int = 0
    collected: int = 0
    recent: list[float] = field(default_factory=list)

    def strikes(self, device: Address, chat: Address, draw: random.Random) -> bool:
        rule = self.rule
        if (rule.device and rule.device != device) or (rule.to and rule.to != chat):
            return False
        if rule.times and self.fired >= rule.times:
            return False
        self.matched += 1
        if self.matched <= rule.after or (rule.nth and self.matched != rule.nth):
            return False
        if rule.every and self.matched % rule.every:
            return False
        return rule.probability >= 1.0 or draw.random() < rule.probability


class Faults:
    """The rules in force."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._live: list[_Live] = []
        self._made = 0

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(live.rule for live in self._live)

    def add(self, rule: Rule, *, fired: dict[str, int]) -> None:
        """Put a rule in force; `fired` says how often rules have struck before."""
        self._made += 1
        name = rule.name or f"{rule.do}#{self._made}"
        self._live.append(_Live(rule=rule, name=name, fired=fired.get(name, 0)))

    def clear(self, name: str = "") -> None:
        """End the rules of this name; without one, all."""
        self._live = [live for live in self._live if name and live.rule.name != name]

    def plan(self, device: Address, chat: Address, now_s: float) -> Plan:
        """What is to become of this hand-over; counts it."""
        if not self._live:
            return USUAL
        plan = Plan()
        for live in self._live:
            if live.strikes(device, chat, self._draw) and _ACTIONS[live.rule.do](live, plan, now_s):
                live.fired += 1
                plan.fired.append(live.name)
        return plan if plan.fired or plan.collect else USUAL


# -- one function an action: change the plan, say whether the rule has fired --


def _drop_ack(_live: _Live, plan: Plan, _now_s: float) -> bool:
    plan.ack = False
    return True


def _late_ack(live: _Live, plan: Plan, _now_s: float) -> bool:
    plan.late_ms = live.rule.ms
    return True


def _refuse(live: _Live, plan: Plan, _now_s: float) -> bool:
    plan.refuse = (live.rule.fault, live.rule.code, live.rule.retry_after_ms)
    return True


def _throttle(live: _Live, plan: Plan, now_s: float) -> bool:
    live.recent = [at for at in live.recent if at > now_s - 1]
    if len(live.recent) < max(1, int(live.rule.per_s)):
        live.recent.append(now_s)
        return False
    wait_ms = live.rule.retry_after_ms or round((live.recent[0] + 1 - now_s) * 1_000) + 1
    plan.refuse = (SendFault.RATE, "too_fast", wait_ms)
    return True


def _cut(live: _Live, plan: Plan, _now_s: float) -> bool:
    plan.ack = False
    plan.ending = Ending(SessionState.RETRYING, "stream_closed", link=live.rule.do is Do.CUT_LINK)
    return True


def _take_and_cut(live: _Live, plan: Plan, _now_s: float) -> bool:
    plan.ack = False
    plan.collect = live.name
    live.collected += 1
    if live.collected < live.rule.count:
        return False
    live.collected = 0
    plan.ending = Ending(SessionState.RETRYING, "stream_closed", group=live.name)
    return True


def _replaced(_live: _Live, plan: Plan, _now_s: float) -> bool:
    plan.ending, plan.ack_before_ending = Ending(SessionState.REPLACED, "replaced"), True
    return True


def _logged_out(_live: _Live, plan: Plan, _now_s: float) -> bool:
    plan.ending, plan.ack_before_ending = Ending(SessionState.LOGGED_OUT, "unlinked", unpair=True), True
    return True


def _ban(live: _Live, plan: Plan, _now_s: float) -> bool:
    plan.ack = False
    plan.ending = Ending(SessionState.BANNED, "banned", ban_s=live.rule.for_s)
    return True


def _duplicate_receipts(_live: _Live, plan: Plan, _now_s: float) -> bool:
    plan.copies = 2
    return True


def _shuffle_receipts(live: _Live, plan: Plan, _now_s: float) -> bool:
    plan.shuffle = (live.rule.count or 10, live.rule.ms or 500)
    return True


def _receipts_first(live: _Live, plan: Plan, _now_s: float) -> bool:
    plan.receipts_first, plan.late_ms = True, live.rule.ms or 50
    return True


def _no_receipts(_live: _Live, plan: Plan, _now_s: float) -> bool:
    plan.copies = 0
    return True


_ACTIONS: dict[Do, Callable[[_Live, Plan, float], bool]] = {
    Do.DROP_ACK: _drop_ack,
    Do.LATE_ACK: _late_ack,
    Do.REFUSE: _refuse,
    Do.THROTTLE: _throttle,
    Do.CUT: _cut,
    Do.CUT_LINK: _cut,
    Do.TAKE_AND_CUT: _take_and_cut,
    Do.REPLACED: _replaced,
    Do.LOGGED_OUT: _logged_out,
    Do.BAN: _ban,
    Do.DUPLICATE_RECEIPTS: _duplicate_receipts,
    Do.SHUFFLE_RECEIPTS: _shuffle_receipts,
    Do.RECEIPTS_FIRST: _receipts_first,
    Do.NO_RECEIPTS: _no_receipts,
}
