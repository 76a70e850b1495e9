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


async def ask(stage: Stage, path: str, key: str = "", **body: object) -> tuple[int, Any]:
    """POST to the node."""
    headers = {"Authorization": f"Bearer {stage.account_token}", **({"Idempotency-Key": key} if key else {})}
    url = f"{stage.node.url}/api/v1{path}"
    async with aiohttp.ClientSession() as http, http.post(url, json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_an_answer_that_is_stored_is_given_after_a_crash(stage: Stage) -> None:
    """The token that nobody was told of is the device's, and there is no third one."""
    device = f"/devices/{stage.senders[0].id}"
    await stage.node.open(crash_at="after_answer_stored:1")
    with pytest.raises(aiohttp.ClientError):
        await ask(stage, f"{device}/rotate-token", "kunci")
    await stage.node.died()
    await stage.node.open()
    status, answer = await ask(stage, f"{device}/rotate-token", "kunci")
    assert status == 200
    assert (await ask(stage, f"{device}/reveal-token"))[1]["token"] == answer["token"]
    await stage.node.stop()


async def test_an_effect_is_had_once_though_its_answer_was_lost(stage: Stage) -> None:
    """Asked with the key it is answered; without one it is refused as done before."""
    await stage.node.open(crash_at="after_effect_stored:1")
    call: dict[str, Any] = {"device": stage.senders[0].id, "targets": "081234567890", "text": "halo"}
    accepted = (await ask(stage, "/messages", **call, schedule="2036-01-01T00:00:00Z"))[1]
    cancel = f"/messages/{accepted['items'][0]['id']}/cancel"
    with pytest.raises(aiohttp.ClientError):
        await ask(stage, cancel, "kunci")
    await stage.node.died()
    await stage.node.open()
    status, answer = await ask(stage, cancel, "kunci")
    assert (status, answer["state"]) == (200, "cancelled")
    assert (await ask(stage, cancel))[1]["code"] == "message_cancelled"
    await stage.node.stop()


async def test_an_acknowledgement_is_kept_though_its_answer_was_lost(stage: Stage) -> None:
    """Asked again it is answered as the first time, and what it was about is not fetched again."""
    await stage.node.open(crash_at="after_answer_stored:1")
    await fetch(stage)
    call: dict[str, Any] = {"device": stage.senders[0].id, "targets": "081234567890", "text": "halo"}
    await ask(stage, "/messages", **call, schedule="2036-01-01T00:00:00Z")
    upto = (await fetch(stage))["upto"]
    with pytest.raises(aiohttp.ClientError):
        await ask(stage, "/consumers/gudang/ack", "kunci", seq=upto)
    await stage.node.died()
    await stage.node.open()
    status, answer = await ask(stage, "/consumers/gudang/ack", "kunci", seq=upto)
    assert (status, answer["position"]) == (200, upto)
    assert all(each["seq"] > upto for each in (await fetch(stage))["items"])
    await stage.node.stop()


async def fetch(stage: Stage) -> Any:  # noqa: ANN401 — JSON
    """What is new for a consumer."""
    headers = {"Authorization": f"Bearer {stage.account_token}"}
    url = f"{stage.node.url}/api/v1/consumers/gudang/events"
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as answer:
        return await answer.json()
