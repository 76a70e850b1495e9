"""What grouping is worth: `python -m bench.storage [--database DSN] [--seconds 3] [--callers 64]`.

Accepting without HTTP, on both engines in one run: a message, its outbox row and its fact are stored by callers in
a closed loop, each as a transaction of its own, by SQLite's group commit, and through the hot lane. Without a DSN a
PostgreSQL of our own is started. Prints a table and the disk's fsync time.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import uvloop
from tests.postgres import PostgresServer

from bench.accept import fsync_ms
from merpati.core.clock import SystemClock
from merpati.core.ids import AccountId
from merpati.storage.lane import HotAction, HotLane
from merpati.storage.migrate import migrate
from merpati.storage.port import Storage, Tx
from merpati.storage.postgres import PostgresStorage
from merpati.storage.sqlite import SqliteStorage

ACCOUNT = AccountId(1)
DEVICES = 1_000
CHUNK = 1_000
TEXT = "Halo, pesanan Anda sudah dikirim dan tiba besok. Terima kasih!"
_MESSAGE = (
    "INSERT INTO message (id, account_id, device_id, direction, chat, name, sender, content, text, options, state, "
    "code, wire_ref, request_id, priority, queued_at) "
    "SELECT id, 1, device_id, 0, '6281234567890', '', '', '{}', text, '{}', 0, '', 'R' || id, id, 2, at FROM {r}"
)
_OUTBOX = (
    "INSERT INTO outbox (message_id, account_id, device_id, chat, priority, due_at, seq, state, epoch, attempt, "
    "wire_ref, handed_at) SELECT id, 1, device_id, '6281234567890', 2, at, id, 0, 0, 0, 'R' || id, 0 FROM {r}"
)
_FACT = (
    "INSERT INTO fact (account_id, seq, at, kind, device_id, body) "
    "SELECT 1, seq, at, 'MessageQueued', device_id, body FROM {r}"
)


async def accept(tx: Tx, messages: Sequence[int]) -> Sequence[int]:
    """Store these messages, given by id, with outbox rows and facts."""
    await tx.lock([ACCOUNT])
    row = await tx.one("UPDATE account_clock SET seq = seq + $1 WHERE account_id = 1 RETURNING seq", len(messages))
    assert row is not None
    first = row[0] - len(messages) + 1
    columns = "id bigint, device_id bigint, at bigint"
    rows = [(message, message % DEVICES, tx.now) for message in messages]
    await tx.set(_MESSAGE, f"{columns}, text text", [(*row, TEXT) for row in rows])
    await tx.set(_OUTBOX, columns, rows)
    facts = [(first + n, tx.now, device, '{"kind":"MessageQueued"}') for n, (_, device, _) in enumerate(rows)]
    await tx.set(_FACT, "seq bigint, at bigint, device_id bigint, body text", facts)
    return messages


ACCEPT = HotAction(accept, lambda _message: ACCOUNT)


async def prepare(storage: Storage) -> None:
    async def open_account(tx: Tx) -> None:
        await tx.run("INSERT INTO account_clock (account_id, seq) VALUES (1, 0) ON CONFLICT DO NOTHING")
        for table in ("message", "outbox", "fact"):
            await tx.run(f"DELETE FROM {table}")

    await migrate(storage)
    await storage.write(open_account)


class Figures(NamedTuple):
    """Accepts a second, milliseconds of the median and of the 99th in a hundred, mean size of a group."""

    rate: float
    p50: float
    p99: float
    group: float | None


async def press(
    call: Callable[[int], Awaitable[object]], callers: int, seconds: float
) -> tuple[float, list[float]]:
    """Accepts a second, and how long each took in milliseconds."""
    took: list[float] = []
    stop_at = time.perf_counter() + seconds
    last = 0

    async def caller() -> None:
        nonlocal last
        while (began := time.perf_counter()) < stop_at:
            last += 1
            await call(last)
            took.append((time.perf_counter() - began) * 1e3)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return len(took) / (time.perf_counter() - began), took


async def measure(storage: Storage, lane: bool, callers: int, seconds: float) -> Figures:
    await prepare(storage)
    sizes: list[int] = []
    hot = HotLane(storage, observe=sizes.append)

    async def call(message: int) -> None:
        await (hot(ACCEPT, message) if lane else storage.write(accept, [message]))

    rate, took = await press(call, callers, seconds)
    await hot.close()
    await storage.close()
    return Figures(
        rate,
        statistics.median(took),
        statistics.quantiles(took, n=100)[98],
        statistics.mean(sizes) if sizes else None,
    )


async def measure_bulk(storage: Storage, seconds: float) -> float:
    """Messages a second, a thousand in each transaction, one transaction after another."""
    await prepare(storage)
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        await storage.write_bulk(accept, range(count, count + CHUNK))
        count += CHUNK
    rate = count / (time.perf_counter() - began)
    await storage.close()
    return rate


async def run(dsn: str, callers: int, seconds: float) -> None:
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)

        async def sqlite(name: str, group: int = 500) -> Storage:
            return await SqliteStorage.open(path / f"{name}.db", clock, group=group)

        async def postgres() -> Storage:
            return await PostgresStorage.open(dsn, clock)

        print(f"{callers} callers, {DEVICES} devices, one account; fdatasync {fsync_ms(path):.2f} ms\n")
        print("| engine | way | accepts/s | p50 ms | p99 ms | group |")
        print("| --- | --- | --- | --- | --- | --- |")
        ways: tuple[tuple[str, str, Callable[[], Awaitable[Storage]], bool], ...] = (
            ("SQLite FULL", "a transaction each", lambda: sqlite("each", group=1), False),
            ("SQLite FULL", "group commit", lambda: sqlite("group"), False),
            ("SQLite FULL", "hot lane", lambda: sqlite("lane"), True),
            ("PostgreSQL", "a transaction each", postgres, False),
            ("PostgreSQL", "hot lane", postgres, True),
        )
        for engine, way, opened, lane in ways:
            got = await measure(await opened(), lane, callers, seconds)
            group = f"{got.group:.0f}" if got.group else ""
            print(f"| {engine} | {way} | {got.rate:,.0f} | {got.p50:.1f} | {got.p99:.1f} | {group} |", flush=True)
        for engine, opening in (("SQLite FULL", sqlite("bulk")), ("PostgreSQL", postgres())):
            rate = await measure_bulk(await opening, seconds)
            print(f"| {engine} | bulk, {CHUNK} each | {rate:,.0f} | | | |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="", help="PostgreSQL address; its messages are deleted")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--callers", type=int, default=64)
    asked = parser.parse_args()
    if asked.database:
        uvloop.run(run(asked.database, asked.callers, asked.seconds))
        return
    server = PostgresServer()
    try:
        server.start()
        uvloop.run(run(server.dsn(), asked.callers, asked.seconds))
    finally:
        server.close()


if __name__ == "__main__":
    main()
