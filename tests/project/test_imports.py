"""The contracts of imports see what they forbid. That the tree keeps them is `make check`'s part."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLANTED = {
    "core/up.py": "import merpati.storage.port",
    "storage/up.py": "from merpati.log import actions",
    "transports/up.py": "import merpati.devices.model",
    "log/up.py": "import merpati.messages.model",
    "log/sideways.py": "import merpati.jobs.model",
    "devices/up.py": "import merpati.messages.model",
    "messages/up.py": "import merpati.webhooks",
    "webhooks/up.py": "import merpati.runtime",
    "runtime/sideways.py": "import merpati.wiring",
    "config_up.py": "import merpati",
    "transports/simulator/sideways.py": "import merpati.transports.cloud_api",
    "transports/cloud_api/__init__.py": "",
    "messages/concrete.py": "import merpati.transports.simulator.wire",
    "devices/engine.py": "import merpati.storage.sqlite",
    "jobs/engine.py": "from merpati.storage.postgres import PostgresStorage",
    "messages/driver.py": "import apsw",
    "webhooks/driver.py": "import asyncpg",
    "runtime/framework.py": "from litestar import get",
    "messages/server.py": "import uvicorn",
    "client/up.py": "import merpati.core.clock",
    "cli/own_client.py": "import merpati.client",
    "egress/httpx.py": "import httpx",
    "mcp/inside.py": "import merpati.core.clock",
    "cli/own_mcp.py": "import merpati.mcp.offers",
    "egress/sdk.py": "import pydantic",
    "transports/linked/own_worker.py": "import merpati.transports.linked.worker.store",
    "egress/library.py": "import neonize",
    "egress/fakes_library.py": "import pyaileys",
    "egress/faked.py": "import merpati.fakes.graph.server",
    "floorless/__init__.py": "",
}
SEEN = {
    "merpati.config_up",
    "merpati.floorless",
    *(
        f"merpati.{path.removesuffix('.py').replace('/', '.')}"
        for path in PLANTED
        if not path.endswith("__init__.py")
    ),
}


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the check says of a copy of the source with every violation planted at once."""
    copy = tmp_path_factory.mktemp("imports")
    shutil.copytree(ROOT / "src" / "merpati", copy / "merpati", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for path, text in PLANTED.items():
        (copy / "merpati" / path).parent.mkdir(exist_ok=True)
        (copy / "merpati" / path).write_text(f"{text}\n", encoding="utf-8")
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize("module", sorted(SEEN))
def test_a_planted_import_is_seen(verdict: str, module: str) -> None:
    """The module that does what it may not is named."""
    assert module in verdict


def test_the_linter_looked_at_the_copy(verdict: str) -> None:
    """Every contract that has something planted is broken, so that none is kept by being empty."""
    assert "0 kept, 15 broken" in verdict
