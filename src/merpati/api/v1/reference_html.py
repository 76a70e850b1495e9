"""The reference as a page: one piece of HTML without a script, drawn from the OpenAPI document. Pure."""

import base64
import hashlib
import re
from collections.abc import Iterator
from html import escape
from typing import Any, TypeAlias

from merpati.api.v1.problems import status_of
from merpati.core.errors import Code
from merpati.locale import sentence

Json: TypeAlias = dict[str, Any]

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
nav ul { columns: 3 16rem; padding: 0; list-style: none; }
section { border-top: 1px solid #8886; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8883; }
code { font-size: .9em; overflow-wrap: anywhere; }
:target { background: #fc06; }
:focus-visible { outline: 3px solid #2b7fff; }
"""
_BOLD, _CODE = re.compile(r"\*\*(.+?)\*\*"), re.compile(r"`([^`]+)`")


def style_source() -> str:
    """What a content security policy calls this style, so that no other one applies."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"


def draw_reference(document: Json, language: str) -> str:
    """Every endpoint, body and problem; the sentences of problems in this language."""
    operations = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    links = "".join(
        f'<li><a href="#{escape(operation["operationId"])}">{escape(operation["summary"])}</a></li>'
        for _, _, operation in operations
    )
    schemas = document["components"]["schemas"].items()
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(document["info"]["title"])} API</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{escape(document["info"]["title"])} API</h1>
{_text(document["info"]["description"])}
<p>OpenAPI 3.1: <a href="openapi.json"><code>openapi.json</code></a></p>
<nav><ul>{links}</ul></nav>
{"".join(_operation(*each) for each in operations)}
<h2>Bodies</h2>
{"".join(_schema(name, schema) for name, schema in schemas)}
<h2>Problems</h2>
{_table(("code", "status", ""), _problems(language))}
</main>
</body>
</html>
"""


def _operation(method: str, path: str, operation: Json) -> str:
    parameters = [
        (
            f"<code>{escape(each['name'])}</code>",
            escape(each["in"]),
            _kind(each["schema"]),
            _text(each.get("description", "")),
        )
        for each in operation.get("parameters", ())
    ]
    given = [
        ("body", "", _kind(content["schema"]), "")
        for content in operation.get("requestBody", {}).get("content", {}).values()
    ]
    answers = [
        (
            escape(status),
            " ".join(_kind(content["schema"]) for content in answer.get("content", {}).values()),
            _text(answer["description"]),
        )
        for status, answer in operation["responses"].items()
    ]
    return f"""<section id="{escape(operation["operationId"])}">
<h3>{escape(operation["summary"])}</h3>
<p><code>{method.upper()} {escape(path)}</code></p>
{_text(operation.get("description", ""))}
{_table(("parameter", "in", "", ""), [*parameters, *given])}
{_table(("status", "body", ""), answers)}
</section>
"""


def _schema(name: str, schema: Json) -> str:
    required = set(schema.get("required", ()))
    rows = [
        (
            f"<code>{escape(field)}</code>{'' if field in required else ' ?'}",
            _kind(kind),
            _text(kind.get("description", "")),
        )
        for field, kind in schema.get("properties", {}).items()
    ]
    values = ", ".join(f"<code>{escape(str(value))}</code>" for value in schema.get("enum", ()))
    return f"""<section id="{escape(name)}"><h3>{escape(name)}</h3>
{_text(schema.get("description", ""))}{values}{_table(("field", "", ""), rows)}</section>
"""


def _kind(schema: Json) -> str:
    """A type in a few words, with a link where it has a name."""
    if "$ref" in schema:
        name = escape(str(schema["$ref"]).rsplit("/", maxsplit=1)[-1])
        return f'<a href="#{name}">{name}</a>'
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return " or ".join(_kind(each) for each in schema[several])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return escape(" ".join(str(schema[key]) for key in ("type", "format") if key in schema))


def _problems(language: str) -> Iterator[tuple[str, ...]]:
    for code in sorted(Code):
        words = escape(sentence(f"error.{code}", language))
        yield f'<code id="{escape(code)}">{escape(code)}</code>', str(status_of(code)), words


def _table(heads: tuple[str, ...], rows: Any) -> str:  # noqa: ANN401 — rows of cells
    drawn = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{drawn}</tbody></table>" if drawn else ""


def _text(markdown: str) -> str:
    """Paragraphs, bold and code; that is all that our sentences use."""
    return "".join(f"<p>{_marked(escape(part.strip()))}</p>" for part in markdown.split("\n\n") if part.strip())


def _marked(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", _BOLD.sub(r"<strong>\1</strong>", text))
