"""What Meta posted, kept until it is worked: stored as it came, so that Meta can be answered at once.

Source: Meta's Cloud API, "Webhooks": answer 200 soon, a call that is not answered comes again for up to seven days.
"""

from collections.abc import Sequence

import msgspec

from merpati.core.clock import Millis
from merpati.core.ids import AccountId, DeviceId
from merpati.storage.lane import HotAction
from merpati.storage.port import Row, Tx
from merpati.transports.cloud_api import store
from merpati.transports.cloud_api.lines import lines_of_numbers
from merpati.transports.cloud_api.webhooks import News, read_news

AT_ONCE = 200
"""Bodies that are worked together."""
MOST_CHARACTERS = 8_000_000
"""Of bodies that are worked together, but for the end of the last one."""


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """A body of Meta's, whose signature was right. `numbers` are those that it tells of."""

    id: int
    """The first of as many as there are `numbers`."""
    account: AccountId
    """The one whose address it came to; other accounts' numbers in it are nobody's here."""
    body: str
    numbers: tuple[str, ...]
    at: Millis


class Kept(msgspec.Struct, frozen=True):
    """A body as it is worked by one device."""

    id: int
    number_id: str
    """The device's number when it came: it tells of that one, whatever the device is now."""
    body: str
    at: Millis
    tries: int


async def keep_posted(tx: Tx, posted: Sequence[Posted]) -> list[tuple[DeviceId, ...]]:
    """Store each body, once for each device of the account that it tells of; answers these devices.

    Runs twice harmlessly.
    """
    by_account: dict[AccountId, set[str]] = {}
    for each in posted:
        by_account.setdefault(each.account, set()).update(each.numbers)
    known = {
        (account, number): device
        for account, numbers in by_account.items()
        for number, device in (await lines_of_numbers(tx, account, sorted(numbers))).items()
    }
    told = [
        [(number, known[each.account, number]) for number in each.numbers if (each.account, number) in known]
        for each in posted
    ]
    rows = [
        (each.id + place, device, number, each.body, each.at)
        for each, lines in zip(posted, told, strict=True)
        for place, (number, device) in enumerate(lines)
    ]
    await store.insert_news(tx, rows)
    await store.mark_heard(tx, sorted({device: at for _, device, _, _, at in rows}.items()))
    return [tuple(device for _, device in lines) for lines in told]


KEEP: HotAction[Posted, tuple[DeviceId, ...]] = HotAction(keep_posted, lambda _: None)


async def next_news(tx: Tx, device: DeviceId, now: Millis, after: int = 0) -> list[Kept]:
    """The first bodies of the device that were never worked, of those after this one."""
    return [_kept(row) for row in await store.due_news(tx, device, now, after, AT_ONCE, MOST_CHARACTERS)]


async def late_news(tx: Tx, device: DeviceId, now: Millis, most: int) -> list[Kept]:
    """The first bodies of the device that were put off until now: all but their files was told."""
    return [_kept(row) for row in await store.put_off_news(tx, device, now, most)]


def news_of(kept: Kept) -> list[News]:
    """What it tells of the number; of others their devices have it too."""
    return [news for news in read_news(kept.body.encode()) if news.line == kept.number_id]


def _kept(row: Row) -> Kept:
    id_, number_id, body, at, tries = row
    return Kept(id_, number_id, body, Millis(at), tries)


async def settle_news(tx: Tx, worked: Sequence[int], later: Sequence[tuple[int, Millis]]) -> None:
    """Forget what was worked; what was not comes again at its time. May run twice (a try is then counted twice)."""
    await store.delete_news(tx, worked)
    await store.put_off(tx, later)


async def waiting_devices(tx: Tx, now: Millis, among: Sequence[DeviceId]) -> list[DeviceId]:
    """Those of these that have news that is due."""
    return [DeviceId(device) for device in await store.devices_with_news(tx, now, among)]


async def forget_news(tx: Tx, before: int, limit: int) -> int:
    """Drop up to `limit` bodies that nobody worked since then, as their device is kept off; answers how many went.
    May run twice."""
    return await store.delete_news_before(tx, before, limit)
