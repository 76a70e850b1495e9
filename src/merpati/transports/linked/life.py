"""The life of a linked device's session, as a table, and what each end means. Pure.

Source: whatsmeow's events and WhatsApp's own codes for a refused login (401 unlinked, 402 banned for a time, 403
locked, 405 outdated, 406 banned); a `conflict` of kind `replaced` in the stream's end.
"""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from merpati.core.machine import Machine
from merpati.transports.linked.protocol import End
from merpati.transports.port import SessionState


class SessionEvent(Enum):
    """What can happen to a session."""

    STARTED = "started"
    PAIRING_BEGUN = "pairing_begun"
    PAIRED = "paired"
    OPENED = "opened"
    LOST = "lost"
    BEGAN = "began"
    LOGGED_OUT = "logged_out"
    REPLACED = "replaced"
    BANNED = "banned"
    OUTDATED = "outdated"
    PASSKEY_ASKED = "passkey_asked"
    FAILED = "failed"
    STOPPED = "stopped"


_S, _E = SessionState, SessionEvent
ENDED = (_S.LOGGED_OUT, _S.REPLACED, _S.BANNED, _S.OUTDATED, _S.PASSKEY_REQUIRED, _S.FAILED)
RESTING = (_S.OFF, *ENDED)
"""Nothing happens until somebody starts or pairs."""
CONNECTED = (_S.CONNECTING, _S.OPEN, _S.RETRYING)
LIVE = (*CONNECTED, _S.PAIRING)
_ENDINGS = {
    _E.LOGGED_OUT: _S.LOGGED_OUT,
    _E.REPLACED: _S.REPLACED,
    _E.BANNED: _S.BANNED,
    _E.OUTDATED: _S.OUTDATED,
    _E.PASSKEY_ASKED: _S.PASSKEY_REQUIRED,
    _E.FAILED: _S.FAILED,
}

LIFE: Machine[SessionState, SessionEvent] = Machine(
    {
        **{(state, _E.STARTED): _S.CONNECTING for state in RESTING},
        **{(state, _E.PAIRING_BEGUN): _S.PAIRING for state in (*RESTING, _S.CONNECTING, _S.RETRYING, _S.PAIRING)},
        (_S.PAIRING, _E.PAIRED): _S.CONNECTING,
        (_S.CONNECTING, _E.OPENED): _S.OPEN,
        (_S.CONNECTING, _E.LOST): _S.RETRYING,
        (_S.OPEN, _E.LOST): _S.RETRYING,
        (_S.RETRYING, _E.BEGAN): _S.CONNECTING,
        **{(state, event): end for state in LIVE for event, end in _ENDINGS.items()},
        **{(state, _E.LOGGED_OUT): _S.LOGGED_OUT for state in ENDED if state is not _S.LOGGED_OUT},
        **{(state, _E.STOPPED): _S.OFF for state in LIVE},
    }
)


class Meaning(NamedTuple):
    """What follows from an end: the event, and the reason that people are told (`device.reason.<reason>`)."""

    event: SessionEvent
    reason: str


MEANINGS: Mapping[End, Meaning] = {
    End.NOT_PAIRED: Meaning(_E.LOGGED_OUT, "not_paired"),
    End.UNLINKED: Meaning(_E.LOGGED_OUT, "unlinked"),
    End.LOGGED_OUT: Meaning(_E.LOGGED_OUT, "logged_out"),
    End.REPLACED: Meaning(_E.REPLACED, "replaced"),
    End.BANNED: Meaning(_E.BANNED, "banned"),
    End.LOCKED: Meaning(_E.BANNED, "locked"),
    End.OUTDATED: Meaning(_E.OUTDATED, "outdated"),
    End.PASSKEY: Meaning(_E.PASSKEY_ASKED, "passkey_required"),
    End.LOST: Meaning(_E.LOST, "connection_lost"),
    End.CRASHED: Meaning(_E.LOST, "worker_crashed"),
    End.UNREADABLE: Meaning(_E.FAILED, "copy_too_old"),
    End.MOVED: Meaning(_E.FAILED, "session_moved"),
    End.LIBRARY: Meaning(_E.FAILED, "library_other"),
    End.TIMED_OUT: Meaning(_E.LOGGED_OUT, "pairing_timed_out"),
    End.REFUSED: Meaning(_E.LOGGED_OUT, "pairing_refused"),
}
"""Every end has a row; a pairing's ends are those of a session."""
