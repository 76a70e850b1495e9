"""Rotators: what can be done with them, on both engines."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from merpati.core.clock import SystemClock
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, Address, RotatorId
from merpati.rotators import actions, views
from merpati.rotators.model import Given, Member, Rotator, RotatorKind
from merpati.storage.port import Storage
from merpati.storage.postgres import PostgresStorage
from merpati.storage.sqlite import SqliteStorage
from tests.devices.rig import have_account

ONE, TWO = AccountId(1), AccountId(2)


def given_(*weights: int, name: str = "Sales", kind: RotatorKind = RotatorKind.FULL, first: int = 0) -> Given:
    members = (Member(address=Address(f"6281200{n:04}"), weight=w) for n, w in enumerate(weights, first))
    return Given(name=name, kind=kind, members=tuple(members))


async def have_rotator(storage: Storage, given: Given, id_: int = 7, account: AccountId = ONE) -> Rotator:
    return await storage.write(actions.add_rotator, RotatorId(id_), account, given)


async def draw(storage: Storage, count: int, seed: int = 1, n: int = 1) -> list[Address]:
    return await storage.write(actions.draw_addresses, ONE, [n] * count, seed)


async def members_now(storage: Storage, id_: int = 7) -> tuple[Member, ...]:
    rotator = await storage.read(views.find_rotator, RotatorId(id_))
    assert rotator is not None
    return rotator.members


async def test_a_rotator_is_stored_as_it_was_given(storage: Storage) -> None:
    """In the owner's order, under the account's next number; given twice it is added once."""
    await have_account(storage)
    await have_account(storage, 2)
    member = Member(address=Address("120363012345678901@g.us"), label=" Toko  Barat ", weight=100)

    first = await have_rotator(storage, Given(name=" Sales ", kind=RotatorKind.PARTIAL, members=(member,)))
    second = await have_rotator(storage, given_(3, 2, 1), 8)
    theirs = await have_rotator(storage, given_(1), 9, TWO)

    assert (first.n, second.n, theirs.n) == (1, 2, 1)
    assert (first.name, first.members[0].label, first.members[0].weight) == ("Sales", "Toko Barat", 100)
    assert await have_rotator(storage, given_(1)) == first
    assert await storage.read(views.list_rotators, ONE, 0, 10) == [first, second]
    assert await storage.read(views.list_rotators, ONE, 1, 10) == [second]
    assert await storage.read(views.rotator_names, ONE) == [(1, "Sales"), (2, "Sales")]


REFUSED = [
    (given_(1, name=" "), "name"),
    (given_(1, name="x" * 61), "name"),
    (given_(0), "weight"),
    (given_(101), "weight"),
    (given_(*[1] * 201), "members"),
    (Given(name="x", kind=RotatorKind.FULL, members=given_(1).members * 2), "members"),
    (Given(name="x", kind=RotatorKind.FULL, members=(Member(address=Address("1"), label="x" * 61),)), "label"),
]


@pytest.mark.parametrize(("given", "field"), REFUSED)
async def test_a_rotator_that_makes_no_sense_is_refused(storage: Storage, given: Given, field: str) -> None:
    """With the field; nothing is stored."""
    await have_account(storage)

    with pytest.raises(Refusal) as refused:
        await have_rotator(storage, given)

    assert (refused.value.code, refused.value.values) == (Code.INPUT_INVALID, {"field": field})
    assert await storage.read(views.rotator_names, ONE) == []


async def test_a_round_holds_from_one_draw_to_the_next(storage: Storage) -> None:
    """Its state is in the database: every three draws have each of three once; draws are counted."""
    await have_account(storage)
    await have_rotator(storage, given_(1, 10, 100))

    drawn = [(await draw(storage, 1, seed))[0] for seed in range(9)]

    assert all(len(set(drawn[start : start + 3])) == 3 for start in (0, 3, 6))
    assert [member.draws for member in await members_now(storage)] == [3, 3, 3]


async def test_one_call_may_draw_from_several(storage: Storage) -> None:
    """Each place gets a member of the rotator that it names."""
    await have_account(storage)
    await have_rotator(storage, given_(1, 1))
    await have_rotator(storage, given_(1, first=50), 8)

    drawn = await storage.write(actions.draw_addresses, ONE, [1, 2, 1], 5)

    assert {drawn[0], drawn[2]} == {"62812000000", "62812000001"}
    assert drawn[1] == "62812000050"


@pytest.mark.parametrize(
    ("n", "code"), [(1, Code.ROTATOR_UNKNOWN), (2, Code.ROTATOR_EMPTY), (9, Code.ROTATOR_UNKNOWN)]
)
async def test_what_cannot_be_drawn_from_draws_nothing_at_all(storage: Storage, n: int, code: Code) -> None:
    """Another account's is not there, one without members has nobody; the others of the call stay as they are."""
    await have_account(storage)
    await have_account(storage, 2)
    await have_rotator(storage, given_(1), 5, TWO)
    gone = await have_rotator(storage, given_(1), 6)
    await have_rotator(storage, given_(), 8)
    mine = await have_rotator(storage, given_(1, 1))
    await storage.write(actions.delete_rotator, gone.id)

    with pytest.raises(Refusal) as refused:
        await storage.write(actions.draw_addresses, ONE, [mine.n, n], 1)

    assert (refused.value.code, refused.value.values) == (code, {"target": f"rotator#{n}"})
    assert [member.draws for member in await members_now(storage)] == [0, 0]


async def test_a_change_goes_on_with_the_round(storage: Storage) -> None:
    """Who stays keeps turn and draws, who comes has a turn in this round; another kind begins anew."""
    await have_account(storage)
    await have_rotator(storage, given_(1, 1, 1))
    (first,) = await draw(storage, 1)
    stays = [member for member in given_(1, 1, 1).members if member.address == first]
    new = Member(address=Address("62899999999"))

    changed = Given(name="New", kind=RotatorKind.FULL, members=(*stays, new))
    await storage.write(actions.change_rotator, RotatorId(7), changed)
    assert await draw(storage, 1) == [new.address]
    assert [(m.had_turn, m.draws) for m in await members_now(storage)] == [(True, 1), (True, 1)]

    other = Given(name="New", kind=RotatorKind.PARTIAL, members=changed.members)
    after = await storage.write(actions.change_rotator, RotatorId(7), other)
    assert after == await storage.read(views.find_rotator, RotatorId(7))
    assert [(m.had_turn, m.draws) for m in after.members] == [(False, 1), (False, 1)]


async def test_a_number_is_never_given_again(storage: Storage) -> None:
    """A program that goes on sending to a rotator that was deleted reaches nobody else."""
    await have_account(storage)
    await have_rotator(storage, given_(1))
    await storage.write(actions.delete_rotator, RotatorId(7))

    assert (await have_rotator(storage, given_(1), 8)).n == 2
    assert await storage.read(views.find_rotator, RotatorId(7)) is None
    with pytest.raises(Refusal) as refused:
        await storage.write(actions.delete_rotator, RotatorId(7))
    assert refused.value.code is Code.ROTATOR_UNKNOWN
    with pytest.raises(Refusal) as refused:
        await storage.write(actions.change_rotator, RotatorId(7), given_(1))
    assert refused.value.code is Code.ROTATOR_UNKNOWN


async def test_two_nodes_that_draw_at_once_keep_the_round(storage: Storage, emptied: Path | str) -> None:
    """Sixty draws through two connections of their own: each of five members twelve times."""
    await have_account(storage)
    await have_rotator(storage, given_(1, 5, 20, 50, 100))
    other: Storage
    if isinstance(emptied, Path):
        other = await SqliteStorage.open(emptied, SystemClock())
    else:
        other = await PostgresStorage.open(emptied, SystemClock())

    try:
        drawn = await asyncio.gather(*(draw((storage, other)[seed % 2], 2, seed) for seed in range(30)))
    finally:
        await other.close()

    assert sorted(Counter(address for pair in drawn for address in pair).values()) == [12] * 5
