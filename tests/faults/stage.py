"""The stage of a run: a network, a database with an account and its devices, and the gateways that serve it."""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import msgspec

from merpati.accounts.actions import create_account
from merpati.core.clock import SystemClock
from merpati.core.ids import AccountId, Address, DeviceId, EndpointId
from merpati.core.tokens import SealedToken, Sealer, new_account_token, new_device_token
from merpati.devices.actions import NewDevice, add_device
from merpati.devices.model import Settings
from merpati.storage.folder import DataFolder
from merpati.storage.migrate import migrate
from merpati.storage.port import Storage, Tx
from merpati.storage.postgres import PostgresStorage
from merpati.storage.sqlite import SqliteStorage
from merpati.webhooks.actions import NewEndpoint, set_endpoint
from merpati.webhooks.model import EndpointKind
from merpati.webhooks.signing import SECRET_BYTES, format_secret
from tests.faults.births import Nursery
from tests.faults.evidence import Asked, Case, Fault, Stored, read_stored
from tests.faults.gateway import Gateway
from tests.faults.network import QUICK, Network
from tests.faults.receiver import Receiver

ACCOUNT = AccountId(1)
LEASE_S = 2.0


class Sender(msgspec.Struct, frozen=True):
    """A device of the stage."""

    id: DeviceId
    number: Address
    token: str
    pace_ms: tuple[int, int] = (0, 0)


@dataclass
class Stage:
    """Everything that a run needs. `nodes` are not started yet; what is kept here is the evidence."""

    network: Network
    receiver: Receiver
    nodes: Sequence[Gateway]
    senders: Sequence[Sender]
    database: str
    """PostgreSQL's address, or empty: SQLite in the first node's folder."""
    account_token: str = field(default_factory=new_account_token)
    """Opens our own API."""
    asked: list[Asked] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    """Of what the nodes share; each node notes its own."""

    @property
    def node(self) -> Gateway:
        return self.nodes[0]

    async def stored(self) -> Stored:
        """What the database holds; on SQLite no node may run."""
        async with open_database(self.database, self.node.data) as storage:
            return await read_stored(storage)

    async def case(self) -> Case:
        """End the nodes in order and collect the evidence."""
        for node in self.nodes:
            if node.running:
                await node.stop()
        return Case(
            journal=self.network.journal(),
            asked=self.asked,
            faults=sorted(chain(self.faults, *(node.faults for node in self.nodes))),
            stored=await self.stored(),
            calls=self.receiver.calls,
            devices={sender.id: sender.number for sender in self.senders},
            pace_ms={sender.number: sender.pace_ms[0] for sender in self.senders if sender.pace_ms[0]},
        )

    def said(self) -> str:
        """What all processes wrote last: for a failure."""
        return "\n".join(process.said() for process in (self.network, *self.nodes))


@asynccontextmanager
async def open_database(dsn: str, data: Path) -> AsyncIterator[Storage]:
    """The run's database, from outside."""
    storage: Storage
    if dsn:
        storage = await PostgresStorage.open(dsn, SystemClock())
    else:
        storage = await SqliteStorage.open(DataFolder(data).database, SystemClock())
    try:
        yield storage
    finally:
        await storage.close()


@asynccontextmanager
async def open_stage(
    folder: Path,
    database: str,
    *,
    paces: Sequence[tuple[int, int]] = ((0, 0),),
    nodes: int = 1,
    script: str = QUICK,
    settings: Mapping[str, str] | None = None,
    module: str = "merpati",
) -> AsyncIterator[Stage]:
    """A stage with one device for each of `paces` (milliseconds from, to) and so many nodes; the network runs."""
    senders = [
        Sender(DeviceId(n), Address(f"62811{n:08}"), new_device_token(), pace)
        for n, pace in enumerate(paces, start=1)
    ]
    network, receiver = Network(folder / "network", script), Receiver()
    environ = {
        "MERPATI_DATABASE": database,
        "MERPATI_LEASE_S": str(LEASE_S),
        "MERPATI_SIMULATOR_SOCKET": str(network.socket),
        "MERPATI_ALLOW_HOSTS": "127.0.0.1",
        **(settings or {}),
    }
    nursery = Nursery(folder / "nursery.log")
    gateways = [Gateway(f"node-{n}", folder / f"data-{n}", environ, nursery, module) for n in range(nodes)]
    stage = Stage(network, receiver, gateways, senders, database)
    async with AsyncExitStack() as stack:
        for close in (receiver.close, network.close, nursery.close, *(node.close for node in gateways)):
            stack.push_async_callback(close)
        await nursery.open()
        await network.open()
        await receiver.open()
        for sender in senders:
            await network.phone.add_device(sender.number)
        await _furnish(stage)
        try:
            yield stage
        except BaseException:
            print(stage.said())  # noqa: T201 - pytest shows it with the failure
            raise


async def _furnish(stage: Stage) -> None:
    """The schema, an account, devices, status webhooks; every node gets the same sealing key."""
    key = DataFolder(stage.node.data).key("seal")
    for node in stage.nodes[1:]:
        path = DataFolder(node.data).keys / "seal.key"
        path.write_bytes(key)
        path.chmod(0o600)
    async with open_database(stage.database, stage.node.data) as storage:
        await migrate(storage)
        sealer = Sealer(key)
        opens = sealer.seal_token("account", ACCOUNT, stage.account_token)
        await storage.write(create_account, ACCOUNT, "Toko", opens)
        for sender in stage.senders:
            secret = sealer.seal("endpoint", sender.id, format_secret(secrets.token_bytes(SECRET_BYTES)))
            token = sealer.seal_token("device", sender.id, sender.token)
            await storage.write(_add_sender, sender, token, secret, stage.receiver.url(sender.number))


async def tell_messages(stage: Stage, sender: Sender, url: str) -> None:
    """This device's incoming messages are told to `url`; the node that gets it does not run yet."""
    sealer, id_ = Sealer(DataFolder(stage.node.data).key("seal")), EndpointId(1_000 + sender.id)
    secret = sealer.seal("endpoint", id_, format_secret(secrets.token_bytes(SECRET_BYTES)))
    async with open_database(stage.database, stage.node.data) as storage:
        await storage.write(set_endpoint, ACCOUNT, sender.id, EndpointKind.MESSAGE, url, NewEndpoint(id_, secret))


async def _add_sender(tx: Tx, sender: Sender, token: SealedToken, secret: str, url: str) -> None:
    new = NewDevice(
        id=sender.id,
        account=ACCOUNT,
        number=sender.number,
        name=f"kasir {sender.id}",
        transport="simulator",
        settings=Settings(pace_from_ms=sender.pace_ms[0], pace_to_ms=sender.pace_ms[1]),
        desired=True,
    )
    await add_device(tx, new, token)
    endpoint = NewEndpoint(EndpointId(sender.id), secret)
    await set_endpoint(tx, ACCOUNT, sender.id, EndpointKind.STATUS, url, endpoint)
