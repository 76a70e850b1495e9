"""Standard Webhooks headers: who sent this, which event it is, and when. Pure.

Source: standard-webhooks specification 1.0.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature`, scheme v1).
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from merpati.core.clock import Millis
from merpati.core.ids import AccountId

PREFIX = "whsec_"
SECRET_BYTES = 32


def format_secret(random_bytes: bytes) -> str:
    """A secret as its owner sees it."""
    return PREFIX + base64.b64encode(random_bytes).decode()


def parse_secret(secret: str) -> bytes:
    """The key within a secret; raises ValueError."""
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def webhook_id(account: AccountId, seq: int) -> str:
    """The same for every try of a fact, and for no other: a receiver drops what it has seen."""
    return f"{account}-{seq}"


def signed_headers(keys: Sequence[bytes], event: str, now: Millis, body: bytes) -> dict[str, str]:
    """The headers of a call: a receiver believes it when any of the signatures is that of the key it knows."""
    timestamp_s = now // 1_000
    return {
        "Content-Type": "application/json",
        "webhook-id": event,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(sign(key, event, timestamp_s, body) for key in keys),
    }


def sign(key: bytes, event: str, timestamp_s: int, body: bytes) -> str:
    """One signature for the header `webhook-signature`."""
    signed = b"%s.%d.%s" % (event.encode(), timestamp_s, body)
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
