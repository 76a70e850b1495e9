"""The marks of the shared dialect (see `port`) become each engine's own SQL. Pure, and cached by text."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from merpati.storage.port import Value

_ARGUMENT = re.compile(r"\$(\d+)")
_PG_MARKS = {
    "{skip_locked}": "FOR UPDATE SKIP LOCKED",
    "{share}": "FOR SHARE",
    "{now}": "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
}
LOCKS = ("{skip_locked}", "{share}")
"""Marks that a view may not use."""
_PG_CASTS = {int: "::bigint", str: "::text", bytes: "::bytea"}


class SqliteSql(NamedTuple):
    """A statement for SQLite; `wants_now`: the time is one more argument behind the others."""

    text: str
    wants_now: bool


@lru_cache(maxsize=4096)
def sqlite_sql(sql: str, cols: str) -> SqliteSql:
    """`{r}` reads the rows out of one JSON argument, `?1`."""
    text = sql.replace("{skip_locked}", "").replace("{share}", "")
    if "{r}" in text:
        reads = ", ".join(f"value->>{i} AS {name}" for i, (name, _) in enumerate(_columns(cols)))
        text = text.replace("{r}", f"(SELECT {reads} FROM json_each($1)) AS r")
    count = max((int(n) for n in _ARGUMENT.findall(text)), default=0)
    return SqliteSql(_ARGUMENT.sub(r"?\1", text).replace("{now}", f"?{count + 1}"), "{now}" in text)


def postgres_sql(sql: str, args: Sequence[Value]) -> str:
    """Arguments carry the type of their value, so that `$1 + 1` or `COALESCE($1, 0)` is a bigint."""
    return _postgres_sql(sql, tuple(map(_cast_of, args)))


def _cast_of(value: Value) -> str:
    for kind, cast in _PG_CASTS.items():
        if isinstance(value, kind):
            return cast
    return ""


@lru_cache(maxsize=4096)
def _postgres_sql(sql: str, casts: tuple[str, ...]) -> str:
    typed = _ARGUMENT.sub(lambda found: found[0] + casts[int(found[1]) - 1], sql)
    return _postgres_marks(typed)


@lru_cache(maxsize=4096)
def postgres_set_sql(sql: str, cols: str) -> str:
    """`{r}` unnests one array for each column."""
    columns = _columns(cols)
    arrays = ", ".join(f"${i}::{kind}[]" for i, (_, kind) in enumerate(columns, 1))
    names = ", ".join(name for name, _ in columns)
    return _postgres_marks(sql.replace("{r}", f"unnest({arrays}) AS r({names})"))


def _postgres_marks(sql: str) -> str:
    for mark, meaning in _PG_MARKS.items():
        sql = sql.replace(mark, meaning)
    return sql


def _columns(cols: str) -> list[tuple[str, str]]:
    """ "id bigint, body text" as pairs."""
    pairs = (column.split() for column in cols.split(","))
    return [(name, kind) for name, kind in pairs]
