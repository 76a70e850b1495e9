"""Reads of many messages: a list with what keeps them back, one field to search with, and how many there are."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from merpati.core.address import is_group, parse_first_digits
from merpati.core.ids import MessageId
from merpati.devices.views import find_devices
from merpati.messages.history import HistoryRow, Search
from merpati.messages.model import MessageState
from merpati.messages.store_search import count_messages, find_messages, newest_holds
from merpati.messages.waiting import Waiting, kept_back
from merpati.storage.clock import database_now
from merpati.storage.port import Tx

MOST_ID_DIGITS = 18
MOST_COUNTED = 10_000


async def list_messages(tx: Tx, search: Search) -> list[tuple[HistoryRow, Waiting | None]]:
    """What `search` asks for, newest first, at most `search.limit`; with what keeps the queued ones back."""
    rows = await find_messages(tx, search)
    queued = [row for row in rows if row.state is MessageState.QUEUED]
    now = await database_now(tx)
    devices = await find_devices(tx, [row.device for row in queued])
    holds = await newest_holds(tx, [row.id for row in queued])
    connected = {id_ for id_, device in devices.items() if device.connected}
    kept = {row.id: kept_back(row.due_at, holds.get(row.id), row.device in connected, now) for row in queued}
    return [(row, kept.get(row.id)) for row in rows]


async def search_anything(tx: Tx, search: Search, text: str) -> Search:
    """`search` for what a person typed into one field: a number's digits, a message's id, or words.

    Digits are a number's where the account has messages with such a number, else an id where there is one.
    """
    for asked in _of_digits(search, text):
        if await count_messages(tx, replace(asked, after=None), 0):
            return asked
    return replace(search, anywhere=text)


def _of_digits(search: Search, text: str) -> list[Search]:
    digits, bare = parse_first_digits(text), text.strip()
    if not (digits.isascii() and digits.isdigit()):
        return [replace(search, number=digits)] if is_group(digits) else []
    asked = [replace(search, number=digits)]
    if bare.isdigit() and len(bare) <= MOST_ID_DIGITS:
        asked.append(replace(search, id=MessageId(int(bare))))
    return asked


_S = MessageState
CHIPS: Mapping[str, Mapping[str, object]] = {
    "all": {},
    "held": {"held": True},
    "scheduled": {"scheduled": True},
    "queued": {"state": _S.QUEUED},
    "sending": {"state": _S.SENDING},
    "failed": {"state": _S.FAILED},
    "cancelled": {"state": _S.CANCELLED},
    "expired": {"state": _S.EXPIRED},
    "uncertain": {"state": _S.UNCERTAIN},
}
"""What is counted, and what of a search makes it: all of them found by an index, however long the history is."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many there are of each; more than `MOST_COUNTED` is one more than that."""

    all: int
    held: int
    scheduled: int
    queued: int
    sending: int
    failed: int
    cancelled: int
    expired: int
    uncertain: int


async def count_chips(tx: Tx, search: Search) -> Counts:
    """Of what `search` asks for, how many there are in each of `CHIPS`."""
    found = {name: await count_messages(tx, replace(search, **chip), MOST_COUNTED) for name, chip in CHIPS.items()}
    return Counts(**found)
