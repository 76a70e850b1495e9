"""The senders and their sessions: what is in hand stays in hand, whatever happens around it."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from merpati.core.clock import DAY_MS, Millis, SystemClock
from merpati.core.errors import Code
from merpati.core.ids import Address, DeviceId, MessageId, WaId
from merpati.devices.actions import update_device
from merpati.devices.model import Caution, Claim, Settings
from merpati.messages.file_limits import FileLimits
from merpati.messages.handover import HandedOver, Outcome
from merpati.messages.model import Taken
from merpati.messages.pace import Pace
from merpati.messages.unclear import ECHO_MS
from merpati.messages.warm_up import WARM_UP
from merpati.runtime.dispatcher import SPARE_WAKINGS, Dispatcher
from merpati.runtime.receiving import Receiving, Shelf
from merpati.runtime.sessions import Sessions
from merpati.runtime.supervisor import Supervisor
from merpati.runtime.upkeep import Upkeep
from merpati.storage.files import FolderStore
from merpati.storage.ids import Ids
from merpati.storage.lane import HotLane
from merpati.storage.port import Storage, Tx
from merpati.transports.cards import Edit, Revoke
from merpati.transports.port import (
    Capabilities,
    Emit,
    Group,
    NumberCheck,
    Outbound,
    PairHow,
    Receipt,
    ReceiptKind,
    SendError,
    SendFault,
    Sent,
    SessionState,
    Signal,
    State,
)
from tests.devices.rig import device_now, have_devices
from tests.messages.outbox import ALICE, BUDI, EPOCH, INC, a_draft, accept, own_device

DEVICE = DeviceId(1)
CLAIM = Claim(INC, EPOCH)
CLOCK = SystemClock()


async def as_it_is(taken: Taken) -> Outbound:
    return Outbound(ref=taken.wire_ref, chat=taken.chat, content=taken.content)


SHELF = Shelf(files=FolderStore(Path("media")), spool=Path("spool"), limits=FileLimits(), keep_ms=1)


class Network:
    """A way to WhatsApp whose answers a test holds back. It takes no reference: a repeat is a second message."""

    caps = Capabilities(in_flight=4, takes_ref=False)

    def __init__(self) -> None:
        self.handed: asyncio.Queue[str] = asyncio.Queue()
        self.faults: list[Exception] = []
        self.answers = asyncio.Event()
        self.answers.set()
        self.started: asyncio.Future[Emit] = asyncio.get_running_loop().create_future()

    async def start(self, emit: Emit) -> None:
        self.started.set_result(emit)

    async def pair(self, how: PairHow, phone: Address | None = None) -> None: ...

    async def stop(self, *, logout: bool = False) -> None: ...

    async def send(self, message: Outbound) -> Sent:
        self.handed.put_nowait(message.ref)
        if self.faults:
            raise self.faults.pop()
        await self.answers.wait()
        return Sent(wa_id=WaId(f"WA-{message.ref}"), at=CLOCK.now())

    async def signal(self, chat: Address, what: Signal) -> None: ...

    async def mark_read(self, chat: Address, sender: Address, ids: Sequence[WaId]) -> None: ...

    async def check(self, numbers: Sequence[Address]) -> list[NumberCheck]:
        return [NumberCheck(number=number, registered=True) for number in numbers]

    async def groups(self) -> list[Group]:
        return []


class Stage:
    """One device with its session, on a node that holds it for ever."""

    def __init__(self, storage: Storage) -> None:
        self.storage, self.network, self.supervisor = storage, Network(), Supervisor()
        self.ended: asyncio.Queue[HandedOver] = asyncio.Queue()
        lane, rng = HotLane(storage), random.Random(1)
        self.dispatcher = Dispatcher(
            storage,
            lane,
            self,
            CLOCK,
            rng,
            self.supervisor,
            max_tries=3,
            locate=as_it_is,
            on_end=self.ended.put_nowait,
        )
        self.sessions = Sessions(
            storage,
            lane,
            Receiving(lane, Ids(storage), CLOCK, SHELF, self.dispatcher.wake),
            CLOCK,
            self.dispatcher,
            self.supervisor,
            lambda _device, _note: self.network,
            claim_of=self.claim_of,
            expire_after_ms=DAY_MS,
            on_change=lambda _device: None,
        )
        self.supervisor.loop("dispatcher", self.dispatcher.run)

    def may_hand_over(self) -> bool:
        return True

    def claim_of(self, _device: DeviceId) -> Claim | None:
        return CLAIM

    async def begin(self) -> None:
        await have_devices(self.storage, 1)
        await self.storage.write(own_device, DEVICE)
        await self.sessions.gain(DEVICE, EPOCH)
        await self.come_into(SessionState.CONNECTING, SessionState.OPEN)

    async def come_into(self, *states: SessionState) -> None:
        emit = await self.network.started
        for state in states:
            await emit(State(device=DEVICE, at=CLOCK.now(), state=state))

    async def accept(self, id_: int, chat: Address = ALICE, *, due_at: int = 1_000) -> None:
        await accept(self.storage, a_draft(id_, chat, device=DEVICE, due_at=due_at))
        self.dispatcher.wake(DEVICE)

    async def change(self, id_: int, content: Edit | Revoke) -> None:
        await accept(self.storage, a_draft(id_, device=DEVICE, content=content))
        self.dispatcher.wake(DEVICE)


@pytest.fixture
async def stage(storage: Storage) -> AsyncIterator[Stage]:
    stage = Stage(storage)
    await stage.begin()
    yield stage
    await stage.supervisor.close()


async def within(what: Callable[[], Awaitable[HandedOver | str]]) -> HandedOver | str:
    async with asyncio.timeout(20):
        return await what()


async def test_a_session_that_opens_again_does_not_repeat_what_is_in_hand(stage: Stage) -> None:
    """The network is slow to answer, and the connection comes and goes: the message was handed over once."""
    stage.network.answers.clear()
    await stage.accept(1)
    await within(stage.network.handed.get)
    await stage.come_into(SessionState.RETRYING, SessionState.CONNECTING, SessionState.OPEN)
    upkeep = Upkeep(stage.storage, CLOCK, stage.sessions, stage.dispatcher)
    await upkeep.look_for_strays()
    await upkeep.look_for_strays()
    await stage.accept(2, BUDI)
    second = await within(stage.network.handed.get)
    stage.network.answers.set()
    ends = [await within(stage.ended.get), await within(stage.ended.get)]

    assert second == a_draft(2).wire_ref
    assert stage.network.handed.empty()
    assert [end.outcome for end in ends if isinstance(end, HandedOver)] == [Outcome.SENT] * 2


async def test_a_fault_of_ours_leaves_a_message_uncertain_and_the_device_at_work(stage: Stage) -> None:
    """Whatever a hand-over raises: nobody knows how far it came, and the next message goes."""
    stage.network.faults.append(OSError("nobody thought of this"))
    await stage.accept(1)
    first = await within(stage.ended.get)
    await stage.accept(2)
    second = await within(stage.ended.get)

    assert isinstance(first, HandedOver) and isinstance(second, HandedOver)
    assert (first.message, first.outcome) == (MessageId(1), Outcome.UNKNOWN)
    assert (second.message, second.outcome) == (MessageId(2), Outcome.SENT)


@pytest.mark.parametrize("resends", [True, False])
async def test_what_nobody_answered_is_sent_again_where_its_owner_wants_it(stage: Stage, resends: bool) -> None:
    """After a while, and after a while of an open session: what the network tells comes first."""
    await set_up(stage.storage, Settings(resend_unclear=resends))
    stage.network.faults.append(SendError(SendFault.AMBIGUOUS, "cut"))
    await stage.accept(1)
    first = await within(stage.ended.get)
    assert isinstance(first, HandedOver) and first.outcome is Outcome.UNKNOWN
    ref = await within(stage.network.handed.get)
    upkeep = Upkeep(stage.storage, CLOCK, stage.sessions, stage.dispatcher)

    async def look() -> None:
        await upkeep.refresh_settings()
        await upkeep.send_unclear_again()

    await look()
    await go_back(stage.storage, "UPDATE hold SET until_at = until_at - $1")
    await look()
    assert stage.network.handed.empty()
    await go_back(stage.storage, "UPDATE device SET state_at = state_at - $1")
    await look()
    if resends:
        assert await within(stage.network.handed.get) == ref
        second = await within(stage.ended.get)
        assert isinstance(second, HandedOver) and second.outcome is Outcome.SENT
    await look()
    assert stage.network.handed.empty()


async def test_an_edit_that_nobody_answered_is_handed_over_again(stage: Stage) -> None:
    """Twice is once for WhatsApp: no person need decide."""
    stage.network.faults.append(SendError(SendFault.AMBIGUOUS, "cut"))
    await stage.change(1, Edit(text="benar", about=WaId("A"), until=CLOCK.now() + DAY_MS))
    first, second = await within(stage.ended.get), await within(stage.ended.get)

    assert isinstance(first, HandedOver) and isinstance(second, HandedOver)
    assert (first.outcome, second.outcome) == (Outcome.RETRY, Outcome.SENT)
    assert await within(stage.network.handed.get) == await within(stage.network.handed.get)


async def test_a_deletion_that_waited_too_long_is_not_handed_over(stage: Stage) -> None:
    """WhatsApp would not take it any more: it has failed, with the reason."""
    await stage.change(1, Revoke(about=WaId("A"), until=CLOCK.now() - 1))
    end = await within(stage.ended.get)

    assert isinstance(end, HandedOver)
    assert (end.outcome, end.code) == (Outcome.FAILED, Code.CHANGE_TOO_LATE)
    assert stage.network.handed.empty()


async def test_a_young_number_hands_over_slowly(stage: Stage) -> None:
    """Where its network bans for haste; one whose owner says so does not."""
    session = stage.sessions.live[DEVICE]
    assert session.pace() == Pace(0, 0)
    stage.network.caps = msgspec.structs.replace(stage.network.caps, warms_up=True)
    assert session.pace() == WARM_UP[0].pace
    await go_back(stage.storage, "UPDATE warm_up SET since_at = since_at - $1 * 100000")
    await stage.come_into(SessionState.RETRYING, SessionState.OPEN)
    assert session.pace() == WARM_UP[-1].pace
    session.device = msgspec.structs.replace(session.device, settings=Settings(caution=Caution.OFF))
    assert session.pace() == Pace(0, 0)


async def test_a_first_message_waits_for_its_place(stage: Stage) -> None:
    """From the moment at which its owner wants it so."""
    await set_up(stage.storage, Settings(caution=Caution.OWN, new_people_per_day=1))
    await stage.accept(1, ALICE)
    await stage.accept(2, BUDI)
    await stage.accept(3, ALICE)
    ended = [await within(stage.ended.get), await within(stage.ended.get)]
    assert [end.message for end in ended if isinstance(end, HandedOver)] == [1, 3]
    assert stage.network.handed.qsize() == 2


async def test_a_device_is_connected_again_when_its_ban_has_ended(stage: Stage) -> None:
    """Its network has told until when; before that it is left alone."""
    upkeep = Upkeep(stage.storage, CLOCK, stage.sessions, stage.dispatcher)
    emit, stage.network.started = await stage.network.started, asyncio.get_running_loop().create_future()
    later = Millis(CLOCK.now() + ECHO_MS)
    await emit(State(device=DEVICE, at=CLOCK.now(), state=SessionState.BANNED, until=later))

    async def look() -> None:
        await upkeep.refresh_settings()
        await upkeep.connect_after_bans()

    await look()
    assert not stage.network.started.done()
    await go_back(stage.storage, "UPDATE device SET state_until = state_until - $1 - 1000")
    await look()
    assert stage.network.started.done()
    await stage.come_into(SessionState.CONNECTING, SessionState.OPEN)
    await look()
    await stage.accept(1)
    assert await within(stage.network.handed.get)


async def set_up(storage: Storage, settings: Settings) -> None:
    device = await device_now(storage)
    await storage.write(update_device, device.id, device.number, device.name, settings)


async def go_back(storage: Storage, sql: str) -> None:
    """As if it had been as long ago as an echo is waited for."""

    async def change(tx: Tx) -> None:
        await tx.run(sql, ECHO_MS)

    await storage.write(change)


async def test_wakings_do_not_pile_up_behind_a_message_that_is_due_in_years(stage: Stage) -> None:
    """Each message that goes before it looks at it again."""
    await stage.accept(1, due_at=2**43)
    for n in range(2_000):
        stage.dispatcher.wake(DEVICE, 2**43 - n)

    assert stage.dispatcher.wakings <= SPARE_WAKINGS + 2


async def test_an_event_that_cannot_be_stored_does_not_hold_up_the_next(stage: Stage) -> None:
    """A reference with NUL is none of ours: it is left out, and said in the log."""
    emit = await stage.network.started
    receipt = Receipt(device=DEVICE, at=CLOCK.now(), ids=(WaId("a\0b"),), kind=ReceiptKind.READ, who=ALICE)
    async with asyncio.timeout(20):
        await emit(receipt)
