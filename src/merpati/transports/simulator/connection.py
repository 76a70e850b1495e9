"""The client's end of the link: asks, hears, and reconnects by itself. One for all devices of a process."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any, Protocol, TypeAlias

from merpati.transports.simulator.wire import Answer, FromClient, OnChannel, Saw

RECONNECT_S = (0.02, 2.0)
"""The first wait after a lost connection; it doubles up to the second."""


class LinkLost(Exception):
    """The connection broke before the answer came."""


class LinkDown(Exception):
    """There is no connection now; nothing was sent."""


class Pipe(Protocol):
    """A connection to the network, while it lasts."""

    def put(self, frame: FromClient) -> None: ...

    def cut(self) -> None: ...


class Listener(Protocol):
    """Who lives on a channel."""

    def hear(self, frame: OnChannel) -> None: ...

    def link_up(self) -> None: ...

    def link_down(self) -> None: ...


class Connection:
    """Open with `open`, end with `close`. While the link is down nothing is queued: who asks is told."""

    def __init__(self, dial: "Dial", *, reconnect: bool = True) -> None:
        self.dial, self._reconnect = dial, reconnect
        self._pipe: Pipe | None = None
        self._questions, self._channels = count(1), count(1)
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._listeners: dict[int, Listener] = {}
        self._redial: asyncio.Task[None] | None = None
        self._closing = False
        self._down = asyncio.Event()
        self._down.set()
        self.on_saw: Callable[[Saw | None], None] | None = None
        """Gets what a watcher sees; None at the connection's end."""

    # -- for transports and phones --

    @property
    def is_up(self) -> bool:
        return self._pipe is not None

    def new_channel(self) -> int:
        return next(self._channels)

    def join(self, channel: int, listener: Listener) -> None:
        """Hear what concerns this channel."""
        self._listeners[channel] = listener

    def leave(self, channel: int) -> None:
        self._listeners.pop(channel, None)

    def put(self, frame: FromClient) -> None:
        """Send; does nothing while the link is down."""
        if self._pipe is not None:
            self._pipe.put(frame)

    def next_q(self) -> int:
        return next(self._questions)

    def ask(self, q: int, frame: FromClient) -> "asyncio.Future[Answer]":
        """Send a question; its answer, or `LinkLost`. Raises `LinkDown` when it was certainly not sent."""
        if self._pipe is None:
            raise LinkDown
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[q] = future
        self._pipe.put(frame)
        return future

    def forget(self, q: int) -> None:
        """Nobody waits for this answer any more."""
        self._waiting.pop(q, None)

    # -- its life --

    async def open(self) -> None:
        """Connect; raises `OSError` when nobody is there."""
        self._pipe = await self.dial(self)
        self._down.clear()

    async def close(self) -> None:
        """May be called twice."""
        self._closing = True
        if self._redial is not None:
            self._redial.cancel()
            await asyncio.wait([self._redial])
        if self._pipe is not None:
            self._pipe.cut()
        await self._down.wait()

    async def _dial_again(self) -> None:
        wait_s, longest_s = RECONNECT_S
        while self._pipe is None:
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, longest_s)
            try:
                await self.open()
            except OSError:
                continue
        for listener in list(self._listeners.values()):
            listener.link_up()

    # -- what the pipe calls --

    def heard(self, _pipe: Pipe, frame: Any) -> None:  # noqa: ANN401 - decoded by type
        """A frame from the network."""
        q = getattr(frame, "q", None)
        if q is not None:
            future = self._waiting.pop(q, None)
            if future is not None and not future.done():
                future.set_result(frame)
        elif isinstance(frame, Saw):
            if self.on_saw is not None:
                self.on_saw(frame)
        elif (listener := self._listeners.get(frame.channel)) is not None:
            listener.hear(frame)

    def lost(self, _pipe: Pipe) -> None:
        """The pipe has ended."""
        self._pipe = None
        self._down.set()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(LinkLost())
        self._waiting.clear()
        for listener in list(self._listeners.values()):
            listener.link_down()
        if self.on_saw is not None:
            self.on_saw(None)
        if self._reconnect and not self._closing:
            self._redial = asyncio.get_running_loop().create_task(self._dial_again())


Dial: TypeAlias = Callable[[Connection], Awaitable[Pipe]]
"""Makes a pipe that calls `Connection.heard` and `Connection.lost`; raises `OSError` when nobody is there."""
