"""Waiting for what no page says: by asking again until it is so."""

import time
from collections.abc import Callable


def until(is_so: Callable[[], bool], within_s: float = 10.0) -> bool:
    """Whether it came to be so in time."""
    give_up_at = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > give_up_at:
            return False
    return True
