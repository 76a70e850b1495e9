"""Whose turn it is at one endpoint: every device's, however much another has to tell."""

from merpati.core.facts import MessageExpired
from merpati.core.ids import DeviceId, MessageId
from merpati.webhooks.lanes import Trouble
from merpati.webhooks.line import Line
from merpati.webhooks.model import PARALLEL, Outcome
from tests.webhooks.receiver import Receiver
from tests.webhooks.stage import CHAT, Stage
from tests.webhooks.test_lanes import World


def of(device: int) -> MessageExpired:
    return MessageExpired(DeviceId(device), MessageId(1), CHAT)


async def test_one_fact_is_not_told_behind_the_backlog_of_other_devices(stage: Stage, receiver: Receiver) -> None:
    """As many devices as there are places have sixty facts each; another one's only fact goes among their first."""
    await stage.add(receiver.url())
    await stage.start()
    await stage.record([of(device) for _ in range(60) for device in range(PARALLEL)] + [of(9)])
    await receiver.until(lambda: len(receiver.passed()) == 60 * PARALLEL + 1)
    assert receiver.events().index(60 * PARALLEL + 1) <= 2 * PARALLEL


def test_a_place_that_is_left_is_taken_at_once() -> None:
    """By the device that waits longest; nobody has to look at the endpoint in between."""
    world = World()
    for device in (0, 1, 2):
        world.tell(device, 2)
    world.read(500)
    world.start()
    for _ in range(6):
        assert world.calls
        world.finish(0, Outcome.PASSED)
    assert not world.calls
    assert [entry.seq for entry in world.told] == [1, 3, 5, 2, 4, 6]


def test_who_lines_up_later_is_called_later() -> None:
    """A replay of long ago takes no turns from what happens now."""
    world, line = World(), Line()
    world.tell(1, 2)
    world.tell(0, 2)
    world.read(500)
    first, second = world.hook.lanes.values()
    line.join([second], 0)
    line.join([first, second], 0)
    assert (line.call_up(0), line.call_up(0), line.call_up(0)) == (second, first, None)


def test_nobody_is_called_who_has_become_busy_or_waits() -> None:
    """What changed since a lane lined up counts when its turn comes."""
    world, line = World(), Line()
    for device in (0, 1, 2):
        world.tell(device, 1)
    world.read(500)
    busy, waits, free = world.hook.lanes.values()
    line.join([busy, waits, free], 0)
    busy.busy, waits.trouble = True, Trouble(1, 0, 5_000)
    assert line.call_up(0) is free
    assert line.call_up(0) is None
    line.join([busy, waits], 4_999)
    assert line.call_up(4_999) is None
    line.join([busy, waits], 5_000)
    assert line.call_up(5_000) is waits
