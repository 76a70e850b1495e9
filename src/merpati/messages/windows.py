"""The window of a chat: how long one may write freely after its other side did; later only approved templates go.

Source: Meta's Cloud API, "Customer service windows": 24 hours since the user's last message; "Business-scoped user
IDs": who hides their number is told by an id instead. Whether a transport has such a rule `Capabilities.window_ms`
says as data. What is not known is never taken for closed.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from merpati.core.address import is_group
from merpati.core.clock import DAY_MS, HOUR_MS, Millis
from merpati.core.ids import Address, DeviceId
from merpati.devices.model import Device, DeviceState
from merpati.messages import store_windows
from merpati.storage.clock import database_now
from merpati.storage.port import Tx


class WindowState(StrEnum):
    """Whether one may write freely."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    """Too little of the device was heard: they may have written where we do not know of it."""


class Window(msgspec.Struct, frozen=True):
    """A chat's window; `until` where it is open."""

    state: WindowState
    until: Millis | None = None


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a chat. `last_at`: when its other side last wrote; `device_at`: when anybody last wrote to
    the device, of the time that counts; `since_at`: since when the device is its number, and hears. 0: never, or it
    is not open, or only just is: what they write then is told later. `is_hidden`: somebody without a phone number
    wrote within a window."""

    last_at: int
    device_at: int
    since_at: int
    is_hidden: bool = False


TWO_SPELLINGS = ("52", "54", "55")
"""Mexico, Argentina, Brazil: WhatsApp may know a number there otherwise than people write it."""

NUMBER_SHOWN_MS = 30 * DAY_MS
"""So long after they wrote by it, WhatsApp goes on telling somebody's number, also when they hide it now."""

TOLD_AGAIN_MS = HOUR_MS
"""So long after a device opened the network may still have to tell what it could not tell while nobody listened: it
tries again less and less often."""

Chat = tuple[DeviceId, Address]


def judge_window(chat: Address, heard: Heard, now: int, window_ms: int) -> Window:
    """Open is what is known to be open. Closed is only a chat of a device that has been heard for the whole of a
    window, and still is: whoever wrote would be known, unless they may have done so under another address. Pure."""
    until = heard.last_at + window_ms
    if until > now:
        return Window(WindowState.OPEN, Millis(until))
    has_heard = 0 < heard.since_at <= now - window_ms and heard.device_at > now - window_ms
    is_spelt_so = heard.last_at > 0 or not chat.startswith(TWO_SPELLINGS)
    is_by_number = heard.last_at > now - NUMBER_SHOWN_MS or not heard.is_hidden
    is_certain = has_heard and is_spelt_so and is_by_number
    return Window(WindowState.CLOSED if is_certain else WindowState.UNKNOWN)


async def windows_of(
    tx: Tx, devices: Mapping[DeviceId, Device], chats: Sequence[Chat], windows_ms: Mapping[DeviceId, int]
) -> dict[Chat, Window]:
    """The windows of these chats of these devices, now; groups have none, nor has a device without `windows_ms`."""
    asked = [(device, chat) for device, chat in chats if windows_ms.get(device) and not is_group(chat)]
    if not asked:
        return {}
    now = await database_now(tx)
    last = await store_windows.last_heard(tx, asked)
    lately, hidden = {}, {}
    for device in {device for device, _ in asked}:
        since = now - windows_ms[device]
        lately[device] = await store_windows.heard_lately(tx, devices[device].account, device, since)
        strange = any(last.get(chat, 0) <= now - NUMBER_SHOWN_MS for chat in asked if chat[0] == device)
        hidden[device] = strange and await store_windows.heard_hidden(tx, device, since)
    return {
        (device, chat): judge_window(
            chat,
            Heard(
                last_at=last.get((device, chat), 0),
                device_at=lately[device],
                since_at=devices[device].paired_at if _hears(devices[device], now) else 0,
                is_hidden=hidden[device] and chat.isdecimal(),
            ),
            now,
            windows_ms[device],
        )
        for device, chat in asked
    }


def _hears(device: Device, now: int) -> bool:
    """Whether who wrote is known: nothing waits to be told, here or at the network."""
    return device.state is DeviceState.OPEN and device.state_at <= now - TOLD_AGAIN_MS
