"""The endpoints of one process by account: who hears what is read from an account's log. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from merpati.core.ids import AccountId, DeviceId, EndpointId
from merpati.log.model import RawEntry, shard_of
from merpati.webhooks.hook import Hook
from merpati.webhooks.model import EVERY_DEVICE, Endpoint


class Feed:
    """One account's log, read once for all its endpoints."""

    def __init__(self, account: AccountId) -> None:
        self.account = account
        self.hooks: dict[EndpointId, Hook] = {}
        self._by_device: dict[DeviceId, list[Hook]] = {}

    @property
    def position(self) -> int:
        """Up to here every endpoint has what the log had for it."""
        return min(hook.read_seq for hook in self.hooks.values())

    def add(self, hook: Hook) -> None:
        self.hooks[hook.endpoint.id] = hook
        for device in hook.endpoint.devices or (EVERY_DEVICE,):
            self._by_device.setdefault(device, []).append(hook)

    def remove(self, hook: Hook) -> None:
        if self.hooks.pop(hook.endpoint.id, None) is not None:
            for device in hook.endpoint.devices or (EVERY_DEVICE,):
                self._by_device[device].remove(hook)

    def change(self, hook: Hook, endpoint: Endpoint) -> None:
        """It is set otherwise now, and may hear other devices from here on."""
        self.remove(hook)
        hook.endpoint = endpoint
        self.add(hook)

    def hand_out(self, entries: Sequence[RawEntry], read_from: int, read_to: int, now: int) -> set[Hook]:
        """Facts read from the log, all that there are above `read_from` up to `read_to`; answers who got some.

        A number without a fact was forgotten by the log, and forgetting goes from the oldest on.
        """
        first = entries[0].seq if entries else read_to + 1
        woken = set()
        if first > read_from + 1:
            woken = {hook for hook in self.hooks.values() if hook.read_seq < first - 1}
            for hook in woken:
                hook.lose_unread(first - 1, now)
        for entry in entries:
            for hook in self._hearers(entry.device):
                if hook.offer(entry):
                    woken.add(hook)
        for hook in self.hooks.values():
            hook.walk_to(read_to)
        return woken

    def _hearers(self, device: DeviceId) -> Iterator[Hook]:
        yield from self._by_device.get(device, ())
        if device != EVERY_DEVICE:
            yield from self._by_device.get(EVERY_DEVICE, ())


class Feeds:
    """Every account that this process reads, and which endpoints want to be looked at."""

    def __init__(self) -> None:
        self._feeds: dict[AccountId, Feed] = {}
        self.awake: set[Hook] = set()
        """They may have a lane whose turn it is, or that wants to read."""
        self.dirty: set[Hook] = set()
        """They have something to store."""

    def __getitem__(self, account: AccountId) -> Feed:
        return self._feeds[account]

    def positions(self) -> dict[AccountId, int]:
        return {account: feed.position for account, feed in self._feeds.items()}

    def hooks(self) -> Iterator[Hook]:
        for feed in self._feeds.values():
            yield from feed.hooks.values()

    def hooks_in(self, shards: Iterable[int]) -> list[Hook]:
        wanted = frozenset(shards)
        return [hook for hook in self.hooks() if shard_of(hook.endpoint.account) in wanted]

    def find(self, account: AccountId, endpoint: EndpointId) -> Hook | None:
        feed = self._feeds.get(account)
        return feed.hooks.get(endpoint) if feed else None

    def add(self, hook: Hook) -> None:
        account = hook.endpoint.account
        self._feeds.setdefault(account, Feed(account)).add(hook)
        self.awake.add(hook)

    def close(self, hooks: Iterable[Hook]) -> None:
        """These are not ours any more: what their calls still answer does not count."""
        for hook in list(hooks):
            hook.closed = True
            self.awake.discard(hook)
            self.dirty.discard(hook)
            feed = self._feeds.get(hook.endpoint.account)
            if feed is not None:
                feed.remove(hook)
                if not feed.hooks:
                    del self._feeds[feed.account]
