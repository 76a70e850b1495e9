"""Events to the gateway, each until it is stored: one at a time, receipts of different messages together."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from merpati.core.ids import DeviceId, WaId
from merpati.transports.linked.protocol import Told
from merpati.transports.port import AnyEvent, Emit, Media, PairCode, PairQr, Receipt

STORE_AGAIN_S: Final = (0.05, 5.0)
logger = logging.getLogger(__name__)


class Storing:
    """One device's. `confirm` hears of each `Told` whose events are stored."""

    def __init__(self, device: DeviceId, confirm: Callable[[int], None]) -> None:
        self._device, self._confirm = device, confirm
        self.emit: Emit | None = None
        self._queue: deque[AnyEvent | Told] = deque()
        self._drain: asyncio.Task[None] | None = None
        self._life = 0
        """Counts the workers: what one told and did not see stored, the next tells again."""

    def put(self, what: AnyEvent | Told) -> None:
        self._queue.append(what)
        if self._drain is None or self._drain.done():
            self._drain = asyncio.get_running_loop().create_task(self._hand_over())

    def forget_told(self) -> None:
        """What is not handed over yet is told again by the next worker."""
        self._life += 1
        self._queue = deque(each for each in self._queue if not isinstance(each, Told))

    def forget_codes(self) -> None:
        """They are worth nothing any more."""
        self._queue = deque(each for each in self._queue if not isinstance(each, PairQr | PairCode))

    def forget_all(self) -> None:
        self._life += 1
        self._queue.clear()

    async def drained(self) -> None:
        """Wait until the event being handed over is stored, unless it is that one who waits."""
        drain = self._drain
        if drain is not None and not drain.done() and drain is not asyncio.current_task():
            await asyncio.wait([drain])

    async def _hand_over(self) -> None:
        assert self.emit is not None
        while self._queue:
            what = self._queue.popleft()
            try:
                if isinstance(what, Told):
                    await self._store(what)
                else:
                    await self.emit(what)
            except Exception:  # the supervisor of what is told: all that follows waits behind it
                logger.exception("device %d: what was told could not be stored, and is left out", self._device)
                if isinstance(what, Told):
                    self._confirm(what.seq)

    async def _store(self, told: Told) -> None:
        """Until it is stored: the worker waits for that with all that came later."""
        assert self.emit is not None
        life, (wait, longest) = self._life, STORE_AGAIN_S
        while life == self._life:
            try:
                for together in apart(told.events):
                    await _all([self.emit(each) for each in together])
            except OSError as error:
                logger.error("device %d: an event was not stored, and is tried again: %r", self._device, error)
                await asyncio.sleep(wait)
                wait = min(wait * 2, longest)
                continue
            for event in told.events:
                _remove_file(event)
            if life == self._life:
                self._confirm(told.seq)
            return


def apart(events: Sequence[AnyEvent]) -> Iterator[list[AnyEvent]]:
    """Receipts of different messages together, in order; anything else alone."""
    together: list[AnyEvent] = []
    seen: set[WaId] = set()
    for event in events:
        if not isinstance(event, Receipt) or seen.intersection(event.ids):
            if together:
                yield together
            together, seen = [], set()
        together.append(event)
        if isinstance(event, Receipt):
            seen.update(event.ids)
        else:
            yield together
            together = []
    if together:
        yield together


async def _all(emits: Sequence[Any]) -> None:
    """Wait for all of them, then raise what the first that failed has raised."""
    for outcome in await asyncio.gather(*emits, return_exceptions=True):
        if outcome is not None:
            raise outcome


def _remove_file(event: AnyEvent) -> None:
    content = getattr(event, "content", None)
    if isinstance(content, Media) and content.path:
        Path(content.path).unlink(missing_ok=True)
