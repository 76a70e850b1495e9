"""Contact cards, reactions, and what is not shown: contents of the port. Pure.

Source: Meta's Cloud API, "Contacts messages", "Reaction messages", and the same of WhatsApp's linked devices; only
transports whose `Capabilities` say `contact`, `reaction` send them. How much of each: `transports.limits`.
"""

import msgspec

from merpati.core.ids import Address, WaId


class Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Frozen and named: what crosses the port."""


class Contact(Struct, frozen=True, kw_only=True):
    """Somebody's card; phone numbers as they were written."""

    name: str
    phones: tuple[str, ...] = ()


class Contacts(Struct, frozen=True, kw_only=True, tag=True):
    """One card or several."""

    contacts: tuple[Contact, ...]


class Reaction(Struct, frozen=True, kw_only=True, tag=True):
    """An emoji on a message of the same chat, in place of the one that its sender had there; empty: taken back."""

    emoji: str
    about: WaId
    """The message."""
    author: Address | None = None
    """Going out: who wrote the message; None: this device. Coming in it is not told."""


class Edit(Struct, frozen=True, kw_only=True, tag=True):
    """Goes out: other words of a text that this device sent. Again is harmless."""

    text: str
    about: WaId = WaId("")
    """The message."""
    until: int = 0
    """WhatsApp takes it until then, in milliseconds."""


class Revoke(Struct, frozen=True, kw_only=True, tag=True):
    """Goes out: a message that this device sent is deleted for everyone. Again is harmless. Fields as in `Edit`."""

    about: WaId = WaId("")
    until: int = 0


UNDECRYPTABLE = "undecryptable"
"""The kind of what could not be decrypted. The same message may come later as itself."""


class NotShown(Struct, frozen=True, kw_only=True, tag=True):
    """Comes in: something of a kind that we do not show, so that nothing goes missing silently."""

    kind: str
    """The network's word for it: `order`, `edit`, `revoke` …; never empty."""
    text: str = ""
    """What could be read of it, such as an edited message's words."""
