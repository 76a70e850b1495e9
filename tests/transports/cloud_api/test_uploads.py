"""Files go up to Meta once, and are sent by their id from then on."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.core.errors import Code
from merpati.core.ids import Address, WireRef
from merpati.fakes.graph.hooks import sign
from merpati.fakes.graph.outages import Outage, Rule
from merpati.storage.port import Storage
from merpati.transports.cloud_api.uploads import KEPT_MS, REMEMBERED, Uploads
from merpati.transports.interactive import Template, Variable
from merpati.transports.port import Content, Media, MediaKind, Outbound, SendFault, Undelivered
from tests.conformance.transport_rig import fault_of, opened
from tests.fakes.graph.rig import HandClock
from tests.transports.cloud_api.rig import DEVICE, CloudRig, open_rig

PDF = b"%PDF-1.7\n" + bytes(3_000)


@pytest.fixture
async def rig(storage: Storage, tmp_path: Path) -> AsyncIterator[CloudRig]:
    async with open_rig(storage, tmp_path) as rig:
        yield rig


def letter(folder: Path, name: str = "7.pdf") -> Media:
    file = folder / name
    file.write_bytes(PDF)
    pdf = "application/pdf"
    return Media(kind=MediaKind.DOCUMENT, path=str(file), mime=pdf, size_bytes=len(PDF), filename="surat.pdf")


def above(file: Media, who: str) -> Template:
    return Template(name="surat_baru", language="id", body=(Variable(text=who),), attached=file)


def outbound(ref: str, chat: Address, content: Content) -> Outbound:
    return Outbound(ref=WireRef(ref), chat=chat, content=content)


async def test_one_file_for_many_goes_up_once(rig: CloudRig, tmp_path: Path) -> None:
    """Also for those who ask while it is on its way, above a template and alone."""
    transport, _ = await opened(rig)
    file = letter(tmp_path)
    chats = [Address(f"62812{n:08}") for n in range(20)]

    await asyncio.gather(
        *(transport.send(outbound(f"r{n}", chat, above(file, str(n)))) for n, chat in enumerate(chats))
    )
    await transport.send(outbound("alone", rig.person, file))

    [uploaded] = rig.graph.world.media.values()
    assert uploaded.data == PDF
    assert len(rig.graph.world.lines) == 21


async def test_after_a_restart_it_goes_up_once_more(rig: CloudRig, tmp_path: Path) -> None:
    """Which id it had is not kept; nothing is lost by that."""
    for ref in ("a", "b"):
        transport, _ = await opened(rig)
        await transport.send(outbound(ref, rig.person, letter(tmp_path)))
        await transport.stop()
    assert len(rig.graph.world.media) == 2


async def test_an_id_that_meta_forgot_is_made_anew_at_the_next_try(rig: CloudRig, tmp_path: Path) -> None:
    """The message was not taken, and is not given up for it."""
    transport, _ = await opened(rig)
    file = letter(tmp_path)
    await transport.send(outbound("a", rig.person, above(file, "Ani")))
    rig.graph.world.media.clear()

    raised = await fault_of(transport, outbound("b", rig.person, above(file, "Budi")))
    await transport.send(outbound("b", rig.person, above(file, "Budi")))

    assert (raised.fault, raised.code) == (SendFault.RETRY, Code.NETWORK_BUSY)
    assert len(rig.graph.world.media) == 1


async def test_a_file_that_meta_could_not_use_later_goes_up_again(rig: CloudRig, tmp_path: Path) -> None:
    """Meta took the message, and said so by webhook: else every one of a batch would fail by the same id."""
    transport, heard = await opened(rig)
    sent = await transport.send(outbound("a", rig.person, letter(tmp_path)))
    status = {"id": sent.wa_id, "status": "failed", "timestamp": "1760000000", "errors": [{"code": 131053}]}
    value = {"metadata": {"phone_number_id": rig.seeded.number.id}, "statuses": [status]}
    entry = [{"changes": [{"field": "messages", "value": value}]}]
    body = json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode()
    await rig.link.take_post(rig.lane, rig.ids, DEVICE, body, sign(rig.seeded.secret, body))
    await heard.count(Undelivered)

    await transport.send(outbound("b", rig.person, letter(tmp_path)))

    assert len(rig.graph.world.media) == 2


async def test_what_is_wrong_with_a_new_file_is_wrong_for_good(rig: CloudRig, tmp_path: Path) -> None:
    """Only an id from before is doubted."""
    transport, _ = await opened(rig)
    rig.strike(Rule(outage=Outage.REFUSE, code=131053, times=1))
    raised = await fault_of(transport, outbound("a", rig.person, letter(tmp_path)))
    assert (raised.fault, raised.code) == (SendFault.CONTENT, Code.FILE_REFUSED)


async def test_ids_are_kept_for_a_week_and_not_without_end(rig: CloudRig, tmp_path: Path) -> None:
    """Meta keeps a file for thirty days; of very many files the first goes up again."""
    clock = HandClock()
    uploads, file = Uploads(rig.link.client, clock), letter(tmp_path)
    number, token = rig.seeded.number.id, rig.seeded.token
    first = await uploads.take(number, token, file)
    assert (await uploads.take(number, token, file)).id == first.id
    clock.pass_ms(KEPT_MS)
    assert (await uploads.take(number, token, file)).is_new

    for n in range(REMEMBERED):
        await uploads.take(number, token, letter(tmp_path, f"of-{n}.pdf"))
    assert (await uploads.take(number, token, file)).is_new
