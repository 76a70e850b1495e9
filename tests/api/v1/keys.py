"""Keys for tests: made by their owner over the API, and carried by a program."""

from collections.abc import Iterable
from typing import Any

from merpati.accounts.key_model import Scope
from tests.api.harness import Api
from tests.api.v1.browser import Browser, browser_of


async def made(owner: Browser, scopes: Iterable[str] = Scope, **given: Any) -> dict[str, Any]:  # noqa: ANN401 — JSON
    """The answer to a key that is made: all scopes, unless said otherwise."""
    answered = await owner.ask("POST", "/keys", {"name": "Toko online", "scopes": list(scopes), **given})
    assert answered.status == 201, answered.body
    body: dict[str, Any] = answered.body
    return body


def bearer(api: Api, secret: str) -> Browser:
    """A program with this secret."""
    program = browser_of(api)
    program.headers["Authorization"] = f"Bearer {secret}"
    return program


async def program_with(api: Api, owner: Browser, scopes: Iterable[str] = Scope, **given: Any) -> Browser:  # noqa: ANN401 — JSON
    """A program with a new key."""
    return bearer(api, (await made(owner, scopes, **given))["secret"])
