"""What follows from each error code of Meta: a table. Pure.

Source: Meta's Cloud API, "Error codes". We act on `code` alone: titles and messages are rewritten now and then. The
same codes come in the answer to a call and, later, in a `failed` status of a webhook.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from merpati.core.clock import HOUR_MS, MINUTE_MS, SECOND_MS
from merpati.core.errors import Code
from merpati.transports.port import SendError, SendFault, SessionState


class Act(StrEnum):
    """What is to be done about an error."""

    RETRY = "retry"
    """Not taken, for now."""
    PACE = "pace"
    """Too fast: wait, then go on."""
    FAIL = "fail"
    """This content, or anything to this recipient, fails for good."""
    WINDOW = "window"
    """More than a day since the recipient wrote: only an approved template may go."""
    PAUSE = "pause"
    """The account is restricted, unpaid or not set up: the device waits for a person."""
    AUTH_LOST = "auth_lost"
    """The token is no longer good or lacks a permission: the device waits for another one."""
    UNCERTAIN = "uncertain"
    """It may have been sent."""


ENDS: Mapping[Act, SessionState] = {
    Act.AUTH_LOST: SessionState.LOGGED_OUT,
    Act.PAUSE: SessionState.FAILED,
}
"""What ends a device's session until a person does something, and how."""


class Trouble(Struct, frozen=True):
    """What an error means to us: what to do, the port's fault, a code with a sentence, how long to wait."""

    act: Act
    fault: SendFault
    code: Code
    wait_ms: int = 0

    def as_error(self) -> SendError:
        """What `Transport.send` raises."""
        return SendError(self.fault, self.code, retry_after_ms=self.wait_ms)


_BUSY = Trouble(Act.RETRY, SendFault.RETRY, Code.NETWORK_BUSY)
_UPGRADE = Trouble(Act.PACE, SendFault.RATE, Code.NETWORK_BUSY, MINUTE_MS)
_TOO_FAST = Trouble(Act.PACE, SendFault.RATE, Code.NETWORK_PACE, SECOND_MS)
_PAIR = Trouble(Act.PACE, SendFault.RATE, Code.RECIPIENT_PACE, 6 * SECOND_MS)
_CALLS = Trouble(Act.PACE, SendFault.RATE, Code.NETWORK_PACE, MINUTE_MS)
_SPAM = Trouble(Act.PACE, SendFault.RATE, Code.NUMBER_SLOWED, HOUR_MS)
_WINDOW = Trouble(Act.WINDOW, SendFault.RECIPIENT, Code.WINDOW_CLOSED)
_UNREACHABLE = Trouble(Act.FAIL, SendFault.RECIPIENT, Code.RECIPIENT_UNREACHABLE)
_LIMITED = Trouble(Act.FAIL, SendFault.RECIPIENT, Code.RECIPIENT_LIMITED)
_OPTED_OUT = Trouble(Act.FAIL, SendFault.RECIPIENT, Code.RECIPIENT_OPTED_OUT)
_NOT_ALLOWED = Trouble(Act.FAIL, SendFault.RECIPIENT, Code.RECIPIENT_NOT_ALLOWED)
_GROUP = Trouble(Act.FAIL, SendFault.RECIPIENT, Code.GROUP_REFUSED)
_CONTENT = Trouble(Act.FAIL, SendFault.CONTENT, Code.CONTENT_REFUSED)
_FILE = Trouble(Act.FAIL, SendFault.CONTENT, Code.FILE_REFUSED)
_TEMPLATE = Trouble(Act.FAIL, SendFault.CONTENT, Code.TEMPLATE_REFUSED)
_TOKEN = Trouble(Act.AUTH_LOST, SendFault.AUTH, Code.META_TOKEN_REFUSED)
_PERMISSION = Trouble(Act.AUTH_LOST, SendFault.AUTH, Code.META_PERMISSION_MISSING)
_RESTRICTED = Trouble(Act.PAUSE, SendFault.AUTH, Code.META_ACCOUNT_RESTRICTED)
_UNPAID = Trouble(Act.PAUSE, SendFault.AUTH, Code.META_PAYMENT_MISSING)
_NOT_SET_UP = Trouble(Act.PAUSE, SendFault.AUTH, Code.META_NUMBER_NOT_SET_UP)
_UNCERTAIN = Trouble(Act.UNCERTAIN, SendFault.AMBIGUOUS, Code.OUTCOME_UNKNOWN)
_UNKNOWN = Trouble(Act.FAIL, SendFault.CONTENT, Code.CONTENT_REFUSED)

TROUBLES: Mapping[int, Trouble] = {
    **dict.fromkeys((1, 2, 131000, 131016, 133004, 133016), _BUSY),
    **dict.fromkeys((131057, 2494100), _UPGRADE),
    130429: _TOO_FAST,
    131056: _PAIR,
    **dict.fromkeys((4, 613, 80007, 80008), _CALLS),
    **dict.fromkeys((131048, 131064), _SPAM),
    131047: _WINDOW,
    131026: _UNREACHABLE,
    **dict.fromkeys((130472, 131049), _LIMITED),
    131050: _OPTED_OUT,
    **dict.fromkeys((131021, 131030, 131062), _NOT_ALLOWED),
    **dict.fromkeys((131020, 131041, 131204, 131208), _GROUP),
    **dict.fromkeys((100, 131008, 131009, 131051), _CONTENT),
    **dict.fromkeys((131052, 131053), _FILE),
    **dict.fromkeys((*range(132000, 132013), 131063, 132015, 132016, 132068, 132069), _TEMPLATE),
    **dict.fromkeys((0, 190), _TOKEN),
    **dict.fromkeys((3, 10, *range(200, 300), 131005), _PERMISSION),
    **dict.fromkeys((368, 131031, 130497), _RESTRICTED),
    **dict.fromkeys((131042, 131044), _UNPAID),
    **dict.fromkeys((33, 131037, 131045, 133000, 133006, 133010, 133015), _NOT_SET_UP),
}


def trouble_of(code: int | None, status: int) -> Trouble:
    """What follows from an answer with this HTTP status and Meta's `code`; None: the body has none.

    An answer with a code is Meta's own word that the message was not taken. One without is somebody's on the way,
    and says nothing of the token, the number or the message: from 500 on nobody can say whether Meta had it, below
    that it was turned down unread.
    """
    if code is not None:
        return TROUBLES.get(code, _BUSY if status >= 500 else _UNKNOWN)
    if status == 429:
        return _TOO_FAST
    return _UNCERTAIN if status >= 500 else _BUSY


def late_trouble_of(code: int | None) -> Trouble:
    """What follows from a `failed` status: Meta had the message and gave it up, so nothing is uncertain."""
    return TROUBLES.get(code, _UNKNOWN) if code is not None else _UNKNOWN
