"""How each kind of fact is brought about, by what people, programs and phones really do."""

import itertools
from collections.abc import Callable, Iterator

from merpati.core import facts
from merpati.core.ids import AccountId, DeviceId, Epoch, Incarnation
from merpati.messages.changes import expire_messages
from merpati.messages.handover import HandedOver, Intent, Outcome, finish_handovers, take_intents
from merpati.storage.port import Storage, Tx
from tests.browser.account import FAR, Account
from tests.browser.waiting import until

NODE, EPOCH = Incarnation("f" * 32), Epoch(1)


class World:
    """The account, a device that is connected, one that is looked at, and ever new people and devices."""

    def __init__(self, account: Account, looked_at: int) -> None:
        self.account, self.looked_at = account, looked_at
        self.ready = account.devices()["Toko"]
        self.reader = account.desk.demo["people"][0]
        self._new = itertools.count(100)

    def someone(self, *, online: bool = True) -> str:
        """Who reads only when told to."""
        return self.account.person(f"6281000002{next(self._new)}", online=online, read_receipts=False)

    def device(self) -> int:
        """Never connected."""
        number = f"6281000003{next(self._new)}"
        added = self.account.ask("POST", "/devices", {"name": f"Baru {number[-3:]}", "number": number})
        return int(added["device"]["id"])

    def waiting(self) -> int:
        """A message of a device that is off."""
        return self.account.send(self.device(), self.someone())

    def scheduled(self) -> int:
        return self.account.send(self.ready, self.someone(), schedule=FAR)

    def send_now(self, message: int) -> None:
        self.account.ask("POST", f"/messages/{message}/send-now")

    def device_of(self, message: int) -> DeviceId:
        return DeviceId(self.account.ask("GET", f"/messages/{message}")["device"])

    def arrive(self, message: int, state: str) -> None:
        """Until the message is there."""
        assert until(lambda: self.account.ask("GET", f"/messages/{message}")["state"] == state), (message, state)


Maker = Callable[[World], Iterator[int]]
"""Yields the message that a page should have open, then makes the fact."""


# -- messages on their way --


def queued(world: World) -> Iterator[int]:
    yield world.scheduled()
    world.account.send(world.looked_at, world.someone())


def batch(world: World) -> Iterator[int]:
    yield world.scheduled()
    targets = ",".join(f"6281000{n:06}" for n in range(201))
    body = {"device": world.looked_at, "targets": targets, "text": "Kabar", "schedule": FAR}
    world.account.ask("POST", "/messages", body)


def sent(world: World) -> Iterator[int]:
    message = world.account.send(world.ready, world.someone(online=False), schedule=FAR)
    yield message
    world.send_now(message)


def delivered(world: World) -> Iterator[int]:
    person = world.someone(online=False)
    message = world.account.send(world.ready, person)
    world.arrive(message, "sent")
    yield message
    world.account.ask("PATCH", f"/simulator/people/{person}", {"online": True})


def read(world: World) -> Iterator[int]:
    person = world.someone()
    message = world.account.send(world.ready, person)
    world.arrive(message, "delivered")
    yield message
    world.account.ask("POST", f"/simulator/people/{person}/read", {"device": world.ready})


def received(world: World) -> Iterator[int]:
    person = world.someone()
    yield world.account.send(world.ready, person, schedule=FAR)
    body = {"device": world.ready, "text": "Apakah masih ada?"}
    world.account.ask("POST", f"/simulator/people/{person}/messages", body)


def edited(world: World) -> Iterator[int]:
    """Somebody gives their message other words."""
    yield from _authored(world, lambda line: {"edits": line, "text": "Apakah masih ada dua?"})


def revoked(world: World) -> Iterator[int]:
    """Somebody deletes their message for everyone."""
    yield from _authored(world, lambda line: {"deletes": line})


def _authored(world: World, change: Callable[[str], dict[str, str]]) -> Iterator[int]:
    person = world.someone()
    path = f"/simulator/people/{person}/messages"
    line = world.account.ask("POST", path, {"device": world.ready, "text": "Apakah masih ada?"})["id"]
    found: list[int] = []

    def has_come() -> bool:
        found[:] = [each["id"] for each in world.account.ask("GET", f"/messages?number={person}")["items"]]
        return bool(found)

    assert until(has_come)
    yield found[0]
    world.account.ask("POST", path, {"device": world.ready, **change(line)})


def typed(world: World) -> Iterator[int]:
    """On the device's own phone."""
    person = world.someone()
    yield world.account.send(world.ready, person, schedule=FAR)
    world.account.ask(
        "POST", f"/simulator/devices/{world.ready}/messages", {"to": person, "text": "Masih ada, Kak"}
    )


# -- messages that do not go --


def retried(world: World) -> Iterator[int]:
    """Every second one is refused for now."""
    first, second = world.scheduled(), world.scheduled()
    world.account.ask("POST", "/simulator/faults", {"name": "refusals", "device": world.ready})
    world.send_now(first)
    world.arrive(first, "delivered")
    yield second
    world.send_now(second)
    assert until(lambda: (world.account.ask("GET", f"/messages/{second}")["held"] or {}).get("reason") == "retry")
    world.account.ask("DELETE", f"/simulator/faults/refusals?device={world.ready}")


def failed(world: World) -> Iterator[int]:
    """The recipient has blocked the device."""
    person = world.someone()
    message = world.account.send(world.ready, person, schedule=FAR)
    world.account.ask("POST", f"/simulator/people/{person}/block", {"device": world.ready})
    yield message
    world.send_now(message)


def cancelled(world: World) -> Iterator[int]:
    message = world.scheduled()
    yield message
    world.account.ask("POST", f"/messages/{message}/cancel")


def rescheduled(world: World) -> Iterator[int]:
    message = world.scheduled()
    yield message
    world.account.ask("POST", f"/messages/{message}/reschedule", {"at": "2031-06-05T02:30:00Z"})


def expired(world: World) -> Iterator[int]:
    """What a day of waiting leads to, at once."""
    message = world.waiting()
    device = world.device_of(message)
    yield message

    async def expire(storage: Storage) -> None:
        account = await _account(storage)
        assert await storage.write(expire_messages, account, device, 2**62, 1) == 1

    world.account.write(expire)


def uncertain(world: World) -> Iterator[int]:
    """A process was lost in the hand-over, over a network that cannot say: the simulated one always can."""
    message = world.waiting()
    device = world.device_of(message)
    yield message
    world.account.write(lambda storage: _lose(storage, device))


async def _lose(storage: Storage, device: DeviceId) -> None:
    async def own(tx: Tx) -> None:
        await tx.run("UPDATE device_owner SET owner_inc = $1, epoch = $2 WHERE device_id = $3", NODE, EPOCH, device)

    await storage.write(own)
    ((taken,),) = await storage.write(take_intents, [Intent(device, NODE, EPOCH, 1)])
    lost = HandedOver(
        account=taken.account,
        device=device,
        message=taken.id,
        chat=taken.chat,
        attempt=taken.attempt,
        priority=taken.priority,
        outcome=Outcome.UNKNOWN,
        handed_at=taken.handed_at,
        at=taken.handed_at,
        code="outcome_unknown",
    )
    assert await storage.write(finish_handovers, [lost]) == [True]


async def _account(storage: Storage) -> AccountId:
    async def read_it(tx: Tx) -> AccountId:
        return AccountId((await tx.all("SELECT id FROM account"))[0][0])

    return await storage.read(read_it)


# -- devices and rights --


def state_changed(world: World) -> Iterator[int]:
    """Connected, and cut off again."""
    yield world.account.send(world.looked_at, world.someone())
    world.account.pair(world.looked_at)
    assert until(lambda: bool(world.account.ask("GET", f"/devices/{world.looked_at}")["connected"]))
    world.account.ask("POST", f"/devices/{world.looked_at}/disconnect")


def added(world: World) -> Iterator[int]:
    yield world.scheduled()
    world.device()


def updated(world: World) -> Iterator[int]:
    yield world.account.send(world.looked_at, world.someone())
    settings = {"autoread": True, "pace_from_ms": 2_000, "pace_to_ms": 4_000}
    world.account.ask("PATCH", f"/devices/{world.looked_at}", {"name": "Cadangan baru", "settings": settings})


def deleted(world: World) -> Iterator[int]:
    """With what waited there."""
    message = world.waiting()
    device = world.device_of(message)
    yield message
    password = world.account.desk.demo["owner"]["password"]
    world.account.ask("DELETE", f"/devices/{device}", {"password": password})
    world.arrive(message, "cancelled")


def signed_out(world: World) -> Iterator[int]:
    """Another browser of the owner's."""
    yield world.scheduled()
    world.account.another().ask("DELETE", "/session")


def token_rotated(world: World) -> Iterator[int]:
    yield world.scheduled()
    world.account.ask("POST", "/account/token")


def key_changed(world: World) -> Iterator[int]:
    yield world.scheduled()
    world.account.ask("POST", "/keys", {"name": "Kasir", "scopes": ["messages:send"]})


# the batch last: it fills more than one page of a list, and an open list keeps what was read behind its first page
MAKERS: dict[type[facts.Fact], Maker] = {
    facts.MessageQueued: queued,
    facts.MessageSent: sent,
    facts.MessageDelivered: delivered,
    facts.MessageRead: read,
    facts.MessageReceived: received,
    facts.MessageTyped: typed,
    facts.MessageEdited: edited,
    facts.MessageRevoked: revoked,
    facts.MessageRetried: retried,
    facts.MessageFailed: failed,
    facts.MessageCancelled: cancelled,
    facts.MessageRescheduled: rescheduled,
    facts.MessageExpired: expired,
    facts.MessageUncertain: uncertain,
    facts.DeviceStateChanged: state_changed,
    facts.DeviceAdded: added,
    facts.DeviceUpdated: updated,
    facts.DeviceDeleted: deleted,
    facts.SignedOut: signed_out,
    facts.AccountTokenRotated: token_rotated,
    facts.KeyChanged: key_changed,
    facts.BatchAccepted: batch,
}
