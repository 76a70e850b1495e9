"""Which chats a device's settings cover: what is marked as read, what its webhook hears. Pure.

Source: Fonnte docs, API update device (`autoread`, `personal`, `group`, `quick`).
"""

from enum import StrEnum

from merpati.core.address import is_group
from merpati.core.ids import Address
from merpati.devices.model import Device, Settings, WebhookWay, written_numbers


class ChatKind(StrEnum):
    """Whom a device chats with."""

    PERSONAL = "personal"
    GROUP = "in_groups"
    ITSELF = "quick"


def kind_of_chat(device: Device, chat: Address) -> ChatKind:
    """A chat with its own number is with itself."""
    if is_group(chat):
        return ChatKind.GROUP
    own = {device.paired_number} if device.paired_number else set(written_numbers(device.number))
    return ChatKind.ITSELF if chat in own else ChatKind.PERSONAL


def is_read(settings: Settings, kind: ChatKind) -> bool:
    """What comes in such a chat is marked as read: autoread is on, and so is the switch of this kind."""
    return settings.autoread and bool(getattr(settings, kind))


def is_heard(settings: Settings, kind: ChatKind) -> bool:
    """What comes in such a chat is told to the webhook, and its attachments are forwarded."""
    return settings.webhook_way is WebhookWay.BOTH or is_read(settings, kind)
