"""What the parts of a session share: the worker's tools, and the device's line to WhatsApp."""

import asyncio
from collections.abc import Callable

import msgspec

from merpati.core.clock import Clock
from merpati.transports.linked.protocol import FromWorker
from merpati.transports.linked.worker.client import Client
from merpati.transports.linked.worker.gate import Gate
from merpati.transports.linked.worker.library import Library, Messages


class Tools(msgspec.Struct, frozen=True):
    """What all sessions of a worker share."""

    library: Library
    messages: Messages
    gate: Gate
    clock: Clock
    say: Callable[[FromWorker], None]


class Line:
    """A device's client, and whether it is connected."""

    def __init__(self) -> None:
        self.client: Client | None = None
        self._online = asyncio.Event()
        self.lost = asyncio.Event()
        """Set, and made anew, when the connection goes: for those who wait for an acknowledgement."""

    @property
    def is_online(self) -> bool:
        return self._online.is_set()

    @property
    def open_client(self) -> Client | None:
        """The client, while it is connected."""
        return self.client if self._online.is_set() else None

    def came(self) -> None:
        self._online.set()

    def went(self) -> None:
        self._online.clear()
        self.lost.set()
        self.lost = asyncio.Event()

    async def until_online(self) -> Client:
        """The client, once it is connected."""
        while (client := self.open_client) is None:
            await self._online.wait()
        return client
