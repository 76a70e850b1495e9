"""A call of the API, and the request that it becomes: the same one for each try."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import UNSET

from merpati.client.errors import Unreadable

T = TypeVar("T")


@dataclass(frozen=True)
class Call(Generic[T]):
    """What is asked, and the type of what is answered. Values that are UNSET are left out."""

    method: str
    path: str
    answer: type[T]
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    files: Mapping[str, tuple[str, bytes]] | None = None
    """By part: the file's name and what is in it."""
    key: str | None = None
    """The caller's own idempotency key."""


class Do(Protocol):
    """Carries a call out."""

    def __call__(self, call: Call[T], /) -> T: ...


class AsyncDo(Protocol):
    """`Do`, for `await`."""

    def __call__(self, call: Call[T], /) -> Awaitable[T]: ...


@dataclass(frozen=True)
class Request:
    """What goes on the wire, apart from where to and whose."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes | None
    files: Mapping[str, tuple[str, bytes]] | None


def path_of(template: str, *values: int | str) -> str:
    """The path with these values in its blanks."""
    return template.format(*(quote(str(value), safe="") for value in values))


def request_of(call: Call[Any], new_key: str) -> Request:
    """A POST has a key, its caller's or the new one."""
    headers = {"Accept": "application/json"}
    if call.method == "POST":
        headers["Idempotency-Key"] = call.key or new_key
    content = None
    if call.body is not None:
        headers["Content-Type"] = "application/json"
        content = msgspec.json.encode({name: value for name, value in call.body.items() if value is not UNSET})
    query = {name: _said(value) for name, value in call.query.items() if value is not UNSET and value is not None}
    return Request(call.method, call.path, query, headers, content, call.files)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value.value if isinstance(value, Enum) else value)


def answer_of(call: Call[T], content: bytes) -> T:
    """What the answer says; raises `Unreadable`."""
    if call.answer is type(None):
        return None
    try:
        return msgspec.json.decode(content, type=call.answer)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unreadable(f"{call.method} {call.path}: {error}") from error
