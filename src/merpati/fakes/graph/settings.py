"""How the fake behaves."""

import msgspec

DAY_MS = 86_400_000


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Times are milliseconds. The defaults are Meta's numbers and a person's pace."""

    seed: int = 1
    answer_ms: int = 0
    """How long a call to a number takes to be answered."""
    sent_ms: int = 100
    """From the answer to the webhook that says `sent`."""
    delivered_ms: int = 400
    read_ms: int = 3_000
    """From `delivered` to `read`, of a person who reads by themselves."""
    failed_ms: int = 200
    strangers: bool = True
    """Whether a number that nobody added is on WhatsApp."""
    errors_early: bool = False
    """Tell in the answer what Meta mostly tells by webhook: it documents that either may come."""
    read_alone: bool = False
    """`read` comes without `delivered` before it, as when a chat is open."""
    window_ms: int = DAY_MS
    per_second: int = 80
    """Messages of one number, in and out; 0: no limit."""
    pair_burst: int = 45
    pair_every_ms: int = 6_000
    """To one person: so many at once, then one each so often; 0: no limit."""
    review: str = "APPROVED"
    """What becomes of a template that is handed in; PENDING: it waits for a word."""
    review_ms: int = 2_000
    duplicates: float = 0.0
    """The share of webhooks that come twice."""
    shuffle: bool = False
    """Webhooks that wait at the same moment come in any order."""
    batch: int = 1
    """So many changes in one body at most."""
    again_ms: tuple[int, ...] = (1_000, 5_000, 30_000, 300_000, 3_600_000)
    """When a webhook that was not taken comes again; the last repeats for seven days."""
    give_up_ms: int = 7 * DAY_MS


AT_ONCE = Settings(sent_ms=0, delivered_ms=0, read_ms=0, failed_ms=0, review_ms=0, again_ms=(0, 20, 100, 500))
"""For tests: nothing waits."""
