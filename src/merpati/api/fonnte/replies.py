"""What goes over the wire: an answer, a refusal in the endpoint's words, or trouble of ours."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import quote

import msgspec

from merpati.api.fonnte.endpoint import Answer, Body, Endpoint, encode_body
from merpati.api.fonnte.words import OTHER, REASONS
from merpati.core.errors import Code, Refusal
from merpati.core.ids import RequestId
from merpati.locale import sentence
from merpati.storage.port import OutcomeUnknown, StorageError, StorageFull

_HEADERS = ((b"content-type", b"application/json"), (b"access-control-allow-origin", b"*"))
_EXPOSED = ((b"access-control-expose-headers", b"X-Request-Id, X-Refusal, X-Hint, Idempotency-Replayed"),)


class Outcome(StrEnum):
    """How a request ended, for the metrics."""

    SUCCESS = "success"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    FAULT = "fault"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What goes over the wire."""

    status: int = 200
    body: bytes = b""
    headers: Iterable[tuple[bytes, bytes]] = ()
    outcome: Outcome = Outcome.SUCCESS


def id_header(id_: RequestId | StorageError | None) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"x-request-id", str(id_).encode()),) if isinstance(id_, int) else ()


def reply_answer(answer: Answer, id_: RequestId) -> Reply:
    headers = (*_HEADERS, *_EXPOSED, *id_header(id_))
    if answer.replayed:
        headers = (*headers, (b"idempotency-replayed", b"true"))
    body = answer.body if isinstance(answer.body, bytes) else encode_body(answer.body)
    if answer.redirect is not None:
        location = quote(answer.redirect, safe=":/?#[]@!$&'()*+,;=%-._~").encode()
        return Reply(status=302, body=body, headers=(*headers, (b"location", location)))
    return Reply(body=body, headers=headers)


def reason_of(endpoint: Endpoint, code: Code, values: Mapping[str, str | int] = MappingProxyType({})) -> str:
    """Fonnte's words; `values` fill their blanks."""
    return (endpoint.words.get(code) or REASONS.get(code, OTHER)).format_map(values)


def refusal_body(endpoint: Endpoint, reason: str, id_: RequestId | None) -> Body:
    body: Body = {"status": False, endpoint.failure_key: reason}
    if endpoint.tells_request and id_ is not None:
        body["requestid"] = id_
    return body


def reply_refused(
    endpoint: Endpoint, reason: str, id_: RequestId | None, *, header_id: RequestId | None = None, status: int = 200
) -> Reply:
    body = refusal_body(endpoint, reason, id_)
    shown = id_ if id_ is not None else header_id
    headers = (*_HEADERS, *_EXPOSED, *id_header(shown))
    return Reply(status=status, body=encode_body(body), headers=headers, outcome=Outcome.REFUSED)


def reply_fault(endpoint: Endpoint, id_: RequestId | StorageError) -> Reply:
    known = None if isinstance(id_, StorageError) else id_
    fault = reply_refused(endpoint, "internal error", known, status=500)
    return msgspec.structs.replace(fault, outcome=Outcome.FAULT)


def explain(reply: Reply, refusal: Refusal) -> Reply:
    """Fonnte's reasons say little ("input invalid"): the code and its sentence stand in the headers."""
    hint = sentence(f"error.{refusal.code}", "en", **refusal.values)
    printable = "".join(char if char.isprintable() else " " for char in hint)
    told = ((b"x-refusal", refusal.code.encode()), (b"x-hint", printable.encode("ascii", "backslashreplace")))
    return msgspec.structs.replace(reply, headers=(*reply.headers, *told))


def reply_path_unknown(path: str) -> Reply:
    """404, in the form of every refusal."""
    code = Code.PATH_UNKNOWN
    refused = Reply(
        status=404, body=encode_body({"status": False, "reason": REASONS[code]}), headers=(*_HEADERS, *_EXPOSED)
    )
    return explain(refused, Refusal(code, path=path))


def reply_unavailable(endpoint: Endpoint, error: StorageError, id_: RequestId | None) -> Reply:
    """503, so that the caller tries again; after an unknown outcome only an Idempotency-Key makes that safe."""
    code = Code.STORAGE_FULL if isinstance(error, StorageFull) else Code.STORAGE_GONE
    reason = "outcome unknown, try again" if isinstance(error, OutcomeUnknown) else reason_of(endpoint, code)
    refused = reply_refused(endpoint, reason, id_, status=503)
    return msgspec.structs.replace(
        refused, headers=(*refused.headers, (b"retry-after", b"1")), outcome=Outcome.UNAVAILABLE
    )
