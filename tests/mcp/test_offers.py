"""What a key may do is what an assistant is offered, and what it is offered works."""

import re
from pathlib import Path
from typing import Any

import pytest

from merpati.accounts.key_model import Scope
from merpati.mcp.offers import OFFERS
from merpati.mcp.serving import NotAKey, desk_at
from tests.api.harness import ONE, TOKENS, TWO, Api
from tests.api.v1.browser import signed_in
from tests.api.v1.messages import receive, send
from tests.mcp.assistant import assistant

_S = Scope
READS: dict[Scope, dict[str, dict[str, Any]]] = {
    _S.DEVICES_READ: {
        "get_overview": {"zone": "Asia/Jakarta"},
        "list_devices": {},
        "list_connections": {"device": ONE},
        "list_groups": {"device": ONE, "refresh": True},
    },
    _S.MESSAGES_READ: {"list_messages": {}, "count_messages": {}, "get_message": {"message": 900_001}},
    _S.ROTATORS_MANAGE: {"list_rotators": {}},
    _S.WEBHOOKS_READ: {"list_webhooks": {}},
    _S.REQUESTS_READ: {"list_requests": {"outcome": "ok"}},
    _S.EVENTS_READ: {"list_events": {"after": 0}},
}
"""With each scope alone: tools, and what they take."""
PREPARED = {"prepare_message", "carry_out"}


@pytest.mark.parametrize("scope", Scope)
async def test_a_scope_offers_its_tools_and_no_others(api: Api, scope: Scope) -> None:
    """Each of them is answered, so that the API takes the same scope for it."""
    await receive(api)
    reads = READS.get(scope, {})
    async with assistant(api, [scope]) as asking:
        sends = PREPARED if scope is Scope.MESSAGES_SEND else set()
        assert await asking.tools() == {"show_key"} | reads.keys() | sends
        for tool, given in reads.items():
            await asking.call(tool, **given)


def test_the_guide_names_the_tools_of_each_scope() -> None:
    """As the table offers them."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    said = {frozenset(SCOPE.findall(scopes)): set(TOOL.findall(tools)) for scopes, tools in rows}
    offered: dict[frozenset[str], set[str]] = {}
    for offer in OFFERS:
        offered.setdefault(frozenset(map(str, offer.needs)), set()).add(offer.tool.__name__)
    assert {scopes: tools for scopes, tools in said.items() if tools} == offered


GUIDE = Path(__file__).parents[2] / "docs" / "howto" / "mcp.md"
SCOPE, TOOL = re.compile(r"`(\w+:\w+)`"), re.compile(r"`(\w+)`")


async def test_changing_a_message_takes_reading_it(api: Api) -> None:
    """With both scopes the tool is there."""
    async with assistant(api, [Scope.MESSAGES_SEND, Scope.MESSAGES_READ]) as asking:
        assert await asking.tools() >= {"prepare_change", *PREPARED}


async def test_a_tool_that_is_not_offered_cannot_be_called(api: Api) -> None:
    """By name, as an assistant would that heard of it."""
    async with assistant(api, [Scope.MESSAGES_READ]) as asking:
        assert "prepare_message" in await asking.fail("prepare_message", device=ONE, to=["0812"], text="x")


async def test_programs_are_told_which_tools_change_something(api: Api) -> None:
    """Theirs to ask before: the one that carries out, and no other."""
    async with assistant(api) as asking:
        tools = (await asking.client.list_tools()).tools
    assert all(tool.description and tool.annotations for tool in tools)
    assert [tool.name for tool in tools if not (tool.annotations and tool.annotations.read_only_hint)] == [
        "carry_out"
    ]


async def test_the_account_s_token_is_refused(api: Api) -> None:
    """It may do everything."""
    with pytest.raises(NotAKey):
        async with desk_at(api.url, TOKENS["account"], language="en", must_ask=False):
            pass


async def test_the_key_s_devices_are_all_that_is_there(api: Api) -> None:
    """The API's own rule, through the tools."""
    theirs = await send(api, "two")
    async with assistant(api, devices=[ONE]) as asking:
        listed = await asking.call("list_devices")
        assert [device["id"] for device in listed["items"]] == [ONE]
        assert (await asking.fail("get_message", message=theirs)).startswith("message_unknown: ")
        assert (await asking.fail("prepare_message", device=TWO, to=["081234567890"], text="x")).startswith(
            "device_unknown: "
        )
        assert (await asking.call("show_key"))["key"]["devices"] == [ONE]


async def test_a_key_that_lost_a_scope_is_refused_by_the_api(api: Api) -> None:
    """What is offered was asked at the start; what may be done is judged at each call."""
    owner = await signed_in(api)
    async with assistant(api, [Scope.MESSAGES_READ], owner=owner) as asking:
        (key,) = (await owner.ask("GET", "/keys")).body["items"]
        changed = await owner.ask("PATCH", f"/keys/{key['id']}", {"scopes": ["devices:read"]})
        assert changed.status == 200
        assert (await asking.fail("list_messages")).startswith("key_scope_missing: ")
