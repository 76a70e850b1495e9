"""Whether the database keeps what it says that it has kept. Source: PostgreSQL manual, write-ahead log settings."""

from merpati.storage.port import Engine, Tx

_KEEPING = "'fsync', 'full_page_writes', 'synchronous_commit'"


async def settings_that_lose(tx: Tx) -> list[str]:
    """The server's settings that are off, so that a crash may lose what was accepted. A view.

    SQLite has none: its file is opened with `synchronous=FULL`.
    """
    if tx.engine is Engine.SQLITE:
        return []
    rows = await tx.all(
        f"SELECT name FROM pg_settings WHERE setting = 'off' AND name IN ({_KEEPING}) ORDER BY name"
    )
    return [name for (name,) in rows]
