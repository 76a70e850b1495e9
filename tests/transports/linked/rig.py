"""The fake WhatsApp as a rig for the conformance suite: real workers with the real library, over loopback."""

import atexit
import contextlib
import copy
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from pyaileys.proto import WAProto_pb2 as proto

from merpati.core.clock import SystemClock
from merpati.core.ids import Address, DeviceId, WaId
from merpati.fakes.whatsapp import acting, contents
from merpati.fakes.whatsapp.cipher import PhoneCipher
from merpati.fakes.whatsapp.devices import LinkedDevice
from merpati.fakes.whatsapp.endings import remove_device, replace_device
from merpati.fakes.whatsapp.faults import Fault
from merpati.fakes.whatsapp.network import Network
from merpati.fakes.whatsapp.pairing import enter_code, scan
from merpati.fakes.whatsapp.posting import Post, post
from merpati.fakes.whatsapp.server import FakeWhatsapp, open_whatsapp
from merpati.transports.cards import Contact, Contacts, NotShown, Reaction
from merpati.transports.linked.link import LinkedLink, Settings
from merpati.transports.linked.transport import CAPS, LinkedTransport
from merpati.transports.port import (
    Content,
    Location,
    Media,
    MediaKind,
    PairHow,
    PairQr,
    Poll,
    SendFault,
    SessionState,
    Text,
)
from tests.conformance.transport_rig import Heard

DEVICE = DeviceId(7)
WORKER = "merpati.transports.linked.worker"
CODES = {SendFault.RETRY: 503, SendFault.RATE: 429, SendFault.CONTENT: 479, SendFault.AUTH: 403}


def in_memory(folder: Path) -> Path:
    """A folder in memory, where the machine has one; it is gone with the process.

    At a pairing the library syncs hundreds of keys to the disk, one by one: a busy one takes seconds for it.
    """
    memory = Path("/dev/shm")
    if not memory.is_dir() or not os.access(memory, os.W_OK):
        return folder
    made = Path(tempfile.mkdtemp(prefix="merpati-linked-", dir=memory))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def settings_of(fake: FakeWhatsapp, folder: Path, **more: object) -> Settings:
    """A process's settings that lead to the fake alone."""
    pointing = fake.pointing
    (folder / "spool").mkdir(exist_ok=True)
    settings = Settings(
        root=in_memory(folder / "linked"),
        spool=folder / "spool",
        proxy=pointing.proxy,
        command=pointing.command(WORKER),
        environment=pointing.environment(),
    )
    return msgspec.structs.replace(settings, **more)


class Paired:
    """Both sides of a pairing before anything was said: making the keys takes most of a second."""

    def __init__(self, folder: Path, cipher: PhoneCipher, device: LinkedDevice) -> None:
        self._folder, self._cipher, self._device = folder, cipher, device

    @classmethod
    def of(cls, rig: "LinkedRig") -> "Paired":
        kept = Path(tempfile.mkdtemp(prefix="merpati-paired-"))
        atexit.register(shutil.rmtree, kept, ignore_errors=True)
        shutil.copytree(rig.link.folder(DEVICE).path, kept / "7")
        [device] = rig.shop.devices.values()
        return cls(kept / "7", copy.deepcopy(rig.shop.cipher), copy.deepcopy(device))

    def give(self, rig: "LinkedRig") -> None:
        shutil.copytree(self._folder, rig.link.folder(DEVICE).path)
        rig.shop.cipher = copy.deepcopy(self._cipher)
        rig.shop.devices[self._device.number] = copy.deepcopy(self._device)
        rig.shop.last_device = self._device.number


PAIRED: list[Paired] = []


class LinkedRig:
    """A shop with a linked device, Bob, and somebody without WhatsApp."""

    caps = CAPS
    device, person, absent = Address("6281111111111"), Address("6282222222222"), Address("6289999999999")
    not_shown = NotShown(kind="orderMessage")

    def __init__(self, fake: FakeWhatsapp, folder: Path, **more: object) -> None:
        self.fake, self.folder = fake, folder
        self.network: Network = fake.network
        self.shop, self.bob = (
            self.network.add_phone(self.device, "Toko"),
            self.network.add_phone(self.person, "Bob"),
        )
        self.bob.reads = True
        self.chat_group = self.network.add_group("Pelanggan", [self.bob, self.shop])
        self.group = Address(self.chat_group.jid)
        self.link = LinkedLink(settings_of(fake, folder, **more), SystemClock())

    # -- our side --

    def transport(self) -> LinkedTransport:
        return self.link.transport(DEVICE)

    async def pair(self) -> None:
        """Once in earnest; later rigs of the process get a copy of both sides."""
        if not PAIRED:
            await self._pair()
            PAIRED.append(Paired.of(self))
        else:
            PAIRED[0].give(self)

    async def _pair(self) -> None:
        transport, heard = self.transport(), Heard()
        await transport.start(heard.emit)
        await transport.pair(PairHow.QR)
        [shown, *_] = await heard.count(PairQr)
        await self.scan(shown.code)
        await heard.state(SessionState.OPEN)
        await transport.stop()

    # -- the phones --

    async def scan(self, code: str) -> None:
        if code.startswith("http"):
            await scan(self.network, self.shop, code)
            return
        await enter_code(self.network, self.shop, code)

    async def unlink(self) -> None:
        await remove_device(self.network, self.shop, next(iter(self.shop.devices)))

    async def replace(self) -> None:
        await replace_device(self.network, next(iter(self.shop.devices.values())))

    async def cut(self) -> None:
        for device in self.shop.devices.values():
            if device.wire is not None:
                device.wire.cut()

    async def shown(self) -> list[tuple[str, Content]]:
        ours = {each.id: each for each in reversed(self.bob.shown) if each.sender == self.device}
        return [(each.id, self._content(each)) for each in reversed(ours.values())]

    def _content(self, shown: contents.Shown) -> Content:
        match content := shown.content:
            case contents.Text():
                assert content.mentions == ()
                return Text(body=content.body)
            case contents.Location():
                return Location(latitude=content.latitude, longitude=content.longitude, caption=content.name)
            case contents.Poll():
                return Poll(question=content.question, choices=content.choices, several=content.several)
            case contents.Reaction():
                return Reaction(emoji=content.emoji, about=WaId(content.to))
            case contents.Media():
                path = self.folder / f"shown-{content.filename or content.kind}"
                path.write_bytes(content.data)
                kind = MediaKind.AUDIO if content.kind is contents.MediaKind.VOICE else MediaKind(content.kind)
                return Media(
                    kind=kind,
                    path=str(path),
                    mime=content.mime,
                    size_bytes=len(content.data),
                    filename=content.filename,
                    caption=content.caption,
                )
        return Contacts(contacts=tuple(map(_card, _cards(self.bob.written[shown.id].message))))

    async def changed(self) -> list[tuple[str, WaId, str]]:
        shown = [each.content for each in self.bob.shown]
        return [
            ("edit", WaId(each.of), each.body) if isinstance(each, contents.Edit) else ("revoke", WaId(each.of), "")
            for each in shown
            if isinstance(each, contents.Edit | contents.Revoke)
        ]

    async def say(self, text: str, *, group: bool = False) -> WaId:
        return WaId(await acting.say(self.network, self.bob, self.chat_group if group else self.shop, text))

    async def type_on_phone(self, text: str) -> WaId:
        return WaId(await acting.say(self.network, self.shop, self.bob, text))

    async def share(self, content: Contacts | Reaction | NotShown) -> WaId:
        match content:
            case Reaction():
                return WaId(await acting.react(self.network, self.bob, content.about, content.emoji))
            case NotShown():
                return await self.post(proto.Message(orderMessage=proto.Message.OrderMessage(orderId="1")))
            case Contacts():
                cards = [_vcard(each) for each in content.contacts]
                several = proto.Message.ContactsArrayMessage(displayName="2", contacts=cards)
                return await self.post(proto.Message(contactsArrayMessage=several))
        raise AssertionError(content)

    async def post(self, message: proto.Message) -> WaId:
        given = Post(self.network.new_id(), message)
        await post(self.network, self.bob, self.shop, given)
        return WaId(given.id)

    async def ticked(self) -> list[WaId]:
        read = [each.id for each in self.bob.receipts if each.kind is contents.ReceiptKind.READ]
        return [WaId(each) for each in dict.fromkeys(read)]

    async def vote(self, poll: WaId, choices: tuple[str, ...]) -> None:
        await acting.vote(self.network, self.bob, poll, choices)

    async def choose(self, message: WaId, choice: str) -> None:
        raise NotImplementedError

    async def type(self) -> None:
        """As an answer to ours."""
        await self.network.until(lambda: self.bob.typing)
        await acting.type_to(self.bob, self.shop)

    async def be_online(self, online: bool) -> None:
        self.bob.delivers = self.bob.reads = online
        if online:
            for each in [each.id for each in self.bob.shown if each.sender == self.device]:
                await acting.confirm(self.network, self.bob, each, kind=contents.ReceiptKind.DELIVERED)

    async def block(self) -> None:
        raise NotImplementedError

    async def refuse_next(self, fault: SendFault, code: str, retry_after_ms: int) -> None:  # noqa: ARG002
        self.network.faults.add(Fault.REFUSE, code=CODES[fault])

    async def cut_next(self) -> None:
        """The library repeats it by itself as soon as it is back: that is lost, too."""
        self.network.faults.add(Fault.TAKE_AND_CUT)
        self.network.faults.add(Fault.LOSE_ANSWER)


def _cards(message: proto.Message) -> list[proto.Message.ContactMessage]:
    if message.HasField("contactsArrayMessage"):
        return list(message.contactsArrayMessage.contacts)
    return [message.contactMessage]


def _card(card: proto.Message.ContactMessage) -> Contact:
    lines = [each for each in card.vcard.splitlines() if each.startswith("TEL")]
    return Contact(name=card.displayName, phones=tuple(each.partition(":")[2] for each in lines))


def _vcard(contact: Contact) -> proto.Message.ContactMessage:
    lines = [f"item{n}.TEL;waid=1:{each}" for n, each in enumerate(contact.phones)]
    vcard = "\n".join(["BEGIN:VCARD", f"FN:{contact.name}", *lines, "END:VCARD"])
    return proto.Message.ContactMessage(displayName=contact.name, vcard=vcard)


async def opened(rig: LinkedRig) -> tuple[LinkedTransport, Heard]:
    """A paired device with an open session."""
    await rig.pair()
    transport, heard = rig.transport(), Heard()
    await transport.start(heard.emit)
    await heard.state(SessionState.OPEN)
    return transport, heard


@contextlib.asynccontextmanager
async def open_rig(folder: Path, **more: object) -> AsyncIterator[LinkedRig]:
    async with open_whatsapp() as fake:
        rig = LinkedRig(fake, folder, **more)
        try:
            yield rig
        finally:
            await rig.link.close()
