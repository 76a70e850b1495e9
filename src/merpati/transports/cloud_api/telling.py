"""What Meta told of one number, told on as the port's events: in order, and until it is stored."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from pathlib import Path

from merpati.core.clock import MINUTE_MS, SECOND_MS, Clock, Millis
from merpati.core.errors import Code
from merpati.core.ids import Address, DeviceId, WaId
from merpati.storage.port import Storage, Tx
from merpati.transports.cloud_api.client import GraphClient, GraphTrouble
from merpati.transports.cloud_api.errors import ENDS
from merpati.transports.cloud_api.files import fetch_attachment, lost_attachment
from merpati.transports.cloud_api.lines import Line, find_line
from merpati.transports.cloud_api.news import Kept, next_news, settle_news
from merpati.transports.cloud_api.webhooks import (
    Attachment,
    Said,
    Told,
    event_of,
    read_news,
    with_content,
)
from merpati.transports.port import Emit, Media, Receipt

LOOK_S = 30.0
"""How often is looked without being woken: for what was put off."""
AGAIN_MS = (5 * SECOND_MS, 30 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 60 * MINUTE_MS)
"""When a file is fetched again; the last repeats, for about a day."""
MOST_TRIES = 28
CHATS = 1_000
"""Whose last message is remembered, to answer it with "typing"."""


class LineChanged(Exception):
    """The device was set up anew: what is stored may be of a number that this session does not know."""


class Telling:
    """Works off what is stored for a device."""

    def __init__(
        self, device: DeviceId, client: GraphClient, storage: Storage, clock: Clock, spool: Path, most_bytes: int
    ) -> None:
        self._device, self._client, self._storage, self._clock = device, client, storage, clock
        self._spool, self._most_bytes = spool, most_bytes
        self._woken, self._heard = asyncio.Event(), asyncio.Event()
        self._last: OrderedDict[Address, WaId] = OrderedDict()

    def wake(self) -> None:
        self._woken.set()
        self._heard.set()

    async def wait(self) -> None:
        """Until something came, or it is time to look."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await self._woken.wait()
        self._woken.clear()

    def last_of(self, chat: Address) -> WaId | None:
        """Their last message since the start, as far as it is remembered."""
        return self._last.get(chat)

    async def tell_next(self, emit: Emit, line: Line, token: str, due_at: Millis) -> bool:
        """Tell the next bodies that were due then, and forget them; whether there were any. What is put off is due
        later: who asks with one and the same instant comes to an end.

        What `emit` raises goes on to the caller, and so do a `GraphTrouble` that ends the session, and
        `LineChanged`: then all of these stay. May run twice: the same is told again then.
        """
        current, bodies = await self._storage.read(_line_and_news, self._device, due_at)
        if current is None or current.sealed != line.sealed:
            raise LineChanged
        receipts = Receipts(emit)
        later: list[tuple[int, Millis]] = []
        for kept in bodies:
            try:
                await self._tell_body(kept, token, emit, receipts)
            except GraphTrouble as error:
                if _ends(error):
                    raise
                later.append((kept.id, self._again_at(kept.tries)))
        await receipts.flush()
        put_off = {id_ for id_, _ in later}
        await self._storage.write(settle_news, [each.id for each in bodies if each.id not in put_off], later)
        return bool(bodies)

    def _again_at(self, tries: int) -> Millis:
        return Millis(self._clock.now() + AGAIN_MS[min(tries, len(AGAIN_MS) - 1)])

    async def _tell_body(self, kept: Kept, token: str, emit: Emit, receipts: "Receipts") -> None:
        """Raises `GraphTrouble` for a file that may come later; everything else was told, and may be told again."""
        withheld: GraphTrouble | None = None
        for news in read_news(kept.body.encode()):
            if news.line != kept.number_id:
                continue  # of another device, which has it too
            if isinstance(news, Said):
                await receipts.flush()
                try:
                    await self._tell_said(news, emit, token, kept)
                except GraphTrouble as error:
                    if _ends(error):
                        raise
                    withheld = error
            elif isinstance(event := event_of(self._device, news), Receipt):
                receipts.add(event)
            else:
                await receipts.flush()
                await emit(event)
        if withheld is not None:
            raise withheld

    async def _tell_said(self, said: Said, emit: Emit, token: str, kept: Kept) -> None:
        self._remember(said)
        if not isinstance(said.content, Attachment):
            await emit(with_content(self._device, said, said.content))
            return
        async with self._telling_statuses(emit, kept.id):
            media = await self._fetch(said.content, token, is_last_try=kept.tries >= MOST_TRIES)
        try:
            await emit(with_content(self._device, said, media))
        finally:
            if media.path:
                await asyncio.to_thread(Path(media.path).unlink, missing_ok=True)

    @contextlib.asynccontextmanager
    async def _telling_statuses(self, emit: Emit, after: int) -> AsyncIterator[None]:
        """While a file comes: what became of messages of ours does not wait for it. Else one whose answer was lost
        would be sent again though Meta has said that it has it. It is told again in its turn."""
        telling = asyncio.create_task(self._tell_statuses(emit, after))
        try:
            yield
        finally:
            telling.cancel()
            await asyncio.wait([telling])
            failed = None if telling.cancelled() else telling.exception()
        if failed is not None:
            raise failed

    async def _tell_statuses(self, emit: Emit, after: int) -> None:
        while True:
            self._heard.clear()
            for kept in await self._storage.read(next_news, self._device, self._clock.now(), after):
                for news in read_news(kept.body.encode()):
                    if news.line == kept.number_id and isinstance(news, Told):
                        await emit(event_of(self._device, news))
                after = kept.id
            await self._heard.wait()

    async def _fetch(self, attachment: Attachment, token: str, *, is_last_try: bool) -> Media:
        try:
            return await fetch_attachment(self._client, token, attachment, self._spool, self._most_bytes)
        except GraphTrouble as error:
            if not is_last_try or _ends(error):
                raise
            return lost_attachment(attachment)

    def _remember(self, said: Said) -> None:
        self._last[said.sender.id] = said.wa_id
        self._last.move_to_end(said.sender.id)
        if len(self._last) > CHATS:
            self._last.popitem(last=False)


async def _line_and_news(tx: Tx, device: DeviceId, now: Millis) -> tuple[Line | None, list[Kept]]:
    return await find_line(tx, device), await next_news(tx, device, now)


def _ends(error: GraphTrouble) -> bool:
    """Whether what a file was refused for ends the session. Only Meta's own word on the token or the account does:
    one file that is not for us would else keep the number shut for ever."""
    is_metas = error.code is not None and error.trouble.code is not Code.META_PERMISSION_MISSING
    return is_metas and error.trouble.act in ENDS


class Receipts:
    """Receipts of different messages are told at the same time, those of one in their order."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._waiting: dict[WaId, list[Receipt]] = {}

    def add(self, receipt: Receipt) -> None:
        self._waiting.setdefault(receipt.ids[0], []).append(receipt)

    async def flush(self) -> None:
        """Returns when all are stored."""
        waiting, self._waiting = self._waiting, {}
        told = await asyncio.gather(*map(self._tell, waiting.values()), return_exceptions=True)
        for failed in filter(None, told):
            raise failed

    async def _tell(self, receipts: list[Receipt]) -> None:
        for each in receipts:
            await self._emit(each)
