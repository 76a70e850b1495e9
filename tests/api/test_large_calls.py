"""Many targets, many elements, large bodies."""

import io
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from merpati.core.ids import MessageId
from merpati.messages.views import message_status
from tests.api.harness import ONE, Api, headers_of, without


async def test_a_large_call_is_a_batch_whose_ids_are_known_at_once(both: Api) -> None:
    """More than 200 targets: stored in parts, made by a job; status knows them already."""
    targets = [f"62812{n:08}" for n in range(1_001)]
    answer = await both.post("/send", data={"target": ",".join(targets), "message": "hi {name}"})

    assert answer["target"] == targets
    assert answer["id"] == list(range(answer["id"][0], answer["id"][0] + 1_001))
    counts = await both.counts()
    assert (counts["batch"], counts["batch_part"], counts["job"], counts["message"]) == (1, 6, 1, 0)
    assert both.batches == 1
    last = await both.storage.read(message_status, (ONE,), MessageId(answer["id"][-1]))
    assert last is not None and last.state.name == "QUEUED"


async def test_elements_of_data_are_a_batch_when_they_are_many(api: Api) -> None:
    """Each element keeps its own text; JSON may hold them as a list, not only as a text."""
    elements = [{"target": f"62812{n:08}", "message": f"text {n}"} for n in range(300)]
    for data in (elements, json.dumps(elements)):
        answer = await api.post("/send", json={"data": data})
        assert len(answer["id"]) == 300


async def post(api: Api, data: str) -> dict[str, Any]:
    headers = {**headers_of("one"), "Content-Type": "application/x-www-form-urlencoded"}
    body = io.BytesIO(urlencode({"data": data}).encode())
    async with api.client.post(api.url + "/send", headers=headers, data=body) as response:
        answer: dict[str, Any] = await response.json()
        return answer


async def test_a_hundred_thousand_elements_are_the_most(api: Api) -> None:
    """One more is refused, and nothing of it is stored."""
    element = '{"target":"6281234567890","message":"x"}'
    most = "[" + ",".join([element] * 100_000) + "]"

    assert len((await post(api, most))["id"]) == 100_000
    before = await api.counts()
    refused = await post(api, most[:-1] + f",{element}]")
    assert without(refused, "requestid") == {"status": False, "reason": "input invalid"}
    assert await api.counts() == before


@pytest.mark.parametrize(
    "declared", ["application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=X"]
)
async def test_a_body_of_33_megabytes_is_refused(api: Api, declared: str) -> None:
    """With a clear reason, and nothing stored."""
    part = b'--X\r\nContent-Disposition: form-data; name="message"\r\n\r\n'
    body = io.BytesIO((part if "multi" in declared else b"message=") + b"x" * 33_000_000)
    headers = {**headers_of("one"), "Content-Type": declared}
    async with api.client.post(api.url + "/send", headers=headers, data=body) as response:
        refused = await response.json()

    assert without(refused, "requestid") == {"status": False, "reason": "request body too large"}
    assert await api.count("message") == 0
