"""What is done to an answer on its way out: kept for its `Idempotency-Key`, or not sent where the caller has it.

`ETag` and `If-None-Match` hold for every GET that answers JSON. The tag is made from the answer's bytes: what is
saved is the way, and what the caller does with an answer that is the same; not the reading.
"""

import hashlib
from collections.abc import Mapping, MutableSequence
from typing import Any, TypeAlias

from merpati.api.fonnte.door import Scope, Send
from merpati.api.v1.once import once_in

Message: TypeAlias = Mapping[str, Any]
Headers: TypeAlias = MutableSequence[tuple[bytes, bytes]]
_TAG_BYTES = 16


def finishing(scope: Scope, send: Send) -> Send:
    """`send`, for answers as the endpoints make them; one that comes in parts, or is no JSON, passes untouched."""
    started: Message | None = None

    async def send_on(message: Message) -> None:
        nonlocal started
        if message["type"] == "http.response.start" and _is_looked_at(scope, message):
            started = message
            return
        if started is not None:
            start, started = started, None
            if not message.get("more_body"):
                start, message = await _finished(scope, start, message)
            await send(start)
        await send(message)

    return send_on


def _is_looked_at(scope: Scope, start: Message) -> bool:
    if scope["method"] == "GET":
        return bool(start["status"] == 200 and _is_json(start["headers"]))
    once = once_in(scope)
    return once is not None and once.waits_for_answer and start["status"] < 300


def _is_json(headers: Headers) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"application/json") for name, value in headers)


async def _finished(scope: Scope, start: Message, last: Message) -> tuple[Message, Message]:
    body: bytes = last.get("body", b"")
    if (once := once_in(scope)) is not None:
        await once.keep(body)
        return start, last
    tag = b'"%s"' % hashlib.blake2b(body, digest_size=_TAG_BYTES).hexdigest().encode()
    if not is_among(tag, scope):
        return {**start, "headers": [*start["headers"], (b"etag", tag)]}, last
    return {**start, "status": 304, "headers": [(b"etag", tag)]}, {**last, "body": b""}


def is_among(tag: bytes, scope: Scope) -> bool:
    """Whether the caller has it. Weak tags count too: a proxy that compresses makes ours weak."""
    given = [value for name, value in scope["headers"] if name == b"if-none-match"]
    tags = [each.strip().removeprefix(b"W/") for value in given for each in value.split(b",")]
    return tag in tags or b"*" in tags
