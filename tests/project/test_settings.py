"""Every setting says what it is, and the page about them is the one that the code writes."""

import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

from msgspec import Meta

from merpati.config import Config

ROOT = Path(__file__).parents[2]


def test_every_setting_has_a_sentence() -> None:
    """A description that ends like a sentence."""
    hints = get_type_hints(Config, include_extras=True)
    for name in Config.__struct_fields__:
        said = [extra.description for extra in getattr(hints[name], "__metadata__", ()) if isinstance(extra, Meta)]
        assert len(said) == 1, name
        assert (said[0] or "").endswith("."), name


def test_the_page_of_settings_is_up_to_date() -> None:
    """The committed page is what its script writes."""
    command = [sys.executable, str(ROOT / "scripts" / "settings_page.py")]
    written = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    assert page == written, "run: .venv/bin/python scripts/settings_page.py --write"
