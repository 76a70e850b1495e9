"""`/requests`: what programs asked, and what came of it."""

from enum import StrEnum
from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import Request, Router, get
from litestar.params import FromPath, FromQuery, QueryParameter

from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, ThePrincipal
from merpati.api.v1.paging import LAST_ID, USUAL, Cursor, Limit, Page, page_of, position
from merpati.api.v1.problems import language_of, refusals
from merpati.api.v1.shapes import Answer, Instant, instant
from merpati.core.clock import Millis
from merpati.core.errors import Code
from merpati.core.ids import DeviceId, RequestId
from merpati.locale import sentence
from merpati.log.model import RequestRow, RequestSearch
from merpati.log.requests import list_requests, search_paths
from merpati.storage.port import Tx

MOST_MESSAGES = 200
"""Ids that are listed of the messages that a request made."""
MOST_ID_DIGITS = 18


class Outcome(StrEnum):
    """What came of a request."""

    OK = "ok"
    REFUSED = "refused"


Text: TypeAlias = Annotated[
    str | None, QueryParameter(max_length=200, description="The id of a request, or a part of its path.")
]
Path: TypeAlias = Annotated[str | None, QueryParameter(max_length=200, description="Asked of this path.")]
OfDevice: TypeAlias = Annotated[int | None, QueryParameter(ge=1, le=LAST_ID, description="The id of a device.")]


class RequestLine(Answer, frozen=True, kw_only=True):
    """A request in a list. `device` is null where it came with the account's token.

    `code` says why it was refused, `reason` says so in the caller's language; both are null where it was accepted.
    """

    id: int
    at: Instant
    method: str
    path: str
    device: int | None
    code: str | None
    reason: str | None


class RequestAnswer(RequestLine, frozen=True, kw_only=True):
    """A request with its parameters and its answer, as they are kept: no token, long values cut.

    `messages` are the ids of the first 200 messages that it made, `message_count` is how many it made.
    """

    body: dict[str, Any]
    answer: dict[str, Any]
    messages: list[int]
    message_count: int


@get("/", operation_id="listRequests", summary="The request log", responses=refusals(Code.CURSOR_INVALID))
async def get_requests(
    request: Request[Any, Any, Any],
    gateway: TheGateway,
    principal: ThePrincipal,
    q: Text = None,
    path: Path = None,
    device: OfDevice = None,
    outcome: FromQuery[Outcome | None] = None,
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[RequestLine]:
    """What programs asked that changed something, newest first. Conditions add up.

    Of Fonnte's API also what was refused is there, reading or changing; what came without a good token is not,
    since it is nobody's.
    """
    (before,) = position(cursor, (LAST_ID,))
    search = RequestSearch(
        account=principal.account.id,
        before=RequestId(before),
        limit=limit + 1,
        refused=outcome is Outcome.REFUSED if outcome is not None else None,
        paths=(path,) if path else None,
        device=DeviceId(device) if device is not None else None,
        among=principal.devices,
    )
    rows = await gateway.storage.read(_list, search, q.strip() if q else "")
    language = language_of(request)
    return page_of(rows, limit, lambda row: _line(row, language), lambda row: (row.id,))


async def _list(tx: Tx, search: RequestSearch, text: str) -> list[RequestRow]:
    if text.isascii() and text.isdigit() and len(text) <= MOST_ID_DIGITS:
        search = msgspec.structs.replace(search, id=RequestId(int(text)))
    elif text:
        found = await search_paths(tx, search.account, text)
        wanted = found if search.paths is None else tuple(path for path in found if path in search.paths)
        search = msgspec.structs.replace(search, paths=wanted)
    return await list_requests(tx, search)


def _line(row: RequestRow, language: str) -> RequestLine:
    return RequestLine(
        id=row.id,
        at=instant(Millis(row.at)),
        method=row.method,
        path=row.path,
        device=row.device or None,
        code=row.code or None,
        reason=_reason(row, language),
    )


def _reason(row: RequestRow, language: str) -> str | None:
    if not row.code:
        return None
    blanks = msgspec.json.decode(row.blanks, type=dict[str, str | int])
    return sentence(f"error.{row.code}", language, **blanks)


@get(
    "/{request_id:int}",
    operation_id="getRequest",
    summary="One request",
    responses=refusals(Code.REQUEST_UNKNOWN),
)
async def get_request(
    request: Request[Any, Any, Any], gateway: TheGateway, principal: ThePrincipal, request_id: FromPath[int]
) -> RequestAnswer:
    """A request with what it brought, what it was answered, and which messages it made."""
    row = await access.request(gateway, principal, request_id)
    listed = range(row.first_message, row.first_message + min(row.messages, MOST_MESSAGES))
    return RequestAnswer(
        **msgspec.structs.asdict(_line(row, language_of(request))),
        body=msgspec.json.decode(row.params, type=dict[str, Any]),
        answer=msgspec.json.decode(row.answer, type=dict[str, Any]),
        messages=list(listed),
        message_count=row.messages,
    )


def requests_router() -> Router:
    return Router("/requests", route_handlers=[get_requests, get_request], tags=["Requests"])
