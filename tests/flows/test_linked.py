"""A linked phone through the whole gateway: paired by what is shown, messages both ways, killed in mid-send."""

import asyncio
import contextlib
import os
import random
import shlex
import signal
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from merpati.accounts.actions import create_account
from merpati.app.opening import open_gateway
from merpati.config import Config
from merpati.core.errors import Code
from merpati.core.ids import Address, DeviceId, MessageId
from merpati.core.tokens import new_account_token, new_device_token
from merpati.devices.actions import NewDevice, add_device
from merpati.devices.asks import Pair, Restart, Shown
from merpati.devices.model import Settings
from merpati.fakes.whatsapp import acting, contents
from merpati.fakes.whatsapp.endings import replace_device
from merpati.fakes.whatsapp.faults import Fault
from merpati.fakes.whatsapp.pairing import enter_code, scan
from merpati.fakes.whatsapp.posting import Post, resend_to
from merpati.fakes.whatsapp.receipts import tell_receipt
from merpati.fakes.whatsapp.server import FakeWhatsapp, open_whatsapp
from merpati.messages.authored import changes_of
from merpati.messages.history import HistoryRow, Search
from merpati.messages.model import MessageState
from merpati.messages.own_changes import change_own, draft_of
from merpati.messages.planning import draw_ref
from merpati.messages.undecryptable import count_undecryptable, undecryptable_of
from merpati.messages.views import find_message, search_history, why_waiting
from merpati.messages.waiting import Wait, Waiting
from merpati.messages.warm_up import PAUSES_MS
from merpati.transports.cards import Edit, Revoke
from merpati.transports.port import Media, PairHow, SessionState, Text
from tests.api.files import PNG
from tests.flows.stage import ACCOUNT, DEVICE, Stage

WORKER = "merpati.transports.linked.worker"
SHOP, BOB = Address("6281111111111"), Address("6282222222222")
_S = MessageState
AT_ONCE = Settings(pace_from_ms=0, pace_to_ms=1)
"""A young number would wait some seconds between two messages."""


class Shop(Stage):
    """A gateway with a device that is to be a linked phone, and WhatsApp's side of it."""

    fake: FakeWhatsapp

    async def open(self) -> None:
        network = self.fake.network
        self.owner, self.bob = network.add_phone(SHOP, "Toko"), network.add_phone(BOB, "Bob")
        self.bob.reads = True
        sealer = self.gateway.sealer
        token = sealer.seal_token("account", ACCOUNT, new_account_token())
        await self.storage.write(create_account, ACCOUNT, "Toko", token)
        new = NewDevice(
            id=DEVICE, account=ACCOUNT, number=SHOP, name="Toko", transport="linked", desired=True, settings=AT_ONCE
        )
        await self.storage.write(add_device, new, sealer.seal_token("device", DEVICE, new_device_token()))
        self.gateway.node.wake()

    async def is_waiting(self) -> bool:
        return (await self.device()).state is SessionState.LOGGED_OUT

    async def is_replaced(self) -> bool:
        return (await self.device()).state is SessionState.REPLACED

    async def pair(self) -> None:
        await self.until(self.is_waiting)
        answer = await self.gateway.asks.ask(DEVICE, Pair(PairHow.QR, None))
        assert isinstance(answer, Shown)
        await scan(self.fake.network, self.owner, answer.text)
        await self.until(self.is_connected)

    async def waiting(self, message: MessageId) -> Waiting | None:
        view = await self.storage.read(find_message, message)
        assert view is not None
        return await self.storage.read(why_waiting, view)

    async def typed(self) -> list[HistoryRow]:
        """What is outgoing in the history, oldest first."""
        page = await self.storage.read(search_history, Search(account=ACCOUNT, incoming=False))
        return list(reversed(page.rows))

    async def received(self) -> Sequence[HistoryRow]:
        page = await self.storage.read(search_history, Search(account=ACCOUNT, incoming=True))
        return page.rows

    async def unread(self) -> int:
        """What the device could not decrypt; the metric counts the same."""
        left = await self.storage.read(undecryptable_of, [DEVICE])
        count = left[DEVICE].count if left else 0
        assert await self.storage.read(count_undecryptable) == count
        return count

    async def change(self, message: MessageId, content: Edit | Revoke) -> None:
        """As the API asks for it."""
        gateway = self.gateway
        view = await self.storage.read(find_message, message)
        assert view is not None
        new = MessageId((await gateway.ids.take("message"))[0])
        draft = draft_of(new, view, content, draw_ref(random.Random()), gateway.clock.now())
        await self.storage.write(change_own, draft, message, gateway.transports.capabilities["linked"])
        gateway.wake(DEVICE, gateway.clock.now())

    async def has_typed(self, count: int) -> bool:
        return len(await self.typed()) == count

    def worker(self) -> int:
        [worker] = [each for each in self.gateway.transports.linked.workers if each.pid]
        assert worker.pid is not None
        return worker.pid


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with contextlib.AsyncExitStack() as stack:
        fake = await stack.enter_async_context(open_whatsapp())
        lead = fake.pointing
        command = shlex.join(lead.command(WORKER))
        config = Config(data=tmp_path / "data", linked_worker=command, linked_proxy=lead.proxy)
        gateway = await stack.enter_async_context(open_gateway(config))
        stack.push_async_callback(gateway.stop)
        gateway.start()
        shop = Shop(gateway)
        shop.fake = fake
        await shop.open()
        yield shop


async def test_a_phone_is_linked_and_speaks(shop: Shop) -> None:
    """What is accepted arrives and climbs to read; what comes is in the history."""
    await shop.pair()
    assert (await shop.device()).paired_number == SHOP

    sent = await shop.send(BOB, content="Halo dari toko")
    await shop.until_state(sent, _S.READ)
    await acting.say(shop.fake.network, shop.bob, shop.owner, "Halo toko")

    await shop.until(lambda: shop.has_stored("Halo toko"))
    assert [each.content for each in shop.bob.shown] == [contents.Text(body="Halo dari toko")]


async def test_what_is_typed_on_the_phone_is_in_the_history(shop: Shop) -> None:
    """As an outgoing message that merpati did not send, once, with its file; the reader's receipt raises it."""
    await shop.pair()
    network = shop.fake.network
    picture = contents.Media(kind=contents.MediaKind.IMAGE, data=PNG, mime="image/png", caption="Yang ini?")
    first = await acting.say(network, shop.owner, shop.bob, "Masih ada, Kak", copies=2)
    await acting.say(network, shop.owner, shop.bob, picture)
    await shop.until(lambda: shop.has_typed(2))
    await tell_receipt(network, shop.bob, shop.owner, [first], contents.ReceiptKind.READ)

    async def is_read() -> bool:
        return (await shop.typed())[0].state is _S.READ

    await shop.until(is_read)
    text, sent = await shop.typed()
    assert (text.chat, text.text, bool(text.typed)) == (BOB, "Masih ada, Kak", True)
    assert isinstance(sent.content, Media) and sent.content.path.endswith(".png")
    assert shop.bob.shown == []


async def test_what_cannot_be_decrypted_is_counted_until_it_comes_again(shop: Shop) -> None:
    """A line says so; what the sender's phone sends again takes its place, and nothing is left to count."""
    await shop.pair()
    network = shop.fake.network
    shop.bob.resends = False
    id_ = await acting.say(network, shop.bob, shop.owner, "jam berapa buka?", damaged=True)
    await shop.until(lambda: shop.has_stored("undecryptable"))
    [line] = await shop.received()
    assert (line.code, await shop.unread()) == (Code.UNDECRYPTABLE, 1)

    again = Post(id_, shop.bob.written[id_].message)
    [device] = shop.owner.devices.values()
    shop.bob.cipher.forget(device.address)
    await resend_to(network, shop.bob, shop.owner, device, again)

    await shop.until(lambda: shop.has_stored("jam berapa buka?"))
    [came] = await shop.received()
    assert (came.id, came.code, came.queued_at) == (line.id, "", line.queued_at)
    assert await shop.unread() == 0


async def test_what_people_make_of_their_messages_is_seen(shop: Shop) -> None:
    """Edited twice, then deleted: one line, with all that it said. The owner's own edits on the phone, too."""
    await shop.pair()
    network = shop.fake.network
    id_ = await acting.say(network, shop.bob, shop.owner, "jam 8")
    await acting.edit(network, shop.bob, id_, "jam 9")
    await acting.edit(network, shop.bob, id_, "jam 10")
    await shop.until(lambda: shop.has_stored("jam 10"))
    await acting.revoke(network, shop.bob, id_)
    mine = await acting.say(network, shop.owner, shop.bob, "Baik")
    await acting.edit(network, shop.owner, mine, "Baik, Kak")

    async def is_edited() -> bool:
        return [row.text for row in await shop.typed()] == ["Baik, Kak"]

    await shop.until(is_edited)
    [line] = await shop.received()
    assert line.text == "jam 10" and line.edited_at and line.revoked_at
    before = [change.before for change in await shop.storage.read(changes_of, line.id)]
    assert before == [Text(body="jam 8"), Text(body="jam 9"), Text(body="jam 10")]


async def test_what_was_sent_is_edited_and_deleted_from_here(shop: Shop) -> None:
    """On the other phone, and in the history, over a cut in the middle."""
    await shop.pair()
    [first] = await shop.send(BOB, content="Harga 50 ribu")
    await shop.until_state([first], _S.READ)
    shop.fake.network.faults.add(Fault.TAKE_AND_CUT)
    await shop.change(first, Edit(text="Harga 55 ribu"))

    async def is_edited() -> bool:
        return (await shop.typed())[0].text == "Harga 55 ribu"

    await shop.until(is_edited)
    await shop.change(first, Revoke())

    async def is_revoked() -> bool:
        return bool((await shop.typed())[0].revoked_at)

    await shop.until(is_revoked)
    seen = [type(each.content) for each in shop.bob.shown]
    assert seen[0] is contents.Text and contents.Edit in seen and contents.Revoke in seen


async def test_a_note_to_oneself_has_come_in(shop: Shop) -> None:
    """Fonnte's `quick`: the chat with itself is heard."""
    await shop.pair()
    await acting.say(shop.fake.network, shop.owner, shop.owner, "beli galon")
    await shop.until(lambda: shop.has_stored("beli galon"))
    assert await shop.typed() == []


async def test_a_code_to_type_says_until_when(shop: Shop) -> None:
    """160 seconds, as WhatsApp takes it; typed on the phone, it links it."""
    await shop.until(shop.is_waiting)
    asked_at = shop.gateway.clock.now()

    answer = await shop.gateway.asks.ask(DEVICE, Pair(PairHow.CODE, SHOP))

    assert isinstance(answer, Shown)
    assert 160_000 <= answer.expires_at - asked_at <= 170_000
    await enter_code(shop.fake.network, shop.owner, answer.text)
    await shop.until(shop.is_connected)


async def test_a_message_caught_by_a_kill_is_unclear_and_not_sent_again(shop: Shop) -> None:
    """UNCERTAIN; those that wait go out in the next process, readable."""
    await shop.pair()
    shop.fake.network.faults.add(Fault.HOLD)
    caught = await shop.send(BOB, content="terputus")
    await shop.fake.network.until(lambda: shop.bob.shown)

    os.kill(shop.worker(), signal.SIGKILL)
    waiting = await shop.send(BOB, content="sesudahnya")

    await shop.until_state(waiting, _S.SENT, _S.DELIVERED, _S.READ)
    await asyncio.sleep(0)
    assert await shop.state(caught[0]) is _S.UNCERTAIN
    assert [each.content for each in shop.bob.shown] == [
        contents.Text(body="terputus"),
        contents.Text(body="sesudahnya"),
    ]


async def test_a_refusal_of_strangers_holds_the_message_until_they_write(shop: Shop) -> None:
    """It says that it waits for that, and until when; who then writes by themselves has their answer at once."""
    await shop.pair()
    shop.fake.network.faults.add(Fault.REFUSE, code=463)
    sent = await shop.send(BOB, content="Promo")

    async def is_held() -> bool:
        waiting = await shop.waiting(sent[0])
        return waiting is not None and waiting.reason is Wait.CAUTION

    await shop.until(is_held)
    waiting = await shop.waiting(sent[0])
    assert waiting is not None
    assert waiting.until_at == pytest.approx(shop.gateway.clock.now() + PAUSES_MS[0], abs=30_000)
    await acting.say(shop.fake.network, shop.bob, shop.owner, "Halo toko")
    await shop.until_state(sent, _S.READ)


async def test_a_deleted_device_leaves_no_keys(shop: Shop) -> None:
    """Its folder goes with it."""
    await shop.pair()
    folder = shop.gateway.transports.linked.folder(DeviceId(DEVICE))
    assert folder.session.exists()

    await shop.gateway.transports.forget(DEVICE)

    assert not folder.path.exists()


async def test_a_session_that_another_program_took_is_taken_back_without_a_phone(shop: Shop) -> None:
    """With the same keys, when its owner connects it again."""
    await shop.pair()
    [linked] = shop.owner.devices.values()
    await replace_device(shop.fake.network, linked)
    await shop.until(shop.is_replaced)

    await shop.gateway.asks.ask(DEVICE, Restart())

    await shop.until(shop.is_connected)
    sent = await shop.send(BOB, content="Kembali")
    await shop.until_state(sent, _S.READ)
