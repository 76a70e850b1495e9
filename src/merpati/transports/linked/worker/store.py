"""What a worker remembers of a device, beside WhatsApp's own keys: news until they are confirmed, and of messages
what answers, votes and read marks need.

A write is there after a kill of the process at once, after a power cut within moments (WAL, `synchronous=NORMAL`:
the library has acknowledged the message before we see it, so waiting for the disk would not save it, and each
millisecond here makes the time longer in which a kill loses one). One connection, any thread.

A disk that takes nothing more ends no session: what is to be told is told out of memory then, and told again should
it not be forgotten; what answers and votes need is not remembered.
"""

import sqlite3
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from merpati.core.ids import WaId
from merpati.transports.linked.worker.outgoing import Quoted

FILE: Final = "worker.db"
KEPT: Final = 20_000
"""Messages that are remembered; a poll of which as many newer ones went is told without names."""
LONGEST_WORDS: Final = 500
_SCHEMA = """
CREATE TABLE IF NOT EXISTS news (seq INTEGER PRIMARY KEY AUTOINCREMENT, code INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS known (
  n INTEGER PRIMARY KEY AUTOINCREMENT, wa_id TEXT NOT NULL UNIQUE, sender TEXT NOT NULL, words TEXT NOT NULL,
  choices TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS person (lid TEXT PRIMARY KEY, phone TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS begun (seq INTEGER PRIMARY KEY, times INTEGER NOT NULL);
"""
MOST_BEGUN: Final = 5
"""So many lives of a worker may end badly with the same news before these are suspect."""

LATE: Final = 1_000
"""Our own code of news: an acknowledgement whose sender was told already that it is unknown."""


SPOKEN: Final = 1_001
"""Our own code of news: with whom the number spoke before; addresses, as MessagePack."""


class Late(msgspec.Struct, frozen=True):
    """What news of code `LATE` hold, as MessagePack."""

    ref: str
    wa_id: str
    at: int
    chat: str


class News(NamedTuple):
    """An event of the library as it came."""

    seq: int
    """0: it is in memory alone."""
    code: int
    data: bytes


class Store:
    """Opened when a session begins; `close` ends it."""

    def __init__(self, folder: Path) -> None:
        """Raises `sqlite3.Error`."""
        self._lock = threading.Lock()
        self._db = sqlite3.connect(folder / FILE, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """In order: whatever was begun did no harm."""
        self._write("DELETE FROM begun", [()])
        with self._lock:
            self._db.close()

    # -- news --

    def add_news(self, code: int, data: bytes) -> News:
        """Keep an event until it is confirmed. Called on the library's thread."""
        kept = self._write("INSERT INTO news (code, data) VALUES (?, ?) RETURNING seq", [(code, data)])
        return News(kept or 0, code, data)

    def news(self) -> list[News]:
        """All that is not confirmed, oldest first."""
        with self._lock:
            return [News(*row) for row in self._db.execute("SELECT seq, code, data FROM news ORDER BY seq")]

    def suspect(self) -> int:
        """The oldest news, when so many lives of the worker in a row have come to a bad end with it; 0: none. Call
        it once at the beginning of each."""
        self._write("DELETE FROM begun WHERE seq < (SELECT coalesce(min(seq), 1 << 62) FROM news)", [()])
        times = self._write(
            "INSERT INTO begun (seq, times) SELECT min(seq), 1 FROM news HAVING min(seq) IS NOT NULL "
            "ON CONFLICT (seq) DO UPDATE SET times = times + 1 RETURNING CASE WHEN times > ? THEN seq ELSE 0 END",
            [(MOST_BEGUN,)],
        )
        return times or 0

    def forget_news(self, up_to: int) -> None:
        self._write("DELETE FROM news WHERE seq <= ?", [(up_to,)])

    # -- messages --

    def remember(self, wa_id: WaId, sender: str, words: str, choices: Sequence[str] = ()) -> None:
        """`sender`: `user@server`. Again is harmless."""
        stored = msgspec.json.encode(list(choices)).decode()
        self._write(
            "INSERT OR REPLACE INTO known (wa_id, sender, words, choices) VALUES (?, ?, ?, ?)",
            [(wa_id, sender, words[:LONGEST_WORDS], stored)],
        )
        self._write("DELETE FROM known WHERE n <= (SELECT max(n) FROM known) - ?", [(KEPT,)])

    def quoted(self, wa_id: WaId) -> Quoted | None:
        with self._lock:
            row = self._db.execute("SELECT sender, words FROM known WHERE wa_id = ?", (wa_id,)).fetchone()
        return Quoted(wa_id, row[0], row[1]) if row is not None else None

    def choices(self, poll: WaId) -> list[str]:
        with self._lock:
            row = self._db.execute("SELECT choices FROM known WHERE wa_id = ?", (poll,)).fetchone()
        return msgspec.json.decode(row[0], type=list[str]) if row is not None else []

    # -- people --

    def know(self, pairs: Sequence[tuple[str, str]]) -> None:
        """(LID, phone number), both bare."""
        self._write("INSERT OR REPLACE INTO person (lid, phone) VALUES (?, ?)", pairs)

    def phone_of(self, lid: str) -> str:
        with self._lock:
            row = self._db.execute("SELECT phone FROM person WHERE lid = ?", (lid,)).fetchone()
        return row[0] if row is not None else ""

    def lid_of(self, phone: str) -> str:
        with self._lock:
            row = self._db.execute("SELECT lid FROM person WHERE phone = ?", (phone,)).fetchone()
        return row[0] if row is not None else ""

    def _write(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> int | None:
        """The number that the last row returned; None: none, or it was not written."""
        returned = None
        try:
            with self._lock:
                for row in rows:
                    returned = self._db.execute(sql, row).fetchone()
        except sqlite3.Error as error:
            print(f"not kept: {error!r}", file=sys.stderr)  # noqa: T201 - the gateway keeps it
        return returned[0] if returned is not None else None
