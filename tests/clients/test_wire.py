"""What HTTP allows and programs do: lengths, encodings, versions, names, connections."""

import gzip
import json

import pytest

from merpati.core.ids import MessageId
from merpati.messages.views import show_message
from merpati.transports.port import Text
from tests.api.harness import TOKENS, Api
from tests.clients.wire import Reply, connected

pytestmark = pytest.mark.asyncio(loop_scope="module")
TOKEN = TOKENS["one"]
BODY = b"target=081234567890&message=Halo"


def request(*headers: str, line: str = "POST /send HTTP/1.1", body: bytes = BODY, token: bool = True) -> bytes:
    """A request with a host, a token and a length where the headers say none."""
    names = {header.partition(":")[0].lower() for header in headers}
    lines = [line, "Host: merpati.example", *headers]
    lines += [f"Authorization: {TOKEN}"] if token else []
    lines += [] if {"content-length", "transfer-encoding"} & names else [f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


ACCEPTED = {
    "HTTP/1.0": request(line="POST /send HTTP/1.0"),
    "HTTP/1.0, kept open": request("Connection: keep-alive", line="POST /send HTTP/1.0"),
    "the whole address in the request line": request(line="POST http://merpati.example/send HTTP/1.1"),
    "the whole address, https, as some proxies write": request(line="POST https://api.fonnte.com/send HTTP/1.1"),
    "a slash too many at both ends": request(line="POST //send/ HTTP/1.1"),
    "escapes in the path": request(line="POST /%73end HTTP/1.1"),
    "a question mark and nothing": request(line="POST /send? HTTP/1.1"),
    "all names in small letters": request("content-type: application/x-www-form-urlencoded").lower().replace(
        TOKEN.lower().encode(), TOKEN.encode()
    ).replace(b"post /send http", b"POST /send HTTP").replace(b"halo", b"Halo"),
    "all names in capitals": request("CONTENT-TYPE: APPLICATION/X-WWW-FORM-URLENCODED"),
    "no content type": request(),
    "an empty content type": request("Content-Type:"),
    "a content type without sense": request("Content-Type: form; charset"),
    "the content type twice": request(
        "Content-Type: application/json", "Content-Type: application/x-www-form-urlencoded"
    ),
    "the token twice": request(f"Authorization: {TOKEN}"),
    "the token with spaces around it": request(f"Authorization:   {TOKEN}  ", token=False),
    "the token between commas": request(f"Authorization: ,{TOKEN},", token=False),
    "the token behind bearer, in small letters": request(f"authorization: bearer  {TOKEN}", token=False),
    "the token in the query of a POST": request(
        line=f"POST /send?token={TOKEN.replace('+', '%2B')} HTTP/1.1", token=False
    ),
    "chunks": request("Transfer-Encoding: chunked", body=b"10\r\ntarget=081234567\r\n10;x=y\r\n890&message=Halo\r\n"
                      b"0\r\n\r\n"),
    "chunks and a trailer": request("Transfer-Encoding: chunked", "Trailer: X-Sum",
                                    body=b"20\r\n" + BODY + b"\r\n0\r\nX-Sum: 1\r\n\r\n"),
    "an offer of WebSocket": request("Connection: Upgrade", "Upgrade: websocket"),
    "an offer of HTTP/2 and chunks": request("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
                                            "HTTP2-Settings: AAEAAEAAAAIAAAAA", "Transfer-Encoding: chunked",
                                            body=b"20\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a body that says it is as it is": request("Content-Encoding: identity"),
    "json in UTF-16": request("Content-Type: application/json; charset=utf-16",
                              body=json.dumps({"target": "081234567890", "message": "Halo"}).encode("utf-16")),
    "a form behind a byte order mark": request(body=b"\xef\xbb\xbf" + BODY),
}  # fmt: skip
REFUSED = {
    "no token": (request(token=False), "invalid token"),
    "an empty token": (request("Authorization:", token=False), "invalid token"),
    "only the word Bearer": (request("Authorization: Bearer", token=False), "invalid token"),
    "Basic": (request("Authorization: Basic dXNlcjpwYXNz", token=False), "invalid token"),
    "a token that is no ASCII": (request("Authorization: tokén", token=False), "invalid token"),
    "a compressed body": (
        request("Content-Encoding: gzip", body=gzip.compress(BODY)),
        "invalid/empty body value: send it without Content-Encoding",
    ),
    "no body": (request(body=b""), "invalid/empty body value"),
}


async def asked(api: Api, whole: bytes) -> Reply:
    async with connected(api) as wire:
        return await wire.ask(whole)


@pytest.mark.parametrize("name", ACCEPTED)
async def test_it_is_a_request_like_any_other(shared: Api, name: str) -> None:
    """One message, and its text."""
    reply = await asked(shared, ACCEPTED[name])

    assert reply.body["status"] is True, reply.body
    stored = await shared.storage.read(show_message, MessageId(reply.body["id"][0]))
    assert stored is not None
    assert stored.content == Text(body="Halo")


@pytest.mark.parametrize("name", REFUSED)
async def test_it_is_refused_for_its_own_reason(shared: Api, name: str) -> None:
    """HTTP 200 and Fonnte's reason, or one that says what to do."""
    whole, reason = REFUSED[name]
    before = await shared.counts()
    reply = await asked(shared, whole)

    assert reply.line == "HTTP/1.1 200 OK"
    assert (reply.body["status"], reply.body["reason"]) == (False, reason)
    assert await shared.counts() == before


async def test_a_caller_that_waits_for_leave_gets_it(shared: Api) -> None:
    """PHP's curl asks before a large body, and waits a second without an answer."""
    async with connected(shared) as wire:
        head, body = request("Expect: 100-continue").split(b"\r\n\r\n")
        wire.writer.write(head + b"\r\n\r\n")
        assert await wire.leave() == "HTTP/1.1 100 Continue"
        reply = await wire.ask(body)

    assert reply.body["status"] is True


async def test_a_stranger_that_waits_for_leave_is_answered_too(shared: Api) -> None:
    """With the refusal, whether or not the body comes."""
    async with connected(shared) as wire:
        head, body = request("Expect: 100-continue", token=False).split(b"\r\n\r\n")
        wire.writer.write(head + b"\r\n\r\n")
        assert await wire.leave() == "HTTP/1.1 100 Continue"
        reply = await wire.ask(body)

    assert reply.body["reason"] == "invalid token"


async def test_requests_on_one_connection_are_answered_in_order(shared: Api) -> None:
    """Also when the second is written before the first is answered, and a refusal is among them."""
    async with connected(shared) as wire:
        wire.writer.write(request() + request(token=False) + request(line="POST /device HTTP/1.1", body=b""))
        replies = [await wire.reply() for _ in range(3)]

    assert [reply.body["status"] for reply in replies] == [True, False, True]
    assert replies[2].body["device_status"] == "connect"


async def test_http_1_0_is_closed_after_its_answer(shared: Api) -> None:
    """Its clients read to the end of the connection."""
    async with connected(shared) as wire:
        reply = await wire.ask(request(line="POST /send HTTP/1.0"))
        assert reply.body["status"] is True
        assert await wire.ended()
