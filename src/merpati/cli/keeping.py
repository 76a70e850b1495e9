"""`merpati migrate`, `backup` and `restore`: keeping the data."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import click

from merpati.app.opening import open_storage
from merpati.cli.opened import has_data
from merpati.cli.printing import json_option, moment, print_json
from merpati.cli.settings import data_flag, load_settings, settings_options
from merpati.cli.spoken import SpokenCommand, SpokenOption, language_option, words
from merpati.cli.troubles import Trouble, run
from merpati.config import Config
from merpati.core.clock import SystemClock
from merpati.storage import backup as archives
from merpati.storage.backup import Manifest
from merpati.storage.backup_linked import mark_moved, old_copies
from merpati.storage.backup_refused import BackupRefused
from merpati.storage.folder import DataFolder
from merpati.storage.migrate import find_schema_version
from merpati.storage.migrate import migrate as migrate_storage

_FILE = click.Path(path_type=Path)


@click.command("migrate", cls=SpokenCommand, help="cli.help.migrate")
@settings_options("data", "database")
@language_option
def migrate() -> None:
    run(_migrate(load_settings().config))


async def _migrate(config: Config) -> None:
    """Under the folder's lock: a gateway that runs must not find its tables changed."""
    folder = DataFolder(config.data)
    folder.take()
    try:
        storage = await open_storage(config, folder, SystemClock())
        try:
            applied = await migrate_storage(storage)
            found = await storage.read(find_schema_version)
        finally:
            await storage.close()
    finally:
        folder.release()
    for step in applied:
        click.echo(words("cli.migrate.applied", version=step.version, name=step.name))
    click.echo(words("cli.migrate.done", version=found))


@click.command("backup", cls=SpokenCommand, help="cli.help.backup")
@click.argument("file", type=_FILE)
@click.option("--move", is_flag=True, cls=SpokenOption, help="cli.help.backup_move")
@json_option
@settings_options("data", "database")
@language_option
def backup(file: Path, move: bool, as_json: bool) -> None:
    config = load_settings().config
    if not has_data(config) or not any(config.data.glob("keys/*")):
        raise Trouble("cli.trouble.no_data", folder=config.data.absolute())
    archive = (file / time.strftime("merpati-%Y%m%d-%H%M%S.tar") if file.is_dir() else file).absolute()
    with _refusals():
        manifest, moved = run(_backup(config, archive, move=move))
    size_mb = f"{archive.stat().st_size / 1_000_000:.1f}"
    if as_json:
        print_json({"file": str(archive), **_as_json(manifest)})
    else:
        click.echo(words("cli.backup.done", file=archive, size_mb=size_mb, schema=manifest.schema))
        click.echo(words("cli.backup.secret"))
        if moved:
            click.echo(words("cli.backup.moved", count=moved))


async def _backup(config: Config, archive: Path, *, move: bool) -> tuple[Manifest, int]:
    """With how many linked phones it moved: then nobody may serve from the folder meanwhile."""
    folder = DataFolder(config.data)
    if move:
        folder.take()
    try:
        manifest = await archives.backup(folder, config.database, archive, SystemClock(), moved=move)
        return manifest, mark_moved(folder.linked) if move else 0
    finally:
        folder.release()


@click.command("restore", cls=SpokenCommand, help="cli.help.restore")
@click.argument("file", type=_FILE)
@json_option
@settings_options("data", "database")
@language_option
def restore(file: Path, as_json: bool) -> None:
    loaded = load_settings()
    config = loaded.config
    if not file.is_file():
        raise Trouble("cli.restore.no_file", file=file.absolute())
    with _refusals():
        manifest = run(archives.restore(file, DataFolder(config.data), config.database, SystemClock()))
    if as_json:
        print_json({"folder": str(config.data.absolute()), **_as_json(manifest)})
    else:
        made = moment(manifest.made_at)
        start = f"merpati serve{data_flag(loaded)}"
        folder = config.data.absolute()
        click.echo(words("cli.restore.done", folder=folder, at=made, schema=manifest.schema, start=start))
        if old := old_copies(DataFolder(config.data).linked):
            click.echo(words("cli.restore.old_copies", count=old))


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except BackupRefused as refused:
        why = words(f"cli.backup.why.{refused.why}", **refused.values)
        raise Trouble("cli.backup.refused", why=why) from None


def _as_json(manifest: Manifest) -> dict[str, object]:
    return {"engine": manifest.engine.value, "schema": manifest.schema, "made_at": manifest.made_at}
