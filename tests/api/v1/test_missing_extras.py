"""A way to WhatsApp whose optional part is not installed is not offered, and says what to install."""

from pathlib import Path

import msgspec

from merpati.storage.port import Storage
from tests.api.harness import CAPABILITIES, running_api
from tests.api.v1.browser import signed_in


async def test_a_way_that_is_not_installed_says_how_to_install_it(storage: Storage, tmp_path: Path) -> None:
    """By name and in the caller's words; the others work."""
    ways = {**CAPABILITIES, "linked": CAPABILITIES["simulator"]}
    async with running_api(storage, tmp_path, capabilities=ways, missing_extras={"linked": "linked"}) as api:
        ayu = await signed_in(api)
        new = {"name": "Toko Baru", "number": "0812-0000-4471"}

        offered = (await ayu.ask("GET", "/transports")).body
        refused = await ayu.ask("POST", "/devices", {**new, "transport": "linked"})
        taken = await ayu.ask("POST", "/devices", {**new, "transport": "simulator"})

        assert [each["name"] for each in offered] == list(CAPABILITIES)
        assert (refused.status, refused.body["code"]) == (422, "extra_missing")
        assert "pip install 'merpati[linked]'" in msgspec.json.encode(refused.body).decode()
        assert taken.status == 201
