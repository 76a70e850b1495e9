"""Edits and deletions by who wrote a message: it stands as it is now, with what it was."""

import msgspec
import pytest

from merpati.core.facts import MessageEdited, MessageRevoked, Telling
from merpati.core.ids import Address, DeviceId, MessageId, WaId
from merpati.messages.authored import ChangeKind, apply_changes, changes_of, edited
from merpati.messages.history import Search, StepKind
from merpati.messages.inbound import Incoming, receive_messages
from merpati.messages.model import StoredContent
from merpati.messages.typed import Typed, store_typed
from merpati.messages.views import search_history, show_message
from merpati.storage.port import Storage
from merpati.transports.cards import NotShown
from merpati.transports.port import Location, Media, MediaKind, Text
from tests.messages.outbox import (
    ACCOUNT,
    ALICE,
    BUDI,
    DEVICE,
    a_draft,
    accept,
    an_end,
    facts,
    finish,
    own_device,
    take,
)

AT, LATER = 1_000, 2_000


@pytest.fixture(autouse=True)
async def owned(storage: Storage) -> None:
    await storage.write(own_device)


def came(id_: int, wa_id: str, content: StoredContent, sender: Address = BUDI, **changes: object) -> Incoming:
    message = Incoming(
        id=MessageId(id_),
        account=ACCOUNT,
        device=DEVICE,
        chat=BUDI,
        sender=sender,
        name="Budi",
        wa_id=WaId(wa_id),
        content=content,
        reply_to=None,
        at=AT,
    )
    return msgspec.structs.replace(message, **changes)


def edit(id_: int, about: str, text: str, at: int = LATER, **changes: object) -> Incoming:
    content = NotShown(kind="edit", text=text)
    return msgspec.structs.replace(came(id_, f"E{id_}", content, reply_to=WaId(about), at=at), **changes)


def revoke(id_: int, about: str) -> Incoming:
    return came(id_, f"R{id_}", NotShown(kind="revoke"), reply_to=WaId(about), at=LATER + 1)


async def receive(storage: Storage, *incoming: Incoming) -> list[bool]:
    return await storage.write(receive_messages, list(incoming))


async def lines(storage: Storage, **asked: object) -> list[tuple[int, str, int, int]]:
    search = msgspec.structs.replace(Search(account=ACCOUNT), **asked)
    page = await storage.read(search_history, search)
    return [(row.id, row.text, row.edited_at, row.revoked_at) for row in page.rows]


async def test_an_edit_changes_the_message_and_keeps_what_it_said(storage: Storage) -> None:
    """Once; the search finds the new words and no longer the old ones, and webhooks are told as before."""
    await receive(storage, came(1, "A", Text(body="jam delapan")))
    for _ in range(2):
        assert await receive(storage, edit(2, "A", "jam sembilan")) == [True]

    assert await lines(storage) == [(1, "jam sembilan", LATER, 0)]
    assert await lines(storage, words="sembilan") == [(1, "jam sembilan", LATER, 0)]
    assert await lines(storage, words="delapan") == []
    [change] = await storage.read(changes_of, MessageId(1))
    assert (change.kind, change.at, change.before) == (ChangeKind.EDITED, LATER, Text(body="jam delapan"))
    told = Telling(LATER, "edit", "Budi", "jam sembilan", in_inbox=True)
    assert [entry.fact for entry in await facts(storage)][1:] == [
        MessageEdited(DEVICE, MessageId(1), BUDI, BUDI, WaId("E2"), told)
    ]


async def test_what_its_author_deleted_is_marked_and_kept(storage: Storage) -> None:
    """An edit that comes after that changes nothing."""
    await receive(storage, came(1, "A", Text(body="salah kirim")))
    assert await receive(storage, revoke(2, "A"), edit(3, "A", "lain", at=LATER + 2)) == [True, True]

    assert await lines(storage) == [(1, "salah kirim", 0, LATER + 1)]
    view = await storage.read(show_message, MessageId(1))
    assert view is not None
    assert [step.kind for step in view.steps] == [StepKind.RECEIVED, StepKind.REVOKED]
    assert view.state_at == AT
    assert isinstance((await facts(storage))[-1].fact, MessageRevoked)


async def test_only_its_author_changes_a_message(storage: Storage) -> None:
    """Another's word about it is a line of its own, as is one about a message that is not here."""
    await receive(storage, came(1, "A", Text(body="asli")))
    assert await receive(storage, edit(2, "A", "palsu", sender=ALICE), revoke(3, "Z")) == [True, True]
    assert await receive(storage, edit(4, "A", "palsu", device=DeviceId(8))) == [True]

    assert (1, "asli", 0, 0) in await lines(storage)
    assert len(await lines(storage)) == 4


async def test_an_older_edit_does_not_undo_a_newer_one(storage: Storage) -> None:
    """They may come in any order."""
    await receive(storage, came(1, "A", Text(body="satu")))
    await receive(storage, edit(2, "A", "tiga", at=LATER + 5), edit(3, "A", "dua"))
    assert await lines(storage) == [(1, "tiga", LATER + 5, 0)]


async def test_the_owner_changes_what_was_sent_from_here_on_the_phone(storage: Storage) -> None:
    """No webhook hears of that."""
    await accept(storage, a_draft(1, BUDI))
    (taken,) = await take(storage)
    await finish(storage, an_end(taken))
    typed = Typed(
        id=MessageId(2),
        account=ACCOUNT,
        device=DEVICE,
        chat=BUDI,
        wa_id=WaId("X"),
        content=NotShown(kind="edit", text="benar"),
        reply_to=WaId(taken.wire_ref),
        at=LATER,
    )
    assert await storage.write(store_typed, [typed]) == [True]
    assert await lines(storage) == [(1, "benar", LATER, 0)]
    fact = (await facts(storage))[-1].fact
    assert fact == MessageEdited(DEVICE, MessageId(1), BUDI, Address(""), WaId("X"))


async def test_nothing_to_change_is_nothing(storage: Storage) -> None:
    """No statement is needed."""
    assert await storage.write(apply_changes, []) == set()


def test_words_of_a_file_are_its_caption() -> None:
    """A place has none that could be edited."""
    picture = Media(kind=MediaKind.IMAGE, path="1.png", mime="image/png", size_bytes=1, caption="lama")
    assert edited(picture, "baru") == msgspec.structs.replace(picture, caption="baru")
    assert edited(Location(latitude=1, longitude=2), "baru") is None
