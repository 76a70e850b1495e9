"""The window of a chat, as the API shows it: until when one may write freely."""

from typing import Annotated, TypeAlias

from litestar import get
from litestar.params import FromPath, QueryParameter

from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, ThePrincipal
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import Answer, Instant, maybe
from merpati.api.windowing import find_window
from merpati.core.address import parse_address
from merpati.core.errors import Code
from merpati.messages.windows import Window, WindowState

OfChat: TypeAlias = Annotated[str, QueryParameter(max_length=60, description="A phone number, or a group's id.")]


class WindowAnswer(Answer, frozen=True, kw_only=True):
    """Whether one may write freely in a chat. `open`: until `until`, as they wrote less than 24 hours before.
    `closed`: only approved templates go until they write. `unknown`: the device is not connected, or has not been
    heard for 24 hours, so they may have written; nothing is refused for it."""

    state: WindowState
    until: Instant | None


class ChatWindowAnswer(Answer, frozen=True, kw_only=True):
    """A chat of a device; `window` is null where one may always write freely."""

    chat: str
    window: WindowAnswer | None


def show_window(window: Window | None) -> WindowAnswer | None:
    return None if window is None else WindowAnswer(state=window.state, until=maybe(window.until))


@get(
    "/{device_id:int}/window",
    operation_id="getWindow",
    summary="Whether one may write freely",
    responses=refusals(Code.DEVICE_UNKNOWN, Code.TARGET_INVALID),
)
async def get_window(
    gateway: TheGateway, principal: ThePrincipal, device_id: FromPath[int], chat: OfChat
) -> ChatWindowAnswer:
    """In a chat of this device, now. WhatsApp's official API has such windows, linked phones have none."""
    device, address = await access.device(gateway, principal, device_id), parse_address(chat)
    return ChatWindowAnswer(chat=address, window=show_window(await find_window(gateway, device, address)))
