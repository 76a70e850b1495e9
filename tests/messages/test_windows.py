"""The window of a chat: open after they wrote, closed where that is certain, and unknown else."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merpati.core.clock import DAY_MS, HOUR_MS, Millis
from merpati.core.ids import Address, DeviceId, MessageId, WaId
from merpati.devices.model import Device, DeviceState
from merpati.messages.inbound import Incoming, receive_messages
from merpati.messages.windows import TOLD_AGAIN_MS, Heard, Window, WindowState, judge_window, windows_of
from merpati.storage.port import Storage, Tx
from merpati.transports.port import Text
from tests.devices.rig import come_into, device_now, have_account, have_device
from tests.messages.outbox import ACCOUNT

BUDI, SITI = Address("628122222222"), Address("628133333333")
GROUP, BRAZIL = Address("120363000000000001@g.us"), Address("5511912345678")
NOW = 100 * DAY_MS
LONG_HEARD = Heard(last_at=0, device_at=NOW - HOUR_MS, since_at=NOW - 2 * DAY_MS)


def heard(**changed: int) -> Heard:
    return msgspec.structs.replace(LONG_HEARD, **changed)


@pytest.mark.parametrize(
    ("about", "chat", "state"),
    [
        (heard(last_at=NOW - HOUR_MS), BUDI, WindowState.OPEN),
        (heard(last_at=NOW - DAY_MS + 1), BUDI, WindowState.OPEN),
        (heard(last_at=NOW - DAY_MS), BUDI, WindowState.CLOSED),
        (heard(), BUDI, WindowState.CLOSED),
        (heard(since_at=NOW - DAY_MS + 1), BUDI, WindowState.UNKNOWN),
        (heard(since_at=0), BUDI, WindowState.UNKNOWN),
        (heard(device_at=NOW - DAY_MS), BUDI, WindowState.UNKNOWN),
        (heard(device_at=0), BUDI, WindowState.UNKNOWN),
        (heard(device_at=0, last_at=NOW - 1), BUDI, WindowState.OPEN),
        (heard(), BRAZIL, WindowState.UNKNOWN),
        (heard(last_at=NOW - 3 * DAY_MS), BRAZIL, WindowState.CLOSED),
        (heard(is_hidden=True), BUDI, WindowState.UNKNOWN),
        (heard(is_hidden=True, last_at=NOW - 3 * DAY_MS), BUDI, WindowState.CLOSED),
    ],
)
def test_closed_is_only_what_is_certain(about: Heard, chat: Address, state: WindowState) -> None:
    """Just begun, long unheard, or of a country whose numbers have two spellings: nobody can say."""
    window = judge_window(chat, about, NOW, DAY_MS)
    assert window.state is state
    assert window.until == (about.last_at + DAY_MS if state is WindowState.OPEN else None)


AT = st.integers(min_value=0, max_value=NOW)


@settings(max_examples=100)
@given(st.builds(Heard, last_at=AT, device_at=AT, since_at=AT), AT)
def test_a_window_that_closed_opens_by_their_word_alone(about: Heard, now: int) -> None:
    """What they write now opens it; and an open one says when it ends."""
    window = judge_window(BUDI, about, now, DAY_MS)
    assert (window.state is WindowState.OPEN) == (window.until is not None and window.until > now)
    wrote = msgspec.structs.replace(about, last_at=now)
    assert judge_window(BUDI, wrote, now, DAY_MS) == Window(WindowState.OPEN, Millis(now + DAY_MS))


def incoming(id_: int, device: DeviceId, chat: Address, at: int) -> Incoming:
    return Incoming(
        id=MessageId(id_),
        account=ACCOUNT,
        device=device,
        chat=chat,
        sender=chat,
        name="",
        wa_id=WaId(f"W{id_}"),
        content=Text(body="Halo"),
        reply_to=None,
        at=at,
    )


async def long_paired(storage: Storage) -> tuple[Device, int]:
    """A device that has been its number for two days; and now."""
    await have_account(storage)
    device = await have_device(storage)
    await come_into(storage, device, DeviceState.CONNECTING)
    await come_into(storage, device, DeviceState.OPEN)

    async def pair_long_ago(tx: Tx) -> int:
        paired_at, open_at = tx.now - 2 * DAY_MS, tx.now - TOLD_AGAIN_MS
        await tx.run("UPDATE device SET paired_at = $2, state_at = $3 WHERE id = $1", device.id, paired_at, open_at)
        return tx.now

    now = await storage.write(pair_long_ago)
    return await device_now(storage), now


async def test_what_was_received_decides(storage: Storage) -> None:
    """Of each chat its newest message; a group has no window, nor has a device whose transport has no such rule."""
    known, now = await long_paired(storage)
    device = known.id
    came = [(1, BUDI, now - 3 * HOUR_MS), (2, BUDI, now - 2 * HOUR_MS), (3, SITI, now - 25 * HOUR_MS)]
    await storage.write(receive_messages, [incoming(id_, device, chat, at) for id_, chat, at in came])
    asked = [(device, chat) for chat in (BUDI, SITI, GROUP)]
    windows = await storage.read(windows_of, {device: known}, asked, {device: DAY_MS})

    assert windows == {
        (device, BUDI): Window(WindowState.OPEN, Millis(now + 22 * HOUR_MS)),
        (device, SITI): Window(WindowState.CLOSED),
    }
    assert await storage.read(windows_of, {device: known}, asked, {}) == {}


async def test_a_device_that_is_not_open_has_not_heard_who_wrote(storage: Storage) -> None:
    """What they wrote since then waits to be told: nobody is refused for it."""
    known, now = await long_paired(storage)
    came = [(1, BUDI, now - 2 * HOUR_MS), (2, SITI, now - 25 * HOUR_MS)]
    await storage.write(receive_messages, [incoming(id_, known.id, chat, at) for id_, chat, at in came])
    await come_into(storage, known, DeviceState.LOGGED_OUT)
    shut = msgspec.structs.replace(await device_now(storage), paired_at=known.paired_at)

    asked = [(known.id, BUDI), (known.id, SITI)]
    windows = await storage.read(windows_of, {known.id: shut}, asked, {known.id: DAY_MS})

    assert [windows[chat].state for chat in asked] == [WindowState.OPEN, WindowState.UNKNOWN]


async def test_a_device_that_opened_just_now_may_not_have_heard_yet_who_wrote(storage: Storage) -> None:
    """While the server was down the network could not tell: it tells again, but not at once."""
    known, now = await long_paired(storage)
    came = [(1, BUDI, now - 2 * HOUR_MS), (2, SITI, now - 25 * HOUR_MS)]
    await storage.write(receive_messages, [incoming(id_, known.id, chat, at) for id_, chat, at in came])
    opened = msgspec.structs.replace(known, state_at=Millis(now - TOLD_AGAIN_MS // 2))

    windows = await storage.read(windows_of, {known.id: opened}, [(known.id, SITI)], {known.id: DAY_MS})

    assert windows[known.id, SITI].state is WindowState.UNKNOWN


async def test_who_hides_their_number_may_be_anybody_who_never_wrote_by_one(storage: Storage) -> None:
    """Not those whose number was told lately: it goes on being told."""
    known, now = await long_paired(storage)
    hidden, stranger = Address("ID.1349"), Address("628144444444")
    came = [(1, SITI, now - 25 * HOUR_MS), (2, hidden, now - HOUR_MS)]
    await storage.write(receive_messages, [incoming(id_, known.id, chat, at) for id_, chat, at in came])

    asked = [(known.id, chat) for chat in (SITI, stranger, hidden)]
    windows = await storage.read(windows_of, {known.id: known}, asked, {known.id: DAY_MS})

    assert [windows[chat].state for chat in asked] == [WindowState.CLOSED, WindowState.UNKNOWN, WindowState.OPEN]
