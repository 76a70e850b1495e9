"""What a process has of Meta: the client, the transports of its devices, and the door for webhooks."""

import asyncio
import weakref
from collections.abc import Mapping
from pathlib import Path

from merpati.core.clock import Clock
from merpati.core.ids import DeviceId
from merpati.core.tokens import CannotUnseal, Sealer
from merpati.storage.ids import Ids
from merpati.storage.lane import HotLane
from merpati.storage.port import Storage
from merpati.transports.cloud_api.client import GraphClient
from merpati.transports.cloud_api.lines import Line, Secrets, find_line
from merpati.transports.cloud_api.news import KEEP, Posted, waiting_devices
from merpati.transports.cloud_api.transport import CloudTransport
from merpati.transports.cloud_api.webhooks import NotMetas, challenge_of, is_signed, read_news

LOOK_S = 1.0
"""How often is looked for what another process stored for devices of this one."""


class NotSigned(Exception):
    """The body is not Meta's, or the device has no number: nothing was stored."""


class CloudLink:
    """A process's link to Meta. `run` is a loop for the supervisor; `close` ends the connections."""

    def __init__(
        self, client: GraphClient, storage: Storage, sealer: Sealer, clock: Clock, *, spool: Path, most_bytes: int
    ) -> None:
        """`spool` is where files that come are put until they are stored; larger ones than `most_bytes` are not."""
        self.client = client
        self._storage, self._sealer, self._clock = storage, sealer, clock
        self._spool, self._most_bytes = spool, most_bytes
        self._live: weakref.WeakValueDictionary[DeviceId, CloudTransport] = weakref.WeakValueDictionary()

    def transport(self, device: DeviceId) -> CloudTransport:
        """The device's way to Meta; the newest one of a device hears of its news at once."""
        made = CloudTransport(
            device,
            self.client,
            self._storage,
            self._sealer,
            self._clock,
            self._spool,
            most_bytes=self._most_bytes,
        )
        self._live[device] = made
        return made

    async def answer_challenge(self, device: DeviceId, query: Mapping[str, str]) -> str:
        """What Meta wants to read when the device's webhook address is entered there; raises `NotSigned`."""
        _, secrets = await self._known(device)
        answer = challenge_of(query, secrets.verify_token)
        if answer is None:
            raise NotSigned
        return answer

    async def take_post(self, lane: HotLane, ids: Ids, device: DeviceId, body: bytes, signature: str) -> None:
        """Store what Meta posted to the device's address; it is stored when this returns.

        The body may tell of other numbers of the same account that the same app speaks for. Raises `NotSigned`, and
        a `StorageError`: then Meta posts it again.
        """
        line, secrets = await self._known(device)
        if not is_signed(secrets.app_secret, body, signature):
            raise NotSigned
        try:
            numbers = tuple(dict.fromkeys(news.line for news in read_news(body)))
        except NotMetas:
            return  # signed, and nothing that we read: no use in having it again
        if not numbers:
            return
        first = (await ids.take("cloud_news", len(numbers)))[0]
        posted = Posted(id=first, account=line.account, body=body.decode(), numbers=numbers, at=self._clock.now())
        for told in await lane(KEEP, posted):
            self._wake(told)

    async def _known(self, device: DeviceId) -> tuple[Line, Secrets]:
        line = await self._storage.read(find_line, device)
        if line is None:
            raise NotSigned
        try:
            return line, line.secrets(self._sealer)
        except CannotUnseal:
            raise NotSigned from None

    def _wake(self, device: DeviceId) -> None:
        transport = self._live.get(device)
        if transport is not None:
            transport.wake()

    async def run(self) -> None:
        """Wake the devices whose news another process stored, for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self._live:
                for device in await self._storage.read(waiting_devices, self._clock.now()):
                    self._wake(device)

    async def close(self) -> None:
        await self.client.close()
