"""The calls of cases.json that Python's clients make, read from stdin; what was answered goes to stdout."""

import json
import sys
from collections.abc import Callable
from typing import Any

Call = dict[str, Any]


def headers_of(call: Call) -> dict[str, str]:
    """With the content type where the call says one."""
    token = {call["header"]: call["token"]} if call["token"] else {}
    return {**call["headers"], **token, **({"Content-Type": call["type"]} if "type" in call else {})}


def options_of(call: Call) -> dict[str, Any]:
    """As requests and httpx both name them. Without a file, `files` still makes a form multipart."""
    fields = call["fields"]
    if call["form"] == "multipart":
        if "file" not in call:
            return {"files": {name: (None, _text(value)) for name, value in fields.items()}}
        with open(call["file"]["path"], "rb") as file:  # noqa: PTH123 — as programs do
            return {"data": fields, "files": {"file": (call["file"]["name"], file.read())}}
    names = {"urlencoded": "data", "json": "json", "query": "params"}
    return {names[call["form"]]: fields} if call["form"] in names else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def answer_calls(send: Callable[[Call], tuple[int, str]]) -> None:
    """`send` takes a call, answers status and body."""
    calls: list[Call] = json.load(sys.stdin)
    answers = {}
    for call in calls:
        status, body = send(call)
        answers[call["name"]] = {"status": status, "body": body}
    json.dump(answers, sys.stdout)
