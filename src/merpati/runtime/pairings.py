"""Pairing for callers of any process: a wish in the database, carried out by the process that holds the device.

With one process or many the way is the same. The network is spoken to between the transactions, never in one.
"""

import asyncio
import contextlib

import msgspec

from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address, DeviceId, PairingId
from merpati.core.tokens import Sealer
from merpati.devices.pairings import (
    PairAnswer,
    PairWish,
    answer_pairing,
    ask_pairing,
    drop_pairing,
    sealed_answer,
    wishes_for,
)
from merpati.runtime.node import Node
from merpati.runtime.sessions import PAIR_S, Sessions
from merpati.runtime.supervisor import Supervisor
from merpati.storage.ids import Ids
from merpati.storage.port import Storage, StorageError
from merpati.transports.port import PairHow, SendError

LOOK_EVERY_S = 0.25
"""For wishes that other processes left."""
ASK_AGAIN_S = 0.1
"""For the answer."""
_answer = msgspec.json.Decoder(PairAnswer)


class Pairings:
    """Asks for pairings, and carries out those of this process's devices (`run`)."""

    def __init__(
        self, storage: Storage, ids: Ids, sealer: Sealer, node: Node, sessions: Sessions, supervisor: Supervisor
    ) -> None:
        self._storage, self._ids, self._sealer = storage, ids, sealer
        self._node, self._sessions, self._supervisor = node, sessions, supervisor
        self._wake = asyncio.Event()
        self._under_way: set[PairingId] = set()

    # -- asking --

    async def ask(self, device: DeviceId, how: PairHow, phone: Address | None) -> str:
        """Begin pairing, wherever the device is held: what the person must scan (a QR's text) or type.

        Raises `Refusal` (what `Sessions.pair` raises; DEVICE_DISCONNECTED when nobody answers within some seconds)
        and `StorageError`.
        """
        id_ = PairingId((await self._ids.take("pairing"))[0])
        wish = PairWish(id=id_, device=device, how=how, phone=phone)
        await self._storage.write(ask_pairing, wish, int(PAIR_S * 1000))
        self._node.wake()
        self._wake.set()
        try:
            answer = await self._wait_for(id_)
        finally:
            with contextlib.suppress(StorageError):  # it expires
                await self._storage.write(drop_pairing, id_)
        if answer.refused is not None:
            raise Refusal(answer.refused, reason=answer.reason)
        return answer.text

    async def _wait_for(self, id_: PairingId) -> PairAnswer:
        try:
            async with asyncio.timeout(PAIR_S):
                while (sealed := await self._storage.read(sealed_answer, id_)) is None:  # noqa: ASYNC110 - a row
                    await asyncio.sleep(ASK_AGAIN_S)
        except TimeoutError:
            return PairAnswer("", Code.DEVICE_DISCONNECTED)
        return _answer.decode(self._sealer.unseal("pairing", id_, sealed))

    # -- carrying out --

    async def run(self) -> None:
        """Carry out what is wished of this process's devices, for ever."""
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
        for wish in await self._storage.read(wishes_for, inc):
            if wish.id not in self._under_way and wish.device in self._sessions.live:
                self._under_way.add(wish.id)
                self._supervisor.spawn(self._carry_out(wish))

    async def _carry_out(self, wish: PairWish) -> None:
        """One that was lost with the database comes again at the next look."""
        try:
            answer = await self._pair(wish)
            claim = self._node.claim_of(wish.device)
            if claim is not None:
                sealed = self._sealer.seal("pairing", wish.id, msgspec.json.encode(answer).decode())
                await self._storage.write(answer_pairing, wish.id, wish.device, claim, sealed)
        except StorageError:
            return
        finally:
            self._under_way.discard(wish.id)

    async def _pair(self, wish: PairWish) -> PairAnswer:
        try:
            return PairAnswer((await self._sessions.pair(wish.device, wish.how, wish.phone)).code)
        except Refusal as refusal:
            return PairAnswer("", refusal.code, str(refusal.values.get("reason", "")))
        except SendError as error:
            return PairAnswer("", Code.PAIRING_ENDED, error.code)
        except TimeoutError:
            return PairAnswer("", Code.DEVICE_DISCONNECTED)
