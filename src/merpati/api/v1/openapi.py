"""The description of the API (OpenAPI 3.1), made from the code, with what the framework leaves out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import License

from merpati import __version__
from merpati.accounts.key_model import Scope
from merpati.api.fonnte.keys import LONGEST_KEY
from merpati.api.v1.once import HEADER, provide_once
from merpati.api.v1.paging import Page
from merpati.api.v1.principal import COOKIE, provide_principal
from merpati.api.v1.problems import MEDIA_TYPE
from merpati.api.v1.scopes import Callers, needed_by
from merpati.api.v1.shapes import Answer, Given

Json: TypeAlias = dict[str, Any]

_ABOUT = """\
Everything that the dashboard does, programs can do.

**Who asks.** A page signs in by `POST /session` and has a cookie from then on; it sends `csrf_token` of
`GET /session` as `X-CSRF-Token` with each change. A program sends `Authorization: Bearer <key>`, or the
account's token, which may do all that needs no person. A key needs the scope that stands with each endpoint; what
lies outside its devices is not there for it.

**Problems.** What is refused is `application/problem+json` (RFC 9457) with a stable `code`, and `title` and
`detail` in the language of the user, else of `Accept-Language`. Each answer has an `X-Request-Id`.

**Trying again.** Each POST takes an `Idempotency-Key`, any text of up to 255 characters: the same key with the same
body is done once and answered alike again (`Idempotency-Replayed: true`), with another body it is `key_reused`.
While the first is on its way it is `key_in_progress`. A call that was refused leaves its key free.

**Limits.** Each key, session and token has a budget of calls: `RateLimit` and `RateLimit-Policy` say how much is
left, and beyond it the answer is 429 with `Retry-After`.

**Lists** come in pages: `next` is the `cursor` of the page that follows, null at the end.

Ids are integers, times are RFC 3339 in UTC with milliseconds."""
_SCHEMES: Json = {
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "A person's, from signing in."},
    "token": {"type": "http", "scheme": "bearer", "description": "An account's token."},
    "key": {"type": "http", "scheme": "bearer", "description": "A key, with the scope that is named."},
}
_COMMON: Mapping[str, str] = {
    "401": "Refused: `not_signed_in`, `token_invalid`, `key_expired`",
    "403": "Refused: `key_elsewhere`, `key_scope_missing`, `csrf_invalid`",
    "409": "Refused: `key_reused`, `key_in_progress`",
    "429": "Refused: `too_many_calls`",
    "422": "Refused: `input_invalid`; `errors` says which field",
    "default": "Any other problem",
}
_KEY: Json = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "The same key with the same body is done once, and answered alike again for some days.",
    "schema": {"type": "string", "maxLength": LONGEST_KEY},
}
_GENERIC = re.compile(r"^(\w+?)_[\w.]*\.(\w+)_$")


def describe(routers: Sequence[Router]) -> Json:
    """The document of these routes."""
    app = Litestar(
        list(routers),
        dependencies={
            "gateway": Provide(_no_gateway),
            "principal": Provide(provide_principal),
            "once": Provide(provide_once),
        },
        openapi_config=OpenAPIConfig(
            title="merpati",
            version=__version__,
            description=_ABOUT,
            license=License(name="MIT", identifier="MIT"),
            use_handler_docstrings=True,
        ),
        logging_config=None,
    )
    document: Json = _renamed(_tidied(app.openapi_schema.to_schema()))
    document["components"]["securitySchemes"] = _SCHEMES
    handlers = {str(handler.operation_id): handler for handler in _handlers(app)}
    for path in document["paths"].values():
        for method, operation in path.items():
            _complete(operation, method, handlers[operation["operationId"]])
    for name, schema in document["components"]["schemas"].items():
        if said := _docstrings().get(name.partition("Of")[0] if name.startswith("PageOf") else name):
            schema["description"] = said
    return document


async def _no_gateway() -> None:
    return


def _handlers(app: Litestar) -> Iterator[HTTPRouteHandler]:
    for route in app.routes:
        yield from (each for each in getattr(route, "route_handlers", ()) if isinstance(each, HTTPRouteHandler))


def _complete(operation: Json, method: str, handler: HTTPRouteHandler) -> None:
    """Who may call it, and the problems that every endpoint of its kind has."""
    closed = not handler.opt.get("open")
    operation["security"] = _security(handler) if closed else []
    responses: Json = operation["responses"]
    if "application/json" in responses.get("400", {}).get("content", {}):
        del responses["400"]  # the framework's own body for what does not validate: ours is a 422
    takes_key = closed and method == "post"
    if takes_key:
        operation["parameters"] = [*operation.get("parameters", ()), _KEY]
    applies = {
        "401": closed,
        "403": closed,
        "409": takes_key,
        "429": True,
        "422": "requestBody" in operation or any(each["in"] == "query" for each in operation.get("parameters", ())),
        "default": True,
    }
    for status in (status for status, does in applies.items() if does):
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        said = responses.get(status, {}).get("description", "Refused: ").removeprefix("Refused: ")
        responses[status] = {
            "description": f"{_COMMON[status]}, {said}".rstrip(", "),
            "content": content,
        }
    responses.get("204", {}).pop("content", None)


def _security(handler: HTTPRouteHandler) -> list[Json]:
    """The ways in; with a key the scope that it must have, none where every key may."""
    needed = needed_by(handler.operation_id if isinstance(handler.operation_id, str) else None)
    if needed is Callers.PEOPLE:
        return [{"session": []}]
    return [{"session": []}, {"token": []}, {"key": [str(needed)] if isinstance(needed, Scope) else []}]


def _docstrings() -> Mapping[str, str]:
    """Bodies by name, with what their classes say."""
    classes: list[type[object]] = [Page, *_below(Answer), *_below(Given)]
    return {each.__name__: " ".join((each.__doc__ or "").split()) for each in classes}


def _below(kind: type[object]) -> Iterator[type[object]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


def _renamed(node: Any) -> Any:  # noqa: ANN401 — JSON
    """`Page_merpati.api…SessionAnswer_` is `PageOfSessionAnswer`."""
    if isinstance(node, dict):
        return {_GENERIC.sub(r"\1Of\2", key): _renamed(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_renamed(each) for each in node]
    if isinstance(node, str) and node.startswith("#/components/schemas/"):
        place, name = node.rsplit("/", maxsplit=1)
        return f"{place}/" + _GENERIC.sub(r"\1Of\2", name)
    return node


def _tidied(node: Any) -> Any:  # noqa: ANN401 — JSON
    """Bounds of integers are integers, and a choice of one is that one."""
    if isinstance(node, dict):
        if len(alone := node.get("oneOf", ())) == 1:  # a field that may be left out
            node = {**alone[0], **{key: value for key, value in node.items() if key != "oneOf"}}
        return {key: _tidied(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_tidied(each) for each in node]
    return int(node) if isinstance(node, float) and node.is_integer() else node
