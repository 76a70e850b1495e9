"""The SQL of lines and of what Meta told."""

from collections.abc import Sequence

from merpati.core.ids import AccountId, DeviceId
from merpati.storage.port import Row, Tx, Value

# -- lines --


async def put_line(tx: Tx, values: Sequence[Value]) -> None:
    """(device, account, number, business, sealed, changed_at); what was heard of another number is forgotten."""
    kept = "CASE WHEN cloud_line.number_id = excluded.number_id THEN cloud_line.{0} ELSE 0 END"
    await tx.run(
        "INSERT INTO cloud_line (device_id, account_id, number_id, business_id, sealed, changed_at, heard_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT (device_id) DO UPDATE SET number_id = excluded.number_id, "
        "business_id = excluded.business_id, sealed = excluded.sealed, changed_at = excluded.changed_at, "
        f"heard_at = {kept.format('heard_at')}, answered_at = {kept.format('answered_at')}",
        *values,
    )


async def holder_of(tx: Tx, number_id: str) -> int | None:
    row = await tx.one("SELECT device_id FROM cloud_line WHERE number_id = $1", number_id)
    return row[0] if row is not None else None


async def line_row(tx: Tx, device: DeviceId) -> Row | None:
    return await tx.one(
        "SELECT device_id, account_id, number_id, business_id, sealed, changed_at, heard_at, answered_at "
        "FROM cloud_line WHERE device_id = $1",
        device,
    )


async def devices_of(tx: Tx, numbers: Sequence[str]) -> list[Row]:
    """(number, device, account) of those that are known."""
    return await tx.set(
        "SELECT l.number_id, l.device_id, l.account_id FROM cloud_line l, {r} WHERE l.number_id = r.number_id",
        "number_id text",
        [(number,) for number in numbers],
    )


async def delete_line(tx: Tx, device: DeviceId) -> None:
    await tx.run("DELETE FROM cloud_line WHERE device_id = $1", device)


async def mark_answered(tx: Tx, device: DeviceId, at: int) -> None:
    await tx.run("UPDATE cloud_line SET answered_at = $2 WHERE device_id = $1", device, at)


async def mark_heard(tx: Tx, devices: Sequence[tuple[DeviceId, int]]) -> None:
    """(device, at): no more often than each minute, as a webhook may come a hundred times a second."""
    await tx.set(
        "UPDATE cloud_line SET heard_at = r.at FROM {r} WHERE cloud_line.device_id = r.device_id "
        "AND cloud_line.heard_at < r.at - 60000",
        "device_id bigint, at bigint",
        devices,
    )


# -- what Meta told --


async def insert_news(tx: Tx, rows: Sequence[tuple[int, DeviceId, str, str, int]]) -> None:
    """(id, device, number, body, at)."""
    await tx.set(
        "INSERT INTO cloud_news (id, device_id, number_id, body, at, due_at, tries) "
        "SELECT id, device_id, number_id, body, at, at, 0 FROM {r} WHERE true ON CONFLICT (id) DO NOTHING",
        "id bigint, device_id bigint, number_id text, body text, at bigint",
        rows,
    )


_NEWS = "id, number_id, body, at, tries"


async def due_news(tx: Tx, device: DeviceId, now: int, after: int, most: int, most_characters: int) -> list[Row]:
    """(id, number, body, at, tries) as they came after this one, never worked yet; as many as begin within
    `most_characters` of bodies."""
    return await tx.all(
        f"SELECT {_NEWS} FROM (SELECT {_NEWS}, sum(length(body)) OVER (ORDER BY id) AS ends "
        f"FROM (SELECT {_NEWS} FROM cloud_news WHERE device_id = $1 AND due_at <= $2 AND id > $3 AND tries = 0 "
        "ORDER BY id LIMIT $4) AS due) AS summed WHERE ends - length(body) < $5 ORDER BY id",
        device,
        now,
        after,
        most,
        most_characters,
    )


async def put_off_news(tx: Tx, device: DeviceId, now: int, most: int) -> list[Row]:
    """(id, number, body, at, tries) that were put off until now."""
    return await tx.all(
        f"SELECT {_NEWS} FROM cloud_news WHERE device_id = $1 AND due_at <= $2 AND tries > 0 ORDER BY id LIMIT $3",
        device,
        now,
        most,
    )


async def devices_with_news(tx: Tx, now: int, among: Sequence[DeviceId]) -> list[int]:
    rows = await tx.set(
        "SELECT r.id FROM {r} WHERE EXISTS "
        "(SELECT 1 FROM cloud_news n WHERE n.device_id = r.id AND n.due_at <= r.now) ORDER BY r.id",
        "id bigint, now bigint",
        [(device, now) for device in among],
    )
    return [row[0] for row in rows]


async def delete_news(tx: Tx, ids: Sequence[int]) -> None:
    await tx.set("DELETE FROM cloud_news WHERE id IN (SELECT id FROM {r})", "id bigint", [(id_,) for id_ in ids])


async def delete_news_of(tx: Tx, device: DeviceId) -> None:
    await tx.run("DELETE FROM cloud_news WHERE device_id = $1", device)


async def delete_news_before(tx: Tx, at: int, limit: int) -> int:
    """How many went."""
    rows = await tx.all(
        "DELETE FROM cloud_news WHERE id IN (SELECT id FROM cloud_news WHERE due_at < $1 ORDER BY due_at LIMIT $2) "
        "RETURNING id",
        at,
        limit,
    )
    return len(rows)


async def put_off(tx: Tx, rows: Sequence[tuple[int, int]]) -> None:
    """(id, due_at): to be worked again then."""
    await tx.set(
        "UPDATE cloud_news SET due_at = r.due_at, tries = tries + 1 FROM {r} WHERE cloud_news.id = r.id",
        "id bigint, due_at bigint",
        rows,
    )


# -- templates --


async def replace_templates(
    tx: Tx, account: AccountId, business_id: str, rows: Sequence[tuple[str, str, str]], at: int
) -> None:
    """(name, language, body)."""
    await tx.run(
        "INSERT INTO cloud_template_reading (account_id, business_id, read_at) VALUES ($1, $2, $3) "
        "ON CONFLICT (account_id, business_id) DO UPDATE SET read_at = excluded.read_at",
        account,
        business_id,
        at,
    )
    await tx.run("DELETE FROM cloud_template WHERE account_id = $1 AND business_id = $2", account, business_id)
    await tx.set(
        "INSERT INTO cloud_template (account_id, business_id, name, language, body) "
        "SELECT account_id, business_id, name, language, body FROM {r} WHERE true ON CONFLICT DO NOTHING",
        "account_id bigint, business_id text, name text, language text, body text",
        [(account, business_id, *row) for row in rows],
    )


async def delete_templates_of_nobody(tx: Tx, account: AccountId, business_id: str) -> None:
    """Where no number of the account belongs to the business any more."""
    for table in ("cloud_template", "cloud_template_reading"):
        await tx.run(
            f"DELETE FROM {table} WHERE account_id = $1 AND business_id = $2 AND NOT EXISTS (SELECT 1 "
            "FROM cloud_line l WHERE l.account_id = $1 AND l.business_id = $2)",
            account,
            business_id,
        )


async def templates_read_at(tx: Tx, account: AccountId, business_id: str) -> int | None:
    row = await tx.one(
        "SELECT read_at FROM cloud_template_reading WHERE account_id = $1 AND business_id = $2",
        account,
        business_id,
    )
    return row[0] if row is not None else None


async def template_body(tx: Tx, account: AccountId, business_id: str, name: str, language: str) -> str | None:
    row = await tx.one(
        "SELECT body FROM cloud_template "
        "WHERE account_id = $1 AND business_id = $2 AND name = $3 AND language = $4",
        account,
        business_id,
        name,
        language,
    )
    return row[0] if row is not None else None


async def template_bodies(tx: Tx, account: AccountId, business_id: str) -> list[str]:
    rows = await tx.all(
        "SELECT body FROM cloud_template WHERE account_id = $1 AND business_id = $2",
        account,
        business_id,
    )
    return [row[0] for row in rows]
