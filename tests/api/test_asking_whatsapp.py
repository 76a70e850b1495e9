"""`/typing`, `/validate`, `/fetch-group`, `/get-whatsapp-group`: what is asked of a device's session.

Sources: Fonnte's documentation, the page of each; D where the page shows the answer, else ours.
"""

from typing import Any

import pytest

from merpati.core.ids import Address
from merpati.transports.port import Group
from tests.api.harness import ONE, Api

GROUPS = [
    Group(id=Address("120363000000000002@g.us"), name="Reseller"),
    Group(id=Address("1-2@g.us"), name="Kurir"),
]


async def test_typing_is_shown_for_so_long_and_stopped(api: Api) -> None:
    """D typing-api: `target`, `duration` in seconds, `stop`; `countyCode` as its page writes it once."""
    shown = await api.post("/typing", data={"target": "081234567890", "duration": "7", "countyCode": "62"})
    stopped = await api.post("/typing", data={"target": "+62 812-3456-7890", "stop": "true"})
    assert (shown, stopped) == (
        {"detail": "typing started", "status": True},
        {"detail": "typing stopped", "status": True},
    )
    assert api.sessions.typing == [(ONE, "6281234567890", 7_000), (ONE, "6281234567890", 0)]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"duration": "5"}, "target required"),
        ({"target": "08", "duration": "5"}, "target invalid"),
        ({"target": "081234567890,081234567891", "duration": "5"}, "target invalid"),
        ({"target": "081234567890"}, "input invalid"),
        ({"target": "081234567890", "duration": "0"}, "input invalid"),
        ({"target": "081234567890", "duration": "121"}, "input invalid"),
        ({"target": "081234567890", "duration": "lama"}, "input invalid"),
    ],
)
async def test_typing_that_makes_no_sense_is_refused(shared: Api, fields: dict[str, str], reason: str) -> None:
    """Nothing is shown."""
    assert await shared.post("/typing", data=fields) == {"reason": reason, "status": False}
    assert shared.sessions.typing == []


async def test_numbers_are_checked(api: Api) -> None:
    """D api-validate-number: normalised, each once, with and without WhatsApp."""
    target = "081234567890, 0812-3456-7891,6281234567890,081234567899"
    assert await api.post("/validate", data={"target": target, "countryCode": "62"}) == {
        "not_registered": ["6281234567899"],
        "registered": ["6281234567890", "6281234567891"],
        "status": True,
    }


@pytest.mark.parametrize(
    ("token", "target", "reason"),
    [
        ("one", "", "target required"),
        ("one", "halo", "target invalid"),
        ("one", "120363000000000002@g.us", "target invalid"),
        ("one", ",".join(f"08123456{n:04}" for n in range(501)), "target invalid"),
        ("off", "081234567890", "device disconnected"),
        ("unknown", "081234567890", "token invalid"),
    ],
)
async def test_a_check_that_cannot_be_made_is_refused(api: Api, token: str, target: str, reason: str) -> None:
    """D api-validate-number: at most 500 numbers; O: a device that is not connected."""
    assert await api.post("/validate", token, data={"target": target}) == {"reason": reason, "status": False}


async def test_five_hundred_numbers_are_checked_at_once(api: Api) -> None:
    """D api-validate-number."""
    target = ",".join(f"08123456{n:04}" for n in range(500))
    answered: dict[str, Any] = await api.post("/validate", json={"target": target})
    assert len(answered["registered"]) + len(answered["not_registered"]) == 500


async def test_groups_are_read_and_listed(both: Api) -> None:
    """D api-update-whatsapp-group-list, api-get-whatsapp-group-list: by name; what was read before is replaced."""
    both.sessions.joined = [*GROUPS, Group(id=Address("120363000000000003@g.us"), name="Bubar")]
    await both.post("/fetch-group")
    both.sessions.joined = GROUPS
    assert await both.post("/fetch-group") == {"detail": "update whatsapp group list finished", "status": True}
    assert await both.post("/get-whatsapp-group") == {
        "data": [{"id": "1-2@g.us", "name": "Kurir"}, {"id": "120363000000000002@g.us", "name": "Reseller"}],
        "status": True,
    }
    assert (await both.post("/get-whatsapp-group", "two"))["status"] is False


async def test_groups_that_were_never_read_or_are_none_are_said_so(both: Api) -> None:
    """D api-get-whatsapp-group-list: without an earlier fetch it fails; failures are in `detail`."""
    unread = await both.post("/get-whatsapp-group")
    assert unread == {"detail": "failed to get whatsapp group", "status": False}
    await both.post("/fetch-group")
    none = await both.post("/get-whatsapp-group")
    assert none == {"detail": "you have no whatsapp group yet", "status": False}
    off = await both.post("/fetch-group", "off")
    assert off == {"detail": "cannot fetch with disconnected device", "status": False}
    bad = await both.post("/fetch-group", "unknown")
    assert bad == {"detail": "token invalid", "status": False}
