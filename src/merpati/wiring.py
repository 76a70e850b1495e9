"""The map of arrows: which handler runs which job, and which transports there are.

Reactions to facts come with the features that react. Webhooks and browsers follow the log by cursors of their own.
"""

import shlex
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from merpati.accounts.sessions import forget_sessions
from merpati.accounts.tries import forget_tries
from merpati.core.address import parse_phone
from merpati.core.clock import DAY_MS, HOUR_MS, MINUTE_MS, Clock, Millis
from merpati.core.ids import Address, DeviceId
from merpati.core.tokens import Sealer
from merpati.devices.connection import forget_states
from merpati.devices.model import Device
from merpati.devices.views import find_device
from merpati.jobs.model import JobContext, JobKind, NoArgs
from merpati.log.actions import forget_facts
from merpati.log.requests import forget_keys, forget_requests
from merpati.messages.actions import MAKE_BATCH, MakeBatch
from merpati.messages.batch_list import CANCEL_BATCH, CancelBatch, cancel_batch
from merpati.messages.batches import make_next_part
from merpati.messages.media import ORPHAN_MS, forget_media, sweep_media
from merpati.messages.recovery import CLEAR_DEVICE, ClearDevice, clear_devices, expire_overdue
from merpati.messages.views import open_devices, overdue_devices
from merpati.storage.files import FileStore
from merpati.storage.port import Storage, Tx
from merpati.transports.cloud_api.client import GraphClient
from merpati.transports.cloud_api.link import CloudLink
from merpati.transports.cloud_api.news import forget_news
from merpati.transports.cloud_api.transport import CAPS as CLOUD_CAPS
from merpati.transports.linked.link import LINKED, WORKER, LinkedLink, is_installed
from merpati.transports.linked.link import Settings as LinkedSettings
from merpati.transports.linked.transport import CAPS as LINKED_CAPS
from merpati.transports.official import CLOUD_API, Official
from merpati.transports.phones import Phones
from merpati.transports.port import Capabilities, SessionState, Transport
from merpati.transports.simulator.link import SimulatorLink, open_link
from merpati.transports.simulator.transport import CAPS, OFFICIAL
from merpati.webhooks.actions import forget_calls

AT_ONCE = 1_000
"""Rows that one transaction of a sweep drops."""


class Keeping(msgspec.Struct, frozen=True, kw_only=True):
    """How long things are kept; milliseconds."""

    log_ms: int
    requests_ms: int
    idempotency_ms: int
    media_ms: int = 7 * DAY_MS
    """Fonnte docs, data lifetime: uploads 7 days; longer while a message that waits needs them."""
    states_ms: int = 90 * DAY_MS
    news_ms: int = 30 * DAY_MS
    """What Meta told of a device that is kept off: as long as WhatsApp keeps messages for a phone that is off."""
    expire_after_ms: int


Forget: TypeAlias = Callable[[DeviceId], Awaitable[None]]


def jobs(
    keeping: Keeping, files: FileStore, made: Callable[[], None], forget: Forget
) -> Mapping[str, JobKind[Any]]:
    """Every kind of job. `made` is called when a batch got messages that may be due, `forget` for a device that was
    deleted: what its way to WhatsApp knows of it goes."""
    return {
        MAKE_BATCH: JobKind(args=MakeBatch, handler=lambda at, args: _make_batch(at, args, made), timeout_s=3_600),
        CANCEL_BATCH: JobKind(args=CancelBatch, handler=_cancel_batch, timeout_s=3_600),
        "log.forget": JobKind(args=NoArgs, handler=lambda at, _: _forget(at, keeping), every_ms=10 * MINUTE_MS),
        "messages.expire": JobKind(args=NoArgs, handler=lambda at, _: _expire(at, keeping), every_ms=MINUTE_MS),
        CLEAR_DEVICE: JobKind(args=ClearDevice, handler=lambda at, args: _clear_device(at, args, forget)),
        "messages.clear": JobKind(args=NoArgs, handler=_clear, every_ms=MINUTE_MS),
        "messages.forget_media": JobKind(
            args=NoArgs, handler=lambda at, _: forget_media(at.storage, files, _ago(at, keeping.media_ms)),
            every_ms=HOUR_MS,
        ),
        "messages.sweep_media": JobKind(
            args=NoArgs, handler=lambda at, _: _sweep(at, files), every_ms=HOUR_MS,
        ),
    }  # fmt: skip


class Way(msgspec.Struct, frozen=True):
    """One way to WhatsApp that is open."""

    caps: Capabilities
    make: Callable[[Device, str], Transport]
    """The transport of a device; the text goes into the network's log."""


class Transports:
    """The ways to WhatsApp that this process has open, by the name in a device's row. `close` ends them."""

    default = "simulator"
    """Of a device that names none."""

    def __init__(self, simulator: SimulatorLink, cloud: CloudLink, linked: LinkedLink) -> None:
        self.simulator = simulator
        self.linked = linked
        self.phones: Phones | None = simulator.phones
        """People one can be, where a transport has them."""
        self.official: Official = cloud
        """Where numbers of Meta's are set up."""
        self._ways = {
            "simulator": Way(CAPS, partial(self._simulated, CAPS)),
            "simulator_official": Way(OFFICIAL, partial(self._simulated, OFFICIAL)),
            CLOUD_API: Way(CLOUD_CAPS, lambda device, _: cloud.transport(device.id)),
            LINKED: Way(LINKED_CAPS, lambda device, _: linked.transport(device.id)),
        }
        self.missing: Mapping[str, str] = missing_extras()
        """Ways that cannot be used, each with the extra that it needs; a device of one says so, and ends."""
        self.capabilities: Mapping[str, Capabilities] = {name: way.caps for name, way in self._ways.items()}
        self.loops: Mapping[str, Callable[[], Awaitable[None]]] = {"Meta's news": cloud.run}
        """What runs for ever, by its name in the log."""
        self._forgets: tuple[Forget, ...] = (cloud.forget, linked.forget)
        self._closes = (simulator.close, cloud.close, linked.close)

    def make(self, device: Device, note: str) -> Transport:
        """The transport of a device, by the name in its row; `note` goes into the network's log."""
        return self._ways[device.transport].make(device, note)

    def _simulated(self, caps: Capabilities, device: Device, note: str) -> Transport:
        """Until it is paired, a device has the number that it is registered under."""
        number = Address(device.paired_number) if device.paired_number else parse_phone(device.number)
        return self.simulator.transport(device.id, number, note=note, caps=caps)

    async def forget(self, device: DeviceId) -> None:
        """Drop what is known of a deleted device. May run twice."""
        for forget in self._forgets:
            await forget(device)

    async def close(self) -> None:
        for close in self._closes:
            await close()


def missing_extras() -> Mapping[str, str]:
    """Ways that cannot be used, each with the extra that it needs."""
    return {} if is_installed() else {LINKED: LINKED}


async def open_transports(
    folder: Path,
    socket: str,
    faults: str,
    clock: Clock,
    *,
    open_cloud: Callable[[], CloudLink],
    linked: LinkedSettings,
) -> Transports:
    """Open every transport. The simulated network is the one at `socket`, else one of our own, kept in `folder`.

    Raises `OSError` when nobody is at the socket, and what `open_link` raises for a journal or a script.
    """
    link = await open_link(
        folder, socket=Path(socket) if socket else None, faults=Path(faults) if faults else None, clock=clock
    )
    return Transports(link, open_cloud(), LinkedLink(linked, clock))


def linked_settings(
    root: Path, spool: Path, *, most_bytes: int, devices_per_worker: int, proxy: str, worker: str
) -> LinkedSettings:
    """How linked devices are held; `worker` is a command in place of merpati's own."""
    return LinkedSettings(
        root=root,
        spool=spool,
        most_bytes=most_bytes,
        devices_per_worker=devices_per_worker,
        proxy=proxy,
        command=tuple(shlex.split(worker)) or WORKER,
    )


def cloud_link(
    graph_url: str, storage: Storage, sealer: Sealer, clock: Clock, *, spool: Path, most_bytes: int
) -> CloudLink:
    """The link to Meta's Graph API at this address; made within the event loop that uses it."""
    return CloudLink(GraphClient(graph_url), storage, sealer, clock, spool=spool, most_bytes=most_bytes)


async def _make_batch(at: JobContext, args: MakeBatch, made: Callable[[], None]) -> None:
    """Make a batch's messages, 200 at a time. May run twice: a part goes in the transaction that makes it."""
    while await at.storage.write_bulk(make_next_part, args.batch) is not None:
        made()


async def _cancel_batch(at: JobContext, args: CancelBatch) -> None:
    """Cancel what is still queued of a batch, a chunk at a time. May run twice."""
    await cancel_batch(at.storage, args.batch)


async def _sweep(at: JobContext, files: FileStore) -> None:
    """Remove files that a crash left without a row. May run twice."""
    await sweep_media(at.storage, files, _ago(at, ORPHAN_MS))


async def _expire(at: JobContext, keeping: Keeping) -> None:
    """End what waited too long for devices that are not connected. May run twice."""
    now = at.clock.now()
    for device_id in await at.storage.read(overdue_devices, now - keeping.expire_after_ms):
        device = await at.storage.read(find_device, device_id)
        if device is not None and device.state is not SessionState.OPEN:
            while await at.storage.write(expire_overdue, device, now, keeping.expire_after_ms):
                pass


async def _clear_device(at: JobContext, args: ClearDevice, forget: Forget) -> None:
    """End what a device had open when it was deleted. May run twice."""
    await clear_devices(at.storage, at.clock, [args.device])
    await forget(args.device)


async def _clear(at: JobContext, _: NoArgs) -> None:
    """End what came for deleted devices while they went, or was being handed over. May run twice."""
    await clear_devices(at.storage, at.clock, await at.storage.read(open_devices))


async def _forget(at: JobContext, keeping: Keeping) -> None:
    """Drop what was kept long enough, a chunk at a time: no live call waits for a year's rows. May run twice."""
    log, states = _ago(at, keeping.log_ms), _ago(at, keeping.states_ms)
    news, requests, keys = (
        _ago(at, keeping.news_ms),
        _ago(at, keeping.requests_ms),
        _ago(at, keeping.idempotency_ms),
    )
    await _in_chunks(at, lambda tx: forget_facts(tx, log, AT_ONCE))
    await _in_chunks(at, lambda tx: forget_calls(tx, log, AT_ONCE))
    await _in_chunks(at, lambda tx: forget_news(tx, news, AT_ONCE))
    await _in_chunks(at, lambda tx: forget_sessions(tx, AT_ONCE))
    await at.storage.write_bulk(forget_tries)
    await _in_chunks(at, lambda tx: forget_states(tx, states, AT_ONCE))
    await _in_chunks(at, lambda tx: forget_requests(tx, requests, AT_ONCE))
    await _in_chunks(at, lambda tx: forget_keys(tx, keys, AT_ONCE))


async def _in_chunks(at: JobContext, forget: Callable[[Tx], Coroutine[Any, Any, int]]) -> None:
    while await at.storage.write_bulk(forget) >= AT_ONCE:
        pass


def _ago(at: JobContext, ms: int) -> Millis:
    return Millis(at.clock.now() - ms)
