"""The server below the endpoints: raw bytes, limits on headers, browsers, the operator's pages."""

import asyncio
import itertools

import pytest

from tests.api.harness import HELLO, TOKENS, Api, headers_of, without

pytestmark = pytest.mark.asyncio(loop_scope="module")
TOKEN = f"Authorization: {TOKENS['one']}\r\n"


async def talk(api: Api, *pieces: bytes, end: bool = False) -> bytes:
    """What the server answers to these bytes, until it closes or 5 s pass."""
    host, port = api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if end:
            writer.write_eof()
        async with asyncio.timeout(5):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def request(body: bytes, headers: str = TOKEN, path: str = "/send") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


async def test_a_request_in_single_bytes_is_a_request(shared: Api) -> None:
    """Where the network cuts does not matter."""
    whole = request(b"target=081234567890&message=hi")

    answer = await talk(shared, *(bytes([byte]) for byte in whole))

    assert b'"status":true' in answer


HEADER_BOMBS = {
    "one endless header": [b"GET /device HTTP/1.1\r\nHost: x\r\nX: "] + [b"a" * 65_536] * 200,
    "endless headers": [b"GET /device HTTP/1.1\r\nHost: x\r\n"] + [b"X-A: b\r\n" * 1_000] * 1_000,
    "an endless path": [b"GET /"] + [b"a" * 65_536] * 200,
    "a thousand headers": [b"GET /device HTTP/1.1\r\n" + b"X-A: b\r\n" * 1_000 + b"\r\n"],
    "no HTTP": [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 100],
    "a bad method": [b"BREW / HTTP/1.1\r\n\r\n"],
}


@pytest.mark.parametrize("name", HEADER_BOMBS)
async def test_a_header_bomb_is_cut_off(shared: Api, name: str) -> None:
    """The connection is closed long before the bytes are through; the next caller is served."""
    before = await shared.counts()

    answer = await talk(shared, *HEADER_BOMBS[name])

    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert await shared.counts() == before
    assert (await shared.post("/device"))["status"] is True


async def test_a_body_shorter_than_announced_is_no_request(shared: Api) -> None:
    """The caller left in the middle: nothing is stored."""
    before = await shared.counts()
    whole = request(b"target=081234567890&message=hi" + b"x" * 100)

    assert b'"status":true' not in await talk(shared, whole[:-50], end=True)
    assert await shared.counts() == before


async def test_a_chunked_body_is_a_body(shared: Api) -> None:
    """No Content-Length; Node's fetch sends streams so."""
    head = f"POST /send HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n{TOKEN}\r\n"
    answer = await talk(shared, head.encode() + b"13\r\ntarget=081234567890\r\n", b"b\r\n&message=hi\r\n0\r\n\r\n")

    assert b'"status":true' in answer


@pytest.mark.parametrize("path", ["/send", "/device", "/get-devices"])
async def test_a_browsers_preflight_is_answered(shared: Api, path: str) -> None:
    """Fonnte docs, API send message with javascript: `fetch` with an Authorization header, from any page."""
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    async with shared.client.options(shared.url + path, headers=asked) as response:
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "POST" in response.headers["Access-Control-Allow-Methods"]
        assert "authorization" in response.headers["Access-Control-Allow-Headers"].lower()
        assert response.headers["X-Request-Id"].isdigit()
    async with shared.client.post(shared.url + path, headers={"Origin": "https://shop.example"}) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "X-Request-Id" in response.headers["Access-Control-Expose-Headers"]


async def test_a_slash_at_the_end_makes_no_difference(shared: Api) -> None:
    """Fonnte docs write both."""
    assert (await shared.post("/send/", data=HELLO))["status"] is True
    assert (await shared.post("/device/"))["status"] is True


async def test_only_reading_endpoints_and_send_take_get(shared: Api) -> None:
    """A link that somebody follows must not change a device."""
    for path, status in (("/device", 200), ("/status", 200), ("/disconnect", 405), ("/delete-message", 405)):
        async with shared.client.get(shared.url + path, headers=headers_of("one")) as response:
            assert response.status == status
            assert isinstance((await response.json())["status"], bool)


@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing"), ("POST", "/nothing/at/all"), ("POST", "/")])
async def test_unknown_paths_are_not_found(shared: Api, method: str, path: str) -> None:
    """What is no endpoint is 404, in the form of every refusal; any page may read it."""
    async with shared.client.request(method, shared.url + path) as response:
        assert response.status == 404
        assert await response.json() == {"status": False, "reason": "no such endpoint"}
        assert response.headers["X-Refusal"] == "path_unknown"
        assert path in response.headers["X-Hint"]
        assert response.headers["X-Request-Id"].isdigit()
        assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("token", ["", "unknown"])
async def test_a_bad_token_is_explained_in_the_headers(shared: Api, token: str) -> None:
    """Its body has no `requestid`, as at Fonnte; the headers have."""
    async with shared.client.post(shared.url + "/send", headers=headers_of(token), data=HELLO) as response:
        assert await response.json() == {"reason": "invalid token", "status": False}
        assert response.headers["X-Refusal"] == "token_invalid"
        assert response.headers["X-Hint"].startswith("This token is not known.")
        assert response.headers["X-Request-Id"].isdigit()


async def test_every_answer_has_its_own_request_id(shared: Api) -> None:
    """Refusals and strangers too."""
    seen = []
    for token, path in itertools.product(("one", "unknown"), ("/send", "/device", "/status")):
        async with shared.client.post(shared.url + path, headers=headers_of(token)) as response:
            seen.append(response.headers["X-Request-Id"])

    assert len(set(seen)) == len(seen)


async def test_the_operators_pages(shared: Api) -> None:
    """Alive, ready, and what was counted."""
    await shared.post("/send", data=HELLO)
    texts = {}
    for path in ("/healthz", "/readyz", "/metrics"):
        async with shared.client.get(shared.url + path) as response:
            assert response.status == 200
            texts[path] = await response.text()

    assert (texts["/healthz"], texts["/readyz"]) == ("ok", "ready")
    assert 'merpati_api_requests_total{endpoint="/send",outcome="success"}' in texts["/metrics"]
    assert "merpati_messages_accepted_total" in texts["/metrics"]


async def test_who_watches_over_the_server_may_ask_for_heads(shared: Api) -> None:
    """The same status and headers, and no body: the connection goes on with the next answer."""
    head = b"HEAD /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = await talk(shared, head, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert (answer.count(b"HTTP/1.1 200 OK"), b"ready" in answer) == (2, False)
    assert answer.endswith(b"ok")


HINTS = [
    ({"target": "08x"}, "target_invalid", '"08x" is neither a WhatsApp number nor a group\'s id.'),
    ({"delay": "9-1"}, "delay_invalid", 'The delay "9-1" cannot be used. Write seconds, for example 5 or 5-10.'),
    ({"duration": "x"}, "input_invalid", "The value of duration cannot be used. Check it and try again."),
    ({"target": "\r\nSet-Cookie: é"}, "target_invalid", '"Set-Cookie: \\xe9" is neither a WhatsApp number nor'),
]


@pytest.mark.parametrize(("changed", "code", "hint"), HINTS)
async def test_a_refusal_is_explained_in_the_headers(
    shared: Api, changed: dict[str, str], code: str, hint: str
) -> None:
    """Fonnte's reason for most mistakes is "input invalid"; here one sees which. Nothing gets in by the text."""
    headers = headers_of("one")
    async with shared.client.post(shared.url + "/send", headers=headers, data={**HELLO, **changed}) as response:
        assert response.headers["X-Refusal"] == code
        assert response.headers["X-Hint"].startswith(hint)
        assert "Set-Cookie" not in response.headers


async def test_a_refusal_is_http_200(shared: Api) -> None:
    """Programs look at `status` in the body."""
    async with shared.client.post(
        shared.url + "/send", headers=headers_of("one"), data={"target": "x"}
    ) as response:
        assert response.status == 200
        assert without(await response.json(), "requestid") == {"status": False, "reason": "target input invalid"}
