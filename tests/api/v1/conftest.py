"""The API with an owner who may sign in."""

import pytest

from tests.api.harness import Api
from tests.api.v1.browser import Browser, browser_of, have_owner, signed_in


@pytest.fixture
async def stranger(both: Api) -> Browser:
    """A browser that has not signed in, though its user could; on each engine."""
    await have_owner(both.storage)
    return browser_of(both)


@pytest.fixture
async def ayu(both: Api) -> Browser:
    """A browser that has signed in; on each engine."""
    return await signed_in(both)


@pytest.fixture
async def ayu_on_sqlite(api: Api) -> Browser:
    """A browser that has signed in, where the engine does not matter."""
    return await signed_in(api)
