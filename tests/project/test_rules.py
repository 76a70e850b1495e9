"""The house's rules hold in the tree, and each planted violation is seen."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.project.rules.actions import not_yielding
from tests.project.rules.layout import badly_named, foreign_stores, relative_imports, too_long, undescribed
from tests.project.rules.tables import WRITES, badly_owned

ROOT = Path(__file__).parents[2]
OTHER_PYTHON = ("tests", "bench", "examples", "scripts")
SOURCE = ROOT / "src" / "merpati"
Rule = Callable[[Path], list[str]]
RULES: tuple[Rule, ...] = (
    too_long,
    badly_named,
    foreign_stores,
    relative_imports,
    not_yielding,
    undescribed,
    badly_owned,
)

PLANTED: tuple[tuple[Rule, str, str], ...] = (
    (too_long, "log/long.py", "x = 1\n" * 401),
    (too_long, "log/long_function.py", "def f():\n" + "    x = 1\n" * 60),
    (badly_named, "log/utils.py", ""),
    (badly_named, "helpers/__init__.py", ""),
    (badly_named, "log/named.py", "class FactManager: ..."),
    (foreign_stores, "webhooks/peek_1.py", "from merpati.log.store import append_facts"),
    (foreign_stores, "webhooks/peek_2.py", "from merpati.log import store_requests"),
    (foreign_stores, "webhooks/peek_3.py", "import merpati.log.store"),
    (relative_imports, "log/near.py", "from . import model"),
    (not_yielding, "log/actions_x.py", "async def f(tx):\n    async with lock: ..."),
    (not_yielding, "log/store_1.py", "async def f(tx):\n    async for row in rows: ..."),
    (not_yielding, "log/store_2.py", "async def f(tx):\n    return [row async for row in rows]"),
    (not_yielding, "log/reactions.py", "async def f(tx):\n    await asyncio.sleep(1)"),
    (not_yielding, "log/views_1.py", "async def f(tx):\n    await other(1, tx)"),
    (not_yielding, "log/views_2.py", "async def f():\n    await anything()"),
    (not_yielding, "log/actions_1.py", "async def f(tx):\n    asyncio.create_task(g(tx))"),
    (not_yielding, "log/actions_2.py", "async def f(tx):\n    await asyncio.gather(g(tx), h(tx))"),
    (not_yielding, "log/actions_3.py", "async def f(tx):\n    await tx.run('', time.time())"),
    (not_yielding, "log/elsewhere.py", "async def f(tx):\n    await session.get(url)"),
    (undescribed, "inbox/__init__.py", ""),
    (undescribed, "log/__init__.py", '"""Facts."""'),
    (badly_owned, "webhooks/write_1.py", "SQL = 'UPDATE message SET state = $1'"),
    (badly_owned, "webhooks/write_2.py", "SQL = f'INSERT INTO attempt (message) {rows}'"),
)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source with everything planted at once."""
    copy = tmp_path_factory.mktemp("rules") / "merpati"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for _, path, text in PLANTED:
        (copy / path).parent.mkdir(exist_ok=True)
        (copy / path).write_text(text, encoding="utf-8")
    (copy / "storage" / "migrations" / "9999_x.sql").write_text("CREATE TABLE orphan (id BIGINT)", encoding="utf-8")
    (copy / "webhooks" / "__init__.py").write_text('"""Owns: `endpoint`, `hold`."""', encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def seen(planted: Path) -> dict[Rule, str]:
    """What each rule says of that copy."""
    return {rule: "\n".join(rule(planted)) for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_source_keeps(rule: Rule) -> None:
    """Nothing in the source breaks the rule."""
    assert rule(SOURCE) == []


@pytest.mark.parametrize("rule", [too_long, badly_named], ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("folder", OTHER_PYTHON)
def test_all_other_python_keeps(rule: Rule, folder: str) -> None:
    """Size and names bind whatever is written in Python here, tests and examples too."""
    assert rule(ROOT / folder) == []


@pytest.mark.parametrize(("rule", "path"), [(rule, path) for rule, path, _ in PLANTED])
def test_a_planted_violation_is_seen(seen: dict[Rule, str], rule: Rule, path: str) -> None:
    """The rule names the file that breaks it."""
    assert f"{path}:" in seen[rule]


def test_a_table_with_no_owner_or_two_is_seen(seen: dict[Rule, str]) -> None:
    """Each table has exactly one owner."""
    assert "orphan: owned by []" in seen[badly_owned]
    assert "hold: owned by ['messages', 'webhooks']" in seen[badly_owned]


def test_a_statement_may_wait_for_another_s_lock() -> None:
    """Reading with FOR UPDATE and ON CONFLICT DO UPDATE are not taken for writes of a table."""
    assert WRITES.findall("SELECT 1 FROM device FOR UPDATE SKIP LOCKED") == []
    assert WRITES.findall("INSERT INTO hold VALUES (1) ON CONFLICT (message) DO UPDATE SET until = 2") == ["hold"]
