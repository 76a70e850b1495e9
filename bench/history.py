"""Server time of a page of history at 1,000,000 messages: `python -m bench.history [sqlite|DSN] [count]`.

Prints the median and the slowest of nine runs for each kind of search. The goal is 100 ms.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeAlias

from merpati.core.clock import SystemClock
from merpati.core.ids import AccountId, DeviceId, MessageId
from merpati.messages.counts import count_day, count_devices, count_incoming, count_sent
from merpati.messages.finding import count_chips, list_messages, search_anything
from merpati.messages.history import Search
from merpati.messages.model import MessageState
from merpati.messages.store_search import find_messages
from merpati.messages.views import find_message
from merpati.storage.migrate import migrate
from merpati.storage.port import Engine, Storage, Tx
from merpati.storage.postgres import PostgresStorage
from merpati.storage.sqlite import SqliteStorage

_NUMBERS = {
    Engine.SQLITE: "(WITH RECURSIVE g(n) AS (SELECT {a} UNION ALL SELECT n + 1 FROM g WHERE n < {b}) "
    "SELECT n FROM g)",
    Engine.POSTGRES: "(SELECT n FROM generate_series({a}::bigint, {b}::bigint) AS s(n))",
}
_FILL = (
    "INSERT INTO message (id, account_id, device_id, direction, chat, name, sender, content, text, options, state, "
    "code, wire_ref, wa_id, request_id, priority, queued_at, sent_at) "
    "SELECT g.n, 1, 1 + g.n % 20, 0, '628' || (100000000 + g.n * 7919 % 50000), 'Pelanggan ' || (g.n % 50000), '', "
    '\'{{"type":"Text","body":"Pesanan"}}\', '
    "'Pesanan nomor ' || g.n || ' sudah dikirim ke kota' || (g.n % 500), '{{}}', "
    "CASE WHEN g.n % 200 = 0 THEN 5 ELSE 2 + g.n % 3 END, '', 'R' || g.n, 'R' || g.n, g.n, 2, "
    "1700000000000 + g.n * 1000, 1700000000000 + g.n * 1000 FROM {numbers} AS g"
)
RUNS = 9
"""More than five: from the sixth on PostgreSQL may plan a statement once for all its values."""
_ACCOUNT = AccountId(1)
View: TypeAlias = Callable[[Tx], Coroutine[Any, Any, Any]]
_DAY_MS = 86_400_000


def searches(count: int) -> dict[str, Search]:
    middle = 1_700_000_000_000 + count * 500
    return {
        "newest page": Search(account=_ACCOUNT),
        "page in the middle": Search(account=_ACCOUNT, after=(middle, count // 2)),
        "one device": Search(account=_ACCOUNT, device=DeviceId(7)),
        "one number": Search(account=_ACCOUNT, number="628100007919"),
        "first digits of a number": Search(account=_ACCOUNT, number="6281000"),
        "one id": Search(account=_ACCOUNT, id=MessageId(count // 3)),
        "failed ones": Search(account=_ACCOUNT, state=MessageState.FAILED),
        "read ones": Search(account=_ACCOUNT, state=MessageState.READ),
        "one day in the middle": Search(account=_ACCOUNT, from_at=middle, to_at=middle + _DAY_MS),
        "a rare word": Search(account=_ACCOUNT, words=str(count // 2)),
        "a word of one in 500": Search(account=_ACCOUNT, words="kota77"),
        "a word of every message": Search(account=_ACCOUNT, words="pesanan dikirim"),
        "a name": Search(account=_ACCOUNT, name=f"pelanggan {count % 50_000 // 2}"),
        "a word on a day": Search(account=_ACCOUNT, words="kota77", from_at=middle, to_at=middle + _DAY_MS),
    }


def pages(count: int) -> dict[str, View]:
    """What the dashboard's pages read besides; the day is the newest 86,400 messages."""
    day = AccountId(1), 1_700_000_000_000 + (count - 86_400) * 1000
    devices = [DeviceId(n) for n in range(1, 21)]
    return {
        "list with what holds": lambda tx: list_messages(tx, Search(account=_ACCOUNT)),
        "held ones": lambda tx: list_messages(tx, Search(account=_ACCOUNT, held=True)),
        "uncertain ones": lambda tx: list_messages(tx, Search(account=_ACCOUNT, state=MessageState.UNCERTAIN)),
        "one field: a number": lambda tx: search_anything(tx, Search(account=_ACCOUNT), "0810-0007-919"),
        "one field: words": lambda tx: search_anything(tx, Search(account=_ACCOUNT), "pesanan"),
        "counts of everything": lambda tx: count_chips(tx, Search(account=_ACCOUNT)),
        "counts of the day": lambda tx: count_chips(tx, Search(account=_ACCOUNT, from_at=day[1])),
        "counts of a device": lambda tx: count_chips(tx, Search(account=_ACCOUNT, device=DeviceId(7))),
        "20 devices with their day": lambda tx: count_devices(tx, day[0], devices, day[1]),
        "activity of 20 devices": lambda tx: count_sent(tx, devices, day[1], 1_800_000, 48),
        "the day at a glance": lambda tx: count_day(tx, *day),
        "incoming by hour": lambda tx: count_incoming(tx, *day, 3_600_000, 24),
        "one message": lambda tx: find_message(tx, MessageId(count // 2)),
    }


async def fill(storage: Storage, count: int) -> None:
    async def insert(tx: Tx, first: int, last: int) -> None:
        numbers = _NUMBERS[tx.engine].format(a=first, b=last)
        await tx.script(_FILL.format(numbers=numbers))

    for first in range(1, count + 1, 50_000):
        await storage.write_bulk(insert, first, min(first + 49_999, count))

    async def analyze(tx: Tx) -> None:
        await tx.script("ANALYZE")

    await storage.write(analyze)


async def main(where: str, count: int) -> None:
    storage: Storage
    if where == "sqlite":
        storage = await SqliteStorage.open(Path(tempfile.mkdtemp()) / "history.db", SystemClock())
    else:
        storage = await PostgresStorage.open(where, SystemClock())
    await migrate(storage)
    began = time.perf_counter()
    await fill(storage, count)
    print(f"{storage.engine.value}: {count:,} messages filled in {time.perf_counter() - began:.0f} s\n")
    print("| search | rows | median ms | slowest ms |\n| --- | --- | --- | --- |")
    for name, search in searches(count).items():
        rows, median, slowest = await measured(storage, find_messages, search)
        print(f"| {name} | {len(rows)} | {median:.1f} | {slowest:.1f} |")
    print("\n| page | median ms | slowest ms |\n| --- | --- | --- |")
    for name, view in pages(count).items():
        _, median, slowest = await measured(storage, view)
        print(f"| {name} | {median:.1f} | {slowest:.1f} |")
    await storage.close()


async def measured(storage: Storage, view: Callable[..., Any], *asked: object) -> tuple[Any, float, float]:
    """What the view answers; the median and the slowest of nine runs, in milliseconds."""
    took, answer = [], None
    for _ in range(RUNS):
        began = time.perf_counter()
        answer = await storage.read(view, *asked)
        took.append((time.perf_counter() - began) * 1e3)
    return answer, statistics.median(took), max(took)


if __name__ == "__main__":
    arguments = sys.argv[1:] + ["sqlite", "1000000"][len(sys.argv) - 1 :]
    asyncio.run(main(arguments[0], int(arguments[1])))
