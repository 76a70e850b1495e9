"""What can go wrong under a command, each as a sentence that says what to do. The table is `_TROUBLES`."""

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, TypeVar

import click

from merpati.cli.about import mask_password
from merpati.cli.settings import load_settings
from merpati.cli.spoken import words
from merpati.config import Config
from merpati.core.errors import Code, Refusal
from merpati.core.tokens import CannotUnseal
from merpati.storage.files import FilesGone
from merpati.storage.folder import FolderInUse, KeyDamaged
from merpati.storage.migrate import SchemaTooNew
from merpati.storage.places import ExtraMissing
from merpati.storage.port import OutcomeUnknown, StorageError, StorageFull, StorageGone
from merpati.transports.simulator.journal import JournalDamaged, JournalInUse
from merpati.transports.simulator.script import ScriptInvalid
from merpati.transports.simulator.server import SocketInUse

T = TypeVar("T")


class Trouble(click.ClickException):
    """The command could not be done; exit code 1."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(words(key, **values))
        self.key, self.values = key, values


def run(work: Coroutine[Any, Any, T], *, loop: Callable[[], asyncio.AbstractEventLoop] | None = None) -> T:
    """Run a command's work to its end, on a loop of this kind; raises `Trouble` for what `_TROUBLES` knows."""
    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            return runner.run(work)
    except KeyboardInterrupt:
        raise click.Abort from None
    except BrokenPipeError:  # whoever read the output has seen enough; click ends quietly
        raise
    except Trouble as trouble:  # said again: a database's thread does not know the command's language
        raise Trouble(trouble.key, **trouble.values) from None
    except _KNOWN as error:
        raise explain(error) from None


def explain(error: Exception) -> Trouble:
    """The sentence of an exception; the first row that fits counts."""
    config = load_settings().config
    row = next(row for row in _TROUBLES if isinstance(error, row.kind))
    key, values = row.says(error, config)
    return Trouble(key, **values)


def place_of(config: Config) -> str:
    """Where the database is, fit to be shown."""
    return mask_password(config.database) or str(config.data.absolute())


class _Row(NamedTuple):
    kind: type[Exception]
    says: Callable[[Any, Config], tuple[str, dict[str, object]]]


def _refusal(error: Refusal, _config: Config) -> tuple[str, dict[str, object]]:
    field = error.values.get("field")
    if error.code is Code.INPUT_INVALID and field in _FIELDS:
        return f"cli.input.{field}", {}
    return f"error.{error.code}", dict(error.values)


_FIELDS = ("email", "password", "name", "device")
"""What a command asks a person for: each has a sentence that says what is wanted."""


def _in_use(error: FolderInUse, _config: Config) -> tuple[str, dict[str, object]]:
    return "cli.trouble.folder_in_use", {"folder": error.path, "pid": error.pid or "?"}


def _too_new(error: SchemaTooNew, _config: Config) -> tuple[str, dict[str, object]]:
    return "cli.trouble.schema_too_new", {"found": error.found, "known": error.known}


def _of_place(key: str) -> Callable[[Exception, Config], tuple[str, dict[str, object]]]:
    return lambda error, config: (f"cli.trouble.{key}", {"place": place_of(config), "why": error})


def _files_gone(error: FilesGone, config: Config) -> tuple[str, dict[str, object]]:
    return "cli.trouble.files_gone", {"place": config.files, "why": error}


def _extra_missing(error: ExtraMissing, _config: Config) -> tuple[str, dict[str, object]]:
    return "cli.trouble.extra_missing", {"extra": error.extra}


def _key_damaged(error: KeyDamaged, _config: Config) -> tuple[str, dict[str, object]]:
    return "cli.trouble.key_damaged", {"path": error.path}


def _of_simulator(key: str) -> Callable[[Exception, Config], tuple[str, dict[str, object]]]:
    return lambda error, _config: (f"simulator.{key}", {"what": error, "error": error})


_OS_KEYS = {errno.EADDRINUSE: "port_taken", errno.EACCES: "not_allowed", errno.EROFS: "not_allowed"}
_OS_KEYS |= {errno.ENOSPC: "storage_full", errno.EADDRNOTAVAIL: "host_unknown", errno.EPERM: "not_allowed"}
_OS_KEYS |= {errno.EEXIST: "no_folder", errno.ENOTDIR: "no_folder"}
_OS_KEYS |= dict.fromkeys((socket.EAI_NONAME, socket.EAI_AGAIN, socket.EAI_FAMILY), "host_unknown")


def _os_error(error: OSError, config: Config) -> tuple[str, dict[str, object]]:
    values: dict[str, object] = {
        "place": error.filename or place_of(config),
        "why": os.strerror(error.errno) if error.errno else error,
        "port": config.port,
        "host": config.host,
        "other": config.port + 1,
    }
    if error.filename is None and error.errno in (errno.ENOENT, errno.ECONNREFUSED) and config.simulator_socket:
        return "phone.no_simulator", {"folder": config.simulator_socket}
    return f"cli.trouble.{_OS_KEYS.get(error.errno or 0, 'os')}", values


_TROUBLES = (
    _Row(Refusal, _refusal),
    _Row(FolderInUse, _in_use),
    _Row(SchemaTooNew, _too_new),
    _Row(FilesGone, _files_gone),
    _Row(ExtraMissing, _extra_missing),
    _Row(StorageGone, _of_place("storage_gone")),
    _Row(StorageFull, _of_place("storage_full")),
    _Row(OutcomeUnknown, _of_place("outcome_unknown")),
    _Row(StorageError, _of_place("storage")),
    _Row(CannotUnseal, _of_place("key_changed")),
    _Row(KeyDamaged, _key_damaged),
    _Row(JournalInUse, _of_simulator("in_use")),
    _Row(SocketInUse, _of_simulator("in_use")),
    _Row(JournalDamaged, _of_simulator("failed")),
    _Row(ScriptInvalid, _of_simulator("failed")),
    _Row(OSError, _os_error),
)
_KNOWN = tuple(row.kind for row in _TROUBLES)
