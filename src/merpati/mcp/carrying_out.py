"""The tool that does what was prepared, after a person agreed."""

from typing import Annotated, Any

from mcp.server.mcpserver import AcceptedElicitation, Elicit, ElicitationResult, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from merpati.client.shape import Shape
from merpati.mcp.confirming import NotPrepared
from merpati.mcp.desk import AtDesk, desk_of

NOT_PREPARED = (
    "not_prepared: nothing waits under this code. It was never given, ten minutes are over, or the person said no. "
    "Prepare it again, if they still want it."
)
CANNOT_ASK = (
    "cannot_ask: this server does nothing that a person was not asked about, and your program cannot ask them "
    "(elicitation). Say so to the person."
)


class Agreement(BaseModel):
    """What a person is asked, below the summary."""

    agree: Annotated[bool, Field(title="OK?")]


def _can_ask(context: AtDesk) -> bool:
    """Whether the assistant's program can show a person a form. Before there were kinds, it said no kind."""
    capabilities = context.client_capabilities
    asking = capabilities.elicitation if capabilities is not None else None
    return asking is not None and (asking.form is not None or asking.url is None)


async def _ask(confirmation: str, context: AtDesk) -> Elicit[Agreement] | Agreement:
    """The question, or the answer where there is nobody to ask or they said yes before."""
    desk = desk_of(context)
    try:
        prepared = desk.confirming.find(confirmation)
        if desk.confirming.is_agreed(confirmation):
            return Agreement(agree=True)
    except NotPrepared:
        raise ToolError(NOT_PREPARED) from None
    if _can_ask(context):
        return Elicit(prepared.summary, Agreement)
    if desk.must_ask:
        raise ToolError(CANNOT_ASK)
    return Agreement(agree=True)


async def carry_out(
    context: AtDesk,
    confirmation: Annotated[str, Field(description="`confirmation` of what was prepared, as it was given.")],
    answer: Annotated[ElicitationResult[Agreement], Resolve(_ask)],
) -> Shape | dict[str, Any]:
    """Do what was prepared, once the person has agreed to its `summary`. When no answer comes, call it again with
    the same code: it is done once."""
    confirming = desk_of(context).confirming
    if not (isinstance(answer, AcceptedElicitation) and answer.data.agree):
        confirming.forget(confirmation)
        return {"done": False, "detail": "The person said no. Do not prepare it again unless they ask for it."}
    try:
        prepared = confirming.find(confirmation)
        confirming.agree(confirmation)
    except NotPrepared:
        raise ToolError(NOT_PREPARED) from None
    return await prepared.act(idempotency_key=f"mcp-{confirmation}")
