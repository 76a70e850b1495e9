"""From a request to drafts and batches (Fonnte docs, API send message: schedule, delay, followup, data …)."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, Address, BatchId, DeviceId, JobId, MessageId, RequestId
from merpati.messages.model import DelayRange, Draft, HoldReason, Note, Options, Priority, SendItem, Target
from merpati.messages.planning import MOST_DRAFTS, MOST_TEXT, Call, Origin, Plan, make_drafts, plan_call
from merpati.messages.targets import MOST_TARGETS
from merpati.transports.port import Text

NOW = Millis(1_700_000_000_000)
ORIGIN = Origin(
    account=AccountId(1), request=RequestId(77), first=MessageId(1_000), batch=BatchId(5), job=JobId(6), now=NOW
)
LATER = NOW + 3_600_000


def item(count: int = 1, text: str = "halo", **more: object) -> SendItem:
    targets = tuple(Target(Address(f"62812{n:07}"), (f"name {n}", "x")) for n in range(count))
    return SendItem(targets=targets, devices=(DeviceId(9),) * count, content=Text(body=text), **more)  # type: ignore[arg-type]  # a table of keywords


def plan(*items: SendItem, seed: int = 1) -> Plan:
    return plan_call(items, ORIGIN, random.Random(seed))


def all_drafts(plan: Plan) -> list[Draft]:
    """The drafts of a plan; a batch's parts made one after another, as its job does."""
    drafts = list(plan.drafts)
    for batch in plan.batches:
        call = Call(
            account=batch.account,
            request=batch.request,
            batch=batch.id,
            priority=Priority.BULK,
            queued_at=batch.queued_at,
        )
        first = batch.first
        for part in batch.parts:
            drafts += make_drafts(call, batch.plan, first, part)
            first = MessageId(first + len(part))
    return drafts


TEN_S = DelayRange(10_000, 10_000)
DUES = [
    (item(), NOW, None, None),
    (item(schedule_at=LATER), LATER, None, HoldReason.SCHEDULE),
    (item(schedule_at=NOW - 5_000), NOW, None, None),
    (item(followup_ms=60_000), NOW + 60_000, None, HoldReason.FOLLOWUP),
    (item(delay=TEN_S), NOW + 10_000, 10_000, HoldReason.DELAY),
    (item(schedule_at=LATER, followup_ms=500, delay=TEN_S), LATER + 10_500, 10_000, HoldReason.SCHEDULE),
    (item(schedule_at=LATER, followup_ms=500, delay=TEN_S, sequence=True), NOW, None, None),
]


@pytest.mark.parametrize(("asked", "due_at", "gap_ms", "hold"), DUES)
def test_due_is_schedule_plus_followup_plus_delay(
    asked: SendItem, due_at: int, gap_ms: int | None, hold: HoldReason | None
) -> None:
    """Each alone, all together, and none of them in a strict sequence; what holds the message is named."""
    (draft,) = plan(asked).drafts

    assert (draft.due_at, draft.gap_ms, draft.hold) == (due_at, gap_ms, hold)


def test_a_draft_carries_what_its_target_says() -> None:
    """Ids in order of the targets, names, rendered texts, the call's request."""
    first, second = plan(item(2, "Hi {name} {var1} {var2}", options=Options(notes=(Note.BUTTONS_NOT_SENT,)))).drafts

    assert (first.id, second.id) == (1_000, 1_001)
    assert (first.name, second.name) == ("name 0", "name 1")
    assert second.content == Text(body="Hi name 1 x {var2}")
    assert second.request == 77
    assert second.options.notes == (Note.BUTTONS_NOT_SENT,)
    assert first.batch is None


def test_one_target_goes_before_bulk() -> None:
    """A call's elements count together: two single targets are bulk."""
    assert [d.priority for d in plan(item()).drafts] == [Priority.SINGLE]
    assert {d.priority for d in plan(item(), item()).drafts} == {Priority.BULK}
    assert {d.priority for d in plan(item(2)).drafts} == {Priority.BULK}


def test_elements_of_data_wait_one_after_another() -> None:
    """The documentation's example: delays none, 2 and 1 are sent at 0, 2 and 3 seconds."""
    drafts = plan(item(), item(delay=DelayRange(2_000, 2_000)), item(delay=DelayRange(1_000, 1_000))).drafts

    assert [d.due_at - NOW for d in drafts] == [0, 2_000, 3_000]


def test_an_element_of_tomorrow_does_not_delay_one_of_now() -> None:
    """The line of delays is kept per starting time."""
    drafts = plan(
        item(schedule_at=LATER, delay=TEN_S), item(delay=TEN_S), item(schedule_at=LATER, delay=TEN_S)
    ).drafts

    assert [d.due_at for d in drafts] == [LATER + 10_000, NOW + 10_000, LATER + 20_000]


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(1, 300), st.integers())
def test_each_target_is_due_one_gap_after_the_one_before(low: int, wide: int, count: int, seed: int) -> None:
    """The first one waits as well; every gap is in the range, and dues are the sum of the gaps."""
    drafts = all_drafts(plan(item(count, delay=DelayRange(low, low + wide)), seed=seed))

    before = int(NOW)
    for draft in drafts:
        assert draft.gap_ms is not None
        assert low <= draft.gap_ms <= low + wide
        assert draft.due_at == before + draft.gap_ms
        before = draft.due_at


def test_a_strict_sequence_is_named_after_its_request() -> None:
    """The outbox keeps the order of what has the same sequence."""
    assert {d.sequence for d in plan(item(3, sequence=True)).drafts} == {77}
    assert {d.sequence for d in plan(item(3)).drafts} == {None}


def test_a_reference_looks_like_whatsapps_own_and_is_never_drawn_twice() -> None:
    """3EB0 and 18 upper-case hex digits."""
    refs = [d.wire_ref for d in plan(item(200)).drafts]

    assert len(set(refs)) == 200
    assert all(len(ref) == 22 and ref.startswith("3EB0") and ref == ref.upper() for ref in refs)
    assert all(int(ref, 16) for ref in refs)


def test_two_hundred_targets_are_drafts_and_one_more_is_a_batch() -> None:
    """A batch's messages are made later, a part at a time, with ids known now."""
    assert len(plan(item(MOST_DRAFTS)).drafts) == MOST_DRAFTS

    planned = plan(item(MOST_DRAFTS + 1))
    (batch,) = planned.batches

    assert planned.drafts == ()
    assert [len(part) for part in batch.parts] == [MOST_DRAFTS, 1]
    assert (batch.id, batch.job, batch.first, batch.count) == (5, 6, 1_000, MOST_DRAFTS + 1)


@given(st.integers(0, 2**32), st.lists(st.integers(1, 90), min_size=3, max_size=6))
def test_a_batch_comes_to_the_same_messages_as_drafts_would(seed: int, counts: list[int]) -> None:
    """Planned at once or in parts, the messages differ in nothing but their batch."""
    items = [
        item(count, f"{n % 2} {{name}}", delay=DelayRange(0, n * 1_000) if n else None, schedule_at=LATER * (n % 2))
        for n, count in enumerate(counts)
    ]
    apart = all_drafts(plan(*items, seed=seed))
    total = sum(counts)

    assert [d.id for d in apart] == list(range(1_000, 1_000 + total))
    assert [d.content for d in apart] == [
        Text(body=f"{n % 2} name {k}") for n, count in enumerate(counts) for k in range(count)
    ]
    assert all((d.batch == 5) == (total > MOST_DRAFTS) for d in apart)
    assert all((d.hold is None) == (d.due_at == NOW) for d in apart)


def test_elements_with_their_own_text_keep_it_in_a_batch() -> None:
    """`data` with hundreds of elements: what differs rides with its target, what is shared is stored once."""
    planned = plan(item(MOST_DRAFTS, "shared"), item(1, "own"), item(1, "shared"))
    (batch,) = planned.batches

    assert batch.plan.content == Text(body="shared")
    assert [target.plan is None for target in batch.parts[1]] == [False, True]
    assert [d.content for d in all_drafts(planned)][-2:] == [Text(body="own"), Text(body="shared")]


def test_more_than_a_hundred_thousand_targets_are_refused() -> None:
    """All elements of the call together."""
    half = item(MOST_TARGETS // 2)

    with pytest.raises(Refusal) as refused:
        plan(half, half, item())

    assert refused.value.code is Code.INPUT_INVALID


def test_a_text_that_its_variables_make_too_long_is_refused() -> None:
    """The limit holds for what is sent."""
    long_name = Target(Address("628123456789"), ("x" * 10,))
    text = "x" * (MOST_TEXT - 10)
    fits = SendItem(targets=(long_name,), devices=(DeviceId(9),), content=Text(body=text + "{name}"))
    breaks = SendItem(targets=(long_name,), devices=(DeviceId(9),), content=Text(body=text + "{name}!"))

    assert len(plan(fits).drafts) == 1
    with pytest.raises(Refusal) as refused:
        plan(breaks)
    assert refused.value.code is Code.TEXT_TOO_LONG
