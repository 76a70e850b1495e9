"""A network that has ids of its own says by itself what it took and what it gave up: uncertain messages settle."""

import itertools

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from merpati.core.errors import Code
from merpati.core.ids import Address, MessageId, WaId, WireRef
from merpati.messages.changes import resend_message
from merpati.messages.handover import Outcome
from merpati.messages.model import MessageState, Taken
from merpati.messages.receipts import Receipted, apply_receipts
from merpati.messages.undelivered import GivenUp, apply_given_up
from merpati.messages.views import message_status
from merpati.storage.port import Storage, Tx
from merpati.transports.port import ReceiptKind, SendFault
from tests.messages.outbox import (
    ACCOUNT,
    DEVICE,
    a_draft,
    accept,
    an_end,
    finish,
    kinds,
    open_ids,
    own_device,
    take,
)

WAMID = WaId("wamid.HBgNNjI4MTEx")


@pytest.fixture(autouse=True)
async def owned(storage: Storage) -> None:
    await storage.write(own_device)


def says(taken: Taken, kind: ReceiptKind, wa_id: WaId = WAMID) -> Receipted:
    return Receipted(account=ACCOUNT, device=DEVICE, ids=(wa_id,), kind=kind, at=5_000, ref=taken.wire_ref)


def gives_up(ref: WireRef, fault: SendFault = SendFault.RECIPIENT, **changes: object) -> GivenUp:
    given = GivenUp(
        account=ACCOUNT,
        device=DEVICE,
        wa_id=WAMID,
        ref=ref,
        fault=fault,
        code=Code.RECIPIENT_UNREACHABLE,
        retry_after_ms=0,
        max_tries=3,
        seed=1,
    )
    return msgspec.structs.replace(given, **changes)


async def hand_over(storage: Storage, outcome: Outcome | None = Outcome.SENT, wa_id: WaId = WAMID) -> Taken:
    """One message, taken; `outcome` None: its end is not stored."""
    await accept(storage, a_draft(1))
    (taken,) = await take(storage)
    if outcome is not None:
        end = an_end(taken, outcome)
        await finish(storage, msgspec.structs.replace(end, wa_id=wa_id if outcome is Outcome.SENT else None))
    return taken


async def receipts(storage: Storage, *given: Receipted) -> None:
    await storage.write(apply_receipts, list(given))


async def give_up(storage: Storage, *given: GivenUp) -> list[int | None]:
    return await storage.write(apply_given_up, list(given))


async def state_of(storage: Storage, id_: int = 1) -> tuple[MessageState, str]:
    status = await storage.read(message_status, (DEVICE,), MessageId(id_))
    assert status is not None
    return status.state, status.code


@pytest.mark.parametrize(
    ("kind", "state", "last"),
    [
        (ReceiptKind.TAKEN, MessageState.SENT, ["MessageSent"]),
        (ReceiptKind.DELIVERED, MessageState.DELIVERED, ["MessageSent", "MessageDelivered"]),
        (ReceiptKind.READ, MessageState.READ, ["MessageSent", "MessageRead"]),
    ],
)
async def test_an_echo_of_our_reference_settles_an_uncertain_message(
    storage: Storage, kind: ReceiptKind, state: MessageState, last: list[str]
) -> None:
    """Whichever comes first; again it changes nothing."""
    taken = await hand_over(storage, Outcome.UNKNOWN)
    assert await state_of(storage) == (MessageState.UNCERTAIN, "")
    for _ in range(2):
        await receipts(storage, says(taken, kind))

    assert await state_of(storage) == (state, "")
    assert await kinds(storage) == ["MessageQueued", "MessageUncertain", *last]


async def test_an_echo_before_the_answer_settles_the_message(storage: Storage) -> None:
    """The answer that comes after it adds nothing."""
    taken = await hand_over(storage, None)
    await receipts(storage, says(taken, ReceiptKind.TAKEN))
    assert await open_ids(storage) == []
    assert await finish(storage, msgspec.structs.replace(an_end(taken), wa_id=WAMID)) == [False]
    assert await state_of(storage) == (MessageState.SENT, "")
    assert await kinds(storage) == ["MessageQueued", "MessageSent"]


async def test_an_echo_does_not_lower_read(storage: Storage) -> None:
    """`sent` often comes last."""
    taken = await hand_over(storage)
    await receipts(storage, says(taken, ReceiptKind.READ))
    await receipts(storage, says(taken, ReceiptKind.TAKEN))
    assert await state_of(storage) == (MessageState.READ, "")


async def test_what_the_network_gives_up_fails_with_its_reason(storage: Storage) -> None:
    """It was called sent until then; told twice it fails once, and a late `sent` does not raise it."""
    taken = await hand_over(storage)
    for _ in range(2):
        assert await give_up(storage, gives_up(taken.wire_ref)) == [None]
    await receipts(storage, says(taken, ReceiptKind.TAKEN))
    assert await state_of(storage) == (MessageState.FAILED, Code.RECIPIENT_UNREACHABLE)
    assert await kinds(storage) == ["MessageQueued", "MessageSent", "MessageFailed"]


async def test_an_uncertain_message_that_the_network_gives_up_has_failed(storage: Storage) -> None:
    """Nobody got it, so a person may send it again without a doubt."""
    taken = await hand_over(storage, Outcome.UNKNOWN)
    await give_up(storage, gives_up(taken.wire_ref))
    assert await state_of(storage) == (MessageState.FAILED, Code.RECIPIENT_UNREACHABLE)


@pytest.mark.parametrize("fault", [SendFault.RECIPIENT, SendFault.RETRY])
async def test_what_is_given_up_before_the_answer_stays_failed(storage: Storage, fault: SendFault) -> None:
    """The answer only says that it was accepted, which we know."""
    taken = await hand_over(storage, None)
    assert await give_up(storage, gives_up(taken.wire_ref, fault)) == [None]
    assert await open_ids(storage) == []
    await finish(storage, msgspec.structs.replace(an_end(taken), wa_id=WAMID))
    assert (await state_of(storage))[0] is MessageState.FAILED


async def test_what_somebody_got_is_not_given_up(storage: Storage) -> None:
    """The two cannot both be true; the receipt is a proof."""
    taken = await hand_over(storage)
    await receipts(storage, says(taken, ReceiptKind.DELIVERED))
    await give_up(storage, gives_up(taken.wire_ref))
    assert await state_of(storage) == (MessageState.DELIVERED, "")


async def test_what_may_be_tried_again_is_queued_until_the_tries_are_used_up(storage: Storage) -> None:
    """At its old place, with its reason, and told once; the third time it fails."""
    taken = await hand_over(storage)
    for attempt in (2, 3):
        wamid = WaId(f"{WAMID}{attempt}")
        old = WAMID if attempt == 2 else WaId(f"{WAMID}{attempt - 1}")
        (due,) = await give_up(storage, gives_up(taken.wire_ref, SendFault.RATE, wa_id=old, retry_after_ms=6_000))
        assert due is not None
        assert await open_ids(storage) == [1]
        assert (await state_of(storage))[0] is MessageState.QUEUED
        assert await give_up(storage, gives_up(taken.wire_ref, SendFault.RATE, wa_id=old)) == [None]
        taken = await take_later(storage)
        assert taken.attempt == attempt
        await finish(
            storage, msgspec.structs.replace(an_end(taken, handed_at=taken.handed_at + attempt), wa_id=wamid)
        )
    assert await give_up(storage, gives_up(taken.wire_ref, SendFault.RATE, wa_id=WaId(f"{WAMID}3"))) == [None]
    assert (await state_of(storage))[0] is MessageState.FAILED


async def take_later(storage: Storage) -> Taken:
    """The head, though it is not due yet."""

    async def now_due(tx: Tx) -> None:
        await tx.run("UPDATE outbox SET due_at = 1000")

    await storage.write(now_due)
    (taken,) = await take(storage)
    return taken


async def test_a_late_word_of_an_earlier_hand_over_says_nothing_of_the_new_one(storage: Storage) -> None:
    """Sent again by a person, the message has its old id until the new one is known."""
    taken = await hand_over(storage)
    await give_up(storage, gives_up(taken.wire_ref))
    await storage.write(resend_message, ACCOUNT, (DEVICE,), MessageId(1), 50)
    await receipts(storage, says(taken, ReceiptKind.TAKEN))
    assert await open_ids(storage) == [1]
    await take_later(storage)
    await receipts(storage, says(taken, ReceiptKind.DELIVERED))
    await give_up(storage, gives_up(taken.wire_ref))
    assert (await state_of(storage))[0] is MessageState.SENDING
    assert await open_ids(storage) == [1]

    await receipts(storage, says(taken, ReceiptKind.TAKEN, WaId("wamid.NEW")))
    assert await state_of(storage) == (MessageState.SENT, "")


NEWS = st.lists(st.sampled_from(["answer", "taken", "delivered", "read", "failed"]), min_size=1, max_size=8)


IDS = itertools.count(100)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(news=NEWS)
async def test_whatever_the_order_somebody_who_got_it_is_never_taken_back(
    storage: Storage, news: list[str]
) -> None:
    """Delivered and read are proofs, whatever is said after them; nothing stays in the outbox or is told twice."""
    id_ = next(IDS)
    await accept(storage, a_draft(id_, chat=Address(f"62811{id_}")))
    (taken,) = await take(storage)
    wamid, before = WaId(f"wamid.{id_}"), len(await kinds(storage))
    for each in news:
        match each:
            case "answer":
                await finish(storage, an_end(taken, wa_id=wamid))
            case "failed":
                await give_up(storage, gives_up(taken.wire_ref, wa_id=wamid))
            case kind:
                await receipts(storage, says(taken, ReceiptKind(kind), wamid))
    state, _ = await state_of(storage, id_)
    told = (await kinds(storage))[before:]
    first = next((each for each in news if each in {"delivered", "read", "failed"}), None)

    assert id_ not in await open_ids(storage)
    assert len(told) == len(set(told))
    assert (state is MessageState.FAILED) == (first == "failed")
    assert (state in {MessageState.DELIVERED, MessageState.READ}) == (first in {"delivered", "read"})


async def test_what_an_earlier_hand_over_came_to_is_nothing_to_the_next_one(storage: Storage) -> None:
    """Given up twice, it waits for its third: the network repeats what it said of the first, and that is all."""
    first = await hand_over(storage)
    await give_up(storage, gives_up(first.wire_ref, SendFault.RETRY))
    again = WaId("wamid.second")
    await hand_over_again(storage, again)
    await give_up(storage, gives_up(first.wire_ref, SendFault.RETRY, wa_id=again))
    assert await state_of(storage) == (MessageState.QUEUED, "")

    await receipts(storage, says(first, ReceiptKind.TAKEN))
    assert await state_of(storage) == (MessageState.QUEUED, "")
    await give_up(storage, gives_up(first.wire_ref, SendFault.RETRY))
    assert await state_of(storage) == (MessageState.QUEUED, "")
    assert await open_ids(storage) == [1]


async def hand_over_again(storage: Storage, wa_id: WaId) -> None:
    taken = await take_later(storage)
    await finish(storage, an_end(taken, handed_at=taken.handed_at + taken.attempt, wa_id=wa_id))


@pytest.mark.parametrize("ends", list(Outcome))
async def test_what_is_told_again_of_a_hand_over_that_was_given_up_does_not_end_the_one_under_way(
    storage: Storage, ends: Outcome
) -> None:
    """The network repeats for days that it took the first, and gave it up: the third has an end of its own."""
    first = await hand_over(storage)
    await give_up(storage, gives_up(first.wire_ref, SendFault.RETRY))
    await hand_over_again(storage, WaId("wamid.second"))
    await give_up(storage, gives_up(first.wire_ref, SendFault.RETRY, wa_id=WaId("wamid.second")))
    third = await take_later(storage)
    third = msgspec.structs.replace(third, handed_at=first.handed_at + 3)
    await storage.write(hand_over_at, third.handed_at)

    again = msgspec.structs.replace(says(first, ReceiptKind.TAKEN), handed_at=first.handed_at)
    await receipts(storage, again)
    await give_up(storage, gives_up(first.wire_ref, SendFault.RETRY, handed_at=first.handed_at))
    assert (await state_of(storage))[0] is MessageState.SENDING

    await finish(storage, msgspec.structs.replace(an_end(third, ends), wa_id=WaId("wamid.third")))
    assert (await state_of(storage))[0] is {
        Outcome.SENT: MessageState.SENT,
        Outcome.RETRY: MessageState.QUEUED,
        Outcome.FAILED: MessageState.FAILED,
        Outcome.UNKNOWN: MessageState.UNCERTAIN,
    }[ends]


async def hand_over_at(tx: Tx, at: int) -> None:
    """The clock of tests stands still: hand-overs differ by their times."""
    await tx.run("UPDATE outbox SET handed_at = $1", at)


async def test_that_somebody_got_an_earlier_hand_over_is_a_proof_all_the_same(storage: Storage) -> None:
    """Of one whose answer was lost, while it is handed over again."""
    taken = await hand_over(storage, None)
    await storage.write(hand_over_at, taken.handed_at + 3)
    got = msgspec.structs.replace(says(taken, ReceiptKind.DELIVERED), handed_at=taken.handed_at)
    await receipts(storage, got)
    assert await state_of(storage) == (MessageState.DELIVERED, "")


async def test_what_was_given_up_before_says_nothing_of_what_is_uncertain_now(storage: Storage) -> None:
    """Sent again without an answer, it may have arrived."""
    taken = await hand_over(storage, Outcome.UNKNOWN)
    await give_up(storage, gives_up(taken.wire_ref, handed_at=taken.handed_at - 1))
    assert (await state_of(storage))[0] is MessageState.UNCERTAIN
    await give_up(storage, gives_up(taken.wire_ref, handed_at=taken.handed_at))
    assert (await state_of(storage))[0] is MessageState.FAILED


async def test_trouble_with_the_account_does_not_send_a_message_for_ever(storage: Storage) -> None:
    """Each time the network takes it, and says later that the bill is not paid: it had its tries."""
    taken = await hand_over(storage)

    def unpaid(wa_id: WaId) -> GivenUp:
        return gives_up(taken.wire_ref, wa_id=wa_id, fault=SendFault.AUTH, code=Code.META_PAYMENT_MISSING)

    for n in range(2):
        (due,) = await give_up(storage, unpaid(WaId(f"w{n}") if n else WAMID))
        assert due is not None
        await hand_over_again(storage, WaId(f"w{n + 1}"))
    assert await give_up(storage, unpaid(WaId("w2"))) == [None]
    assert await state_of(storage) == (MessageState.FAILED, Code.META_PAYMENT_MISSING)
