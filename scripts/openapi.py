"""Writes docs/reference/openapi.json from the code: `python -m scripts.openapi`."""

import json
from pathlib import Path

from merpati.api.v1.routes import document

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "openapi.json"


def drawn() -> str:
    """The file as it should be."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PAGE.write_text(drawn(), encoding="utf-8")
