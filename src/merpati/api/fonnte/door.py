"""The one way in: who asks, what they brought, the endpoint, the answer. A plain ASGI handler per endpoint.

Source: Fonnte docs: the bare token in `Authorization` (`Bearer` is tolerated), HTTP 200 with `status` false on
refusals, `requestid` in every answer of `/send` but `invalid token`; several tokens with commas (send message).
Browsers call it too (docs, API send message with javascript), so every answer allows every origin. Headers of ours:
`X-Request-Id` on every answer (as long as the database lets us have ids), `X-Refusal` (a code) and `X-Hint` (its
sentence) on refusals.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from merpati.api.fonnte.body import ClientGone, drain, parse_form, read_fields
from merpati.api.fonnte.endpoint import Caller, Endpoint, Opens, Request
from merpati.api.fonnte.fields import Fields, as_line
from merpati.api.fonnte.form import Limits
from merpati.api.fonnte.refused import keep_refused
from merpati.api.fonnte.replies import (
    Outcome,
    Reply,
    explain,
    id_header,
    reason_of,
    reply_answer,
    reply_fault,
    reply_refused,
    reply_unavailable,
)
from merpati.api.gateway import Gateway
from merpati.core.errors import Code, Refusal
from merpati.core.ids import RequestId
from merpati.storage.port import StorageError, UnstorableText

Scope: TypeAlias = Mapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
Send: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[None]]
Handler: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_TOKENS = 100
_PREFLIGHT = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Idempotency-Key, *"),
    (b"access-control-max-age", b"86400"),
)


def open_door(endpoint: Endpoint, gateway: Gateway) -> Handler:
    """The ASGI handler of one endpoint."""
    limits = Limits(
        max_body_bytes=gateway.max_body_bytes,
        max_file_bytes=gateway.file_limits.most,
        spool=gateway.spool_folder,
    )
    took = gateway.metrics.took.labels(endpoint.path)
    answered = {outcome: gateway.metrics.requests.labels(endpoint.path, outcome) for outcome in Outcome}

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        started, id_ = time.perf_counter(), await take_request_id(gateway)
        reply, gone = None, False
        try:
            reply = await _reply(endpoint, gateway, limits, scope, receive, id_)
        except ClientGone:
            gone = True
        finally:  # a fault of ours is answered too, and goes on to the server's log
            if not gone:
                reply = reply or reply_fault(endpoint, id_)
                answered[reply.outcome].inc()
                took.observe(time.perf_counter() - started)
                await _send(send, reply)

    return handle


async def _send(send: Send, reply: Reply) -> None:
    headers = [*reply.headers, (b"content-length", str(len(reply.body)).encode())]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def take_request_id(gateway: Gateway) -> RequestId | StorageError:
    """A new id; while the database is away and no reserved one is left: why there is none."""
    try:
        return RequestId((await gateway.ids.take("request"))[0])
    except StorageError as error:
        return error


async def _reply(
    endpoint: Endpoint,
    gateway: Gateway,
    limits: Limits,
    scope: Scope,
    receive: Receive,
    id_: RequestId | StorageError,
) -> Reply:
    method = scope["method"]
    if method == "OPTIONS":
        return Reply(status=204, headers=(*_PREFLIGHT, *id_header(id_)))
    if isinstance(id_, StorageError):
        return reply_unavailable(endpoint, id_, None)
    try:
        if method not in endpoint.methods:
            await drain(receive, limits)
            return reply_refused(endpoint, "method not allowed", id_, status=405)
        return await _admitted(endpoint, gateway, limits, scope, receive, id_)
    except Refusal as refusal:
        return explain(reply_refused(endpoint, reason_of(endpoint, refusal.code, refusal.values), id_), refusal)
    except StorageError as error:
        return reply_unavailable(endpoint, error, id_)


async def _admitted(
    endpoint: Endpoint, gateway: Gateway, limits: Limits, scope: Scope, receive: Receive, id_: RequestId
) -> Reply:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    try:
        caller = await _caller(endpoint, gateway, _tokens(headers, scope["query_string"]))
    except Refusal:
        await drain(receive, limits)
        raise
    if caller is None:
        await drain(receive, limits)
        gateway.metrics.strangers.inc()
        stranger = reply_refused(endpoint, endpoint.stranger, None, header_id=id_)
        return explain(stranger, Refusal(Code.TOKEN_INVALID))
    request = Request(
        id=id_,
        at=gateway.clock.now(),
        method=scope["method"],
        path=endpoint.path,
        headers=headers,
        fields=Fields(values={}),
        caller=caller,
    )
    try:
        fields = await read_fields(receive, headers, scope["query_string"], limits)
    except Refusal as refusal:
        await keep_refused(gateway, request, endpoint, refusal)
        raise
    try:
        return await _answered(endpoint, gateway, msgspec.structs.replace(request, fields=fields))
    finally:
        await _discard(fields)


async def _answered(endpoint: Endpoint, gateway: Gateway, request: Request) -> Reply:
    try:
        return reply_answer(await endpoint.answer(gateway, request), request.id)
    except Refusal as refusal:
        await keep_refused(gateway, request, endpoint, refusal)
        raise
    except UnstorableText:
        unstorable = Refusal(Code.TEXT_UNSTORABLE)
        await keep_refused(gateway, request, endpoint, unstorable)
        raise unstorable from None


async def _discard(fields: Fields) -> None:
    if fields.upload is not None:
        await asyncio.to_thread(fields.discard)


# -- who asks --


def _tokens(headers: Mapping[str, str], query: bytes) -> list[str]:
    """The tokens of the header, else of the query (GET); `Bearer` before them is tolerated."""
    text = headers.get("authorization", "").strip()
    if not text and b"token=" in query:
        text = as_line(parse_form(query).get("token")) or ""
    if text[:7].lower() == "bearer ":
        text = text[7:]
    return [token for token in (one.strip() for one in text.split(",")) if token][:MOST_TOKENS]


async def _caller(endpoint: Endpoint, gateway: Gateway, tokens: list[str]) -> Caller | None:
    """None when any token is unknown; raises `Refusal(TOKENS_OF_SEVERAL_ACCOUNTS)`."""
    if not tokens:
        return None
    if endpoint.opens is not Opens.ACCOUNT:
        found = [await gateway.devices.find(token) for token in tokens]
        devices = tuple(device for device in found if device is not None)
        if len(devices) == len(tokens):
            if len({device.account for device in devices}) > 1:
                raise Refusal(Code.TOKENS_OF_SEVERAL_ACCOUNTS)
            return Caller(devices[0].account, devices)
    if endpoint.opens is not Opens.DEVICE and len(tokens) == 1:
        account = await gateway.accounts.find(tokens[0])
        if account is not None:
            return Caller(account.id)
    return None
