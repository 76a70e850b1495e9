"""What goes now into a chat that is known to be closed is refused at the door, and not only by WhatsApp later."""

from collections.abc import Iterable, Mapping

from merpati.api.gateway import Gateway
from merpati.core.address import is_group
from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address, DeviceId
from merpati.devices.model import Device
from merpati.messages.planning import Plan
from merpati.messages.windows import Chat, Window, WindowState, windows_of
from merpati.transports.interactive import Template


async def check_windows(gateway: Gateway, devices: Iterable[Device], plan: Plan, now: int) -> None:
    """Raises `Refusal(TEMPLATE_NEEDED)` for the first message that is due now, is no template, and whose chat is
    known to be closed. What is due later, and the parts of a batch, are judged by WhatsApp when they are handed
    over: until then their recipient may write."""
    ruled = {device.id: device for device in devices if window_ms(gateway, device)}
    if not ruled:
        return
    due = [
        (draft.device, draft.chat)
        for draft in plan.drafts
        if draft.device in ruled and draft.due_at <= now and not isinstance(draft.content, Template)
    ]
    windows = await find_windows(gateway, ruled, due)
    for chat in due:
        if chat in windows and windows[chat].state is WindowState.CLOSED:
            raise Refusal(Code.TEMPLATE_NEEDED, target=chat[1])


def window_ms(gateway: Gateway, device: Device) -> int:
    """How long one may write freely by this device after somebody wrote; 0: always, or this process has no such way
    to WhatsApp."""
    able = gateway.capabilities.get(device.transport)
    return able.window_ms if able is not None else 0


async def find_windows(
    gateway: Gateway, devices: Mapping[DeviceId, Device], chats: Iterable[Chat]
) -> dict[Chat, Window]:
    """The windows of those of these chats that have one."""
    rules = {id_: window_ms(gateway, device) for id_, device in devices.items()}
    asked = [(device, chat) for device, chat in chats if rules[device] and not is_group(chat)]
    if not asked:
        return {}
    return await gateway.storage.read(windows_of, devices, asked, rules)


async def find_window(gateway: Gateway, device: Device, chat: Address) -> Window | None:
    """The window of one chat; None where one may always write."""
    return (await find_windows(gateway, {device.id: device}, [(device.id, chat)])).get((device.id, chat))
