"""Errors that a user may see: a stable code here, the sentences in `locale/{id,en}.json` under `error.<code>`.

A `Refusal` is the only exception that carries a word for the user. Everything else is a fault of ours.
"""

from enum import StrEnum


class Code(StrEnum):
    """Every refusal that merpati knows. The value is stable: programs match on it."""

    # who is asking
    TOKEN_INVALID = "token_invalid"
    TOKENS_OF_SEVERAL_ACCOUNTS = "tokens_of_several_accounts"
    INVITATION_INVALID = "invitation_invalid"
    EMAIL_TAKEN = "email_taken"
    PHONE_TAKEN = "phone_taken"
    NOT_SIGNED_IN = "not_signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    TOTP_REQUIRED = "totp_required"
    TOTP_INVALID = "totp_invalid"
    TOTP_ALREADY_ON = "totp_already_on"
    TOTP_NOT_ENROLLED = "totp_not_enrolled"
    TOO_MANY_TRIES = "too_many_tries"
    PASSWORD_WRONG = "password_wrong"
    PERSON_REQUIRED = "person_required"
    CSRF_INVALID = "csrf_invalid"
    ORIGIN_FOREIGN = "origin_foreign"
    SESSION_UNKNOWN = "session_unknown"
    REQUEST_UNKNOWN = "request_unknown"
    # keys
    KEY_UNKNOWN = "key_unknown"
    KEY_EXPIRED = "key_expired"
    KEY_SCOPE_MISSING = "key_scope_missing"
    KEY_ELSEWHERE = "key_elsewhere"
    KEY_DEVICES_CHOSEN = "key_devices_chosen"
    KEY_EXPIRY_PAST = "key_expiry_past"
    NETWORK_INVALID = "network_invalid"
    TOO_MANY_KEYS = "too_many_keys"
    TOO_MANY_CALLS = "too_many_calls"
    # the request as a whole
    METHOD_NOT_ALLOWED = "method_not_allowed"
    MEDIA_TYPE = "media_type"
    CURSOR_INVALID = "cursor_invalid"
    INTERNAL = "internal"
    BODY_INVALID = "body_invalid"
    BODY_COMPRESSED = "body_compressed"
    BODY_TOO_LARGE = "body_too_large"
    INPUT_INVALID = "input_invalid"
    JSON_INVALID = "json_invalid"
    PATH_UNKNOWN = "path_unknown"
    KEY_REUSED = "key_reused"
    KEY_IN_PROGRESS = "key_in_progress"
    TOO_MANY_OPEN = "too_many_open"
    TOO_MANY_STREAMS = "too_many_streams"
    # targets and content
    TARGET_INVALID = "target_invalid"
    TARGET_REQUIRED = "target_required"
    ROTATOR_UNKNOWN = "rotator_unknown"
    ROTATOR_EMPTY = "rotator_empty"
    NO_ROTATOR_YET = "no_rotator_yet"
    TEXT_TOO_LONG = "text_too_long"
    CONTENT_MISSING = "content_missing"
    CHOICES_INVALID = "choices_invalid"
    LOCATION_INVALID = "location_invalid"
    SCHEDULE_INVALID = "schedule_invalid"
    DELAY_INVALID = "delay_invalid"
    UNSUPPORTED = "unsupported"
    # attachments
    URL_INVALID = "url_invalid"
    URL_UNREACHABLE = "url_unreachable"
    FILE_TYPE = "file_type"
    FILE_TOO_LARGE = "file_too_large"
    FILE_EMPTY = "file_empty"
    FILE_UNKNOWN = "file_unknown"
    # devices
    DEVICE_DISCONNECTED = "device_disconnected"
    DEVICE_ALREADY_CONNECTED = "device_already_connected"
    DEVICE_ALREADY_DISCONNECTED = "device_already_disconnected"
    DEVICE_EXISTS = "device_exists"
    DEVICE_UNKNOWN = "device_unknown"
    DEVICE_DELETED = "device_deleted"
    NETWORK_REFUSED = "network_refused"
    PAIRING_ENDED = "pairing_ended"
    PAIRING_OTHER_NUMBER = "pairing_other_number"
    QUOTA_USED_UP = "quota_used_up"
    DEVICE_EXPIRED = "device_expired"
    CODE_TOO_SOON = "code_too_soon"
    CODE_UNASKED = "code_unasked"
    CODE_WRONG = "code_wrong"
    CODE_LOCKED = "code_locked"
    PHONE_MISSING = "phone_missing"
    GROUPS_UNREAD = "groups_unread"
    GROUPS_NONE = "groups_none"
    PLANS_OF_OPERATOR = "plans_of_operator"
    # webhooks
    WEBHOOK_UNKNOWN = "webhook_unknown"
    WEBHOOK_OFF = "webhook_off"
    WEBHOOK_UNTOLD = "webhook_untold"
    WEBHOOK_OF_DEVICE = "webhook_of_device"
    TOO_MANY_WEBHOOKS = "too_many_webhooks"
    REPLAY_RUNNING = "replay_running"
    REPLAY_EMPTY = "replay_empty"
    REPLAY_TOO_LONG = "replay_too_long"
    REPLAY_UNKNOWN = "replay_unknown"
    LOG_FORGOT = "log_forgot"
    DEAD_LETTER_UNKNOWN = "dead_letter_unknown"
    # the simulated network
    PERSON_OFFLINE = "person_offline"
    PERSON_NOT_IN_GROUP = "person_not_in_group"
    DEVICE_NOT_PAIRED = "device_not_paired"
    POLL_UNKNOWN = "poll_unknown"
    CHOICE_UNKNOWN = "choice_unknown"
    PAIRING_CODE_INVALID = "pairing_code_invalid"
    SIMULATOR_CLOSED = "simulator_closed"
    # messages
    ID_REQUIRED = "id_required"
    MESSAGE_UNKNOWN = "message_unknown"
    MESSAGE_PROCESSING = "message_processing"
    MESSAGE_WAITING = "message_waiting"
    MESSAGE_SENT = "message_sent"
    MESSAGE_FAILED = "message_failed"
    MESSAGE_CANCELLED = "message_cancelled"
    # hand-over outcomes that end a message
    RECIPIENT_NOT_ON_WHATSAPP = "recipient_not_on_whatsapp"
    RECIPIENT_BLOCKED_US = "recipient_blocked_us"
    CONTENT_REFUSED = "content_refused"
    OUTCOME_UNKNOWN = "outcome_unknown"
    TRIED_TOO_OFTEN = "tried_too_often"
    EXPIRED = "expired"
    # storage
    STORAGE_FULL = "storage_full"
    STORAGE_GONE = "storage_gone"
    TEXT_UNSTORABLE = "text_unstorable"


class Refusal(Exception):
    """A request that is refused, with the code the user may look up. `values` fill the sentence's blanks."""

    def __init__(self, code: Code, **values: str | int) -> None:
        super().__init__(code.value)
        self.code = code
        self.values = values
