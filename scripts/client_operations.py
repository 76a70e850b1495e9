"""The calls that a token may make and that answer with JSON, as docs/reference/openapi.json describes them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
MULTIPART = "multipart/form-data"
NOTHING: Schema = {"type": "null"}


@dataclass(frozen=True)
class Operation:
    """One endpoint, as its method needs it."""

    tag: str
    name: str
    method: str
    path: str
    summary: str
    parameters: Mapping[str, Schema]
    """Those of the path, in its order."""
    query: Mapping[str, Schema]
    body: Mapping[str, Schema]
    """The fields of the body."""
    has_body: bool
    required: frozenset[str]
    """Of query and body."""
    takes_file: bool
    answer: Schema
    page_of: Schema | None
    """Of what it lists the pages."""


def operations_of(document: Mapping[str, Any]) -> list[Operation]:
    """By tag, in the document's order."""
    found = [
        _operation(document, method, path, each)
        for path, methods in document["paths"].items()
        for method, each in methods.items()
        if any("token" in way for way in each.get("security", [])) and _answers_json(each)
    ]
    found.sort(key=lambda operation: operation.tag)
    names = [(operation.tag, operation.name) for operation in found]
    assert len(set(names)) == len(names), "two methods of one name"
    return found


def _answers_json(each: Mapping[str, Any]) -> bool:
    """Or nothing; neither a stream nor a picture."""
    return not _answers(each) or "application/json" in _answers(each)


def _answers(each: Mapping[str, Any]) -> Mapping[str, Any]:
    done = next(answer for status, answer in each["responses"].items() if status < "300")
    content: Mapping[str, Any] = done.get("content", {})
    return content


def _operation(document: Mapping[str, Any], method: str, path: str, each: Mapping[str, Any]) -> Operation:
    schemas, tag = document["components"]["schemas"], each["tags"][0]
    content = each.get("requestBody", {}).get("content", {})
    form = content.get("application/json", {}).get("schema", {})
    form = schemas[form["$ref"].rpartition("/")[2]] if "$ref" in form else form
    given = {
        where: {p["name"]: p for p in each.get("parameters", []) if p["in"] == where} for where in ("path", "query")
    }
    answer = _answers(each).get("application/json", {}).get("schema", NOTHING)
    name = str(answer.get("$ref", "")).rpartition("/")[2]
    return Operation(
        tag=tag,
        name=_method_name(each["operationId"], tag),
        method=method.upper(),
        path=path,
        summary=f"{each['summary']}.\n\n{each.get('description', '')}".strip(),
        parameters={name: given["path"][name]["schema"] for name in re.findall(r"{(\w+)}", path)},
        query={name: _liberal(each["schema"], schemas) for name, each in given["query"].items()},
        body={name: _liberal(each, schemas) for name, each in form.get("properties", {}).items()},
        has_body="application/json" in content,
        required=frozenset(form.get("required", ())) | {n for n, p in given["query"].items() if p["required"]},
        takes_file=MULTIPART in content,
        answer=answer,
        page_of=schemas[name]["properties"]["items"]["items"] if name.startswith("PageOf") else None,
    )


def _liberal(schema: Any, schemas: Mapping[str, Schema]) -> Any:  # noqa: ANN401 — any part of a schema
    """A plain string will do for an enum."""
    if isinstance(schema, list):
        return [_liberal(part, schemas) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "enum" in schemas.get(str(schema.get("$ref", "")).rpartition("/")[2], {}):
        return {"oneOf": [schema, {"type": "string"}]}
    return {key: _liberal(part, schemas) for key, part in schema.items()}


def _method_name(operation_id: str, tag: str) -> str:
    """`listMessages` of Messages is `list`, `sendMessageNow` is `send_now`."""
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+", operation_id)]
    own = {tag.lower(), tag.lower().removesuffix("s")}
    return "_".join([words[0], *(word for word in words[1:] if word not in own)])
