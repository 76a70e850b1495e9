"""`/meta/{device}`: what is not Meta's is turned away, and told nothing. What is: `tests/flows/test_official`."""

import io

import aiohttp
import pytest

from merpati.api.meta import MOST_BYTES
from tests.api.harness import ONE, Api


async def asked(api: Api, method: str, path: str, body: bytes | io.BytesIO = b"") -> tuple[int, str]:
    headers = {"X-Hub-Signature-256": "sha256=" + "0" * 64}
    url = f"{api.url}{path}"
    async with aiohttp.ClientSession() as client, client.request(method, url, data=body, headers=headers) as answer:
        return answer.status, await answer.text()


@pytest.mark.parametrize("path", [f"/meta/{ONE}", "/meta/999", f"/meta/{2**63 - 1}"])
async def test_a_device_that_is_there_cannot_be_told_from_one_that_is_not(api: Api, path: str) -> None:
    """Neither has a number of Meta's, and a stranger hears the same of both."""
    challenge = f"{path}?hub.mode=subscribe&hub.challenge=1&hub.verify_token="
    assert await asked(api, "POST", path, b"{}") == (403, "not signed by the app of this number")
    assert await asked(api, "GET", challenge) == (403, "not signed by the app of this number")


@pytest.mark.parametrize(
    "path", ["/meta", "/meta/", "/meta/x", "/meta/1/2", "/meta/-1", "/meta/0", "/meta/" + "9" * 30]
)
async def test_no_other_address_is_there(api: Api, path: str) -> None:
    """Whatever stands for the device."""
    assert (await asked(api, "POST", path, b"{}"))[0] == 404


async def test_only_get_and_post_are_answered(api: Api) -> None:
    """As Meta calls."""
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        assert (await asked(api, method, f"/meta/{ONE}"))[0] == 405


async def test_a_body_larger_than_metas_is_not_read(api: Api) -> None:
    """It is turned away before its end is here."""
    assert (await asked(api, "POST", f"/meta/{ONE}", io.BytesIO(bytes(MOST_BYTES + 1))))[0] == 413


async def test_answers_are_counted_by_their_status(api: Api) -> None:
    """For whoever watches the server."""
    await asked(api, "POST", f"/meta/{ONE}", b"{}")
    assert api.gateway.metrics.meta.labels("403")._value.get() == 1
