"""The other endpoints: answers word for word as documented, and what they change."""

import base64
import json

import pytest

from merpati.core.ids import AccountId, Address, MessageId, WaId
from merpati.devices.actions import rotate_token
from merpati.devices.model import DeviceState
from merpati.devices.views import find_device, find_device_by_number
from merpati.messages.inbound import Incoming, receive_messages
from merpati.messages.model import MessageState
from merpati.messages.views import message_status
from merpati.transports.port import Text
from tests.api.harness import NUMBERS, OFF, ONE, TOKENS, Api, without


async def accepted(api: Api, **body: str) -> int:
    """The id of a message that was just accepted."""
    answer = await api.post("/send", data={"target": "081234567890", "message": "hi", **body})
    return int(answer["id"][0])


async def later(api: Api) -> str:
    return str(api.gateway.clock.now() // 1_000 + 86_400)


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


def _strangers(api: Api) -> float:
    return api.gateway.metrics.registry.get_sample_value("merpati_api_strangers_total") or 0


@pytest.mark.asyncio(loop_scope="module")
async def test_the_two_kinds_of_token_cannot_stand_in_for_each_other(shared: Api) -> None:
    """Fonnte docs, account token; a device's token on an account's endpoint is an unknown user."""
    assert (await shared.post("/get-devices", token="one"))["reason"] == "unknown user"
    assert (await shared.post("/device", token="account"))["reason"] == "token invalid"


# -- /status, /delete-message, /reset-message --


async def test_status_tells_where_a_message_is(both: Api) -> None:
    """Fonnte docs, API check message status: pending, waiting while its time has not come."""
    now, soon = await accepted(both), await accepted(both, schedule=await later(both))

    assert await both.post("/status", data={"id": str(now)}) == {
        "id": now,
        "message_status": "pending",
        "status": True,
    }
    assert (await both.post("/status", json={"id": soon}))["message_status"] == "waiting"


ID_REFUSALS = [
    ("/status", {}, "id required"),
    ("/status", {"id": ""}, "id required"),
    ("/status", {"id": "999999999"}, "invalid message id"),
    ("/status", {"id": "abc"}, "invalid message id"),
    ("/status", {"id": "1; DROP TABLE message"}, "invalid message id"),
    ("/delete-message", {"id": "999999999"}, "invalid message id"),
    ("/reset-message", {"id": "999999999", "schedule": "0"}, "invalid message id"),
    ("/reset-message", {"id": "1"}, "input invalid"),
    ("/reset-message", {"id": "1", "delay": "9-1"}, "input invalid"),
    ("/reset-message", {"id": "1", "schedule": "99999999999"}, "input invalid"),
]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("path", "body", "reason"), ID_REFUSALS)
async def test_a_message_that_cannot_be_meant_is_refused(
    shared: Api, path: str, body: dict[str, str], reason: str
) -> None:
    """Fonnte's reasons, and nothing stored."""
    before = await shared.counts()

    assert await shared.post(path, data=body) == {"reason": reason, "status": False}
    assert await shared.counts() == before


@pytest.mark.parametrize("path", ["/status", "/delete-message", "/reset-message"])
async def test_another_devices_message_is_unknown(api: Api, path: str) -> None:
    """Also another device of the same account: a token opens only its own."""
    id_ = await accepted(api)

    for token in ("two", "theirs"):
        answer = await api.post(path, token=token, data={"id": str(id_), "schedule": "0"})
        assert answer == {"reason": "invalid message id", "status": False}


async def test_a_deleted_message_is_not_sent(both: Api) -> None:
    """Fonnte docs, API delete message; the request is on record."""
    id_ = await accepted(both)

    assert await both.post("/delete-message", data={"id": str(id_)}) == {
        "detail": f"message {id_} successfully deleted",
        "status": True,
    }
    assert await both.count("outbox") == 0
    status = await both.storage.read(message_status, (ONE,), MessageId(id_))
    assert status is not None and status.state is MessageState.CANCELLED
    assert [row[0] for row in await both.rows("SELECT path FROM request ORDER BY id")] == [
        "/send",
        "/delete-message",
    ]


async def test_a_deleted_message_can_be_changed_no_more(api: Api) -> None:
    """Fonnte docs, API delete message: the reason names the status; `cancelled` is ours."""
    id_ = str(await accepted(api))
    await api.post("/delete-message", data={"id": id_})

    again = await api.post("/delete-message", data={"id": id_})
    assert again == {"reason": "cannot delete message with status cancelled", "status": False}
    moved = await api.post("/reset-message", data={"id": id_, "schedule": "0"})
    assert moved == {"reason": "cannot reschedule message with status cancelled", "status": False}


async def test_the_id_of_an_incoming_message_is_no_message_of_the_caller(api: Api) -> None:
    """Fonnte docs, API check message status: an id is one that `/send` answered."""
    incoming = Incoming(
        id=MessageId(77),
        account=AccountId(1),
        device=ONE,
        chat=Address("6281234567890"),
        sender=Address("6281234567890"),
        name="Budi",
        wa_id=WaId("ABC"),
        content=Text(body="halo"),
        reply_to=None,
        at=500,
    )
    await api.storage.write(receive_messages, [incoming])

    for path in ("/status", "/delete-message"):
        assert await api.post(path, data={"id": "77"}) == {"reason": "invalid message id", "status": False}


async def test_a_message_of_a_batch_that_is_not_made_yet_can_be_deleted(api: Api) -> None:
    """Its id is known at once, so it works at once."""
    targets = ",".join(f"62812{n:08}" for n in range(300))
    answer = await api.post("/send", data={"target": targets, "message": "hi"})
    id_ = answer["id"][250]

    assert (await api.post("/delete-message", data={"id": id_}))["status"] is True
    assert (await api.post("/status", data={"id": id_}))["message_status"] == "cancelled"


async def test_a_message_gets_another_schedule(both: Api) -> None:
    """Fonnte docs, API reschedule; all of the same schedule on request."""
    first = await later(both)
    ids = [await accepted(both, schedule=first) for _ in range(3)]
    moved = str(int(first) + 3_600)

    answer = await both.post("/reset-message", data={"id": str(ids[0]), "schedule": moved})
    assert answer == {"detail": f"message {ids[0]} successfully rescheduled", "id": [ids[0]], "status": True}

    answer = await both.post("/reset-message", data={"id": str(ids[1]), "schedule": moved, "byschedule": "true"})
    assert answer["id"] == ids[1:]
    assert {row[0] for row in await both.rows("SELECT due_at FROM outbox")} == {int(moved) * 1_000}


# -- /device, /get-devices --


async def test_the_profile_of_a_device(api: Api) -> None:
    """Fonnte docs, API device profile: a written date, numbers as text."""
    await accepted(api)

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
        data={"name": "new name", "autoread": "on", "personal": "true", "resend": "1", "target": "0812345678"},
    )

    assert answer["status"] is True
    device = await both.storage.read(find_device, ONE)
    assert device is not None
    assert (device.name, device.number) == ("new name", NUMBERS[ONE])
    settings = device.settings
    assert (settings.autoread, settings.personal, settings.in_groups, settings.quick) == (True, True, False, False)
    assert settings.resend_to == "62812345678"

    await both.post("/update-device", data={"autoread": ""})
    device = await both.storage.read(find_device, ONE)
    assert device is not None and (device.settings.autoread, device.settings.personal) == (False, True)


async def test_webhooks_are_set_changed_and_ended(both: Api) -> None:
    """An address that is given but empty ends the webhook; one that is absent stays."""
    select = "SELECT kind, url FROM endpoint WHERE url <> '' ORDER BY kind"

    await both.post(
        "/update-device", data={"webhookstatus": "https://a.example/s", "webhook": "https://a.example/m"}
    )
    assert await both.rows(select) == [("message", "https://a.example/m"), ("status", "https://a.example/s")]
    await both.post("/update-device", data={"webhookstatus": "https://b.example/s", "webhook": ""})
    assert await both.rows(select) == [("status", "https://b.example/s")]
    refused = await both.post("/update-device", data={"webhookstatus": "ftp://b.example/s", "name": "changed"})
    assert refused == {"reason": "url invalid", "status": False}
    device = await both.storage.read(find_device, ONE)
    assert device is not None and device.name == "One"


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
