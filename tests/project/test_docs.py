"""The documents point at things that are there."""

import re
from pathlib import Path

import pytest

from merpati.api.fonnte.endpoints import fonnte_endpoints

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"make ([a-z]+)")
NAMED = re.compile(r"`((?:src|tests|docs|scripts|bench|examples)/[\w/.-]+)`")


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Each relative link is a file or a folder."""
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_file_that_is_named_exists(page: Path) -> None:
    """A path in code font that begins at the root is there."""
    assert [path for path in NAMED.findall(page.read_text(encoding="utf-8")) if not (ROOT / path).exists()] == []


def test_every_module_of_the_architecture_exists() -> None:
    """The table "where to look" names files of the package."""
    table = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("## Where to look")[2]
    modules = re.findall(r"`((?!docs/|tests/)[a-z_0-9/]+\.(?:py|json))`", table)
    assert modules
    assert [module for module in modules if not (ROOT / "src" / "merpati" / module).exists()] == []


def test_the_readme_begins_with_demo_and_then_test() -> None:
    """The first command of the README, and the second."""
    commands = re.findall(r"^    make ([a-z]+)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert commands == ["demo", "test"]


def test_every_endpoint_is_in_the_changelog() -> None:
    """Of Fonnte's API."""
    there = {endpoint.path for endpoint in fonnte_endpoints()}
    assert there <= set(re.findall(r"`(/[a-z-]+)`", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")))


def test_continuous_integration_runs_what_people_run() -> None:
    """CI is the README's test command and the check, and nothing that nobody can repeat."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert COMMAND.findall(script) == ["test", "check"]


def test_every_decision_is_in_the_index() -> None:
    """Each page of docs/adr but the first has its row there."""
    folder = ROOT / "docs" / "adr"
    index = (folder / "0001-record-decisions.md").read_text(encoding="utf-8")
    pages = {page.name for page in folder.glob("*.md")} - {"0001-record-decisions.md"}
    assert set(LINK.findall(index)) == pages
