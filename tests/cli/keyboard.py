"""Typing commands, as a person or a script does."""

import json
from typing import Any

from click.testing import CliRunner, Result

from merpati.cli import main


def typed(*words: str, stdin: str = "", **environ: str) -> Result:
    """What a person types after `merpati`, in a process without any MERPATI_ variable but these."""
    return CliRunner().invoke(main, words, input=stdin, env={"MERPATI_LANG": "en", **environ})


def answered(*words: str, stdin: str = "", **environ: str) -> Any:  # noqa: ANN401 - whatever the JSON is
    """The JSON that a command prints; it must end well."""
    result = typed(*words, "--json", stdin=stdin, **environ)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)
