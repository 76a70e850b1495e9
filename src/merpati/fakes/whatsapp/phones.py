"""People with their phones, and groups: who there is, and what their screens show."""

from dataclasses import dataclass, field

from pyaileys.proto import WAProto_pb2 as proto

from merpati.fakes.whatsapp.cipher import PhoneCipher
from merpati.fakes.whatsapp.contents import Poll, Receipt, Shown
from merpati.fakes.whatsapp.devices import LinkedDevice
from merpati.fakes.whatsapp.messages import POLLS, unwrapped
from merpati.fakes.whatsapp.nodes import LID_SERVER, SERVER
from merpati.fakes.whatsapp.polls import Ballot


@dataclass
class Written:
    """A message as its phone keeps it, to answer, vote, or send it again."""

    message: proto.Message
    author: str
    """A LID."""
    chat: str
    """A LID's address, or a group's."""


@dataclass(eq=False)
class Phone:
    """A person's phone."""

    number: str
    """Digits."""
    lid: str
    """Digits too: how WhatsApp names a person without telling the number."""
    name: str
    delivers: bool = True
    """Tells at once that a message has arrived."""
    reads: bool = False
    """Tells at once that it was read."""
    resends: bool = True
    """Answers a device that could not decrypt."""
    on_whatsapp: bool = True
    devices: dict[int, LinkedDevice] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)
    """What others wrote to it, and what its owner's linked devices wrote."""
    receipts: list[Receipt] = field(default_factory=list)
    typing: list[tuple[str, str]] = field(default_factory=list)
    """Who, and what: `composing`, `recording`, `paused`."""
    cipher: PhoneCipher = field(default_factory=PhoneCipher, repr=False)
    written: dict[str, Written] = field(default_factory=dict, repr=False)
    handed: set[tuple[str, str]] = field(default_factory=set, repr=False)
    """Groups and devices that have this phone's sender key."""
    last_device: int = 0

    @property
    def jid(self) -> str:
        return self.lid + LID_SERVER

    @property
    def phone_jid(self) -> str:
        return self.number + SERVER

    def ballot(self, poll: str) -> Ballot:
        """A poll that this phone has, as voters know it; raises `KeyError`."""
        written = self.written[poll]
        inner = unwrapped(written.message)
        asked = next(getattr(inner, name) for name in POLLS if inner.HasField(name))
        secret = written.message.messageContextInfo.messageSecret
        choices = tuple(each.optionName for each in asked.options)
        return Ballot(poll, secret, written.author + LID_SERVER, choices)

    def polls(self) -> list[Shown]:
        return [each for each in self.shown if isinstance(each.content, Poll)]


@dataclass(eq=False)
class Group:
    """Several phones; the first member is its admin."""

    jid: str
    name: str
    members: list[Phone]
