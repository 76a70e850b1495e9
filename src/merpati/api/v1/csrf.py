"""Whether a browser was made to ask by another site."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection

from merpati.core.errors import Code, Refusal
from merpati.core.tokens import same_secret

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER = "x-csrf-token"
_OURS = frozenset({"same-origin", "none"})


def csrf_of(session_token: str) -> str:
    """What a page of ours sends with each change: made from the session's secret, so that no other site has it."""
    return hmac.new(session_token.encode(), b"merpati csrf", hashlib.sha256).hexdigest()


def is_safe(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Whether the request changes nothing."""
    return cast("Mapping[str, object]", connection.scope).get("method") in _SAFE


def check_csrf(connection: ASGIConnection[Any, Any, Any, Any], session_token: str) -> None:
    """Raises `Refusal(CSRF_INVALID)` for a change without the session's token in `X-CSRF-Token`."""
    if is_safe(connection):
        return
    if not same_secret(connection.headers.get(HEADER, ""), csrf_of(session_token)):
        raise Refusal(Code.CSRF_INVALID)


def check_origin(connection: ASGIConnection[Any, Any, Any, Any], public_url: str) -> None:
    """For what is done without a session: raises `Refusal(ORIGIN_FOREIGN)` when a page of another site asks.

    Browsers say where a request comes from, in `Sec-Fetch-Site` or `Origin`; programs say neither and are let in.
    """
    if is_safe(connection):
        return
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        foreign = site not in _OURS
    else:
        origin = connection.headers.get("origin")
        ours = {connection.headers.get("host"), urlsplit(public_url).netloc or None}
        foreign = origin is not None and (urlsplit(origin).netloc or origin) not in ours
    if foreign:
        raise Refusal(Code.ORIGIN_FOREIGN)
