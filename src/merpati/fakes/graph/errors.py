"""Meta's errors as data: what each is called, with which HTTP status it comes, and where one hears of it.

Source: Meta, WhatsApp Cloud API, support/error-codes.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple


class Told(StrEnum):
    """Where a business hears of an error: in the answer, or later in a webhook with the status `failed`."""

    ANSWER = "answer"
    WEBHOOK = "webhook"


class Known(NamedTuple):
    """One line of Meta's table."""

    status: int
    title: str
    told: Told = Told.ANSWER


ERRORS: Mapping[int, Known] = {
    0: Known(401, "AuthException"),
    1: Known(400, "API Unknown"),
    2: Known(503, "API Service"),
    3: Known(500, "API Method"),
    4: Known(400, "API Too Many Calls"),
    10: Known(403, "Permission Denied"),
    33: Known(400, "Parameter value is not valid"),
    100: Known(400, "Invalid parameter"),
    190: Known(401, "Access token has expired"),
    200: Known(403, "API Permission"),
    368: Known(403, "Temporarily blocked for policies violations"),
    80007: Known(400, "Rate limit issues"),
    130429: Known(400, "Rate limit hit"),
    130472: Known(400, "User's number is part of an experiment", Told.WEBHOOK),
    130497: Known(403, "Business account is restricted from messaging users in this country"),
    131000: Known(500, "Something went wrong"),
    131005: Known(403, "Access denied"),
    131008: Known(400, "Required parameter is missing"),
    131009: Known(400, "Parameter value is not valid"),
    131016: Known(500, "Service unavailable"),
    131021: Known(400, "Recipient cannot be sender"),
    131026: Known(400, "Message undeliverable", Told.WEBHOOK),
    131030: Known(400, "Recipient phone number not in allowed list"),
    131031: Known(403, "Account has been locked"),
    131037: Known(400, "WhatsApp provided number needs display name approval before message can be sent"),
    131042: Known(400, "Business eligibility payment issue", Told.WEBHOOK),
    131045: Known(500, "Incorrect certificate"),
    131047: Known(400, "Re-engagement message", Told.WEBHOOK),
    131048: Known(400, "Spam rate limit hit", Told.WEBHOOK),
    131049: Known(400, "Meta chose not to deliver", Told.WEBHOOK),
    131050: Known(400, "User has stopped marketing messages", Told.WEBHOOK),
    131051: Known(400, "Unsupported message type"),
    131052: Known(400, "Media download error", Told.WEBHOOK),
    131053: Known(400, "Media upload error", Told.WEBHOOK),
    131056: Known(400, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: Known(500, "Account in maintenance mode"),
    131062: Known(400, "Business-scoped User ID (BSUID) recipients are not supported for this message"),
    131064: Known(400, "Account has reached its messaging limit", Told.WEBHOOK),
    132000: Known(400, "Template Param Count Mismatch"),
    132001: Known(404, "Template does not exist"),
    132005: Known(400, "Template Hydrated Text Too Long"),
    132007: Known(400, "Template Format Character Policy Violated"),
    132008: Known(400, "Template Parameter Value Invalid"),
    132012: Known(400, "Template Parameter Format Mismatch"),
    132015: Known(400, "Template is Paused"),
    132016: Known(400, "Template is Disabled"),
    133010: Known(400, "Phone number Not Registered"),
    133016: Known(400, "Account register deregister rate limit exceeded"),
    135000: Known(400, "Generic user error"),
}


class GraphError(Exception):
    """What the Graph API answers instead of doing it; `code` is one of `ERRORS`."""

    def __init__(self, code: int, details: str = "") -> None:
        super().__init__(f"{code}: {details}")
        self.code, self.details = code, details

    @property
    def known(self) -> Known:
        return ERRORS[self.code]

    def answer(self, trace: str) -> dict[str, Any]:
        """The body of the answer."""
        error: dict[str, Any] = {
            "message": f"(#{self.code}) {self.known.title}",
            "type": "OAuthException",
            "code": self.code,
        }
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        return {"error": {**error, "fbtrace_id": trace}}

    def in_status(self) -> dict[str, Any]:
        """The same, as a webhook's status tells it."""
        return {
            "code": self.code,
            "title": self.known.title,
            "message": self.known.title,
            "error_data": {"details": self.details or self.known.title},
            "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
        }
