"""Devices: listed, added, changed, connected, paired."""

import time

import pytest

from merpati.devices.model import DeviceState
from merpati.messages.handover import Outcome
from tests.api.harness import NUMBERS, OFF, ONE, THEIRS, TWO, Api
from tests.api.v1.browser import Browser, program_of
from tests.api.v1.messages import receive, send, send_and_end

LATER_S = int(time.time()) + 3_600
NEW = {"name": "Toko Baru", "number": "0812-0000-4471"}


async def listed(browser: Browser, **params: str) -> list[int]:
    answered = await browser.ask("GET", "/devices", params=params)
    assert answered.status == 200, answered
    return [item["id"] for item in answered.body["items"]]


async def test_devices_are_listed_with_everything(both: Api, ayu: Browser) -> None:
    """Settings, state with its sentences, and the day."""
    answered = await ayu.ask("GET", "/devices")
    assert answered.status == 200
    one = answered.body["items"][0]
    times = {key: one[key] for key in ("state_at", "created_at")}
    assert one == {
        "id": ONE,
        "state_until": None,
        "number": NUMBERS[ONE],
        "paired_number": None,
        "name": "One",
        "transport": "simulator",
        "desired": True,
        "connected": True,
        "state": "open",
        "state_reason": "",
        "means": "device.state.open",
        "next_step": "device.next.open",
        "settings": {
            "autoread": False,
            "personal": False,
            "in_groups": False,
            "quick": False,
            "source": "autoreply",
            "inbox": True,
            "webhook_way": "both",
            "resend": False,
            "resend_to": "",
            "pace_from_ms": 0,
            "pace_to_ms": 0,
            "resend_unclear": False,
            "caution": "auto",
            "new_people_per_day": 250,
        },
        "quota": None,
        "expires_at": None,
        "queued": 0,
        "held": 0,
        "today": {"accepted": 0, "sent": 0, "failed": 0},
        "undecryptable": None,
        **times,
    }
    assert await listed(program_of(both, "stranger")) == [THEIRS]


async def test_devices_are_asked_for_parts(ayu: Browser) -> None:
    """By name, number, state and transport; page by page."""
    assert await listed(ayu) == [ONE, TWO, OFF]
    assert await listed(ayu, q="tW") == [TWO]
    assert await listed(ayu, q="62-8333") == [OFF]
    assert await listed(ayu, q="%") == []
    assert await listed(ayu, state="open") == [ONE, TWO]
    assert await listed(ayu, state="open", q="tw") == [TWO]
    assert await listed(ayu, transport="") == []
    assert await listed(ayu, transport="cloud_api") == []
    page = await ayu.ask("GET", "/devices", params={"limit": "2"})
    assert await listed(ayu, limit="2", cursor=page.body["next"]) == [OFF]


async def test_a_name_is_found_in_either_case(ayu: Browser) -> None:
    """Also beyond ASCII; the page is full though others stand between."""
    for device, name in ((ONE, "Ünlü Straße"), (OFF, "toko ÜNLÜ")):
        assert (await ayu.ask("PATCH", f"/devices/{device}", {"name": name})).status == 200
    assert await listed(ayu, q="üNLÜ", limit="2") == [ONE, OFF]
    assert await listed(ayu, q="STRASSE") == [ONE]


async def test_a_device_s_day_is_counted(both: Api, ayu: Browser) -> None:
    """What waits, what is kept back, and what became of today's messages."""
    await send_and_end(both, Outcome.SENT)
    await send_and_end(both, Outcome.FAILED, "content_refused")
    await send(both, schedule=LATER_S)
    await send(both)
    await receive(both)
    device = (await ayu.ask("GET", f"/devices/{ONE}")).body
    assert (device["queued"], device["held"]) == (2, 1)
    assert device["today"] == {"accepted": 4, "sent": 1, "failed": 1}
    await both.set_state(ONE, DeviceState.RETRYING)
    assert (await ayu.ask("GET", f"/devices/{ONE}")).body["held"] == 2


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"zone": "Mars/Olympus"}, "input_invalid"),
        ({"limit": "0"}, "input_invalid"),
        ({"cursor": "rubbish"}, "cursor_invalid"),
    ],
)
async def test_a_bad_question_is_refused(ayu: Browser, params: dict[str, str], code: str) -> None:
    """With what is wrong with it."""
    assert (await ayu.ask("GET", "/devices", params=params)).code == code


async def test_a_refused_question_names_its_parameter(ayu: Browser) -> None:
    """As it is written in the address."""
    for path, name in (("/devices", "state"), ("/messages", "state"), ("/messages", "from"), ("/messages", "to")):
        answered = await ayu.ask("GET", path, params={name: "gone"})
        assert [each["field"] for each in answered.body["errors"]] == [name]


async def test_a_device_is_added(both: Api, ayu: Browser) -> None:
    """Its token opens Fonnte's API at once."""
    answered = await ayu.ask("POST", "/devices", {**NEW, "settings": {"pace_from_ms": 4_000, "pace_to_ms": 9_000}})
    assert answered.status == 201
    device, token = answered.body["device"], answered.body["token"]
    assert (device["number"], device["state"], device["desired"]) == ("6281200004471", "off", False)
    assert device["settings"]["pace_to_ms"] == 9_000
    async with both.client.post(f"{both.url}/device", headers={"Authorization": token}) as profile:
        assert (await profile.json())["name"] == "Toko Baru"
    assert set(await listed(ayu)) == {ONE, TWO, OFF, device["id"]}


@pytest.mark.parametrize(
    ("changed", "status", "field"),
    [
        ({"name": "x"}, 422, "name"),
        ({"number": "12"}, 422, "number"),
        ({"number": NUMBERS[THEIRS]}, 409, None),
        ({"transport": "pigeon"}, 422, "transport"),
        ({"settings": {"pace_from_ms": 2, "pace_to_ms": 1}}, 422, "settings.pace_from_ms"),
        ({"settings": {"resend": True}}, 422, "settings.resend_to"),
        ({"settings": {"pace_to_ms": -1}}, 422, "settings.pace_to_ms"),
        ({"settings": {"resend_to": "abc"}}, 422, "settings.resend_to"),
        ({"settings": {"colour": "red"}}, 422, "settings.colour"),
        ({"token": "x"}, 422, "token"),
    ],
)
async def test_a_bad_device_is_refused(
    both: Api, ayu: Browser, changed: dict[str, object], status: int, field: str | None
) -> None:
    """Nothing is added."""
    answered = await ayu.ask("POST", "/devices", {**NEW, **changed})
    assert (answered.status, answered.code) == (status, "input_invalid" if status == 422 else "device_exists")
    assert [each["field"] for each in answered.body["errors"]] == ([field] if field else [])
    assert await both.count("device") == 4


async def test_what_is_given_is_changed_and_nothing_else(both: Api, ayu: Browser) -> None:
    """Also of the settings."""
    first = await ayu.ask("PATCH", f"/devices/{ONE}", {"settings": {"autoread": True}})
    second = await ayu.ask("PATCH", f"/devices/{ONE}", {"name": "Toko  Utama", "settings": {"quick": True}})
    assert (first.status, second.status) == (200, 200)
    device = second.body
    assert (device["name"], device["number"]) == ("Toko Utama", NUMBERS[ONE])
    assert (device["settings"]["autoread"], device["settings"]["quick"]) == (True, True)
    profile = await both.post("/device")
    assert profile["name"] == "Toko Utama"


async def test_a_number_is_kept_as_whatsapp_writes_it(both: Api, ayu: Browser) -> None:
    """Unless it is the one that Fonnte's API was given, and comes back."""
    await both.post("/update-device", data={"device": "081200009999"})
    same = await ayu.ask("PATCH", f"/devices/{ONE}", {"name": "Toko Utama", "number": "081200009999"})
    other = await ayu.ask("PATCH", f"/devices/{ONE}", {"number": "0812-0000-8888"})
    assert (same.body["number"], other.body["number"]) == ("081200009999", "6281200008888")


async def test_a_number_that_another_has_is_refused(ayu: Browser) -> None:
    """It stays as it was."""
    refused = await ayu.ask("PATCH", f"/devices/{ONE}", {"number": NUMBERS[TWO]})
    assert (refused.status, refused.code) == (409, "device_exists")
    assert (await ayu.ask("GET", f"/devices/{ONE}")).body["number"] == NUMBERS[ONE]


async def test_a_device_is_connected_and_disconnected(both: Api, ayu: Browser) -> None:
    """A node acts on it; to ask twice for a connection is harmless."""
    for _ in range(2):
        assert (await ayu.ask("POST", f"/devices/{OFF}/connect")).body["desired"] is True
    answered = await ayu.ask("POST", f"/devices/{ONE}/disconnect")
    assert (answered.status, answered.body["desired"], answered.body["connected"]) == (200, False, False)
    assert both.sessions.ended == [ONE]
    await both.set_state(ONE, DeviceState.OFF)
    again = await ayu.ask("POST", f"/devices/{ONE}/disconnect")
    assert (again.status, again.code) == (409, "device_already_disconnected")


async def test_a_device_is_paired(both: Api, ayu: Browser) -> None:
    """By a picture or by a code, each with the instant at which it is worth nothing any more."""
    by_qr = await ayu.ask("POST", f"/devices/{OFF}/pairing", {"how": "qr"})
    until = "2026-10-26T07:33:20.000Z"
    assert (by_qr.status, by_qr.body) == (
        200,
        {"how": "qr", "qr": f"pair {OFF}", "code": None, "expires_at": until},
    )
    by_code = await ayu.ask("POST", f"/devices/{OFF}/pairing", {"how": "code", "phone": "0812-3456-7890"})
    assert (by_code.body["qr"], by_code.body["code"]) == (None, "CODE-6281234567890")
    assert by_code.body["expires_at"] == until
    assert (await ayu.ask("GET", f"/devices/{OFF}")).body["desired"] is True
    both.sessions.reachable = False
    assert (await ayu.ask("POST", f"/devices/{OFF}/pairing", {"how": "qr"})).code == "device_disconnected"


@pytest.mark.parametrize(
    ("device", "given", "status", "code"),
    [
        (ONE, {"how": "qr"}, 409, "device_already_connected"),
        (OFF, {"how": "code"}, 422, "input_invalid"),
        (OFF, {"how": "code", "phone": "abc"}, 422, "input_invalid"),
        (OFF, {"how": "magic"}, 422, "input_invalid"),
        (OFF, {}, 422, "input_invalid"),
    ],
)
async def test_a_bad_pairing_is_refused(
    ayu: Browser, device: int, given: dict[str, str], status: int, code: str
) -> None:
    """With the reason."""
    answered = await ayu.ask("POST", f"/devices/{device}/pairing", given)
    assert (answered.status, answered.code) == (status, code)


@pytest.mark.parametrize(
    ("state", "begins"), [(DeviceState.REPLACED, True), (DeviceState.OPEN, False), (DeviceState.RETRYING, False)]
)
async def test_a_session_that_has_ended_is_begun_again(
    both: Api, ayu: Browser, state: DeviceState, begins: bool
) -> None:
    """By whoever connects the device again; one that runs goes on."""
    await both.set_state(ONE, state)
    assert (await ayu.ask("POST", f"/devices/{ONE}/connect")).status == 200
    assert both.sessions.restarted == [ONE] * begins


async def test_the_connection_log_is_told_newest_first(both: Api, ayu: Browser) -> None:
    """Page by page."""
    await both.set_state(ONE, DeviceState.LOGGED_OUT)
    states, cursor = [], ""
    while cursor is not None:
        params = {"limit": "1", **({"cursor": cursor} if cursor else {})}
        page = await ayu.ask("GET", f"/devices/{ONE}/connections", params=params)
        assert page.status == 200
        states += [(line["state"], line["means"]) for line in page.body["items"]]
        cursor = page.body["next"]
    assert states == [(state, f"device.state.{state}") for state in ("logged_out", "open", "connecting", "off")]


async def test_the_ways_to_whatsapp_are_told(ayu: Browser) -> None:
    """With what each can do."""
    simulator, official = (await ayu.ask("GET", "/transports")).body
    assert (simulator["name"], simulator["default"]) == ("simulator", True)
    assert simulator["capabilities"]["in_flight"] == 8
    assert [each["capabilities"]["interactive"] for each in (simulator, official)] == [False, True]


@pytest.mark.parametrize("id_", [THEIRS, 0, 999, 2**63])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"name": "Mine now"}),
        ("POST", "/connect", None),
        ("POST", "/disconnect", None),
        ("POST", "/pairing", {"how": "qr"}),
        ("GET", "/connections", None),
    ],
)
async def test_another_account_s_device_is_not_found(
    api: Api, id_: int, method: str, path: str, body: object
) -> None:
    """As if it were nobody's."""
    answered = await program_of(api).ask(method, f"/devices/{id_}{path}", body)
    assert (answered.status, answered.code) == (404, "device_unknown")
    assert (await api.rows(f"SELECT name, desired FROM device WHERE id = {THEIRS}"))[0] == ("Theirs", 1)
