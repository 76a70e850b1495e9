"""What the stories do with a gateway: send, wait until something is so, look at the network's own journal."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from merpati.accounts.actions import create_account
from merpati.app.gateway import Gateway
from merpati.core.ids import AccountId, Address, BatchId, DeviceId, JobId, MessageId, RequestId
from merpati.core.tokens import new_account_token, new_device_token
from merpati.devices.actions import NewDevice, add_device
from merpati.devices.model import Device
from merpati.devices.views import find_device
from merpati.log.model import RequestRow
from merpati.messages.actions import ACCEPT
from merpati.messages.history import Search
from merpati.messages.model import Acceptance, DelayRange, MessageState, SendItem, Target
from merpati.messages.planning import MOST_DRAFTS, Origin, plan_call
from merpati.messages.views import message_status, search_history
from merpati.transports.port import Content, Text
from merpati.transports.simulator.entries import AnyEntry, HandOff
from merpati.transports.simulator.journal import read_journal

T = TypeVar("T")

ACCOUNT = AccountId(1)
DEVICE = DeviceId(1)
NUMBER = Address("6281100000001")
WITHIN_S = 20.0


class Stage:
    """A gateway with an account and one connected device."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway, self.storage, self.phone = gateway, gateway.storage, gateway.transports.simulator.phone

    async def open(self) -> None:
        sealer = self.gateway.sealer
        token = sealer.seal_token("account", ACCOUNT, new_account_token())
        await self.storage.write(create_account, ACCOUNT, "Toko", token)
        await self.add_device(DEVICE, NUMBER)
        await self.until(self.is_connected)

    async def add_device(self, id_: DeviceId, number: Address, *, paired: bool = True) -> None:
        if paired:
            await self.phone.add_device(number)
        new = NewDevice(
            id=id_, account=ACCOUNT, number=number, name="Perangkat", transport="simulator", desired=True
        )
        token = self.gateway.sealer.seal_token("device", id_, new_device_token())
        await self.storage.write(add_device, new, token)
        self.gateway.node.wake()

    async def device(self, id_: DeviceId = DEVICE) -> Device:
        found = await self.storage.read(find_device, id_)
        assert found is not None
        return found

    async def is_connected(self) -> bool:
        return (await self.device()).connected

    async def until(self, is_so: Callable[[], Awaitable[bool]]) -> None:
        """Wait until `is_so`, looking again and again; fails after some seconds."""
        async with asyncio.timeout(WITHIN_S):
            while not await is_so():  # noqa: ASYNC110 - what is waited for is in the database
                await asyncio.sleep(0.01)

    async def send(
        self,
        *targets: str,
        content: Content | str = "halo {name}",
        delay: DelayRange | None = None,
        schedule_at: int | None = None,
    ) -> list[MessageId]:
        """Accept one call as the API would; the messages' ids."""
        gateway, now = self.gateway, self.gateway.clock.now()
        request = RequestId((await gateway.ids.take("request"))[0])
        item = SendItem(
            targets=tuple(Target(Address(target), (f"Nama {target}",)) for target in targets),
            devices=(DEVICE,) * len(targets),
            content=Text(body=content) if isinstance(content, str) else content,
            delay=delay,
            schedule_at=schedule_at,
        )
        first = MessageId((await gateway.ids.take("message", len(targets)))[0])
        batch, job = BatchId(int(first)), JobId(int(first))
        origin = Origin(account=ACCOUNT, request=request, first=first, batch=batch, job=job, now=now)
        plan = plan_call([item], origin, random.Random())
        row = RequestRow(
            id=request,
            account=ACCOUNT,
            device=DEVICE,
            at=now,
            method="POST",
            path="/send",
            params="{}",
            answer="{}",
        )
        await gateway.lane(
            ACCEPT, Acceptance(account=ACCOUNT, request=row, drafts=plan.drafts, batches=plan.batches)
        )
        for draft in plan.drafts:
            gateway.wake(draft.device, draft.due_at)
        if len(targets) > MOST_DRAFTS:
            gateway.jobs.wake()
        return [MessageId(first + n) for n in range(len(targets))]

    async def state(self, message: MessageId) -> MessageState:
        status = await self.storage.read(message_status, (DEVICE,), message)
        assert status is not None
        return status.state

    async def until_state(self, messages: Sequence[MessageId], *states: MessageState) -> None:
        waiting = list(messages)

        async def reached() -> bool:
            while waiting and await self.state(waiting[-1]) in states:
                waiting.pop()
            return not waiting

        await self.until(reached)

    async def has_stored(self, text: str) -> bool:
        """Whether an incoming message with this text is in the history."""
        page = await self.storage.read(search_history, Search(account=ACCOUNT, incoming=True))
        return text in [row.text for row in page.rows]

    def journal(self) -> list[AnyEntry]:
        """What the network saw."""
        return list(read_journal(self.gateway.folder.simulator))

    def hand_offs(self) -> list[HandOff]:
        return [entry for entry in self.journal() if isinstance(entry, HandOff)]
