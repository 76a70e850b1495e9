"""With whom a number spoke before it was linked: told by the phone, and no stranger any more."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.core.ids import Address
from merpati.fakes.whatsapp.past import sync_past
from merpati.transports.linked.worker.library import load_messages
from merpati.transports.linked.worker.past import pairs_of, people_of
from merpati.transports.port import Spoken
from tests.transports.linked.rig import DEVICE, LinkedRig, open_rig, opened


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[LinkedRig]:
    async with open_rig(tmp_path) as rig:
        yield rig


async def test_a_phone_tells_with_whom_it_spoke(rig: LinkedRig) -> None:
    """By phone number, where only the LID stands in the chat; groups are nobody."""
    siti = rig.network.add_phone("6283333333333", "Siti")
    _, heard = await opened(rig)

    await sync_past(rig.network, rig.shop, [rig.bob, siti, rig.chat_group])

    await heard.until(lambda: bool(heard.of(Spoken)))
    [spoken] = heard.of(Spoken)
    assert (spoken.device, spoken.people) == (DEVICE, (rig.person, Address("6283333333333")))


async def test_what_was_not_stored_is_told_again(rig: LinkedRig) -> None:
    """A database that is away for a moment loses nobody."""
    _, heard = await opened(rig)
    heard.fail_next = True

    await sync_past(rig.network, rig.shop, [rig.bob])

    await heard.until(lambda: bool(heard.of(Spoken)))
    assert not heard.fail_next
    assert [each.people for each in heard.of(Spoken)] == [(rig.person,)]


def test_only_people_with_whom_something_was_spoken_are_told() -> None:
    """No group, no channel, no empty chat, not WhatsApp itself; each once, by the number where that is known."""
    history = load_messages().neonize.HistorySync().Data
    for jid, at in (
        ("628111@s.whatsapp.net", 1),
        ("628111@s.whatsapp.net", 2),
        ("628222@s.whatsapp.net", 0),
        ("0@s.whatsapp.net", 1),
        ("120363000000000001@g.us", 1),
        ("120363000000000001@newsletter", 1),
        ("status@broadcast", 1),
        ("555@lid", 1),
        ("666@lid", 1),
        ("x'@lid", 1),
        ("", 1),
    ):
        history.conversations.add(ID=jid, lastMsgTimestamp=at)
    history.conversations.add(ID="628444@s.whatsapp.net", lidJID="444@lid")
    history.phoneNumberToLidMappings.add(pnJID="628555:3@s.whatsapp.net", lidJID="555@lid")
    history.phoneNumberToLidMappings.add(pnJID="628777@s.whatsapp.net")

    assert sorted(pairs_of(history)) == [("444", "628444"), ("555", "628555")]
    known = dict(pairs_of(history))
    assert people_of(history, lambda lid: known.get(lid, "")) == ["628111", "628555", "666@lid"]
