"""Quotas in the transaction that accepts: what runs again has paid, what is refused keeps no key."""

from collections.abc import Mapping

import msgspec

from merpati.core.ids import DeviceId, RequestId
from merpati.devices.plans import change_plan, quotas_of
from merpati.log.model import IdempotencyRow, RequestRow
from merpati.messages.actions import accept_calls
from merpati.messages.model import Acceptance, Accepted, Metered, QuotaUsedUp, Replayed
from merpati.storage.port import Storage
from tests.devices.rig import have_devices
from tests.messages.outbox import a_call


def a_metered_call(device: DeviceId, uses: int, request: int = 1, key: str = "") -> Acceptance:
    """It is answered what was left before it."""
    plain = a_call()
    row = msgspec.structs.replace(plain.request, id=RequestId(request))
    kept = IdempotencyRow(account=plain.account, key=key, body_hash=str(uses), answer="", at=1_000)

    def show(before: Mapping[DeviceId, int | None]) -> tuple[str, RequestRow]:
        answer = str(before[device])
        return answer, msgspec.structs.replace(row, answer=answer)

    return msgspec.structs.replace(
        plain,
        request=row,
        idempotency=kept if key else None,
        metered=Metered(uses=((device, uses),), show=show),
    )


async def have_quota(storage: Storage, quota: int | None) -> DeviceId:
    (device,) = await have_devices(storage, 1)
    await storage.write(change_plan, device, {"quota": quota})
    return device


async def left(storage: Storage, device: DeviceId) -> int | None:
    return (await storage.read(quotas_of, [device]))[device]


async def test_a_call_that_runs_again_has_paid(storage: Storage) -> None:
    """After a commit whose outcome was unknown: it spends once and is answered the same."""
    device = await have_quota(storage, 10)
    call = a_metered_call(device, 3)

    verdicts = [(await storage.write(accept_calls, [call]))[0] for _ in range(2)]

    assert verdicts == [Accepted("10"), Accepted("10")]
    assert await left(storage, device) == 7


async def test_calls_of_one_group_spend_one_after_another(storage: Storage) -> None:
    """One that asks for too much is refused, a smaller one behind it goes through."""
    device = await have_quota(storage, 5)
    calls = [a_metered_call(device, uses, n) for n, uses in enumerate((3, 3, 2), 1)]

    verdicts = await storage.write(accept_calls, calls)

    assert verdicts == [Accepted("5"), QuotaUsedUp(), Accepted("2")]
    assert await left(storage, device) == 0


async def test_a_refused_call_does_not_use_its_key_up(storage: Storage) -> None:
    """The same key in the same group is judged anew; the one that was accepted is replayed with what was stored."""
    device = await have_quota(storage, 2)
    calls = [a_metered_call(device, uses, n, "key") for n, uses in enumerate((3, 2, 2), 1)]

    verdicts = await storage.write(accept_calls, calls)

    assert verdicts == [QuotaUsedUp(), Accepted("2"), Replayed("2")]
    assert await storage.write(accept_calls, [a_metered_call(device, 2, 9, "key")]) == [Replayed("2")]


async def test_a_quota_that_was_lifted_meanwhile_is_none(storage: Storage) -> None:
    """The door still took the device for a limited one."""
    device = await have_quota(storage, None)

    assert await storage.write(accept_calls, [a_metered_call(device, 3)]) == [Accepted("None")]
    assert await left(storage, device) is None
