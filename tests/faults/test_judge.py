"""The judge notices: each law is shown a run in which all is well, and then one planted wrong."""

from collections.abc import Sequence

import msgspec
import pytest

from merpati.core.clock import Millis
from merpati.core.ids import Address, MessageId, WaId, WireRef
from merpati.messages.model import MessageState
from merpati.transports.port import ReceiptKind, Text
from merpati.transports.simulator.entries import Acked, AnyEntry, Fate, HandOff, Receipted, Said, SessionOpened
from tests.faults.evidence import Asked, Call, Cancel, Case, FactRow, Fault, Row, Stored
from tests.faults.judge import Law, complaints, table
from tests.faults.laws_of_sending import (
    cancelled_means_cancelled,
    delays_are_kept,
    every_repeat_has_a_reason,
    lanes_keep_their_order,
    late_owners_hand_over_nothing,
    nobody_sees_a_message_twice,
    nothing_is_invented,
    nothing_is_lost,
    nothing_leaves_before_it_is_due,
    paces_are_kept,
)
from tests.faults.laws_of_storing import (
    one_call_makes_one_message,
    states_are_true,
    states_only_climb,
    the_log_has_no_gaps,
    what_people_say_is_stored_once,
)
from tests.faults.laws_of_telling import a_repeat_is_the_same, each_device_is_told_in_order, every_fact_is_told

DEVICE, BUDI, SITI = Address("6281100000001"), Address("6281200000001"), Address("6281200000002")
FIRST, SECOND = "aaaa:1", "bbbb:2"


def ref(n: int) -> WireRef:
    return WireRef(f"R{n}")


def asked(n: int, *, to: Address = BUDI, at: int | None = None) -> Asked:
    start = n * 100 if at is None else at
    return Asked(
        mark=f"m{n}",
        device=DEVICE,
        to=to,
        asked_at=Millis(start),
        lane=f"{DEVICE}>{to}",
        id=MessageId(n),
        answered_at=Millis(start + 10),
    )


def handed(n: int, at: int, *, fate: Fate = Fate.TAKEN, note: str = FIRST, to: Address = BUDI) -> HandOff:
    content = Text(body=f"m{n} hello") if fate is Fate.TAKEN else None
    return HandOff(
        t=Millis(at),
        device=DEVICE,
        session=1,
        note=note,
        ref=ref(n),
        chat=to,
        fate=fate,
        digest="d",
        content=content,
    )


def told(n: int, at: int) -> list[AnyEntry]:
    return [
        Acked(t=Millis(at), device=DEVICE, ref=ref(n)),
        Receipted(t=Millis(at), device=DEVICE, seq=n, ref=ref(n), kind=ReceiptKind.DELIVERED, who=BUDI),
        Receipted(t=Millis(at), device=DEVICE, seq=n, ref=ref(n), kind=ReceiptKind.READ, who=BUDI),
    ]


def said(n: int) -> Said:
    return Said(
        t=Millis(n), device=DEVICE, seq=n, wa_id=WaId(f"I{n}"), chat=BUDI, sender=BUDI, content=Text(body="halo")
    )


def row(n: int, state: MessageState = MessageState.READ, *, is_open: bool = False) -> Row:
    return Row(MessageId(n), 7, 0, BUDI, f"m{n} hello", int(state), ref(n), ref(n), is_open)


def heard(n: int, chat: Address = BUDI) -> Row:
    return Row(MessageId(900 + n), 7, 1, chat, "halo", int(MessageState.RECEIVED), "", f"I{n}", False)


def facts(*kinds: tuple[str, int]) -> list[FactRow]:
    bodies = [
        (kind, {"chat": BUDI, "wa_id": f"I{n}"} if kind == "MessageReceived" else {"message": n})
        for kind, n in kinds
    ]
    return [FactRow(1, seq, kind, 7, body) for seq, (kind, body) in enumerate(bodies, start=1)]


STEPS = ("MessageQueued", "MessageSent", "MessageDelivered", "MessageRead")
LOG = facts(
    *((kind, 1) for kind in STEPS), *((kind, 2) for kind in STEPS), ("MessageReceived", 1), ("MessageReceived", 2)
)


def calls_of(log: Sequence[FactRow]) -> list[Call]:
    heard_kinds = set(STEPS[1:])
    return [
        Call(Millis(fact.seq), DEVICE, f"1-{fact.seq}", f"{fact.body}".encode(), 200)
        for fact in log
        if fact.kind in heard_kinds
    ]


def good(
    journal: Sequence[AnyEntry] | None = None,
    ask: Sequence[Asked] | None = None,
    rows: Sequence[Row] | None = None,
    log: Sequence[FactRow] | None = None,
    calls: Sequence[Call] | None = None,
    faults: Sequence[Fault] = (),
    pace_ms: int = 50,
) -> Case:
    """Two messages to one person, sent and read, and two from them; parts may be replaced by wrong ones."""
    usual: list[AnyEntry] = [
        SessionOpened(t=Millis(1), device=DEVICE, session=1, note=FIRST),
        handed(1, 115),
        *told(1, 120),
        handed(2, 215),
        *told(2, 220),
        said(1),
        said(2),
    ]
    return Case(
        journal=usual if journal is None else journal,
        asked=[asked(1), asked(2)] if ask is None else ask,
        faults=faults,
        stored=Stored([row(1), row(2), heard(1), heard(2)] if rows is None else rows, LOG if log is None else log),
        calls=calls_of(LOG) if calls is None else calls,
        devices={7: DEVICE},
        pace_ms={DEVICE: pace_ms},
    )


def with_change(what: Asked, **changes: object) -> Asked:
    for name, value in changes.items():
        setattr(what, name, value)
    return what


def journal_with(*extra: AnyEntry) -> list[AnyEntry]:
    return [*good().journal, *extra]


def journal_without(n: int) -> list[AnyEntry]:
    return [entry for entry in good().journal if getattr(entry, "ref", None) != ref(n)]


DAY = 86_400_000
WRONG: dict[str, tuple[Law, Case]] = {
    "a lost message": (nothing_is_lost, good(journal_without(2))),
    "a message that nobody asked for": (nothing_is_invented, good(journal_with(handed(3, 400)))),
    "a refused message that left": (nothing_is_invented, good(ask=[asked(1), with_change(asked(2), refused="no")])),
    "another recipient": (nothing_is_invented, good(ask=[asked(1), asked(2, to=SITI)])),
    "other bytes under one reference": (
        nothing_is_invented,
        good(journal_with(handed(2, 400, fate=Fate.CONFLICT))),
    ),
    "a message shown twice": (
        nobody_sees_a_message_twice,
        good(journal_with(msgspec.structs.replace(handed(2, 400), ref=ref(9)))),
    ),
    "a repeat without a crash": (
        every_repeat_has_a_reason,
        good(journal_with(handed(2, 400, fate=Fate.REPEAT))),
    ),
    "two repeats, one crash": (
        every_repeat_has_a_reason,
        good(
            journal_with(handed(2, 5_000, fate=Fate.REPEAT), handed(2, 9_000, fate=Fate.REPEAT)),
            faults=[Fault(Millis(3_000), Millis(3_000), "killed")],
        ),
    ),
    "a crash after the repeat": (
        every_repeat_has_a_reason,
        good(journal_with(handed(2, 400, fate=Fate.REPEAT)), faults=[Fault(Millis(500), Millis(500), "killed")]),
    ),
    "disorder": (
        lanes_keep_their_order,
        good([handed(2, 115), handed(1, 215)]),
    ),
    "a broken pace": (paces_are_kept, good(pace_ms=101)),
    "a repeat that breaks the pace": (
        paces_are_kept,
        good(journal_with(handed(2, 230, fate=Fate.REPEAT))),
    ),
    "a delay cut short": (
        delays_are_kept,
        good(ask=[with_change(asked(1), gap_ms=200), with_change(asked(2), gap_ms=200)]),
    ),
    "a message that left too early": (
        nothing_leaves_before_it_is_due,
        good(ask=[asked(1), with_change(asked(2), due_at=Millis(216))]),
    ),
    "a cancelled message that left": (
        cancelled_means_cancelled,
        good(ask=[asked(1), with_change(asked(2), cancel=Cancel.DONE)]),
    ),
    "a late owner": (
        late_owners_hand_over_nothing,
        good(
            journal_with(
                SessionOpened(t=Millis(300), device=DEVICE, session=2, note=SECOND),
                handed(2, 400, fate=Fate.REPEAT, note=FIRST),
            )
        ),
    ),
    "two owners": (
        late_owners_hand_over_nothing,
        good(journal_with(SessionOpened(t=Millis(300), device=DEVICE, session=2, note="bbbb:1"))),
    ),
    "one message in two rows": (
        one_call_makes_one_message,
        good(rows=[row(1), row(2), row(2)._replace(id=MessageId(3)), heard(1), heard(2)]),
    ),
    "an accepted message without a row": (one_call_makes_one_message, good(rows=[row(1), heard(1), heard(2)])),
    "a row that nobody asked for": (
        one_call_makes_one_message,
        good(rows=[row(1), row(2), row(3), heard(1), heard(2)]),
    ),
    "one key with two answers": (
        one_call_makes_one_message,
        good(ask=[asked(1), with_change(asked(2), repeats={MessageId(2), MessageId(5)})]),
    ),
    "called sent, and the network never said so": (
        states_are_true,
        good([handed(1, 115), *told(1, 120), handed(2, 215)]),
    ),
    "read, and merpati does not know": (states_are_true, good(rows=[row(1), row(2, MessageState.SENT)])),
    "left in the outbox": (states_are_true, good(rows=[row(1), row(2, is_open=True)])),
    "queued, and in no outbox": (
        states_are_true,
        good([handed(1, 115), *told(1, 120)], rows=[row(1), row(2, MessageState.QUEUED)]),
    ),
    "cancelled by nobody": (states_are_true, good(rows=[row(1), row(2, MessageState.CANCELLED)])),
    "cancelled after the hand-over": (
        states_are_true,
        good(
            [*journal_without(2), handed(2, 215)],
            ask=[asked(1), with_change(asked(2), cancel=Cancel.UNKNOWN)],
            rows=[row(1), row(2, MessageState.CANCELLED)],
        ),
    ),
    "a state that falls": (
        states_only_climb,
        good(log=facts(("MessageRead", 1), ("MessageSent", 1))),
    ),
    "a fact twice": (states_only_climb, good(log=facts(("MessageSent", 1), ("MessageSent", 1)))),
    "a gap in the log": (the_log_has_no_gaps, good(log=[*LOG[:3], *LOG[4:]])),
    "an incoming message lost": (what_people_say_is_stored_once, good(rows=[row(1), row(2), heard(1)])),
    "an incoming message twice": (
        what_people_say_is_stored_once,
        good(rows=[row(1), row(2), heard(1), heard(2), heard(2)]),
    ),
    "incoming messages out of order": (
        what_people_say_is_stored_once,
        good(log=facts(("MessageReceived", 2), ("MessageReceived", 1))),
    ),
    "a fact that no webhook told": (every_fact_is_told, good(calls=calls_of(LOG)[1:])),
    "a fact that the receiver refused": (
        every_fact_is_told,
        good(calls=[calls_of(LOG)[0]._replace(status=500), *calls_of(LOG)[1:]]),
    ),
    "a webhook of no fact": (
        every_fact_is_told,
        good(calls=[*calls_of(LOG), Call(Millis(9), DEVICE, "1-99", b"", 200)]),
    ),
    "one id with two bodies": (
        a_repeat_is_the_same,
        good(calls=[*calls_of(LOG), calls_of(LOG)[0]._replace(body=b"other")]),
    ),
    "webhooks out of order": (each_device_is_told_in_order, good(calls=calls_of(LOG)[::-1])),
}


@pytest.mark.parametrize("planted", WRONG)
def test_the_judge_notices(planted: str) -> None:
    """A planted wrong is named by the law that it breaks."""
    law, case = WRONG[planted]
    assert list(law(case)), f"{law.__name__} does not notice {planted}"


def test_the_judge_is_content_with_a_good_run() -> None:
    """Nothing is said against a run in which all is well."""
    assert complaints(good()) == []


def test_a_repeat_after_a_crash_is_no_fault_and_is_counted_with_its_reason() -> None:
    """One crash explains one more hand-over of the same reference, and the table says so."""
    crash = Fault(Millis(300), Millis(300), "killed", "after_ack")
    again = handed(2, 2_500, fate=Fate.REPEAT, note=SECOND)
    case = good(
        journal_with(SessionOpened(t=Millis(2_400), device=DEVICE, session=2, note=SECOND), again), faults=[crash]
    )
    assert complaints(case) == []
    shown = table(case, "a run").splitlines()
    assert any("handed over 2 times" in line and line.endswith(" 1") for line in shown)
    assert any("again because killed at after_ack" in line for line in shown)


def test_messages_asked_for_at_the_same_time_have_no_order() -> None:
    """Only who was accepted before the other was asked for must leave first."""
    case = good([handed(2, 115), handed(1, 215)], ask=[asked(1, at=100), asked(2, at=105)])
    assert list(lanes_keep_their_order(case)) == []


def test_what_is_not_due_or_was_cancelled_is_not_lost() -> None:
    """A message for next year, and one taken back, never reach the network, and that is right."""
    later, gone = with_change(asked(3), due_at=Millis(DAY)), with_change(asked(4), cancel=Cancel.DONE)
    assert list(nothing_is_lost(good(ask=[asked(1), asked(2), later, gone]))) == []
