"""Rotators over the API: made, shown with their round, changed, deleted; and as a target of a message."""

from typing import Any

import pytest

from tests.api.harness import ONE, Api
from tests.api.v1.browser import Browser, program_of

SALES = {
    "name": "Sales",
    "kind": "full",
    "members": [
        {"to": "0812-3456-7890", "label": "Ani", "weight": 3},
        {"to": "120363012345678901@g.us"},
    ],
}
ANI, GROUP = "6281234567890", "120363012345678901@g.us"


async def add(browser: Browser, **changed: Any) -> dict[str, Any]:  # noqa: ANN401 — a body
    answered = await browser.ask("POST", "/rotators", {**SALES, **changed})
    assert answered.status == 201, answered.body
    body: dict[str, Any] = answered.body
    return body


async def send(browser: Browser, targets: str) -> Any:  # noqa: ANN401 — a body
    return await browser.ask("POST", "/messages", {"device": ONE, "targets": targets, "text": "x"})


async def test_a_rotator_is_made_and_shown(ayu: Browser) -> None:
    """With the target that stands for it, and each member's chance."""
    made = await add(ayu)

    assert {name: made[name] for name in ("target", "name", "kind")} == {
        "target": "rotator#1",
        "name": "Sales",
        "kind": "full",
    }
    ani = {"to": ANI, "label": "Ani", "weight": 3, "had_turn": False, "chance": 0.75, "draws": 0}
    group = {"to": GROUP, "label": "", "weight": 1, "had_turn": False, "chance": 0.25, "draws": 0}
    assert made["members"] == [ani, group]
    assert (await ayu.ask("GET", f"/rotators/{made['id']}")).body == made
    assert (await ayu.ask("GET", "/rotators")).body == {"items": [made], "next": None}


async def test_a_message_to_a_rotator_shows_its_round(ayu: Browser) -> None:
    """Who was drawn has had the turn; the next one is certain, and then a new round begins."""
    id_ = (await add(ayu))["id"]

    first = (await send(ayu, "rotator#1|Budi")).body["items"][0]["to"]
    shown = (await ayu.ask("GET", f"/rotators/{id_}")).body["members"]

    assert {m["to"]: (m["had_turn"], m["chance"], m["draws"]) for m in shown} == {
        first: (True, 0, 1),
        ({ANI, GROUP} - {first}).pop(): (False, 1, 0),
    }
    sent = (await send(ayu, "rotator#1, rotator#1,rotator#1")).body["items"]
    assert {each["to"] for each in sent[1:]} == {ANI, GROUP}


async def test_a_list_comes_in_pages(ayu_on_sqlite: Browser) -> None:
    """By number."""
    made = [await add(ayu_on_sqlite, name=f"r{n}") for n in range(3)]

    page = (await ayu_on_sqlite.ask("GET", "/rotators?limit=2")).body
    rest = (await ayu_on_sqlite.ask("GET", f"/rotators?cursor={page['next']}")).body

    assert (page["items"], rest) == (made[:2], {"items": made[2:], "next": None})


async def test_a_rotator_is_changed_and_deleted(ayu: Browser) -> None:
    """It is what the body says; a deleted one is no target any more, and its number goes to no other."""
    id_ = (await add(ayu))["id"]
    after = {"name": "Support", "kind": "partial", "members": [{"to": GROUP, "weight": 100}]}

    changed = await ayu.ask("PUT", f"/rotators/{id_}", after)

    assert (changed.status, changed.body["name"], changed.body["kind"]) == (200, "Support", "partial")
    assert [(m["to"], m["weight"], m["chance"]) for m in changed.body["members"]] == [(GROUP, 100, 1)]
    assert (await ayu.ask("DELETE", f"/rotators/{id_}")).status == 204
    assert (await ayu.ask("GET", f"/rotators/{id_}")).body["code"] == "rotator_unknown"
    assert (await send(ayu, "rotator#1")).body["code"] == "rotator_unknown"
    assert (await add(ayu))["target"] == "rotator#2"


REFUSED = [
    ({"name": ""}, 422, "input_invalid"),
    ({"kind": "random"}, 422, "input_invalid"),
    ({"members": [{"to": "081234567890", "weight": 0}]}, 422, "input_invalid"),
    ({"members": [{"to": "081234567890", "weight": 101}]}, 422, "input_invalid"),
    ({"members": [{"to": "081234567890"}, {"to": "+62 812 3456 7890"}]}, 422, "input_invalid"),
    ({"members": [{"to": "x"}]}, 422, "target_invalid"),
    ({"members": [{"to": "rotator#1"}]}, 422, "target_invalid"),
]


@pytest.mark.parametrize(("changed", "status", "code"), REFUSED)
async def test_a_rotator_that_makes_no_sense_is_refused(
    ayu_on_sqlite: Browser, changed: dict[str, Any], status: int, code: str
) -> None:
    """No name, another kind, a weight out of range, one number twice, no number, another rotator."""
    answered = await ayu_on_sqlite.ask("POST", "/rotators", {**SALES, **changed})

    assert (answered.status, answered.body["code"]) == (status, code)
    assert (await ayu_on_sqlite.ask("GET", "/rotators")).body["items"] == []


async def test_a_message_to_nobody_is_refused(ayu_on_sqlite: Browser) -> None:
    """A rotator that has no members, and one that is not there."""
    await add(ayu_on_sqlite, members=[])

    for target, status, code in (("rotator#1", 422, "rotator_empty"), ("rotator#2", 404, "rotator_unknown")):
        answered = await send(ayu_on_sqlite, target)
        assert (answered.status, answered.body["code"]) == (status, code)


async def test_another_accounts_rotator_is_not_there(both: Api, ayu: Browser) -> None:
    """It cannot be read, changed, deleted or sent to."""
    id_ = (await add(ayu))["id"]
    other = program_of(both, "stranger")

    assert (await other.ask("GET", "/rotators")).body["items"] == []
    for method, body in (("GET", None), ("PUT", SALES), ("DELETE", None)):
        answered = await other.ask(method, f"/rotators/{id_}", body)
        assert (answered.status, answered.body["code"]) == (404, "rotator_unknown")
    assert (await ayu.ask("GET", f"/rotators/{id_}")).status == 200
