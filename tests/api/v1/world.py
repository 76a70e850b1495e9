"""An account that has one of everything that our API names."""

from typing import NamedTuple

from merpati.core.ids import Address
from tests.api.files import PNG
from tests.api.harness import ONE, TWO, Api
from tests.api.v1.browser import Browser, signed_in
from tests.api.v1.hooks import set_hooks
from tests.api.v1.keys import made
from tests.api.v1.messages import send
from tests.api.v1.test_files import upload
from tests.api.v1.test_rotators import SALES
from tests.api.v1.test_webhooks import buried

BUDI = Address("6281200000001")
TEXT, KEY_NAME, HOOK = "rahasia dagang", "Kunci Ayu", "https://ayu.example/hook"

KIND_OF_PATH = {
    "/devices/{}": "device",
    "/messages/{}": "message",
    "/batches/{}": "batch",
    "/files/{}": "file",
    "/webhooks/{}": "webhook",
    "/rotators/{}": "rotator",
    "/requests/{}": "request",
    "/sessions/{}": "session",
    "/keys/{}": "key",
    "/consumers/{}": "consumer",
    "/simulator/people/{}": "person",
    "/simulator/devices/{}": "device",
    "/simulator/faults/{}": "fault",
}
"""What stands in a path, by its beginning."""


def kind_of(path: str) -> str | None:
    """What the first thing in a path is, as `/devices/{}/token`."""
    begin = path.partition("{}")[0] + "{}"
    return KIND_OF_PATH[begin] if "{}" in path else None


class World(NamedTuple):
    api: Api
    ayu: Browser
    ids: dict[str, object]
    """By kind: things of the first account, those with a device on ONE."""


async def make_world(simulated: Api) -> World:
    """An account that has one of everything."""
    ayu = await signed_in(simulated)
    message = await send(simulated, message=TEXT)
    webhook = (await set_hooks(ayu, status=HOOK))["status"]
    await buried(simulated, webhook, 1, 1, 1)
    request = (await ayu.ask("GET", "/requests")).body["items"][0]["id"]
    many = {"device": TWO, "targets": ",".join(f"62812{n:08}" for n in range(201)), "text": "x"}
    ids: dict[str, object] = {
        "device": ONE,
        "batch": (await ayu.ask("POST", "/messages", many)).body["batch"],
        "file": (await upload(ayu, PNG, "a.png")).body["id"],
        "message": message,
        "webhook": webhook,
        "request": request,
        "rotator": (await ayu.ask("POST", "/rotators", SALES)).body["id"],
        "session": (await ayu.ask("GET", "/session")).body["session_id"],
        "key": (await made(ayu, name=KEY_NAME))["key"]["id"],
        "person": BUDI,
        "fault": "offline",
        "consumer": "gudang",
    }
    return World(simulated, ayu, ids)
