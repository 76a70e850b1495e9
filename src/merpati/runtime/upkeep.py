"""What a node looks after while it runs: settings that were changed elsewhere, hand-overs that nobody has in hand,
and those that nobody answered.

A hand-over is nobody's when its intent was stored but the answer was lost (a connection cut in COMMIT), or when an
owner that came too late stored an intent after the next one had looked. Both are rare; unlooked for, such a message
would be "being handed over" for ever, and hold back everything else to its recipient.
"""

import asyncio

from merpati.core.clock import Clock
from merpati.devices.views import find_devices
from merpati.messages.changes import give_back, recover_device
from merpati.messages.model import OpenRow
from merpati.messages.unclear import ECHO_MS, has_unclear, resend_unclear
from merpati.messages.views import being_handed_over
from merpati.runtime.dispatcher import Dispatcher, Sender
from merpati.runtime.sessions import Sessions
from merpati.storage.port import Storage, StorageError
from merpati.transports.port import SessionState

EVERY_S = 5.0


class Upkeep:
    """Run by the supervisor; one look every few seconds."""

    def __init__(self, storage: Storage, clock: Clock, sessions: Sessions, dispatcher: Dispatcher) -> None:
        self.storage, self.clock, self.sessions, self.dispatcher = storage, clock, sessions, dispatcher
        self._seen: set[tuple[int, int]] = set()

    async def run(self) -> None:
        """Look, for ever."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.refresh_settings()
                await self.look_for_strays()
                await self.send_unclear_again()
                await self.connect_after_bans()
            except StorageError:
                continue

    async def refresh_settings(self) -> None:
        """Take over the devices' settings as they are now."""
        devices = await self.storage.read(find_devices, list(self.sessions.live))
        for id_, device in devices.items():
            session = self.sessions.live.get(id_)
            if session is not None:
                session.device = device

    async def send_unclear_again(self) -> None:
        """Of the devices that are set to: what was handed over and neither answered nor told by the network itself.

        A device whose session has just opened is waited for: what was told meanwhile comes only now.
        """
        since = self.clock.now() - ECHO_MS
        able = [
            (session.device.account, id_)
            for id_, session in self.sessions.live.items()
            if id_ in self.dispatcher.senders
            and session.device.settings.resend_unclear
            and session.device.state_at <= since
        ]
        if not able or not await self.storage.read(has_unclear, [id_ for _, id_ in able]):
            return
        for device in await self.storage.write(resend_unclear, able, self.dispatcher.max_tries):
            self.dispatcher.wake(device)

    async def connect_after_bans(self) -> None:
        """Those whose ban has ended, as the network had told."""
        for id_, session in list(self.sessions.live.items()):
            ended_at = session.device.state_until
            if session.state is SessionState.BANNED and ended_at is not None and ended_at <= self.clock.now():
                await self.sessions.restart(id_)

    async def look_for_strays(self) -> None:
        """Settle hand-overs that were nobody's at the last look and still are."""
        senders = dict(self.dispatcher.senders)
        rows = await self.storage.read(being_handed_over, list(senders))
        strays = [row for row in rows if row.message not in senders[row.device].in_hand]
        again = [row for row in strays if (row.message, row.attempt) in self._seen]
        self._seen = {(row.message, row.attempt) for row in strays}
        for device in {row.device for row in again}:
            await self._settle(senders[device], [row for row in again if row.device == device])

    async def _settle(self, sender: Sender, rows: list[OpenRow]) -> None:
        now, epoch = self.clock.now(), sender.claim.epoch
        if self.dispatcher.senders.get(sender.device) is not sender:
            return
        takes_ref = sender.transport.caps.takes_ref
        await self.storage.write(recover_device, sender.device, epoch, takes_ref, now)
        await self.storage.write(give_back, [row for row in rows if row.epoch == epoch], now)
        self.dispatcher.wake(sender.device)
