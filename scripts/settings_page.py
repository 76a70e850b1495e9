"""Prints docs/reference/settings.md, from `merpati.config.Config`; `--write` puts it in its place."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import msgspec
from msgspec import Meta, inspect

from merpati.config import Config

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "settings.md"
HEAD = """# Settings

<!-- Written by scripts/settings_page.py from src/merpati/config.py: change it there. -->

Each setting has a default and an environment variable; `--host`, `--port`, `--data` and `--database` are flags of
the commands that need them, too. A flag goes before the variable, the variable before the default. `merpati config`
prints what is in force and where it came from. A `MERPATI_…` variable that no setting has is refused. Lists are
separated by commas. Names end in their unit: `_s` seconds, `_hours`, `_days`, `_mb` megabytes (1,000,000 bytes).
`MERPATI_LANG` (or `--lang`), `id` or `en`, is the language of the command line.

| variable | kind | default | what it is |
| --- | --- | --- | --- |
"""
KINDS = {
    inspect.StrType: "text",
    inspect.IntType: "whole number",
    inspect.FloatType: "number",
    inspect.VarTupleType: "list",
    inspect.CustomType: "path",
}
BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def render() -> str:
    """The whole page."""
    return HEAD + "".join(_rows())


def _rows() -> Iterator[str]:
    hints = get_type_hints(Config, include_extras=True)
    for field in msgspec.structs.fields(Config):
        (meta,) = (extra for extra in hints[field.name].__metadata__ if isinstance(extra, Meta))
        bounds = [
            f"{sign} {getattr(meta, name)}" for name, sign in BOUNDS.items() if getattr(meta, name) is not None
        ]
        kind = ", ".join([KINDS[type(inspect.type_info(hints[field.name].__origin__))], *bounds])
        yield f"| `MERPATI_{field.name.upper()}` | {kind} | {_shown(field.default)} | {meta.description} |\n"


def _shown(default: object) -> str:
    return "empty" if default in ("", ()) else f"`{default}`"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(render(), encoding="utf-8")
    else:
        sys.stdout.write(render())
