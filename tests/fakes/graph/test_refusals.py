"""What the fake refuses, as Meta does: with its codes, which pywa knows by class."""

import asyncio
from typing import Any

import aiohttp
import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pywa import errors
from pywa.types.callback import Button, Section, SectionList, SectionRow
from pywa.types.message_status import MessageStatus, MessageStatusType

from merpati.fakes.graph.bodies import parse
from merpati.fakes.graph.errors import ERRORS, GraphError
from merpati.fakes.graph.outages import Outage, Rule
from merpati.fakes.graph.settings import AT_ONCE, DAY_MS
from tests.fakes.graph.rig import Rig, open_rig

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


async def refused(rig: Rig, code: int, **kwargs: Any) -> errors.WhatsAppError:  # noqa: ANN401 - pywa's arguments
    """A text, or what is given; the error that comes."""
    kwargs = {"text": "Halo"} | kwargs
    with pytest.raises(errors.WhatsAppError) as raised:
        await rig.call(rig.pywa.send_message, kwargs.pop("to", rig.to), **kwargs)
    assert raised.value.code == code
    return raised.value


async def failed(rig: Rig, to: str, **kwargs: Any) -> errors.WhatsAppError:  # noqa: ANN401 - pywa's arguments
    """A text is accepted; the error that its webhook tells."""
    await rig.call(rig.pywa.send_message, to, "Halo", **kwargs)
    await rig.settled()
    [status] = rig.receiver.of(MessageStatus)
    assert status.status == MessageStatusType.FAILED
    assert status.error is not None
    return status.error


async def test_outside_the_window_only_templates_go(rig: Rig) -> None:
    """Accepted, then failed by webhook with 131047; after the person has written it goes again."""
    rig.clock.pass_ms(DAY_MS)

    assert isinstance(await failed(rig, rig.to), errors.ReEngagementMessage)
    rig.graph.say(rig.seeded.number, rig.seeded.person, {"type": "text", "text": {"body": "Halo"}})
    await rig.call(rig.pywa.send_message, rig.to, "Halo")
    await rig.settled()

    assert rig.receiver.of(MessageStatus)[-1].status == MessageStatusType.READ


async def test_who_is_not_on_whatsapp_cannot_be_reached(rig: Rig) -> None:
    """By webhook; or at once, where the settings say so."""
    rig.graph.world.add_person("6281300000001", on_whatsapp=False)
    assert isinstance(await failed(rig, "6281300000001"), errors.MessageUndeliverable)

    async with open_rig(msgspec.structs.replace(AT_ONCE, errors_early=True)) as early:
        early.graph.world.add_person("6281300000001", on_whatsapp=False)
        await refused(early, 131026, to="6281300000001")


async def test_a_number_has_its_pace(rig: Rig) -> None:
    """130429 beyond 80 a second; 131056 beyond 45 to one person."""
    for number in range(45):
        await rig.call(rig.pywa.send_message, rig.to, str(number))
    assert isinstance(await refused(rig, 131056), errors.TooManyMessages)
    for number in range(34):
        await rig.call(rig.pywa.send_message, f"62813000{number:05}", "Halo")
    assert isinstance(await refused(rig, 130429, to="6281400000001"), errors.RateLimitHit)

    rig.clock.pass_ms(6_000)
    await rig.call(rig.pywa.send_message, rig.to, "Halo")


@pytest.mark.parametrize(
    ("code", "kwargs"),
    [
        (100, {"text": "x" * 4097}),
        (100, {"text": "x" * 1025, "buttons": [Button("Ya", "y")]}),
        (100, {"buttons": [Button("x" * 21, "y")]}),
        (131009, {"buttons": [Button(str(n), str(n)) for n in range(4)]}),
        (131009, {"buttons": [Button("Ya", "a"), Button("Ya", "b")]}),
        (100, {"buttons": [Button("Ya", "y")], "footer": "x" * 61}),
        (100, {"buttons": SectionList("Menu", [Section("x" * 25, [SectionRow(title="a", callback_data="b")])])}),
        (131009, {"to": "12"}),
        (131021, {"to": "6281100000001"}),
        (100, {"tracker": "x" * 513}),
    ],
)
async def test_limits_are_metas(rig: Rig, code: int, kwargs: dict[str, Any]) -> None:
    """Of texts, buttons, lists, recipients, trackers."""
    await refused(rig, code, **kwargs)


async def test_tokens_are_judged(rig: Rig) -> None:
    """190 for one that is unknown or over, 10 without the permission."""
    token = rig.graph.world.tokens[rig.seeded.token]
    token.scopes = frozenset()
    assert isinstance(await refused(rig, 10), errors.PermissionDenied)
    token.expired = True
    assert isinstance(await refused(rig, 190), errors.ExpiredAccessToken)
    assert (await refused(rig, 190)).status_code == 401


@pytest.mark.parametrize("code", [131031, 368, 131042, 131048])
async def test_a_number_in_trouble_sends_nothing(rig: Rig, code: int) -> None:
    """Locked, blocked, not paid."""
    rig.seeded.number.trouble = code

    await refused(rig, code)


async def test_a_poll_is_no_type(rig: Rig) -> None:
    """There is none in Meta's API."""
    body = {"messaging_product": "whatsapp", "to": rig.to, "type": "poll", "poll": {}}
    with pytest.raises(errors.WhatsAppError, match="Param type"):
        path = f"/{rig.seeded.number.id}/messages"
        await rig.call(rig.pywa.api.send_raw_request, "POST", path, json=body)


@pytest.mark.parametrize("outage", [Outage.LOSE_ANSWER, Outage.TAKE_AND_BREAK, Outage.BROKEN, Outage.REFUSE])
async def test_an_outage_strikes_as_often_as_it_should(rig: Rig, outage: Outage) -> None:
    """What is taken is told of, though its answer was lost."""
    rig.graph.outages.rules.append(Rule(outage=outage, times=1))

    with pytest.raises((errors.WhatsAppError, httpx.TransportError)):
        await rig.call(rig.pywa.send_message, rig.to, "Halo", tracker="r")
    await rig.settled()

    taken = outage in (Outage.LOSE_ANSWER, Outage.TAKE_AND_BREAK)
    assert [status.tracker for status in rig.receiver.of(MessageStatus)] == ["r"] * (3 if taken else 0)
    await rig.call(rig.pywa.send_message, rig.to, "Halo")


@pytest.mark.parametrize(("outage", "taken"), [(Outage.HANG, 0), (Outage.TAKE_AND_HANG, 1)])
async def test_a_hand_over_may_hang(rig: Rig, outage: Outage, taken: int) -> None:
    """No answer, and nothing is taken, or it is."""
    rig.graph.outages.rules.append(Rule(outage=outage))
    body = {"messaging_product": "whatsapp", "to": rig.to, "type": "text", "text": {"body": "x"}}
    headers = {"Authorization": f"Bearer {rig.seeded.token}"}

    async with aiohttp.ClientSession(headers=headers) as session:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(session.post(f"{rig.url}/v26.0/{rig.seeded.number.id}/messages", json=body), 0.1)

    assert len(rig.graph.world.lines) == taken


@given(JSON)
def test_any_json_is_understood_or_refused(body: object) -> None:
    """Nothing that is sent breaks the fake."""
    whole = {"messaging_product": "whatsapp", **body} if isinstance(body, dict) else body
    for asked in (
        whole,
        {"messaging_product": "whatsapp", "to": "62812", "type": "interactive", "interactive": body},
    ):
        try:
            parse(asked)
        except GraphError as error:
            assert error.code in ERRORS
