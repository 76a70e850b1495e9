"""The tools that prepare what a person is to agree to. They change nothing."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from merpati.client import shapes
from merpati.client.awaiting.messages import Messages
from merpati.locale import sentence
from merpati.mcp.confirming import Act, Prepared
from merpati.mcp.desk import AtDesk, Desk, desk_of
from merpati.mcp.marking import visible
from merpati.mcp.reading import Device

MOST_TARGETS = 20
"""As many as a preview shows: who agrees has seen each recipient."""


async def prepare_message(
    context: AtDesk,
    device: Device,
    to: Annotated[
        list[str],
        Field(
            min_length=1, max_length=MOST_TARGETS, description="Numbers, ids of groups, or a rotator's `target`."
        ),
    ],
    text: str = "",
    at: Annotated[datetime | None, Field(description="When it shall go; with a zone. None: now.")] = None,
    file_url: Annotated[str, Field(description="Address of a file to send; the text goes with it.")] = "",
    reply_to: Annotated[int | None, Field(description="Id of an incoming message that this answers.")] = None,
) -> dict[str, Any]:
    """Prepare a message to one, or the same to several. Nothing is sent yet: show the person the `summary`, and
    when they agree call carry_out with `confirmation`."""
    desk = desk_of(context)
    given: dict[str, Any] = {
        "device": device,
        "targets": [shapes.TargetGiven(to=each) for each in to],
        "text": text,
        "schedule": at,
        "url": file_url,
        "reply_to": reply_to,
    }
    preview = await desk.client.messages.preview(**given)
    if preview.refused:
        raise ToolError("; ".join(f"{each.code}: {each.detail}" for each in preview.refused))
    others = len(preview.items) - 1
    prepared = Prepared(
        title=f"send-to-{preview.items[0].to}" + (f"-and-{others}-more" if others else ""),
        summary=_message_summary(desk, await _device_words(desk, device), preview, given),
        act=partial(desk.client.messages.send, **given),
    )
    return _kept(desk, prepared)


def _kept(desk: Desk, prepared: Prepared) -> dict[str, Any]:
    return {"confirmation": desk.confirming.keep(prepared), "summary": prepared.summary}


async def _device_words(desk: Desk, device: int) -> str:
    """A device as its owner knows it, where the key may see that; else its id."""
    if shapes.Scope.DEVICES_READ not in desk.key.scopes:
        return str(device)
    found = await desk.client.devices.get(device)
    return f"{found.name} ({found.number})"


def _message_summary(desk: Desk, device: str, preview: shapes.PreviewAnswer, given: Mapping[str, Any]) -> str:
    """All that will be sent, and to whom; a person sees where a text has letters that hide."""
    to = ", ".join(item.to for item in preview.items)
    texts = dict.fromkeys(item.text for item in preview.items if item.text)
    beside = {"mcp.send.file": given["url"], "mcp.send.at": given["schedule"], "mcp.send.reply": given["reply_to"]}
    lines = [
        sentence("mcp.send", desk.language, device=device, to=to),
        *texts,
        *(sentence(key, desk.language, value=value) for key, value in beside.items() if value),
    ]
    return visible("\n".join(lines))


class With(NamedTuple):
    """What some changes need."""

    at: datetime | None
    text: str


def _reschedule(messages: Messages, message: shapes.MessageAnswer, given: With) -> Act:
    if given.at is None:
        raise ToolError("input_invalid: reschedule needs `at`")
    return partial(messages.reschedule, message.id, at=given.at)


def _resend(messages: Messages, message: shapes.MessageAnswer, _given: With) -> Act:
    return partial(messages.resend, message.id, accept_twice=message.state is shapes.StateWord.UNCERTAIN)


def _edit(messages: Messages, message: shapes.MessageAnswer, given: With) -> Act:
    if not given.text:
        raise ToolError("input_invalid: edit needs `text`")
    return partial(messages.edit, message.id, text=given.text)


Change: TypeAlias = Literal["cancel", "reschedule", "send_now", "resend", "edit", "revoke"]
_ACTS: Mapping[Change, Callable[[Messages, shapes.MessageAnswer, With], Act]] = {
    "cancel": lambda messages, message, _given: partial(messages.cancel, message.id),
    "reschedule": _reschedule,
    "send_now": lambda messages, message, _given: partial(messages.send_now, message.id),
    "resend": _resend,
    "edit": _edit,
    "revoke": lambda messages, message, _given: partial(messages.revoke, message.id),
}
"""The names are those of `shapes.CanAnswer` too, and their sentences' `mcp.change.<name>`."""


async def prepare_change(
    context: AtDesk,
    message: int,
    change: Change,
    at: Annotated[datetime | None, Field(description="Of reschedule: when it shall go; with a zone.")] = None,
    text: Annotated[str, Field(description="Of edit: what it shall say.")] = "",
) -> dict[str, Any]:
    """Prepare to take back, move, send now or send again a message that is there, or to edit, or delete for
    everyone (revoke), one that was sent. Nothing is changed yet: show the person the `summary`, and when they agree
    call carry_out with `confirmation`."""
    desk = desk_of(context)
    found = await desk.client.messages.get(message)
    if not getattr(found.can, change):
        raise ToolError(f"not_possible: {change} cannot be done to message {message}, which is {found.state}")
    prepared = Prepared(
        title=f"{change.replace('_', '-')}-message-{message}",
        summary=_change_summary(desk, await _device_words(desk, found.device), found, change, With(at, text)),
        act=_ACTS[change](desk.client.messages, found, With(at, text)),
    )
    return _kept(desk, prepared)


def _change_summary(desk: Desk, device: str, found: shapes.MessageAnswer, change: Change, given: With) -> str:
    twice = change == "resend" and found.state is shapes.StateWord.UNCERTAIN
    lines = [
        sentence(f"mcp.change.{change}", desk.language, id=found.id, device=device, to=found.to, at=given.at),
        *((sentence("mcp.change.twice", desk.language),) if twice else ()),
        *((given.text, "", sentence("mcp.change.before", desk.language)) if change == "edit" else ()),
        found.text,
    ]
    return visible("\n".join(lines))
