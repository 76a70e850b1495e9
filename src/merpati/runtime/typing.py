""" "Typing" in a chat for a while: shown again before phones forget it, and ended when its time is over."""

import asyncio
import contextlib

from merpati.core.ids import Address
from merpati.runtime.supervisor import Supervisor
from merpati.transports.port import SendError, Signal, Transport

AGAIN_S = 8.0
"""WhatsApp's phones hide it some ten seconds after the last word of it."""


class TypingShown:
    """Of one session: in which chats it is shown."""

    def __init__(self, transport: Transport, supervisor: Supervisor) -> None:
        self._transport, self._supervisor = transport, supervisor
        self._shown: dict[Address, asyncio.Task[None]] = {}

    async def show(self, chat: Address, for_ms: int) -> None:
        """Show it in this chat for so long from now; 0: no more. Raises `SendError`. May run twice."""
        before = self._shown.pop(chat, None)
        if before is not None:
            before.cancel()
        await self._transport.signal(chat, Signal.TYPING if for_ms else Signal.PAUSED)
        if for_ms:
            self._shown[chat] = task = self._supervisor.spawn(self._keep(chat, for_ms / 1000))
            task.add_done_callback(lambda ended: self._forget(chat, ended))

    async def _keep(self, chat: Address, left_s: float) -> None:
        with contextlib.suppress(SendError):  # a session that ended shows nothing
            while left_s > AGAIN_S:
                await asyncio.sleep(AGAIN_S)
                left_s -= AGAIN_S
                await self._transport.signal(chat, Signal.TYPING)
            await asyncio.sleep(left_s)
            await self._transport.signal(chat, Signal.PAUSED)

    def _forget(self, chat: Address, ended: "asyncio.Task[None]") -> None:
        if self._shown.get(chat) is ended:
            del self._shown[chat]
