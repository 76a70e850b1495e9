"""The methods of `merpati.client`: a class for each tag, a method for each operation."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from scripts.client_operations import NOTHING, Operation, Schema
from scripts.client_shapes import doc, safe, type_of

IMPORTS = """
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import UNSET, UnsetType

from merpati.client import shapes
from merpati.client.call import AsyncDo, Call, Do, path_of
from merpati.client.paging import AsyncPages, Pages
"""


def modules(operations: Iterable[Operation], package: str, way: str) -> dict[str, str]:
    """The text of the package's modules by name, a tag in each; `way` is "async " or nothing."""
    do = "AsyncDo" if way else "Do"
    found, imports, made = {}, "", ""
    for tag, methods in groupby(operations, key=lambda operation: operation.tag):
        head = f"\n\nclass {tag}:\n    def __init__(self, do: {do}) -> None:\n        self._do = do\n"
        found[tag.lower()] = IMPORTS + head + "".join(_method(operation, way) for operation in methods)
        imports += f"from merpati.client.{package}.{tag.lower()} import {tag}\n"
        made += f"        self.{tag.lower()} = {tag}(do)\n"
    groups = f'class Groups:\n    """All of them."""\n\n    def __init__(self, do: {do}) -> None:\n{made}'
    found["__init__"] = f"from merpati.client.call import {do}\n{imports}\n\n{groups}"
    return found


def _method(operation: Operation, way: str) -> str:
    answer = type_of(operation.answer, prefix="shapes.")
    call = f"Call({', '.join(_call(operation, answer))})"
    if operation.page_of is not None:
        pages = f"{'AsyncPages' if way else 'Pages'}[{type_of(operation.page_of, prefix='shapes.')}]"
        head, body, result = "", f"return {pages}(self._do, {call})", pages
    else:
        wait = "await " if way else ""
        returned = "" if operation.answer is NOTHING else "return "
        head, body, result = way, f"{returned}{wait}self._do({call})", answer
    arguments = ", ".join(["self", *_arguments(operation)])
    said = doc(operation.summary, "        ")
    result = result.replace("list[", "Sequence[")  # a method may be called `list`
    return f"\n    {head}def {operation.name}({arguments}) -> {result}:\n{said}        {body}\n"


def _arguments(operation: Operation) -> Iterator[str]:
    yield from (f"{safe(name)}: {type_of(schema)}" for name, schema in operation.parameters.items())
    named = {**operation.query, **operation.body}
    assert not named.keys() & operation.parameters.keys(), operation
    if named or operation.method == "POST":
        yield "*"
    for name in sorted(named, key=lambda name: name not in operation.required):
        kind = type_of(named[name], given=True, prefix="shapes.")
        yield f"{safe(name)}: {kind}" + ("" if name in operation.required else " | UnsetType = UNSET")
    if operation.takes_file:
        yield "filename: str, content: bytes"
    if operation.method == "POST":
        yield "idempotency_key: str | None = None"


def _call(operation: Operation, answer: str) -> Iterator[str]:
    yield f'"{operation.method}"'
    values = ", ".join(safe(name) for name in operation.parameters)
    blank = operation.path
    for name in operation.parameters:
        blank = blank.replace(f"{{{name}}}", "{}")
    yield f'path_of("{blank}", {values})' if values else f'"{blank}"'
    yield "type(None)" if operation.answer is NOTHING else answer
    if operation.query:
        yield f"query={_object(operation.query)}"
    if operation.has_body:
        yield f"body={_object(operation.body)}"
    if operation.takes_file:
        yield 'files={"file": (filename, content)}'
    if operation.method == "POST":
        yield "key=idempotency_key"


def _object(names: Mapping[str, Schema]) -> str:
    return "{" + ", ".join(f'"{name}": {safe(name)}' for name in names) + "}"
