"""The life of a simulated device's session, as a table."""

from enum import Enum

from merpati.core.machine import Machine
from merpati.transports.port import SessionState


class SessionEvent(Enum):
    """What can happen to a session."""

    STARTED = "started"
    PAIRING_BEGUN = "pairing_begun"
    PAIRED = "paired"
    PAIRING_ENDED = "pairing_ended"
    OPENED = "opened"
    LOST = "lost"
    RETRIED = "retried"
    LOGGED_OUT = "logged_out"
    REPLACED = "replaced"
    BANNED = "banned"
    STOPPED = "stopped"


_S, _E = SessionState, SessionEvent
RESTING = (_S.OFF, _S.LOGGED_OUT, _S.REPLACED, _S.BANNED)
"""Nothing happens until somebody starts or pairs."""
CONNECTED = (_S.CONNECTING, _S.OPEN, _S.RETRYING)
_ENDINGS = {_E.LOGGED_OUT: _S.LOGGED_OUT, _E.REPLACED: _S.REPLACED, _E.BANNED: _S.BANNED}

LIFE: Machine[SessionState, SessionEvent] = Machine(
    {
        **{(state, _E.STARTED): _S.CONNECTING for state in RESTING},
        **{(state, _E.PAIRING_BEGUN): _S.PAIRING for state in (*RESTING, _S.CONNECTING, _S.RETRYING, _S.PAIRING)},
        (_S.PAIRING, _E.PAIRED): _S.CONNECTING,
        (_S.PAIRING, _E.PAIRING_ENDED): _S.LOGGED_OUT,
        (_S.CONNECTING, _E.OPENED): _S.OPEN,
        (_S.CONNECTING, _E.LOST): _S.RETRYING,
        (_S.OPEN, _E.LOST): _S.RETRYING,
        (_S.RETRYING, _E.RETRIED): _S.CONNECTING,
        **{(state, event): end for state in CONNECTED for event, end in _ENDINGS.items()},
        (_S.REPLACED, _E.LOGGED_OUT): _S.LOGGED_OUT,
        (_S.BANNED, _E.LOGGED_OUT): _S.LOGGED_OUT,
        **{(state, _E.STOPPED): _S.OFF for state in (*CONNECTED, _S.PAIRING)},
    }
)

OF_CLOSING = {
    _S.LOGGED_OUT: _E.LOGGED_OUT,
    _S.REPLACED: _E.REPLACED,
    _S.BANNED: _E.BANNED,
    _S.RETRYING: _E.LOST,
}
"""What the network says when it closes a session, as an event."""
