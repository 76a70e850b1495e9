"""Which of the library's words end a session or a pairing, and how: tables. Pure.

Source: whatsmeow's `connectionevents.go`, `qrchan.go`; neonize numbers the reasons of a refused login.
"""

from collections.abc import Mapping
from typing import Any, Final

from merpati.core.clock import SECOND_MS, Millis
from merpati.transports.linked.protocol import End
from merpati.transports.linked.worker.library import Happening

LOGOUTS: Mapping[int, End] = {4: End.LOCKED, 5: End.BANNED, 3: End.BANNED, 6: End.OUTDATED}
"""Reasons of a login that was refused for good: 403, 406, 402, 405; any other: the phone unlinked us."""
FAILURES: Mapping[int, End] = {2: End.UNLINKED, 3: End.BANNED, 4: End.LOCKED, 5: End.BANNED, 6: End.OUTDATED}
"""The same of a failure to connect; any other may pass."""
PAIRING: Mapping[str, End] = {
    "timeout": End.TIMED_OUT,
    "err-client-outdated": End.OUTDATED,
    "passkey-request": End.PASSKEY,
    "passkey-error": End.PASSKEY,
    "passkey-confirmation": End.PASSKEY,
}
"""Ends of the row of QR codes; `success` is none, any other is a refusal."""
SUCCESS: Final = "success"
BAN_CRASH: Final = "temporaryban"
"""A ban for a reason that the library does not know ends its session with a complaint of this field."""


def end_of_status(status: str) -> End | None:
    return None if status == SUCCESS else PAIRING.get(status, End.REFUSED)


def end_of_event(code: int, event: Any) -> End | None:  # noqa: ANN401 - a message of the library
    """None: it ends nothing for good."""
    match code:
        case Happening.LOGGED_OUT:
            return LOGOUTS.get(event.Reason, End.UNLINKED)
        case Happening.CONNECT_FAILURE:
            return FAILURES.get(event.Reason)
        case _:
            return _ENDS.get(code)


_ENDS: Mapping[int, End] = {
    Happening.REPLACED: End.REPLACED,
    Happening.BANNED: End.BANNED,
    Happening.OUTDATED: End.OUTDATED,
}


def ban_until(event: Any, now: Millis) -> Millis | None:  # noqa: ANN401 - a message of the library
    """When a ban ends, where WhatsApp says so."""
    return Millis(now + event.Expire * SECOND_MS) if event.Expire > 0 else None
