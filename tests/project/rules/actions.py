"""The rule of actions: what the engines refuse in a transaction, found before it runs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.project.rules import Function, sources

ENGINE_ROOM = {"storage/lane.py"}
"""Runs actions that it was given; their own files are checked."""
YIELDING_FILES = re.compile(r"(actions|store|reactions|views)(_\w+)?\.py")
FORBIDDEN_CALLS = {"create_task", "ensure_future", "gather", "sleep", "wait", "wait_for", "to_thread", "timeout"}
FORBIDDEN_SOURCES = {"time", "random", "secrets", "uuid"}
"""What an action that runs again would answer differently."""


def not_yielding(root: Path) -> list[str]:
    """What the engines refuse in an action, found before it runs.

    Bound are all async functions of the yielding files of a feature, and everywhere each function that takes `tx`
    first: no `async with`, no `async for`, no task, no sleep, no clock or chance of its own, and no await but of
    `tx.…(…)` and of calls that are given `tx` first.
    """
    found = []
    for name, tree in sources(root):
        if name in ENGINE_ROOM:
            continue
        everything = YIELDING_FILES.fullmatch(Path(name).name) is not None
        for function in ast.walk(tree):
            if isinstance(function, ast.AsyncFunctionDef) and (everything or _takes_tx(function)):
                found += [f"{name}:{line}: {function.name}: {what}" for line, what in _foreign(function)]
    return found


def _takes_tx(function: Function) -> bool:
    arguments = [*function.args.posonlyargs, *function.args.args]
    return bool(arguments) and arguments[0].arg == "tx"


def _foreign(function: ast.AsyncFunctionDef) -> Iterator[tuple[int, str]]:
    for node in ast.walk(function):
        if isinstance(node, ast.AsyncWith | ast.AsyncFor):
            yield node.lineno, "async with or async for"
        if isinstance(node, ast.comprehension) and node.is_async:
            yield node.iter.lineno, "async for in a comprehension"
        if isinstance(node, ast.Await) and not _is_of_tx(node.value):
            yield node.lineno, f"await of {ast.unparse(node.value)[:60]}"
        if isinstance(node, ast.Call) and _called(node.func) in FORBIDDEN_CALLS:
            yield node.lineno, f"call of {ast.unparse(node.func)}"
        if isinstance(node, ast.Call) and _first_name(node.func) in FORBIDDEN_SOURCES:
            yield node.lineno, f"{ast.unparse(node.func)} answers differently when run again"


def _is_of_tx(value: ast.expr) -> bool:
    if not isinstance(value, ast.Call):
        return False
    given = isinstance(value.args[0], ast.Name) and value.args[0].id == "tx" if value.args else False
    return given or (isinstance(value.func, ast.Attribute) and _first_name(value.func) == "tx")


def _called(func: ast.expr) -> str:
    if isinstance(func, ast.Attribute):
        return func.attr
    return func.id if isinstance(func, ast.Name) else ""


def _first_name(func: ast.expr) -> str:
    while isinstance(func, ast.Attribute):
        func = func.value
    return func.id if isinstance(func, ast.Name) else ""
