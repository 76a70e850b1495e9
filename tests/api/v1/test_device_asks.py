"""What is asked of WhatsApp through a device: groups, numbers, typing."""

from merpati.core.ids import Address
from merpati.transports.port import Group
from tests.api.harness import OFF, ONE, THEIRS, Api
from tests.api.v1.browser import Browser


async def test_groups_are_read_once_and_listed_from_then_on(both: Api, ayu: Browser) -> None:
    """Before that there is nothing to list."""
    both.sessions.joined = [Group(id=Address("120363000000000002@g.us"), name="Reseller")]
    assert (await ayu.ask("GET", f"/devices/{ONE}/groups")).code == "groups_unread"
    read = await ayu.ask("POST", f"/devices/{ONE}/groups/read")
    assert read.body["items"] == [{"id": "120363000000000002@g.us", "name": "Reseller"}]
    assert (await ayu.ask("GET", f"/devices/{ONE}/groups")).body == read.body


async def test_numbers_are_looked_for(ayu: Browser) -> None:
    """Normalised, each once."""
    given = {"numbers": ["0812-3456-7890", "+62 812 3456 7890", "081234567899"]}
    answered = await ayu.ask("POST", f"/devices/{ONE}/check-numbers", given)
    assert answered.body == {"registered": ["6281234567890"], "not_registered": ["6281234567899"]}
    for bad in ([], ["halo"], ["081234567890"] * 501):
        assert (await ayu.ask("POST", f"/devices/{ONE}/check-numbers", {"numbers": bad})).status == 422


async def test_typing_is_shown(both: Api, ayu: Browser) -> None:
    """For some seconds; 0 ends it."""
    for seconds in (5, 0):
        given = {"chat": "081234567890", "seconds": seconds}
        assert (await ayu.ask("POST", f"/devices/{ONE}/typing", given)).status == 204
    assert both.sessions.typing == [(ONE, "6281234567890", 5_000), (ONE, "6281234567890", 0)]


async def test_a_device_that_cannot_answer_says_why(ayu: Browser) -> None:
    """Not connected, or another's."""
    for path, given in (("groups/read", None), ("check-numbers", {"numbers": ["081234567890"]})):
        assert (await ayu.ask("POST", f"/devices/{OFF}/{path}", given)).code == "device_disconnected"
        assert (await ayu.ask("POST", f"/devices/{THEIRS}/{path}", given)).code == "device_unknown"
