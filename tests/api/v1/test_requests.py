"""The request log: what programs asked, and what came of it."""

from typing import Any

import pytest

from tests.api.harness import ONE, TWO, Api, headers_of
from tests.api.v1.browser import Browser, program_of
from tests.api.v1.messages import send


async def refuse(api: Api, token: str = "one", path: str = "/send", **params: Any) -> int:  # noqa: ANN401 — JSON
    """A call that is refused; answers its id."""
    async with api.client.post(api.url + path, headers=headers_of(token), json=params) as response:
        assert not (await response.json())["status"]
        return int(response.headers["X-Request-Id"])


async def asked(api: Api, path: str, token: str = "one", **params: Any) -> int:  # noqa: ANN401 — JSON
    """A call that is accepted; answers its id."""
    async with api.client.post(api.url + path, headers=headers_of(token), json=params) as response:
        assert (await response.json())["status"]
        return int(response.headers["X-Request-Id"])


async def listed(browser: Browser, **params: str) -> list[int]:
    answered = await browser.ask("GET", "/requests", params=params)
    assert answered.status == 200, answered
    return [item["id"] for item in answered.body["items"]]


async def test_the_log_is_listed_newest_first(both: Api, ayu: Browser) -> None:
    """What was accepted, what was refused, and why, in the caller's language."""
    accepted = await asked(both, "/send", target="081234567890", message="halo")
    refused = await refuse(both, target="081234567890", message="halo", delay="x")
    answered = await ayu.ask("GET", "/requests", headers={"Accept-Language": "en"})
    newer, older = answered.body["items"]
    assert answered.body["next"] is None
    assert older == {
        "id": accepted,
        "at": older["at"],
        "method": "POST",
        "path": "/send",
        "device": ONE,
        "code": None,
        "reason": None,
    }
    assert (newer["id"], newer["code"], newer["device"]) == (refused, "delay_invalid", ONE)
    assert "x" in newer["reason"]


async def test_a_request_tells_what_it_made(both: Api, ayu: Browser) -> None:
    """Its parameters and its answer as they are kept, and its message."""
    message = await send(both)
    told = (await ayu.ask("GET", f"/requests/{(await listed(ayu))[0]}")).body
    assert told["body"] == {"target": "081234567890", "message": "halo"}
    assert (told["answer"]["status"], told["answer"]["id"]) == (True, [message])
    assert (told["messages"], told["message_count"]) == ([message], 1)
    assert (await ayu.ask("GET", f"/messages/{message}")).body["request"] == told["id"]


async def test_a_call_of_our_own_api_is_in_the_log(ayu: Browser) -> None:
    """With its messages too."""
    answered = await ayu.ask("POST", "/messages", {"device": ONE, "targets": "0812345678,0812345679", "text": "a"})
    assert answered.status == 202
    told = (await ayu.ask("GET", f"/requests/{answered.body['request']}")).body
    assert (told["path"], told["device"], told["code"]) == ("/api/v1/messages", ONE, None)
    assert told["messages"] == [item["id"] for item in answered.body["items"]]


async def test_no_token_and_no_long_value_is_kept(both: Api, ayu: Browser) -> None:
    """A token among the parameters is not one of them."""
    params = {"target": "081234567890", "message": "x" * 600, "token": "secret"}
    id_ = (await both.post("/send", json=params))["requestid"]
    told = (await ayu.ask("GET", f"/requests/{id_}")).body
    assert told["body"] == {"target": "081234567890", "message": "x" * 500 + "…"}


async def test_of_very_many_messages_the_first_are_named(both: Api, ayu: Browser) -> None:
    """And how many they are."""
    targets = ",".join(f"62812345{n:05d}" for n in range(300))
    answered = await both.post("/send", json={"target": targets, "message": "halo"})
    told = (await ayu.ask("GET", f"/requests/{answered['requestid']}")).body
    assert (told["messages"], told["message_count"]) == (answered["id"][:200], 300)


async def test_a_refusal_tells_its_code_and_its_answer(both: Api, ayu: Browser) -> None:
    """What the caller was told in Fonnte's words stands beside what is meant."""
    id_ = await refuse(both, target="nobody", message="halo")
    told = (await ayu.ask("GET", f"/requests/{id_}")).body
    assert (told["code"], told["messages"], told["message_count"]) == ("target_invalid", [], 0)
    assert told["body"] == {"target": "nobody", "message": "halo"}
    assert told["answer"] == {"status": False, "reason": "target input invalid", "requestid": id_}


@pytest.mark.parametrize(
    ("body", "type_", "code"),
    [
        (b"{", "application/json", "body_invalid"),
        (b'{"target": "081234567890", "message": "a\\u0000b"}', "application/json", "text_unstorable"),
        (b"", "application/json", "body_invalid"),
    ],
)
async def test_what_cannot_be_read_is_in_the_log_too(
    both: Api, ayu: Browser, body: bytes, type_: str, code: str
) -> None:
    """Broken JSON, a text with NUL, nothing at all."""
    headers = {**headers_of("one"), "Content-Type": type_}
    async with both.client.post(both.url + "/send", headers=headers, data=body) as response:
        id_ = int(response.headers["X-Request-Id"])
    assert (await ayu.ask("GET", f"/requests/{id_}")).body["code"] == code


async def test_a_large_refused_call_is_in_the_log(both: Api, ayu: Browser) -> None:
    """Its long values cut."""
    id_ = await refuse(both, target="nobody", message="x" * 100_000)
    assert len((await ayu.ask("GET", f"/requests/{id_}")).body["body"]["message"]) == 501


async def test_what_only_reads_is_in_the_log_when_it_was_refused(both: Api, ayu: Browser) -> None:
    """A status is asked for often, and changes nothing."""
    await both.post("/device")
    refused = await refuse(both, path="/status", id="1")
    assert await listed(ayu) == [refused]


async def test_the_log_is_asked_for_parts(both: Api, ayu: Browser) -> None:
    """By outcome, path, device, id and a part of the path; conditions add up."""
    sent = await asked(both, "/send", target="081234567890", message="halo")
    by_two = await asked(both, "/send", "two", target="081234567890", message="halo")
    bad = await refuse(both)
    updated = await asked(both, "/update-device", name="Toko Baru")
    bad_id = await refuse(both, "two", "/delete-message", id="1")
    assert await listed(ayu) == [bad_id, updated, bad, by_two, sent]
    assert await listed(ayu, outcome="ok") == [updated, by_two, sent]
    assert await listed(ayu, outcome="refused") == [bad_id, bad]
    assert await listed(ayu, path="/send") == [bad, by_two, sent]
    assert await listed(ayu, path="/send", outcome="refused") == [bad]
    assert await listed(ayu, path="/sen") == []
    assert await listed(ayu, device=str(TWO)) == [bad_id, by_two]
    assert await listed(ayu, device=str(TWO), outcome="refused") == [bad_id]
    assert await listed(ayu, device=str(TWO), outcome="ok", path="/send") == [by_two]
    assert await listed(ayu, q=str(by_two)) == [by_two]
    assert await listed(ayu, q="E-") == [bad_id, updated]
    assert await listed(ayu, q=" send ") == [bad, by_two, sent]
    assert await listed(ayu, q="send", path="/update-device") == await listed(ayu, q="nowhere%") == []


async def test_pages_follow_one_another(both: Api, ayu: Browser) -> None:
    """Also where several paths are asked for at once."""
    ids = [await (refuse(both) if n % 2 else refuse(both, path="/status", id="1")) for n in range(5)]
    conditions: tuple[dict[str, str], ...] = ({}, {"q": "s"}, {"outcome": "refused"})
    for params in conditions:
        found: list[int] = []
        more: dict[str, str] = {}
        while True:
            page = (await ayu.ask("GET", "/requests", params={"limit": "2", **params, **more})).body
            found += [item["id"] for item in page["items"]]
            if page["next"] is None:
                break
            more = {"cursor": page["next"]}
        assert found == ids[::-1]


async def test_another_account_s_request_is_not_found(both: Api, ayu: Browser) -> None:
    """As if it were nobody's."""
    theirs = await refuse(both, "theirs")
    assert await listed(ayu) == []
    assert await listed(ayu, q=str(theirs)) == []
    assert (await ayu.ask("GET", f"/requests/{theirs}")).code == "request_unknown"
    assert await listed(program_of(both, "stranger")) == [theirs]


async def test_a_stranger_s_request_is_in_no_log(both: Api, ayu: Browser) -> None:
    """It is nobody's."""
    await refuse(both, "unknown")
    assert await both.count("request") == 0
    assert await listed(ayu) == []


@pytest.mark.parametrize("id_", ["1", "0", str(2**63), str(2**70)])
async def test_an_unknown_request_is_not_found(ayu: Browser, id_: str) -> None:
    """However large its number."""
    answered = await ayu.ask("GET", f"/requests/{id_}")
    assert (answered.status, answered.code) == (404, "request_unknown")


async def test_who_has_not_signed_in_sees_no_log(stranger: Browser) -> None:
    """Neither the list nor a request."""
    for path in ("/requests", "/requests/1"):
        assert (await stranger.ask("GET", path)).code == "not_signed_in"


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"cursor": "rubbish"}, 400, "cursor_invalid"),
        ({"outcome": "maybe"}, 422, "input_invalid"),
        ({"device": "x"}, 422, "input_invalid"),
        ({"device": str(2**63)}, 422, "input_invalid"),
        ({"limit": "1000"}, 422, "input_invalid"),
        ({"q": "x" * 201}, 422, "input_invalid"),
        ({"path": "\0"}, 422, "text_unstorable"),
    ],
)
async def test_a_bad_question_is_refused(ayu: Browser, params: dict[str, str], status: int, code: str) -> None:
    """With what is wrong with it."""
    answered = await ayu.ask("GET", "/requests", params=params)
    assert (answered.status, answered.code) == (status, code)
