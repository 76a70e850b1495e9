"""First messages to people who do not know a device: some a day, the others wait and say until when."""

import msgspec
import pytest

from merpati.core.clock import DAY_MS, HOUR_MS
from merpati.devices.model import Caution, Settings
from merpati.messages.caution import CautionNow, end_pause
from merpati.messages.changes import Reschedule, cancel_message, reschedule_message
from merpati.messages.first_contact import begin_number, know_people
from merpati.messages.model import DelayRange, Priority
from merpati.messages.waiting import Wait
from merpati.messages.warm_up import PAUSES_MS, WARM_UP
from merpati.storage.port import Storage
from tests.devices.rig import device_now
from tests.messages.outbox import ACCOUNT, DEVICE, an_end, finish
from tests.messages.strangers import (
    FIRST_DAY,
    GROUP,
    begin_now,
    hear,
    let_pass,
    limit,
    look,
    near,
    now,
    own,
    person,
    refuse,
    send_all,
    set_to,
    take,
    waits,
    waits_ms,
    write_to,
)


@pytest.fixture(autouse=True)
async def owned(storage: Storage) -> None:
    await own(storage)


async def test_a_new_number_writes_to_few_strangers_and_the_rest_waits_until_a_time(storage: Storage) -> None:
    """The first day's and no more; the others are told the day of their own."""
    ids = await write_to(storage, *map(person, range(2 * FIRST_DAY + 1)))
    assert await send_all(storage) == [person(n) for n in range(FIRST_DAY)]
    assert await waits_ms(storage, ids[FIRST_DAY]) == near(DAY_MS)
    assert await waits_ms(storage, ids[-1]) == near(2 * DAY_MS)
    assert await look(storage) == CautionNow(
        most=FIRST_DAY,
        written=FIRST_DAY,
        waiting=FIRST_DAY + 1,
        next_at=near(2 * DAY_MS + await now(storage)),  # type: ignore[arg-type]  # near it
        paused_until=0,
        rises=(await look(storage)).rises,
    )
    assert [most for _, most in (await look(storage)).rises] == [stage.most for stage in WARM_UP[1:]]


async def test_what_waited_goes_on_its_day_in_its_order(storage: Storage) -> None:
    """As a first try: being put back was none."""
    await limit(storage, 2)
    await write_to(storage, *map(person, range(5)))
    assert await send_all(storage) == [person(0), person(1)]
    await let_pass(storage, DAY_MS)
    taken = await take(storage)
    assert [(message.chat, message.attempt) for message in taken] == [(person(2), 1), (person(3), 1)]
    await finish(storage, *map(an_end, taken))
    assert await send_all(storage) == []
    await let_pass(storage, DAY_MS)
    assert await send_all(storage) == [person(4)]


async def test_who_knows_the_number_is_written_to_at_any_time(storage: Storage) -> None:
    """Who wrote, who was written to, a group, and those behind strangers who wait."""
    await limit(storage, 1)
    await hear(storage, person(7))
    await write_to(storage, person(0), person(1), person(2), person(7), GROUP, person(0))
    assert await send_all(storage) == [person(0), person(7), GROUP, person(0)]


async def test_two_messages_to_one_stranger_have_one_place(storage: Storage) -> None:
    """And stay in their order."""
    await limit(storage, 1)
    ids = await write_to(storage, person(0), person(1), person(1), person(2))
    await send_all(storage)
    assert [await waits_ms(storage, id_) for id_ in ids[1:]] == [near(DAY_MS), near(DAY_MS), near(2 * DAY_MS)]
    await let_pass(storage, DAY_MS)
    assert [message.id for message in await take(storage, 1)] == [ids[1]]


async def test_what_is_held_goes_when_its_recipient_writes(storage: Storage) -> None:
    """They know the number then; the others wait on."""
    await limit(storage, 1)
    await write_to(storage, *map(person, range(3)))
    await send_all(storage)
    await hear(storage, person(2))
    assert await send_all(storage) == [person(2)]


async def test_what_is_cancelled_leaves_its_place_to_others(storage: Storage) -> None:
    """To the next that is accepted."""
    await limit(storage, 1)
    ids = await write_to(storage, *map(person, range(4)))
    await send_all(storage)
    for id_ in ids[1:]:
        await storage.write(cancel_message, ACCOUNT, [DEVICE], id_)
    (late,) = await write_to(storage, person(9))
    await send_all(storage)
    assert await waits_ms(storage, late) == near(DAY_MS)


async def test_an_owner_may_send_one_now(storage: Storage) -> None:
    """It takes the place that it has now; nobody else is held the less."""
    await limit(storage, 1)
    ids = await write_to(storage, *map(person, range(3)))
    await send_all(storage)
    at_once = Reschedule(schedule_at=1, delay=DelayRange(0, 0))
    await storage.write(reschedule_message, ACCOUNT, [DEVICE], ids[2], at_once)
    assert await send_all(storage) == [person(2)]
    assert await waits_ms(storage, ids[1]) == near(DAY_MS)


async def test_a_change_of_the_setting_gives_all_that_wait_their_places_anew(storage: Storage) -> None:
    """A greater limit at once, none at all at once."""
    await limit(storage, 1)
    await write_to(storage, *map(person, range(6)))
    await send_all(storage)
    await limit(storage, 3)
    assert await send_all(storage) == [person(1), person(2)]
    await set_to(storage, Settings(caution=Caution.OFF))
    assert await send_all(storage) == [person(3), person(4), person(5)]


async def test_another_setting_moves_nothing(storage: Storage) -> None:
    """What is held stays where it is."""
    await limit(storage, 1)
    ids = await write_to(storage, person(0), person(1))
    await send_all(storage)
    device = await device_now(storage, int(DEVICE))
    await set_to(storage, msgspec.structs.replace(device.settings, autoread=True))
    assert await waits_ms(storage, ids[1]) == near(DAY_MS)


async def test_when_whatsapp_refuses_a_first_message_nobody_new_is_written_to_for_hours(storage: Storage) -> None:
    """It waits itself, and all that wait move behind; who knows the number is answered meanwhile."""
    await limit(storage, 2)
    ids = await write_to(storage, *map(person, range(4)))
    first, second = await take(storage, 2)
    await refuse(storage, first)
    await refuse(storage, second)
    await send_all(storage)
    assert [await waits_ms(storage, id_) for id_ in ids[:2]] == [near(PAUSES_MS[0])] * 2
    assert (await look(storage)).paused_until == near(await now(storage) + PAUSES_MS[0])
    await hear(storage, person(8))
    await write_to(storage, person(8))
    assert await send_all(storage) == [person(8)]
    await let_pass(storage, PAUSES_MS[0])
    assert await send_all(storage) == [person(0), person(1)]
    assert await waits_ms(storage, ids[3]) == near(DAY_MS)


async def test_what_waits_already_moves_by_the_pause(storage: Storage) -> None:
    """And says so."""
    await limit(storage, 1)
    ids = await write_to(storage, person(0), person(1))
    (taken,) = await take(storage, 1)
    assert await take(storage) == []
    await refuse(storage, taken)
    assert await waits_ms(storage, ids[1]) == near(DAY_MS + PAUSES_MS[0])


async def test_a_second_refusal_pauses_longer(storage: Storage) -> None:
    """After the first pause."""
    await limit(storage, 5)
    (id_,) = await write_to(storage, person(0))
    for length_ms in PAUSES_MS[:2]:
        (taken,) = await take(storage)
        await refuse(storage, taken)
        assert await waits_ms(storage, id_) == near(length_ms)
        await let_pass(storage, length_ms)


async def test_a_refusal_by_somebody_known_stops_nobody_else(storage: Storage) -> None:
    """The same code has another cause there: it is tried again by itself."""
    await hear(storage, person(0))
    (id_,) = await write_to(storage, person(0))
    (taken,) = await take(storage)
    await refuse(storage, taken)
    waiting = await waits(storage, id_)
    assert waiting is not None
    assert (waiting.reason, waiting.until_at) == (Wait.RETRY, near(HOUR_MS + await now(storage)))
    await write_to(storage, person(1))
    assert await send_all(storage) == [person(1)]


async def test_an_owner_may_end_a_pause(storage: Storage) -> None:
    """Who knows that WhatsApp lets them again."""
    await limit(storage, 5)
    await write_to(storage, person(0), person(1))
    (taken,) = await take(storage, 1)
    await refuse(storage, taken)
    assert await send_all(storage) == []
    await storage.write(end_pause, ACCOUNT, DEVICE)
    await storage.write(end_pause, ACCOUNT, DEVICE)
    assert await send_all(storage) == [person(0), person(1)]


async def test_without_a_limit_a_refusal_is_an_ordinary_one(storage: Storage) -> None:
    """Its owner has switched the caution off."""
    await set_to(storage, Settings(caution=Caution.OFF))
    (id_,) = await write_to(storage, person(0))
    (taken,) = await take(storage)
    await refuse(storage, taken)
    waiting = await waits(storage, id_)
    assert waiting is not None
    assert waiting.reason is Wait.RETRY


async def test_another_number_begins_anew_and_the_same_goes_on(storage: Storage) -> None:
    """Whatever happened to the link meanwhile."""
    await let_pass(storage, 10 * DAY_MS)
    await storage.write(begin_now)
    assert (await look(storage)).most == 80
    await storage.write(begin_number, DEVICE, "628119999999", await now(storage))
    assert (await look(storage)).most == FIRST_DAY


async def test_thousands_of_strangers_hold_no_reply_up(storage: Storage) -> None:
    """They get their places many at a time; what is behind them goes within a few looks."""
    await limit(storage, 1)
    await hear(storage, person(0))
    for start in range(1, 2_501, 500):
        await write_to(storage, *map(person, range(start, start + 500)), priority=Priority.BULK)
    await write_to(storage, person(0), priority=Priority.BULK)
    assert set(await send_all(storage)) == {person(1), person(0)}
    assert (await look(storage)).waiting == 2_499


async def test_one_after_the_other_is_counted_as_many_at_once(storage: Storage) -> None:
    """Each place is kept before the next is given."""
    await limit(storage, 2)
    for n in range(4):
        await write_to(storage, person(n))
        for message in await take(storage, 1):
            await finish(storage, an_end(message))
    assert (await look(storage)).waiting == 2


async def test_people_of_before_the_link_are_no_strangers(storage: Storage) -> None:
    """They take nobody's place, and what was held for them goes; told twice is told once."""
    await limit(storage, 1)
    await write_to(storage, *map(person, range(4)))
    assert await send_all(storage) == [person(0)]
    for _ in range(2):
        await storage.write(know_people, DEVICE, [person(2), person(3), person(9)])
    assert await send_all(storage) == [person(2), person(3)]
    await write_to(storage, person(9), person(9))
    assert await send_all(storage) == [person(9), person(9)]
    assert (await look(storage)).written == 1


async def test_who_knew_one_number_does_not_know_another(storage: Storage) -> None:
    """The device's history is another number's: that one is banned for what it writes by itself."""
    await limit(storage, 2)
    await hear(storage, person(0))
    await write_to(storage, person(1), person(2), person(3))
    assert await send_all(storage) == [person(1), person(2)]
    await storage.write(begin_number, DEVICE, "628119999999", await now(storage))
    await limit(storage, 1)
    assert await send_all(storage) == [person(3)]
    await write_to(storage, person(0), person(1), queued_at=await now(storage))
    assert await send_all(storage) == []
