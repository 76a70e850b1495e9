"""What follows from what the library says of a hand-over: a table over its words. Pure.

The library answers a failed call with one line of text, so the table matches its beginnings and codes; a test pins
each line to the version that is required. What is not in the table may have been sent: only words that whatsmeow
writes before anything leaves, or WhatsApp's own refusal, say that it was not.

Source: whatsmeow's `send.go`, `errors.go`, `request.go`; codes of a refused message: WhatsApp's `error` attribute.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from merpati.core.clock import HOUR_MS, MINUTE_MS
from merpati.core.errors import Code
from merpati.transports.port import SendFault


class Trouble(NamedTuple):
    """The port's fault, a code with a sentence, how long to wait."""

    fault: SendFault
    code: Code
    wait_ms: int = 0


UNKNOWN: Final = Trouble(SendFault.AMBIGUOUS, Code.OUTCOME_UNKNOWN)
_BUSY = Trouble(SendFault.RETRY, Code.NETWORK_BUSY)
_NOT_OPEN = Trouble(SendFault.NOT_OPEN, Code.DEVICE_DISCONNECTED)
_ABSENT = Trouble(SendFault.RECIPIENT, Code.RECIPIENT_UNREACHABLE)
_GROUP = Trouble(SendFault.RECIPIENT, Code.GROUP_REFUSED)
_CONTENT = Trouble(SendFault.CONTENT, Code.CONTENT_REFUSED)
_ACCOUNT = Trouble(SendFault.AUTH, Code.NETWORK_REFUSED)
_TOO_FAST = Trouble(SendFault.RATE, Code.NETWORK_PACE, MINUTE_MS)
_SLOWED = Trouble(SendFault.RATE, Code.NUMBER_SLOWED, HOUR_MS)

CODES: Mapping[int, Trouble] = {
    400: _CONTENT,
    401: _ACCOUNT,
    402: _ACCOUNT,
    403: _ACCOUNT,
    404: _ABSENT,
    406: _CONTENT,
    420: _GROUP,
    421: _GROUP,
    429: _TOO_FAST,
    463: _SLOWED,
    475: _CONTENT,
    479: _CONTENT,
    500: _BUSY,
    503: _BUSY,
}
"""WhatsApp's word on a message that it had and did not take. 463: too many chats were begun with people who did not
write first; it passes by itself."""

_PHRASES: tuple[tuple[str, Trouble], ...] = (
    ("no lid found", _ABSENT),
    ("the store doesn't contain a device jid", _NOT_OPEN),
    ("not connected", _NOT_OPEN),
    ("client is nil", _NOT_OPEN),
    ("client not found", _NOT_OPEN),
    ("failed to get group members", _GROUP),
    ("failed to get device list", _BUSY),
    ("failed to fetch prekeys", _BUSY),
    ("failed to refresh media connections", _BUSY),
    ("failed to execute request", _BUSY),
    ("failed to upload", _BUSY),
    ("upload failed", _BUSY),
    ("can't send message to unknown server", _ABSENT),
    ("recipient must be", _ABSENT),
)
_GONE_AGAIN = "websocket not connected"
"""Alone, it ends a repetition of what left before (`retryFrame`); behind other words nothing has left."""
_RETURNED = re.compile(r"server returned error:? (\d{3})")


def trouble_of(line: str) -> Trouble:
    """What follows from the library's line."""
    lower = line.lower()
    if lower == _GONE_AGAIN:
        return UNKNOWN
    if found := _RETURNED.search(lower):
        return CODES.get(int(found[1]), UNKNOWN)
    for phrase, trouble in _PHRASES:
        if phrase in lower:
            return trouble
    return UNKNOWN
