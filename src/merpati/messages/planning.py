"""From a request to what is stored: everything drawn and rendered here, once: a repeat stores the same. Pure.

Source: Fonnte docs, API send message: `schedule`, `followup` (seconds added), `delay` (each target after the one
before, the first too), `data` (one call, many elements), `sequence` (strict order, without the three).
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, BatchId, JobId, MessageId, RequestId, WireRef
from merpati.messages.delay import draw_gap
from merpati.messages.model import Batch, BatchPlan, Draft, HoldReason, PartTarget, Priority, SendItem, Target
from merpati.messages.targets import MOST_TARGETS, render, render_content, text_of
from merpati.transports.interactive import Template
from merpati.transports.limits import check_alone, most_words

MOST_DRAFTS = 200
"""Messages that one transaction makes; a call with more becomes a batch with parts of so many."""
MOST_TEXT = 60_000
"""Characters (code points) of a text after rendering. Fonnte counts some as several, so it accepts no more."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What is given to a call before it is planned."""

    account: AccountId
    request: RequestId
    first: MessageId
    """Begins a range of ids, one for each target."""
    batch: BatchId
    """Used when there are more than `MOST_DRAFTS` targets; so is `job`."""
    job: JobId
    now: Millis


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a call comes to: either drafts, or a batch."""

    drafts: tuple[Draft, ...] = ()
    batches: tuple[Batch, ...] = ()


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What all messages of a call share."""

    account: AccountId
    request: RequestId
    batch: BatchId | None
    priority: Priority
    queued_at: int


def count_targets(items: Sequence[SendItem]) -> int:
    """How many messages the call makes; raises `Refusal(INPUT_INVALID)` for more than `MOST_TARGETS`."""
    count = sum(len(item.targets) for item in items)
    if count > MOST_TARGETS:
        raise Refusal(Code.INPUT_INVALID, field="target")
    return count


def plan_call(items: Sequence[SendItem], origin: Origin, rng: random.Random) -> Plan:
    """The messages of a call, in order: message n has the id `origin.first + n`.

    Elements with the same schedule and followup share one line of delays, so that `data` of three elements with
    delays 0, 2 and 1 is sent at 0, 2 and 3 seconds; an element without a delay waits for none before it.
    """
    count = count_targets(items)
    placed = list(_place(items, origin, rng))
    if count > MOST_DRAFTS:
        return Plan(batches=(_batch(placed, origin),))
    call = Call(
        account=origin.account,
        request=origin.request,
        batch=None,
        priority=Priority.SINGLE if count == 1 else Priority.BULK,
        queued_at=origin.now,
    )
    return Plan(drafts=tuple(_drafts(call, origin.first, placed)))


def make_drafts(call: Call, shared: BatchPlan, first: MessageId, part: Sequence[PartTarget]) -> tuple[Draft, ...]:
    """The messages of one part of a batch; `first` is the id of the part's first one."""
    return tuple(_drafts(call, first, [(target.plan or shared, target) for target in part]))


_Placed = tuple[BatchPlan, PartTarget]


def _place(items: Sequence[SendItem], origin: Origin, rng: random.Random) -> Iterator[_Placed]:
    line: dict[int, int] = {}
    for item in items:
        plan = _plan_of(item, origin)
        start_at = _start_of(item, origin.now)
        for target, device in zip(item.targets, item.devices, strict=True):
            check_rendered(item, target)
            due_at, gap_ms = start_at, None
            if item.delay and not item.sequence:
                gap_ms = draw_gap(item.delay, rng)
                due_at = line[start_at] = line.get(start_at, start_at) + gap_ms
            yield plan, PartTarget(device, target.address, due_at, gap_ms, draw_ref(rng), target.values)


def _drafts(call: Call, first: MessageId, placed: Sequence[_Placed]) -> Iterator[Draft]:
    for id_, (plan, target) in enumerate(placed, first):
        yield Draft(
            id=MessageId(id_),
            account=call.account,
            device=target.device,
            chat=target.address,
            name=target.values[0] if target.values else "",
            content=render_content(plan.content, target.values),
            options=plan.options,
            media=plan.media,
            wire_ref=target.wire_ref,
            request=call.request,
            batch=call.batch,
            priority=call.priority,
            schedule_at=plan.schedule_at,
            queued_at=call.queued_at,
            due_at=target.due_at,
            gap_ms=target.gap_ms,
            sequence=plan.sequence,
            hold=plan.hold if target.due_at > call.queued_at else None,
        )


def draw_ref(rng: random.Random) -> WireRef:
    """A message's reference on the wire, in the form that WhatsApp's own web client gives its ids."""
    return WireRef(f"3EB0{rng.getrandbits(72):018X}")


def _start_of(item: SendItem, now: Millis) -> int:
    if item.sequence:
        return now
    return max(now, item.schedule_at or 0) + item.followup_ms


def _plan_of(item: SendItem, origin: Origin) -> BatchPlan:
    return BatchPlan(
        content=item.content,
        options=item.options,
        media=item.media,
        schedule_at=None if item.sequence else item.schedule_at,
        sequence=origin.request if item.sequence else None,
        hold=None if item.sequence else _hold(item, origin.now),
    )


def _hold(item: SendItem, now: Millis) -> HoldReason | None:
    reasons = (
        (HoldReason.SCHEDULE, (item.schedule_at or 0) > now),
        (HoldReason.FOLLOWUP, item.followup_ms > 0),
        (HoldReason.DELAY, item.delay is not None),
    )
    return next((reason for reason, holds in reasons if holds), None)


def check_rendered(item: SendItem, target: Target) -> None:
    """Refuse what the target's variables make too long; raises `Refusal` (TEXT_TOO_LONG; of a template, what
    `check_alone` raises)."""
    if isinstance(item.content, Template):
        rendered = render_content(item.content, target.values)
        if isinstance(rendered, Template) and rendered is not item.content:
            check_alone(rendered)
        return
    text = text_of(item.content)
    most = min(most_words(item.content) or MOST_TEXT, item.most_words)
    roughly = len(text) + len(text) // 6 * max(map(len, target.values), default=0)
    if roughly > most and len(render(text, target.values)) > most:
        raise Refusal(Code.TEXT_TOO_LONG, most=most)


def _batch(placed: Sequence[_Placed], origin: Origin) -> Batch:
    shared = Counter(plan for plan, _ in placed).most_common(1)[0][0]
    targets = [target if plan == shared else msgspec.structs.replace(target, plan=plan) for plan, target in placed]
    return Batch(
        id=origin.batch,
        account=origin.account,
        request=origin.request,
        first=origin.first,
        plan=shared,
        parts=tuple(tuple(targets[n : n + MOST_DRAFTS]) for n in range(0, len(targets), MOST_DRAFTS)),
        queued_at=origin.now,
        job=origin.job,
    )
