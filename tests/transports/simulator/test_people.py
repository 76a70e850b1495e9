"""What people do, and what it does to the devices."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.core.ids import Address, DeviceId, WaId, WireRef
from merpati.transports.interactive import (
    Button,
    Buttons,
    Chosen,
    LinkButton,
    ListMenu,
    Row,
    Section,
    Template,
    TemplateButton,
    TemplateButtonKind,
)
from merpati.transports.phones import ActRefused
from merpati.transports.port import (
    Inbound,
    Location,
    Outbound,
    Poll,
    PollVote,
    Receipt,
    ReceiptKind,
    SessionState,
    Text,
    Transport,
)
from merpati.transports.simulator.entries import HandOff, Reads, Receipted, Said
from merpati.transports.simulator.link import open_link
from tests.conformance.transport_rig import Heard, opened, text
from tests.transports.simulator.rig import AT_ONCE, SimulatorRig

BUTTONS = Buttons(body="Jadi?", buttons=(Button(id="y", title="Jadi"),))
ROWS = (Row(id="h-1", title="Hemat"), Row(id="s-2", title="Super"))
MENU = ListMenu(body="Paket?", button="Lihat", sections=(Section(rows=ROWS),))
LINK = LinkButton(body="Bayar", title="Buka", url="https://toko.example")
DEVICE_2 = Address("6281100000002")


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[SimulatorRig]:
    link = await open_link(tmp_path / "network", settings=AT_ONCE)
    rig = SimulatorRig(link, link, tmp_path / "network")
    await rig.set_up()
    yield rig
    await link.close()


async def second_device(rig: SimulatorRig) -> tuple[Transport, Heard]:
    heard = Heard()
    await rig.phone.add_device(DEVICE_2)
    transport = rig.ours.transport(DeviceId(8), DEVICE_2)
    await transport.start(heard.emit)
    await heard.state(SessionState.OPEN)
    return transport, heard


async def ask(transport: Transport, chat: Address, *, several: bool = False) -> None:
    poll = Poll(question="Kapan?", choices=("Senin", "Selasa", "Rabu"), several=several)
    await transport.send(Outbound(ref=WireRef("poll"), chat=chat, content=poll))


async def test_who_reads_only_when_told_reads_everything_then(rig: SimulatorRig) -> None:
    """Delivered at once, read later, in order."""
    transport, heard = await opened(rig)
    await rig.phone.add(rig.person, reads=Reads.NEVER)
    for ref in ("a", "b"):
        await transport.send(text(ref, rig.person))
    await heard.count(Receipt, 2)

    count = await rig.phone.read(rig.person)

    read = [each.ids[0] for each in await heard.count(Receipt, 4) if each.kind is ReceiptKind.READ]
    assert (count, read) == (2, ["a", "b"])
    assert await rig.phone.read(rig.person) == 0


async def test_an_unblocked_device_reaches_the_person_again(rig: SimulatorRig) -> None:
    """The block of one device says nothing about another."""
    transport, _ = await opened(rig)
    other, _ = await second_device(rig)
    await rig.phone.block(rig.person, rig.device)
    await other.send(text("o", rig.person))

    await rig.phone.block(rig.person, rig.device, on=False)
    await transport.send(text("t", rig.person))

    assert [ref for ref, _ in await rig.shown()] == ["o", "t"]


@pytest.mark.parametrize(("written", "chosen"), [("selasa ", "Selasa"), ("2", "Selasa"), ("Rabu", "Rabu")])
async def test_a_choice_may_be_written_or_counted(rig: SimulatorRig, written: str, chosen: str) -> None:
    """The device hears the poll's own words."""
    transport, heard = await opened(rig)
    await ask(transport, rig.person)

    await rig.phone.vote(rig.person, [written])

    assert (await heard.count(PollVote))[0].choices == (chosen,)


async def test_several_choices_come_in_the_polls_order(rig: SimulatorRig) -> None:
    """Where the poll allows several."""
    transport, heard = await opened(rig)
    await ask(transport, rig.person, several=True)

    await rig.phone.vote(rig.person, ["3", "senin", "3"])

    assert (await heard.count(PollVote))[0].choices == ("Senin", "Rabu")


@pytest.mark.parametrize(("written", "chosen"), [("h-1", "h-1"), (" HEMAT ", "h-1"), ("2", "s-2")])
async def test_a_row_may_be_written_or_counted(rig: SimulatorRig, written: str, chosen: str) -> None:
    """Its id, its words, its place; without a message named, the newest that has anything to press."""
    transport, heard = await opened(rig)
    await transport.send(Outbound(ref=WireRef("old"), chat=rig.person, content=BUTTONS))
    await transport.send(Outbound(ref=WireRef("menu"), chat=rig.person, content=MENU))
    await transport.send(Outbound(ref=WireRef("link"), chat=rig.person, content=LINK))

    await rig.phone.choose(rig.person, written)

    [inbound] = await heard.count(Inbound)
    assert isinstance(inbound.content, Chosen)
    assert (inbound.content.id, inbound.quoted) == (chosen, "menu")


async def test_a_templates_quick_reply_is_pressed_by_what_fills_it(rig: SimulatorRig) -> None:
    """The network does not know the template's own words."""
    transport, heard = await opened(rig)
    reply = TemplateButton(index=0, kind=TemplateButtonKind.QUICK_REPLY, value="terima")
    template = Template(name="resi", language="id", buttons=(reply,))
    await transport.send(Outbound(ref=WireRef("t"), chat=rig.person, content=template))

    await rig.phone.choose(rig.person, "1")

    [inbound] = await heard.count(Inbound)
    assert inbound.content == Chosen(id="terima", title="terima")


async def test_impossible_acts_say_why(rig: SimulatorRig) -> None:
    """Each with the code whose sentence a person reads."""
    transport, _ = await opened(rig)
    await ask(transport, rig.person)
    stranger = Address("6281299999999")
    phone = rig.phone
    impossible = [
        (phone.say(rig.person, Address("6281199999999"), "x"), "device_unknown"),
        (phone.say(stranger, rig.group, "x"), "not_in_group"),
        (phone.say(rig.absent, rig.device, "x"), "not_on_whatsapp"),
        (phone.vote(rig.person, ["Minggu"]), "choice_unknown"),
        (phone.vote(rig.person, ["1", "2"]), "one_choice"),
        (phone.vote(rig.person, ["1"], WaId("no-such")), "poll_unknown"),
        (phone.vote(stranger, ["1"]), "poll_unknown"),
        (phone.choose(rig.person, "1"), "menu_unknown"),
        (phone.choose(rig.person, "1", WaId("poll")), "menu_unknown"),
        (phone.choose(rig.absent, "1"), "not_on_whatsapp"),
        (phone.scan("ABCD-1234"), "code_unknown"),
        (phone.unlink(Address("6281199999999")), "device_unknown"),
        (phone.keep(rig.folder / "no-such-file"), "file_unreadable"),
    ]
    for act, code in impossible:
        with pytest.raises(ActRefused) as refused:
            await act
        assert refused.value.code == code

    await rig.be_online(False)
    with pytest.raises(ActRefused, match="is_offline"):
        await rig.say("halo")


async def test_two_devices_write_to_each_other(rig: SimulatorRig) -> None:
    """A device's number is a person's number for the other."""
    transport, heard = await opened(rig)
    _, other_heard = await second_device(rig)

    await transport.send(Outbound(ref=WireRef("d"), chat=DEVICE_2, content=Text(body="antar perangkat")))

    [inbound] = await other_heard.count(Inbound)
    assert (inbound.chat, inbound.wa_id, inbound.content) == (rig.device, "d", Text(body="antar perangkat"))
    assert (await heard.count(Receipt))[0].kind is ReceiptKind.DELIVERED


async def test_a_group_message_reaches_every_other_member(rig: SimulatorRig) -> None:
    """People by receipts, devices by the message; what a member says has one id for all."""
    await rig.phone.set_group(rig.group, "Toko", [rig.person, "6281200000009", rig.device, DEVICE_2])  # type: ignore[list-item]
    transport, heard = await opened(rig)
    _, other_heard = await second_device(rig)

    await transport.send(text("g", rig.group))
    said = await rig.say("siap", group=True)

    await heard.until(lambda: {each.who for each in heard.of(Receipt)} == {rig.person, "6281200000009", DEVICE_2})
    assert [each.wa_id for each in await heard.count(Inbound)] == [said]
    assert [each.wa_id for each in await other_heard.count(Inbound, 2)] == ["g", said]
    assert {each.chat for each in other_heard.of(Inbound)} == {rig.group}


async def test_a_message_to_a_group_of_others_is_refused(rig: SimulatorRig) -> None:
    """A device outside, and a group that nobody made."""
    other, _ = await second_device(rig)

    for chat in (rig.group, Address("120363999999999999@g.us")):
        with pytest.raises(Exception, match="recipient: not_in_group"):
            await other.send(text(f"to {chat}", chat))


async def test_a_watcher_sees_the_last_lines_and_then_all_that_happens(rig: SimulatorRig) -> None:
    """Messages, receipts, and the person's own words."""
    transport, heard = await opened(rig)
    await rig.phone.add(rig.person, reads=Reads.NEVER)
    for number in range(3):
        await transport.send(text(f"old{number}", rig.person))
    await heard.count(Receipt, 3)
    watcher = await open_link(socket=rig.ours.server.address if rig.ours.server else None)

    seen = watcher.phone.watch(rig.person, tail=2)
    tail = [await anext(seen), await anext(seen)]
    await transport.send(Outbound(ref=WireRef("new"), chat=rig.person, content=Location(latitude=1, longitude=2)))
    await rig.say("terima kasih")
    live = [await anext(seen) for _ in range(3)]
    await seen.aclose()  # type: ignore[attr-defined]
    await watcher.close()

    assert [entry.ref for entry in tail if isinstance(entry, HandOff)] == ["old1", "old2"]
    assert [type(entry) for entry in live] in ([HandOff, Receipted, Said], [HandOff, Said, Receipted])


async def test_everything_is_listed(rig: SimulatorRig) -> None:
    """People that were added, groups, devices with what waits for them."""
    transport, _ = await opened(rig)
    await transport.stop()
    await rig.say("halo")

    everything = await rig.phone.everything()

    assert {each.number for each in everything.people} == {rig.person, rig.absent}
    assert [each.name for each in everything.groups] == ["Keluarga"]
    [device] = everything.devices
    assert (device.account.device, device.connected, device.unconfirmed) == (rig.device, False, 1)
