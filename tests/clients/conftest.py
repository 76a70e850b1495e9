"""The API, once for all tests of a file, as in tests/api."""

from tests.api.conftest import api, shared

__all__ = ["api", "shared"]
