"""A device is deleted while it works: its session ends, and what waited is ended too."""

from merpati.core.ids import DeviceId, JobId, MessageId
from merpati.devices.deletion import delete_device
from merpati.devices.ownership import owner_of
from merpati.jobs.actions import enqueue_jobs
from merpati.jobs.model import NewJob
from merpati.messages.model import MessageState
from merpati.messages.recovery import CLEAR_DEVICE, ClearDevice
from merpati.storage.port import Tx
from tests.flows.stage import DEVICE, NUMBER, Stage

FAR_S, DEVICE_AGAIN = 3_600, DeviceId(2)


async def test_a_connected_device_is_let_go_when_it_is_deleted(stage: Stage) -> None:
    """Its session ends, its messages are cancelled, and the number works anew as another device."""

    async def delete(tx: Tx) -> None:
        await delete_device(tx, DEVICE)
        await enqueue_jobs(tx, [NewJob(id=JobId(77), kind=CLEAR_DEVICE, args=ClearDevice(DEVICE))])

    sent = await stage.send("628111000001")
    await stage.until_state(sent, MessageState.READ)
    later: list[MessageId] = await stage.send("628111000002", schedule_at=stage.gateway.clock.now() + FAR_S * 1_000)
    await stage.storage.write(delete)
    stage.gateway.node.wake()
    stage.gateway.jobs.wake()

    async def is_let_go() -> bool:
        owner = await stage.storage.read(owner_of, DEVICE)
        return owner is not None and owner[0] is None and DEVICE not in stage.gateway.sessions.live

    await stage.until(is_let_go)
    await stage.until_state(later, MessageState.CANCELLED)
    assert [hand_off.chat for hand_off in stage.hand_offs()] == ["628111000001"]
    await stage.add_device(DEVICE_AGAIN, NUMBER)

    async def is_back() -> bool:
        return (await stage.device(DEVICE_AGAIN)).connected

    await stage.until(is_back)
