"""The house's rules that no linter knows. Each takes a source folder (`…/merpati`) and names what breaks it."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(root: Path) -> Iterator[tuple[str, ast.Module]]:
    """Every Python file under `root` with its tree; the name is relative to `root`."""
    for path in sorted(root.rglob("*.py")):
        yield path.relative_to(root).as_posix(), _parse(path.read_text(encoding="utf-8"))


_parse = functools.cache(ast.parse)
