"""What people write, up to the webhook that is told, on both engines and over real sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
import pytest

from merpati.api.server import listen, serving
from merpati.app.serving import build_asgi
from merpati.core.ids import Address, EndpointId
from merpati.devices.actions import update_device
from merpati.devices.model import Settings, WebhookWay
from merpati.messages.model import Note
from merpati.messages.views import show_message
from merpati.transports.port import Media, MediaKind
from merpati.transports.simulator.entries import Said
from merpati.webhooks.actions import NewEndpoint, set_endpoint
from merpati.webhooks.model import EndpointKind
from tests.api.files import PNG
from tests.flows.stage import ACCOUNT, DEVICE, NUMBER, Stage
from tests.webhooks.receiver import Receiver, receiving
from tests.webhooks.stage import SECRET

BUDI, SITI, GROUP = Address("6281234567890"), Address("6281234567891"), Address("120363000000000001@g.us")


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


async def test_an_attachment_is_told_with_an_address_that_serves_it(
    stage: Stage, receiver: Receiver, tmp_path: Path
) -> None:
    """The bytes that were sent, through the gateway's own door."""
    async with opened_door(stage):
        await send_file(stage, tmp_path, "foto.png", PNG)
        await receiver.until(lambda: len(receiver.got) == 1)
        (body,) = [got.body for got in receiver.got]
        async with aiohttp.ClientSession() as client, client.get(body["url"]) as answer:
            fetched = answer.status, answer.content_type, await answer.read()

    assert fetched == (200, "image/png", PNG)
    assert (body["type"], body["filename"], body["extension"]) == ("image", "foto.png", "png")
    assert (body["message"], body["url"].rpartition("/")[2]) == ("lihat ini", "foto.png")


async def test_an_attachment_outside_the_rules_is_kept_and_not_told(
    stage: Stage, receiver: Receiver, tmp_path: Path
) -> None:
    """The message is; the history says why its file is not."""
    await settle(stage, resend=True, resend_to=SITI)
    await send_file(stage, tmp_path, "halaman.html", b"<!doctype html><p>halo")
    await receiver.until(lambda: len(receiver.got) == 1)
    (body,) = [got.body for got in receiver.got]
    view = await stage.storage.read(show_message, body["inboxid"])

    assert (body["message"], body["url"], body["filename"], body["extension"]) == ("lihat ini", "", "", "")
    assert view is not None and view.notes == (Note.FILE_TYPE,)
    assert stage.hand_offs() == []


async def test_attachments_are_forwarded_as_a_message_of_the_device(
    stage: Stage, receiver: Receiver, tmp_path: Path
) -> None:
    """`resend`: the same bytes, with the caption; not what is no attachment, nor back to where it came from."""
    await settle(stage, resend=True, resend_to=SITI)
    await send_file(stage, tmp_path, "foto.png", PNG)
    await stage.phone.say(BUDI, NUMBER, "bukan lampiran")
    await send_file(stage, tmp_path, "balik.png", PNG, sender=SITI)
    await receiver.until(lambda: len(receiver.got) == 3)

    async def is_handed_over() -> bool:
        return len(stage.hand_offs()) == 1

    await stage.until(is_handed_over)
    (hand_off,) = stage.hand_offs()
    assert isinstance(hand_off.content, Media)
    assert (hand_off.chat, hand_off.content.caption, hand_off.content.filename) == (SITI, "lihat ini", "foto.png")
    assert await asyncio.to_thread(Path(hand_off.content.path).read_bytes) == PNG


async def test_what_autoread_covers_is_marked_as_read(stage: Stage, receiver: Receiver) -> None:
    """With `personal`, not in groups: people see the ticks there alone. The webhook hears both ways."""
    await settle(stage, autoread=True, personal=True)
    read = await stage.phone.say(BUDI, NUMBER, "terbaca")
    await stage.phone.say(BUDI, GROUP, "belum")
    await receiver.until(lambda: len(receiver.got) == 2)

    async def ticked() -> list[str]:
        lines = await stage.phone.chat(BUDI)
        return [now.line.wa_id for now in lines if isinstance(now.line, Said) and now.state == "read"]

    async def is_ticked() -> bool:
        return await ticked() == [read]

    await stage.until(is_ticked)
    await settle(stage)
    await stage.phone.say(BUDI, NUMBER, "tidak lagi")
    await receiver.until(lambda: len(receiver.got) == 3)
    assert await ticked() == [read]


async def send_file(stage: Stage, folder: Path, name: str, body: bytes, sender: Address = BUDI) -> None:
    """As a person, from a file of their phone."""
    (folder / name).write_bytes(body)
    kept = await stage.phone.keep(folder / name)
    media = Media(
        kind=MediaKind.IMAGE,
        path=kept,
        mime="image/png",
        size_bytes=len(body),
        filename=name,
        caption="lihat ini",
    )
    await stage.phone.say(sender, NUMBER, media)


@contextlib.asynccontextmanager
async def opened_door(stage: Stage) -> AsyncIterator[None]:
    """The gateway answers on a port of its own."""
    with listen("127.0.0.1", 0) as door:
        stage.gateway.url = f"http://127.0.0.1:{door.getsockname()[1]}"
        async with serving(build_asgi(stage.gateway), door):
            yield
