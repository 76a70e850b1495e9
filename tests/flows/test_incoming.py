"""What people write, up to the webhook that is told, on both engines and over real sockets."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from merpati.core.ids import Address, EndpointId
from merpati.devices.actions import update_device
from merpati.devices.model import Settings, WebhookWay
from merpati.webhooks.actions import NewEndpoint, set_endpoint
from merpati.webhooks.model import EndpointKind
from tests.flows.stage import ACCOUNT, DEVICE, NUMBER, Stage
from tests.webhooks.receiver import Receiver, receiving
from tests.webhooks.stage import SECRET

BUDI, GROUP = Address("6281234567890"), Address("120363000000000001@g.us")


@pytest.fixture
async def receiver(stage: Stage) -> AsyncIterator[Receiver]:
    """The device's webhook; Budi has a name and a group with the device."""
    async with receiving() as it:
        sealed = stage.gateway.sealer.seal("endpoint", 1, SECRET)
        new = NewEndpoint(EndpointId(1), sealed)
        await stage.storage.write(set_endpoint, ACCOUNT, DEVICE, EndpointKind.MESSAGE, it.url(), new)
        stage.gateway.look_at_endpoints()
        await stage.phone.add(BUDI, "Budi")
        await stage.phone.set_group(GROUP, "Kampung", (BUDI, NUMBER))
        yield it


async def settle(stage: Stage, **settings: object) -> None:
    """The device has these settings now."""
    device = await stage.device()
    changed = msgspec.structs.replace(Settings(), **settings)
    await stage.storage.write(update_device, DEVICE, device.number, device.name, changed)


async def test_what_somebody_writes_is_told_in_order(stage: Stage, receiver: Receiver) -> None:
    """Personal and in a group; the id is one that `/send` takes as `inboxid`."""
    await stage.phone.say(BUDI, NUMBER, "satu")
    await stage.phone.say(BUDI, GROUP, "dua")
    await stage.phone.say(BUDI, NUMBER, "tiga")
    await receiver.until(lambda: len(receiver.got) == 3)

    told = [(got.body["message"], got.body["sender"], got.body["member"]) for got in receiver.got]
    assert told == [("satu", BUDI, ""), ("dua", GROUP, BUDI), ("tiga", BUDI, "")]
    assert {got.body["name"] for got in receiver.got} == {"Budi"}
    assert all(isinstance(got.body["inboxid"], int) and got.body["inboxid"] > 0 for got in receiver.got)


async def test_fonntes_way_is_told_the_chats_that_autoread_covers(stage: Stage, receiver: Receiver) -> None:
    """Judged when the message comes, by the settings of that moment."""
    await settle(stage, webhook_way=WebhookWay.FONNTE)
    await stage.phone.say(BUDI, NUMBER, "tidak terdengar")
    await stage.until(lambda: stage.has_stored("tidak terdengar"))
    await settle(stage, webhook_way=WebhookWay.FONNTE, autoread=True, personal=True, inbox=False)
    await stage.phone.say(BUDI, GROUP, "juga tidak")
    await stage.phone.say(BUDI, NUMBER, "terdengar")
    await receiver.until(lambda: len(receiver.got) == 1)

    assert [(got.body["message"], got.body["inboxid"]) for got in receiver.got] == [("terdengar", 0)]
