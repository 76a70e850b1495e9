"""What its owner types on the device's own phone: in the history once, raised by receipts, never sent."""

import msgspec
import pytest

from merpati.core.errors import Code, Refusal
from merpati.core.facts import MessageDelivered, MessageTyped, Telling
from merpati.core.ids import Address, MediaId, MessageId, WaId
from merpati.messages.changes import cancel_message, resend_message
from merpati.messages.counts import count_day, count_devices, count_messages
from merpati.messages.history import Search, StepKind
from merpati.messages.model import Media, MessageState
from merpati.messages.receipts import Receipted, apply_receipts
from merpati.messages.typed import Typed, store_typed
from merpati.messages.undelivered import GivenUp, apply_given_up
from merpati.messages.views import MessageView, search_history, show_message
from merpati.storage.port import Storage
from merpati.transports.port import ReceiptKind, SendFault, Text
from tests.messages.outbox import (
    ACCOUNT,
    BUDI,
    DEVICE,
    a_draft,
    accept,
    an_end,
    facts,
    finish,
    open_ids,
    own_device,
    take,
)

AT = 1_000


@pytest.fixture(autouse=True)
async def owned(storage: Storage) -> None:
    await storage.write(own_device)


def typed(id_: int, wa_id: str = "3AFF", chat: Address = BUDI, **changes: object) -> Typed:
    message = Typed(
        id=MessageId(id_),
        account=ACCOUNT,
        device=DEVICE,
        chat=chat,
        wa_id=WaId(wa_id),
        content=Text(body="Masih ada, Kak. Warna biru."),
        reply_to=None,
        at=AT,
    )
    return msgspec.structs.replace(message, **changes)


def receipt(kind: ReceiptKind, wa_id: str = "3AFF") -> Receipted:
    return Receipted(account=ACCOUNT, device=DEVICE, ids=(WaId(wa_id),), kind=kind, at=5_000)


async def shown(storage: Storage, id_: int) -> MessageView:
    message = await storage.read(show_message, MessageId(id_))
    assert message is not None
    return message


async def test_the_same_twice_is_once(storage: Storage) -> None:
    """Also in one transaction; it is an outgoing message that nobody hands over."""
    assert await storage.write(store_typed, [typed(1), typed(2)]) == [True, False]
    assert await storage.write(store_typed, [typed(3)]) == [False]

    message = await shown(storage, 1)
    assert (message.incoming, message.typed, message.state) == (False, True, MessageState.SENT)
    assert [(step.kind, step.at) for step in message.steps] == [(StepKind.TYPED, AT)]
    assert await open_ids(storage) == []
    told = Telling(AT, "text", "", "Masih ada, Kak. Warna biru.")
    assert [entry.fact for entry in await facts(storage)] == [
        MessageTyped(DEVICE, MessageId(1), BUDI, WaId("3AFF"), told)
    ]


async def test_what_this_device_sent_is_not_typed(storage: Storage) -> None:
    """WhatsApp's copy of it has its id."""
    await accept(storage, a_draft(1, wire_ref="3AFF"))
    (taken,) = await take(storage)
    await finish(storage, an_end(taken))

    assert await storage.write(store_typed, [typed(2)]) == [False]
    assert (await shown(storage, 1)).typed is False


async def test_receipts_raise_it(storage: Storage) -> None:
    """Up only; that it was typed is told with them."""
    await storage.write(store_typed, [typed(1)])
    for kind in (ReceiptKind.DELIVERED, ReceiptKind.READ, ReceiptKind.DELIVERED):
        await storage.write(apply_receipts, [receipt(kind)])

    message = await shown(storage, 1)
    assert message.state is MessageState.READ
    assert [step.kind for step in message.steps] == [StepKind.TYPED, StepKind.DELIVERED, StepKind.READ]
    delivered = (await facts(storage))[1].fact
    assert delivered == MessageDelivered(DEVICE, MessageId(1), BUDI, WaId("3AFF"), typed=True)


async def test_it_is_never_sent_again(storage: Storage) -> None:
    """Neither by a person nor as the network gave it up."""
    await storage.write(store_typed, [typed(1)])
    given = GivenUp(
        account=ACCOUNT,
        device=DEVICE,
        wa_id=WaId("3AFF"),
        ref=None,
        fault=SendFault.RETRY,
        code="busy",
        retry_after_ms=0,
        max_tries=5,
        seed=1,
    )
    assert await storage.write(apply_given_up, [given]) == [None]
    with pytest.raises(Refusal) as resent:
        await storage.write(resend_message, ACCOUNT, [DEVICE], MessageId(1), 9)
    with pytest.raises(Refusal) as cancelled:
        await storage.write(cancel_message, ACCOUNT, [DEVICE], MessageId(1))

    assert (resent.value.code, cancelled.value.code) == (Code.MESSAGE_SENT, Code.MESSAGE_SENT)
    assert (await shown(storage, 1)).state is MessageState.SENT
    assert await open_ids(storage) == []


async def test_search_finds_it_and_no_count_has_it(storage: Storage) -> None:
    """What merpati was asked to send, and sent, is counted; this is not."""
    await storage.write(store_typed, [typed(1)])
    await storage.write(apply_receipts, [receipt(ReceiptKind.READ)])

    page = await storage.read(search_history, Search(account=ACCOUNT, words="warna biru", incoming=False))
    assert [(row.id, bool(row.typed), row.state) for row in page.rows] == [(1, True, MessageState.READ)]
    assert await storage.read(count_messages, [DEVICE]) == {}
    counts = (await storage.read(count_devices, ACCOUNT, [DEVICE], 0))[DEVICE]
    assert (counts.accepted, counts.sent, counts.failed) == (0, 0, 0)
    day = await storage.read(count_day, ACCOUNT, 0)
    assert (day.accepted, day.sent, day.delivered, day.read, day.incoming) == (0, 0, 0, 0, 0)


async def test_a_repeat_of_the_same_call_keeps_its_file(storage: Storage) -> None:
    """The lane runs a group again whose commit nobody heard of; another copy's file is not needed."""
    file = Media(
        id=MediaId(5), account=ACCOUNT, path="5.png", kind="image", mime="image/png", size_bytes=1, filename=""
    )
    other = msgspec.structs.replace(file, id=MediaId(6), path="6.png")
    for _ in range(2):
        assert await storage.write(store_typed, [typed(1, media=file)]) == [True]
    assert await storage.write(store_typed, [typed(2, media=other)]) == [False]


async def test_what_no_webhook_may_hear_has_no_text_in_the_log(storage: Storage) -> None:
    """As of incoming messages."""
    await storage.write(store_typed, [typed(1, is_told=False)])
    assert [entry.fact for entry in await facts(storage)] == [
        MessageTyped(DEVICE, MessageId(1), BUDI, WaId("3AFF"))
    ]
