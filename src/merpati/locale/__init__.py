"""Words for people, in one place: `id.json` and `en.json` beside this file, flat keys, the same in both."""

import functools
from collections.abc import Mapping
from pathlib import Path

import msgspec

LANGUAGES = ("id", "en")
"""The first is the default."""
MISSING = "…"


def sentence(key: str, language: str, **values: object) -> str:
    """The words under `key` in a language of `LANGUAGES`, with `values` in its blanks; raises `KeyError`.

    A blank without a value shows "…": what was to be said is still said.
    """
    return words(language)[key].format_map(_Blanks(values))


@functools.cache
def words(language: str) -> Mapping[str, str]:
    """Every sentence of a language, by key; raises `KeyError` for a language that we do not speak."""
    if language not in LANGUAGES:
        raise KeyError(language)
    return msgspec.json.decode((Path(__file__).parent / f"{language}.json").read_bytes(), type=dict[str, str])


class _Blanks(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return MISSING
