"""The how-to says what is true, and the command runs."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner

from merpati.cli import main
from merpati.fakes.graph.outages import Outage, Rule
from merpati.fakes.graph.settings import Settings

HOWTO = (Path(__file__).parents[3] / "docs" / "howto" / "fake-graph.md").read_text()


def test_every_setting_and_outage_is_named() -> None:
    """In a row."""
    assert [name for name in Settings.__struct_fields__ if f"`{name}`" not in HOWTO] == []
    assert [name for name in Rule.__struct_fields__ if f"`{name}`" not in HOWTO] == []
    assert {f"{each}" for each in Outage} <= set(re.findall(r"^\| `(\w+)` \|", HOWTO, re.MULTILINE))


def test_settings_that_make_no_sense_are_refused() -> None:
    """With what is wrong."""
    result = CliRunner().invoke(main, ["fake-graph", "--settings", '{"batch": "x"}', "--lang", "en"])

    assert result.exit_code == 1
    assert "batch" in result.output


@pytest.mark.process
async def test_the_command_says_what_a_client_needs_and_ends_when_told() -> None:
    """The token that it prints opens the number that it prints."""
    command = ["-m", "merpati", "fake-graph", "--port", "0", "--lang", "en"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        lines = [(await process.stdout.readline()).decode().strip() for _ in range(8)]
    said = dict(line.split(": ", 1) for line in lines[1:])
    [url] = re.findall(r"at (http://\S+)", lines[0])

    headers = {"Authorization": f"Bearer {said['token']}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.get(f"{url}/v26.0/{said['phone_number_id']}") as answer:
            assert (await answer.json())["quality_rating"] == "GREEN"
        async with session.get(f"{url}/_fake") as page:
            assert "fake-graph" in await page.text()
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
