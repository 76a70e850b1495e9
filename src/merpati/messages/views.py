"""Reads: a message's status, its timeline, the history."""

from collections.abc import Sequence

import msgspec

from merpati.core.ids import AccountId, Address, DeviceId, MessageId, RequestId, WaId
from merpati.messages import store_batches, store_outbox
from merpati.messages import store_history as store
from merpati.messages.history import HistoryRow, Search, Step
from merpati.messages.model import MessageState, Note, OpenRow, Options, StoredContent
from merpati.storage.port import Tx

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


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    """A message with everything that happened to it."""

    id: MessageId
    account: AccountId
    device: DeviceId
    incoming: bool
    chat: Address
    name: str
    content: StoredContent
    state: MessageState
    code: str
    request: RequestId
    wa_id: WaId | None
    notes: tuple[Note, ...]
    steps: tuple[Step, ...]


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


async def show_message(tx: Tx, message: MessageId) -> MessageView | None:
    """A message and its timeline, oldest step first; None when there is none (or its batch has not made it yet)."""
    row = await store.whole_message(tx, message)
    if row is None:
        return None
    options = _options.decode(row.options)
    return MessageView(
        id=message,
        account=row.account,
        device=row.device,
        incoming=bool(row.direction),
        chat=row.chat,
        name=row.name,
        content=store.content_of(row.content),
        state=MessageState.SENDING if row.sending else MessageState(row.state),
        code=row.code,
        request=row.request,
        wa_id=row.wa_id,
        notes=options.notes,
        steps=tuple(await store.steps_of(tx, message, row)),
    )


async def search_history(tx: Tx, search: Search) -> Page:
    """One page of what `search` asks for."""
    rows = await store.find_messages(tx, search)
    more = len(rows) == search.limit
    return Page(tuple(rows), (rows[-1].queued_at, rows[-1].id) if more else None)
