"""An assistant with a key, and the person in front of it."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from mcp import Client
from mcp.client.session import ClientRequestContext
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult, ErrorData, TextContent

from merpati.accounts.key_model import Scope
from merpati.mcp.serving import desk_at, server_of
from tests.api.harness import Api
from tests.api.v1.browser import Browser, signed_in
from tests.api.v1.keys import made


class Person:
    """Answers what they are asked, in this way; `asked` is what they were shown."""

    def __init__(self, **answer: Any) -> None:  # noqa: ANN401 — fields of ElicitResult
        self._answer, self.asked = ElicitResult(**answer), list[str]()

    async def answer(
        self,
        context: ClientRequestContext,  # noqa: ARG002 - the SDK's signature
        params: ElicitRequestParams,
    ) -> ElicitResult | ErrorData:
        self.asked.append(params.message)
        return self._answer


def yes() -> Person:
    return Person(action="accept", content={"agree": True})


class Assistant:
    """Calls tools."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def try_(self, tool: str, **given: Any) -> CallToolResult:  # noqa: ANN401 — JSON
        return await self.client.call_tool(tool, given)

    async def call(self, tool: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 — JSON
        """What a tool answers, which must not be an error."""
        result = await self.try_(tool, **given)
        assert not result.is_error, text_of(result)
        answer: dict[str, Any] = json.loads(text_of(result))
        return answer

    async def fail(self, tool: str, **given: Any) -> str:  # noqa: ANN401 — JSON
        """What a tool says that fails, without the SDK's own words before it."""
        result = await self.try_(tool, **given)
        assert result.is_error, text_of(result)
        return text_of(result).removeprefix(f"Error executing tool {tool}: ")

    async def tools(self) -> set[str]:
        return {tool.name for tool in (await self.client.list_tools()).tools}


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


@asynccontextmanager
async def assistant(
    api: Api,
    scopes: Iterable[str] = Scope,
    *,
    person: Person | None = None,
    must_ask: bool = False,
    mode: str = "auto",
    url: str = "",
    owner: Browser | None = None,
    **given: Any,  # noqa: ANN401 — of the key
) -> AsyncIterator[Assistant]:
    """With a key of these scopes; without a person it cannot ask one. `mode` "legacy": as programs before 2026."""
    secret = (await made(owner or await signed_in(api), scopes, **given))["secret"]
    async with (
        desk_at(url or api.url, secret, language="en", must_ask=must_ask) as desk,
        Client(
            server_of(desk, "1"), mode=mode, elicitation_callback=person.answer if person is not None else None
        ) as client,
    ):
        yield Assistant(client)
