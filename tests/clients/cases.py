"""The table of calls (`cases.json`), with blanks filled in, and what a call came to beside what it should."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from merpati.core.ids import MessageId
from merpati.messages.views import show_message
from tests.api.files import PNG
from tests.api.harness import TOKENS, Api

Case = dict[str, Any]

LONG = "Selamat pagi, pesanan Anda sudah siap — silakan diambil. 🙂\n" * 900
CASES: Sequence[Case] = json.loads((Path(__file__).parent / "cases.json").read_text())
FILES = {
    "Faktur Mei.pdf": b"%PDF-1.4\n" + b"0" * 200_000,
    "foto.png": PNG,
    "skrip.php": b"<?php system($_GET[0]);",
}
_SCHEDULE_S = 86_400


def blanks(api: Api, server: str) -> dict[str, str | int]:
    """What stands for what in the table. `server` has a picture."""
    at = int(time.time()) + _SCHEDULE_S
    return {
        "{token}": TOKENS["one"],
        "{schedule}": str(at),
        "{schedule:int}": at,
        "{picture}": server,
        "{missing}": server.replace("picture", "missing"),
        "{long}": LONG,
        "{host}": api.url.removeprefix("http://"),
    }


def fill(value: Any, known: Mapping[str, str | int]) -> Any:  # noqa: ANN401 — JSON
    """The value with its blanks filled in, however deep."""
    if isinstance(value, dict):
        return {name: fill(inner, known) for name, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, known) for inner in value]
    return known.get(value, value) if isinstance(value, str) else value


def call_of(case: Case, url: str, folder: Path) -> Case:
    """What a client is told of a case."""
    token = case.get("token", "one")
    call = {
        "name": case["name"],
        "method": case.get("method", "POST"),
        "url": url + case.get("path", "/send"),
        "form": case["form"],
        "fields": case.get("fields", {}),
        "header": case.get("header", "Authorization"),
        "token": TOKENS[token] if token else "",
        "headers": case.get("headers", {}),
    }
    if "file" in case:
        call["file"] = {"path": str(folder / case["file"]), "name": case["file"]}
    return call | {name: case[name] for name in ("body", "type") if name in case}


def wanted(case: Case) -> Case:
    """Status, answer and stored contents that a case should come to; no more than it says."""
    answer = {"status": True, **case.get("answer", {})}
    return {"http": case.get("status", 200), "answer": answer, "contents": case.get("contents", [])}


async def came(api: Api, case: Case, answered: Case) -> Case:
    """The same of what it did come to."""
    body = json.loads(answered["body"])
    want = wanted(case)
    ids = body.get("id", [])
    contents = [await _content(api, MessageId(id_)) for id_ in ids] if case.get("contents") else []
    return {
        "http": answered["status"],
        "answer": _part(body, want["answer"]) | _unwanted(body, want["answer"]),
        "contents": [_part(each, shape) for each, shape in zip(contents, want["contents"], strict=False)],
    }


def _part(whole: Case, shape: Case) -> Case:
    return {name: whole.get(name) for name in shape}


def _unwanted(body: Case, answer: Case) -> Case:
    """The reason of a refusal where none was to be."""
    return {"reason": body["reason"]} if "reason" in body and "reason" not in answer else {}


async def _content(api: Api, id_: MessageId) -> Case:
    stored = await api.storage.read(show_message, id_)
    assert stored is not None
    content: Case = json.loads(msgspec.json.encode(stored.content))
    return content
