"""A number is set up only when Meta agrees to all of it; what it refuses names the field, and changes nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from merpati.core.errors import Code, Refusal
from merpati.core.ids import DeviceId
from merpati.storage.port import Storage, Tx
from merpati.transports.cloud_api.client import GraphClient
from merpati.transports.cloud_api.link import CloudLink
from merpati.transports.official import Given, NotSigned, SetUp
from tests.transports.cloud_api.rig import ACCOUNT, DEVICE, CloudRig, open_rig

OTHER = DeviceId(8)


@pytest.fixture
async def rig(storage: Storage, tmp_path: Path) -> AsyncIterator[CloudRig]:
    async with open_rig(storage, tmp_path) as rig:
        yield rig


def copied(rig: CloudRig, **changed: str) -> Given:
    """What a person copies from Meta's pages."""
    right = Given(
        number_id=rig.seeded.number.id,
        business_id=rig.seeded.business.id,
        token=rig.seeded.token,
        app_secret=rig.seeded.secret,
    )
    return msgspec.structs.replace(right, **changed)


async def known(rig: CloudRig, device: DeviceId = DEVICE) -> SetUp:
    found = await rig.link.find(device)
    assert found is not None
    return found


async def test_meta_agrees_and_says_what_the_number_is(rig: CloudRig) -> None:
    """Its phone, name, quality and limits, at once and whenever it is asked again."""
    rig.graph.world.numbers[rig.seeded.number.id].quality = "YELLOW"
    now = await rig.link.set_up(DEVICE, ACCOUNT, copied(rig))
    assert (now.phone, now.name, now.quality, now.limit) == (
        rig.seeded.number.phone,
        "Toko Merpati",
        "YELLOW",
        "TIER_250",
    )
    assert (now.status, now.name_status, now.per_second) == ("CONNECTED", "APPROVED", 80)
    assert await rig.link.number_now(DEVICE) == now


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"number_id": "999999999999999"}, Code.META_NUMBER_UNKNOWN, "number_id"),
        ({"business_id": "999999999999999"}, Code.META_NUMBER_ELSEWHERE, "business_id"),
        ({"token": "EAAwrong"}, Code.META_TOKEN_REFUSED, "token"),
        ({"app_secret": "0" * 32}, Code.META_SECRET_WRONG, "app_secret"),
        ({"app_secret": ""}, Code.INPUT_INVALID, "app_secret"),
        ({"token": ""}, Code.INPUT_INVALID, "token"),
    ],
)
async def test_what_does_not_belong_together_is_refused_by_its_field(
    rig: CloudRig, changed: dict[str, str], code: Code, field: str
) -> None:
    """And nothing is stored."""
    with pytest.raises(Refusal) as raised:
        await rig.link.set_up(DEVICE, ACCOUNT, copied(rig, **changed))
    assert (raised.value.code, raised.value.values["field"]) == (code, field)
    assert await rig.link.find(DEVICE) is None


async def test_a_token_that_may_not_manage_is_told_so(rig: CloudRig) -> None:
    """It sends, and cannot see the business."""
    token = rig.graph.world.new_token()
    rig.graph.world.tokens[token].scopes = frozenset({"whatsapp_business_messaging"})
    with pytest.raises(Refusal) as raised:
        await rig.link.set_up(DEVICE, ACCOUNT, copied(rig, token=token))
    assert (raised.value.code, raised.value.values["field"]) == (Code.META_PERMISSION_MISSING, "token")


async def test_a_secret_that_is_left_out_stays(rig: CloudRig) -> None:
    """A new token alone is how a token is replaced; our own verify token stays too."""
    await rig.link.set_up(DEVICE, ACCOUNT, copied(rig))
    before = await known(rig)
    token = rig.graph.world.new_token()
    await rig.link.set_up(DEVICE, ACCOUNT, copied(rig, token=token, app_secret=""))
    assert (await known(rig)).verify_token == before.verify_token
    del rig.graph.world.tokens[rig.seeded.token]
    assert (await rig.link.number_now(DEVICE)).phone == rig.seeded.number.phone


async def test_a_number_is_one_device_s(rig: CloudRig) -> None:
    """Until that one is forgotten with its secrets."""
    await rig.link.set_up(DEVICE, ACCOUNT, copied(rig))
    with pytest.raises(Refusal) as raised:
        await rig.link.set_up(OTHER, ACCOUNT, copied(rig))
    assert raised.value.code is Code.META_NUMBER_TAKEN
    await rig.link.forget(DEVICE)
    await rig.link.forget(DEVICE)
    await rig.link.set_up(OTHER, ACCOUNT, copied(rig))
    assert await rig.link.find(DEVICE) is None


async def test_a_device_that_was_deleted_while_meta_was_asked_is_given_no_secret(rig: CloudRig) -> None:
    """Nothing would forget it any more: no other device could be it, and its token would stay for ever."""

    async def is_gone(_: Tx) -> None:
        raise Refusal(Code.DEVICE_UNKNOWN)

    with pytest.raises(Refusal) as raised:
        await rig.link.set_up(DEVICE, ACCOUNT, copied(rig), also=is_gone)
    assert raised.value.code is Code.DEVICE_UNKNOWN
    assert await rig.storage.read(_row) is None


async def test_meta_that_cannot_be_reached_is_no_refusal_of_the_number(rig: CloudRig) -> None:
    """Nothing is stored, and it may be tried again."""
    nowhere = CloudLink(
        GraphClient("http://127.0.0.1:9/v26.0"),
        rig.storage,
        rig.sealer,
        rig.clock,
        spool=rig.folder,
        most_bytes=1_000,
    )
    with pytest.raises(Refusal) as raised:
        await nowhere.set_up(DEVICE, ACCOUNT, copied(rig))
    await nowhere.close()
    assert raised.value.code is Code.META_UNREACHABLE
    assert await rig.link.find(DEVICE) is None


async def test_metas_challenge_is_answered_and_noted(rig: CloudRig) -> None:
    """With our token alone; whoever guesses is told nothing."""
    await rig.link.set_up(DEVICE, ACCOUNT, copied(rig))
    assert (await known(rig)).answered_at == 0
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "guessed"}
    with pytest.raises(NotSigned):
        await rig.link.answer_challenge(DEVICE, asked)
    assert (await known(rig)).answered_at == 0
    asked["hub.verify_token"] = (await known(rig)).verify_token
    assert await rig.link.answer_challenge(DEVICE, asked) == "1158201444"
    assert (await known(rig)).answered_at > 0


async def test_an_address_that_does_not_answer_is_refused_in_metas_words(rig: CloudRig) -> None:
    """Nobody listens at the port."""
    await rig.link.set_up(DEVICE, ACCOUNT, copied(rig))
    with pytest.raises(Refusal) as raised:
        await rig.link.tell_address(DEVICE, "http://127.0.0.1:9/meta/7")
    assert raised.value.code is Code.META_ADDRESS_REFUSED
    assert "couldn't be validated" in str(raised.value.values["said"])
    with pytest.raises(Refusal) as unknown:
        await rig.link.tell_address(OTHER, "http://127.0.0.1:9/meta/8")
    assert unknown.value.code is Code.OFFICIAL_NOT_SET_UP


async def test_secrets_stand_nowhere_in_the_clear(rig: CloudRig) -> None:
    """Not in the database's row, and not in what prints them."""
    given = copied(rig)
    await rig.link.set_up(DEVICE, ACCOUNT, given)
    row = await rig.storage.read(_row)
    for secret in (rig.seeded.token, rig.seeded.secret, (await known(rig)).verify_token):
        assert secret not in str(row)
    assert rig.seeded.token not in repr(given)


async def _row(tx: Tx) -> object:
    return await tx.one("SELECT * FROM cloud_line")
