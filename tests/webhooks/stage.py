"""A database with an account, endpoints and runners, whose facts the tests record by hand."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from merpati.core.clock import Millis
from merpati.core.facts import AnyFact, MessageExpired
from merpati.core.ids import AccountId, Address, DeviceId, EndpointId, Incarnation, MessageId
from merpati.egress.client import Egress
from merpati.log.actions import open_account, record
from merpati.log.model import Recorded
from merpati.storage.nodes import join_node, leave_node
from merpati.storage.port import Storage, Tx
from merpati.webhooks.actions import NewEndpoint, Wanted, add_endpoint, set_endpoint
from merpati.webhooks.calling import AtOnce
from merpati.webhooks.deliver import Cards
from merpati.webhooks.model import Card, Endpoint, EndpointKind
from merpati.webhooks.runner import Webhooks
from merpati.webhooks.signing import format_secret
from merpati.webhooks.views import list_dead_letters, list_endpoints
from tests.webhooks.receiver import DEADLINE_S

ACCOUNT = AccountId(1)
LEASE_MS = 1_000_000_000
SECRET = format_secret(b"k" * 32)
CHAT = Address("6281234567890")


class FakeClock:
    """Stands still until it is told to move."""

    def __init__(self) -> None:
        self.time = 1_700_000_000_000

    def now(self) -> Millis:
        return Millis(self.time)

    def elapsed(self) -> float:
        return self.time / 1_000


class Stage:
    """Accounts, endpoints, facts and runners on one storage."""

    def __init__(self, storage: Storage, reopen: Callable[[], Awaitable[Storage]]) -> None:
        self.storage, self.clock, self._reopen = storage, FakeClock(), reopen
        self.egress = Egress(["127.0.0.1"])
        self.runners: dict[Webhooks, asyncio.Task[None]] = {}
        self._next_endpoint = 1
        self.ids = itertools.count(1)
        """For whatever a test stores."""

    async def open_account(self, account: AccountId = ACCOUNT) -> None:
        await self.storage.write(open_account, account)

    async def set(
        self, device: int, url: str, kind: EndpointKind = EndpointKind.STATUS, account: AccountId = ACCOUNT
    ) -> EndpointId:
        """Set an endpoint, new or known."""
        new = NewEndpoint(EndpointId(self._next_endpoint), SECRET)
        self._next_endpoint += 1
        await self.storage.write(set_endpoint, account, DeviceId(device), kind, url, new)
        self.look()
        known = await self.endpoints(account)
        return next((e.id for e in known if e.is_slot and (e.device, e.kinds) == (device, (kind,))), new.id)

    async def add(
        self,
        url: str,
        *devices: int,
        kinds: Sequence[EndpointKind] = (EndpointKind.STATUS,),
        account: AccountId = ACCOUNT,
        secret_key: str = "",
    ) -> EndpointId:
        """Add an endpoint of one's own, for these devices or for all."""
        new = NewEndpoint(EndpointId(self._next_endpoint), SECRET)
        self._next_endpoint += 1
        heard = tuple(map(DeviceId, devices))
        wanted = Wanted(name="mine", kinds=tuple(kinds), devices=heard, url=url, key_sealed=secret_key)
        await self.storage.write(add_endpoint, account, wanted, new)
        self.look()
        return new.id

    def look(self) -> None:
        """Endpoints were changed."""
        for runner in self.runners:
            runner.look()

    async def endpoints(self, account: AccountId = ACCOUNT) -> list[Endpoint]:
        return await self.storage.read(list_endpoints, account)

    async def tell(self, device: int, n: int = 1, account: AccountId = ACCOUNT) -> None:
        """Record `n` facts of this device in one transaction."""
        await self.record([MessageExpired(DeviceId(device), MessageId(i), CHAT) for i in range(n)], account)

    async def record(self, facts: Sequence[AnyFact], account: AccountId = ACCOUNT) -> None:
        await self.storage.write(_record, [Recorded(account, fact) for fact in facts])
        self.ring()

    async def dead(self, account: AccountId = ACCOUNT) -> list[tuple[int, int, str]]:
        """First, last and reason of each dead letter, oldest first."""
        found = await self.storage.read(list_dead_letters, account)
        return sorted((letter.first, letter.last, letter.reason.value) for letter in found)

    # -- runners --

    async def start(
        self,
        inc: str = "a",
        *,
        own_storage: bool = False,
        may_act: Callable[[], bool] = lambda: True,
        cards: Cards | None = None,
        at_once: AtOnce = AtOnce(),  # noqa: B008 (a tuple of numbers)
    ) -> Webhooks:
        """A runner at work, as the process `inc` would have it."""
        storage = await self._reopen() if own_storage else self.storage
        await storage.write(join_node, Incarnation(inc), inc, LEASE_MS, exclusive=False)
        runner = Webhooks(
            storage,
            Incarnation(inc),
            self.egress,
            cards=cards or _card,
            unseal=lambda _endpoint, sealed: sealed,
            clock=self.clock,
            rng=random.Random(1),
            may_act=may_act,
            at_once=at_once,
        )
        self.runners[runner] = asyncio.create_task(runner.run())
        return runner

    async def stop(self, runner: Webhooks) -> None:
        """End it in order."""
        await runner.stop()
        await self.runners.pop(runner)

    async def kill(self, runner: Webhooks, inc: str = "a") -> None:
        """End it as a crash does, and let its lease run out."""
        task = self.runners.pop(runner)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await self.declare_dead(inc)

    async def declare_dead(self, inc: str) -> None:
        """As if its lease had run out."""
        await self.storage.write(leave_node, Incarnation(inc))
        self.ring()

    def ring(self) -> None:
        for runner in self.runners:
            runner.bell.ring()

    def wait_for_retry(self, ms: int = 61_000) -> None:
        """Let this time pass, one retry of Fonnte's by default."""
        self.clock.time += ms
        self.ring()

    async def failed(self, runner: Webhooks, tries: int) -> None:
        """Wait until some endpoint has failed so many times in a row, and waits."""

        def has() -> bool:
            lanes = [lane for hook in runner.feeds.hooks() for lane in hook.every_lane() if not lane.busy]
            return any(lane.trouble is not None and lane.trouble.attempt == tries for lane in lanes)

        await self.until(has)

    async def until(self, what: Callable[[], bool]) -> None:
        """Wait for something that a runner shows; looked at whenever it has done a round."""
        async with asyncio.timeout(DEADLINE_S):
            while not what():  # noqa: ASYNC110 (nothing tells of each round)
                await asyncio.sleep(0.005)

    async def stored(self, what: Callable[[], Awaitable[bool]]) -> None:
        """Wait for something that the database shows."""
        async with asyncio.timeout(DEADLINE_S):
            while not await what():  # noqa: ASYNC110 (it may be another process that stores it)
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        for runner in list(self.runners):
            await self.kill(runner)
        await self.egress.close()


@contextlib.asynccontextmanager
async def staged(storage: Storage, reopen: Callable[[], Awaitable[Storage]]) -> AsyncIterator[Stage]:
    stage = Stage(storage, reopen)
    await stage.open_account()
    try:
        yield stage
    finally:
        await stage.close()


async def _card(device: DeviceId) -> Card:
    return Card(f"0812{device:06}", f"token-{device}")


async def _record(tx: Tx, facts: Sequence[Recorded]) -> None:
    await tx.lock([fact.account for fact in facts])
    await record(tx, facts)
