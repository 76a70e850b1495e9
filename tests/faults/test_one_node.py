"""One process, one fault: each promise of the gateway by its name, on both engines.

A second process on one data folder is refused: `tests/cli/test_serve.py`. A disk that is full at any statement:
`tests/storage`.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.core.clock import DAY_MS
from merpati.core.ids import Address
from merpati.messages.model import MessageState
from merpati.transports.port import Text
from merpati.transports.simulator.entries import HandOff
from tests.faults.evidence import Case
from tests.faults.load import Caller, Known
from tests.faults.network import DISORDERLY
from tests.faults.process import now, until
from tests.faults.receiver import Receiver
from tests.faults.settling import settle
from tests.faults.stage import Stage, open_stage, tell_messages
from tests.faults.traffic import PACES_MS, busy, person

pytestmark = [pytest.mark.faults, pytest.mark.process]
EXPIRE_AFTER_MS = 1_500
SETTINGS = {"MERPATI_EXPIRE_AFTER_HOURS": str(EXPIRE_AFTER_MS / 3_600_000)}


@pytest.fixture
async def stage(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    """One node with two devices; it is not started."""
    async with open_stage(tmp_path, database_url, paces=((0, 0), (0, 0))) as stage:
        yield stage


@pytest.fixture
async def caller(stage: Stage) -> AsyncIterator[Caller]:
    async with Caller(stage, random.Random(1)) as caller:
        yield caller


def hand_overs(case: Case) -> Counter[str]:
    """How often the network heard of each message."""
    return Counter(dict.fromkeys(case.by_mark, 0)) + Counter({mark: len(at) for mark, at in case.places.items()})


async def test_without_a_fault_every_message_is_handed_over_once(tmp_path: Path, database_url: str) -> None:
    """Under the usual traffic, and with receipts that come twice, shuffled, and before the acknowledgement."""
    rng = random.Random(3)
    async with (
        open_stage(tmp_path, database_url, paces=PACES_MS, script=DISORDERLY) as stage,
        Caller(stage, rng) as caller,
    ):
        await stage.node.open()
        async with busy(stage, caller, rng):
            await asyncio.sleep(4)
        case = await settle(stage)
    assert len(case.places) > 50
    assert set(hand_overs(case).values()) == {1}


async def test_one_key_makes_one_message_over_a_crash(stage: Stage, caller: Caller) -> None:
    """The process dies between the commit and the answer, with nine calls more in flight."""
    await stage.node.open(crash_at="after_accept_stored:1")
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(caller.send(stage.senders[0], person(1), copies=10))
        await stage.node.died()
        await stage.node.open()
    case = await settle(stage)
    assert asked.result().accepted
    assert [len(rows) for rows in case.rows_of.values()] == [1]


async def test_of_cancel_and_send_one_wins(stage: Stage, caller: Caller) -> None:
    """Taken back at every moment around the hand-over."""
    sender = stage.senders[0]
    await stage.node.open()
    for n in range(60):
        asked = await caller.send(sender, person(n))
        await asyncio.sleep(n % 12 * 0.002)
        await caller.cancel(sender, asked)
    case = await settle(stage)
    assert len(case.asked) == 60
    assert {row.state for row in case.stored.rows} <= {MessageState.CANCELLED, MessageState.READ}


async def test_a_schedule_that_passes_while_down_is_kept_and_a_far_one_delays_nobody(
    stage: Stage, caller: Caller
) -> None:
    """Due in some seconds, in one more, in ten years; killed before, started after."""
    sender = stage.senders[0]
    await stage.node.open()
    start_s = now() // 1000
    dues = [start_s + after for after in (3_650 * DAY_MS // 1000, 5, 4)]
    for n, due_s in enumerate(dues):
        await caller.send(
            sender, person(n), fields={"schedule": str(due_s)}, known=Known(due_at=due_s * 1000, lane=f"{due_s}")
        )
    await stage.node.kill()

    async def passed() -> bool:
        return now() > (start_s + 5) * 1000

    await until(passed, 10, "the schedules have passed")
    await stage.node.open()
    case = await settle(stage)
    far, *near = case.asked
    assert far.mark not in case.places and case.rows_of[far.mark][0].open
    assert all(len(case.places[asked.mark]) == 1 for asked in near)


async def test_what_expired_while_down_is_never_sent(tmp_path: Path, database_url: str) -> None:
    """The phone was not reachable for too long, all processes were down at the end; later messages go."""
    async with (
        open_stage(tmp_path, database_url, settings=SETTINGS) as stage,
        Caller(stage, random.Random(1)) as caller,
    ):
        await stage.node.open()
        await stage.network.close()
        old = await caller.send(stage.senders[0], person(1))
        await stage.node.kill()
        old.expired = True
        await stage.network.open()

        async def too_late() -> bool:
            return now() > old.answered_at + EXPIRE_AFTER_MS

        await until(too_late, 10, "it is too late for the message")
        await stage.node.open()
        new = await caller.send(stage.senders[0], person(1))
        case = await settle(stage)
    assert old.mark not in case.places
    assert MessageState(case.rows_of[old.mark][0].state) is MessageState.EXPIRED
    assert len(case.places[new.mark]) == 1


async def test_what_somebody_says_while_we_crash_is_stored_once(stage: Stage) -> None:
    """It was stored, and the process died before it told WhatsApp: told again, it is the same message."""
    sender, budi = stage.senders[0], Address("6281234567890")
    await stage.node.open(crash_at="after_inbound_stored:1")
    for n in range(5):
        await stage.network.phone.say(budi, sender.number, Text(body=f"halo {n}"))
    await stage.node.died()
    await stage.node.open()
    case = await settle(stage)
    assert [row.text for row in case.stored.rows] == [f"halo {n}" for n in range(5)]


async def test_what_somebody_says_while_we_crash_is_told(stage: Stage) -> None:
    """It was stored, and the process died before any call: told in order, each under one id, the same bytes."""
    sender, budi, hears = stage.senders[0], Address("6281234567890"), Receiver()
    await tell_messages(stage, sender, hears.url(sender.number))
    await stage.node.open(crash_at="after_inbound_stored:1")
    for n in range(5):
        await stage.network.phone.say(budi, sender.number, Text(body=f"halo {n}"))
    await stage.node.died()
    await hears.open()
    await stage.node.open()

    async def all_told() -> bool:
        return len({call.id for call in hears.calls}) == 5

    await until(all_told, 30, "all are told")
    await settle(stage)
    await hears.close()
    bodies = {call.id: call.body for call in hears.calls}
    assert [json.loads(body)["message"] for body in bodies.values()] == [f"halo {n}" for n in range(5)]
    assert {(call.id, call.body) for call in hears.calls} == set(bodies.items())


async def test_killed_while_the_webhook_receiver_is_down_every_event_arrives(stage: Stage, caller: Caller) -> None:
    """Once per id, in order, when both are back."""
    sender = stage.senders[0]
    await stage.node.open()
    for n in range(10):
        await caller.send(sender, person(n))
        if n == 4:
            await stage.receiver.close()

    async def all_read() -> bool:
        return sum(isinstance(entry, HandOff) for entry in stage.network.journal()) == 10

    await until(all_read, 20, "all are handed over")
    await stage.node.kill()
    await stage.receiver.open()
    await stage.node.open()
    case = await settle(stage)
    heard = Counter(call.id for call in case.calls if call.status == 200)
    assert len(heard) >= 30
    assert [id_ for id_, times in heard.items() if times > 1] == []


async def test_while_the_webhook_receiver_hangs_messages_leave_as_ever(stage: Stage, caller: Caller) -> None:
    """A call may hang for 15 seconds: by then all have long left. When it answers, it is told all."""
    sender = stage.senders[0]
    await stage.node.open()
    stage.receiver.hang()
    await caller.send(sender, person(0))

    async def hangs() -> bool:
        return stage.receiver.hanging > 0

    async def all_left() -> bool:
        return sum(isinstance(entry, HandOff) for entry in stage.network.journal()) == 11

    await until(hangs, 10, "a call hangs")
    for n in range(1, 11):
        await caller.send(sender, person(n))
    await until(all_left, 7, "all are handed over")
    assert stage.receiver.calls == []
    stage.receiver.go_on()
    case = await settle(stage)
    assert len({call.id for call in case.calls if call.status == 200}) >= 33


async def test_ended_in_order_under_load_nothing_is_handed_over_twice(tmp_path: Path, database_url: str) -> None:
    """SIGTERM again and again, at any moment."""
    rng = random.Random(5)
    async with open_stage(tmp_path, database_url, paces=PACES_MS) as stage, Caller(stage, rng) as caller:
        await stage.node.open()
        async with busy(stage, caller, rng):
            for _ in range(5):
                await asyncio.sleep(rng.uniform(0.3, 1))
                assert await stage.node.stop() == 0
                await stage.node.open()
        case = await settle(stage)
    assert len(case.places) > 50
    assert set(hand_overs(case).values()) == {1}
