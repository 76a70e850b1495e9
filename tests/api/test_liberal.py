"""Where Fonnte is stricter than its documentation, we accept more. Each way is a row; all mean the same message."""

from typing import Any

import aiohttp
import pytest

from merpati.core.ids import MessageId
from merpati.messages.views import show_message
from merpati.transports.port import Text
from tests.api.harness import Api, headers_of

pytestmark = pytest.mark.asyncio(loop_scope="module")
NUMBER, TEXT = "6281234567890", "halo"
FORM = {"target": NUMBER, "message": TEXT}


def multipart(**fields: str) -> aiohttp.FormData:
    return aiohttp.FormData(fields, default_to_multipart=True)


WAYS: dict[str, dict[str, Any]] = {
    "JSON with a number as target": {"json": {"target": 6281234567890, "message": TEXT}},
    "JSON with a list of targets": {"json": {"target": [NUMBER], "message": TEXT}},
    "JSON with data as a list, not as a text": {"json": {"data": [FORM]}},
    "JSON with booleans as texts": {"json": {**FORM, "typing": "false", "preview": "true", "sequence": ""}},
    "JSON with numbers as texts": {"json": {**FORM, "schedule": "0", "delay": 0, "followup": "0"}},
    "JSON with inboxid as an empty text": {"json": {**FORM, "inboxid": ""}},
    "JSON with nulls": {"json": {**FORM, "url": None, "schedule": None, "typing": None, "data": None}},
    "JSON under the Content-Type of a form": {
        "data": b'{"target": "6281234567890", "message": "halo"}',
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
    },
    "a form under the Content-Type of JSON": {
        "data": b"target=6281234567890&message=halo",
        "headers": {"Content-Type": "application/json"},
    },
    "PHP's array of targets": {"data": {"target[]": NUMBER, "message": TEXT}},
    "PHP's nested data": {"data": {"data[0][target]": NUMBER, "data[0][message]": TEXT}},
    "PHP's false, which is an empty text": {"data": multipart(**FORM, typing="", sequence="")},
    "every optional field empty": {
        "data": multipart(
            **FORM, **dict.fromkeys(("url", "filename", "schedule", "delay", "countryCode", "location"), "")
        )
    },
    "fields that JavaScript left undefined": {
        "data": {**FORM, "schedule": "undefined", "delay": "null", "url": "undefined"}
    },
    "unknown fields": {"data": {**FORM, "api_key": "x", "Sender": "y", "data2": "z"}},
    "names in another case": {"data": {"Target": NUMBER, "MESSAGE": TEXT}},
    "punctuation in the number": {"data": {**FORM, "target": "+62 812-3456-7890"}},
    "a number without its country": {"data": {**FORM, "target": "0812 3456 7890"}},
    "a number without country or zero, countryCode 0": {"data": {**FORM, "countryCode": "0"}},
    "a comma too many": {"data": {**FORM, "target": f"{NUMBER},"}},
    "parameters in the query of a POST": {"params": FORM},
    "a Bearer before the token": {"data": FORM, "headers": headers_of("bearer")},
    "a byte order mark before the JSON": {"data": b'\xef\xbb\xbf{"target": "6281234567890", "message": "halo"}'},
    "decimals in a delay": {"data": {**FORM, "delay": "0.001"}},
    "a schedule that has passed": {"data": {**FORM, "schedule": "1500000000"}},
}


@pytest.mark.parametrize("way", WAYS)
async def test_more_is_understood_than_fonnte_understands(shared: Api, way: str) -> None:
    """The same message, however it was asked for."""
    more = dict(WAYS[way])
    headers = {**headers_of("one"), **more.pop("headers", {})}
    async with shared.client.post(shared.url + "/send", headers=headers, **more) as response:
        answer = await response.json()

    assert answer["status"] is True, answer
    assert answer["target"] == [NUMBER]
    stored = await shared.storage.read(show_message, MessageId(answer["id"][0]))
    assert stored is not None
    assert (stored.chat, stored.content) == (NUMBER, Text(body=TEXT))
