"""The SQL of rotators."""

from collections.abc import Iterable, Sequence

from merpati.core.ids import AccountId, RotatorId
from merpati.rotators.model import Member, Rotator, RotatorKind
from merpati.storage.port import Row, Tx, Value

_ROTATOR = "id, account_id, n, name, kind, created_at"
_MEMBER = "rotator_id, address, place, label, weight, had_turn, draws"


async def take_number(tx: Tx, account: AccountId) -> int:
    """The next `n` of the account."""
    row = await tx.one(
        "INSERT INTO rotator_count (account_id, newest_n) VALUES ($1, 1) "
        "ON CONFLICT (account_id) DO UPDATE SET newest_n = rotator_count.newest_n + 1 RETURNING newest_n",
        account,
    )
    assert row is not None
    return int(row[0])


async def insert_rotator(tx: Tx, rotator: Rotator) -> None:
    await tx.run(
        f"INSERT INTO rotator ({_ROTATOR}) VALUES ($1, $2, $3, $4, $5, $6)",
        rotator.id,
        rotator.account,
        rotator.n,
        rotator.name,
        rotator.kind,
        rotator.created_at,
    )


async def update_rotator(tx: Tx, id_: RotatorId, name: str, kind: RotatorKind) -> None:
    await tx.run("UPDATE rotator SET name = $2, kind = $3 WHERE id = $1", id_, name, kind)


async def replace_members(tx: Tx, id_: RotatorId, members: Sequence[Member]) -> None:
    await tx.run("DELETE FROM rotator_member WHERE rotator_id = $1", id_)
    await tx.set(
        f"INSERT INTO rotator_member ({_MEMBER}) SELECT {_MEMBER} FROM {{r}}",
        "rotator_id bigint, address text, place bigint, label text, weight bigint, had_turn bigint, draws bigint",
        [(id_, m.address, place, m.label, m.weight, int(m.had_turn), m.draws) for place, m in enumerate(members)],
    )


async def set_turns(tx: Tx, id_: RotatorId, members: Iterable[Member]) -> None:
    """Turn and draws of these members."""
    await tx.set(
        "UPDATE rotator_member SET had_turn = r.had_turn, draws = r.draws FROM {r} "
        "WHERE rotator_member.rotator_id = r.rotator_id AND rotator_member.address = r.address",
        "rotator_id bigint, address text, had_turn bigint, draws bigint",
        [(id_, m.address, int(m.had_turn), m.draws) for m in members],
    )


async def delete_rotator(tx: Tx, id_: RotatorId) -> None:
    await tx.run("DELETE FROM rotator_member WHERE rotator_id = $1", id_)
    await tx.run("DELETE FROM rotator WHERE id = $1", id_)


async def rotator_by_id(tx: Tx, id_: RotatorId) -> Rotator | None:
    found = await _whole(tx, await tx.all(f"SELECT {_ROTATOR} FROM rotator WHERE id = $1", id_))
    return found[0] if found else None


async def rotators_by_numbers(tx: Tx, account: AccountId, numbers: Sequence[int]) -> list[Rotator]:
    rows = await tx.set(
        "SELECT o.id, o.account_id, o.n, o.name, o.kind, o.created_at FROM rotator o, {r} "
        "WHERE o.account_id = r.account_id AND o.n = r.n",
        "account_id bigint, n bigint",
        [(account, n) for n in numbers],
    )
    return await _whole(tx, rows)


async def rotators_of(tx: Tx, account: AccountId, after: int, limit: int) -> list[Rotator]:
    rows = await tx.all(
        f"SELECT {_ROTATOR} FROM rotator WHERE account_id = $1 AND n > $2 ORDER BY n LIMIT $3",
        account,
        after,
        limit,
    )
    return await _whole(tx, rows)


async def names_of(tx: Tx, account: AccountId) -> list[tuple[int, str]]:
    rows = await tx.all("SELECT n, name FROM rotator WHERE account_id = $1 ORDER BY n", account)
    return [(n, name) for n, name in rows]


async def _whole(tx: Tx, rows: Sequence[Row]) -> list[Rotator]:
    """These rotators with their members."""
    found = await tx.set(
        "SELECT m.rotator_id, m.address, m.label, m.weight, m.had_turn, m.draws FROM rotator_member m, {r} "
        "WHERE m.rotator_id = r.id ORDER BY m.rotator_id, m.place",
        "id bigint",
        [(row[0],) for row in rows],
    )
    members: dict[Value, list[Member]] = {row[0]: [] for row in rows}
    for rotator, address, label, weight, had_turn, draws in found:
        member = Member(address=address, label=label, weight=weight, had_turn=bool(had_turn), draws=draws)
        members[rotator].append(member)
    return [_rotator(row, members[row[0]]) for row in rows]


def _rotator(row: Row, members: Sequence[Member]) -> Rotator:
    id_, account, n, name, kind, created_at = row
    return Rotator(
        id=id_,
        account=account,
        n=n,
        name=name,
        kind=RotatorKind(kind),
        created_at=created_at,
        members=tuple(members),
    )
