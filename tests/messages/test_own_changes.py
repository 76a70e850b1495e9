"""Edits and deletions of what a device sent: messages of their own, applied when WhatsApp has them."""

import pytest

from merpati.core.errors import Code, Refusal
from merpati.core.facts import MessageEdited
from merpati.core.ids import Address, DeviceId, Epoch, MessageId, WaId, WireRef
from merpati.messages.authored import changes_of
from merpati.messages.changes import recover_device
from merpati.messages.handover import Outcome
from merpati.messages.model import Draft, MessageState
from merpati.messages.own_changes import NEITHER, change_own, may_of
from merpati.messages.receipts import Receipted, apply_receipts
from merpati.messages.views import MessageView, message_status, show_message
from merpati.storage.port import Storage, Tx
from merpati.transports.cards import Edit, Revoke
from merpati.transports.port import Capabilities, Content, Location, ReceiptKind, Text
from tests.messages.outbox import (
    ACCOUNT,
    ALICE,
    DEVICE,
    EPOCH,
    a_draft,
    accept,
    an_end,
    facts,
    finish,
    open_ids,
    own_device,
    take,
)  # fmt: skip

CAPS = Capabilities(in_flight=1, takes_ref=False, edit_ms=900_000, revoke_ms=9_000_000)
NEVER = Capabilities(in_flight=1, takes_ref=False)


@pytest.fixture(autouse=True)
async def owned(storage: Storage) -> None:
    await storage.write(own_device)


async def now_of(storage: Storage) -> int:
    async def now(tx: Tx) -> int:
        return int(tx.now)

    return await storage.write(now)


async def sent(storage: Storage, *, ago_ms: int = 0, content: Content | None = None) -> None:
    """A message with the id 1 that WhatsApp has since then."""
    await accept(storage, a_draft(1, content=content or Text(body="Halo nomor 1")))
    (taken,) = await take(storage)
    await finish(storage, an_end(taken, at=await now_of(storage) - ago_ms))


def an_edit(id_: int = 2, text: str = "benar", **changes: object) -> Draft:
    return a_draft(id_, Address(""), content=Edit(text=text), **changes)


def a_deletion(id_: int = 2) -> Draft:
    return a_draft(id_, Address(""), content=Revoke())


async def change(storage: Storage, draft: Draft, caps: Capabilities = CAPS) -> None:
    await storage.write(change_own, draft, MessageId(1), caps)


async def refused(storage: Storage, draft: Draft, caps: Capabilities = CAPS) -> Code:
    with pytest.raises(Refusal) as refusal:
        await change(storage, draft, caps)
    return refusal.value.code


async def shown(storage: Storage, id_: int = 1) -> MessageView:
    message = await storage.read(show_message, MessageId(id_))
    assert message is not None
    return message


async def state_of(storage: Storage, id_: int) -> MessageState:
    status = await storage.read(message_status, (DEVICE,), MessageId(id_))
    assert status is not None
    return status.state


async def test_an_edit_is_handed_over_and_then_the_message_says_it(storage: Storage) -> None:
    """Not before; to its chat, about it by WhatsApp's id, with the time until which it is taken. Again is once."""
    await sent(storage)
    for _ in range(2):
        await change(storage, an_edit())
    (taken,) = await take(storage)
    assert isinstance(taken.content, Edit)
    about = (await shown(storage)).wa_id
    assert (taken.chat, taken.content.text, taken.content.about) == (ALICE, "benar", about)
    assert taken.content.until > await now_of(storage)
    assert (await shown(storage)).content == Text(body="Halo nomor 1")

    for _ in range(2):
        await finish(storage, an_end(taken, is_change=True))

    assert (await shown(storage)).content == Text(body="benar")
    assert await storage.read(may_of, MessageId(2), CAPS, 0) == NEITHER
    assert [each.before for each in await storage.read(changes_of, MessageId(1))] == [Text(body="Halo nomor 1")]
    told = [entry.fact for entry in await facts(storage) if isinstance(entry.fact, MessageEdited)]
    assert told == [MessageEdited(DEVICE, MessageId(1), ALICE, Address(""), WaId("own:2"))]


async def test_a_deletion_marks_the_message(storage: Storage) -> None:
    """Its content is kept; then nothing more can be made of it."""
    await sent(storage)
    await change(storage, a_deletion())
    (taken,) = await take(storage)
    await finish(storage, an_end(taken, is_change=True))

    message = await shown(storage)
    assert message.content == Text(body="Halo nomor 1") and message.changes
    assert await refused(storage, an_edit(3)) is Code.CHANGE_IMPOSSIBLE


async def test_a_receipt_instead_of_the_answer_applies_it_too(storage: Storage) -> None:
    """The library may bring it through by itself after a cut."""
    await sent(storage)
    await change(storage, an_edit())
    (taken,) = await take(storage)
    late = Receipted(
        account=ACCOUNT,
        device=DEVICE,
        ids=(WaId("L"),),
        kind=ReceiptKind.TAKEN,
        at=9_000,
        ref=WireRef(taken.wire_ref),
    )
    for _ in range(2):
        await storage.write(apply_receipts, [late])
    assert (await shown(storage)).content == Text(body="benar")
    assert await open_ids(storage) == []


async def test_one_that_was_lost_in_a_crash_is_handed_over_again(storage: Storage) -> None:
    """Twice is once for WhatsApp; any other message is uncertain then."""
    await sent(storage)
    await change(storage, an_edit())
    await accept(storage, a_draft(5, Address("628111000005")))
    assert len(await take(storage, 2)) == 2

    await storage.write(recover_device, DEVICE, Epoch(EPOCH + 1), False, 9_000)

    assert await state_of(storage, 2) is MessageState.QUEUED
    assert await state_of(storage, 5) is MessageState.UNCERTAIN


async def test_what_cannot_be_changed_is_refused_with_the_reason(storage: Storage) -> None:
    """Too late, not sent yet, of another device, of no words, or where WhatsApp has no way to."""
    await sent(storage, ago_ms=900_000)
    assert await refused(storage, an_edit()) is Code.CHANGE_TOO_LATE
    assert await refused(storage, an_edit(), NEVER) is Code.CHANGE_UNSUPPORTED
    assert await refused(storage, an_edit(device=DeviceId(8))) is Code.MESSAGE_UNKNOWN
    await accept(storage, a_draft(4))
    with pytest.raises(Refusal, match="change_impossible"):
        await storage.write(change_own, a_deletion(5), MessageId(4), CAPS)
    await change(storage, a_deletion(6))


async def test_a_place_can_be_deleted_and_not_edited(storage: Storage) -> None:
    """It has no words."""
    await sent(storage, content=Location(latitude=1, longitude=2))
    assert await refused(storage, an_edit()) is Code.CHANGE_IMPOSSIBLE
    now = await now_of(storage)
    may = await storage.read(may_of, MessageId(1), CAPS, now)
    assert may.edit_until == 0 and now < may.revoke_until <= now + CAPS.revoke_ms
    assert await storage.read(may_of, MessageId(1), NEVER, now) == NEITHER


async def test_one_that_whatsapp_refuses_changes_nothing(storage: Storage) -> None:
    """The edit itself has failed, with its reason."""
    await sent(storage)
    await change(storage, an_edit())
    (taken,) = await take(storage)
    await finish(storage, an_end(taken, Outcome.FAILED, code=Code.CONTENT_REFUSED, is_change=True))
    assert (await shown(storage)).content == Text(body="Halo nomor 1")
    assert await state_of(storage, 2) is MessageState.FAILED
