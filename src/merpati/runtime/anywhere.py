"""The sessions of devices, whichever process holds them: what the API asks of them, in its own terms."""

from collections.abc import Callable, Sequence

from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address, DeviceId
from merpati.devices.asks import (
    AnyAnswer,
    AnyAsk,
    Checked,
    CheckNumbers,
    InGroups,
    Pair,
    ReadGroups,
    Restart,
    Shown,
    ShowTyping,
)
from merpati.devices.model import Device
from merpati.runtime.asks import Asks
from merpati.transports.port import Group, NumberCheck, PairHow


class SessionsAnywhere:
    """`api.gateway.Sessions` says what each raises."""

    def __init__(self, asks: Asks, let_go: Callable[[DeviceId], None]) -> None:
        """`let_go` hears of a device whose owner wants its session ended."""
        self._asks, self._let_go = asks, let_go

    async def pair(self, device: Device, how: PairHow, phone: Address | None) -> Shown:
        answer = await self._asks.ask(device.id, Pair(how, phone))
        assert isinstance(answer, Shown)
        return answer

    async def show_typing(self, device: Device, chat: Address, for_ms: int) -> None:
        await self._ask(device, ShowTyping(chat, for_ms))

    async def check(self, device: Device, numbers: Sequence[Address]) -> Sequence[NumberCheck]:
        answer = await self._ask(device, CheckNumbers(tuple(numbers)))
        assert isinstance(answer, Checked)
        return answer.numbers

    async def groups(self, device: Device) -> Sequence[Group]:
        answer = await self._ask(device, ReadGroups())
        assert isinstance(answer, InGroups)
        return answer.groups

    async def restart(self, device: Device) -> None:
        """A session that nobody runs starts with what is known when somebody does."""
        try:
            await self._asks.ask(device.id, Restart())
        except Refusal as refusal:
            if refusal.code is not Code.DEVICE_DISCONNECTED:
                raise

    async def disconnect(self, device: Device) -> None:
        self._let_go(device.id)

    async def _ask(self, device: Device, ask: AnyAsk) -> AnyAnswer:
        """Nobody is about to open the session of a device that is to be off; any other is waited for."""
        if not device.desired:
            raise Refusal(Code.DEVICE_DISCONNECTED)
        return await self._asks.ask(device.id, ask)
