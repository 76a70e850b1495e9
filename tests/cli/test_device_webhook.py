"""`merpati device webhook`: addresses, the secret, the last calls, on both engines."""

import asyncio
from pathlib import Path

import pytest

from merpati.app.gateway import SEALING_KEY
from merpati.core.clock import SystemClock
from merpati.core.ids import EndpointId
from merpati.core.tokens import Sealer
from merpati.devices.views import find_device_by_number
from merpati.storage.folder import DataFolder
from merpati.storage.port import Storage, Tx
from merpati.storage.postgres import PostgresStorage
from merpati.storage.sqlite import SqliteStorage
from merpati.webhooks import store
from merpati.webhooks.actions import NewEndpoint, set_endpoint
from merpati.webhooks.model import Call, EndpointKind
from tests.cli.keyboard import answered, typed

NUMBER, URL, SECRET = "6281234567890", "https://toko.example/status", "whsec_c2VjcmV0"


async def set_one(on: dict[str, str], *, calls: int = 0, url: str = URL) -> None:
    """The device has an endpoint, which was called."""
    folder, dsn = DataFolder(Path(on["MERPATI_DATA"])), on["MERPATI_DATABASE"]
    storage: Storage
    if dsn:
        storage = await PostgresStorage.open(dsn, SystemClock())
    else:
        storage = await SqliteStorage.open(folder.database, SystemClock())
    device = await storage.read(find_device_by_number, NUMBER)
    assert device is not None
    id_ = EndpointId(7)
    new = NewEndpoint(id_, Sealer(folder.key(SEALING_KEY)).seal("endpoint", id_, SECRET))
    await storage.write(set_endpoint, device.account, device.id, EndpointKind.STATUS, url, new)

    async def call(tx: Tx) -> None:
        made = [
            Call(endpoint=id_, account=device.account, seq=n, attempt=n, at=n, took_ms=9, status=s, error=e)
            for n, (s, e) in enumerate([(0, "connect"), *[(200, "")] * calls][:calls], 1)
        ]
        await store.insert_calls(tx, made)

    await storage.write(call)
    await storage.close()


@pytest.fixture
def on(database: Path | str, tmp_path: Path) -> dict[str, str]:
    """The settings of data with one device."""
    place = database if isinstance(database, str) else ""
    settings = {"MERPATI_DATA": str(tmp_path / "data"), "MERPATI_DATABASE": place}

    answered("user", "add", "a@b.example", "--generate", **settings)
    answered("device", "add", NUMBER, "Toko", **settings)
    return settings


def test_the_secret_and_the_last_calls_are_shown(on: dict[str, str]) -> None:
    """Newest first, five at most; what was answered, or why nothing was."""
    asyncio.run(set_one(on, calls=3))
    (shown,) = answered("device", "webhook", NUMBER, **on)

    assert (shown["kinds"], shown["url"], shown["state"], shown["secret"]) == (["status"], URL, "active", SECRET)
    assert [(call["attempt"], call["status"], call["error"]) for call in shown["calls"]] == [
        (3, 200, ""),
        (2, 200, ""),
        (1, 0, "connect"),
    ]
    text = typed("device", "webhook", "0812 3456 7890", **on).output
    assert SECRET in text and URL in text and "connect" in text


def test_no_more_than_the_last_five_calls(on: dict[str, str]) -> None:
    """The page stays short."""
    asyncio.run(set_one(on, calls=9))
    (shown,) = answered("device", "webhook", NUMBER, **on)

    assert [call["at"] for call in shown["calls"]] == [9, 8, 7, 6, 5]


def test_a_device_without_webhooks_says_so(on: dict[str, str]) -> None:
    """Also when its webhook was ended."""
    assert "no webhook" in typed("device", "webhook", NUMBER, **on).output
    asyncio.run(set_one(on))
    assert "No calls yet" in typed("device", "webhook", NUMBER, **on).output
    asyncio.run(set_one(on, url=""))
    assert answered("device", "webhook", NUMBER, **on) == []
