"""What the doctor looks at in the database: its tables, its clock, who may sign in, where the webhooks go."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from yarl import URL

from merpati.accounts.views import accounts, owners, sealed_account_token
from merpati.app.gateway import SEALING_KEY
from merpati.app.opening import open_storage
from merpati.cli.findings import Finding, fine, problem, warning
from merpati.cli.opened import has_data
from merpati.cli.troubles import place_of
from merpati.config import Config
from merpati.core.clock import MINUTE_MS, SECOND_MS, Millis, SystemClock
from merpati.core.tokens import CannotUnseal, Sealer
from merpati.devices.model import Device
from merpati.devices.views import devices_of
from merpati.egress.guard import EgressError, Guard
from merpati.egress.reach import reach
from merpati.storage.durability import settings_that_lose
from merpati.storage.folder import DataFolder, KeyDamaged
from merpati.storage.migrate import find_schema_version, known_migrations
from merpati.storage.nodes import database_clock
from merpati.storage.port import Storage, StorageError, Tx
from merpati.webhooks.views import list_endpoints

APART_MS = 2 * SECOND_MS
"""Clocks that differ by less are the same."""
EARLIEST = Millis(1_767_225_600_000)
"""2026-01-01: before this version was written."""


async def look(config: Config) -> AsyncIterator[Finding]:
    """Everything in the database, as far as it can be opened."""
    if not has_data(config):
        yield warning("database.none", place=place_of(config))
        return
    clock = SystemClock()
    try:
        storage = await open_storage(config, DataFolder(config.data), clock)
    except (StorageError, OSError) as error:
        yield problem("database.gone", place=place_of(config), why=error)
        return
    try:
        yield fine("database.reached", place=place_of(config), engine=storage.engine.value)
        yield _judge_keeping(await storage.read(settings_that_lose))
        async for finding in _look_inside(config, storage, clock.now()):
            yield finding
    except StorageError as error:
        yield problem("database.gone", place=place_of(config), why=error)
    finally:
        await storage.close()


async def _look_inside(config: Config, storage: Storage, now: Millis) -> AsyncIterator[Finding]:
    schema = _judge_schema(await storage.read(find_schema_version), len(known_migrations(storage.engine)))
    yield schema
    if schema.key != "doctor.schema.current":
        return
    devices = await storage.read(_every_device)
    yield _judge_clock(now, await storage.read(database_clock), devices)
    yield await _judge_owners(storage)
    yield await _judge_key(config, storage)
    for finding in await check_webhooks(config, await storage.read(_webhooks, devices)):
        yield finding


def _judge_keeping(losing: Sequence[str]) -> Finding:
    return warning("keeping.off", settings=", ".join(losing)) if losing else fine("keeping.on")


def _judge_schema(found: int, known: int) -> Finding:
    if found == known:
        return fine("schema.current", found=found)
    key = "schema.empty" if found == 0 else "schema.old" if found < known else "schema.too_new"
    return problem(key, found=found, known=known)


def _judge_clock(now: Millis, database: Millis, devices: Sequence[Device]) -> Finding:
    newest = max((device.state_at for device in devices), default=Millis(0))
    if now < EARLIEST:
        return problem("clock.wrong")
    if now < newest - MINUTE_MS:
        return problem("clock.went_back", minutes=(newest - now) // MINUTE_MS)
    if abs(now - database) > APART_MS:
        return warning("clock.apart", seconds=abs(now - database) // SECOND_MS)
    return fine("clock.sane")


async def _judge_owners(storage: Storage) -> Finding:
    known = await storage.read(owners)
    return fine("owners.some", count=len(known)) if known else warning("owners.none")


async def _judge_key(config: Config, storage: Storage) -> Finding:
    """The key in the data folder opens what the database keeps sealed."""
    for account in await storage.read(accounts):
        sealed = await storage.read(sealed_account_token, account.id)
        try:
            Sealer(DataFolder(config.data).key(SEALING_KEY)).unseal("account", account.id, sealed or "")
        except (CannotUnseal, KeyDamaged):
            return problem("key.wrong", folder=DataFolder(config.data).keys)
    return fine("key.opens")


async def _every_device(tx: Tx) -> list[Device]:
    return [device for account in await accounts(tx) for device in await devices_of(tx, account.id)]


# -- webhooks --


async def _webhooks(tx: Tx, devices: Sequence[Device]) -> dict[str, list[str]]:
    """scheme://host:port -> the numbers of the devices that call it; the rest of an address may hold a secret."""
    numbers = {device.id: device.number for device in devices}
    found: dict[str, list[str]] = {}
    for account in await accounts(tx):
        for endpoint in await list_endpoints(tx, account.id):
            caller = ", ".join(numbers[each] for each in endpoint.devices if each in numbers) or "*"
            callers = found.setdefault(_origin(endpoint.url), [])
            if caller not in callers:
                callers.append(caller)
    return found


def _origin(url: str) -> str:
    try:
        return str(URL(url).origin())
    except ValueError:
        return "?"


async def check_webhooks(config: Config, callers: dict[str, list[str]]) -> list[Finding]:
    """Whether each can be connected to, by the rules that real calls follow; no request is made."""
    guard = Guard(config.allow_hosts)
    return list(await asyncio.gather(*(_reach(guard, url, ", ".join(who)) for url, who in callers.items())))


async def _reach(guard: Guard, url: str, devices: str) -> Finding:
    try:
        await reach(guard, url)
    except EgressError as error:
        return problem(f"webhook.{error.fault}", url=url, devices=devices)
    return fine("webhook.reached", url=url, devices=devices)
