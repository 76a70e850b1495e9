"""What was kept long enough goes, a chunk at a time, however much there is."""

from pathlib import Path

from merpati.core.clock import DAY_MS, Clock, Millis
from merpati.core.ids import DeviceId, JobId
from merpati.jobs.model import JobContext, NoArgs
from merpati.storage.files import FolderStore
from merpati.storage.port import Storage, Tx
from merpati.wiring import AT_ONCE, Keeping, jobs

NOW = Millis(1_900_000_000_000)
KEEPING = Keeping(log_ms=DAY_MS, requests_ms=DAY_MS, idempotency_ms=DAY_MS, expire_after_ms=DAY_MS)
MANY = 2 * AT_ONCE + 500


class StillClock(Clock):
    def now(self) -> Millis:
        return NOW

    def elapsed(self) -> float:
        return 0.0


async def fill(tx: Tx, old: int, new: int) -> None:
    """Many old rows of each kind, and one that is young; of dead letters one old one."""
    rows = [(n, old if n else new) for n in range(MANY)]
    for insert in (
        "request (id, account_id, device_id, at, method, path, params, answer) SELECT n, 1, 1, at, '', '', '', ''",
        "idempotency (account_id, key, body_hash, answer, at) SELECT 1, CAST(n AS TEXT), '', '', at",
        "hook_call (endpoint_id, at, seq, account_id, attempt, took_ms, status, error) "
        "SELECT 1, at, n, 1, 1, 1, 200, ''",
        f"cloud_news (id, device_id, body, at, due_at, tries) SELECT n, 1, '', at, at - {29 * DAY_MS}, 0",
    ):
        await tx.set(f"INSERT INTO {insert} FROM {{r}}", "n bigint, at bigint", rows)
    await tx.run("INSERT INTO dead_letter VALUES (1, 1, 1, 1, 1, $1, 'down')", old)


async def count(tx: Tx) -> list[int]:
    tables = ("request", "idempotency", "hook_call", "cloud_news", "dead_letter")
    rows = [await tx.one(f"SELECT count(*) FROM {table}") for table in tables]
    return [row[0] for row in rows if row]


async def forgets_nothing(_device: DeviceId) -> None:
    """No way to WhatsApp is open."""


async def test_one_run_forgets_all_that_is_old(storage: Storage, tmp_path: Path) -> None:
    """Requests, keys, calls, Meta's news, dead letters: more than a chunk of each, and the young stay."""
    await storage.write(fill, NOW - DAY_MS - 1, NOW - DAY_MS)
    kind = jobs(KEEPING, FolderStore(tmp_path), lambda: None, forgets_nothing)["log.forget"]
    await kind.handler(JobContext(storage=storage, clock=StillClock(), id=JobId(-1), attempt=1), NoArgs())

    assert await storage.read(count) == [1, 1, 1, 1, 0]
