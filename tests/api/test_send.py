"""What `/send` stores and answers beyond its table of cases; GET; several tokens; quotes."""

import json

import pytest

from merpati.core.ids import Address, DeviceId, MessageId, WaId
from merpati.messages.inbound import RECEIVE, Incoming
from merpati.messages.views import show_message
from merpati.transports.port import Text
from tests.api.harness import ACCOUNT, HELLO, NUMBERS, OFF, ONE, TOKENS, TWO, Api, without


async def test_what_is_accepted_is_stored_with_its_request(both: Api) -> None:
    """Message, outbox, fact and request row together, on both engines; the token is in none of them."""
    answer = await both.post("/send", data={**HELLO, "typing": "true", "duration": "3", "delay": "5"})

    (id_,) = answer["id"]
    stored = await both.storage.read(show_message, MessageId(id_))
    assert stored is not None
    assert stored.content == Text(body="hello")
    assert stored.chat == "6281234567890"
    assert stored.request == answer["requestid"]
    counts = await both.counts()
    assert (counts["message"], counts["outbox"], await both.count("request")) == (1, 1, 1)
    ((method, path, params, kept),) = await both.rows("SELECT method, path, params, answer FROM request")
    assert (method, path) == ("POST", "/send")
    assert json.loads(params) == {**HELLO, "typing": "true", "duration": "3", "delay": "5"}
    assert json.loads(kept) == answer
    assert both.woken and both.woken[0][0] == ONE


async def test_a_long_value_is_cut_in_the_request_log(api: Api) -> None:
    """The log shows what was asked, not all of it; the message has all of it."""
    answer = await api.post("/send", data={**HELLO, "message": "x" * 60_000})

    ((params,),) = await api.rows("SELECT params FROM request")
    assert len(json.loads(params)["message"]) == 501
    stored = await api.storage.read(show_message, answer["id"][0])
    assert stored is not None and stored.content == Text(body="x" * 60_000)


async def test_sixty_thousand_characters_are_the_most(api: Api) -> None:
    """Code points, whatever they take in bytes."""
    assert (await api.post("/send", data={**HELLO, "message": "🕊" * 60_000}))["status"] is True
    refused = await api.post("/send", data={**HELLO, "message": "x" * 60_001})

    assert without(refused, "requestid") == {"status": False, "reason": "input invalid"}


async def test_the_quota_of_a_device_without_one_is_a_constant(api: Api) -> None:
    """Programs compute with it; the key is the number as it was registered."""
    answer = await api.post("/send", token="two", data={**HELLO, "target": "081234567890,081234567891"})

    assert answer["quota"] == {
        "081222222222": {
            "details": "deduced from total quota",
            "quota": 1_000_000,
            "remaining": 999_998,
            "used": 2,
        }
    }


async def test_each_target_is_sent_by_one_of_several_tokens_devices(api: Api) -> None:
    """Drawn at random; the quota names each device that was drawn."""
    targets = ",".join(f"0812345678{n:02}" for n in range(40))
    answer = await api.post("/send", token="both", data={"target": targets, "message": "hi"})

    rows = await api.rows("SELECT device_id, count(*) FROM message GROUP BY device_id")
    assert {device for device, _ in rows} == {ONE, TWO}
    assert {number: use["used"] for number, use in answer["quota"].items()} == {
        NUMBERS[DeviceId(device)]: count for device, count in rows
    }


async def test_of_several_tokens_a_connected_device_is_drawn(api: Api) -> None:
    """A device that is off does not hold a message that another can send."""
    token = f"{TOKENS['one']},{TOKENS['off']}"
    targets = ",".join(["081234567890"] * 20)
    async with api.client.post(
        api.url + "/send", headers={"Authorization": token}, data={"target": targets, "message": "hi"}
    ) as response:
        assert (await response.json())["status"] is True

    assert await api.rows("SELECT DISTINCT device_id FROM message") == [(ONE,)]


async def test_a_message_for_a_disconnected_device_waits(api: Api) -> None:
    """connectOnly false: it is stored for the device of the token."""
    await api.post("/send", token="off", data={**HELLO, "connectOnly": "false"})

    assert await api.rows("SELECT device_id FROM outbox") == [(OFF,)]


@pytest.mark.parametrize("path", ["/send", "/send/"])
async def test_get_takes_everything_from_the_query(api: Api, path: str) -> None:
    """Fonnte docs, send message by url; the answer is that of POST, the token is not logged."""
    query = {**HELLO, "token": TOKENS["one"]}
    async with api.client.get(api.url + path, params=query) as response:
        answer = await response.json()

    assert answer["status"] is True
    ((params,),) = await api.rows("SELECT params FROM request")
    assert json.loads(params) == HELLO


async def test_get_redirects_after_success_and_shows_a_refusal(api: Api) -> None:
    """A browser goes on only when the message was accepted; only to a web page."""
    query = {**HELLO, "token": TOKENS["one"], "redirect": "https://example.com/thanks?a=1&b=é"}
    async with api.client.get(api.url + "/send", params=query, allow_redirects=False) as response:
        assert response.status == 302
        assert response.headers["Location"] == "https://example.com/thanks?a=1&b=%C3%A9"
    for changed in ({"target": "x"}, {"token": "wrong"}, {"redirect": "javascript:alert(1)"}):
        async with api.client.get(
            api.url + "/send", params={**query, **changed}, allow_redirects=False
        ) as response:
            assert response.status == 200
            assert "Location" not in response.headers


async def test_an_incoming_message_is_quoted(api: Api) -> None:
    """`inboxid` becomes WhatsApp's own id; of another account it is unknown."""
    incoming = Incoming(
        id=MessageId(7_000_001),
        account=ACCOUNT,
        device=ONE,
        chat=Address("628999999999"),
        sender=Address("628999999999"),
        name="Budi",
        wa_id=WaId("3AABCDEF"),
        content=Text(body="a question"),
        reply_to=None,
        at=api.gateway.clock.now(),
    )
    await api.gateway.lane(RECEIVE, incoming)
    for inbox_id in ("7000001", 7_000_001):
        answer = await api.post("/send", json={**HELLO, "inboxid": inbox_id})
        ((options,),) = await api.rows(f"SELECT options FROM message WHERE id = {answer['id'][0]}")
        assert json.loads(options)["reply_to"] == "3AABCDEF"

    refused = await api.post("/send", token="theirs", data={**HELLO, "inboxid": "7000001"})
    assert refused["reason"] == "input invalid"
