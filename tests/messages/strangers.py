"""A device that is careful with strangers, and what the tests of that do with it."""

import itertools

import pytest

from merpati.core.clock import HOUR_MS, Millis
from merpati.core.errors import Code
from merpati.core.ids import Address, MessageId, WaId
from merpati.devices.model import Caution, Settings
from merpati.messages.caution import CautionNow, caution_of, change_device
from merpati.messages.first_contact import begin_number
from merpati.messages.handover import Intent, Outcome, take_intents
from merpati.messages.inbound import Incoming, receive_messages
from merpati.messages.model import Taken
from merpati.messages.views import find_message, why_waiting
from merpati.messages.waiting import Wait, Waiting
from merpati.messages.warm_up import WARM_UP
from merpati.storage.clock import database_now
from merpati.storage.port import Storage, Tx
from merpati.transports.port import Text
from tests.devices.rig import come_into, device_now, have_account, have_device
from tests.messages.outbox import ACCOUNT, DEVICE, EPOCH, INC, a_draft, accept, an_end, finish, own_device

GROUP = Address("120363000000000001@g.us")
FIRST_DAY = WARM_UP[0].most
_numbers = itertools.count(1)


def person(n: int) -> Address:
    return Address(f"62811{n:08}")


async def own(storage: Storage) -> None:
    """The account and its device, connected as its number."""
    await have_account(storage)
    device = await have_device(storage, int(DEVICE), desired=True)
    await storage.write(own_device)
    await come_into(storage, device, device.state.OPEN)
    await storage.write(begin_now)


async def begin_now(tx: Tx) -> None:
    await begin_number(tx, DEVICE, "628110000000", await database_now(tx))


async def limit(storage: Storage, most: int) -> None:
    await set_to(storage, Settings(caution=Caution.OWN, new_people_per_day=most))


async def set_to(storage: Storage, settings: Settings) -> None:
    device = await device_now(storage, int(DEVICE))
    await storage.write(change_device, DEVICE, device.number, device.name, settings)


async def write_to(storage: Storage, *chats: Address, **how: object) -> list[MessageId]:
    """A message to each, accepted in this order."""
    drafts = [a_draft(next(_numbers), chat, **how) for chat in chats]
    await accept(storage, *drafts)
    return [draft.id for draft in drafts]


async def take(storage: Storage, most: int = 64) -> list[Taken]:
    """What a careful sender gets now."""
    intent = Intent(DEVICE, INC, EPOCH, most, True)
    return (await storage.write(take_intents, [intent]))[0]


async def send_all(storage: Storage) -> list[Address]:
    """To whom what may go goes, until nothing may."""
    sent: list[Address] = []
    while taken := await take(storage):
        await finish(storage, *map(an_end, taken))
        sent += [message.chat for message in taken]
    return sent


async def refuse(storage: Storage, taken: Taken, code: Code = Code.NUMBER_SLOWED) -> None:
    end = an_end(taken, Outcome.RETRY, code=code, wait_ms=HOUR_MS, warms_up=True)
    await finish(storage, end)


async def now(storage: Storage) -> Millis:
    return await storage.read(database_now)


async def waits(storage: Storage, message: MessageId) -> Waiting | None:
    view = await storage.read(find_message, message)
    assert view is not None
    return await storage.read(why_waiting, view)


async def waits_ms(storage: Storage, message: MessageId) -> int:
    """How long from now it waits for its place."""
    waiting = await waits(storage, message)
    assert waiting is not None
    assert waiting.reason is Wait.CAUTION
    return (waiting.until_at or 0) - await now(storage)


async def let_pass(storage: Storage, ms: int) -> None:
    """As if everything had been so much earlier."""

    async def shift(tx: Tx) -> None:
        await tx.run("UPDATE first_contact SET at = at - $1", ms)
        await tx.run("UPDATE outbox SET due_at = due_at - $1", ms)
        await tx.run("UPDATE warm_up SET since_at = since_at - $1, refused_at = refused_at - $1", ms)
        await tx.run("UPDATE warm_up SET paused_until = paused_until - $1", ms)

    await storage.write(shift)


async def hear(storage: Storage, chat: Address) -> None:
    incoming = Incoming(
        id=MessageId(90_000 + next(_numbers)),
        account=ACCOUNT,
        device=DEVICE,
        chat=chat,
        sender=chat,
        name="",
        wa_id=WaId(f"in-{next(_numbers)}"),
        content=Text(body="Halo"),
        reply_to=None,
        at=1,
    )
    await storage.write(receive_messages, [incoming])


async def look(storage: Storage) -> CautionNow:
    return await storage.read(caution_of, await device_now(storage, int(DEVICE)), True)


def near(ms: int) -> object:
    return pytest.approx(ms, abs=30_000)
