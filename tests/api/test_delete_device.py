"""`/delete-device`: a one-time code by WhatsApp, then the deletion. Source: D api-delete-device."""

import re
from typing import Any

import pytest

from merpati.accounts.actions import create_owner
from merpati.core.ids import UserId
from merpati.storage.port import Tx
from merpati.transports.port import Text
from tests.api.harness import ACCOUNT, ONE, Api
from tests.api.v1.browser import program_of
from tests.api.v1.messages import take

PHONE = "6281299990000"


@pytest.fixture
async def owned(both: Api) -> Api:
    """The account has an owner with a number."""

    async def give_phone(tx: Tx) -> None:
        await tx.run("UPDATE owner SET phone = $1", PHONE)

    await both.storage.write(create_owner, UserId(1), ACCOUNT, "ayu@toko.id", "hash")
    await both.storage.write(give_phone)
    return both


async def delete(api: Api, otp: str = "", token: str = "one") -> dict[str, Any]:
    return await api.post("/delete-device", token, data={"otp": otp})


async def sent_code(api: Api) -> str:
    """What the owner reads on their phone."""
    ((chat, content),) = await api.rows("SELECT chat, content FROM message")
    assert chat == PHONE
    return str(re.findall(r"\d{6}", content)[0])


async def wind_back(api: Api, seconds: int) -> None:
    """As if the code had been asked for, and locked, so much earlier."""

    async def earlier(tx: Tx) -> None:
        await tx.run(
            "UPDATE deletion_code SET asked_at = asked_at - $1, locked_until = locked_until - $1", seconds * 1_000
        )

    await api.storage.write(earlier)


async def test_a_device_is_deleted_with_the_code_that_its_owner_got(owned: Api) -> None:
    """Two calls; afterwards its token is nobody's."""
    asked = await delete(owned)
    assert asked == {"detail": f"otp sent to *********{PHONE[-4:]}", "status": True}
    deleted = await delete(owned, await sent_code(owned))
    assert deleted == {"detail": "device 6281111111111 successfully deleted", "status": True}
    assert await delete(owned) == {"reason": "invalid device", "status": False}
    assert owned.sessions.ended == [ONE]
    assert await owned.count("deletion_code") == 0


async def test_who_reads_the_history_does_not_read_the_code(owned: Api) -> None:
    """A program that may read messages could delete the device with it: neither the list, nor a search, nor the
    message itself, nor the request log tells it."""
    await delete(owned)
    code, program = await sent_code(owned), program_of(owned)
    (row,) = (await program.ask("GET", "/messages")).body["items"]
    message = (await program.ask("GET", f"/messages/{row['id']}")).body
    requests = (await program.ask("GET", "/requests")).body
    assert "••••••" in row["text"] and "••••••" in message["text"]
    assert not any(code in str(each) for each in (row, message, requests))
    assert (await program.ask("GET", f"/messages?q={code}")).body["items"] == []
    (taken,) = await take(owned)
    assert isinstance(taken.content, Text) and code in taken.content.body


async def test_a_code_is_good_once_in_ten_minutes(owned: Api) -> None:
    """Asked again too soon, it is refused with the seconds to wait; after that there is a new one."""
    await delete(owned)
    again = await delete(owned)
    (seconds,) = re.fullmatch(r"please wait (\d+) seconds before requesting new otp", again["reason"]).groups()  # type: ignore[union-attr]
    assert 590 <= int(seconds) <= 600
    code = await sent_code(owned)
    await wind_back(owned, 601)
    assert (await delete(owned, code))["reason"] == "otp haven't requested"
    assert (await delete(owned))["status"] is True


async def test_wrong_codes_are_counted_and_lock(owned: Api) -> None:
    """After five of them even the right one has to wait."""
    assert (await delete(owned, "123456"))["reason"] == "otp haven't requested"
    await delete(owned)
    code = await sent_code(owned)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(5):
        assert (await delete(owned, wrong))["reason"] == "incorrect OTP"
    locked = await delete(owned, code)
    assert re.fullmatch(r"delete failed\. try again in \d+ seconds", locked["reason"])
    assert (await owned.post("/device"))["status"] is True


async def test_without_a_number_or_a_connection_no_code_can_be_sent(both: Api, owned: Api) -> None:
    """Said so, and nothing is kept."""
    assert (await delete(owned, token="off"))["reason"] == "request invalid on disconnected device"

    async def take_phone(tx: Tx) -> None:
        await tx.run("UPDATE owner SET phone = NULL")

    await both.storage.write(take_phone)
    assert (await delete(both))["reason"] == "the account has no whatsapp number to send the otp to"
    assert await both.count("deletion_code") == 0
    assert (await delete(both, token="unknown"))["reason"] == "invalid device"


async def test_the_code_is_in_no_log(owned: Api) -> None:
    """Neither as asked for nor as given back."""
    await delete(owned)
    code = await sent_code(owned)
    await delete(owned, code)
    for params, answer in await owned.rows("SELECT params, answer FROM request"):
        assert code not in params + answer
