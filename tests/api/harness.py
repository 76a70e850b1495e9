"""The API as programs meet it: the real application on a real socket, over a real database.

Two accounts: the first has two connected devices and one that is not; the second has one connected device.
"""

import asyncio
import contextlib
import functools
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import aiohttp
import msgspec
from prometheus_client import CollectorRegistry

from merpati.accounts.actions import create_account
from merpati.accounts.key_lookup import KeyLookup
from merpati.accounts.lookup import AccountLookup
from merpati.api.gateway import Gateway
from merpati.api.http import build_application, operator_routes
from merpati.api.live.hub import Hub
from merpati.api.live.rights import judge_on
from merpati.api.metrics import ApiMetrics
from merpati.api.server import LimitedProtocol, listen, serving
from merpati.api.v1.limits import CallLimits
from merpati.core.clock import DAY_MS, Millis, SystemClock
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, Address, DeviceId
from merpati.core.tokens import Sealer
from merpati.devices.actions import NewDevice, add_device
from merpati.devices.asks import Shown
from merpati.devices.connection import change_state
from merpati.devices.lookup import DeviceLookup
from merpati.devices.model import Device, DeviceState
from merpati.devices.views import find_device
from merpati.egress.client import Egress
from merpati.egress.fetch import fetch
from merpati.messages.file_links import FileLinks
from merpati.messages.thumbnails import Thumbnails
from merpati.storage.files import FolderStore
from merpati.storage.ids import Ids
from merpati.storage.lane import HotLane
from merpati.storage.port import Row, Storage, Tx
from merpati.transports.limits import META_FILES, META_TEXT
from merpati.transports.port import Capabilities, Group, NumberCheck, PairHow
from merpati.wiring import cloud_link

ACCOUNT, STRANGER = AccountId(1), AccountId(2)
ONE, TWO, OFF, THEIRS = DeviceId(11), DeviceId(12), DeviceId(13), DeviceId(21)
TOKENS = {
    "account": "AccountTokenOfTheFirstAccount123",
    "stranger": "AccountTokenOfTheSecondAccount12",
    "one": "sUqjkKH+UG+@3SmnKrhz",
    "two": "M@N!4Yr-Vs#CPtaopCkE",
    "off": "OffOffOffOffOffOff00",
    "theirs": "TheirsTheirsTheirs01",
    "unknown": "NobodyHasThisToken00",
    "both": "sUqjkKH+UG+@3SmnKrhz, M@N!4Yr-Vs#CPtaopCkE",
    "mixed": "sUqjkKH+UG+@3SmnKrhz,TheirsTheirsTheirs01",
    "bearer": "Bearer sUqjkKH+UG+@3SmnKrhz",
}
NUMBERS = {ONE: "6281111111111", TWO: "081222222222", OFF: "6283333333333", THEIRS: "6284444444444"}
_DEVICES = {ONE: (ACCOUNT, "one"), TWO: (ACCOUNT, "two"), OFF: (ACCOUNT, "off"), THEIRS: (STRANGER, "theirs")}


HELLO = {"target": "081234567890", "message": "hello"}
"""The smallest call."""
STORED = ("message", "outbox", "batch", "batch_part", "media", "idempotency", "fact", "job", "device")
"""What a call may store; the request log has every call of a known caller."""


NO_GRAPH = "http://127.0.0.1:9/v26.0"
"""Nobody is there."""
CAPABILITIES = {
    "simulator": Capabilities(in_flight=8, takes_ref=True, edit_ms=900_000, revoke_ms=2 * DAY_MS),
    "official": Capabilities(
        in_flight=8,
        takes_ref=True,
        poll=False,
        groups=False,
        interactive=True,
        template=True,
        contact=True,
        reaction=True,
        window_ms=DAY_MS,
        max_text=META_TEXT,
        files=META_FILES,
    ),
}


PAIRING_ENDS = 1_793_000_000_000
"""When what is shown can no longer be scanned or typed."""


class Sessions:
    """Sessions as a network answers them; what is asked is kept. A number that ends in 9 is on no phone."""

    def __init__(self) -> None:
        self.ended: list[DeviceId] = []
        self.restarted: list[DeviceId] = []
        self.typing: list[tuple[DeviceId, Address, int]] = []
        self.joined: list[Group] = []
        self.reachable = True

    async def pair(self, device: Device, how: PairHow, phone: Address | None) -> Shown:
        self._check_reachable()
        text = f"CODE-{phone}" if how is PairHow.CODE else f"pair {device.id}"
        return Shown(text, Millis(PAIRING_ENDS))

    async def show_typing(self, device: Device, chat: Address, for_ms: int) -> None:
        self._check_open(device)
        self.typing.append((device.id, chat, for_ms))

    async def check(self, device: Device, numbers: Sequence[Address]) -> Sequence[NumberCheck]:
        self._check_open(device)
        return [NumberCheck(number=number, registered=not number.endswith("9")) for number in numbers]

    async def groups(self, device: Device) -> Sequence[Group]:
        self._check_open(device)
        return self.joined

    def _check_open(self, device: Device) -> None:
        self._check_reachable()
        if not device.connected:
            raise Refusal(Code.DEVICE_DISCONNECTED)

    def _check_reachable(self) -> None:
        if not self.reachable:
            raise Refusal(Code.DEVICE_DISCONNECTED)

    async def restart(self, device: Device) -> None:
        self.restarted.append(device.id)

    async def disconnect(self, device: Device) -> None:
        self.ended.append(device.id)


class Api:
    """The running API and what is behind it."""

    def __init__(self, gateway: Gateway, sessions: Sessions, url: str, client: aiohttp.ClientSession) -> None:
        self.gateway, self.sessions, self.url, self.client = gateway, sessions, url, client
        self.woken: list[tuple[DeviceId, int]] = []
        self.batches = self.looks = 0

    async def post(self, path: str, token: str = "one", **body: Any) -> dict[str, Any]:  # noqa: ANN401 — aiohttp's
        """POST and the JSON that comes back; `token` is a name in `TOKENS`, empty for none."""
        async with self.client.post(self.url + path, headers=headers_of(token), **body) as response:
            assert response.status == 200, await response.text()
            return cast("dict[str, Any]", await response.json())

    async def rows(self, sql: str) -> list[Row]:
        async def read(tx: Tx) -> list[Row]:
            return await tx.all(sql)

        return await self.storage.read(read)

    @property
    def storage(self) -> Storage:
        return self.gateway.storage

    async def count(self, table: str) -> int:
        return int((await self.rows(f"SELECT count(*) FROM {table}"))[0][0])

    async def counts(self) -> dict[str, int]:
        """How many rows there are of what a call may store."""
        return {table: await self.count(table) for table in STORED}

    @property
    def media_folder(self) -> Path:
        """Where files are kept."""
        assert isinstance(self.gateway.files, FolderStore)
        return self.gateway.files.folder

    def files(self) -> list[str]:
        """What lies in the media and spool folders."""
        folders = (self.media_folder, self.gateway.spool_folder)
        return sorted(path.name for folder in folders for path in folder.iterdir())

    async def set_state(self, device: DeviceId, state: DeviceState) -> None:
        """The device's session came into this state."""
        known = await self.storage.read(find_device, device)
        assert known is not None
        await self.storage.write(change_state, known, state, "test", self.gateway.clock.now())
        self.gateway.devices.forget_device(device)


def headers_of(token: str) -> dict[str, str]:
    return {"Authorization": TOKENS[token]} if token else {}


async def populate(storage: Storage, sealer: Sealer) -> None:
    """The two accounts and their devices."""
    for account, name in ((ACCOUNT, "account"), (STRANGER, "stranger")):
        await storage.write(create_account, account, name, sealer.seal_token("account", account, TOKENS[name]))
    for id_, (account, name) in _DEVICES.items():
        new = NewDevice(
            id=id_,
            account=account,
            number=NUMBERS[id_],
            name=name.title(),
            transport="simulator",
            desired=id_ != OFF,
        )
        device = await storage.write(add_device, new, sealer.seal_token("device", id_, TOKENS[name]))
        if id_ != OFF:
            for state in (DeviceState.CONNECTING, DeviceState.OPEN):
                await storage.write(change_state, device, state, "", SystemClock().now())


async def fetch_name(egress: Egress, url: str, into: Path, *, max_bytes: int) -> str:
    """A file by its address; its name."""
    return (await fetch(egress, url, into, max_bytes=max_bytes, timeout_s=5)).filename


@contextlib.asynccontextmanager
async def running_api(
    storage: Storage,
    folder: Path,
    *,
    populated: bool = True,
    protocol: type[LimitedProtocol] = LimitedProtocol,
    trusted_proxies: Sequence[str] = ("127.0.0.1",),
    **changed: Any,  # noqa: ANN401 — Gateway's
) -> AsyncIterator[Api]:
    """The API over this database; `changed` are other values of `Gateway`. A second process on it finds the
    accounts there (`populated=False`). Callers are taken for proxies: they say where a call comes from."""
    clock, sealer, sessions, egress = SystemClock(), Sealer(b"k" * 32), Sessions(), Egress(["127.0.0.1"])
    if populated:
        await populate(storage, sealer)
    live = Hub(storage, judge_on(storage))
    media, spool = folder / "media", folder / "spool"
    for made in (media, spool):
        made.mkdir()
    api: Api

    cloud = cloud_link(NO_GRAPH, storage, sealer, clock, spool=spool, most_bytes=10_000_000)
    gateway = Gateway(
        storage=storage,
        lane=HotLane(storage),
        ids=Ids(storage),
        clock=clock,
        rng=random.Random(1),
        devices=DeviceLookup(storage, clock),
        accounts=AccountLookup(storage, clock),
        keys=KeyLookup(storage, changed.get("clock", clock)),
        limits=CallLimits(clock),
        sealer=sealer,
        sessions=sessions,
        capabilities=CAPABILITIES,
        default_transport="simulator",
        fetch=functools.partial(fetch_name, egress),
        egress=egress,
        check_url=egress.check_url,
        files=FolderStore(media),
        thumbnails=Thumbnails(FolderStore(media), spool),
        spool_folder=spool,
        wake=lambda device, at: api.woken.append((device, at)),
        made=lambda: setattr(api, "batches", api.batches + 1),
        webhooks_set=lambda: setattr(api, "looks", api.looks + 1),
        links=FileLinks(b"k" * 32, lambda: "http://files.example"),
        official=cloud,
        live=live,
        metrics=ApiMetrics(CollectorRegistry()),
    )
    gateway = msgspec.structs.replace(gateway, **changed)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(egress.close)
        stack.push_async_callback(cloud.close)
        api = await stack.enter_async_context(serving_api(gateway, sessions, protocol, trusted_proxies))
        following = asyncio.ensure_future(gateway.live.run())
        stack.push_async_callback(asyncio.wait, [following])
        stack.callback(gateway.live.close)
        stack.push_async_callback(gateway.lane.close)
        yield api


@contextlib.asynccontextmanager
async def serving_api(
    gateway: Gateway,
    sessions: Sessions,
    protocol: type[LimitedProtocol] = LimitedProtocol,
    trusted_proxies: Sequence[str] = (),
) -> AsyncIterator[Api]:
    """This gateway behind a port of its own."""
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(serving(application(gateway), listener, protocol, trusted_proxies))
        client = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        yield Api(gateway, sessions, url, client)


def application(gateway: Gateway) -> Any:  # noqa: ANN401 — an ASGI application
    async def nothing_wrong() -> list[str]:
        return []

    async def nothing_to_measure() -> None:
        return

    routes = operator_routes(gateway, nothing_wrong, nothing_to_measure)
    return build_application(gateway, routes)


def refused(code: Code) -> Any:  # noqa: ANN401 — a callable that raises
    """A callable of any arguments that refuses."""

    def refuse(*_args: object, **_more: object) -> None:
        raise Refusal(code)

    return refuse


def without(answer: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The answer without these keys."""
    return {name: value for name, value in answer.items() if name not in names}
