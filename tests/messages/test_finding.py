"""Lists of messages with what keeps them back, one field to search with, counts; and why one waits."""

import msgspec
import pytest

from merpati.accounts.actions import create_account
from merpati.core.clock import HOUR_MS, SystemClock
from merpati.core.errors import Code
from merpati.core.ids import Address, BatchId, DeviceId, JobId, MessageId
from merpati.core.tokens import SealedToken
from merpati.devices.actions import NewDevice, add_device
from merpati.devices.connection import change_state
from merpati.devices.model import DeviceState
from merpati.devices.views import find_device
from merpati.messages.actions import accept_calls
from merpati.messages.finding import Counts, count_chips, list_messages, search_anything
from merpati.messages.handover import Outcome
from merpati.messages.history import Search, StepKind
from merpati.messages.model import Batch, BatchPlan, Draft, HoldReason, MessageState, Options, PartTarget
from merpati.messages.views import find_message, why_waiting
from merpati.messages.waiting import Wait, Waiting, what_can
from merpati.storage.port import Storage, Tx
from merpati.transports.port import Text
from tests.messages.outbox import (
    ACCOUNT,
    ALICE,
    BUDI,
    DEVICE,
    EPOCH,
    INC,
    a_call,
    a_draft,
    accept,
    an_end,
    finish,
    take,
)

NOW = SystemClock().now()
LATER = NOW + HOUR_MS
DOWN = DeviceId(8)


async def have_device(storage: Storage, id_: DeviceId, *states: DeviceState) -> None:
    new = NewDevice(
        id=id_, account=ACCOUNT, number=f"62810000000{id_}", name="Toko", transport="simulator", desired=True
    )
    device = await storage.write(add_device, new, SealedToken(f"hash {id_}", "sealed"))
    for state in states:
        await storage.write(change_state, device, state, "", SystemClock().now())


@pytest.fixture(autouse=True)
async def stored(storage: Storage) -> None:
    """One connected device, one that is not; a message in each kind of waiting."""
    await storage.write(create_account, ACCOUNT, "Toko", SealedToken("hash", "sealed"))
    await have_device(storage, DEVICE, DeviceState.CONNECTING, DeviceState.OPEN)
    await have_device(storage, DOWN)

    async def own(tx: Tx) -> None:
        await tx.run("UPDATE device_owner SET owner_inc = $1, epoch = $2 WHERE device_id = $3", INC, EPOCH, DEVICE)

    await storage.write(own)
    await accept(
        storage,
        made(1, name="Alice Putri", content=Text(body="Pesanan 2291 dikirim")),
        made(2, BUDI, name="Budi", hold=HoldReason.SCHEDULE, schedule_at=LATER, due_at=LATER),
        made(3, BUDI, name="Budi", hold=HoldReason.DELAY, gap_ms=5_000, due_at=LATER),
        made(4, device=DOWN, content=Text(body="menunggu Budi")),
    )


def made(id_: int, chat: Address = ALICE, **changes: object) -> Draft:
    return a_draft(id_, chat, **{"queued_at": NOW, "due_at": NOW, **changes})


async def waits(storage: Storage, **asked: object) -> dict[int, Waiting | None]:
    search = msgspec.convert({"account": ACCOUNT, **asked}, Search)
    return {row.id: waiting for row, waiting in await storage.read(list_messages, search)}


async def test_a_list_says_what_keeps_each_back(storage: Storage) -> None:
    """And until when, where that is known."""
    found = await waits(storage)
    assert (found[4], found[2], found[1]) == (Waiting(Wait.DEVICE), Waiting(Wait.SCHEDULE, LATER), None)
    delayed = found[3]
    assert delayed is not None
    assert (delayed.reason, (delayed.until_at or 0) >= LATER) == (Wait.DELAY, True)


@pytest.mark.parametrize(("asked", "ids"), [({"held": True}, [4, 3, 2]), ({"scheduled": True}, [2])])
async def test_what_is_held_can_be_asked_for(storage: Storage, asked: dict[str, object], ids: list[int]) -> None:
    """The same ones that the list says are kept back."""
    assert list(await waits(storage, **asked)) == ids


async def test_the_counts_are_those_of_the_lists(storage: Storage) -> None:
    """Whatever else is asked."""
    (taken,) = await take(storage)
    await finish(storage, an_end(taken, Outcome.FAILED, code=Code.RECIPIENT_NOT_ON_WHATSAPP))
    everything = Counts(
        all=4, held=3, scheduled=1, queued=3, sending=0, failed=1, cancelled=0, expired=0, uncertain=0
    )
    assert await storage.read(count_chips, Search(account=ACCOUNT)) == everything
    of_down = await storage.read(count_chips, Search(account=ACCOUNT, device=DOWN))
    assert (of_down.all, of_down.held, of_down.failed) == (1, 1, 0)
    assert (await storage.read(count_chips, Search(account=ACCOUNT, from_at=LATER))).all == 0


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("628111000002", [3, 2]),
        ("0811-1000-002", [3, 2]),
        ("+62 811", [4, 3, 2, 1]),
        ("2", [2]),
        ("2291", [1]),
        ("budi", [4, 3, 2]),
        ("alice", [1]),
        ("pesanan budi", []),
        ("999", []),
        ("\x7f", []),
    ],
)
async def test_one_field_finds_number_id_name_and_words(storage: Storage, text: str, ids: list[int]) -> None:
    """As people type them; what is a number of somebody is no word."""
    search = await storage.read(search_anything, Search(account=ACCOUNT), text)
    assert [row.id for row, _ in await storage.read(list_messages, search)] == ids


async def why(storage: Storage, id_: int) -> Waiting | None:
    async def read(tx: Tx) -> Waiting | None:
        message = await find_message(tx, MessageId(id_))
        assert message is not None
        return await why_waiting(tx, message)

    return await storage.read(read)


async def test_why_a_message_waits_is_told(storage: Storage) -> None:
    """Its time, its device, the device's pace, or its turn; nothing, once it has left."""
    assert [await why(storage, id_) for id_ in (1, 2, 4)] == [
        Waiting(Wait.TURN),
        Waiting(Wait.SCHEDULE, LATER),
        Waiting(Wait.DEVICE),
    ]
    (taken,) = await take(storage)
    assert await why(storage, 1) is None
    await finish(storage, an_end(taken, gap_ms=HOUR_MS))
    assert await why(storage, 1) is None
    await accept(storage, made(5))
    paced = await why(storage, 5)
    assert paced is not None
    assert (paced.reason, (paced.until_at or 0) > NOW) == (Wait.PACE, True)


async def test_a_delay_waits_for_the_hand_over_before(storage: Storage) -> None:
    """Though its own time has come."""
    await finish(storage, an_end((await take(storage))[0]))
    await accept(storage, made(6, BUDI, gap_ms=HOUR_MS))
    waiting = await why(storage, 6)
    assert waiting is not None
    assert waiting.reason is Wait.DELAY


async def test_a_device_that_is_gone_holds_its_messages(storage: Storage) -> None:
    """Its state decides, not that of the past."""
    device = await storage.read(find_device, DEVICE)
    assert device is not None
    await storage.write(change_state, device, DeviceState.RETRYING, "", SystemClock().now())
    assert (await waits(storage))[1] == Waiting(Wait.DEVICE)


async def test_a_message_that_its_batch_has_not_made_is_told(storage: Storage) -> None:
    """Its text, its time and what holds it: as it will be."""
    target = PartTarget(DEVICE, BUDI, LATER, None, made(1).wire_ref, ("Budi",))
    plan = BatchPlan(
        content=Text(body="Halo {name}"),
        options=Options(),
        media=None,
        schedule_at=LATER,
        sequence=None,
        hold=HoldReason.SCHEDULE,
    )
    batch = Batch(
        id=BatchId(50),
        account=ACCOUNT,
        request=a_call(made(1)).request.id,
        first=MessageId(100),
        plan=plan,
        parts=((target, target),),
        queued_at=NOW,
        job=JobId(1),
    )
    await storage.write(accept_calls, [a_call(made(99), drafts=(), batches=(batch,))])
    message = await storage.read(find_message, MessageId(101))
    assert message is not None
    assert (message.chat, message.name, message.content) == (BUDI, "Budi", Text(body="Halo Budi"))
    assert message.state is MessageState.QUEUED
    assert [step.kind for step in message.steps] == [StepKind.ACCEPTED, StepKind.HELD]
    assert (await storage.read(find_message, MessageId(102))) is None


@pytest.mark.parametrize(
    ("state", "waiting", "may"),
    [
        (MessageState.QUEUED, Waiting(Wait.SCHEDULE, LATER), {"cancel", "reschedule", "send_now"}),
        (MessageState.QUEUED, Waiting(Wait.DEVICE), {"cancel", "reschedule"}),
        (MessageState.SENDING, None, set()),
        (MessageState.SENT, None, set()),
        (MessageState.READ, None, set()),
        (MessageState.FAILED, None, {"resend"}),
        (MessageState.UNCERTAIN, None, {"resend"}),
        (MessageState.CANCELLED, None, {"resend"}),
        (MessageState.EXPIRED, None, {"resend"}),
        (MessageState.RECEIVED, None, set()),
    ],
)
def test_what_may_be_done_follows_from_the_state(
    state: MessageState, waiting: Waiting | None, may: set[str]
) -> None:
    """No button that would be refused."""
    assert {name for name, able in msgspec.structs.asdict(what_can(state, waiting)).items() if able} == may
