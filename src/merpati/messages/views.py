"""Reads: a message's status, its timeline, the history."""

from collections.abc import Sequence

import msgspec

from merpati.core.ids import AccountId, Address, DeviceId, MessageId, RequestId, WaId, WireRef
from merpati.devices.views import find_devices
from merpati.messages import store_batches, store_outbox, store_search
from merpati.messages import store_history as store
from merpati.messages.authored import Changed, changes_of
from merpati.messages.batches import unmade_draft
from merpati.messages.costs import read_cost
from merpati.messages.history import HistoryRow, Search, Step, StepKind
from merpati.messages.model import Draft, MessageState, Note, OpenRow, Options, StoredContent
from merpati.messages.waiting import Waiting, kept_back, waits_in
from merpati.storage.clock import database_now
from merpati.storage.port import Tx
from merpati.transports.port import Cost

_options = msgspec.json.Decoder(Options)


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Where a message is now. `due_at` is 0 when it has left the outbox."""

    message: MessageId
    device: DeviceId
    state: MessageState
    code: str
    due_at: int


class Page(msgspec.Struct, frozen=True):
    """A page of the history, newest first; `next` continues it, None at the end."""

    rows: tuple[HistoryRow, ...]
    next: tuple[int, int] | None


_NO_STATES = frozenset({StepKind.HELD, StepKind.EDITED, StepKind.REVOKED})
"""Steps that change no state."""


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    """A message with everything that happened to it."""

    id: MessageId
    account: AccountId
    device: DeviceId
    incoming: bool
    chat: Address
    sender: Address
    """Of an incoming one, who wrote it; else empty."""
    name: str
    content: StoredContent
    state: MessageState
    code: str
    request: RequestId
    wire_ref: WireRef
    wa_id: WaId | None
    reply_to: WaId | None
    notes: tuple[Note, ...]
    schedule_at: int | None
    queued_at: int
    due_at: int
    """0: it has left the outbox."""
    steps: tuple[Step, ...]
    cost: Cost | None = None
    typed: bool = False
    """On the device's own phone: not sent by us."""
    changes: tuple[Changed, ...] = ()
    """What its author made of it, oldest first."""

    @property
    def state_at(self) -> int:
        """Since when it is in its state: the last that happened to it."""
        return next(step.at for step in reversed(self.steps) if step.kind not in _NO_STATES)


async def message_status(tx: Tx, devices: tuple[DeviceId, ...], message: MessageId) -> Status | None:
    """None when none of these devices has such a message. One that its batch has not made yet is queued."""
    row = await store.status_of(tx, message)
    if row is not None:
        device, state, code, sending, due_at = row
        state = MessageState.SENDING if sending else MessageState(state)
        status = Status(message=message, device=device, state=state, code=code, due_at=due_at)
    else:
        target = await store_batches.unmade_target(tx, message)
        if target is None:
            return None
        status = Status(
            message=message, device=target.device, state=MessageState.QUEUED, code="", due_at=target.due_at
        )
    return status if status.device in devices else None


class OutboxSize(msgspec.Struct, frozen=True):
    """How full the outbox is; `oldest_due_at` is 0 when nothing is due."""

    queued: int
    due: int
    oldest_due_at: int


async def outbox_size(tx: Tx, now: int) -> OutboxSize:
    """How many messages are open, and how many of them are due at `now`."""
    return OutboxSize(*await store.outbox_size(tx, now))


async def being_handed_over(tx: Tx, devices: Sequence[DeviceId]) -> list[OpenRow]:
    """What the outbox says is being handed over by these devices."""
    return await store_outbox.sending_rows(tx, devices)


async def overdue_devices(tx: Tx, before: int) -> list[DeviceId]:
    """The devices with queued messages that were due before this instant."""
    return await store.overdue_devices(tx, before)


async def open_devices(tx: Tx) -> list[DeviceId]:
    """The devices that have open messages."""
    return await store.open_devices(tx)


async def show_message(tx: Tx, message: MessageId) -> MessageView | None:
    """A message and its timeline, oldest step first; None when there is none (or its batch has not made it yet)."""
    row = await store.whole_message(tx, message)
    if row is None:
        return None
    options = _options.decode(row.options)
    changes = await changes_of(tx, message)
    return MessageView(
        id=message,
        account=row.account,
        device=row.device,
        incoming=bool(row.direction),
        chat=row.chat,
        sender=row.sender,
        name=row.name,
        content=store.content_of(row.content),
        state=MessageState.SENDING if row.sending else MessageState(row.state),
        code=row.code,
        request=row.request,
        wire_ref=row.wire_ref,
        wa_id=row.wa_id,
        reply_to=options.reply_to,
        notes=options.notes,
        schedule_at=row.schedule_at,
        queued_at=row.queued_at,
        due_at=row.due_at,
        steps=_with_changes(await store.steps_of(tx, message, row), changes),
        cost=read_cost(row.cost),
        typed=bool(row.typed),
        changes=tuple(changes),
    )


def _with_changes(steps: Sequence[Step], changes: Sequence[Changed]) -> tuple[Step, ...]:
    made = [Step(change.at, StepKind(change.kind)) for change in changes]
    return tuple(sorted([*steps, *made], key=lambda step: step.at))


async def find_message(tx: Tx, message: MessageId) -> MessageView | None:
    """As `show_message`; of one that its batch has not made yet, what it will be."""
    made = await show_message(tx, message)
    if made is not None:
        return made
    draft = await unmade_draft(tx, message)
    return _view_of(draft) if draft is not None else None


def _view_of(draft: Draft) -> MessageView:
    steps = [Step(draft.queued_at, StepKind.ACCEPTED, str(int(draft.request)) if draft.request else "")]
    if draft.hold is not None:
        steps.append(Step(draft.queued_at, StepKind.HELD, draft.hold, until_at=draft.due_at))
    return MessageView(
        id=draft.id,
        account=draft.account,
        device=draft.device,
        incoming=False,
        chat=draft.chat,
        sender=Address(""),
        name=draft.name,
        content=draft.content,
        state=MessageState.QUEUED,
        code="",
        request=draft.request,
        wire_ref=draft.wire_ref,
        wa_id=None,
        reply_to=draft.options.reply_to,
        notes=draft.options.notes,
        schedule_at=draft.schedule_at,
        queued_at=draft.queued_at,
        due_at=draft.due_at,
        steps=tuple(steps),
    )


async def why_waiting(tx: Tx, message: MessageView) -> Waiting | None:
    """What a queued message waits for; None: it waits for nothing of ours."""
    if message.state is not MessageState.QUEUED:
        return None
    now = await database_now(tx)
    device = (await find_devices(tx, [message.device])).get(message.device)
    hold = (await store_search.newest_holds(tx, [message.id])).get(message.id)
    kept = kept_back(message.due_at, hold, device is not None and device.connected, now)
    return kept or waits_in(await store_outbox.line_of(tx, message.id), now)


async def search_history(tx: Tx, search: Search) -> Page:
    """One page of what `search` asks for."""
    rows = await store_search.find_messages(tx, search)
    more = len(rows) == search.limit
    return Page(tuple(rows), (rows[-1].queued_at, rows[-1].id) if more else None)
