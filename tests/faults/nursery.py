"""`python -m tests.faults.nursery`: gives birth to processes that have imported merpati already, by fork.

A start from nothing spends a second and a half on imports, and a run of kills is mostly starts. What is born here
is a process like any other: its own memory, files and death. One line of JSON in for each birth, one line out when
it is born and one when it has died; when the input ends, so does everybody.
"""

import contextlib
import os
import runpy
import select
import signal
import sys
import traceback
from pathlib import Path
from typing import NoReturn

import msgspec

import merpati.cli.serve
import tests.faults.node

IMPORTED = (merpati.cli.serve, tests.faults.node)

STDIN, STDOUT = 0, 1


class Birth(msgspec.Struct, frozen=True):
    """What a child is to be."""

    module: str
    arguments: list[str]
    environ: dict[str, str]
    log: str


class Born(msgspec.Struct, frozen=True, tag=True):
    pid: int


class Died(msgspec.Struct, frozen=True, tag=True):
    """`code` as `subprocess` has it: a signal is negative."""

    pid: int
    code: int


def live(birth: Birth) -> NoReturn:
    """Be the child: as if started by `python -m module arguments`."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _redirect(Path(birth.log))
        os.environ.clear()
        os.environ.update(birth.environ)
        sys.argv = [birth.module, *birth.arguments]
        runpy.run_module(birth.module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - it is the end of the process, as for the interpreter
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _redirect(log: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for new, old in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(new, old)


def say(what: Born | Died) -> None:
    os.write(STDOUT, msgspec.json.encode(what) + b"\n")


def bury(living: set[int]) -> None:
    """Tell of every child that has died."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            living.discard(ended[0])
            say(Died(ended[0], os.waitstatus_to_exitcode(ended[1])))


def main() -> None:
    """Until the input ends."""
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    living: set[int] = set()
    unread, decode = b"", msgspec.json.Decoder(Birth).decode
    while True:
        ready, _, _ = select.select([STDIN, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
        bury(living)
        if STDIN not in ready:
            continue
        read = os.read(STDIN, 65_536)
        if not read:
            break
        *lines, unread = (unread + read).split(b"\n")
        for line in lines:
            pid = os.fork() or live(decode(line))
            living.add(pid)
            say(Born(pid))
    for pid in living:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
