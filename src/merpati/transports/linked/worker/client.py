"""One session of the library: begun, called, ended. The library's words come out as they are."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from merpati.core.ids import Address, WaId
from merpati.transports.linked.worker.gate import Gate
from merpati.transports.linked.worker.library import Happening, Library, Messages
from merpati.transports.linked.worker.outgoing import jid_of
from merpati.transports.port import Signal

LISTENS: Final = bytes(each for each in Happening if each is not Happening.ME)
BEGUN_WITHIN_S: Final = 1.0
"""How long a beginning keeps the maps to itself; the network comes after that."""
DRAIN_S: Final = 0.15
"""The library has a queue of events; ending it drops what is in there, so it is cut off from the network before."""
BROWSER: Final = "Chrome (Linux)"
"""WhatsApp takes a pairing code only from what looks like a browser."""
CHROME: Final = 1
_PRESENCE = {Signal.TYPING: (0, b"available"), Signal.PAUSED: (1, b"unavailable")}


class LibraryTrouble(Exception):
    """The library's line about a call that failed."""


class Hears(Protocol):
    """Called on the library's threads."""

    def on_qr(self, code: str) -> None: ...

    def on_status(self, status: str) -> None: ...

    def on_event(self, code: int, data: bytes) -> None: ...

    def on_end(self, line: str) -> None:
        """The session is over; the line says why."""
        ...


class Client:
    """Made for one login or one pairing; `end` it before another is made."""

    def __init__(self, library: Library, messages: Messages, gate: Gate, name: str, hears: Hears) -> None:
        """`name` is used once in the life of the process."""
        self._library, self._messages, self._gate = library, messages, gate
        self._id, self._hears = name.encode(), hears
        self._known, self.ended = threading.Event(), False

    async def begin(self, session: Path, proxy: str) -> None:
        """Log in with the keys in `session`, or show QR codes when it is new."""
        async with self._gate.change():
            threading.Thread(target=self._run, args=(session, proxy), name="session", daemon=True).start()
            await self._gate.apart(self._known.wait, BEGUN_WITHIN_S)

    def _run(self, session: Path, proxy: str) -> None:
        props = self._messages.registration.DeviceProps(os="merpati", platformType=CHROME)
        line = self._library.run(
            self._id,
            str(session),
            listens=LISTENS,
            props=props.SerializeToString(),
            proxy=proxy,
            on_qr=self._knowing(self._hears.on_qr),
            on_status=self._knowing(self._hears.on_status),
            on_event=self._on_event,
            on_log=lambda _: None,
        )
        self._known.set()
        if not self.ended:
            self._hears.on_end(line)

    def _knowing(self, hear: Callable[[str], None]) -> Callable[[str], None]:
        def heard(text: str) -> None:
            self._known.set()
            if not self.ended:
                hear(text)

        return heard

    def _on_event(self, code: int, data: bytes) -> None:
        self._known.set()
        self._hears.on_event(code, data)

    async def end(self) -> None:
        """Off the network, then what is still queued is heard, then the end. Again is harmless."""
        if self.ended:
            return
        if self._known.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_S * 10):
                    await self._gate.call(self._library.end, "Disconnect", self._id)
            await asyncio.sleep(DRAIN_S)
        self.ended = True
        async with self._gate.change():
            await self._gate.apart(self._library.end, "Stop", self._id)

    # -- calls: each raises LibraryTrouble --

    async def send(self, chat: Address, message: Any) -> Any:  # noqa: ANN401 - messages of the library
        """The answer to the message: its id and WhatsApp's time."""
        to, data = self._jid(chat), message.SerializeToString()
        answer = await self._ask("SendMessage", "SendMessageReturnFunction", to, len(to), data, len(data))
        return answer.SendResponse

    async def upload(self, data: bytes, kind: int) -> Any:  # noqa: ANN401 - a message of the library
        return (await self._ask("Upload", "UploadReturnFunction", data, len(data), kind)).UploadResponse

    async def download(self, message: bytes) -> bytes:
        answer = await self._ask("DownloadAny", "DownloadReturnFunction", message, len(message))
        return bytes(answer.Binary)

    async def pair_phone(self, phone: Address) -> str:
        """The code to type."""
        asked = self._messages.neonize.PairPhoneParams(
            phone=phone, showPushNotification=True, clientType=CHROME, clientDisplayName=BROWSER
        ).SerializeToString()
        return str((await self._ask("PairPhone", "PairPhoneReturnFunction", asked, len(asked))).Code)

    async def on_whatsapp(self, numbers: Sequence[Address]) -> list[Any]:
        asked = " ".join(f"+{each}" for each in numbers).encode()
        try:
            answer = await self._ask("IsOnWhatsApp", "IsOnWhatsAppReturnFunction", asked)
        except LibraryTrouble as trouble:
            if "returned nothing" in str(trouble):
                return []
            raise
        return list(answer.IsOnWhatsAppResponse)

    async def groups(self) -> list[Any]:
        return list((await self._ask("GetJoinedGroups", "GetJoinedGroupsReturnFunction")).Group)

    async def show(self, chat: Address, what: Signal) -> None:
        """Somebody is seen typing only while they are seen as present, and no longer: a present device keeps the
        phone from ringing."""
        shown, presence = _PRESENCE[what]
        to = self._jid(chat)
        if what is Signal.TYPING:
            await self._be_present(presence)
        await self._tell("SendChatPresence", to, len(to), shown, 0)
        if what is Signal.PAUSED:
            await self._be_present(presence)

    async def _be_present(self, presence: bytes) -> None:
        """Not before WhatsApp has told the account's name, which comes some time after the pairing."""
        with contextlib.suppress(LibraryTrouble):
            await self._tell("SendPresence", presence)

    async def mark_read(self, chat: Address, sender: Address, ids: Sequence[WaId]) -> None:
        of, by = self._jid(chat), self._jid(sender)
        joined = " ".join(ids).encode()
        await self._tell("MarkRead", joined, int(time.time()), of, len(of), by, len(by), b"read")

    async def log_out(self) -> None:
        await self._tell("Logout")

    # -- quick look-ups in the library's own store, on the calling thread --

    def phone_of(self, lid: str) -> str:
        jid = self._messages.neonize.JID(
            User=lid, Server="lid", RawAgent=0, Device=0, Integrator=0, IsEmpty=False
        ).SerializeToString()
        return self._found("GetPNFromLID", jid)

    def lid_of(self, phone: str) -> str:
        jid = self._jid(Address(phone))
        return self._found("GetLIDFromPN", jid)

    def decrypt_vote(self, event: bytes) -> list[bytes] | None:
        if self.ended or not self._known.is_set():
            return None
        answered = self._library.ask("DecryptPollVote", self._id, event, len(event))
        answer = self._messages.neonize.ReturnFunctionWithError.FromString(answered)
        return None if answer.Error else [bytes(each) for each in answer.PollVoteMessage.selectedOptions]

    def _found(self, name: str, jid: bytes) -> str:
        if self.ended or not self._known.is_set():
            return ""
        answered = self._library.ask(name, self._id, jid, len(jid))
        answer = self._messages.neonize.GetJIDFromStoreReturnFunction.FromString(answered)
        return "" if answer.Error else str(answer.Jid.User)

    def _jid(self, address: Address) -> bytes:
        return bytes(jid_of(self._messages, address).SerializeToString())

    async def _ask(self, name: str, kind: str, *args: Any) -> Any:  # noqa: ANN401 - as declared
        self._check()
        answered = await self._gate.call(self._library.ask, name, self._id, *args)
        answer = getattr(self._messages.neonize, kind).FromString(answered)
        if answer.Error:
            raise LibraryTrouble(answer.Error)
        return answer

    async def _tell(self, name: str, *args: Any) -> None:  # noqa: ANN401 - as declared
        self._check()
        if line := await self._gate.call(self._library.tell, name, self._id, *args):
            raise LibraryTrouble(line)

    def _check(self) -> None:
        if self.ended or not self._known.is_set():
            raise LibraryTrouble("client not found")
