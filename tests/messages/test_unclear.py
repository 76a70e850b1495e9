"""A hand-over whose answer was lost: settled by the network's own word, held for a person, or sent again if wanted.

A message that was posted, and its process killed before the answer was stored, is `sent` through the echo; where
the echo is withheld, the device's setting decides, and without it nothing is ever sent twice.
"""

import itertools
from enum import Enum

import pytest

from merpati.core.errors import Code
from merpati.core.ids import Epoch, MessageId, WaId
from merpati.devices.actions import update_device
from merpati.devices.model import Settings
from merpati.messages.changes import recover_device, resend_message
from merpati.messages.handover import Outcome
from merpati.messages.history import StepKind
from merpati.messages.model import MessageState, Taken
from merpati.messages.receipts import Receipted, apply_receipts
from merpati.messages.unclear import ECHO_MS, has_unclear, resend_unclear
from merpati.messages.views import message_status, show_message
from merpati.storage.port import Storage, Tx
from merpati.transports.port import ReceiptKind
from tests.devices.rig import device_now, have_account, have_device
from tests.messages.outbox import (
    ACCOUNT,
    DEVICE,
    EPOCH,
    a_draft,
    accept,
    an_end,
    finish,
    kinds,
    open_ids,
    own_device,
    take,
)

FIRST, SECOND = WaId("wamid.1"), WaId("wamid.2")
TRIES = 3


class Lost(Enum):
    """Where the answer was lost."""

    ANSWER = "on the way"
    PROCESS = "with the process that waited for it"


@pytest.fixture(autouse=True)
async def owned(storage: Storage) -> None:
    await have_account(storage)
    await have_device(storage, int(DEVICE))
    await storage.write(own_device)


async def set_to_resend(storage: Storage, on: bool = True) -> None:
    device = await device_now(storage, int(DEVICE))
    await storage.write(update_device, DEVICE, device.number, device.name, Settings(resend_unclear=on))


async def lose(storage: Storage, taken: Taken, how: Lost) -> None:
    """The message was posted; nobody stores what came of it."""
    if how is Lost.ANSWER:
        await finish(storage, an_end(taken, Outcome.UNKNOWN, code=Code.OUTCOME_UNKNOWN))
    else:
        await storage.write(recover_device, DEVICE, Epoch(EPOCH + 1), False, 9_000)


async def echo(storage: Storage, taken: Taken, wa_id: WaId = FIRST, kind: ReceiptKind = ReceiptKind.TAKEN) -> None:
    """The network tells of it, with our reference."""
    said = Receipted(account=ACCOUNT, device=DEVICE, ids=(wa_id,), kind=kind, at=5_000, ref=taken.wire_ref)
    await storage.write(apply_receipts, [said])


async def pass_time(storage: Storage) -> None:
    """As long as an echo is waited for."""

    async def move(tx: Tx) -> None:
        await tx.run("UPDATE hold SET until_at = until_at - $1 WHERE reason = 'unclear'", ECHO_MS)

    await storage.write(move)


async def look(storage: Storage) -> bool:
    """What a node looks for every few seconds."""
    found = await storage.read(has_unclear, [DEVICE])
    assert (await storage.write(resend_unclear, [(ACCOUNT, DEVICE)], TRIES) == [DEVICE]) is found
    return found


async def state_of(storage: Storage) -> MessageState:
    status = await storage.read(message_status, (DEVICE,), MessageId(1))
    assert status is not None
    return status.state


async def hand_over(storage: Storage, how: Lost) -> Taken:
    await accept(storage, a_draft(1))
    (taken,) = await take(storage)
    await lose(storage, taken, how)
    assert await state_of(storage) is MessageState.UNCERTAIN
    return taken


@pytest.mark.parametrize(("how", "resends"), list(itertools.product(Lost, (False, True))))
async def test_an_echo_in_time_settles_it_and_nothing_is_sent_again(
    storage: Storage, how: Lost, resends: bool
) -> None:
    """Whatever the setting, and however long one looks."""
    await set_to_resend(storage, resends)
    taken = await hand_over(storage, how)
    assert not await look(storage)
    await echo(storage, taken)
    await pass_time(storage)
    assert not await look(storage)
    assert await state_of(storage) is MessageState.SENT
    assert await open_ids(storage) == []


@pytest.mark.parametrize("how", Lost)
async def test_without_an_echo_it_is_held_for_a_person(storage: Storage, how: Lost) -> None:
    """Never sent twice by itself; a person may, and an echo still settles it."""
    taken = await hand_over(storage, how)
    await pass_time(storage)
    assert not await look(storage)
    assert await state_of(storage) is MessageState.UNCERTAIN
    assert await take(storage) == []
    await echo(storage, taken, kind=ReceiptKind.DELIVERED)
    assert await state_of(storage) is MessageState.DELIVERED


@pytest.mark.parametrize("how", Lost)
async def test_a_device_that_is_set_to_sends_it_again_after_a_while(storage: Storage, how: Lost) -> None:
    """With the same reference, and its history says why; webhooks hear that it is tried again."""
    await set_to_resend(storage)
    taken = await hand_over(storage, how)
    assert not await look(storage)
    await pass_time(storage)
    assert await look(storage)
    assert not await look(storage)

    await storage.write(own_device, DEVICE)
    (again,) = await take(storage)
    assert (again.id, again.wire_ref, again.attempt) == (taken.id, taken.wire_ref, 2)
    await finish(storage, an_end(again, at=again.handed_at + 1, wa_id=SECOND))

    shown = await storage.read(show_message, MessageId(1))
    assert shown is not None
    assert (shown.state, shown.wa_id) == (MessageState.SENT, SECOND)
    held = [step for step in shown.steps if step.kind is StepKind.HELD]
    assert [step.detail for step in held] == ["unclear"]
    assert sum(step.kind is StepKind.HANDED_OVER for step in shown.steps) == 2
    told = [kind for kind in await kinds(storage) if kind.startswith("Message")]
    assert told == ["MessageQueued", "MessageUncertain", "MessageRetried", "MessageSent"]


async def test_an_echo_that_comes_while_it_waits_to_be_sent_again_stops_it(storage: Storage) -> None:
    """It did arrive; and one that comes after it was sent again says nothing new."""
    await set_to_resend(storage)
    taken = await hand_over(storage, Lost.ANSWER)
    await pass_time(storage)
    assert await look(storage)
    await echo(storage, taken)
    assert await state_of(storage) is MessageState.SENT
    assert await take(storage) == []


async def test_an_echo_of_the_first_after_the_second_changes_nothing(storage: Storage) -> None:
    """The message is the second one now."""
    await set_to_resend(storage)
    taken = await hand_over(storage, Lost.ANSWER)
    await pass_time(storage)
    await look(storage)
    (again,) = await take(storage)
    await finish(storage, an_end(again, at=again.handed_at + 1, wa_id=SECOND))
    await echo(storage, taken, FIRST, ReceiptKind.READ)
    assert await state_of(storage) is MessageState.SENT


async def test_it_is_sent_no_more_often_than_anything_else(storage: Storage) -> None:
    """Then it is held for a person; who sends it again begins anew."""
    await set_to_resend(storage)
    await accept(storage, a_draft(1))
    for attempt in range(1, TRIES + 1):
        (taken,) = await take(storage)
        assert taken.attempt == attempt
        await finish(storage, an_end(taken, Outcome.UNKNOWN, at=10_000 * attempt, code=Code.OUTCOME_UNKNOWN))
        await pass_time(storage)
        if attempt < TRIES:
            assert await storage.write(resend_unclear, [(ACCOUNT, DEVICE)], TRIES) == [DEVICE]
    assert await storage.write(resend_unclear, [(ACCOUNT, DEVICE)], TRIES) == []
    assert await state_of(storage) is MessageState.UNCERTAIN
    await storage.write(resend_message, ACCOUNT, [DEVICE], MessageId(1), 2)
    assert len(await take(storage)) == 1


async def test_what_was_unclear_before_the_setting_is_left_to_a_person(storage: Storage) -> None:
    """Nobody who turns it on wants last week's messages to go out."""
    await hand_over(storage, Lost.ANSWER)
    await set_to_resend(storage)
    await pass_time(storage)
    assert not await look(storage)
