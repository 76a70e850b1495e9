"""The other endpoints: answers word for word as documented, and what they change."""

import base64
import json

import pytest

from merpati.api.fonnte.endpoints import fonnte_endpoints
from merpati.devices.actions import rotate_token
from merpati.devices.model import DeviceState
from merpati.devices.views import find_device, find_device_by_number
from tests.api.harness import NUMBERS, OFF, ONE, TOKENS, Api, without

# -- bad tokens: each endpoint's own words (Fonnte docs, each page) --

STRANGERS = [
    ("/status", {"reason": "token invalid", "status": False}),
    ("/delete-message", {"reason": "invalid token", "status": False}),
    ("/reset-message", {"reason": "invalid token", "status": False}),
    ("/device", {"reason": "token invalid", "status": False}),
    ("/get-devices", {"reason": "unknown user", "status": False}),
    ("/add-device", {"reason": "unknown user", "status": False}),
    ("/update-device", {"reason": "token invalid", "status": False}),
    ("/disconnect", {"detail": "token invalid", "status": False}),
    ("/qr", {"reason": "token invalid", "status": False}),
    ("/typing", {"reason": "invalid token", "status": False}),
    ("/validate", {"reason": "token invalid", "status": False}),
    ("/fetch-group", {"detail": "token invalid", "status": False}),
    ("/get-whatsapp-group", {"detail": "token invalid", "status": False}),
    ("/rotator", {"detail": "unknown user", "status": False}),
    ("/delete-device", {"reason": "invalid device", "status": False}),
    ("/order", {"reason": "invalid token", "status": False}),
]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("path", "answer"), STRANGERS)
@pytest.mark.parametrize("token", ["", "unknown"])
async def test_a_stranger_is_answered_in_the_endpoints_words(
    shared: Api, path: str, answer: dict[str, object], token: str
) -> None:
    """No token and an unknown one are the same; nothing is stored, the request is counted."""
    before = await shared.counts()
    strangers = _strangers(shared)

    assert await shared.post(path, token=token, data={"id": "1", "name": "x"}) == answer
    assert await shared.counts() == before
    assert _strangers(shared) == strangers + 1


def test_every_endpoint_has_one_row_and_its_strangers() -> None:
    """No path is in the table twice, and each but `/send`, which has cases, is among the strangers above."""
    paths = [endpoint.path for endpoint in fonnte_endpoints()]
    assert sorted(paths) == sorted({"/send", *(path for path, _ in STRANGERS)})


def _strangers(api: Api) -> float:
    return api.gateway.metrics.registry.get_sample_value("merpati_api_strangers_total") or 0


@pytest.mark.asyncio(loop_scope="module")
async def test_the_two_kinds_of_token_cannot_stand_in_for_each_other(shared: Api) -> None:
    """Fonnte docs, account token; a device's token on an account's endpoint is an unknown user."""
    assert (await shared.post("/get-devices", token="one"))["reason"] == "unknown user"
    assert (await shared.post("/device", token="account"))["reason"] == "token invalid"


# -- /order --

ORDERS: list[dict[str, str]] = [
    {},
    {"plan": "2", "duration": "1", "duration-value": "3"},
    {"ai-quota": "500"},
    {"plan": "7", "duration": "10", "duration-value": "1", "ai-quota": "600", "ai-data": "1"},
]
"""Fonnte docs, API order: a plan, AI only, both; each of its parameters is optional."""


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("token", ["one", "account"])
@pytest.mark.parametrize("body", ORDERS)
async def test_an_order_says_who_sets_plans(shared: Api, token: str, body: dict[str, str]) -> None:
    """Either token; nothing is changed, and the program is not told that it bought something."""
    before = await shared.counts()

    answer = await shared.post("/order", token=token, data=body)

    assert answer == {"reason": "plans are set by the operator of this server", "status": False}
    assert await shared.counts() == before


# -- /device, /get-devices --


async def test_the_profile_of_a_device(api: Api) -> None:
    """Fonnte docs, API device profile: a written date, numbers as text."""
    await api.post("/send", data={"target": "081234567890", "message": "hi"})

    assert await api.post("/device") == {
        "attachment": True,
        "device": NUMBERS[ONE],
        "device_status": "connect",
        "expired": "31 December 2099",
        "messages": 1,
        "name": "One",
        "package": "Ultra",
        "quota": "1000000",
        "status": True,
    }
    assert (await api.post("/device", token="off"))["device_status"] == "disconnect"


async def test_every_device_of_the_account_with_its_token(api: Api) -> None:
    """Fonnte docs, API get devices: unix time as text; the other account's devices are not there."""
    answer = await api.post("/get-devices", token="account")

    assert without(answer, "data") == {
        "connected": 2,
        "devices": 3,
        "messages": 0,
        "status": True,
        "type": "device",
    }
    assert answer["data"][2] == {
        "autoread": "off",
        "device": NUMBERS[OFF],
        "expired": "4102358400",
        "name": "Off",
        "package": "Ultra",
        "quota": "1000000",
        "status": "disconnect",
        "token": TOKENS["off"],
    }


# -- /add-device, /update-device --


async def test_a_device_is_added(both: Api) -> None:
    """Fonnte docs, API add device; its token opens it at once, and the request log does not show it."""
    body = {"name": "device name", "device": "0812-345-6789", "autoread": "true", "personal": "", "group": "off"}
    answer = await both.post("/add-device", token="account", data=body)

    token = answer["token"]
    assert without(answer, "token") == {
        "autoread": "on",
        "device": "08123456789",
        "group": "off",
        "name": "device name",
        "personal": "off",
        "status": True,
    }
    async with both.client.post(both.url + "/device", headers={"Authorization": token}) as response:
        assert (await response.json())["device"] == "08123456789"
    ((kept,),) = await both.rows("SELECT answer FROM request")
    assert token not in kept
    assert json.loads(kept)["name"] == "device name"


ADD_REFUSALS = [
    ({}, "input invalid"),
    ({"name": "x", "device": "08123456789"}, "input invalid"),
    ({"name": "x" * 31, "device": "08123456789"}, "input invalid"),
    ({"name": "name", "device": "0812345"}, "input invalid"),
    ({"name": "name", "device": "0812345678901234"}, "input invalid"),
    ({"name": "name", "device": "081234567x"}, "input invalid"),
    ({"name": "name", "device": "6284444444444"}, "device already exist"),
    ({"name": "name", "device": "08123456789", "autoread": "maybe"}, "input invalid"),
]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("body", "reason"), ADD_REFUSALS)
async def test_a_device_that_cannot_be_added(shared: Api, body: dict[str, str], reason: str) -> None:
    """Fonnte's reasons; a number is unique over all accounts."""
    before = await shared.counts()

    assert await shared.post("/add-device", token="account", data=body) == {"reason": reason, "status": False}
    assert await shared.counts() == before


async def test_a_device_is_updated(both: Api) -> None:
    """Fonnte docs, API update device: what is absent stays as it is."""
    answer = await both.post(
        "/update-device",
        data={"name": "new name", "autoread": "on", "personal": "true", "resend": "1", "target": "0812345678"}
        | {"source": "flow", "inbox": "off"},
    )

    assert answer["status"] is True
    device = await both.storage.read(find_device, ONE)
    assert device is not None
    assert (device.name, device.number) == ("new name", NUMBERS[ONE])
    settings = device.settings
    assert (settings.autoread, settings.personal, settings.in_groups, settings.quick) == (True, True, False, False)
    assert settings.resend_to == "62812345678"
    assert (answer["source"], answer["inbox"], answer["target"]) == ("flow", "off", "62812345678")

    await both.post("/update-device", data={"autoread": ""})
    device = await both.storage.read(find_device, ONE)
    assert device is not None and (device.settings.autoread, device.settings.personal) == (False, True)


async def test_webhooks_are_set_changed_and_ended(both: Api) -> None:
    """An address that is given but empty ends the webhook; one that is absent stays."""
    select = "SELECT kinds, url FROM endpoint WHERE url <> '' ORDER BY kinds"

    await both.post(
        "/update-device", data={"webhookstatus": "https://a.example/s", "webhook": "https://a.example/m"}
    )
    assert await both.rows(select) == [
        ('["message"]', "https://a.example/m"),
        ('["status"]', "https://a.example/s"),
    ]
    await both.post("/update-device", data={"webhookstatus": "https://b.example/s", "webhook": ""})
    assert await both.rows(select) == [('["status"]', "https://b.example/s")]
    refused = await both.post("/update-device", data={"webhookstatus": "ftp://b.example/s", "name": "changed"})
    assert refused == {"reason": "url invalid", "status": False}
    device = await both.storage.read(find_device, ONE)
    assert device is not None and device.name == "One"


async def test_webhooks_that_were_set_count_at_once(api: Api) -> None:
    """Whoever calls them is told, after the commit; a call without addresses, or a refused one, tells nobody."""
    await api.post("/update-device", data={"name": "other"})
    await api.post("/update-device", data={"webhook": "https://a.example/m", "name": "x"})
    assert api.looks == 0
    await api.post("/update-device", data={"webhook": "https://a.example/m"})
    assert api.looks == 1


async def test_an_accounts_token_updates_the_device_that_is_named(api: Api) -> None:
    """The documentation contradicts itself on the token: both are taken. Another account's device is not found."""
    named = {"device": NUMBERS[OFF], "name": "by the account"}
    assert (await api.post("/update-device", token="account", data=named))["status"] is True
    device = await api.storage.read(find_device_by_number, NUMBERS[OFF])
    assert device is not None and device.name == "by the account"

    refused = await api.post("/update-device", token="stranger", data=named)
    assert refused == {"reason": "input invalid", "status": False}


UPDATE_REFUSALS = [
    ({"name": "x"}, "input invalid"),
    ({"device": "6284444444444"}, "device already exist"),
    ({"source": "magic"}, "input invalid"),
    ({"resend": "true"}, "input invalid"),
    ({"target": "x"}, "target input invalid"),
]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("body", "reason"), UPDATE_REFUSALS)
async def test_an_update_that_makes_no_sense(shared: Api, body: dict[str, str], reason: str) -> None:
    """Refused as a whole."""
    before = await shared.counts()

    assert await shared.post("/update-device", data=body) == {"reason": reason, "status": False}
    assert await shared.counts() == before


# -- /disconnect, /qr --


async def test_a_device_is_disconnected(both: Api) -> None:
    """Fonnte docs, API disconnect device; the session is ended, the failure is in `detail`."""
    assert await both.post("/disconnect") == {"detail": "device disconnected", "status": True}
    assert both.sessions.ended == [ONE]
    refused = await both.post("/send", data={"target": "081234567890", "message": "hi"})
    assert refused["reason"] == "request invalid on disconnected device"
    await both.set_state(ONE, DeviceState.OFF)
    assert await both.post("/disconnect") == {"detail": "device already disconnected", "status": False}


async def test_a_picture_to_scan(both: Api) -> None:
    """Fonnte docs, API get QR: a bare base64 PNG; the device is wanted connected from now on."""
    answer = await both.post("/qr", token="off")

    assert answer["status"] is True
    assert base64.b64decode(answer["url"], validate=True).startswith(b"\x89PNG\r\n")
    device = await both.storage.read(find_device, OFF)
    assert device is not None and device.desired


async def test_a_code_to_type(api: Api) -> None:
    """`type` code, with the phone's number."""
    answer = await api.post("/qr", token="off", data={"type": "code", "whatsapp": "0812 3456 7890"})

    assert answer == {"status": True, "code": "CODE-6281234567890"}


QR_REFUSALS = [
    ("one", {}, "device already connect"),
    ("off", {"type": "code"}, "input invalid"),
    ("off", {"type": "code", "whatsapp": "x"}, "input invalid"),
    ("off", {"type": "nfc"}, "input invalid"),
]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("token", "body", "reason"), QR_REFUSALS)
async def test_a_pairing_that_cannot_begin(shared: Api, token: str, body: dict[str, str], reason: str) -> None:
    """Fonnte's reasons."""
    assert await shared.post("/qr", token=token, data=body) == {"reason": reason, "status": False}


async def test_a_network_that_cannot_be_reached_says_so(api: Api) -> None:
    """The caller tries again."""
    api.sessions.reachable = False

    assert (await api.post("/qr", token="off"))["reason"] == "device is not ready to pair, try again"


async def test_a_revoked_token_stops_at_once_in_this_process(api: Api) -> None:
    """Within two seconds through another."""
    assert (await api.post("/device"))["status"] is True
    await api.storage.write(rotate_token, ONE, api.gateway.sealer.seal_token("device", ONE, "another token"))
    api.gateway.devices.forget_device(ONE)

    assert (await api.post("/device"))["reason"] == "token invalid"
    async with api.client.post(api.url + "/device", headers={"Authorization": "another token"}) as response:
        assert (await response.json())["status"] is True
