"""The laws of webhooks: every fact arrives, under one id with one body, in the order of its device."""

from collections.abc import Iterator

from merpati.core.ids import Address
from tests.faults.evidence import Case

TAKEN = range(200, 300)
TOLD = frozenset(
    {
        "MessageSent",
        "MessageDelivered",
        "MessageRead",
        "MessageFailed",
        "MessageExpired",
        "MessageRetried",
        "MessageRescheduled",
        "MessageUncertain",
    }
)
"""Facts that a status webhook hears; written here once more, so that one forgotten there is noticed."""


def every_fact_is_told(case: Case) -> Iterator[str]:
    """Each fact that a status webhook hears was answered 2xx; nothing else was told."""
    if not case.calls:
        return
    taken = {call.id for call in case.calls if call.status in TAKEN}
    facts = {f"{fact.account}-{fact.seq}": fact for fact in case.stored.facts if fact.kind in TOLD}
    for id_ in facts.keys() - taken:
        yield f"never told: {id_}, {facts[id_].kind} of {facts[id_].body.get('message')}"
    for id_ in {call.id for call in case.calls} - facts.keys():
        yield f"told, but there is no such fact: {id_}"


def a_repeat_is_the_same(case: Case) -> Iterator[str]:
    """Told again, a fact has the same id and the same body."""
    bodies: dict[str, bytes] = {}
    for call in case.calls:
        if bodies.setdefault(call.id, call.body) != call.body:
            yield f"one id, two bodies: {call.id}"


def each_device_is_told_in_order(case: Case) -> Iterator[str]:
    """By who drops the ids that he has seen, the facts of a device are seen in their order."""
    newest: dict[Address, int] = {}
    seen: set[str] = set()
    for call in case.calls:
        if call.status not in TAKEN or call.id in seen:
            continue
        seen.add(call.id)
        seq = int(call.id.rpartition("-")[2])
        if seq < newest.get(call.device, 0):
            yield f"out of order on {call.device}: {call.id} after {newest[call.device]}"
        newest[call.device] = max(seq, newest.get(call.device, 0))
