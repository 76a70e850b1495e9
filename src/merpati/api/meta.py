"""`/meta/{device}`: where Meta posts what happened to a device's official number.

Source: Meta's Cloud API, "Webhooks": a GET with a challenge when the address is entered, then POSTs with a
signature over the raw bytes; one that is not answered with 200 comes again for up to seven days, so 200 means that
it is stored. Which addresses exist is not told to strangers: whatever is not Meta's is a 403.
"""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl

from merpati.api.fonnte.body import ClientGone, read_whole
from merpati.api.fonnte.door import Handler, Receive, Scope, Send
from merpati.api.gateway import Gateway
from merpati.api.v1.problems import status_of
from merpati.core.errors import Refusal
from merpati.core.ids import DeviceId
from merpati.storage.port import StorageError
from merpati.transports.official import NotSigned

PREFIX = "/meta"
MOST_BYTES = 4_000_000
"""Meta sends up to three megabytes."""
HIGHEST_ID = 2**63 - 1
_PLAIN = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
)


def address_of(gateway: Gateway, device: DeviceId) -> str:
    """The address of a device, as others reach it."""
    return f"{gateway.public_url.rstrip('/')}{PREFIX}/{device}"


def meta_door(gateway: Gateway) -> Handler:
    """The ASGI handler of everything below `PREFIX`; each answer is counted by its status."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, text = await _answer(gateway, scope, receive)
        except ClientGone:
            return
        gateway.metrics.meta.labels(str(int(status))).inc()
        body = text.encode()
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": int(status), "headers": [*_PLAIN, length]})
        await send({"type": "http.response.body", "body": body})

    return handle


async def _answer(gateway: Gateway, scope: Scope, receive: Receive) -> tuple[HTTPStatus, str]:
    act = {"GET": _challenge, "POST": _post}.get(scope["method"])
    device = _device_of(scope["path"])
    if act is None:
        return HTTPStatus.METHOD_NOT_ALLOWED, "GET or POST"
    if device is None:
        return HTTPStatus.NOT_FOUND, "no such address"
    try:
        return HTTPStatus.OK, await act(gateway, device, scope, receive)
    except NotSigned:
        return HTTPStatus.FORBIDDEN, "not signed by the app of this number"
    except Refusal as refusal:
        return HTTPStatus(status_of(refusal.code)), refusal.code
    except StorageError:
        return HTTPStatus.SERVICE_UNAVAILABLE, "not stored: send it again"


async def _challenge(gateway: Gateway, device: DeviceId, scope: Scope, _receive: Receive) -> str:
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    return await gateway.official.answer_challenge(device, query)


async def _post(gateway: Gateway, device: DeviceId, scope: Scope, receive: Receive) -> str:
    body = await read_whole(receive, MOST_BYTES)
    signature = _headers(scope).get("x-hub-signature-256", "")
    await gateway.official.take_post(gateway.lane, gateway.ids, device, body, signature)
    return "stored"


def _headers(scope: Scope) -> Mapping[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _device_of(path: str) -> DeviceId | None:
    last = path.removeprefix(PREFIX).strip("/")
    known = last.isascii() and last.isdecimal() and 0 < int(last[:20]) <= HIGHEST_ID
    return DeviceId(int(last)) if known and len(last) < 20 else None
