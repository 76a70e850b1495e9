"""Whether a page can be used by everybody, as far as a machine can tell (axe-core: WCAG 2.0 to 2.2, A and AA)."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SCRIPT = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = frozenset({"serious", "critical"})


def violations(page: Page) -> list[str]:
    """Each serious violation: its rule, and where."""
    if not page.evaluate("() => 'axe' in window"):
        # past the page's policy, which lets nothing foreign run
        page.evaluate(SCRIPT.read_text(encoding="utf-8") + ";window.axe = axe;")
    found: dict[str, Any] = page.evaluate("() => window.axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {'; '.join(str(node['target'][0]) for node in each['nodes'][:3])}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
    ]
