"""`/messages`: the history, how many there are, and everything about one."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec
from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter

from merpati.api.gateway import Gateway
from merpati.api.v1 import access
from merpati.api.v1.card_shapes import show_contacts, show_kind, show_reaction
from merpati.api.v1.interactive_shapes import show_choice, show_interactive
from merpati.api.v1.message_shapes import (
    KINDS,
    CostAnswer,
    Direction,
    FileAnswer,
    MessageAnswer,
    MessageRow,
    PollAnswer,
    last_of,
    show_can,
    show_change,
    show_held,
    show_location,
    show_row,
    show_why,
    state_word,
    words_in,
)
from merpati.api.v1.message_steps import show_ahead, show_step
from merpati.api.v1.needs import TheGateway, ThePrincipal
from merpati.api.v1.paging import LAST_ID, USUAL, Cursor, Limit, Page, page_of, position
from merpati.api.v1.principal import Principal
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import PREFIX, Answer, instant, maybe, millis
from merpati.api.v1.windows import show_window
from merpati.api.windowing import find_window
from merpati.core.address import parse_first_digits
from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import DeviceId, MessageId
from merpati.devices.model import Device
from merpati.devices.views import find_device
from merpati.messages.authored import ChangeKind
from merpati.messages.finding import MOST_COUNTED, count_chips, list_messages, search_anything
from merpati.messages.history import HistoryRow, Search
from merpati.messages.media import find_media_of
from merpati.messages.model import Media as MediaRow
from merpati.messages.model import MessageState, StoredContent
from merpati.messages.own_changes import NEITHER, May, may_of
from merpati.messages.thumbnails import is_picture
from merpati.messages.views import MessageView, why_waiting
from merpati.messages.waiting import Waiting
from merpati.messages.windows import Window
from merpati.storage.port import Tx
from merpati.transports.interactive import file_of
from merpati.transports.port import Poll


class StateFilter(StrEnum):
    """A state, or one of two kinds of queued ones: kept back for any reason, kept back by a schedule."""

    HELD = "held"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNCERTAIN = "uncertain"
    RECEIVED = "received"


Text: TypeAlias = Annotated[
    str | None,
    QueryParameter(max_length=200, description="A number or its first digits, an id, or words of name or text."),
]
Number: TypeAlias = Annotated[
    str | None, QueryParameter(max_length=40, description="A number or its first digits.")
]
OfDevice: TypeAlias = Annotated[int | None, QueryParameter(ge=1, le=LAST_ID, description="The id of a device.")]
OfBatch: TypeAlias = Annotated[
    int | None, QueryParameter(ge=1, le=LAST_ID, description="The id of a batch: those of it that are made.")
]
InState: TypeAlias = Annotated[StateFilter | None, QueryParameter(name="state", description="In this state.")]
From: TypeAlias = Annotated[
    datetime | None,
    QueryParameter(name="from", description="Accepted at or after this time (RFC 3339, with a zone)."),
]
To: TypeAlias = Annotated[
    datetime | None, QueryParameter(name="to", description="Accepted before this time (RFC 3339, with a zone).")
]


class CountsAnswer(Answer, frozen=True, kw_only=True):
    """How many messages there are of each kind. Nothing is counted further than `most`: more are `most + 1`."""

    most: int
    all: int
    held: int
    scheduled: int
    queued: int
    sending: int
    failed: int
    cancelled: int
    expired: int
    uncertain: int


@get(
    "/",
    operation_id="listMessages",
    summary="List messages",
    responses=refusals(Code.CURSOR_INVALID, Code.BATCH_UNKNOWN),
)
async def get_messages(
    gateway: TheGateway,
    principal: ThePrincipal,
    q: Text = None,
    number: Number = None,
    device: OfDevice = None,
    batch: OfBatch = None,
    in_state: InState = None,
    direction: FromQuery[Direction | None] = None,
    since: From = None,
    until: To = None,
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[MessageRow]:
    """The history, newest first. Conditions add up; words are whole words."""
    search = Search(
        account=principal.account.id,
        device=DeviceId(device) if device is not None else None,
        among=principal.devices,
        incoming=direction is Direction.IN if direction is not None else None,
        number=parse_first_digits(number) if number and number.strip() else None,
        from_at=_time("from", since),
        to_at=_time("to", until),
        span=await _span(gateway, principal, batch),
        after=_after(cursor),
        limit=limit + 1,
    )
    search = _in_state(search, in_state)
    rows = await gateway.storage.read(_list, search, q.strip() if q else "")
    return page_of(rows, limit, show_row, _key)


def _time(name: str, given: datetime | None) -> Millis | None:
    """Raises `Refusal(INPUT_INVALID)` where no zone is given: nobody knows which was meant."""
    if given is not None and given.tzinfo is None:
        raise Refusal(Code.INPUT_INVALID, field=name)
    return None if given is None else millis(given)


async def _span(gateway: Gateway, principal: Principal, batch: int | None) -> tuple[MessageId, MessageId] | None:
    if batch is None:
        return None
    found = await access.batch(gateway, principal, batch)
    return found.first, MessageId(found.first + found.count)


def _after(cursor: str | None) -> tuple[int, int] | None:
    if cursor is None:
        return None
    queued_at, id_ = position(cursor, (LAST_ID, LAST_ID))
    return queued_at, id_


def _key(found: tuple[HistoryRow, Waiting | None]) -> tuple[int, ...]:
    return found[0].queued_at, found[0].id


def _in_state(search: Search, state: StateFilter | None) -> Search:
    if state is None:
        return search
    if state in _WAITING:
        return msgspec.structs.replace(search, **{state: True})
    return msgspec.structs.replace(search, state=MessageState[state.name])


_WAITING = frozenset({StateFilter.HELD, StateFilter.SCHEDULED})


async def _list(tx: Tx, search: Search, text: str) -> list[tuple[HistoryRow, Waiting | None]]:
    return await list_messages(tx, await search_anything(tx, search, text) if text else search)


@get("/counts", operation_id="countMessages", summary="Count messages")
async def get_counts(
    gateway: TheGateway,
    principal: ThePrincipal,
    device: OfDevice = None,
    since: From = None,
    until: To = None,
) -> CountsAnswer:
    """How many there are of each kind, as `listMessages` with the same conditions would list them."""
    search = Search(
        account=principal.account.id,
        device=DeviceId(device) if device is not None else None,
        among=principal.devices,
        from_at=_time("from", since),
        to_at=_time("to", until),
    )
    counts = await gateway.storage.read(count_chips, search)
    return CountsAnswer(most=MOST_COUNTED, **msgspec.structs.asdict(counts))


class Told(msgspec.Struct, frozen=True):
    """A message with its device, and what it waits for."""

    message: MessageView
    device: Device | None
    waiting: Waiting | None
    media: MediaRow | None
    """Its file, where it is still kept."""


async def _tell(tx: Tx, message: MessageView) -> Told:
    return Told(
        message,
        await find_device(tx, message.device),
        await why_waiting(tx, message),
        await find_media_of(tx, message.content, message.account),
    )


async def answer_message(gateway: Gateway, principal: Principal, id_: int) -> MessageAnswer:
    """Everything about a message as it is now; raises `Refusal(MESSAGE_UNKNOWN)`."""
    message = await access.message(gateway, principal, id_)
    told = await gateway.storage.read(_tell, message)
    window = await find_window(gateway, told.device, message.chat) if told.device is not None else None
    return _show(told, window, await _may(gateway, told))


async def _may(gateway: Gateway, told: Told) -> May:
    if told.device is None or told.message.incoming:
        return NEITHER
    caps = gateway.capabilities[told.device.transport]
    return await gateway.storage.read(may_of, told.message.id, caps, gateway.clock.now())


def _show(told: Told, window: Window | None, may: May) -> MessageAnswer:
    message, content = told.message, told.message.content
    return MessageAnswer(
        id=message.id,
        direction=Direction.IN if message.incoming else Direction.OUT,
        device=message.device,
        to=message.chat,
        name=message.name,
        text=words_in(content),
        content=KINDS[type(content)],
        state=state_word(message.state),
        code=message.code or None,
        held=show_held(told.waiting),
        accepted_at=instant(Millis(message.queued_at)),
        due_at=maybe(message.due_at),
        state_at=instant(Millis(message.state_at)),
        request=message.request or None,
        typed=message.typed,
        edited_at=last_of(ChangeKind.EDITED, message.changes),
        revoked_at=last_of(ChangeKind.REVOKED, message.changes),
        location=show_location(content),
        poll=_poll(content),
        file=_file(told),
        interactive=show_interactive(content),
        choice=show_choice(content),
        contacts=show_contacts(content),
        reaction=show_reaction(content),
        not_shown=show_kind(content),
        window=show_window(window),
        notes=list(message.notes),
        schedule_at=maybe(message.schedule_at),
        reply_to=message.reply_to,
        wire_ref=message.wire_ref or None,
        wa_id=message.wa_id,
        cost=CostAnswer(category=message.cost.category, free=message.cost.free) if message.cost else None,
        changes=[show_change(change) for change in message.changes],
        timeline=[show_step(step) for step in message.steps],
        ahead=show_ahead(message.state, told.waiting),
        why=show_why(told.waiting, told.device),
        can=show_can(message.state, told.waiting, may),
    )


def _poll(content: StoredContent) -> PollAnswer | None:
    if not isinstance(content, Poll):
        return None
    return PollAnswer(
        name=content.name, question=content.question, choices=list(content.choices), several=content.several
    )


def _file(told: Told) -> FileAnswer | None:
    file, media = file_of(told.message.content), told.media
    if file is None:
        return None
    is_shown = media is not None and is_picture(media)
    return FileAnswer(
        kind=file.kind,
        mime=file.mime,
        size_bytes=file.size_bytes,
        filename=file.filename,
        thumbnail=f"{PREFIX}/messages/{told.message.id}/thumbnail" if is_shown else None,
    )


@get(
    "/{message_id:int}",
    operation_id="getMessage",
    summary="One message",
    responses=refusals(Code.MESSAGE_UNKNOWN),
)
async def get_message(gateway: TheGateway, principal: ThePrincipal, message_id: FromPath[int]) -> MessageAnswer:
    """Everything about a message: what it holds, its life so far, why it waits, and what may be done to it."""
    return await answer_message(gateway, principal, message_id)
