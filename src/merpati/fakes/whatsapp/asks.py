"""What people ask the fake to do, and how it says what there is: the bodies of `/_fake/…`."""

from enum import StrEnum

import msgspec

from merpati.fakes.whatsapp.contents import Content, Receipt, Shown
from merpati.fakes.whatsapp.faults import Refusal, Rule


class _Ask(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    pass


class SetPerson(_Ask):
    """Whoever has this number, or else somebody new; what is left out stays as it is."""

    number: str
    """Digits, with the country."""
    name: str | None = None
    on_whatsapp: bool | None = None
    delivers: bool | None = None
    """Tells by itself that a message has arrived."""
    reads: bool | None = None
    """Tells by itself that it was read."""


class SetGroup(_Ask):
    """A new group; its first member is the admin."""

    name: str
    members: list[str]


class Link(_Ask):
    """The phone scans a QR code, given as its text, or its owner types a pairing code."""

    number: str
    code: str


class Say(_Ask):
    """A person writes to a person or a group."""

    number: str
    to: str
    content: Content
    reply_to: str = ""
    damaged: bool = False
    """Nobody can decrypt it."""
    copies: int = 1
    """So often it is delivered."""


class Vote(_Ask):
    """On the latest poll, or on that one; no choices take the vote back."""

    number: str
    choices: list[str]
    poll: str = ""


class React(_Ask):
    """To the latest message, or to that one; an empty emoji takes the reaction back."""

    number: str
    emoji: str
    to: str = ""


class Edit(_Ask):
    """New words of an own message."""

    number: str
    id: str
    body: str


class Revoke(_Ask):
    """An own message is taken back."""

    number: str
    id: str


class Read(_Ask):
    """Everything was read, or that message alone."""

    number: str
    id: str = ""


class Type(_Ask):
    """`composing`, `recording` or `paused`."""

    number: str
    to: str
    what: str = "composing"


class How(StrEnum):
    """How a link, a connection, or a pairing ends."""

    UNLINK = "unlink"
    """The phone's owner removes the device that was linked last."""
    REPLACE = "replace"
    """Another program uses its keys."""
    CUT = "cut"
    """Its connection breaks."""
    RUN_OUT = "run_out"
    """The codes of whoever waits to be linked run out."""
    PASSKEY = "passkey"
    """Whoever waits to be linked is asked for a passkey."""


class End(_Ask):
    """Of the number's linked device."""

    number: str
    how: How


class Refuse(_Ask):
    """Every log-in from now on, and whoever is connected has to log in again; none: no more."""

    refusal: Refusal | None = None


class Clear(_Ask):
    """No faults and no refusals any more; what is held is answered."""


class PhoneState(msgspec.Struct, kw_only=True):
    """A phone."""

    number: str
    name: str
    on_whatsapp: bool
    devices: dict[int, bool]
    """Linked devices; true: connected."""
    shown: list[Shown]
    """Without the bytes of files."""
    receipts: list[Receipt]


class GroupState(msgspec.Struct, kw_only=True):
    """A group."""

    id: str
    name: str
    members: list[str]


class State(msgspec.Struct, kw_only=True):
    """Everything."""

    phones: list[PhoneState]
    groups: list[GroupState]
    faults: list[Rule]


PATHS: dict[type[msgspec.Struct], str] = {
    SetPerson: "people",
    SetGroup: "groups",
    Link: "link",
    Say: "say",
    Vote: "vote",
    React: "react",
    Edit: "edit",
    Revoke: "revoke",
    Read: "read",
    Type: "type",
    End: "end",
    Refuse: "refuse",
    Clear: "clear",
    Rule: "faults",
}
"""Where each is posted to, under `/_fake/`; `/_fake/state` is read."""
