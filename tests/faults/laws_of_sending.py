"""The laws of handing over: nothing lost, nothing twice without a crash, nothing out of order, nothing too soon."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from merpati.core.clock import Millis
from merpati.core.ids import Address
from merpati.transports.simulator.entries import Fate, HandOff, SessionOpened
from tests.faults.evidence import Asked, Cancel, Case, Fault

UNKNOWN = "outcome_unknown"
"""The code of a try that a crash ended: its message goes first again."""
CLOSE_MS = 1_500
"""What a killed process had written to its socket may be read by a busy network so much later."""


def nothing_is_lost(case: Case) -> Iterator[str]:
    """Every accepted message is handed over, unless it was cancelled, ended by time, or is not due yet."""
    now = max((entry.t for entry in case.journal), default=Millis(0))
    for asked in case.asked:
        given_up = asked.expired or asked.cancel in (Cancel.DONE, Cancel.UNKNOWN)
        if asked.accepted and not given_up and asked.due_at <= now and asked.mark not in case.places:
            yield f"lost: {asked.mark}, accepted as {asked.id} at {asked.answered_at}"


def nothing_is_invented(case: Case) -> Iterator[str]:
    """What is handed over was asked for, was not refused, and is one message with one content and one recipient."""
    for entry in case.hand_offs:
        if entry.fate is Fate.CONFLICT:
            yield f"other bytes under one reference: {entry.ref} at {entry.t}"
    for mark in case.places:
        asked = case.by_mark.get(mark)
        if asked is None:
            yield f"nobody asked for {mark}"
            continue
        if asked.refused:
            yield f"refused ({asked.refused}) and handed over: {mark}"
        for entry in case.handed(mark):
            if (entry.device, entry.chat) != (asked.device, asked.to):
                yield f"{mark} went from {entry.device} to {entry.chat}, not from {asked.device} to {asked.to}"


def nobody_sees_a_message_twice(case: Case) -> Iterator[str]:
    """One message has one reference: the network shows repeats of a reference once."""
    for mark in case.places:
        refs = {entry.ref for entry in case.handed(mark)}
        if len(refs) > 1:
            yield f"shown {len(refs)} times: {mark} under {sorted(refs)}"


def every_repeat_has_a_reason(case: Case) -> Iterator[str]:
    """Between two hand-overs of a message lies a fault: each adds one at most."""
    for mark in case.places:
        for first, second in pairwise(case.handed(mark)):
            if reason_of(case, first, second) is None:
                yield f"handed over again without a reason: {mark} at {first.t} and {second.t} ({second.note})"


def reason_of(case: Case, first: HandOff, second: HandOff) -> Fault | None:
    """The fault that explains why this message was handed over again."""
    for fault in reversed(case.faults):
        if fault.at <= second.t and fault.until >= first.t - CLOSE_MS:
            return fault
    return None


def lanes_keep_their_order(case: Case) -> Iterator[str]:
    """Who was accepted before another was even asked for leaves before it, within a lane, at the first hand-over.

    A message whose try the network refused for now (a fact says so) has another due time and is left out.
    """
    lanes: dict[str, list[Asked]] = defaultdict(list)
    put_off = {
        fact.body["message"]
        for fact in case.stored.facts
        if fact.kind == "MessageRetried" and fact.body["code"] != UNKNOWN
    }
    for asked in case.asked:
        if asked.lane and asked.accepted and asked.mark in case.places and asked.id not in put_off:
            lanes[asked.lane].append(asked)
    for lane, members in lanes.items():
        yield from _disorder(case, lane, members)


def _disorder(case: Case, lane: str, members: list[Asked]) -> Iterator[str]:
    before = iter(sorted(members, key=lambda asked: asked.answered_at))
    earlier, latest, latest_mark = next(before, None), -1, ""
    for asked in sorted(members, key=lambda asked: asked.asked_at):
        while earlier is not None and earlier.answered_at < asked.asked_at:
            if case.places[earlier.mark][0] > latest:
                latest, latest_mark = case.places[earlier.mark][0], earlier.mark
            earlier = next(before, None)
        if case.places[asked.mark][0] < latest:
            yield f"out of order in {lane}: {asked.mark} left before {latest_mark}"


def paces_are_kept(case: Case) -> Iterator[str]:
    """Two hand-overs of a device are never closer than its pace."""
    of_device: dict[Address, list[HandOff]] = defaultdict(list)
    for entry in case.hand_offs:
        of_device[entry.device].append(entry)
    for device, least_ms in case.pace_ms.items():
        for first, second in pairwise(of_device[device]):
            if second.t - first.t < least_ms:
                yield f"too soon on {device}: {second.t - first.t} ms instead of {least_ms} at {second.t}"


def delays_are_kept(case: Case) -> Iterator[str]:
    """A message with the caller's `delay` leaves no sooner than that after the one before it on its device."""
    last: dict[Address, HandOff] = {}
    for entry in case.hand_offs:
        asked = case.by_mark.get(case.marks.get((entry.device, entry.ref), ""))
        if asked is None or not asked.gap_ms:
            continue
        before, last[entry.device] = last.get(entry.device), entry
        if before is not None and entry.t - before.t < asked.gap_ms:
            yield f"delay cut short: {asked.mark} came {entry.t - before.t} ms after the last, not {asked.gap_ms}"


def nothing_leaves_before_it_is_due(case: Case) -> Iterator[str]:
    """A schedule is kept."""
    for asked in case.asked:
        for entry in case.handed(asked.mark):
            if entry.t < asked.due_at:
                yield f"too early: {asked.mark} left at {entry.t}, due {asked.due_at}"


def cancelled_means_cancelled(case: Case) -> Iterator[str]:
    """Of cancel and send one wins: a cancelled message never reached the network."""
    for asked in case.asked:
        if asked.cancel is Cancel.DONE and asked.mark in case.places:
            yield f"cancelled and handed over: {asked.mark}"


def late_owners_hand_over_nothing(case: Case) -> Iterator[str]:
    """Each device has one owner at a time: epochs rise, belong to one process, and a late one is silent."""
    newest: dict[Address, tuple[int, str]] = {}
    for entry in case.journal:
        if not isinstance(entry, SessionOpened | HandOff) or not entry.note:
            continue
        inc, _, epoch = entry.note.rpartition(":")
        known, owner = newest.get(entry.device, (0, ""))
        if isinstance(entry, SessionOpened):
            if int(epoch) == known and inc != owner:
                yield f"two owners of {entry.device} under epoch {epoch}: {owner} and {inc}"
            newest[entry.device] = max((known, owner), (int(epoch), inc))
        elif int(epoch) < known and entry.fate is not Fate.REFUSED:
            yield f"handed over by a late owner: {entry.ref} of {entry.device}, epoch {epoch} after {known}"
