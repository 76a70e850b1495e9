"""What is asked of a device's session, wherever it is held: a row in the database, answered by its holder.

With one process or many the way is the same. The network is spoken to between the transactions, never in one.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from merpati.core.errors import Code, Refusal
from merpati.core.ids import AskId, DeviceId
from merpati.core.tokens import Sealer
from merpati.devices.asks import (
    AnyAnswer,
    AnyAsk,
    Asked,
    Checked,
    CheckNumbers,
    Done,
    InGroups,
    Pair,
    ReadGroups,
    Refused,
    Restart,
    Shown,
    ShowTyping,
    answer_ask,
    asks_for,
    drop_ask,
    leave_ask,
    sealed_answer,
)
from merpati.runtime.node import Node
from merpati.runtime.sessions import PAIR_S, Sessions
from merpati.runtime.supervisor import Supervisor
from merpati.storage.ids import Ids
from merpati.storage.port import Storage, StorageError
from merpati.transports.port import SendError, SendFault

LOOK_EVERY_S = 0.25
"""For what other processes left."""
ASK_AGAIN_S = 0.1
"""For the answer of another process; that of this one is told at once."""
WITHIN_S: Mapping[type[AnyAsk], float] = {
    Pair: PAIR_S,
    ShowTyping: 5.0,
    CheckNumbers: 30.0,
    ReadGroups: 30.0,
    Restart: 10.0,
}
_decode = msgspec.json.Decoder(AnyAnswer).decode


class Asks:
    """Asks sessions, and answers for those of this process's devices (`run`)."""

    def __init__(
        self, storage: Storage, ids: Ids, sealer: Sealer, node: Node, sessions: Sessions, supervisor: Supervisor
    ) -> None:
        self._storage, self._ids, self._sealer = storage, ids, sealer
        self._node, self._sessions, self._supervisor = node, sessions, supervisor
        self._wake = asyncio.Event()
        self._under_way: set[AskId] = set()
        self._waiting: dict[AskId, asyncio.Event] = {}

    # -- asking --

    async def ask(self, device: DeviceId, ask: AnyAsk) -> AnyAnswer:
        """The answer of the device's session, never `Refused`.

        Raises `Refusal` (what the session refuses; DEVICE_DISCONNECTED when nobody answers within some seconds)
        and `StorageError`. May run twice.
        """
        asked = Asked(id=AskId((await self._ids.take("ask"))[0]), device=device, ask=ask)
        within_s = WITHIN_S[type(ask)]
        self._waiting[asked.id] = asyncio.Event()
        await self._storage.write(leave_ask, asked, int(within_s * 1000))
        self._node.wake()
        self._wake.set()
        try:
            answer = await self._wait_for(asked.id, within_s)
        finally:
            del self._waiting[asked.id]
            with contextlib.suppress(StorageError):  # it expires
                await self._storage.write(drop_ask, asked.id)
        if isinstance(answer, Refused):
            raise Refusal(answer.code, **({"reason": answer.reason} if answer.reason else {}))
        return answer

    async def _wait_for(self, id_: AskId, within_s: float) -> AnyAnswer:
        try:
            async with asyncio.timeout(within_s):
                while (sealed := await self._storage.read(sealed_answer, id_)) is None:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._waiting[id_].wait(), ASK_AGAIN_S)
        except TimeoutError:
            return Refused(Code.DEVICE_DISCONNECTED)
        answer: AnyAnswer = _decode(self._sealer.unseal("ask", id_, sealed))
        return answer

    # -- answering --

    async def run(self) -> None:
        """Answer what is asked of this process's devices, for ever."""
        while True:
            self._wake.clear()
            with contextlib.suppress(StorageError):
                await self._look()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_EVERY_S)

    async def _look(self) -> None:
        inc = self._node.incarnation
        if inc is None:
            return
        for asked in await self._storage.read(asks_for, inc):
            if asked.id not in self._under_way and asked.device in self._sessions.live:
                self._under_way.add(asked.id)
                self._supervisor.spawn(self._carry_out(asked))

    async def _carry_out(self, asked: Asked) -> None:
        """One that was lost with the database comes again at the next look."""
        try:
            answer = await self._answer(asked)
            claim = self._node.claim_of(asked.device)
            if claim is not None:
                sealed = self._sealer.seal("ask", asked.id, msgspec.json.encode(answer).decode())
                await self._storage.write(answer_ask, asked.id, asked.device, claim, sealed)
        except StorageError:
            return
        finally:
            self._under_way.discard(asked.id)
            if asked.id in self._waiting:
                self._waiting[asked.id].set()

    async def _answer(self, asked: Asked) -> AnyAnswer:
        try:
            return await ANSWERS[type(asked.ask)](self._sessions, asked.device, asked.ask)
        except Refusal as refusal:
            return Refused(refusal.code, str(refusal.values.get("reason", "")))
        except SendError as error:
            return Refused(_code_of(asked.ask, error), error.code)
        except TimeoutError:
            return Refused(Code.DEVICE_DISCONNECTED)


def _code_of(ask: AnyAsk, error: SendError) -> Code:
    if isinstance(ask, Pair):
        return Code.PAIRING_ENDED
    return Code.DEVICE_DISCONNECTED if error.fault is SendFault.NOT_OPEN else Code.NETWORK_REFUSED


async def _pair(sessions: Sessions, device: DeviceId, ask: Pair) -> AnyAnswer:
    shown = await sessions.pair(device, ask.how, ask.phone)
    return Shown(shown.code, shown.expires_at)


async def _show_typing(sessions: Sessions, device: DeviceId, ask: ShowTyping) -> AnyAnswer:
    await sessions.show_typing(device, ask.chat, ask.for_ms)
    return Done()


async def _check(sessions: Sessions, device: DeviceId, ask: CheckNumbers) -> AnyAnswer:
    return Checked(tuple(await sessions.check(device, ask.numbers)))


async def _groups(sessions: Sessions, device: DeviceId, _ask: ReadGroups) -> AnyAnswer:
    return InGroups(tuple(await sessions.groups(device)))


async def _restart(sessions: Sessions, device: DeviceId, _ask: Restart) -> AnyAnswer:
    await sessions.restart(device)
    return Done()


ANSWERS: Mapping[type[AnyAsk], Callable[[Sessions, DeviceId, Any], Awaitable[AnyAnswer]]] = {
    Pair: _pair,
    ShowTyping: _show_typing,
    CheckNumbers: _check,
    ReadGroups: _groups,
    Restart: _restart,
}
