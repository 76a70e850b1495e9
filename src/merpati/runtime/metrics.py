"""What a running gateway counts and measures, in one table. `merpati_messages_accepted` is the API's."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from merpati.core.clock import Clock
from merpati.devices.views import count_states
from merpati.messages.undecryptable import count_undecryptable
from merpati.messages.views import outbox_size
from merpati.storage.port import Storage
from merpati.transports.port import SessionState

GROUPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class RunMetrics:
    """The metrics of the senders, the storage and the webhooks."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.ended = Counter(
            "merpati_handovers", "Hand-overs by what came of them: sent, retry, failed, unknown.", ("outcome",),
            registry=registry,
        )  # fmt: skip
        self.group = Histogram(
            "merpati_group_size", "Calls that shared one transaction.", buckets=GROUPS, registry=registry
        )
        self.depth = Gauge("merpati_outbox_messages", "Messages in the outbox.", registry=registry)
        self.due = Gauge("merpati_outbox_due_messages", "Messages due, not handed over.", registry=registry)
        self.age = Gauge(
            "merpati_outbox_oldest_due_seconds", "How long the oldest of them has been due.", registry=registry
        )
        self.sessions = Gauge("merpati_sessions", "Devices by session state.", ("state",), registry=registry)
        self.webhook_lag = Gauge(
            "merpati_webhook_lag_seconds",
            "How long the oldest event waits for its endpoint.",
            registry=registry,
        )

        self.undecryptable = Gauge(
            "merpati_undecryptable_messages",
            "Messages of the last seven days that could not be decrypted and have not come again.",
            registry=registry,
        )

    async def measure(self, storage: Storage, clock: Clock) -> None:
        """Read what is not counted; raises `StorageError`."""
        now = clock.now()
        size = await storage.read(outbox_size, now)
        self.depth.set(size.queued)
        self.due.set(size.due)
        self.age.set(max(now - size.oldest_due_at, 0) / 1000 if size.due else 0)
        self.undecryptable.set(await storage.read(count_undecryptable))
        states = await storage.read(count_states)
        for state in SessionState:
            self.sessions.labels(state.value).set(states.get(state, 0))
