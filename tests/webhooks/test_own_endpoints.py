"""Endpoints of one's own: several kinds, one or many devices, an order and a secret of their own each."""

import pytest

from merpati.core.errors import Code, Refusal
from merpati.core.facts import DeviceStateChanged, MessageExpired
from merpati.core.ids import DeviceId, EndpointId, MessageId
from merpati.storage.port import Tx
from merpati.webhooks.actions import (
    NewEndpoint,
    Wanted,
    add_endpoint,
    change_endpoint,
    remove_endpoint,
    remove_endpoints,
)
from merpati.webhooks.model import MOST_ENDPOINTS, EndpointKind, EndpointState
from tests.webhooks.receiver import Receiver
from tests.webhooks.stage import ACCOUNT, CHAT, SECRET, Stage

STATUS, CONNECT = EndpointKind.STATUS, EndpointKind.CONNECT


def expired(device: int) -> MessageExpired:
    return MessageExpired(DeviceId(device), MessageId(1), CHAT)


def opened(device: int) -> DeviceStateChanged:
    return DeviceStateChanged(DeviceId(device), "open", "", "connecting")


def wanted(url: str, *, devices: tuple[int, ...] = (), kinds: tuple[EndpointKind, ...] = (STATUS,)) -> Wanted:
    return Wanted(name="mine", kinds=kinds, devices=tuple(map(DeviceId, devices)), url=url)


async def test_each_endpoint_hears_its_kinds_and_devices(stage: Stage, receiver: Receiver) -> None:
    """Beside the address of the device itself; each call says its kind, and carries that endpoint's key."""
    await stage.set(3, receiver.url("/slot"))
    await stage.add(receiver.url("/all"), kinds=(CONNECT, STATUS), secret_key="rahasia")
    await stage.add(receiver.url("/two"), 3, 4)
    await stage.start()
    await stage.record([expired(3), opened(3), expired(4), opened(5), expired(5)])
    await receiver.until(lambda: len(receiver.got) == 1 + 5 + 2)
    assert receiver.events("/slot") == [1]
    assert sorted(receiver.events("/all")) == [1, 2, 3, 4, 5]
    assert sorted(receiver.events("/two")) == [1, 3]
    kinds = {got.seq: got.headers["webhook-kind"] for got in receiver.got if got.path == "/all"}
    assert kinds == {1: "status", 2: "connect", 3: "status", 4: "connect", 5: "status"}
    keys = {(got.path, got.body.get("secret_key")) for got in receiver.got}
    assert keys == {("/slot", None), ("/two", None), ("/all", "rahasia")}


async def test_a_change_counts_from_the_next_fact_on(stage: Stage, receiver: Receiver) -> None:
    """Another device, another kind, another address; what waits and is not wanted any more is not told."""
    receiver.answer = lambda got: "503 Down" if got.path == "/old" else "200 OK"
    mine = await stage.add(receiver.url("/old"), 3, 4)
    runner = await stage.start()
    await stage.record([expired(3), expired(4), expired(4)])
    await receiver.until(lambda: len(receiver.got) >= 2)
    await stage.failed(runner, 1)
    new = wanted(receiver.url("/new"), devices=(4, 5), kinds=(STATUS, CONNECT))
    await stage.storage.write(change_endpoint, mine, lambda _known: new)
    stage.look()
    await receiver.until(lambda: receiver.passed("/new") == [2, 3])
    await stage.record([expired(3), opened(5), expired(5)])
    await receiver.until(lambda: receiver.passed("/new") == [2, 3, 5, 6])
    await stage.stop(runner)
    assert await stage.dead() == []


async def test_switched_off_and_on_it_begins_at_the_head(stage: Stage, receiver: Receiver) -> None:
    """What happened meanwhile is not told."""
    mine = await stage.add(receiver.url(), 3)
    runner = await stage.start()
    await stage.tell(3)
    await receiver.until(lambda: receiver.events() == [1])
    off = Wanted(name="x", kinds=(STATUS,), devices=(DeviceId(3),), url=receiver.url(), is_on=False)
    await stage.storage.write(change_endpoint, mine, lambda _known: off)
    stage.look()
    await stage.until(lambda: list(runner.feeds.hooks()) == [])
    await stage.tell(3)
    (endpoint,) = await stage.endpoints()
    assert endpoint.state is EndpointState.DISABLED
    await stage.storage.write(change_endpoint, mine, lambda _known: wanted(receiver.url(), devices=(3,)))
    stage.look()
    await stage.tell(3)
    await receiver.until(lambda: receiver.events() == [1, 3])


async def test_a_deleted_one_is_told_nothing_and_a_deleted_device_is_forgotten(
    stage: Stage, receiver: Receiver
) -> None:
    """An endpoint that hears that device alone goes with it; one of all devices stays."""
    both = await stage.add(receiver.url("/both"), 3, 4)
    alone = await stage.add(receiver.url("/alone"), 3)
    every = await stage.add(receiver.url("/every"))
    gone = await stage.add(receiver.url("/gone"))
    await stage.storage.write(remove_endpoint, gone)
    await stage.storage.write(remove_endpoints, ACCOUNT, DeviceId(3))
    known = {each.id: each.devices for each in await stage.endpoints()}
    assert known == {both: (DeviceId(4),), every: ()}
    with pytest.raises(Refusal) as refused:
        await stage.storage.write(change_endpoint, alone, lambda _known: wanted("https://a.example"))
    assert refused.value.code is Code.WEBHOOK_UNKNOWN


async def test_an_account_has_so_many_and_no_more(stage: Stage) -> None:
    """Deleted ones do not count; making one twice is once."""

    async def fill(tx: Tx) -> None:
        for n in range(1, MOST_ENDPOINTS + 1):
            await add_endpoint(tx, ACCOUNT, wanted("https://a.example"), NewEndpoint(EndpointId(n), SECRET))

    await stage.storage.write(fill)
    await stage.storage.write(fill)
    one_more = NewEndpoint(EndpointId(500), SECRET)
    with pytest.raises(Refusal) as refused:
        await stage.storage.write(add_endpoint, ACCOUNT, wanted("https://a.example"), one_more)
    assert refused.value.code is Code.TOO_MANY_WEBHOOKS
    await stage.storage.write(remove_endpoint, EndpointId(1))
    await stage.storage.write(add_endpoint, ACCOUNT, wanted("https://a.example"), one_more)
    assert len(await stage.endpoints()) == MOST_ENDPOINTS
