"""Rules of the layout: sizes, names, private stores, and what a package says of itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.project.rules import Function, sources

MOST_FILE_LINES, MOST_FUNCTION_LINES = 400, 60
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "base", "misc"}
FORBIDDEN_CLASSES = re.compile(r".*(Manager|Service|Helper|Utils)")
STORE = re.compile(r"store(_\w+)?")


def too_long(root: Path) -> list[str]:
    """Files of more than 400 lines, functions of more than 60."""
    found = []
    for name, tree in sources(root):
        lines = len((root / name).read_text(encoding="utf-8").splitlines())
        if lines > MOST_FILE_LINES:
            found.append(f"{name}: {lines} lines")
        found += [
            f"{name}:{node.lineno}: {node.name} has {_length(node)} lines"
            for node in ast.walk(tree)
            if isinstance(node, Function) and _length(node) > MOST_FUNCTION_LINES
        ]
    return found


def _length(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def badly_named(root: Path) -> list[str]:
    """Modules and packages named for nothing in particular, and classes that "manage"."""
    found = []
    for name, tree in sources(root):
        parts = Path(name).with_suffix("").parts
        found += [f"{name}: {part}" for part in parts if part in FORBIDDEN_NAMES]
        classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
        found += [
            f"{name}:{node.lineno}: {node.name}" for node in classes if FORBIDDEN_CLASSES.fullmatch(node.name)
        ]
    return found


def foreign_stores(root: Path) -> list[str]:
    """Imports of a feature's `store…` from outside that feature."""
    found = []
    for name, tree in sources(root):
        own = name.split("/", maxsplit=1)[0]
        for node, module in _imports(tree):
            parts = module.split(".")
            if (
                parts[0] == "merpati"
                and len(parts) > 2
                and parts[1] != own
                and any(map(STORE.fullmatch, parts[2:]))
            ):
                found.append(f"{name}:{node.lineno}: {module}")
    return found


def _imports(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    """Every imported name, fully dotted: the module and, for `from … import`, each thing taken from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def relative_imports(root: Path) -> list[str]:
    """`from . import x`: the whole name says which floor it is on."""
    return [
        f"{name}:{node.lineno}"
        for name, tree in sources(root)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level > 0
    ]


def undescribed(root: Path) -> list[str]:
    """Packages whose `__init__` says nothing, and features that do not say what they own, emit and hear."""
    found = []
    for init in sorted(root.rglob("__init__.py")):
        name = init.relative_to(root).as_posix()
        said = ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))) or ""
        if not said:
            found.append(f"{name}: no docstring")
        if len(Path(name).parts) == 2 and (init.parent / "store.py").exists():
            found += [f"{name}: does not say: {word}" for word in ("wns", "mits", "ears") if word not in said]
    return found
