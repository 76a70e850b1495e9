"""What Meta told of one number, told on as the port's events: in order, and until it is stored."""

import asyncio
import contextlib
import math
from collections import OrderedDict
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

from merpati.core.clock import Clock, Millis
from merpati.core.ids import Address, DeviceId, WaId
from merpati.storage.port import Storage, Tx
from merpati.transports.cloud_api.client import GraphClient, GraphTrouble
from merpati.transports.cloud_api.files import Files, lost_attachment
from merpati.transports.cloud_api.late_files import LateFiles, again_at, ends, tell_file
from merpati.transports.cloud_api.lines import Line, find_line
from merpati.transports.cloud_api.news import Kept, news_of, next_news, settle_news
from merpati.transports.cloud_api.webhooks import Attachment, Said, Told, event_of, with_content
from merpati.transports.port import AnyEvent, Emit, Receipt

LOOK_S = 30.0
"""How often is looked without being woken."""
PATIENCE_S = 2.0
"""How long files are waited for before everything else goes on without them, in each look."""
CHATS = 1_000
"""Whose last message is remembered, to answer it with "typing"."""


class LineChanged(Exception):
    """The device was set up anew: what is stored may be of a number that this session does not know."""


class Telling:
    """Works off what is stored for a device."""

    def __init__(
        self, device: DeviceId, client: GraphClient, storage: Storage, clock: Clock, spool: Path, most_bytes: int
    ) -> None:
        self._device, self._storage, self._clock = device, storage, clock
        self._files = Files(client, spool, most_bytes)
        self._late = LateFiles(device, storage, clock)
        self._woken = asyncio.Event()
        self._last: OrderedDict[Address, WaId] = OrderedDict()

    def wake(self) -> None:
        self._woken.set()
        self._late.wake()

    async def tell_on(self, emit: Emit, line: Line, token: str) -> None:
        """Tell for ever what comes, and files that did not come at once beside it. Raises as `tell_due`."""
        emit = one_by_one(emit)
        await first_of(self._tell_on(emit, line, token), self._late.run(self._files, token, emit))

    async def _tell_on(self, emit: Emit, line: Line, token: str) -> None:
        while True:
            await self.tell_due(emit, line, token)
            await self.wait()

    async def wait(self) -> None:
        """Until something came, or it is time to look."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await self._woken.wait()
        self._woken.clear()

    def last_of(self, chat: Address) -> WaId | None:
        """Their last message since the start, as far as it is remembered."""
        return self._last.get(chat)

    async def tell_statuses(self, emit: Emit, line: Line) -> None:
        """Tell what became of messages of ours, of all that came; it stays, and is told again in its turn: what
        people wrote may be so much that nothing could be sent for minutes. Raises as `tell_due`."""
        now, after = self._clock.now(), 0
        while bodies := await self._next(line, now, after):
            receipts = Receipts(emit)
            for kept in bodies:
                for news in news_of(kept):
                    if isinstance(news, Told):
                        await self._tell_status(news, emit, receipts)
            await receipts.flush()
            after = bodies[-1].id

    async def tell_due(
        self, emit: Emit, line: Line, token: str, *, patience_s: float = PATIENCE_S, within_s: float = math.inf
    ) -> None:
        """Tell everything that came, and forget it; files that do not come within `patience_s` are put off. After
        `within_s` no more is begun.

        What `emit` raises goes on to the caller, and so do a `GraphTrouble` that ends the session, and
        `LineChanged`: then what is not told stays. May run twice: the same is told again then.
        """
        now, until = self._clock.now(), self._clock.elapsed() + within_s
        while self._clock.elapsed() < until:
            if not await self._tell_next(emit, line, token, now, Patience(patience_s)):
                return

    async def _tell_next(self, emit: Emit, line: Line, token: str, now: Millis, patience: "Patience") -> bool:
        """Of the next bodies; whether there were any."""
        bodies, receipts = await self._next(line, now), Receipts(emit)
        later: list[tuple[int, Millis]] = []
        for kept in bodies:
            due_at = await self._tell_body(kept, token, emit, receipts, patience)
            if due_at is not None:
                later.append((kept.id, due_at))
        await receipts.flush()
        put_off = {id_ for id_, _ in later}
        await self._storage.write(settle_news, [each.id for each in bodies if each.id not in put_off], later)
        if later:
            self._late.wake()
        return bool(bodies)

    async def _next(self, line: Line, now: Millis, after: int = 0) -> list[Kept]:
        """Raises `LineChanged`."""
        current, bodies = await self._storage.read(_line_and_news, self._device, now, after)
        if current is None or current.sealed != line.sealed:
            raise LineChanged
        return bodies

    async def _tell_status(self, told: Told, emit: Emit, receipts: "Receipts") -> None:
        if isinstance(event := event_of(self._device, told), Receipt):
            receipts.add(event)
        else:
            await receipts.flush()
            await emit(event)

    async def _tell_body(
        self, kept: Kept, token: str, emit: Emit, receipts: "Receipts", patience: "Patience"
    ) -> Millis | None:
        """When a file of it is to be fetched again; everything else was told. None: everything was."""
        again_at: Millis | None = None
        for news in news_of(kept):
            if isinstance(news, Said):
                await receipts.flush()
                self._remember(news)
                due_at = await self._tell_said(news, token, emit, patience)
                again_at = due_at if due_at is not None else again_at
            else:
                await self._tell_status(news, emit, receipts)
        return again_at

    async def _tell_said(self, said: Said, token: str, emit: Emit, patience: "Patience") -> Millis | None:
        """When its file is to be fetched again; None: it was told."""
        if not isinstance(said.content, Attachment):
            await emit(with_content(self._device, said, said.content))
            return None
        try:
            async with patience.wait():
                media = await self._files.fetch(said.content, token)
        except TimeoutError:
            due_at = self._clock.now()
        except GraphTrouble as error:
            if ends(error):
                raise
            due_at = again_at(self._clock, 0)
        else:
            await tell_file(self._device, said, media, emit)
            return None
        await emit(with_content(self._device, said, lost_attachment(said.content), awaits_file=True))
        return due_at

    def _remember(self, said: Said) -> None:
        self._last[said.sender.id] = said.wa_id
        self._last.move_to_end(said.sender.id)
        if len(self._last) > CHATS:
            self._last.popitem(last=False)


class Patience:
    """So many seconds to wait, all waits together."""

    def __init__(self, left_s: float) -> None:
        self._left_s = left_s

    @contextlib.asynccontextmanager
    async def wait(self) -> AsyncIterator[None]:
        """Raises `TimeoutError` when nothing is left."""
        if not self._left_s:
            raise TimeoutError
        loop = asyncio.get_running_loop()
        since = loop.time()
        try:
            async with asyncio.timeout(self._left_s):
                yield
        finally:
            self._left_s = max(self._left_s - (loop.time() - since), 0)


async def _line_and_news(tx: Tx, device: DeviceId, now: Millis, after: int) -> tuple[Line | None, list[Kept]]:
    return await find_line(tx, device), await next_news(tx, device, now, after)


def one_by_one(emit: Emit) -> Emit:
    """Events of a device come one after the other, but for receipts (`port.Emit`)."""
    turn = asyncio.Lock()

    async def tell(event: AnyEvent) -> None:
        if isinstance(event, Receipt):
            await emit(event)
            return
        async with turn:
            await emit(event)

    return tell


async def first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Until one of these ends; the others are broken off. Raises what it raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()
    raise asyncio.CancelledError  # by `emit`, whose session is another one's


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
