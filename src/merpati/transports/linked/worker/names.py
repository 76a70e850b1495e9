"""Who is who: our addresses and WhatsApp's JIDs, phone numbers and LIDs. Pure but for the one question it may ask.

Source: WhatsApp's JIDs (`user:device@server`). A person is known by a phone number (`s.whatsapp.net`) or a LID
(`lid`); messages carry one and often the other beside it. An address of ours is the phone number when it is known.
"""

from collections.abc import Callable
from typing import Any, Final

from merpati.core.ids import Address
from merpati.transports.port import Identity

PHONES: Final = "s.whatsapp.net"
LIDS: Final = "lid"
GROUPS: Final = "g.us"
HEARD: Final = frozenset({PHONES, LIDS, GROUPS})
"""Chats that are people's or groups'; the others are status posts, channels and broadcasts."""
FindPhone = Callable[[str], str]
"""The phone number of a LID, both bare; empty: not known."""


def split_address(address: Address) -> tuple[str, str]:
    """An address as (user, server)."""
    user, _, server = address.partition("@")
    return user, server or PHONES


def address_of(jid: Any) -> Address:  # noqa: ANN401 - a message of the library
    """The address of a JID as it stands; its device is dropped."""
    user = str(jid.User).partition(":")[0]
    return Address(user if jid.Server == PHONES else f"{user}@{jid.Server}")


def bare(jid: Any) -> str:  # noqa: ANN401 - a message of the library
    """`user@server`, as messages name each other's writers."""
    return f"{str(jid.User).partition(':')[0]}@{jid.Server}" if jid.User else ""


def identity_of(jid: Any, alt: Any, name: str, find_phone: FindPhone) -> Identity:  # noqa: ANN401
    """Somebody, from the JID that a message names and the one beside it."""
    both = [each for each in (jid, alt) if each.User]
    phone = next((address_of(each) for each in both if each.Server == PHONES), None)
    lid = next((address_of(each) for each in both if each.Server == LIDS), None)
    if phone is None and lid is not None and (found := find_phone(lid.partition("@")[0])):
        phone = Address(found)
    return Identity(id=phone or lid or address_of(jid), phone=phone, lid=lid, name=name)
