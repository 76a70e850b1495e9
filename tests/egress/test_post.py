"""One POST to an address that a user gave."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from merpati.egress.client import KEPT_BODY_BYTES, Answer, Egress
from merpati.egress.guard import EgressError, EgressFault
from tests.egress.servers import Names, raw_server, read_request, saying


@pytest.fixture
async def egress() -> AsyncIterator[Egress]:
    """A client whose operator allowed 127.0.0.1 alone."""
    client = Egress(["127.0.0.1"], resolver=Names(hook_test=[["127.0.0.1"]]))
    yield client
    await client.close()


async def post(egress: Egress, url: str, timeout_s: float = 5) -> Answer:
    return await egress.post(url, b'{"a":1}', {"Content-Type": "application/json"}, timeout_s=timeout_s)


async def test_the_answer_is_told_whatever_its_status(egress: Egress) -> None:
    """Status, the body's beginning, Retry-After."""
    async with raw_server(saying("503 Busy", "Retry-After: 7", body=b"x" * 5_000)) as port:
        answer = await post(egress, f"http://hook.test:{port}/x")
    assert (answer.status, answer.retry_after, answer.body) == (503, "7", b"x" * KEPT_BODY_BYTES)


async def test_a_redirect_is_an_answer_and_not_followed(egress: Egress) -> None:
    """Else a public receiver could point us at a private one."""
    async with raw_server(saying("302 Found", "Location: http://127.0.0.1:1/")) as port:
        assert (await post(egress, f"http://hook.test:{port}/")).status == 302


async def test_one_connection_serves_many_posts(egress: Egress) -> None:
    """Keep-alive, also when the answers have bodies."""
    connections = 0
    speak = saying("200 OK", body=b"thanks")

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await speak(reader, writer)

    async with raw_server(count) as port:
        for _ in range(5):
            await post(egress, f"http://127.0.0.1:{port}/")
    assert connections == 1


async def test_a_name_that_changes_its_answer_is_judged_by_the_address_connected_to() -> None:
    """DNS rebinding: the first connection goes where the check looked; the second answer is judged anew."""
    hits: list[str] = []

    async def serve_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hits.append(writer.get_extra_info("sockname")[0])
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    names = Names(rebind_test=[["127.0.0.1"], ["127.0.0.2"]], other_test=[["127.0.0.2", "127.0.0.1"]])
    async with raw_server(serve_once) as port, raw_server(serve_once, "127.0.0.2", port):
        first, second = (Egress(["127.0.0.1"], resolver=names) for _ in range(2))
        assert (await post(first, f"http://rebind.test:{port}/")).status == 200
        with pytest.raises(EgressError) as caught:
            await post(second, f"http://rebind.test:{port}/")
        assert (await post(second, f"http://other.test:{port}/")).status == 200
        await first.close()
        await second.close()
    assert caught.value.fault is EgressFault.ADDRESS
    assert hits == ["127.0.0.1", "127.0.0.1"]
    assert names.asked == ["rebind.test", "rebind.test", "other.test"]


@pytest.mark.parametrize("host", ["127.0.0.2", "2130706434", "0x7f.2", "[::ffff:127.0.0.2]", "[::1]", "localhost"])
async def test_no_spelling_of_a_private_address_is_connected_to(host: str) -> None:
    """Whether we, the client or the system's resolver understands the spelling."""
    client = Egress([])
    with pytest.raises(EgressError) as caught:
        await post(client, f"http://{host}:9/")
    assert caught.value.fault in (EgressFault.ADDRESS, EgressFault.URL, EgressFault.NAME)
    await client.close()


async def test_an_unknown_name_and_a_closed_port_have_their_faults(egress: Egress) -> None:
    """What the owner reads beside the call says what to mend."""
    async with raw_server(saying("200 OK")) as port:
        pass
    with pytest.raises(EgressError) as unknown:
        await post(egress, "http://nowhere.test/")
    with pytest.raises(EgressError) as closed:
        await post(egress, f"http://127.0.0.1:{port}/")
    assert (unknown.value.fault, closed.value.fault) == (EgressFault.NAME, EgressFault.CONNECT)


async def test_silence_ends_by_the_time_limit(egress: Egress) -> None:
    """A receiver that takes the request and says nothing."""

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with raw_server(silent) as port:
        with pytest.raises(EgressError) as caught:
            await post(egress, f"http://127.0.0.1:{port}/", timeout_s=0.1)
    assert caught.value.fault is EgressFault.TIMEOUT


async def test_what_is_not_http_is_broken(egress: Egress) -> None:
    """Garbage instead of a status line."""

    async def garbage(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\xff garbage\r\n\r\n")
        await writer.drain()

    async with raw_server(garbage) as port:
        with pytest.raises(EgressError) as caught:
            await post(egress, f"http://127.0.0.1:{port}/")
    assert caught.value.fault is EgressFault.BROKEN


async def test_an_endless_body_does_not_undo_the_status(egress: Egress) -> None:
    """The receiver said 200; what it goes on saying is not waited for."""

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with raw_server(endless) as port:
        answer = await post(egress, f"http://127.0.0.1:{port}/")
    assert (answer.status, len(answer.body)) == (200, KEPT_BODY_BYTES)


async def test_a_kept_connection_that_was_closed_is_tried_again_at_once(egress: Egress) -> None:
    """The ordinary race of keep-alive is no failure of the receiver."""
    requests = 0

    async def one_each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        await read_request(reader)
        requests += 1
        if requests == 2:
            return  # closes without a word
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await read_request(reader)
        requests += 1

    async with raw_server(one_each) as port:
        await post(egress, f"http://127.0.0.1:{port}/")
        assert (await post(egress, f"http://127.0.0.1:{port}/")).status == 200
    assert requests == 3
