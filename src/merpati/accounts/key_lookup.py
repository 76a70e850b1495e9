"""Keys at the door: what a secret opens, and when it was last used."""

import asyncio
import contextlib
from collections.abc import Mapping

from merpati.accounts.key_model import OpenedKey
from merpati.accounts.keys import keys_by_hashes, touch_keys
from merpati.accounts.lookup import KEPT_S, MOST_KEPT, TokenLookup
from merpati.accounts.model import LONGEST_ADDRESS
from merpati.core.clock import MINUTE_MS, Clock, Millis
from merpati.core.ids import KeyId
from merpati.storage.port import Storage, StorageError

WRITTEN_EVERY_MS = MINUTE_MS
LOOK_S = 1.0


class KeyUses:
    """Notes in memory when a key was used, and writes it beside the calls, each key at most once a minute.

    A process that dies loses up to a minute of it, which no decision depends on.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage, self._clock = storage, clock
        self._noted: dict[KeyId, tuple[Millis, str]] = {}
        self._written: dict[KeyId, Millis] = {}
        self._news = asyncio.Event()

    def note(self, key: KeyId, address: str) -> None:
        """It was used now, from there."""
        self._noted[key] = (self._clock.now(), address[:LONGEST_ADDRESS])
        self._news.set()

    async def run(self) -> None:
        """Write what is due, for ever."""
        while True:
            await self._news.wait()
            await asyncio.sleep(LOOK_S)
            with contextlib.suppress(StorageError):  # it stays noted
                await self.write_due()

    async def write_due(self) -> None:
        """Write the uses of keys of which none was written within a minute; raises `StorageError`."""
        due = self._due(self._clock.now())
        if due:
            await self._storage.write(touch_keys, [(key, *use) for key, use in due.items()])
        for key, use in due.items():
            self._written[key] = use[0]
            if self._noted.get(key) == use:
                del self._noted[key]
        if not self._noted:
            self._news.clear()

    def _due(self, now: Millis) -> Mapping[KeyId, tuple[Millis, str]]:
        self._written = {key: at for key, at in self._written.items() if 0 <= now - at < WRITTEN_EVERY_MS}
        return {key: use for key, use in self._noted.items() if key not in self._written}


class KeyLookup(TokenLookup[OpenedKey]):
    """Secrets of keys. What is found may have expired, or its overlap may be over: see `OpenedKey`."""

    def __init__(self, storage: Storage, clock: Clock, *, kept_s: float = KEPT_S, most: int = MOST_KEPT) -> None:
        super().__init__(storage, clock, keys_by_hashes, kept_s=kept_s, most=most)
        self.uses = KeyUses(storage, clock)

    def forget_key(self, id_: KeyId) -> None:
        """Call after a change of this key."""
        self.forget(lambda known: known.key.id == id_)
