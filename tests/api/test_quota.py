"""Quota, end and package of a device at Fonnte's API: shown, spent exactly, refused."""

import asyncio
from typing import Any

from merpati.core.ids import DeviceId
from merpati.devices.plans import change_plan, quotas_of
from tests.api.harness import HELLO, NUMBERS, ONE, TWO, Api, headers_of, without
from tests.api.v1.browser import signed_in


async def allow(api: Api, device: DeviceId = ONE, **plan: object) -> None:
    """The operator sets the plan; this process knows at once."""
    await api.storage.write(change_plan, device, plan)
    api.gateway.devices.forget_device(device)


async def left(api: Api, device: DeviceId = ONE) -> int | None:
    return (await api.storage.read(quotas_of, [device]))[device]


async def send(api: Api, count: int = 1, token: str = "one", key: str = "") -> dict[str, Any]:
    headers = {**headers_of(token), **({"Idempotency-Key": key} if key else {})}
    body = {**HELLO, "target": ",".join(["081234567890"] * count)}
    async with api.client.post(api.url + "/send", headers=headers, data=body) as response:
        answer: dict[str, Any] = await response.json()
        return answer


async def test_a_plan_is_shown_in_fonntes_forms(api: Api) -> None:
    """Fonnte docs, API device profile (a written date) and get devices (unix time as text)."""
    await allow(api, quota=78, expires_at=1_889_740_799_999, package="Reguler")

    profile = await api.post("/device")
    listed = (await api.post("/get-devices", token="account"))["data"][0]

    assert (profile["quota"], profile["expired"], profile["package"]) == ("78", "18 November 2029", "Reguler")
    assert (listed["quota"], listed["expired"], listed["package"]) == ("78", "1889740799", "Reguler")


async def test_each_message_is_counted(both: Api) -> None:
    """Live answers of `/send`: what was left before, what is left after; one for each target."""
    await allow(both, quota=999)

    answers = [await send(both), await send(both, 3)]

    told = [answer["quota"][NUMBERS[ONE]] for answer in answers]
    assert [(t["quota"], t["used"], t["remaining"]) for t in told] == [(999, 1, 998), (998, 3, 995)]
    assert await left(both) == 995
    assert (await both.post("/device"))["quota"] == "995"
    kept = await both.rows("SELECT answer FROM request ORDER BY id LIMIT 2")
    assert [f'"remaining":{n}' in answer for (answer,), n in zip(kept, (998, 995), strict=True)] == [True, True]


async def test_more_than_is_left_is_refused_and_nothing_stored(both: Api) -> None:
    """Fonnte docs, API send message: insufficient quota; a smaller call goes on."""
    await allow(both, quota=2)
    before = await both.counts()

    refused = await send(both, 3, key="order-1")

    assert without(refused, "requestid") == {"reason": "insufficient quota", "status": False}
    assert await both.counts() == before
    assert (await send(both, 2, key="order-1"))["status"] is True
    assert (await send(both))["reason"] == "insufficient quota"
    assert await left(both) == 0


async def test_calls_at_once_spend_exactly_what_is_left(both: Api) -> None:
    """Of thirty calls that wait at the same moment ten are accepted, each told another number."""
    await allow(both, quota=10)

    answers = await asyncio.gather(*(send(both) for _ in range(30)))

    good = [answer["quota"][NUMBERS[ONE]]["remaining"] for answer in answers if answer["status"]]
    assert sorted(good) == list(range(10))
    assert {answer["reason"] for answer in answers if not answer["status"]} == {"insufficient quota"}
    assert (await both.count("message"), await left(both)) == (10, 0)


async def test_a_replayed_call_spends_nothing(both: Api) -> None:
    """It is answered word for word as the first time."""
    await allow(both, quota=10)

    first, again = await send(both, 2, key="order-1"), await send(both, 2, key="order-1")

    assert first == again
    assert await left(both) == 8


async def test_each_of_several_devices_spends_its_own(api: Api) -> None:
    """A device without a quota beside it spends none."""
    await allow(api, quota=100)

    answer = await send(api, 40, token="both")

    used = {number: told["used"] for number, told in answer["quota"].items()}
    assert sum(used.values()) == 40
    assert (await left(api), await left(api, TWO)) == (100 - used[NUMBERS[ONE]], None)


async def test_a_device_whose_plan_is_over_sends_nothing(both: Api) -> None:
    """With several tokens another one sends; over our own API it is a conflict."""
    await allow(both, expires_at=1)
    before = await both.counts()

    refused = await send(both)

    assert without(refused, "requestid") == {
        "reason": "insufficient quota: the package of this device has expired",
        "status": False,
    }
    assert await both.counts() == before
    assert list((await send(both, 5, token="both"))["quota"]) == [NUMBERS[TWO]]
    await allow(both, expires_at=None)
    assert (await send(both))["status"] is True


async def test_our_own_api_spends_and_refuses_alike(both: Api) -> None:
    """`quota_used_up` and `device_expired`."""
    ayu = await signed_in(both)
    body = {"device": ONE, "targets": "081234567890", "text": "x"}
    await allow(both, quota=1)

    assert (await ayu.ask("POST", "/messages", body)).status == 202
    refused = await ayu.ask("POST", "/messages", body)
    assert (refused.status, refused.body["code"]) == (409, "quota_used_up")
    await allow(both, quota=5, expires_at=1)
    refused = await ayu.ask("POST", "/messages", body)
    assert (refused.status, refused.body["code"]) == (409, "device_expired")
