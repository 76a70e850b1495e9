"""Several processes share the work on PostgreSQL: only one calls an endpoint, and another takes over."""

import asyncio

import pytest

from merpati.core.ids import AccountId
from merpati.storage.port import Engine
from tests.webhooks.receiver import Receiver
from tests.webhooks.stage import Stage

pytestmark = pytest.mark.parametrize("emptied", [Engine.POSTGRES], indirect=True, ids=["postgres"])
ACCOUNTS = [AccountId(n) for n in range(1, 9)]


async def test_each_fact_is_delivered_by_one_of_two_processes(stage: Stage, receiver: Receiver) -> None:
    """The accounts' shards are shared; nothing is told twice, nothing is missed, while shards change hands."""
    for account in ACCOUNTS:
        await stage.open_account(account)
        await stage.set(account, receiver.url(f"/{account}"), account=account)
    one = await stage.start("one", own_storage=True)
    await stage.until(lambda: len(list(one.feeds.hooks())) == len(ACCOUNTS))
    two = await stage.start("two", own_storage=True)
    for _ in range(20):
        for account in ACCOUNTS:
            await stage.tell(account, 5, account)
        await asyncio.sleep(0)
    await stage.until(lambda: len(list(two.feeds.hooks())) > 0)
    for account in ACCOUNTS:
        await stage.tell(account, 5, account)
    await receiver.until(lambda: len(receiver.got) >= 105 * len(ACCOUNTS))
    for account in ACCOUNTS:
        assert receiver.events(f"/{account}") == list(range(1, 106))
    assert len(list(one.feeds.hooks())) + len(list(two.feeds.hooks())) == len(ACCOUNTS)


async def test_another_process_takes_over_after_a_crash(stage: Stage, receiver: Receiver) -> None:
    """Repeats carry the same ids; nothing is missed; order is kept."""
    for account in ACCOUNTS:
        await stage.open_account(account)
        await stage.set(account, receiver.url(f"/{account}"), account=account)
    one = await stage.start("one", own_storage=True)
    two = await stage.start("two", own_storage=True)
    await stage.until(lambda: len(list(one.feeds.hooks())) + len(list(two.feeds.hooks())) == len(ACCOUNTS))
    for account in ACCOUNTS:
        await stage.tell(account, 100, account)
    await receiver.until(lambda: len(receiver.got) > 200)
    await stage.kill(one, "one")
    await receiver.until(lambda: all(len(receiver.passed(f"/{account}")) == 100 for account in ACCOUNTS))
    for account in ACCOUNTS:
        assert receiver.passed(f"/{account}") == list(range(1, 101))


async def test_a_process_that_lost_its_shards_stores_nothing_and_stops_calling(
    stage: Stage, receiver: Receiver
) -> None:
    """It was paused, declared dead, and wakes up: it notices at its next storing at the latest."""
    await stage.set(3, receiver.url())
    sure = True
    late = await stage.start("late", own_storage=True, may_act=lambda: sure)
    await stage.tell(3, 3)
    await receiver.until(lambda: len(receiver.got) == 3)
    sure = False
    await stage.declare_dead("late")
    heir = await stage.start("heir", own_storage=True)
    await stage.until(lambda: len(list(heir.feeds.hooks())) == 1)
    await stage.tell(3, 3)
    await receiver.until(lambda: set(receiver.events()) == set(range(1, 7)))
    await stage.until(lambda: not list(late.feeds.hooks()))
    await stage.tell(3, 3)
    await receiver.until(lambda: len(receiver.passed()) == 9)
    assert receiver.passed() == list(range(1, 10))
