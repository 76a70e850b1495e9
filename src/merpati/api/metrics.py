"""What the API counts, in one table."""

from prometheus_client import CollectorRegistry, Counter, Histogram

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class ApiMetrics:
    """Counters of the HTTP edge, in the registry that `/metrics` shows."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.requests = Counter(
            "merpati_api_requests",
            "Requests answered, by endpoint and outcome: success, refused (with a reason), unavailable, fault.",
            ("endpoint", "outcome"),
            registry=registry,
        )
        self.strangers = Counter(
            "merpati_api_strangers", "Requests without a valid token; none of them is stored.", registry=registry
        )
        self.accepted = Counter(
            "merpati_messages_accepted", "Messages accepted by a request, each target one.", registry=registry
        )
        self.meta = Counter(
            "merpati_meta_posts", "Calls of Meta's webhooks answered, by status.", ("status",), registry=registry
        )
        self.took = Histogram(
            "merpati_api_seconds",
            "From the first byte of a request to its answer.",
            ("endpoint",),
            buckets=SECONDS,
            registry=registry,
        )
