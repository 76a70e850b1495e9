"""What every transport must do: sending."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec

from merpati.core.ids import WireRef
from merpati.transports.cards import Contact, Contacts, Edit, Reaction, Revoke
from merpati.transports.interactive import (
    Button,
    Buttons,
    LinkButton,
    ListMenu,
    Row,
    Section,
    Template,
    Variable,
    file_of,
    with_file,
)
from merpati.transports.port import (
    Content,
    Inbound,
    Location,
    Media,
    MediaKind,
    Outbound,
    Poll,
    Receipt,
    ReceiptKind,
    Sent,
    Text,
)
from tests.conformance.transport_rig import Rig, needs, opened, text

MENU = ListMenu(
    body="Pilih paket",
    button="Lihat",
    header="Paket",
    footer="Toko Ani",
    sections=(
        Section(title="Teks", rows=(Row(id="p-1", title="Hemat", description="10 rb"),)),
        Section(title="Lengkap", rows=(Row(id="p-2", title="Super"),)),
    ),
)


def contents(tmp_path: Path) -> Iterator[tuple[str, Content]]:
    file = tmp_path / "surat.pdf"
    file.write_bytes(b"%PDF-1.7 " + bytes(range(256)))
    yield "", Text(body="Halo *dunia* 🕊️\nbaris kedua\t\\ \"kutip\" \u2028 'satu'", preview=False)
    yield "", Text(body="x" * 60_000)
    yield "", Text(body="{name} <b>&amp;</b> '; DROP TABLE message; --")
    yield "location", Location(latitude=-6.175392, longitude=106.827153, caption="Monas")
    yield "poll", Poll(question="Kapan?", choices=("Senin", "Selasa 🕊️"), several=True, name="jadwal")
    yield "interactive", MENU
    yield (
        "interactive",
        Buttons(body="Jadi?", header="Toko", footer="Salam", buttons=(Button(id="y", title="Jadi 🕊️"),)),
    )
    yield "interactive", LinkButton(body="Bayar", title="Buka", url="https://toko.example/a?b=c&d")
    yield "template", Template(name="resi_baru", language="id", body=(Variable(text="JNE-1 🕊️"),))
    yield (
        "template",
        Template(name="surat_baru", language="id", body=(Variable(text="Ani"),), attached=letter(file)),
    )
    place = Location(latitude=-6.2, longitude=106.8, caption="Monas", address="Jakarta Pusat")
    yield "template", Template(name="kurir_baru", language="id", body=(Variable(text="Ani"),), attached=place)
    yield (
        "contact",
        Contacts(contacts=(Contact(name="Siti 🕊️", phones=("+62 812-1",)), Contact(name="Toko", phones=("021",)))),
    )
    yield "media", msgspec.structs.replace(letter(file), caption="Ini suratnya")


def letter(file: Path) -> Media:
    return Media(
        kind=MediaKind.DOCUMENT,
        path=str(file),
        mime="application/pdf",
        size_bytes=file.stat().st_size,
        filename="surat penting.pdf",
    )


def as_seen(content: Content) -> Content:
    """What people see of it: a poll's name and the wish for a preview are not shown."""
    match content:
        case Poll():
            return msgspec.structs.replace(content, name="")
        case Text():
            return msgspec.structs.replace(content, preview=True)
    return content


def same_bytes(one: str, other: str) -> bool:
    return Path(one).read_bytes() == Path(other).read_bytes()


class Sending:
    """What was handed over arrives, as it was, once, in order, with receipts."""

    async def test_content_arrives_exactly_as_it_was_sent(self, rig: Rig, tmp_path: Path) -> None:
        """Every kind of content that the transport has, to the byte."""
        transport, _ = await opened(rig)
        known = [content for cap, content in contents(tmp_path) if not cap or getattr(rig.caps, cap)]
        sendable = [each for each in known if not isinstance(each, Text) or len(each.body) <= rig.caps.max_text]

        for number, content in enumerate(sendable):
            await transport.send(Outbound(ref=WireRef(f"ref-{number}"), chat=rig.person, content=content))

        for (_, got), content in zip(await rig.shown(), sendable, strict=True):
            sent, shown = file_of(content), file_of(got)
            if sent is not None:
                assert shown is not None
                assert same_bytes(shown.path, sent.path)
            assert with_file(as_seen(got), "") == with_file(as_seen(content), "")

    async def test_a_reply_says_what_it_answers(self, rig: Rig) -> None:
        """`reply_to` is taken with any id of a message in the chat."""
        needs(rig, "reply")
        transport, heard = await opened(rig)
        question = await rig.say("Buka jam berapa?")
        await heard.count(Inbound)

        answer = Outbound(ref=WireRef("a"), chat=rig.person, content=Text(body="Jam 8"), reply_to=question)

        assert isinstance(await transport.send(answer), Sent)

    async def test_a_reaction_arrives_on_its_message(self, rig: Rig) -> None:
        """On theirs, on one of ours, and taken back."""
        needs(rig, "reaction")
        transport, heard = await opened(rig)
        theirs = await rig.say("Sudah sampai")
        await heard.count(Inbound)
        ours = await transport.send(text("r", rig.person))
        reactions = [
            Reaction(emoji="👍🏽", about=theirs, author=rig.person),
            Reaction(emoji="❤️", about=ours.wa_id),
            Reaction(emoji="", about=ours.wa_id),
        ]

        for number, content in enumerate(reactions):
            await transport.send(Outbound(ref=WireRef(f"e-{number}"), chat=rig.person, content=content))

        got = [content for _, content in await rig.shown()][1:]
        assert all(isinstance(each, Reaction) for each in got)
        assert [(each.emoji, each.about) for each in got if isinstance(each, Reaction)] == [
            (each.emoji, each.about) for each in reactions
        ]

    async def test_receipts_follow_the_acknowledgement(self, rig: Rig) -> None:
        """Acknowledged with an id; then delivered and read carry that id."""
        transport, heard = await opened(rig)

        sent = await transport.send(text("r1", rig.person))

        await heard.until(lambda: len(heard.arrived()) == 2)
        receipts = heard.arrived()
        assert [(each.ids, each.kind) for each in receipts] == [
            ((sent.wa_id,), ReceiptKind.DELIVERED),
            ((sent.wa_id,), ReceiptKind.READ),
        ]
        assert {each.who for each in receipts} == {rig.person}

    async def test_the_same_reference_twice_is_shown_once(self, rig: Rig) -> None:
        """A repeated hand-over is acknowledged with the same id."""
        needs(rig, "takes_ref")
        transport, _ = await opened(rig)

        first = await transport.send(text("same", rig.person))
        second = await transport.send(text("same", rig.person))

        assert first.wa_id == second.wa_id == "same"
        assert len(await rig.shown()) == 1

    async def test_messages_leave_in_the_order_of_the_calls(self, rig: Rig, tmp_path: Path) -> None:
        """Also when a file, which takes longer, is among them."""
        transport, _ = await opened(rig)
        file = tmp_path / "besar.bin"
        file.write_bytes(b"\x00" * 3_000_000)
        content = [Text(body=str(number)) for number in range(8)]
        mixed: list[Content] = [*content]
        if rig.caps.media:
            mixed[2] = Media(kind=MediaKind.DOCUMENT, path=str(file), mime="application/pdf", size_bytes=3_000_000)
        outbound = [Outbound(ref=WireRef(f"o{n}"), chat=rig.person, content=each) for n, each in enumerate(mixed)]

        for start in range(0, len(outbound), rig.caps.in_flight):
            batch = outbound[start : start + rig.caps.in_flight]
            await asyncio.gather(*(transport.send(message) for message in batch))

        assert [type(got) for _, got in await rig.shown()] == [type(each) for each in mixed]
        assert [got for _, got in await rig.shown() if isinstance(got, Text)] == [
            each for each in mixed if isinstance(each, Text)
        ]

    async def test_a_message_to_a_group_reaches_its_members(self, rig: Rig) -> None:
        """With receipts of a member."""
        needs(rig, "groups")
        transport, heard = await opened(rig)

        sent = await transport.send(text("g1", rig.group))

        receipts = await heard.count(Receipt, 2)
        assert [content for _, content in await rig.shown()] == [Text(body="Halo")]
        assert {each.ids for each in receipts} == {(sent.wa_id,)}
        assert rig.person in {each.who for each in receipts}

    async def test_nothing_is_delivered_to_a_phone_that_is_off(self, rig: Rig) -> None:
        """The receipt comes when the phone does."""
        transport, heard = await opened(rig)
        await rig.be_online(False)

        await transport.send(text("late", rig.person))
        assert heard.arrived() == []
        await rig.be_online(True)

        await heard.until(heard.arrived)
        assert heard.arrived()[0].kind is ReceiptKind.DELIVERED

    async def test_what_was_sent_is_edited_and_deleted(self, rig: Rig) -> None:
        """On the phone of who got it."""
        needs(rig, "edit_ms", "revoke_ms")
        transport, _ = await opened(rig)
        first, second = [await transport.send(text(ref, rig.person)) for ref in ("first", "second")]
        changes: tuple[Content, ...] = (Edit(about=first.wa_id, text="benar"), Revoke(about=second.wa_id))

        for n, change in enumerate(changes):
            await transport.send(Outbound(ref=WireRef(f"change{n}"), chat=rig.person, content=change))

        assert await rig.changed() == [("edit", first.wa_id, "benar"), ("revoke", second.wa_id, "")]
