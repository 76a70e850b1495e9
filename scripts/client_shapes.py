"""The shapes of `merpati.client`: a struct or an enum for each schema that its calls need."""

import keyword
import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from scripts.client_operations import Operation, Schema

PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
FORMATS = {"date-time": "datetime", "date": "date"}
IMPORTS = """
from __future__ import annotations

from datetime import date, datetime
from typing import Any

from msgspec import UNSET, UnsetType, field

from merpati.client.shape import OpenEnum, Shape
"""


SEVERAL = "several"
"""The module of what calls of several tags need."""
GIVEN = "_given"
WORDS = "words"
"""The module of the words that stand for kinds and states."""


def modules(schemas: Mapping[str, Schema], operations: Iterable[Operation]) -> dict[str, str]:
    """The text of the package's modules by name: what calls of one tag alone need is in that tag's, what they are
    only given beside it, and the words of all in one."""
    answered: dict[str, set[str]] = {}
    given: dict[str, set[str]] = {}
    for operation in operations:
        tag = operation.tag.lower()
        _reach([operation.answer, *operation.query.values()], schemas, answered.setdefault(tag, set()))
        _reach(list(operation.body.values()), schemas, given.setdefault(tag, set()))
    homes: dict[str, str] = {}
    for tag, names in answered.items():
        for name in names | given[tag]:
            homes[name] = SEVERAL if name in homes else tag if name in names else tag + GIVEN
    homes |= {name: WORDS for name in homes if "enum" in schemas[name]}
    found = {}
    for module in sorted(set(homes.values())):
        own = sorted(name for name, home in homes.items() if home == module)
        found[module] = IMPORTS + _imported(own, schemas, homes) + "".join(_class(n, schemas[n]) for n in own)
    whole = "".join(f"from merpati.client.shapes.{homes[name]} import {name}\n" for name in sorted(homes))
    found["__init__"] = f"{whole}\n__all__ = {sorted(homes)}\n"
    return found


def _imported(own: Iterable[str], schemas: Mapping[str, Schema], homes: Mapping[str, str]) -> str:
    """What these need of other modules. What several tags need, needs nothing of one."""
    needed: set[str] = set()
    for name in own:
        _reach(schemas[name], schemas, needed)
    return "".join(
        f"from merpati.client.shapes.{homes[name]} import {name}\n" for name in sorted(needed - set(own))
    )


def type_of(schema: Schema, *, given: bool = False, prefix: str = "") -> str:
    """The type in Python. What is `given` may be a plain string for an enum, and any sequence for a list."""
    if "$ref" in schema:
        return prefix + named(schema)
    if "oneOf" in schema:
        formatted = {key: schema[key] for key in ("format",) if key in schema}
        parts = [
            type_of({**formatted, **part} if part.get("type") == "string" else part, given=given, prefix=prefix)
            for part in schema["oneOf"]
        ]
        return " | ".join(dict.fromkeys(parts))
    kind = schema.get("type")
    if kind == "array":
        of = type_of(schema["items"], given=given, prefix=prefix)
        return f"Sequence[{of}]" if given else f"list[{of}]"
    if kind == "object":
        more = schema.get("additionalProperties")
        return f"dict[str, {type_of(more, prefix=prefix) if isinstance(more, dict) and more else 'Any'}]"
    return FORMATS.get(schema.get("format", ""), PLAIN.get(str(kind), "Any"))


def named(schema: Schema) -> str:
    """The name that a `$ref` points at."""
    return str(schema["$ref"]).rpartition("/")[2]


def safe(name: str) -> str:
    """The name as Python allows it."""
    return f"{name}_" if keyword.iskeyword(name) else name


def doc(text: str, indent: str) -> str:
    """A docstring."""
    text = re.sub(r"\s*\n\s*\n\s*", "\n\n", text.strip()).replace("\\", "\\\\")
    parts = [textwrap.fill(part, 116 - len(indent) - 4) for part in text.split("\n\n")]
    return textwrap.indent('"""' + "\n\n".join(parts) + ('\n"""' if len(parts) > 1 else '"""'), indent) + "\n"


def _reach(schema: Any, schemas: Mapping[str, Schema], found: set[str]) -> None:  # noqa: ANN401 — any part of a schema
    if isinstance(schema, list):
        for part in schema:
            _reach(part, schemas, found)
    if not isinstance(schema, dict):
        return
    if "$ref" in schema and (name := named(schema)) not in found:
        found.add(name)
        _reach(schemas[name], schemas, found)
    for part in schema.values():
        _reach(part, schemas, found)


def _class(name: str, schema: Schema) -> str:
    said = doc(schema.get("description", schema["title"]), "    ")
    if "enum" in schema:
        members = "".join(f"    {_member(value)} = {value!r}\n" for value in schema["enum"])
        return f"\n\nclass {name}(OpenEnum):\n{said}\n{members}"
    fields = "".join(
        _field(field, each, field in schema["required"]) for field, each in schema["properties"].items()
    )
    return f"\n\nclass {name}(Shape, frozen=True, kw_only=True):\n{said}\n{fields or '    pass'}"


def _member(value: str) -> str:
    return safe(re.sub(r"\W", "_", value).upper())


def _field(name: str, schema: Schema, required: bool) -> str:
    kind, default = type_of(schema), None
    if not required:
        default = repr(schema["default"]) if "default" in schema else "UNSET"
        kind += " | UnsetType" if default == "UNSET" else ""
    if safe(name) != name:
        given = f", default={default}" if default else ""
        return f'    {safe(name)}: {kind} = field(name="{name}"{given})\n'
    return f"    {name}: {kind}" + (f" = {default}\n" if default else "\n")
