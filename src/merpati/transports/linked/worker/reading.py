"""News as the port's events: what the library told, with its file fetched."""

import asyncio
import logging
import secrets
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from merpati.core.clock import Millis
from merpati.core.ids import Address, WaId, WireRef
from merpati.transports.cards import NotShown
from merpati.transports.linked.protocol import Open
from merpati.transports.linked.worker.client import LibraryTrouble
from merpati.transports.linked.worker.incoming import Incoming, pairs_of, with_file, words_of, writer_of
from merpati.transports.linked.worker.library import Happening
from merpati.transports.linked.worker.line import Line, Tools
from merpati.transports.linked.worker.store import LATE, SPOKEN, Late, News, Store
from merpati.transports.port import AnyEvent, FromPhone, Inbound, Media, Receipt, ReceiptKind, Spoken

logger = logging.getLogger(__name__)
FETCHES: Final = 3
FETCH_AGAIN_S: Final = 0.5
FULL_AGAIN_S: Final = 1.0
MOST_BYTES: Final = 1_000_000
"""Of what a message says, as it goes to the gateway; people's apps take 65,536 characters."""
LONGEST_WORDS: Final = 10_000
"""Shown of one that is longer."""
TOO_LONG: Final = "too_long"


class Reading:
    """One device's; knows what a message does not say by itself. `on_unreadable` hears how many in a row."""

    def __init__(
        self, opening: Open, tools: Tools, line: Line, store: Store, on_unreadable: Callable[[int], None]
    ) -> None:
        self.device, self._opening = opening.device, opening
        self._tools, self._line, self._store = tools, line, store
        self._on_unreadable, self._unreadable = on_unreadable, 0
        self._suspect = False
        self.incoming = Incoming(self.device, tools.messages.neonize.Message, self)

    async def read(self, news: News, suspect: bool) -> AnyEvent | None:
        """The event of news. Whatever is in them, it silences nobody: `suspect` ones are read without asking the
        library, and of a message that cannot be read is told that it came."""
        self._suspect = suspect
        try:
            return await self._read(news)
        except Exception as error:  # the supervisor of what comes: all that follows waits behind it
            logger.error("device %d: news of kind %d are not read", self.device, news.code, exc_info=error)
            return self.incoming.unknown(news.data) if news.code == Happening.MESSAGE else None

    async def _read(self, news: News) -> AnyEvent | None:
        types = self._tools.messages.neonize
        if news.code == LATE:
            late = msgspec.msgpack.decode(news.data, type=Late)
            return Receipt(
                device=self.device,
                at=Millis(late.at),
                ids=(WaId(late.wa_id),),
                kind=ReceiptKind.TAKEN,
                who=Address(late.chat),
                ref=WireRef(late.ref),
            )
        if news.code == SPOKEN:
            people = msgspec.msgpack.decode(news.data, type=tuple[str, ...])
            now = self._tools.clock.now()
            return Spoken(device=self.device, at=now, people=tuple(Address(each) for each in people))
        if news.code == Happening.RECEIPT:
            return self.incoming.receipt(types.Receipt.FromString(news.data))
        if news.code == Happening.UNDECRYPTABLE:
            self._unreadable += 1
            self._on_unreadable(self._unreadable)
            return self.incoming.unreadable(types.UndecryptableMessage.FromString(news.data))
        return await self._read_message(news.data)

    def _fitting(self, event: AnyEvent | None) -> AnyEvent | None:
        """Its beginning, where it is too long for the gateway."""
        if not isinstance(event, Inbound | FromPhone) or len(msgspec.msgpack.encode(event)) <= MOST_BYTES:
            return event
        words = words_of(event.content)[:LONGEST_WORDS]
        return msgspec.structs.replace(event, content=NotShown(kind=TOO_LONG, text=words), quoted=None)

    async def _read_message(self, data: bytes) -> AnyEvent | None:
        raw = self._tools.messages.neonize.Message.FromString(data)
        self._unreadable = 0
        self._on_unreadable(0)
        self._store.know(pairs_of(raw))
        read = self.incoming.message(data)
        event = self._fitting(read.event)
        content = getattr(event, "content", None)
        if content is not None:
            self._store.remember(WaId(raw.Info.ID), writer_of(raw), words_of(content))
        if read.file and event is not None and isinstance(content, Media) and not self._suspect:
            return await self._fetch(event, content, read.file)
        return event

    async def _fetch(self, event: AnyEvent, media: Media, message: bytes) -> AnyEvent:
        """The event with its file, or without one that cannot be had."""
        if media.size_bytes > self._opening.most_bytes:
            return event
        for left in reversed(range(FETCHES)):
            try:
                data = await (await self._line.until_online()).download(message)
            except LibraryTrouble as trouble:
                print(f"device {self.device}: a file: {trouble}", file=sys.stderr)  # noqa: T201 - the gateway keeps it
                if left:
                    await asyncio.sleep(FETCH_AGAIN_S)
                continue
            path = Path(self._opening.spool) / f"linked-{secrets.token_hex(8)}"
            await self._put(path, data)
            return with_file(event, str(path), len(data))
        return event

    async def _put(self, path: Path, data: bytes) -> None:
        """On a full disk, when there is room."""
        while True:
            try:
                await asyncio.to_thread(path.write_bytes, data)
            except OSError as error:
                print(f"device {self.device}: a file: {error!r}", file=sys.stderr)  # noqa: T201 - the gateway keeps it
                await asyncio.sleep(FULL_AGAIN_S)
            else:
                return

    # -- `Knows` --

    def phone_of(self, lid: str) -> str:
        known, client = self._store.phone_of(lid), None if self._suspect else self._line.client
        if not known and client is not None and (known := client.phone_of(lid)):
            self._store.know([(lid, known)])
        return known

    def choices_of(self, poll: WaId) -> Sequence[str]:
        return self._store.choices(poll)

    def decrypt_vote(self, event: bytes) -> Sequence[bytes] | None:
        client = None if self._suspect else self._line.client
        return client.decrypt_vote(event) if client is not None else None
