"""Runs a network: its journal, its timers, and the socket where clients and people connect."""

import asyncio
import contextlib
import hashlib
import os
import socket
import stat
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from merpati.core.clock import Clock, SystemClock
from merpati.transports.port import SendFault
from merpati.transports.simulator import exchange, handoffs
from merpati.transports.simulator.faults import Rule
from merpati.transports.simulator.journal import Journal, JournalFull
from merpati.transports.simulator.lines import Lines
from merpati.transports.simulator.network import Client, Network
from merpati.transports.simulator.settings import Settings
from merpati.transports.simulator.wire import CLIENT_DECODER, FromClient, Refused, Upload, Uploaded

SIMULATOR_FOLDER = "simulator"
"""Name of the network's folder inside merpati's data folder."""
ADDRESS_FILE = "address"
SOCKET_FILE = "network.sock"
MEDIA_FOLDER = "media"
LONGEST_SOCKET_PATH = 100
"""Bytes; the kernel's limit is 104 to 108."""
_CHUNK_BYTES = 1 << 20


class SocketInUse(Exception):
    """Another network answers on this socket."""


class Server:
    """A running network. `receive` is the door for clients in the same process; others come by the socket."""

    def __init__(self, folder: Path, settings: Settings, clock: Clock) -> None:
        self.journal = Journal(folder, fsync=settings.fsync)
        self.network = Network(self.journal, settings, clock)
        self.address = Path()
        self._media = folder / MEDIA_FOLDER
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | asyncio.Handle | None = None
        self._connections: set[Lines] = set()
        self._all_gone = asyncio.Event()
        self._all_gone.set()
        self._uploads: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None

    def start(self, rules: Iterable[Rule]) -> None:
        """Put the script's rules in force and go on with what waited when the network was last stopped."""
        for rule in rules:
            self.network.faults.add(rule, fired=self.network.world.faults_fired)
        self.network.timers.on_earlier = self._arm
        for who in list(self.network.world.waiting):
            handoffs.settle(self.network, who)

    async def listen(self, folder: Path, path: Path | None) -> None:
        """Open the socket, and write its path to the file `address` in `folder`."""
        self.address = path or _socket_path(folder)
        _remove_stale(self.address)
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        os.fchmod(door.fileno(), 0o600)  # before it has a name, so that nobody else slips in
        door.bind(os.fspath(self.address))
        self.address.chmod(0o600)
        self._listener = await self._loop.create_unix_server(self._connection, sock=door)
        (folder / ADDRESS_FILE).write_text(os.fspath(self.address.absolute()))

    def receive(self, client: Client, frame: FromClient) -> None:
        """A frame of a client."""
        if isinstance(frame, Upload):
            task = self._loop.create_task(self._keep(client, frame))
            self._uploads.add(task)
            task.add_done_callback(self._uploads.discard)
        else:
            exchange.handle(self.network, client, frame)

    def lost(self, client: Client) -> None:
        """A client has gone."""
        self.network.lost(client)

    async def close(self) -> None:
        """Stop; what waits goes on at the next start. May be called twice."""
        self.network.timers.on_earlier = None
        if self._timer is not None:
            self._timer.cancel()
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            self.address.unlink(missing_ok=True)
        for connection in list(self._connections):
            connection.cut()
        await self._all_gone.wait()
        await asyncio.gather(*self._uploads)
        with contextlib.suppress(JournalFull):  # then some news come twice
            self.network.write_confirmations()
        self.journal.close()

    # -- timers --

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        wait_s = self.network.timers.wait_s()
        if wait_s is None:
            self._timer = None
        elif wait_s == 0:
            self._timer = self._loop.call_soon(self._run_due)
        else:
            self._timer = self._loop.call_later(wait_s, self._run_due)

    def _run_due(self) -> None:
        self._timer = None
        try:
            self.network.timers.run()
        finally:
            if self._timer is None:
                self._arm()

    # -- connections --

    def _connection(self) -> Lines:
        connection = Lines(CLIENT_DECODER, self.receive, self._connection_lost)
        self._connections.add(connection)
        self._all_gone.clear()
        return connection

    def _connection_lost(self, connection: Lines) -> None:
        self.lost(connection)
        self._connections.discard(connection)
        if not self._connections:
            self._all_gone.set()

    # -- files --

    async def _keep(self, client: Client, ask: Upload) -> None:
        try:
            kept = await asyncio.to_thread(partial(keep_file, self._media, Path(ask.path)))
        except OSError:
            client.put(Refused(q=ask.q, fault=SendFault.CONTENT, code="file_unreadable"))
        else:
            client.put(Uploaded(q=ask.q, path=os.fspath(kept)))


def keep_file(folder: Path, path: Path) -> Path:
    """A file of the network's own with these bytes, named by their SHA-256. Raises `OSError`. Blocks."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    hashed = hashlib.sha256()
    with path.open("rb") as source, tempfile.NamedTemporaryFile(dir=folder, delete=False) as target:
        while chunk := source.read(_CHUNK_BYTES):
            hashed.update(chunk)
            target.write(chunk)
    kept = folder / hashed.hexdigest()
    Path(target.name).replace(kept)
    return kept


def _socket_path(folder: Path) -> Path:
    path = (folder / SOCKET_FILE).absolute()
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    return Path(tempfile.mkdtemp(prefix="merpati-")) / SOCKET_FILE


def _remove_stale(path: Path) -> None:
    """Remove the socket of a network that was killed; raises `SocketInUse` when it lives."""
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        answers = knock.connect_ex(os.fspath(path)) == 0
    if answers:
        raise SocketInUse(os.fspath(path))
    path.unlink(missing_ok=True)


async def open_server(
    folder: Path,
    *,
    socket_path: Path | None = None,
    settings: Settings | None = None,
    rules: Iterable[Rule] = (),
    clock: Clock | None = None,
) -> Server:
    """Open the network kept in `folder`. Raises `JournalInUse`, `JournalDamaged`, `SocketInUse`, `OSError`."""
    server = Server(folder, settings or Settings(), clock or SystemClock())
    try:
        server.start(rules)
        await server.listen(folder, socket_path)
    except BaseException:
        await server.close()
        raise
    return server
