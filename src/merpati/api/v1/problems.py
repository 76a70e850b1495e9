"""What is refused, as RFC 9457 problems in the caller's language: tables, and the handlers that Litestar calls."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import ExceptionHandlersMap
from msgspec import UNSET, UnsetType

from merpati.api.v1.front import request_id
from merpati.api.v1.once import Replay, replayed
from merpati.api.v1.problem_fields import FieldProblem, field_problems, named_here
from merpati.api.v1.shapes import PREFIX, Answer, Instant, instant
from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.locale import LANGUAGES, sentence
from merpati.locale.accepted import preferred
from merpati.storage.port import StorageError, StorageFull, UnstorableText

MEDIA_TYPE = "application/problem+json"
LANGUAGE = "language"
"""In the request's state: the language of a user who has chosen one."""
_logger = logging.getLogger("merpati.api")

_S = HTTPStatus
STATUS: Mapping[Code, HTTPStatus] = {
    Code.TOKEN_INVALID: _S.UNAUTHORIZED,
    Code.NOT_SIGNED_IN: _S.UNAUTHORIZED,
    Code.SIGN_IN_FAILED: _S.UNAUTHORIZED,
    Code.TOTP_REQUIRED: _S.UNAUTHORIZED,
    Code.TOTP_INVALID: _S.UNAUTHORIZED,
    Code.TOO_MANY_TRIES: _S.TOO_MANY_REQUESTS,
    Code.TOO_MANY_OPEN: _S.TOO_MANY_REQUESTS,
    Code.TOO_MANY_STREAMS: _S.TOO_MANY_REQUESTS,
    Code.TOO_MANY_CALLS: _S.TOO_MANY_REQUESTS,
    Code.PERSON_REQUIRED: _S.FORBIDDEN,
    Code.KEY_EXPIRED: _S.UNAUTHORIZED,
    Code.KEY_SCOPE_MISSING: _S.FORBIDDEN,
    Code.KEY_ELSEWHERE: _S.FORBIDDEN,
    Code.KEY_DEVICES_CHOSEN: _S.FORBIDDEN,
    Code.KEY_UNKNOWN: _S.NOT_FOUND,
    Code.TOO_MANY_KEYS: _S.CONFLICT,
    Code.CSRF_INVALID: _S.FORBIDDEN,
    Code.ORIGIN_FOREIGN: _S.FORBIDDEN,
    Code.PASSWORD_WRONG: _S.FORBIDDEN,
    Code.PATH_UNKNOWN: _S.NOT_FOUND,
    Code.INVITATION_INVALID: _S.NOT_FOUND,
    Code.SESSION_UNKNOWN: _S.NOT_FOUND,
    Code.REQUEST_UNKNOWN: _S.NOT_FOUND,
    Code.DEVICE_UNKNOWN: _S.NOT_FOUND,
    Code.DEVICE_DELETED: _S.CONFLICT,
    Code.GROUPS_UNREAD: _S.NOT_FOUND,
    Code.NETWORK_REFUSED: _S.SERVICE_UNAVAILABLE,
    Code.MESSAGE_UNKNOWN: _S.NOT_FOUND,
    Code.METHOD_NOT_ALLOWED: _S.METHOD_NOT_ALLOWED,
    Code.BODY_INVALID: _S.BAD_REQUEST,
    Code.JSON_INVALID: _S.BAD_REQUEST,
    Code.CURSOR_INVALID: _S.BAD_REQUEST,
    Code.BODY_COMPRESSED: _S.UNSUPPORTED_MEDIA_TYPE,
    Code.BODY_TOO_LARGE: _S.REQUEST_ENTITY_TOO_LARGE,
    Code.THUMBNAIL_NONE: _S.NOT_FOUND,
    Code.FILE_SENT: _S.CONFLICT,
    Code.UPLOADS_FULL: _S.CONFLICT,
    Code.FILE_TOO_LARGE: _S.REQUEST_ENTITY_TOO_LARGE,
    Code.FILE_UNKNOWN: _S.NOT_FOUND,
    Code.MEDIA_TYPE: _S.UNSUPPORTED_MEDIA_TYPE,
    Code.EMAIL_TAKEN: _S.CONFLICT,
    Code.PHONE_TAKEN: _S.CONFLICT,
    Code.TOTP_ALREADY_ON: _S.CONFLICT,
    Code.TOTP_NOT_ENROLLED: _S.CONFLICT,
    Code.DEVICE_EXISTS: _S.CONFLICT,
    Code.DEVICE_DISCONNECTED: _S.CONFLICT,
    Code.DEVICE_ALREADY_CONNECTED: _S.CONFLICT,
    Code.DEVICE_ALREADY_DISCONNECTED: _S.CONFLICT,
    Code.QUOTA_USED_UP: _S.CONFLICT,
    Code.DEVICE_EXPIRED: _S.CONFLICT,
    Code.KEY_REUSED: _S.CONFLICT,
    Code.KEY_IN_PROGRESS: _S.CONFLICT,
    Code.MESSAGE_PROCESSING: _S.CONFLICT,
    Code.MESSAGE_WAITING: _S.CONFLICT,
    Code.MESSAGE_SENT: _S.CONFLICT,
    Code.MESSAGE_FAILED: _S.CONFLICT,
    Code.MESSAGE_CANCELLED: _S.CONFLICT,
    Code.CHANGE_IMPOSSIBLE: _S.CONFLICT,
    Code.CHANGE_TOO_LATE: _S.CONFLICT,
    Code.EXPIRED: _S.CONFLICT,
    Code.OUTCOME_UNKNOWN: _S.CONFLICT,
    Code.PERSON_OFFLINE: _S.CONFLICT,
    Code.PERSON_NOT_IN_GROUP: _S.CONFLICT,
    Code.DEVICE_NOT_PAIRED: _S.CONFLICT,
    Code.MENU_UNKNOWN: _S.NOT_FOUND,
    Code.POLL_UNKNOWN: _S.NOT_FOUND,
    Code.PAIRING_CODE_INVALID: _S.CONFLICT,
    Code.SIMULATOR_CLOSED: _S.NOT_FOUND,
    Code.WEBHOOK_UNKNOWN: _S.NOT_FOUND,
    Code.WEBHOOK_OFF: _S.CONFLICT,
    Code.WEBHOOK_UNTOLD: _S.CONFLICT,
    Code.WEBHOOK_OF_DEVICE: _S.CONFLICT,
    Code.TOO_MANY_WEBHOOKS: _S.CONFLICT,
    Code.CONSUMER_UNKNOWN: _S.NOT_FOUND,
    Code.TOO_MANY_CONSUMERS: _S.CONFLICT,
    Code.ACK_BEYOND: _S.CONFLICT,
    Code.REPLAY_RUNNING: _S.CONFLICT,
    Code.REPLAY_EMPTY: _S.CONFLICT,
    Code.REPLAY_UNKNOWN: _S.NOT_FOUND,
    Code.LOG_FORGOT: _S.GONE,
    Code.BATCH_UNKNOWN: _S.NOT_FOUND,
    Code.ROTATOR_UNKNOWN: _S.NOT_FOUND,
    Code.DEAD_LETTER_UNKNOWN: _S.NOT_FOUND,
    Code.OFFICIAL_NOT_SET_UP: _S.NOT_FOUND,
    Code.TEMPLATES_UNREAD: _S.NOT_FOUND,
    Code.META_NUMBER_TAKEN: _S.CONFLICT,
    Code.META_UNREACHABLE: _S.SERVICE_UNAVAILABLE,
    Code.INTERNAL: _S.INTERNAL_SERVER_ERROR,
    Code.STORAGE_FULL: _S.SERVICE_UNAVAILABLE,
    Code.STORAGE_GONE: _S.SERVICE_UNAVAILABLE,
}
"""What is not here is something in the input: 422."""
RETRY_AFTER_S: Mapping[Code, int] = {
    Code.KEY_IN_PROGRESS: 1,
    Code.STORAGE_FULL: 30,
    Code.STORAGE_GONE: 5,
}
"""How soon to ask again, where the refusal itself does not know."""
_OF_FRAMEWORK: Mapping[int, Code] = {
    400: Code.JSON_INVALID,
    404: Code.PATH_UNKNOWN,
    405: Code.METHOD_NOT_ALLOWED,
    413: Code.BODY_TOO_LARGE,
    415: Code.MEDIA_TYPE,
}


class Problem(Answer, frozen=True, kw_only=True):
    """Why a request was refused (RFC 9457). `code` is stable; `title` and `detail` are for people."""

    type: str
    title: str
    status: int
    detail: str
    code: Code
    errors: list[FieldProblem]
    retry_at: Instant | UnsetType = UNSET


def status_of(code: Code) -> int:
    """The HTTP status of a refusal."""
    return int(STATUS.get(code, HTTPStatus.UNPROCESSABLE_ENTITY))


def refusals(*codes: Code) -> dict[int, ResponseSpec]:
    """For a handler's `responses`: the codes that its endpoint may answer, besides those that every one may."""
    by_status: dict[int, list[Code]] = {}
    for code in codes:
        by_status.setdefault(status_of(code), []).append(code)
    return {
        status: ResponseSpec(
            Problem,
            description="Refused: " + ", ".join(f"`{code}`" for code in same),
            media_type=MEDIA_TYPE,
            generate_examples=False,
        )
        for status, same in by_status.items()
    }


def exception_handlers() -> ExceptionHandlersMap:
    """Everything that can be raised becomes a problem."""
    return {
        Refusal: _refused,
        Replay: replayed,
        UnstorableText: lambda request, _: _refused(request, Refusal(Code.TEXT_UNSTORABLE)),
        StorageError: _unstored,
        HTTPException: _unanswered,
        Exception: _failed,
    }


def language_of(request: Request[Any, Any, Any]) -> str:
    """The user's, else what the browser prefers."""
    chosen = request.scope["state"].get(LANGUAGE)
    return chosen if chosen in LANGUAGES else preferred(request.headers.get("accept-language", ""))


def _refused(
    request: Request[Any, Any, Any],
    refusal: Refusal,
    headers: Mapping[str, str] | None = None,
    errors: list[FieldProblem] | None = None,
) -> Response[bytes]:
    language, code = language_of(request), refusal.code
    values = dict(refusal.values)
    if errors is None and "field" in values:
        values["field"] = named_here(str(values["field"]), request.scope["path"])
    status, detail = status_of(code), sentence(f"error.{code}", language, **values)
    if errors is None and "field" in values:
        errors = [FieldProblem(field=str(values["field"]), code=code, detail=detail)]
    more = dict(headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        more["WWW-Authenticate"] = "Bearer"
    if code in RETRY_AFTER_S:
        more["Retry-After"] = str(RETRY_AFTER_S[code])
    retry_at = refusal.values.get("retry_at")
    if isinstance(retry_at, int):
        more["Retry-After"] = str(refusal.values.get("seconds") or 60 * int(refusal.values.get("minutes", 1)))
    problem = Problem(
        type=f"{PREFIX}/docs#{code}",
        title=sentence(f"problem.{status}", language),
        status=status,
        detail=detail,
        code=code,
        errors=errors or [],
        retry_at=instant(Millis(retry_at)) if isinstance(retry_at, int) else UNSET,
    )
    return Response(msgspec.json.encode(problem), status_code=status, media_type=MEDIA_TYPE, headers=more)


def _unstored(request: Request[Any, Any, Any], error: StorageError) -> Response[bytes]:
    _logger.warning("request %s: %s: %s", request_id(request), type(error).__name__, error)
    return _refused(request, Refusal(Code.STORAGE_FULL if isinstance(error, StorageFull) else Code.STORAGE_GONE))


def _unanswered(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What the framework refuses. A value in the path that cannot be is the name of nothing."""
    if isinstance(error, ValidationException):
        extra = error.extra if isinstance(error.extra, list) else []
        if any(each.get("source") == "path" for each in extra):
            return _refused(request, Refusal(Code.PATH_UNKNOWN, path=request.scope["path"]))
        errors = field_problems(extra, language_of(request))
        field = errors[0].field if errors else "body"
        return _refused(request, Refusal(Code.INPUT_INVALID, field=field), errors=errors)
    code = _OF_FRAMEWORK.get(error.status_code)
    if code is None:
        return _gone(request) if error.detail == _GONE else _failed(request, error)
    return _refused(request, Refusal(code, path=request.scope["path"]), headers=error.headers)


_GONE = "client disconnected prematurely"
"""The framework's words for a caller who left before the body was whole."""


def _gone(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Nobody hears it, and it is no fault of ours."""
    return _refused(request, Refusal(Code.INPUT_INVALID, field="body"))


def _template(request: Request[Any, Any, Any]) -> str:
    """The path without what stands in it: that may be a secret."""
    return str(request.scope.get("path_template", ""))


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A fault of ours: its number for the caller, the rest for the log."""
    id_ = request_id(request)
    _logger.error("request %s failed: %s %s", id_, request.method, _template(request), exc_info=error)
    return _refused(request, Refusal(Code.INTERNAL, request=id_))
