"""What people write to the devices of this node: its file kept, stored with its fact, forwarded, marked as read."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeGuard

import msgspec

from merpati.core.clock import Clock, Millis
from merpati.core.crashpoint import crashpoint
from merpati.core.facts import ReceivedFile
from merpati.core.ids import Address, DeviceId, MediaId, MessageId, RequestId
from merpati.devices.hearing import ChatKind, is_heard, is_read, kind_of_chat
from merpati.devices.model import Device
from merpati.messages.file_limits import FileLimits
from merpati.messages.inbound import RECEIVE, Incoming
from merpati.messages.model import Draft, Note, Options, Priority, StoredContent, Vote
from merpati.messages.planning import draw_ref
from merpati.messages.receiving import KeptMedia, awaited_file, keep_received
from merpati.messages.typed import TYPED, Typed
from merpati.storage.files import FileStore
from merpati.storage.ids import Ids
from merpati.storage.lane import HotLane
from merpati.storage.port import OutcomeUnknown, StorageError
from merpati.transports.cards import UNDECRYPTABLE, NotShown
from merpati.transports.port import FromPhone, Identity, Inbound, Media, PollVote, Received, SendError, Transport


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """Where files that come are kept, which, and for how long (milliseconds)."""

    files: FileStore
    spool: Path
    """On the file system of the data folder."""
    limits: FileLimits
    keep_ms: int


class Receiving:
    """Takes in messages and votes; `wake` is told that a device has something to send."""

    def __init__(
        self, lane: HotLane, ids: Ids, clock: Clock, shelf: Shelf, wake: Callable[[DeviceId, int], None]
    ) -> None:
        self._lane, self._ids, self._clock, self._shelf, self._wake = lane, ids, clock, shelf, wake
        self._rng = random.SystemRandom()

    async def take_in(self, device: Device, event: Inbound | PollVote | FromPhone, transport: Transport) -> None:
        """Returns when it is stored, and marked as read where the device's settings say so.

        May run twice: the same message is there once, forwarded once, and marked again; one that was stored without
        its file gets it. As the network forgets it only when this has returned, a crash leaves no message unread.
        What its owner typed on the phone is stored as that, and in the chat with itself as what came in.
        """
        if isinstance(event, FromPhone):
            await self._take_typed(device, event)
            return
        if isinstance(event, PollVote):
            await self._store(device, event, Vote(poll=event.poll, choices=event.choices), None)
        elif not isinstance(event.content, Media):
            await self._store(device, event, event.content, None)
        elif event.awaits_file:
            awaited = awaited_file(event.content)
            await self._store(device, event, awaited.content, awaited)
        else:
            async with self._keeping(device, event.content) as kept:
                await self._store(device, event, kept.content, kept)
        crashpoint("after_inbound_stored")
        if _is_readable(event) and is_read(device.settings, kind_of_chat(device, event.chat)):
            with contextlib.suppress(SendError):  # the session is gone: the network tells it again
                await transport.mark_read(event.chat, event.sender.id, [event.wa_id])

    async def _take_typed(self, device: Device, event: FromPhone) -> None:
        """Source of the chat with itself: Fonnte docs, API update device (`quick`): it is a chat that is heard."""
        kept: KeptMedia | None
        async with self._keeping_any(device, event.content) as kept:
            content = event.content if kept is None else kept.content
            if kind_of_chat(device, event.chat) is ChatKind.ITSELF:
                await self._store(device, _to_itself(event), content, kept)
            else:
                await self._store_typed(device, event, content, kept)
        crashpoint("after_inbound_stored")

    @contextlib.asynccontextmanager
    async def _keeping_any(self, device: Device, content: Received) -> AsyncIterator[KeptMedia | None]:
        """None where there is no file."""
        if not isinstance(content, Media):
            yield None
            return
        async with self._keeping(device, content) as kept:
            yield kept

    @contextlib.asynccontextmanager
    async def _keeping(self, device: Device, came: Media) -> AsyncIterator[KeptMedia]:
        """The file, while what it belongs to is stored; it is removed again when that was refused."""
        id_ = MediaId((await self._ids.take("media"))[0])
        shelf = self._shelf
        kept = await keep_received(came, id_, device.account, shelf.files, shelf.spool, shelf.limits)
        try:
            yield kept
        except (OutcomeUnknown, asyncio.CancelledError):
            raise  # it may be stored: then its file is needed, and the sweep finds one that is not
        except StorageError:
            await self._remove(kept)
            raise

    async def _store(
        self, device: Device, event: Inbound | PollVote, content: StoredContent, kept: KeptMedia | None
    ) -> None:
        who = event.voter if isinstance(event, PollVote) else event.sender
        kind = kind_of_chat(device, event.chat)
        notes = kept.notes if kept is not None else ()
        is_told = is_heard(device.settings, kind) and Note.FILE_AWAITED not in notes
        told = kept if kept is not None and kept.row is not None and not notes and is_told else None
        first, second = await self._ids.take("message", 2)
        incoming = Incoming(
            id=MessageId(first),
            account=device.account,
            device=device.id,
            chat=event.chat,
            sender=who.id,
            name=who.name,
            wa_id=event.wa_id,
            content=content,
            reply_to=event.quoted if isinstance(event, Inbound) else None,
            at=event.at,
            notes=notes,
            is_told=is_told,
            to_itself=kind is ChatKind.ITSELF,
            in_inbox=device.settings.inbox,
            media=kept.row if kept is not None else None,
            file=self._file(told) if told is not None else None,
            forward=self._forward(device, event.chat, MessageId(second), told) if told is not None else None,
        )
        is_new = await self._lane(RECEIVE, incoming)
        if not is_new and kept is not None:
            await self._remove(kept)
        if is_new and incoming.forward is not None:
            self._wake(device.id, incoming.forward.due_at)

    async def _store_typed(
        self, device: Device, event: FromPhone, content: StoredContent, kept: KeptMedia | None
    ) -> None:
        typed = Typed(
            id=MessageId((await self._ids.take("message"))[0]),
            account=device.account,
            device=device.id,
            chat=event.chat,
            wa_id=event.wa_id,
            content=content,
            reply_to=event.quoted,
            at=event.at,
            notes=kept.notes if kept is not None else (),
            is_told=is_heard(device.settings, kind_of_chat(device, event.chat)),
            media=kept.row if kept is not None else None,
            file=self._file(kept) if kept is not None and not kept.notes else None,
        )
        if not await self._lane(TYPED, typed) and kept is not None:
            await self._remove(kept)

    def _file(self, kept: KeptMedia) -> ReceivedFile | None:
        if kept.row is None:
            return None
        until = self._clock.now() + self._shelf.keep_ms
        return ReceivedFile(kept.row.id, kept.filename, kept.extension, until)

    def _forward(self, device: Device, chat: Address, id_: MessageId, kept: KeptMedia) -> Draft | None:
        """None when its owner wants none, or it would go back to where it came from."""
        to, now = Address(device.settings.resend_to), self._clock.now()
        if not device.settings.resend or to == chat or kind_of_chat(device, to) is ChatKind.ITSELF:
            return None
        return Draft(
            id=id_,
            account=device.account,
            device=device.id,
            chat=to,
            name="",
            content=kept.content,
            options=Options(),
            media=kept.row.id if kept.row is not None else None,
            wire_ref=draw_ref(self._rng),
            request=RequestId(0),
            batch=None,
            priority=Priority.SINGLE,
            schedule_at=None,
            queued_at=now,
            due_at=Millis(now),
            gap_ms=None,
            sequence=None,
            hold=None,
        )

    async def _remove(self, kept: KeptMedia) -> None:
        if kept.row is not None:
            await self._shelf.files.remove([kept.row.path])


def _is_readable(event: Inbound | PollVote) -> TypeGuard[Inbound]:
    """Who cannot read it does not say that it was read."""
    if not isinstance(event, Inbound):
        return False
    return not (isinstance(event.content, NotShown) and event.content.kind == UNDECRYPTABLE)


def _to_itself(typed: FromPhone) -> Inbound:
    return Inbound(
        device=typed.device,
        at=typed.at,
        wa_id=typed.wa_id,
        chat=typed.chat,
        sender=Identity(id=typed.chat),
        content=typed.content,
        quoted=typed.quoted,
    )
