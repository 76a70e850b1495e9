"""The judge: all laws over one run's evidence, and the counts that a person wants to see."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from tests.faults import laws_of_sending, laws_of_storing, laws_of_telling
from tests.faults.evidence import Cancel, Case
from tests.faults.laws_of_sending import reason_of

Law = Callable[[Case], Iterator[str]]

LAWS: tuple[Law, ...] = (
    laws_of_sending.nothing_is_lost,
    laws_of_sending.nothing_is_invented,
    laws_of_sending.nobody_sees_a_message_twice,
    laws_of_sending.every_repeat_has_a_reason,
    laws_of_sending.lanes_keep_their_order,
    laws_of_sending.paces_are_kept,
    laws_of_sending.delays_are_kept,
    laws_of_sending.nothing_leaves_before_it_is_due,
    laws_of_sending.cancelled_means_cancelled,
    laws_of_sending.late_owners_hand_over_nothing,
    laws_of_storing.one_call_makes_one_message,
    laws_of_storing.states_are_true,
    laws_of_storing.states_only_climb,
    laws_of_storing.the_log_has_no_gaps,
    laws_of_storing.what_people_say_is_stored_once,
    laws_of_telling.every_fact_is_told,
    laws_of_telling.a_repeat_is_the_same,
    laws_of_telling.each_device_is_told_in_order,
)
SHOWN_OF_EACH = 5


def complaints(case: Case, laws: Sequence[Law] = LAWS) -> list[str]:
    """What is wrong, a line each; of one law only the first few, and how many there are."""
    lines: list[str] = []
    for law in laws:
        found = list(law(case))
        lines += [f"{law.__name__}: {line}" for line in found[:SHOWN_OF_EACH]]
        if len(found) > SHOWN_OF_EACH:
            lines.append(f"{law.__name__}: … {len(found)} in all")
    return lines


def check(case: Case, laws: Sequence[Law] = LAWS) -> None:
    """Raise AssertionError with every complaint."""
    found = complaints(case, laws)
    assert not found, "\n".join(found)


def table(case: Case, title: str) -> str:
    """The counts of a run, for the log of CI."""
    times = Counter(len(case.places.get(asked.mark, ())) for asked in case.asked if asked.accepted)
    reasons = Counter(_why(case))
    faults = Counter(f"{fault.what} {f'at {fault.point}' if fault.point else 'at random'}" for fault in case.faults)
    lines = [
        title,
        *_lines("accepted", sum(asked.accepted for asked in case.asked)),
        *_lines("lost", len(list(laws_of_sending.nothing_is_lost(case)))),
        *_lines("cancelled", sum(asked.cancel is Cancel.DONE for asked in case.asked)),
        *_lines("asked, answer unknown", sum(not a.accepted and not a.refused for a in case.asked)),
        *(line for n in sorted(times) for line in _lines(f"handed over {n} times", times[n])),
        *(line for why, n in reasons.most_common() for line in _lines(f"  again because {why}", n)),
        *_lines("faults", len(case.faults)),
        *(line for what, n in faults.most_common() for line in _lines(f"  {what}", n)),
        *_lines("webhook calls", len(case.calls)),
        *_lines("webhook calls repeated", len(case.calls) - len({call.id for call in case.calls})),
    ]
    return "\n".join(lines)


def _lines(what: str, count: int) -> Iterator[str]:
    yield f"  {what:<50}{count:>8}"


def _why(case: Case) -> Iterator[str]:
    for mark in case.places:
        for first, second in pairwise(case.handed(mark)):
            fault = reason_of(case, first, second)
            yield f"{fault.what} at {fault.point or 'random'}" if fault else "NO REASON"
