"""Rotators at Fonnte's API: `/rotator`, and `rotator#N` as a target of `/send`."""

import asyncio
import json
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from merpati.core.ids import AccountId, Address, RotatorId
from merpati.rotators.actions import add_rotator
from merpati.rotators.model import Given, Member, RotatorKind
from tests.api.harness import ACCOUNT, HELLO, STRANGER, Api, headers_of, without

CASES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "cases" / "rotator.toml").read_text())["case"]
A, B, C = "6281200000001", "6281200000002", "6281200000003"


async def have_rotator(
    api: Api, members: Sequence[str] = (), *, name: str = "Sales", account: AccountId = ACCOUNT
) -> int:
    given = Given(name=name, kind=RotatorKind.FULL, members=tuple(Member(address=Address(m)) for m in members))
    id_ = RotatorId((await api.gateway.ids.take("rotator"))[0])
    return (await api.storage.write(add_rotator, id_, account, given)).n


async def draws(api: Api) -> int:
    return int((await api.rows("SELECT CAST(coalesce(sum(draws), 0) AS BIGINT) FROM rotator_member"))[0][0])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
async def test_a_list_is_answered_as_its_case_says(api: Api, case: dict[str, Any]) -> None:
    """Word for word, a refusal in `detail`."""
    for name in case.get("rotators", ()):
        await have_rotator(api, name=name)

    assert await api.post("/rotator", token=case.get("token", "account")) == case["answer"]


async def test_each_rotator_in_a_target_is_a_member_of_it(both: Api) -> None:
    """Several in one list, with variables, beside numbers; the answer and the messages name who was drawn."""
    await have_rotator(both, [A, B, C])
    target = "rotator#1|Budi|satu,081234567890|Ani|dua, Rotator#1|Cici|tiga,rotator#1"

    answer = await both.post("/send", data={"target": target, "message": "{name} {var1}"})

    assert answer["status"] is True
    assert answer["target"][1] == "6281234567890"
    assert sorted(answer["target"][:1] + answer["target"][2:]) == [A, B, C]
    rows = await both.rows("SELECT chat, name, text FROM message ORDER BY id")
    assert [chat for chat, _, _ in rows] == answer["target"]
    assert [(name, text) for _, name, text in rows[:3]] == [
        ("Budi", "Budi satu"),
        ("Ani", "Ani dua"),
        ("Cici", "Cici tiga"),
    ]
    ((kept,),) = await both.rows("SELECT answer FROM request")
    assert json.loads(kept) == answer


async def test_rotators_inside_data_and_in_a_large_call(api: Api) -> None:
    """Every element draws for itself; a call that becomes a batch has its addresses drawn too."""
    await have_rotator(api, [A, B])
    data = json.dumps([{"target": "rotator#1", "message": "1"}, {"target": "rotator#1,rotator#1", "message": "2"}])

    answer = await api.post("/send", data={"data": data})
    assert sorted(answer["target"][:2]) == [A, B] and answer["target"][2] in (A, B)
    large = await api.post("/send", data={"target": ",".join(["rotator#1"] * 301), "message": "x"})
    assert Counter(large["target"]) == {large["target"][0]: 151, large["target"][1]: 150}
    assert await api.count("batch") == 1


async def test_calls_at_once_keep_the_round(both: Api) -> None:
    """Twelve programs that send at the same moment reach each of three members four times."""
    await have_rotator(both, [A, B, C])

    answers = await asyncio.gather(
        *(both.post("/send", data={"target": "rotator#1", "message": "x"}) for _ in range(12))
    )

    assert Counter(answer["target"][0] for answer in answers) == {A: 4, B: 4, C: 4}


async def test_a_replayed_call_draws_nobody(api: Api) -> None:
    """The same key gets the first answer, with the number drawn then."""
    await have_rotator(api, [A, B, C])
    headers = {**headers_of("one"), "Idempotency-Key": "lead-1"}

    answers = []
    for _ in range(3):
        body = {"target": "rotator#1", "message": "x"}
        async with api.client.post(api.url + "/send", headers=headers, data=body) as response:
            answers.append(await response.json())

    assert answers[0] == answers[1] == answers[2]
    assert await draws(api) == 1


REFUSED = [
    ("rotator#1,rotator#2", "target input invalid: this rotator has no members"),
    ("rotator#1,rotator#3", "target input invalid: there is no such rotator"),
]


@pytest.mark.parametrize(("target", "reason"), REFUSED)
async def test_a_rotator_that_cannot_be_drawn_from_refuses_the_call(both: Api, target: str, reason: str) -> None:
    """Nothing is stored and nobody drawn; another account's rotator is not there."""
    await have_rotator(both, [A])
    await have_rotator(both)
    for _ in range(3):
        await have_rotator(both, [A], account=STRANGER)
    before = await both.counts()

    refused = await both.post("/send", data={"target": target, "message": "x"})

    assert without(refused, "requestid") == {"reason": reason, "status": False}
    assert await both.counts() == before
    assert await draws(both) == 0


async def test_a_call_refused_before_its_draw_draws_nobody(api: Api) -> None:
    """Content that cannot be sent is judged first."""
    await have_rotator(api, [A])

    assert (await api.post("/send", data={"target": "rotator#1"}))["status"] is False
    assert (await api.post("/send", token="off", data={**HELLO, "target": "rotator#1"}))["status"] is False
    assert await draws(api) == 0
