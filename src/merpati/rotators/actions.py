"""What can be done with rotators. Each takes the account's lock: two nodes never draw from one at once."""

import random
from collections import Counter
from collections.abc import Sequence

import msgspec

from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, Address, RotatorId
from merpati.rotators import store
from merpati.rotators.draw import draw_members, rng_of
from merpati.rotators.model import Given, Member, Rotator, RotatorKind, check_given
from merpati.storage.port import Tx


async def add_rotator(tx: Tx, id_: RotatorId, account: AccountId, given: Given) -> Rotator:
    """Add a rotator with the account's next number; raises `Refusal(INPUT_INVALID)`. May run twice."""
    await tx.lock([account])
    known = await store.rotator_by_id(tx, id_)
    if known is not None:
        return known
    given = check_given(given)
    made = Rotator(
        id=id_,
        account=account,
        n=await store.take_number(tx, account),
        name=given.name,
        kind=given.kind,
        created_at=tx.now,
        members=given.members,
    )
    await store.insert_rotator(tx, made)
    await store.replace_members(tx, id_, made.members)
    return made


async def change_rotator(tx: Tx, id_: RotatorId, given: Given) -> Rotator:
    """Make it what is given; raises `Refusal` (ROTATOR_UNKNOWN, INPUT_INVALID). May run twice.

    A round goes on: members that stay keep their turns, a new one has its turn in this round. Another kind begins a
    new round.
    """
    before, given = await _lock_rotator(tx, id_), check_given(given)
    kept = {member.address: member for member in before.members}
    same_round = before.kind is given.kind is RotatorKind.FULL
    members = tuple(_carried(member, kept.get(member.address), same_round) for member in given.members)
    await store.update_rotator(tx, id_, given.name, given.kind)
    await store.replace_members(tx, id_, members)
    return msgspec.structs.replace(before, name=given.name, kind=given.kind, members=members)


def _carried(member: Member, before: Member | None, same_round: bool) -> Member:
    if before is None:
        return member
    return msgspec.structs.replace(member, had_turn=same_round and before.had_turn, draws=before.draws)


async def delete_rotator(tx: Tx, id_: RotatorId) -> None:
    """Take it away; its number is never given again. Raises `Refusal(ROTATOR_UNKNOWN)`."""
    await _lock_rotator(tx, id_)
    await store.delete_rotator(tx, id_)


async def draw_addresses(tx: Tx, account: AccountId, numbers: Sequence[int], seed: int) -> list[Address]:
    """One member's address for each of `numbers` (the n of `rotator#n`), in their order, drawn from `seed`.

    Raises `Refusal`: ROTATOR_UNKNOWN (no such one of this account), ROTATOR_EMPTY; then nobody is drawn. Run twice,
    it draws twice: what is drawn is spent.
    """
    await tx.lock([account])
    rng, drawn = rng_of(seed), dict[int, list[Address]]()
    known = {rotator.n: rotator for rotator in await store.rotators_by_numbers(tx, account, sorted(set(numbers)))}
    for n, count in Counter(numbers).items():
        drawn[n] = await _draw(tx, _to_draw_from(known.get(n), n), count, rng)
    turns = {n: iter(addresses) for n, addresses in drawn.items()}
    return [next(turns[n]) for n in numbers]


def _to_draw_from(rotator: Rotator | None, n: int) -> Rotator:
    if rotator is None:
        raise Refusal(Code.ROTATOR_UNKNOWN, target=f"rotator#{n}")
    if not rotator.members:
        raise Refusal(Code.ROTATOR_EMPTY, target=f"rotator#{n}")
    return rotator


async def _draw(tx: Tx, rotator: Rotator, count: int, rng: random.Random) -> list[Address]:
    drawn, had = draw_members(rotator.kind, rotator.members, count, rng)
    times = Counter(drawn)
    after = [
        msgspec.structs.replace(m, had_turn=m.address in had, draws=m.draws + times[m.address])
        for m in rotator.members
    ]
    changed = [new for new, old in zip(after, rotator.members, strict=True) if new != old]
    await store.set_turns(tx, rotator.id, changed)
    return drawn


async def _lock_rotator(tx: Tx, id_: RotatorId) -> Rotator:
    """The rotator as it is under its account's lock (it never changes its account)."""
    known = await store.rotator_by_id(tx, id_)
    if known is not None:
        await tx.lock([known.account])
        known = await store.rotator_by_id(tx, id_)
    if known is None:
        raise Refusal(Code.ROTATOR_UNKNOWN, target=str(id_))
    return known
