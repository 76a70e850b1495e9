"""`merpati version` and `merpati config`: what this is, and what is in force."""

import platform
import re
from pathlib import Path
from urllib.parse import urlsplit

import click

from merpati import __version__
from merpati.cli.printing import json_option, print_json, print_table
from merpati.cli.settings import load_settings, settings_options, variable_of
from merpati.cli.spoken import SpokenCommand, language_option, words

_PASSWORD_PARAMETER = re.compile(r"(?i)(password=)[^&\s]*")
_MASK = "…"


@click.command("version", cls=SpokenCommand, help="cli.help.version")
@json_option
@language_option
def version(as_json: bool) -> None:
    if as_json:
        print_json({"merpati": __version__, "python": platform.python_version(), "system": platform.platform()})
    else:
        click.echo(f"merpati {__version__} (Python {platform.python_version()}, {platform.platform()})")


@click.command("config", cls=SpokenCommand, help="cli.help.config")
@settings_options("host", "port", "data", "database")
@json_option
@language_option
def config(as_json: bool) -> None:
    loaded = load_settings()
    values = {name: getattr(loaded.config, name) for name in loaded.config.__struct_fields__}
    values["database"] = mask_password(loaded.config.database)
    values["data"] = loaded.config.data.absolute()
    if as_json:
        found = {name: {"value": _plain(value), "from": loaded.origins[name]} for name, value in values.items()}
        print_json(found)
    else:
        rows = [(name, _shown(value), _origin(name, loaded.origins[name])) for name, value in values.items()]
        print_table(("setting", "value", "origin"), rows, under="cli.config")


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "-"
    return "-" if value == "" else str(value)


def _origin(name: str, origin: str) -> str:
    return words(f"cli.config.from_{origin}", variable=variable_of(name), flag=f"--{name}")


def mask_password(database: str) -> str:
    """The database's address without its password, wherever that stands."""
    parts = urlsplit(database)
    masked = database
    if parts.password is not None:
        user, at, host = parts.netloc.rpartition("@")
        name = user.partition(":")[0]
        masked = parts._replace(netloc=f"{name}:{_MASK}{at}{host}").geturl()
    return _PASSWORD_PARAMETER.sub(rf"\g<1>{_MASK}", masked)
