"""From acceptance to the phone and back, through every part, on both engines."""

import itertools

from merpati.core.clock import HOUR_MS
from merpati.core.errors import Code
from merpati.core.ids import Address
from merpati.log.store import facts_after
from merpati.messages.changes import cancel_message
from merpati.messages.history import Search
from merpati.messages.model import DelayRange, MessageState
from merpati.messages.views import search_history, show_message
from merpati.storage.port import Row, Tx
from merpati.transports.port import Location, Poll
from tests.flows.stage import ACCOUNT, DEVICE, NUMBER, Stage

BUDI, SITI = "6281234567890", "6281234567891"
DONE = (MessageState.READ,)


async def test_a_message_is_sent_delivered_and_read(stage: Stage) -> None:
    """Its facts are in the log in that order, and the person got the text with the variables filled."""
    (message,) = await stage.send(BUDI)
    await stage.until_state([message], *DONE)
    facts = await stage.storage.read(facts_after, ACCOUNT, 0, 1_000)
    (hand_off,) = stage.hand_offs()

    assert [type(e.fact).__name__ for e in facts if getattr(e.fact, "message", 0) == message] == [
        "MessageQueued",
        "MessageSent",
        "MessageDelivered",
        "MessageRead",
    ]
    assert hand_off.content.body == f"halo Nama {BUDI}"  # type: ignore[union-attr]  # it is a text


async def test_without_a_fault_every_message_is_handed_over_exactly_once(stage: Stage) -> None:
    """Many at once, to many and to the same: each once, in order for each recipient."""
    numbers = [f"62812000{n % 7:04}" for n in range(100)]
    messages = [(await stage.send(number, content=f"nomor {n}"))[0] for n, number in enumerate(numbers)]
    await stage.until_state(messages, *DONE)
    refs = [hand_off.ref for hand_off in stage.hand_offs()]
    texts: dict[Address, list[int]] = {}
    for hand_off in stage.hand_offs():
        texts.setdefault(hand_off.chat, []).append(int(hand_off.content.body.split()[1]))  # type: ignore[union-attr]

    assert len(refs) == len(set(refs)) == 100
    assert all(order == sorted(order) for order in texts.values())


async def test_every_kind_of_content_reaches_the_phone_as_it_was_sent(stage: Stage) -> None:
    """A location and a poll are not turned into text."""
    location = Location(latitude=-7.983908, longitude=112.621391)
    poll = Poll(question="Ukuran?", choices=("S", "M", "L"), name="ukuran")
    messages = [*(await stage.send(BUDI, content=location)), *(await stage.send(SITI, content=poll))]
    await stage.until_state(messages, *DONE)

    assert {type(h.content): h.content for h in stage.hand_offs()} == {Location: location, Poll: poll}


async def test_a_large_call_is_made_and_sent_whole(stage: Stage) -> None:
    """More than 200 targets: a batch, made by a job; every id is a message that arrives."""
    messages = await stage.send(*(f"62813{n:07}" for n in range(450)))
    await stage.until_state(messages, *DONE)

    assert len({hand_off.ref for hand_off in stage.hand_offs()}) == 450


async def test_targets_are_handed_over_no_closer_than_the_delay(stage: Stage) -> None:
    """The first waits too; each gap is at least the shortest that may be drawn."""
    before = stage.gateway.clock.now()
    messages = await stage.send(BUDI, SITI, "6281234567892", delay=DelayRange(150, 200))
    await stage.until_state(messages, *DONE)
    times = [before, *(hand_off.t for hand_off in stage.hand_offs())]

    assert all(later - earlier >= 150 for earlier, later in itertools.pairwise(times))


async def test_a_scheduled_message_goes_at_its_time_and_a_cancelled_one_never(stage: Stage) -> None:
    """Both wait in the outbox; one leaves by its time, one by hand."""
    now = stage.gateway.clock.now()
    (dropped,) = await stage.send(SITI, schedule_at=now + HOUR_MS)
    await stage.storage.write(cancel_message, ACCOUNT, (DEVICE,), dropped)
    soon = stage.gateway.clock.now() + 400
    (kept,) = await stage.send(BUDI, schedule_at=soon)
    await stage.until_state([kept], *DONE)
    (hand_off,) = stage.hand_offs()

    assert hand_off.chat == BUDI and hand_off.t >= soon
    assert await stage.state(dropped) is MessageState.CANCELLED

    async def rows(tx: Tx) -> list[Row]:
        return await tx.all("SELECT message_id FROM outbox")

    assert await stage.storage.read(rows) == []


async def test_a_number_that_is_not_on_whatsapp_fails_with_the_reason(stage: Stage) -> None:
    """Nothing fails silently."""
    await stage.phone.add(Address(BUDI), "Budi", registered=False)
    (message,) = await stage.send(BUDI)
    await stage.until_state([message], MessageState.FAILED)
    view = await stage.storage.read(show_message, message)

    assert view is not None and view.code == Code.RECIPIENT_NOT_ON_WHATSAPP


async def test_a_message_to_someone_offline_is_sent_and_delivered_when_they_are_back(stage: Stage) -> None:
    """WhatsApp keeps it; the receipt comes later."""
    await stage.phone.add(Address(BUDI), "Budi", online=False)
    (message,) = await stage.send(BUDI)
    await stage.until_state([message], MessageState.SENT)
    await stage.phone.online(Address(BUDI))

    await stage.until_state([message], *DONE)


async def test_what_somebody_writes_is_stored_once(stage: Stage) -> None:
    """It is in the history as an incoming message."""
    await stage.phone.add(Address(BUDI), "Budi")
    await stage.phone.say(Address(BUDI), NUMBER, "apakah masih ada?")

    async def stored() -> bool:
        page = await stage.storage.read(search_history, Search(account=ACCOUNT, incoming=True))
        return [(row.text, row.name) for row in page.rows] == [("apakah masih ada?", "Budi")]

    await stage.until(stored)
