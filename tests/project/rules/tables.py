"""The rule of tables: each has one owner, who alone writes it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.project.rules import sources

OWNS = re.compile(r"Owns: ((?:`\w+`(?: \([^)]*\))?[,\s]*(?:and\s+)?)+)")
CREATES = re.compile(r"CREATE (?:VIRTUAL )?TABLE (?:IF NOT EXISTS )?(\w+)")
DROPS = re.compile(r"^DROP TABLE (\w+)", re.MULTILINE)
WRITES = re.compile(r"(?:INSERT INTO|REPLACE INTO|DELETE FROM|(?<!FOR )(?<!DO )UPDATE)\s+(\w+)")


def owners(root: Path) -> dict[str, list[str]]:
    """Who says that it owns each table: table -> features, from the line `Owns: …` of each feature."""
    found: dict[str, list[str]] = {}
    for init in sorted(root.glob("*/__init__.py")):
        said = OWNS.search(ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))) or "")
        for table in re.findall(r"`(\w+)`", said[1]) if said else ():
            found.setdefault(table, []).append(init.parent.name)
    return found


def badly_owned(root: Path) -> list[str]:
    """Tables that nobody or several say they own, and statements that write another feature's table."""
    said, tables = owners(root), _tables(root)
    found = [
        f"{table}: owned by {said.get(table, [])}" for table in sorted(tables) if len(said.get(table, ())) != 1
    ]
    for name, tree in sources(root):
        feature = name.split("/", maxsplit=1)[0]
        found += [
            f"{name}:{line}: writes {table}"
            for line, table in _written(tree)
            if table in tables and feature not in said.get(table, ())
        ]
    return found


def _tables(root: Path) -> set[str]:
    """Those that are there when all migrations have run."""
    tables: set[str] = set()
    for script in sorted((root / "storage" / "migrations").glob("*.sql")):
        sql = script.read_text(encoding="utf-8")
        tables = (tables - set(DROPS.findall(sql))) | set(CREATES.findall(sql))
    return tables


def _written(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from ((node.lineno, table) for table in WRITES.findall(node.value))
