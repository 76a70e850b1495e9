"""The API does what its description says, as a tool sees it that knows nothing else: Schemathesis.

It makes the edges of every value that the description allows, and of what it does not. An answer must have a
status, a media type and a shape that are described, and is never the server's own fault.
"""

import asyncio
import copy
import re
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from merpati.api.v1.bucket import Budget
from merpati.api.v1.limits import CallLimits
from merpati.api.v1.routes import document
from merpati.core.clock import SystemClock
from merpati.transports.simulator.link import SimulatorLink
from tests.api.conftest import api_on_sqlite
from tests.api.v1.world import World, kind_of, make_world

pytestmark = pytest.mark.process
WITHIN_S = 120
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
STREAMS = ["followEvents", "followSimulator"]
"""Without an end, and their events have shapes that a media type cannot say."""
LEAVING = ["signOut", "revokeSession"]
"""The caller would be a stranger from then on; `test_session` and `test_sessions` have these."""
GROUPS = [
    "Devices,Official",
    "Messages",
    "Webhooks",
    "Simulator",
    "Rotators,Events,Keys,Me,Session,Setup,Home,Requests,Account",
]
"""Tags that are tested together, so that processes share the work."""


@pytest.fixture
async def unlimited(tmp_path: Path, link: SimulatorLink) -> AsyncIterator[World]:
    """Callers may call as often as they like."""
    any_number = Budget(0, 1)
    limits = CallLimits(SystemClock(), any_number, any_number)
    async with api_on_sqlite(tmp_path, phones=link.phones, limits=limits) as api:
        yield await make_world(api)


def test_every_endpoint_is_in_a_group() -> None:
    """By its tag."""
    tags = {tag for methods in document()["paths"].values() for each in methods.values() for tag in each["tags"]}
    assert tags == set(",".join(GROUPS).split(","))


@pytest.mark.parametrize("tags", GROUPS)
async def test_the_api_does_what_its_description_says(unlimited: World, tmp_path: Path, tags: str) -> None:
    """As a person who signed in, who has one of everything: whatever stands in a body, a query or a header."""
    folder = tmp_path / "tool"
    folder.mkdir()
    (folder / "openapi.json").write_bytes(msgspec.json.encode(described()))
    (folder / "schemathesis.toml").write_text("\n".join(settings_of(unlimited)))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", "--url", unlimited.api.url),
        *("--checks", CHECKS, "--phases", "coverage", "--seed", "1", "--no-color", "--warnings", "off"),
        *(f"--include-tag={tag}" for tag in tags.split(",")),
        *(f"--exclude-operation-id={each}" for each in STREAMS + LEAVING),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(WITHIN_S):
        told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()


def described() -> dict[str, Any]:
    """The description, but for `Idempotency-Key`: the tool sends one with many bodies, which is refused."""
    whole = copy.deepcopy(document())
    for methods in whole["paths"].values():
        for operation in methods.values():
            parameters = operation.get("parameters", [])
            operation["parameters"] = [each for each in parameters if each["name"] != "Idempotency-Key"]
    return whole


def settings_of(world: World) -> Iterator[str]:
    """Who calls, and what the paths name."""
    caller = {"Cookie": f"merpati_session={world.ayu.cookie}", **world.ayu.headers}
    yield "generation.with-security-parameters = false"
    yield "headers = { " + ", ".join(f'{name} = "{value}"' for name, value in caller.items()) + " }"
    for path, methods in document()["paths"].items():
        secured = [operation for operation in methods.values() if operation["security"]]
        for operation in secured:
            named = kind_of(re.sub(r"{\w+}", "{}", path.removeprefix("/api/v1")))
            if named is not None:
                first = re.findall(r"{(\w+)}", path)[0]
                yield f'[[operations]]\ninclude-operation-id = "{operation["operationId"]}"'
                yield f'parameters = {{ "path.{first}" = "{world.ids[named]}" }}'
