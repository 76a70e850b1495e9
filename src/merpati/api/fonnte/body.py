"""From raw bytes to named values, whatever the form. The declared Content-Type is a hint: the bytes decide.

`curl -d '{…}'` declares a form and sends JSON; PHP's curl with an array sends multipart, also under a hand-written
`Content-Type: application/json`. Both are understood.

Source: Fonnte docs show multipart (PHP, JavaScript FormData) and JSON (Node); programs use urlencoded widely.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from enum import Enum
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import msgspec
from multipart import parse_options_header

from merpati.api.fonnte.fields import MOST_FIELDS, Fields, Value, gather, lower_names
from merpati.api.fonnte.form import Limits, read_form
from merpati.core.errors import Code, Refusal

Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]

SLOW_AFTER_S = 30.0
"""Between two pieces of a body."""
IN_THREAD_BYTES = 262_144
"""A body this large is parsed beside the event loop."""
_FALLBACK_CHARSET = "cp1252"
_BOUNDARY = re.compile(rb"\s*--([0-9A-Za-z'()+_,./:=?-]{1,200})\r?\n")


class ClientGone(Exception):
    """The caller closed the connection before its request was complete."""


class Format(Enum):
    """How a body is written."""

    FORM = "application/x-www-form-urlencoded"
    MULTIPART = "multipart/form-data"
    JSON = "application/json"
    EMPTY = ""


async def read_fields(receive: Receive, headers: Mapping[str, str], query: bytes, limits: Limits) -> Fields:
    """The values of body and query; a name in both is the body's. The caller discards them in the end.

    Raises `Refusal`: BODY_INVALID, BODY_COMPRESSED, BODY_TOO_LARGE; `ClientGone`.
    """
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        await drain(receive, limits)
        raise Refusal(Code.BODY_COMPRESSED, encoding=encoding[:40])
    asked = parse_form(query) if query else {}
    declared, options = parse_options_header(headers.get("content-type", ""))
    first, more = await _next(receive)
    if not more and len(first) <= limits.max_body_bytes and not _is_multipart(declared, first):
        values = _parse(declared, options, first)  # nearly every request: the body is here already
        return Fields(values={**asked, **values}, size_bytes=len(first))
    return await _read_long(_chunks(receive, first, more), declared, options, asked, limits)


async def _read_long(
    pieces: AsyncIterator[bytes],
    declared: str,
    options: Mapping[str, str],
    asked: Mapping[str, Value],
    limits: Limits,
) -> Fields:
    head = await _head(pieces)
    whole = _again(head, pieces)
    if _is_multipart(declared, head):
        boundary = options.get("boundary") if declared == Format.MULTIPART.value else None
        chunks = _limited(whole, limits.max_body_bytes + limits.max_file_bytes)
        form = await read_form(chunks, boundary or _boundary(head), limits)
        return msgspec.structs.replace(form, values={**asked, **form.values})
    body = b"".join([chunk async for chunk in _limited(whole, limits.max_body_bytes)])
    large = len(body) > IN_THREAD_BYTES
    values = await asyncio.to_thread(_parse, declared, options, body) if large else _parse(declared, options, body)
    return Fields(values={**asked, **values}, size_bytes=len(body))


def _is_multipart(declared: str, head: bytes) -> bool:
    return declared == Format.MULTIPART.value or (head.lstrip()[:2] == b"--" and _BOUNDARY.match(head) is not None)


def _parse(declared: str, options: Mapping[str, str], body: bytes) -> dict[str, Value]:
    return _PARSERS[_format(declared, body)](body, options.get("charset", "utf-8"))


async def read_whole(receive: Receive, most_bytes: int) -> bytes:
    """The bytes as they came, for who must check a signature over them.

    Raises `Refusal`: BODY_INVALID (it comes too slowly), BODY_TOO_LARGE; `ClientGone`.
    """
    return b"".join([chunk async for chunk in _limited(_chunks(receive, b"", True), most_bytes)])


async def drain(receive: Receive, limits: Limits) -> None:
    """Read a body over, as far as it is reasonable: a caller that still writes does not hear an answer."""
    try:
        async for _ in _limited(_chunks(receive, b"", True), limits.max_body_bytes):
            continue
    except Refusal:
        return


async def _chunks(receive: Receive, first: bytes, more: bool) -> AsyncIterator[bytes]:
    if first:
        yield first
    while more:
        chunk, more = await _next(receive)
        if chunk:
            yield chunk


async def _next(receive: Receive) -> tuple[bytes, bool]:
    """The next piece of the body, and whether there are more; raises `Refusal(BODY_INVALID)` when it is slow."""
    try:
        async with asyncio.timeout(SLOW_AFTER_S):
            message = await receive()
    except TimeoutError:
        raise Refusal(Code.BODY_INVALID) from None
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message.get("body", b""), message.get("more_body", False)


async def _limited(chunks: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    """The chunks, counted. What is too large is read to its end, or to as much again, and dropped: a caller that
    still writes does not hear an answer."""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size <= most:
            yield chunk
        elif size > 2 * most:
            break
    if size > most:
        raise Refusal(Code.BODY_TOO_LARGE, limit_mb=most // 1_000_000)


async def _head(chunks: AsyncIterator[bytes]) -> bytes:
    """The beginning: enough to tell whether it is multipart."""
    head = b""
    async for chunk in chunks:
        head += chunk
        if len(head) > 256 or _start(head) not in (b"", b"-"):
            break
    return head


def _start(body: bytes) -> bytes:
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]


async def _again(head: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for chunk in chunks:
        yield chunk


def _format(declared: str, body: bytes) -> Format:
    start = _start(body)
    if not start:
        return Format.EMPTY
    if start in (b"{", b"[") or (declared.endswith("json") and b"=" not in body):
        return Format.JSON
    return Format.FORM


def _boundary(head: bytes) -> str:
    found = _BOUNDARY.match(head)
    if found is None:
        raise Refusal(Code.BODY_INVALID)
    return found[1].decode("ascii")


def parse_form(body: bytes, charset: str = "utf-8") -> dict[str, Value]:
    """A urlencoded body or query. Text that is not of its charset is read as Windows' western one."""
    text = _decode(body, charset).strip("\ufeff \t\r\n")
    try:
        return gather(_pairs(text, charset, "strict"))
    except (UnicodeDecodeError, LookupError):
        return gather(_pairs(text, _FALLBACK_CHARSET, "replace"))


def _pairs(text: str, charset: str, errors: str) -> list[tuple[str, str]]:
    if text.count("&") >= MOST_FIELDS:
        raise Refusal(Code.BODY_INVALID)
    return parse_qsl(text, keep_blank_values=True, encoding=charset, errors=errors)


def parse_json(body: bytes, charset: str = "utf-8") -> dict[str, Value]:
    """A JSON object."""
    try:
        decoded = msgspec.json.decode(_decode(body, charset).removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        raise Refusal(Code.BODY_INVALID) from None
    if not isinstance(decoded, dict):
        raise Refusal(Code.BODY_INVALID)
    return lower_names(decoded)


def _decode(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return body.decode(_FALLBACK_CHARSET, "replace")


def _nothing(_body: bytes, _charset: str) -> dict[str, Value]:
    return {}


_PARSERS: dict[Format, Callable[[bytes, str], dict[str, Value]]] = {
    Format.FORM: parse_form,
    Format.JSON: parse_json,
    Format.EMPTY: _nothing,
}
