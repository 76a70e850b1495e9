"""History: found by number, name, id, state, date and whole words, page by page; a timeline tells what happened."""

import msgspec
import pytest

from merpati.core.ids import Epoch, MessageId, WaId
from merpati.messages.changes import recover_device
from merpati.messages.handover import Outcome
from merpati.messages.history import Search, StepKind
from merpati.messages.inbound import Incoming, receive_messages
from merpati.messages.model import HoldReason, MessageState
from merpati.messages.receipts import Receipted, apply_receipts
from merpati.messages.views import search_history, show_message
from merpati.storage.port import Storage
from merpati.transports.port import ReceiptKind, Text
from tests.messages.outbox import (
    ACCOUNT,
    ALICE,
    BUDI,
    DEVICE,
    EPOCH,
    a_draft,
    accept,
    an_end,
    finish,
    own_device,
    take,
)


@pytest.fixture(autouse=True)
async def stored(storage: Storage) -> None:
    await storage.write(own_device)
    await accept(
        storage,
        a_draft(1, ALICE, name="Alice Putri", content=Text(body="Pesanan anda sudah dikirim"), queued_at=100),
        a_draft(2, BUDI, name="Budi", content=Text(body='Pesanan belum dibayar; DROP TABLE "x"'), queued_at=200),
        a_draft(3, BUDI, name="Budi Santoso", content=Text(body="Terima kasih"), queued_at=300, due_at=2**50),
    )


async def found(storage: Storage, **asked: object) -> list[int]:
    page = await storage.read(search_history, msgspec.convert({"account": ACCOUNT, **asked}, Search))
    return [row.id for row in page.rows]


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({}, [3, 2, 1]),
        ({"number": BUDI}, [3, 2]),
        ({"number": "628111"}, [3, 2, 1]),
        ({"name": "budi"}, [3, 2]),
        ({"name": "Santoso Budi"}, [3]),
        ({"id": 2}, [2]),
        ({"words": "pesanan"}, [2, 1]),
        ({"words": "pesanan dikirim"}, [1]),
        ({"words": "pesan"}, []),
        ({"words": 'table "x"'}, [2]),
        ({"words": "AND OR NOT ("}, []),
        ({"from_at": 200}, [3, 2]),
        ({"from_at": 100, "to_at": 300}, [2, 1]),
        ({"state": int(MessageState.QUEUED)}, [3, 2, 1]),
        ({"state": int(MessageState.SENT)}, []),
        ({"incoming": True}, []),
        ({"device": DEVICE, "words": "kasih", "number": BUDI}, [3]),
        ({"account": 2}, []),
    ],
)
async def test_a_search_finds_what_it_asks_for(storage: Storage, asked: dict[str, object], ids: list[int]) -> None:
    """Newest first; conditions add up; words are whole words, whatever is written in them."""
    assert await found(storage, **asked) == ids


async def test_pages_follow_one_another_without_gap_or_repeat(storage: Storage) -> None:
    """A page's `next` continues it, also when a newer message came in between."""
    first = await storage.read(search_history, Search(account=ACCOUNT, limit=2))
    await accept(storage, a_draft(4, queued_at=400))
    second = await storage.read(search_history, Search(account=ACCOUNT, limit=2, after=first.next))

    assert [row.id for row in first.rows] == [3, 2]
    assert [row.id for row in second.rows] == [1]
    assert second.next is None


async def test_what_is_being_handed_over_is_found_as_sending(storage: Storage) -> None:
    """The outbox knows it, not the message's row."""
    await take(storage, 1)

    assert await found(storage, state=int(MessageState.SENDING)) == [1]
    assert await found(storage, state=int(MessageState.QUEUED)) == [3, 2]


async def test_a_timeline_tells_what_held_a_message(storage: Storage) -> None:
    """Why it waits, and until when."""
    await accept(storage, a_draft(9, queued_at=400, due_at=450, hold=HoldReason.DELAY))
    view = await storage.read(show_message, MessageId(9))
    assert view is not None
    (_, held) = view.steps
    assert (held.kind, held.detail, held.until_at) == (StepKind.HELD, "delay", 450)


async def test_a_timeline_names_the_refusal_that_ended_a_message(storage: Storage) -> None:
    """Nothing fails silently."""
    (taken,) = await take(storage)
    await finish(storage, an_end(taken, Outcome.FAILED, at=taken.handed_at + 5, code="recipient_not_on_whatsapp"))
    view = await storage.read(show_message, taken.id)

    assert view is not None
    assert [step.kind for step in view.steps] == [
        StepKind.ACCEPTED,
        StepKind.HANDED_OVER,
        StepKind.TRIED,
        StepKind.ENDED,
    ]
    assert view.steps[-1].code == "recipient_not_on_whatsapp"


async def told(storage: Storage, id_: MessageId) -> list[tuple[StepKind, str]]:
    view = await storage.read(show_message, id_)
    assert view is not None
    assert [step.at for step in view.steps] == sorted(step.at for step in view.steps)
    return [(step.kind, step.detail) for step in view.steps]


async def test_a_try_that_is_refused_for_now_stands_before_the_wait_for_the_next(storage: Storage) -> None:
    """Both are stored with the same time."""
    (taken,) = await take(storage)
    await finish(storage, an_end(taken, Outcome.RETRY, at=taken.handed_at, code="busy", wait_ms=60_000))

    assert await told(storage, taken.id) == [
        (StepKind.ACCEPTED, "901"),
        (StepKind.HANDED_OVER, ""),
        (StepKind.TRIED, "retry"),
        (StepKind.HELD, "retry"),
    ]


async def test_a_try_whose_owner_was_lost_is_told_and_its_message_held_by_nothing(storage: Storage) -> None:
    """The try is told while it is open; afterwards the message keeps its place in the line."""
    (lost,) = await take(storage)
    assert await told(storage, lost.id) == [(StepKind.ACCEPTED, "901"), (StepKind.HANDED_OVER, "")]

    await storage.write(recover_device, DEVICE, Epoch(EPOCH + 1), True, lost.handed_at)

    assert await told(storage, lost.id) == [
        (StepKind.ACCEPTED, "901"),
        (StepKind.HANDED_OVER, ""),
        (StepKind.TRIED, "retry"),
    ]


async def test_a_hand_over_of_which_only_the_receipt_is_heard_is_told(storage: Storage) -> None:
    """The acknowledgement is lost: no try was stored."""
    (taken,) = await take(storage)
    receipt = Receipted(
        account=ACCOUNT, device=DEVICE, ids=(WaId(taken.wire_ref),), kind=ReceiptKind.DELIVERED, at=2**50
    )
    await storage.write(apply_receipts, [receipt])

    assert [kind for kind, _ in await told(storage, taken.id)] == [
        StepKind.ACCEPTED,
        StepKind.HANDED_OVER,
        StepKind.SENT,
        StepKind.DELIVERED,
    ]


def incoming(id_: int, sender: str = "628999", wa_id: str = "ABC") -> Incoming:
    return Incoming(
        id=MessageId(id_),
        account=ACCOUNT,
        device=DEVICE,
        chat=ALICE,
        sender=type(ALICE)(sender),
        name="Alice",
        wa_id=WaId(wa_id),
        content=Text(body="halo"),
        reply_to=None,
        at=500,
    )


async def test_the_same_inbound_twice_is_once(storage: Storage) -> None:
    """A network repeats what it was not told to forget."""
    assert await storage.write(receive_messages, [incoming(20)]) == [True]
    assert await storage.write(receive_messages, [incoming(21), incoming(22, wa_id="DEF")]) == [False, True]

    assert await found(storage, incoming=True) == [22, 20]


async def test_one_sender_cannot_shadow_anothers_message_by_its_id(storage: Storage) -> None:
    """Identity is chat, sender and id."""
    await storage.write(receive_messages, [incoming(20)])

    assert await storage.write(receive_messages, [incoming(21, sender="628777")]) == [True]


async def test_what_somebody_writes_with_a_nul_is_stored(storage: Storage) -> None:
    """No database has a text with NUL: the name and what a search finds go without it, the content keeps it."""
    incoming = Incoming(
        id=MessageId(7),
        account=ACCOUNT,
        device=DEVICE,
        chat=ALICE,
        sender=ALICE,
        name="Al\0ice",
        wa_id=WaId("IN-7"),
        content=Text(body="apa kabar\0 kakak"),
        reply_to=None,
        at=400,
    )
    assert await storage.write(receive_messages, [incoming]) == [True]
    view = await storage.read(show_message, MessageId(7))

    assert view is not None and view.content == incoming.content
    assert await found(storage, words="kakak") == [7]
