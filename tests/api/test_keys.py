"""`Idempotency-Key` on `/send`."""

import asyncio

import aiohttp
from aiohttp import web

from tests.api.files import PNG, FileServer
from tests.api.harness import HELLO, Api, headers_of, without


async def test_the_same_key_and_body_get_the_same_answer(both: Api) -> None:
    """One message, the first answer word for word; a new multipart boundary is not another body."""
    answers = []
    for _ in range(3):
        form = aiohttp.FormData(HELLO, default_to_multipart=True)
        headers = {**headers_of("one"), "Idempotency-Key": "order-1"}
        async with both.client.post(both.url + "/send", headers=headers, data=form) as response:
            answers.append((await response.text(), response.headers.get("Idempotency-Replayed")))

    assert len({text for text, _ in answers}) == 1
    assert [replayed for _, replayed in answers] == [None, "true", "true"]
    assert await both.count("message") == 1
    assert await both.count("request") == 1


async def test_the_same_key_with_another_body_is_refused(both: Api) -> None:
    """Nothing of the second is stored."""
    headers = {**headers_of("one"), "Idempotency-Key": "order-1"}
    async with both.client.post(both.url + "/send", headers=headers, data=HELLO) as response:
        assert (await response.json())["status"] is True
    async with both.client.post(both.url + "/send", headers=headers, data={**HELLO, "message": "2"}) as response:
        refused = await response.json()

    assert without(refused, "requestid") == {
        "status": False,
        "reason": "idempotency key reused with another body",
    }
    assert await both.count("message") == 1


async def test_a_refused_request_does_not_use_its_key_up(api: Api) -> None:
    """A caller mends the mistake and tries again with the same key."""
    headers = {**headers_of("one"), "Idempotency-Key": "order-1"}
    async with api.client.post(api.url + "/send", headers=headers, data={**HELLO, "target": "x"}) as response:
        assert (await response.json())["status"] is False
    async with api.client.post(api.url + "/send", headers=headers, data=HELLO) as response:
        assert (await response.json())["status"] is True


async def test_keys_of_two_accounts_do_not_meet(api: Api) -> None:
    """The scope of a key is the token's account."""
    for token in ("one", "theirs"):
        headers = {**headers_of(token), "Idempotency-Key": "order-1"}
        async with api.client.post(
            api.url + "/send", headers=headers, data={**HELLO, "message": token}
        ) as response:
            assert (await response.json())["status"] is True

    assert await api.count("message") == 2


async def test_a_second_request_with_a_key_in_flight_is_refused(api: Api) -> None:
    """While the first is fetching its attachment, the second is not begun."""
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        asked.set()
        await go_on.wait()
        return web.Response(body=PNG)

    headers = {**headers_of("one"), "Idempotency-Key": "order-1"}
    async with FileServer(slow) as url:
        body = {**HELLO, "url": url}
        first = asyncio.create_task(_post(api, headers, body))
        await asked.wait()
        second = await _post(api, headers, body)
        go_on.set()

        assert without(second, "requestid") == {
            "status": False,
            "reason": "request with this idempotency key is in progress",
        }
        assert (await first)["status"] is True
        assert await _post(api, headers, body) == await first
    assert await api.count("message") == 1


async def _post(api: Api, headers: dict[str, str], body: dict[str, str]) -> dict[str, object]:
    async with api.client.post(api.url + "/send", headers=headers, data=body) as response:
        answer: dict[str, object] = await response.json()
        return answer
