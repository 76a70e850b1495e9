"""Everything of one running process: its parts, what they tell one another, how they start and end."""

import asyncio
import contextlib
import random
import socket
from pathlib import Path

from prometheus_client import CollectorRegistry

from merpati.accounts.key_lookup import KeyLookup
from merpati.accounts.lookup import AccountLookup
from merpati.api.live.hub import Hub
from merpati.api.live.rights import judge_on
from merpati.config import Config
from merpati.core.clock import DAY_MS, HOUR_MS, Clock
from merpati.core.ids import DeviceId, EndpointId
from merpati.core.tokens import Sealer
from merpati.devices.lookup import DeviceLookup
from merpati.devices.views import count_states, find_device, sealed_device_token
from merpati.egress.client import Egress
from merpati.egress.fetch import fetch
from merpati.jobs.runner import JobRunner
from merpati.messages.file_links import FileLinks
from merpati.messages.handover import HandedOver
from merpati.messages.media import locate
from merpati.runtime.asks import Asks
from merpati.runtime.dispatcher import Dispatcher
from merpati.runtime.metrics import RunMetrics
from merpati.runtime.node import Node
from merpati.runtime.receiving import Receiving, Shelf
from merpati.runtime.sessions import Sessions
from merpati.runtime.supervisor import Supervisor
from merpati.runtime.upkeep import Upkeep
from merpati.storage.files import FileStore
from merpati.storage.folder import DataFolder
from merpati.storage.ids import Ids
from merpati.storage.lane import HotLane
from merpati.storage.port import Storage, StorageError
from merpati.webhooks.model import Card
from merpati.webhooks.runner import Webhooks
from merpati.wiring import Keeping, Transports, jobs

STOP_S = 5.0
SEALING_KEY = "seal"
"""The name of the key file that seals tokens and secrets."""


class Gateway:
    """Everything of one running process. Made by `open_gateway`, run by `run_gateway`."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        folder: DataFolder,
        storage: Storage,
        files: FileStore,
        transports: Transports,
        egress: Egress,
    ) -> None:
        self.config, self.clock, self.folder, self.storage = config, clock, folder, storage
        self.files = files
        self.transports, self.egress = transports, egress
        self.url = ""
        """Where it listens; known when the door is open."""
        self.rng = random.Random()
        """For back-off and pace; references are drawn from the machine's randomness."""
        self.registry = CollectorRegistry()
        self.metrics = RunMetrics(self.registry)
        self.sealer = Sealer(folder.key(SEALING_KEY))
        self.links = FileLinks(folder.key(SEALING_KEY), lambda: self.url)
        self.lane = HotLane(storage, observe=self.metrics.group.observe)
        self.ids = Ids(storage)
        self.devices, self.accounts = DeviceLookup(storage, clock), AccountLookup(storage, clock)
        self.keys = KeyLookup(storage, clock)
        self.supervisor = Supervisor()
        self.node = Node(
            storage,
            clock,
            on_gain=lambda device, epoch: self.sessions.gain(device, epoch),
            on_loss=lambda device, why: self.sessions.lose(device, why),
            on_lease_lost=self._lease_lost,
            before_leaving=self._before_leaving,
            lease_s=config.lease_s,
            name=socket.gethostname(),
            exclusive=not config.database,
            connects_per_s=None if not config.database else 50.0,
        )
        self.dispatcher = Dispatcher(
            storage,
            self.lane,
            self.node,
            clock,
            self.rng,
            self.supervisor,
            max_tries=config.max_tries,
            locate=lambda message: locate(files, message),
            on_end=self._ended,
        )
        self.sessions = self._sessions()
        self.asks = Asks(storage, self.ids, self.sealer, self.node, self.sessions, self.supervisor)
        self.jobs = JobRunner(
            storage, self.node, jobs(self.keeping, files, self.look_at_all, transports.forget), clock, rng=self.rng
        )
        self.live = Hub(storage, judge_on(storage))
        self.webhooks: Webhooks | None = None
        self._webhooks_task: asyncio.Task[None] | None = None

    def _sessions(self) -> Sessions:
        return Sessions(
            self.storage,
            self.lane,
            Receiving(self.lane, self.ids, self.clock, self._shelf(), self.wake),
            self.clock,
            self.dispatcher,
            self.supervisor,
            self.transports.make,
            claim_of=self.node.claim_of,
            expire_after_ms=self.keeping.expire_after_ms,
            on_change=self._changed,
        )

    def _shelf(self) -> Shelf:
        return Shelf(
            files=self.files,
            spool=self.folder.spool,
            limits=self.config.file_limits,
            keep_ms=self.keeping.media_ms,
        )

    @property
    def keeping(self) -> Keeping:
        return Keeping(
            log_ms=self.config.log_days * DAY_MS,
            requests_ms=self.config.request_log_days * DAY_MS,
            idempotency_ms=self.config.idempotency_hours * HOUR_MS,
            media_ms=self.config.media_days * DAY_MS,
            expire_after_ms=round(self.config.expire_after_hours * HOUR_MS),
        )

    # -- what parts tell one another --

    def ring(self) -> None:
        """Facts were recorded: whoever follows the log looks at once."""
        self.live.bell.ring()
        if self.webhooks is not None:
            self.webhooks.bell.ring()

    def wake(self, device: DeviceId, due_at: int) -> None:
        """A message of this device was accepted."""
        self.dispatcher.wake(device, due_at)
        self.ring()

    def look_at_all(self) -> None:
        """A batch got messages: any device may have something due."""
        for device in self.dispatcher.senders:
            self.dispatcher.wake(device)
        self.ring()

    def look_at_endpoints(self) -> None:
        """Addresses of webhooks were set. Where another process calls them, it notices within a second."""
        if self.webhooks is not None:
            self.webhooks.look()

    def _ended(self, end: HandedOver) -> None:
        self.metrics.ended.labels(end.outcome).inc()
        self.ring()

    def _changed(self, device: DeviceId) -> None:
        self.devices.forget_device(device)
        self.ring()

    def _lease_lost(self) -> None:
        self.jobs.drop()
        if self._webhooks_task is not None:
            self._webhooks_task.cancel()

    def let_go(self, device: DeviceId) -> None:
        """The device is not wanted any more: end its session now."""
        self.devices.forget_device(device)
        self.node.wake()

    # -- running --

    def start(self) -> None:
        """Start the loops."""
        for name, run in (
            ("node", self.node.run),
            ("dispatcher", self.dispatcher.run),
            ("outbox poll", self.dispatcher.poll),
            ("upkeep", Upkeep(self.storage, self.clock, self.sessions, self.dispatcher).run),
            ("asks", self.asks.run),
            ("jobs", self.jobs.run),
            ("webhooks", self._run_webhooks),
            ("live", self.live.run),
            ("uses of keys", self.keys.uses.run),
            *self.transports.loops.items(),
        ):
            self.supervisor.loop(name, run)

    async def stop(self) -> None:
        """End in order: hand-overs finish and devices are given back, then what was told and done is stored."""
        await self.node.stop()
        await self.supervisor.close()

    async def _before_leaving(self) -> None:
        """The devices are given back, the lease still holds: what only its holder may store is stored now."""
        if self.webhooks is not None and self._webhooks_task is not None:
            await self.webhooks.stop()
            await asyncio.wait([self._webhooks_task], timeout=STOP_S)
        await self.jobs.stop()

    async def _run_webhooks(self) -> None:
        """One run for each incarnation: with a new lease the shards are claimed anew."""
        while True:
            inc = self.node.incarnation
            if inc is None:
                await asyncio.sleep(0.2)
                continue
            self.webhooks = Webhooks(
                self.storage,
                inc,
                self.egress,
                cards=self._card,
                unseal=self._unseal,
                clock=self.clock,
                rng=self.rng,
                may_act=self.node.may_hand_over,
                life_ms=self.keeping.log_ms,
            )
            self._webhooks_task = asyncio.ensure_future(self.webhooks.run())
            await asyncio.wait([self._webhooks_task])
            if not self._webhooks_task.cancelled():
                self._webhooks_task.result()
                return

    async def fetch(self, url: str, into: Path, *, max_bytes: int) -> str:
        """A file that a user named by its address, into `into`; its name. Raises `Refusal`."""
        fetched = await fetch(self.egress, url, into, max_bytes=max_bytes)
        return fetched.filename

    async def _card(self, device: DeviceId) -> Card | None:
        found = await self.storage.read(find_device, device)
        sealed = await self.storage.read(sealed_device_token, device)
        if found is None or sealed is None:
            return None
        return Card(found.number, self.sealer.unseal("device", device, sealed), link=self.links.link)

    def _unseal(self, endpoint: EndpointId, sealed: str) -> str:
        return self.sealer.unseal("endpoint", endpoint, sealed)

    # -- what an operator asks --

    async def troubles(self) -> list[str]:
        """What keeps this process from serving; nothing when it is ready."""
        found = []
        try:
            await self.storage.read(count_states)
        except StorageError as error:
            found.append(f"database: {error}")
        if self.node.incarnation is None:
            found.append("no lease yet")
        return found

    async def measure(self) -> None:
        """Read what the metrics show and nobody counts."""
        with contextlib.suppress(StorageError):
            await self.metrics.measure(self.storage, self.clock)
        self.metrics.webhook_lag.set((self.webhooks.lag_ms() if self.webhooks else 0) / 1000)
