"""The language of a page: what its address asks for, else what the browser prefers, else the first of ours."""

from typing import Any

from litestar import Request

from merpati.locale import LANGUAGES
from merpati.locale.accepted import preferred


def pick_language(request: Request[Any, Any, Any]) -> str:
    """A language of `LANGUAGES`: `?lang=`, else Accept-Language by its weights."""
    asked = request.query_params.get("lang", "")
    return asked if asked in LANGUAGES else preferred(request.headers.get("accept-language", ""))
