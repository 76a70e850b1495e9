"""Which chats a device's settings cover. Source: Fonnte docs, API update device (`autoread` and beside it)."""

import itertools

import msgspec
import pytest

from merpati.core.clock import Millis
from merpati.core.ids import AccountId, Address, DeviceId
from merpati.devices.hearing import ChatKind, is_heard, is_read, kind_of_chat
from merpati.devices.model import Device, DeviceState, Settings, WebhookWay

BUDI, GROUP = Address("6281234567890"), Address("120363000000000001@g.us")
SWITCHES = {ChatKind.PERSONAL: "personal", ChatKind.GROUP: "in_groups", ChatKind.ITSELF: "quick"}


def a_device(number: str, paired: str = "") -> Device:
    return Device(
        id=DeviceId(1),
        account=AccountId(1),
        number=number,
        name="Toko",
        transport="simulator",
        paired_number=paired,
        desired=True,
        state=DeviceState.OPEN,
        state_reason="",
        state_at=Millis(0),
        settings=Settings(),
        quota=None,
        expires_at=None,
        package="",
        created_at=Millis(0),
    )


@pytest.mark.parametrize(
    ("number", "paired", "chat", "kind"),
    [
        ("081100000001", "", BUDI, ChatKind.PERSONAL),
        ("081100000001", "", GROUP, ChatKind.GROUP),
        ("081100000001", "", Address("6281100000001"), ChatKind.ITSELF),
        ("12345678", "6281100000001", Address("6281100000001"), ChatKind.ITSELF),
        ("6281100000002", "6281100000001", Address("6281100000002"), ChatKind.PERSONAL),
    ],
)
def test_a_chat_is_of_one_kind(number: str, paired: str, chat: Address, kind: ChatKind) -> None:
    """A device's own number is the one that it is on WhatsApp, where that is known."""
    assert kind_of_chat(a_device(number, paired), chat) is kind


@pytest.mark.parametrize("kind", list(ChatKind))
def test_autoread_and_the_chats_switch_are_both_needed(kind: ChatKind) -> None:
    """Every combination, each way: on Fonnte's the webhook hears what is read, else it hears all."""
    for autoread, switch, way in itertools.product((False, True), (False, True), WebhookWay):
        settings = msgspec.convert({"autoread": autoread, "webhook_way": way, SWITCHES[kind]: switch}, Settings)
        assert is_read(settings, kind) is (autoread and switch)
        assert is_heard(settings, kind) is (way is WebhookWay.BOTH or (autoread and switch))


def test_the_switch_of_another_kind_counts_for_nothing() -> None:
    """Personal chats are not groups."""
    settings = Settings(autoread=True, personal=True, webhook_way=WebhookWay.FONNTE)
    assert [kind for kind in ChatKind if is_heard(settings, kind)] == [ChatKind.PERSONAL]
