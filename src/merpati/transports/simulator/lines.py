"""Frames on a stream: one JSON line each. Frames put in one turn of the loop leave in one write."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import msgspec

from merpati.transports.simulator.wire import ENCODER, Frame

LONGEST_LINE_BYTES = 8 << 20


class Lines(asyncio.Protocol):
    """One end of a connection. `on_frame` gets each decoded frame, `on_lost` is called once at the end."""

    def __init__(
        self,
        decoder: "msgspec.json.Decoder[Any]",
        on_frame: Callable[["Lines", Any], None],
        on_lost: Callable[["Lines"], None],
    ) -> None:
        self._decoder, self._on_frame, self._on_lost = decoder, on_frame, on_lost
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._half = b""
        self._waiting: list[bytes] = []

    # -- what the owner calls --

    def put(self, frame: Frame) -> None:
        """Send a frame; does nothing when the connection has ended."""
        if self._transport is None:
            return
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(ENCODER.encode(frame))

    def cut(self) -> None:
        """End the connection at once; frames still waiting are not sent."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """End the connection after what was put."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def _flush(self) -> None:
        if self._transport is not None and self._waiting:
            self._waiting.append(b"")
            self._transport.write(b"\n".join(self._waiting))
        self._waiting.clear()

    # -- what the loop calls --

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by birth

    def data_received(self, data: bytes) -> None:
        *whole, self._half = (self._half + data).split(b"\n")
        try:
            for line in whole:
                if self._transport is not None:
                    self._on_frame(self, self._decoder.decode(line))
        except msgspec.DecodeError:
            self.cut()  # not our protocol: whoever it is, there is nothing to say to them
        if len(self._half) > LONGEST_LINE_BYTES:
            self.cut()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the loop's signature
        self._transport = None
        self._waiting.clear()
        self._on_lost(self)
