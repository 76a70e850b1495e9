"""neonize's shared library and its message types, and nothing of its Python client.

That client parks threads of the default executor, swallows errors, may download a library at its import and needs
libmagic, Pillow and requests; we call sixteen functions. Their signatures are those of version `VERSION` and of no
other: the library is asked for its version before anything else.

A call with an id that is not begun, or after its end, aborts the process: `session` orders the calls.
"""

import ctypes
import importlib
import importlib.util
import platform
import sys
from collections.abc import Callable, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

VERSION: Final = "0.5.2"
FUNCTION: Final = "neonize"


class LibraryMissing(Exception):
    """Not installed, or not for this machine."""


class LibraryOther(Exception):
    """Another version than ours."""


class Happening(IntEnum):
    """The library's numbers of events; those that we listen to."""

    ME = 0
    QR = 1
    PAIR_STATUS = 2
    CONNECTED = 3
    LOGGED_OUT = 6
    REPLACED = 7
    BANNED = 8
    CONNECT_FAILURE = 9
    OUTDATED = 10
    STREAM_ERROR = 11
    DISCONNECTED = 12
    PAST = 13
    """What a phone tells a new device of the time before: large, and read at once."""
    MESSAGE = 17
    RECEIPT = 18
    CHAT_PRESENCE = 19
    OFFLINE_DONE = 27
    UNDECRYPTABLE = 44


class _Bytes(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t)]


class _Proxy(ctypes.Structure):
    _fields_ = [
        ("address", ctypes.c_char_p),
        ("no_websocket", ctypes.c_bool),
        ("only_login", ctypes.c_bool),
        ("no_media", ctypes.c_bool),
    ]


_ON_TEXT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
_ON_EVENT = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int)
_ON_LOG = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int)
_text, _int, _bool = ctypes.c_char_p, ctypes.c_int, ctypes.c_bool
_buffer = (ctypes.c_char_p, ctypes.c_int)

GIVES_BYTES: Mapping[str, tuple[Any, ...]] = {
    "SendMessage": (_text, *_buffer, *_buffer),
    "Upload": (_text, *_buffer, _int),
    "DownloadAny": (_text, *_buffer),
    "PairPhone": (_text, *_buffer),
    "IsOnWhatsApp": (_text, _text),
    "GetJoinedGroups": (_text,),
    "DecryptPollVote": (_text, *_buffer),
    "GetPNFromLID": (_text, *_buffer),
    "GetLIDFromPN": (_text, *_buffer),
}
"""Answer with a message."""
GIVES_TEXT: Mapping[str, tuple[Any, ...]] = {
    "Neonize": (
        _text, _text, *_buffer, _int, _text, _ON_TEXT, _ON_TEXT, _ON_EVENT, _ON_LOG, *_buffer, *_buffer, *_buffer,
        ctypes.POINTER(_Proxy),
    ),
    "SendChatPresence": (_text, *_buffer, _int, _int),
    "SendPresence": (_text, _text),
    "MarkRead": (_text, _text, _int, *_buffer, *_buffer, _text),
    "Logout": (_text,),
}  # fmt: skip
"""Answer with a line that says what went wrong; empty: nothing."""
GIVES_NOTHING: Mapping[str, tuple[Any, ...]] = {"Stop": (_text,), "Disconnect": (_text,)}


class Messages:
    """The message types, by the files that neonize ships."""

    def __init__(self, folder: Path) -> None:
        sys.path.append(str(folder / "proto"))
        self.neonize: Any = importlib.import_module("Neonize_pb2")
        self.e2e: Any = importlib.import_module("waE2E.WAWebProtobufsE2E_pb2")
        self.common: Any = importlib.import_module("waCommon.WACommon_pb2")
        self.registration: Any = importlib.import_module("waCompanionReg.WAWebProtobufsCompanionReg_pb2")


def package_folder() -> Path:
    """Where neonize is installed; raises `LibraryMissing`."""
    found = importlib.util.find_spec("neonize")
    if found is None or not found.submodule_search_locations:
        raise LibraryMissing("neonize")
    return Path(found.submodule_search_locations[0])


def load_messages() -> Messages:
    """Raises `LibraryMissing`."""
    return Messages(package_folder())


class Library:
    """The shared library, loaded once for the life of the process. Any thread may call."""

    def __init__(self) -> None:
        """Raises `LibraryMissing`, `LibraryOther`."""
        folder = package_folder()
        files = [each for each in folder.glob("neonize-*") if each.suffix in {".so", ".dylib", ".dll"}]
        if not files:
            raise LibraryMissing(f"none for {platform.system()} {platform.machine()}")
        try:
            self._go = ctypes.CDLL(str(files[0]))
        except OSError as error:
            raise LibraryMissing(str(error)) from None
        self._go.GetVersion.restype = ctypes.c_char_p
        found = self._go.GetVersion().decode()
        if found != VERSION:
            raise LibraryOther(f"{found} is not {VERSION}")
        self._declare()
        self._kept: dict[bytes, tuple[Any, ...]] = {}

    def _declare(self) -> None:
        self._go.FreeBytesStruct.argtypes = [ctypes.POINTER(_Bytes)]
        self._go.FreeBytesStruct.restype = None
        self._go.FreeString.argtypes = [ctypes.c_void_p]
        self._go.FreeString.restype = None
        for names, restype in (
            (GIVES_BYTES, ctypes.POINTER(_Bytes)),
            (GIVES_TEXT, ctypes.c_void_p),
            (GIVES_NOTHING, None),
        ):
            for name, argtypes in names.items():
                function = getattr(self._go, name)
                function.argtypes, function.restype = list(argtypes), restype

    def ask(self, name: str, *args: Any) -> bytes:  # noqa: ANN401 - as declared
        """Call one of `GIVES_BYTES`: the bytes of its answer."""
        found = getattr(self._go, name)(*args)
        if not found:
            return b""
        try:
            answer = found.contents
            return ctypes.string_at(answer.data, answer.size) if answer.data and answer.size else b""
        finally:
            self._go.FreeBytesStruct(found)

    def tell(self, name: str, *args: Any) -> str:  # noqa: ANN401 - as declared
        """Call one of `GIVES_TEXT`: what went wrong."""
        found = getattr(self._go, name)(*args)
        if not found:
            return ""
        try:
            return ctypes.string_at(found).decode(errors="replace")
        finally:
            self._go.FreeString(found)

    def end(self, name: str, id_: bytes) -> None:
        """Call one of `GIVES_NOTHING`."""
        getattr(self._go, name)(id_)

    def run(
        self,
        id_: bytes,
        database: str,
        *,
        listens: bytes,
        props: bytes,
        proxy: str,
        on_qr: Callable[[str], None],
        on_status: Callable[[str], None],
        on_event: Callable[[int, bytes], None],
        on_log: Callable[[bytes], None],
    ) -> str:
        """Hold a session until `Stop`, on the calling thread; answers what ended it.

        The callbacks come on threads of the library, events one after the other.
        """
        callbacks = (
            _ON_TEXT(lambda _, text: on_qr(ctypes.string_at(text).decode())),
            _ON_TEXT(lambda _, text: on_status(ctypes.string_at(text).decode())),
            _ON_EVENT(lambda _, data, size, code: on_event(code, ctypes.string_at(data, size))),
            _ON_LOG(lambda data, size: on_log(ctypes.string_at(data, size))),
        )
        settings = _Proxy(proxy.encode(), False, False, False) if proxy else None
        self._kept[id_] = (*callbacks, settings)  # a late event of an ended session may still call
        return self.tell(
            "Neonize",
            database.encode(),
            id_,
            b"",
            0,
            0,
            b"WARN",
            *callbacks,
            listens,
            len(listens),
            props,
            len(props),
            b"",
            0,
            ctypes.byref(settings) if settings is not None else None,
        )
