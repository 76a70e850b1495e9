"""What WhatsApp tells a device that was just linked of the time before: with whom the number spoke. Pure.

A phone sends its chats to each new device, in some parts. Of these we keep who is in them, and no word of what was
said. Source: whatsmeow's `events.HistorySync`; WhatsApp's `HistorySync`, its `conversations` and
`phoneNumberToLidMappings`.
"""

from collections.abc import Callable
from typing import Any

from merpati.core.ids import Address
from merpati.transports.linked.worker.names import LIDS, PHONES


def pairs_of(part: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - a message of the library
    """(LID, phone number), both bare, of everybody whose both names it tells."""
    told = [(each.lidJID, each.pnJID) for each in part.phoneNumberToLidMappings]
    told += [
        (_either(each.ID, each.lidJID, LIDS), _either(each.ID, each.pnJID, PHONES)) for each in part.conversations
    ]
    return [(_user(lid), _user(phone)) for lid, phone in told if _user(lid) and _user(phone)]


def people_of(part: Any, phone_of: Callable[[str], str]) -> list[Address]:  # noqa: ANN401
    """With whom something was spoken; groups and WhatsApp's own chats are left out. `phone_of`: of a bare LID."""
    spoken = [each.ID for each in part.conversations if each.messages or each.lastMsgTimestamp]
    found = (_address(jid, phone_of) for jid in spoken)
    return sorted({address for address in found if address})


def _address(jid: str, phone_of: Callable[[str], str]) -> Address:
    user, server = _user(jid), jid.rpartition("@")[2]
    if not user.isdecimal() or user == "0" or server not in (PHONES, LIDS):
        return Address("")
    if server == PHONES:
        return Address(user)
    return Address(phone_of(user) or f"{user}@{LIDS}")


def _either(first: str, second: str, server: str) -> str:
    """The one of that server."""
    return next((jid for jid in (first, second) if jid.endswith(f"@{server}")), "")


def _user(jid: str) -> str:
    return jid.partition("@")[0].partition(":")[0]
