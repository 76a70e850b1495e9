"""A call of our own API and the call of Fonnte's that means the same store the same rows.

But for ids, drawn references and the row of the request: time stands still here, so that times count too.
"""

import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from merpati.core.clock import Clock, Millis
from merpati.storage.port import Row
from tests.api.files import FileServer, picture
from tests.api.harness import ONE, Api, running_api
from tests.api.v1.browser import program_of
from tests.sqlite import open_empty

NOW = Millis(1_790_000_000_000)

NOT_COMPARED = {
    "message": ("id", "request_id", "batch_id", "wire_ref", "media_id"),
    "outbox": ("message_id", "seq", "wire_ref", "sequence_id"),
    "hold": ("message_id",),
    "batch": ("id", "request_id", "first_id"),
    "batch_part": ("batch_id", "first_id", "targets"),
    "media": ("id", "path"),
    "fact": ("seq", "body"),
    "job": ("id", "lane", "args"),
}
"""Of each table that a call writes: what is an id, drawn, or made of these."""


class StillClock(Clock):
    def now(self) -> Millis:
        return NOW

    def elapsed(self) -> float:
        return 0.0


@pytest.fixture
async def still(tmp_path: Path) -> AsyncIterator[Api]:
    """The API, where it is always the same moment."""
    storage = await open_empty(tmp_path / "merpati.db", StillClock())
    async with running_api(storage, tmp_path, clock=StillClock()) as api:
        yield api
    await storage.close()


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What both are asked to send. Times in whole seconds; `place` has at most six decimals."""

    targets: tuple[tuple[str, tuple[str, ...]], ...]
    """Addresses with the name and the variables."""
    text: str
    country_code: str = "62"
    schedule_s: int | None = None
    delay_s: tuple[int, int] = (0, 0)
    typing: bool = False
    duration_s: int = 1
    place: tuple[float, float] | None = None
    choices: tuple[str, ...] = ()
    several: bool = False
    poll_name: str = ""
    with_file: bool = False
    filename: str = ""
    sequence: bool = False
    follow_up_s: int = 0
    preview: bool = True

    def to_fonnte(self, file_url: str) -> dict[str, str]:
        """The form of `/send`."""
        form = {
            "target": ",".join("|".join([to, *map(_escaped, values)]) for to, values in self.targets),
            "message": self.text,
            "countryCode": self.country_code,
            "delay": "-".join(map(str, self.delay_s)),
            "typing": _flag(self.typing),
            "duration": str(self.duration_s),
            "sequence": _flag(self.sequence),
            "followup": str(self.follow_up_s),
            "preview": _flag(self.preview),
            "connectOnly": "false",
            "filename": self.filename,
        }
        if self.schedule_s is not None:
            form["schedule"] = str(self.schedule_s)
        if self.place is not None:
            form["location"] = ",".join(map(str, self.place))
        if self.choices:
            select = "multiple" if self.several else "single"
            form |= {"choices": ",".join(self.choices), "select": select, "pollname": self.poll_name}
        return form | ({"url": file_url} if self.with_file else {})

    def to_ours(self, file_url: str) -> dict[str, Any]:
        """The body of `POST /messages`."""
        body: dict[str, Any] = {
            "device": ONE,
            "targets": [
                {"to": to, "name": values[0] if values else "", "variables": values[1:]}
                for to, values in self.targets
            ],
            "text": self.text,
            "country_code": self.country_code,
            "delay_from_s": self.delay_s[0],
            "delay_to_s": self.delay_s[1],
            "typing": self.typing,
            "duration_s": self.duration_s,
            "sequence": self.sequence,
            "follow_up_s": self.follow_up_s,
            "preview": self.preview,
            "filename": self.filename,
        }
        if self.schedule_s is not None:
            body["schedule"] = datetime.fromtimestamp(self.schedule_s, UTC).isoformat()
        if self.place is not None:
            body["location"] = {"latitude": self.place[0], "longitude": self.place[1]}
        if self.choices:
            body["poll"] = {"choices": self.choices, "several": self.several, "name": self.poll_name}
        return body | ({"url": file_url} if self.with_file else {})


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _escaped(value: str) -> str:
    return value.replace(",", "\\,").replace("|", "\\|")


written = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\\")
words = st.text(written, min_size=1, max_size=12).map(str.strip).filter(bool)
numbers = st.from_regex(r"\A(0|62|\+62)8[0-9]{8,10}\Z")
groups = st.from_regex(r"\A1[0-9]{11,17}@g\.us\Z")
targets = st.tuples(numbers | groups, st.lists(words, max_size=3).map(tuple))
texts = st.lists(words | st.sampled_from(["{name}", "{var1}", "{var2}", "\n", "*tebal*"]), min_size=1, max_size=6)
choices = st.lists(words.filter(lambda word: "," not in word), min_size=2, max_size=12, unique=True).map(tuple)
degrees = st.integers(-90_000_000, 90_000_000).map(lambda millionths: millionths / 1_000_000)
calls = st.builds(
    Asked,
    targets=st.lists(targets, min_size=1, max_size=5).map(tuple),
    text=texts.map(" ".join).map(str.strip).filter(bool),
    country_code=st.sampled_from(["62", "60", "1"]),
    schedule_s=st.none() | st.integers(NOW // 1_000 + 1, NOW // 1_000 + 10**7),
    delay_s=st.integers(0, 60).map(lambda seconds: (seconds, seconds)),
    typing=st.booleans(),
    duration_s=st.integers(1, 120),
    place=st.none() | st.tuples(degrees, degrees),
    choices=st.just(()) | choices,
    several=st.booleans(),
    poll_name=st.just("") | words,
    with_file=st.booleans(),
    filename=st.just("") | words,
    sequence=st.booleans(),
    follow_up_s=st.just(0) | st.integers(0, 10**6),
    preview=st.booleans(),
)


class Books:
    """What a call has stored: the rows that were not there before."""

    def __init__(self, api: Api) -> None:
        self._api, self._seen = api, dict.fromkeys(NOT_COMPARED, 0)

    async def new_rows(self) -> dict[str, list[dict[str, Any]]]:
        """Of each table, without what is not compared."""
        return {table: await self._new(table, left_out) for table, left_out in NOT_COMPARED.items()}

    async def _new(self, table: str, left_out: Sequence[str]) -> list[dict[str, Any]]:
        columns = [row[0] for row in await self._api.rows(f"SELECT name FROM pragma_table_info('{table}')")]
        kept = [name for name in columns if name not in left_out]
        rows: list[Row] = await self._api.rows(
            f"SELECT {', '.join(kept)} FROM {table} ORDER BY rowid LIMIT -1 OFFSET {self._seen[table]}"
        )
        self._seen[table] += len(rows)
        return [_without_path(dict(zip(kept, row, strict=True))) for row in rows]


def _without_path(row: dict[str, Any]) -> dict[str, Any]:
    """Where a file lies is made of its id."""
    for name in row.keys() & {"content", "plan"}:
        row[name] = re.sub(r'"path":"[^"]+"', "", row[name])
    return row


async def send_both(api: Api, asked: Asked, file_url: str = "") -> list[dict[str, list[dict[str, Any]]]]:
    """Send it by each API, and answer what each has stored."""
    books, stored = Books(api), []
    await books.new_rows()
    answer = await api.post("/send", "one", data=asked.to_fonnte(file_url))
    assert answer["status"] is True, answer
    stored.append(await books.new_rows())
    answered = await program_of(api).ask("POST", "/messages", asked.to_ours(file_url))
    assert answered.status == 202, answered.body
    stored.append(await books.new_rows())
    return stored


@contextlib.asynccontextmanager
async def a_file(asked: Asked) -> AsyncIterator[str]:
    """The address of a picture, where one is asked for."""
    if not asked.with_file:
        yield ""
        return
    async with FileServer(picture) as url:
        yield url


@given(asked=calls)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_what_means_the_same_is_stored_alike(still: Api, asked: Asked) -> None:
    """Text, place, poll or file; now, later, after another; to one and to several."""
    async with a_file(asked) as url:
        theirs, ours = await send_both(still, asked, url)
    assert ours == theirs
    assert len(ours["message"]) == len(ours["outbox"]) == len(asked.targets)


async def test_a_batch_is_stored_alike(still: Api) -> None:
    """More targets than one transaction makes."""
    people = tuple((f"62812{n:07}", (f"Ibu {n}",)) for n in range(1_200))
    theirs, ours = await send_both(still, Asked(targets=people, text="Halo {name}", delay_s=(2, 2)))
    assert ours == theirs
    assert [row["count"] for row in ours["batch"]] == [len(people)]


async def test_a_delay_is_drawn_alike(still: Api) -> None:
    """Within the same bounds."""
    asked = Asked(targets=(("0812345678901", ()),) * 5, text="Halo", delay_s=(5, 9))
    await send_both(still, asked)
    gaps = [gap for (gap,) in await still.rows("SELECT gap_ms FROM outbox")]
    assert len(gaps) == 10
    assert all(5_000 <= gap <= 9_000 for gap in gaps)


async def test_every_table_that_a_call_writes_is_compared(still: Api) -> None:
    """But those of the request, of ids and clocks, and of the search, which follows from the messages."""
    named = [name for (name,) in await still.rows("SELECT name FROM pragma_table_list WHERE type = 'table'")]
    before = {name: await still.count(name) for name in named}
    many = tuple((f"62812{n:07}", ()) for n in range(1_200))
    one = Asked(targets=many[:1], text="Halo", with_file=True, delay_s=(1, 1))
    async with a_file(one) as url:
        for asked in (one, msgspec.structs.replace(one, targets=many)):
            await send_both(still, asked, url)
    written = {name for name in named if await still.count(name) != before[name]}
    others = {name for name in written if not name.startswith(("request", "id_range", "sqlite_", "message_words"))}
    assert others == set(NOT_COMPARED)
