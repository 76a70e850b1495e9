"""A request as it came: a body that is no JSON says so, however it is broken."""

from typing import Any

from litestar import Request

from merpati.core.errors import Code, Refusal


class Asked(Request[Any, Any, Any]):
    """The framework's request, whose decoder raises more than what it takes for broken JSON."""

    async def json(self) -> Any:  # noqa: ANN401 — what was sent
        """The body's value; raises `Refusal(JSON_INVALID)` for text that is not UTF-8, and for nests too deep."""
        try:
            return await super().json()
        except (UnicodeDecodeError, RecursionError):
            raise Refusal(Code.JSON_INVALID) from None
