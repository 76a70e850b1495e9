"""`Idempotency-Key` over a `kill -9`: our own API does once what it was asked for once."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.faults.stage import Stage, open_stage

pytestmark = [pytest.mark.faults, pytest.mark.process]


@pytest.fixture
async def stage(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, database_url, paces=((0, 0),)) as stage:
        yield stage


async def ask(stage: Stage, path: str, key: str = "") -> tuple[int, Any]:
    """POST to the device of the stage."""
    headers = {"Authorization": f"Bearer {stage.account_token}", **({"Idempotency-Key": key} if key else {})}
    url = f"{stage.node.url}/api/v1/devices/{stage.senders[0].id}/{path}"
    async with aiohttp.ClientSession() as http, http.post(url, json={}, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_an_answer_that_is_stored_is_given_after_a_crash(stage: Stage) -> None:
    """The token that nobody was told of is the device's, and there is no third one."""
    await stage.node.open(crash_at="after_answer_stored:1")
    with pytest.raises(aiohttp.ClientError):
        await ask(stage, "rotate-token", "kunci")
    await stage.node.died()
    await stage.node.open()
    status, answer = await ask(stage, "rotate-token", "kunci")
    assert status == 200
    assert (await ask(stage, "reveal-token"))[1]["token"] == answer["token"]
    await stage.node.stop()


async def test_an_effect_is_had_once_though_its_answer_was_lost(stage: Stage) -> None:
    """Asked with the key it is answered; without one it would be refused as done before."""
    await stage.node.open(crash_at="after_effect_stored:1")
    with pytest.raises(aiohttp.ClientError):
        await ask(stage, "disconnect", "kunci")
    await stage.node.died()
    await stage.node.open()
    status, answer = await ask(stage, "disconnect", "kunci")
    assert (status, answer["desired"]) == (200, False)
    assert (await ask(stage, "disconnect"))[0] == 409
    await stage.node.stop()
