"""What is said both ways, to the letter, with the real library."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.core.ids import Address, WaId, WireRef
from merpati.fakes.whatsapp import acting, contents
from merpati.transports.cards import Edit, NotShown, Reaction, Revoke
from merpati.transports.port import (
    AnyEvent,
    Content,
    FromPhone,
    Identity,
    Inbound,
    Location,
    Media,
    MediaKind,
    Outbound,
    Poll,
    PollVote,
    SessionState,
    Signal,
    Text,
)
from tests.conformance.transport_rig import Heard
from tests.transports.linked.rig import LinkedRig, open_rig, opened


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[LinkedRig]:
    async with open_rig(tmp_path) as rig:
        yield rig


def out(content: Content, chat: Address, *, reply_to: WaId | None = None) -> Outbound:
    return Outbound(ref=WireRef("r"), chat=chat, content=content, reply_to=reply_to)


def file(folder: Path, kind: MediaKind, mime: str, name: str = "", caption: str = "") -> Media:
    path = folder / f"file-{kind}"
    path.write_bytes(bytes(range(256)) * 20)
    return Media(kind=kind, path=str(path), mime=mime, size_bytes=5_120, filename=name, caption=caption)


async def test_text_that_looks_like_a_mention_is_text(rig: LinkedRig) -> None:
    """Nobody is called by name, and no group is looked up."""
    transport, _ = await opened(rig)
    body = "Promo @6282222222222 dan @120363000000000001@g.us https://toko.example/a"

    await transport.send(out(Text(body=body), rig.person))

    [shown] = rig.bob.shown
    assert shown.content == contents.Text(body=body)
    assert not any(host.startswith("!") for host in rig.network.reached)


async def test_files_are_shown_as_what_they_are(rig: LinkedRig, tmp_path: Path) -> None:
    """Picture, film, voice note, sound, document; with their words, byte for byte."""
    transport, _ = await opened(rig)
    sent = [
        file(tmp_path, MediaKind.IMAGE, "image/png", caption="gambar"),
        file(tmp_path, MediaKind.VIDEO, "video/mp4", caption="film"),
        file(tmp_path, MediaKind.AUDIO, "audio/ogg"),
        file(tmp_path, MediaKind.AUDIO, "audio/mpeg"),
        file(tmp_path, MediaKind.DOCUMENT, "application/pdf", "surat.pdf"),
    ]

    for each in sent:
        await transport.send(out(each, rig.person))

    kinds = contents.MediaKind
    shown = [each.content for each in rig.bob.shown]
    assert all(isinstance(each, contents.Media) and each.data == bytes(range(256)) * 20 for each in shown)
    assert [(each.kind, each.caption, each.filename) for each in shown if isinstance(each, contents.Media)] == [
        (kinds.IMAGE, "gambar", ""),
        (kinds.VIDEO, "film", ""),
        (kinds.VOICE, "", ""),
        (kinds.AUDIO, "", ""),
        (kinds.DOCUMENT, "", "surat.pdf"),
    ]


async def test_files_that_come_are_fetched_until_they_are_stored(rig: LinkedRig) -> None:
    """In the spool, with name and words; removed once somebody has taken them over."""
    await rig.pair()
    transport, heard = rig.transport(), Heard()
    read: list[bytes] = []

    async def read_and_store(event: AnyEvent) -> None:
        if isinstance(event, Inbound) and isinstance(event.content, Media):
            read.append(await asyncio.to_thread(Path(event.content.path).read_bytes))
        await heard.emit(event)

    await transport.start(read_and_store)
    await heard.state(SessionState.OPEN)
    data = b"%PDF" + bytes(3_000)
    said = contents.Media(
        kind=contents.MediaKind.DOCUMENT, data=data, mime="application/pdf", filename="bon.pdf", caption="ini"
    )

    await acting.say(rig.network, rig.bob, rig.shop, said)

    [inbound] = await heard.count(Inbound)
    await transport.stop()
    content = inbound.content
    assert isinstance(content, Media)
    assert (content.kind, content.filename, content.caption, content.mime) == (
        MediaKind.DOCUMENT,
        "bon.pdf",
        "ini",
        "application/pdf",
    )
    assert read == [data]
    assert list(rig.link.settings.spool.iterdir()) == []


async def test_a_file_that_cannot_be_had_does_not_hold_up_what_follows(rig: LinkedRig) -> None:
    """It is told without a path."""
    _, heard = await opened(rig)
    said = contents.Media(kind=contents.MediaKind.IMAGE, data=b"x" * 100, mime="image/png", caption="hilang")
    id_ = await acting.say(rig.network, rig.bob, rig.shop, said)
    rig.network.media.files.clear()

    await rig.say("sesudahnya")

    first, second = await heard.count(Inbound, 2)
    assert first.wa_id == id_
    assert isinstance(first.content, Media)
    assert (first.content.path, first.content.caption) == ("", "hilang")
    assert second.content == Text(body="sesudahnya")


async def test_a_file_larger_than_allowed_is_not_fetched(tmp_path: Path) -> None:
    """Its size says why."""
    async with open_rig(tmp_path, most_bytes=1_000) as rig:
        _, heard = await opened(rig)
        said = contents.Media(kind=contents.MediaKind.IMAGE, data=b"x" * 1_001, mime="image/png")

        await acting.say(rig.network, rig.bob, rig.shop, said)

        [inbound] = await heard.count(Inbound)
        assert isinstance(inbound.content, Media)
        assert (inbound.content.path, inbound.content.size_bytes) == ("", 1_001)


async def test_an_answer_quotes_what_it_answers(rig: LinkedRig) -> None:
    """By id and writer; theirs names ours too."""
    transport, heard = await opened(rig)
    question = await rig.say("Buka jam berapa?")
    await heard.count(Inbound)

    sent = await transport.send(out(Text(body="Jam 8"), rig.person, reply_to=question))
    await acting.say(rig.network, rig.bob, rig.shop, "Baik", reply_to=sent.wa_id)

    [shown] = rig.bob.shown
    assert (shown.content, shown.reply_to) == (contents.Text(body="Jam 8"), question)
    _, answer = await heard.count(Inbound, 2)
    assert (answer.content, answer.quoted) == (Text(body="Baik"), sent.wa_id)


async def test_who_writes_is_known_by_number_and_by_lid(rig: LinkedRig) -> None:
    """Both are told."""
    _, heard = await opened(rig)

    await rig.say("halo")

    [inbound] = await heard.count(Inbound)
    lid = Address(f"{rig.bob.lid}@lid")
    assert inbound.sender == Identity(id=rig.person, phone=rig.person, lid=lid, name="Bob")


async def test_own_messages_from_the_phone_are_told_apart(rig: LinkedRig) -> None:
    """With whom they were written to; for quick replies."""
    _, heard = await opened(rig)

    id_ = await acting.say(rig.network, rig.shop, rig.bob, "dari HP")

    [typed] = await heard.count(FromPhone)
    assert (typed.wa_id, typed.chat, typed.content) == (id_, rig.person, Text(body="dari HP"))
    assert heard.of(Inbound) == []


async def test_messages_are_changed_and_taken_back_from_here(rig: LinkedRig) -> None:
    """As the phone shows it."""
    transport, _ = await opened(rig)
    first = await transport.send(out(Text(body="salah ketik"), rig.person))
    second = await transport.send(out(Text(body="salah kirim"), rig.person))

    await transport.send(out(Edit(about=first.wa_id, text="benar"), rig.person))
    await transport.send(out(Revoke(about=second.wa_id), rig.person))

    assert [each.content for each in rig.bob.shown][2:] == [
        contents.Edit(of=first.wa_id, body="benar"),
        contents.Revoke(of=second.wa_id),
    ]


async def test_changes_and_reactions_of_people_name_the_message(rig: LinkedRig) -> None:
    """An edit with its words, a deletion, an emoji on a message of ours."""
    transport, heard = await opened(rig)
    ours = await transport.send(out(Text(body="Halo"), rig.person))
    said = await rig.say("jam 8")

    await acting.edit(rig.network, rig.bob, said, "jam 9")
    await acting.revoke(rig.network, rig.bob, said)
    await acting.react(rig.network, rig.bob, ours.wa_id, "👍")

    _, edited, revoked, reacted = await heard.count(Inbound, 4)
    assert (edited.content, edited.quoted) == (NotShown(kind="edit", text="jam 9"), said)
    assert (revoked.content, revoked.quoted) == (NotShown(kind="revoke"), said)
    assert reacted.content == Reaction(emoji="👍", about=ours.wa_id)


async def test_places_and_polls_that_come_are_contents(rig: LinkedRig) -> None:
    """A poll of theirs as one."""
    _, heard = await opened(rig)

    for each in (
        contents.Location(latitude=-6.2, longitude=106.8, name="Monas", address="Jakarta"),
        contents.Poll(question="Kapan?", choices=("Senin", "Selasa"), several=True),
    ):
        await acting.say(rig.network, rig.bob, rig.shop, each)

    assert [each.content for each in await heard.count(Inbound, 2)] == [
        Location(latitude=-6.2, longitude=106.8, caption="Monas\nJakarta"),
        Poll(question="Kapan?", choices=("Senin", "Selasa"), several=True),
    ]


async def test_votes_have_names_after_a_restart_too(rig: LinkedRig) -> None:
    """Who voted on a poll of the life before."""
    transport, _ = await opened(rig)
    poll = await transport.send(out(Poll(question="?", choices=("Ya 🕊️", "Tidak")), rig.person))
    await transport.stop()
    again, heard = rig.transport(), Heard()
    await again.start(heard.emit)
    await heard.state(SessionState.OPEN)

    await rig.vote(poll.wa_id, ("Ya 🕊️",))

    [vote] = await heard.count(PollVote)
    assert (vote.poll, vote.choices, vote.voter.id) == (poll.wa_id, ("Ya 🕊️",), rig.person)


async def test_what_cannot_be_decrypted_is_told_and_may_still_come(rig: LinkedRig) -> None:
    """Once as unreadable, then, when the phone sends it again, as itself."""
    _, heard = await opened(rig)

    id_ = await acting.say(rig.network, rig.bob, rig.shop, "rahasia", damaged=True)

    told = await heard.count(Inbound, 2)
    assert [(each.wa_id, each.content) for each in told] == [
        (id_, NotShown(kind="undecryptable")),
        (id_, Text(body="rahasia")),
    ]


async def test_what_the_server_delivers_twice_is_told_once(rig: LinkedRig) -> None:
    """The second cannot be decrypted, and is known."""
    _, heard = await opened(rig)

    await acting.say(rig.network, rig.bob, rig.shop, "sekali", copies=2)
    await rig.say("sesudahnya")

    told = await heard.count(Inbound, 2)
    assert [each.content for each in told] == [Text(body="sekali"), Text(body="sesudahnya")]


async def test_typing_is_shown_and_hidden(rig: LinkedRig) -> None:
    """In the chat as it is named today."""
    transport, _ = await opened(rig)

    await transport.signal(rig.person, Signal.TYPING)
    await transport.signal(rig.person, Signal.PAUSED)

    await rig.network.until(lambda: len(rig.bob.typing) == 2)
    assert [what for _, what in rig.bob.typing] == ["composing", "paused"]
