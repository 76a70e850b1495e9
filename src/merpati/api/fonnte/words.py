"""Our codes and states in Fonnte's literal words. Tables; pure.

Source: Fonnte docs, each endpoint's page; where the documentation and the live service differ, the live text. A
reason that Fonnte has no words for is ours, and says so by `# ours`.
"""

import calendar
from collections.abc import Mapping
from datetime import UTC, datetime

from merpati.core.errors import Code
from merpati.messages.changes import TOO_LATE
from merpati.messages.model import MessageState, Note
from merpati.webhooks.bodies import FAILURE_WORDS, OTHER_FAILURE

INVALID_TOKEN = "invalid token"
TOKEN_INVALID = "token invalid"
UNKNOWN_USER = "unknown user"

REASONS: Mapping[Code, str] = {
    Code.TOKEN_INVALID: INVALID_TOKEN,
    Code.TOKENS_OF_SEVERAL_ACCOUNTS: "devices must belong to an account",
    Code.BODY_INVALID: "invalid/empty body value",
    Code.BODY_COMPRESSED: "invalid/empty body value: send it without Content-Encoding",  # ours after the colon
    Code.BODY_TOO_LARGE: "request body too large",  # ours
    Code.INPUT_INVALID: "input invalid",
    Code.JSON_INVALID: "JSON format invalid",
    Code.PATH_UNKNOWN: "no such endpoint",  # ours
    Code.KEY_REUSED: "idempotency key reused with another body",  # ours
    Code.KEY_IN_PROGRESS: "request with this idempotency key is in progress",  # ours
    Code.TOO_MANY_OPEN: "too many messages are waiting",  # ours
    Code.TARGET_INVALID: "target input invalid",
    Code.TARGET_REQUIRED: "target required",
    Code.ROTATOR_UNKNOWN: "target input invalid: there is no such rotator",  # ours after the colon
    Code.ROTATOR_EMPTY: "target input invalid: this rotator has no members",  # ours after the colon
    Code.NO_ROTATOR_YET: "no rotator yet",
    Code.TEXT_TOO_LONG: "input invalid",
    Code.CONTENT_MISSING: "input invalid",
    Code.TEMPLATE_NEEDED: "input invalid: {target} has not written for 24 hours, send an approved template",  # ours
    Code.CHOICES_INVALID: "input invalid",
    Code.LOCATION_INVALID: "input invalid",
    Code.SCHEDULE_INVALID: "input invalid",
    Code.DELAY_INVALID: "input invalid",
    Code.TEXT_UNSTORABLE: "input invalid",
    Code.UNSUPPORTED: "input invalid",
    Code.POLL_UNSUPPORTED: "input invalid: this device has no polls, send listJSON",  # ours after the colon
    Code.GROUP_UNSUPPORTED: "target input invalid: this device has no groups, {target}",  # ours after the colon
    # ours after the colon: at Fonnte these were gone before there were such limits
    Code.PART_TOO_LONG: "input invalid: {field} has {length} characters, at most {most}",
    Code.PART_MISSING: "input invalid: {field} is empty",
    Code.PARTS_ALIKE: "input invalid: {field} must differ",
    Code.BUTTONS_COUNT: "input invalid: 1 to {most} buttons, not {count}",
    Code.ROWS_COUNT: "input invalid: a list has 1 to {most} rows, not {count}",
    Code.URL_INVALID: "url invalid",
    Code.URL_UNREACHABLE: "url unreachable",
    Code.FILE_TYPE: "file format not supported",
    Code.FILE_TYPE_HERE: "file format not supported: this device takes {types}",  # ours after the colon
    Code.CAPTION_UNSUPPORTED: "input invalid: this device sends sounds without message",  # ours after the colon
    Code.FILE_TOO_LARGE: "file size must under 4MB",
    Code.FILE_EMPTY: "file format not supported",
    Code.DEVICE_DISCONNECTED: "request invalid on disconnected device",
    Code.DEVICE_ALREADY_CONNECTED: "device already connect",
    Code.DEVICE_ALREADY_DISCONNECTED: "device already disconnected",
    Code.DEVICE_EXISTS: "device already exist",
    Code.PAIRING_ENDED: "pairing ended, try again",  # ours
    Code.PAIRING_UNSUPPORTED: "device is an official number, set it up in the dashboard",  # ours
    Code.PAIRING_OTHER_NUMBER: "whatsapp is not the number of this device",  # ours
    Code.NETWORK_REFUSED: "whatsapp refused this for now, try again later",  # ours
    Code.QUOTA_USED_UP: "insufficient quota",
    Code.DEVICE_EXPIRED: "insufficient quota: the package of this device has expired",  # ours after the colon
    Code.PLANS_OF_OPERATOR: "plans are set by the operator of this server",  # ours
    Code.ID_REQUIRED: "id required",
    Code.MESSAGE_UNKNOWN: "invalid message id",
    Code.STORAGE_FULL: "server storage is full, try again later",  # ours
    Code.STORAGE_GONE: "server storage is not reachable, try again later",  # ours
}
"""A code that no endpoint raises is not here: it is answered as `OTHER`."""
OTHER = "input invalid"


def too_late(verb: str) -> Mapping[Code, str]:
    """Why a message can no longer be changed: Fonnte's sentence for `processing`, with each status of `STATUS`."""
    return {code: f"cannot {verb} message with status {STATUS[state]}" for state, code in TOO_LATE.items()}


STATUS: Mapping[MessageState, str] = {
    MessageState.QUEUED: "pending",
    MessageState.SENDING: "processing",
    MessageState.SENT: "sent",
    MessageState.DELIVERED: "sent",
    MessageState.READ: "sent",
    MessageState.FAILED: OTHER_FAILURE,
    MessageState.CANCELLED: "cancelled",  # ours: at Fonnte a deleted message is gone
    MessageState.EXPIRED: "expired",
    MessageState.UNCERTAIN: "processing",
}
"""Fonnte docs, message status. An incoming message has none: its id is not one that a call was answered."""
WAITING = "waiting"


def status_word(state: MessageState, code: str, due_at: int, now: int) -> str:
    """Fonnte's word for where a message is; `waiting` is scheduled and its time not reached."""
    if state is MessageState.FAILED:
        return FAILURE_WORDS.get(code, OTHER_FAILURE)
    if state is MessageState.QUEUED and due_at > now:
        return WAITING
    return STATUS[state]


IN_QUEUE = "success! message in queue"
SCHEDULED = "success! message will be sent on scheduled time"

NOTES: Mapping[Note, str] = {
    Note.BUTTONS_NOT_SENT: "buttons were not sent, their text was put into the message",
}
"""What follows the detail of a success, after a semicolon. Ours."""

ON_OFF = {True: "on", False: "off"}
CONNECTED = {True: "connect", False: "disconnect"}
PACKAGE = "Ultra"
"""Fonnte's largest, shown for a device without a plan: it may do everything."""
NEVER_S = 4_102_358_400
"""Shown as the end of a device that never expires: 31 December 2099, UTC."""


def unix_text(at: int | None) -> str:
    """An instant in milliseconds as Fonnte's text of seconds; None: never."""
    return str(NEVER_S if at is None else at // 1_000)


def written_date(at: int | None) -> str:
    """An instant in milliseconds as Fonnte writes a date, `18 November 2029`, in UTC; None: never."""
    day = datetime.fromtimestamp(int(unix_text(at)), UTC)
    return f"{day.day} {calendar.month_name[day.month]} {day.year}"
