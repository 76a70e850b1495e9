"""What the tools work with, and how they reach it."""

from typing import Any, TypeAlias

import msgspec
from mcp.server.mcpserver import Context

from merpati.client import AsyncClient
from merpati.client.shapes import SessionKey
from merpati.mcp.confirming import Confirming


class Desk(msgspec.Struct, frozen=True):
    """The API and the key that opens it, what waits for a yes, and what the server was told when it was started."""

    client: AsyncClient
    key: SessionKey
    confirming: Confirming
    language: str
    must_ask: bool
    """Nothing is done where the assistant's program cannot ask the person itself."""


AtDesk: TypeAlias = Context[Desk, Any]
"""What a tool is called with beside its arguments."""


def desk_of(context: AtDesk) -> Desk:
    desk = context.request_context.lifespan_context
    assert isinstance(desk, Desk)
    return desk
