"""The settings of a command: flags beside the environment, wherever they stand on the line."""

import difflib
import os
import shlex
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, TypeVar

import click
import msgspec

from merpati.cli.spoken import SpokenOption, words
from merpati.config import BadSetting, Config, Loaded, load_config

F = TypeVar("F", bound=Callable[..., Any])
_FLAGS = "merpati.flags"
METAVARS = MappingProxyType({"host": "ADDRESS", "port": "PORT", "data": "FOLDER", "database": "URL"})
"""The settings that have a flag. Every other one is an environment variable alone."""


def _keep(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None and parameter.name is not None:
        context.meta.setdefault(_FLAGS, {})[parameter.name] = value


def settings_options(*names: str) -> Callable[[F], F]:
    """`--data`, `--database` … on a command or its group; `load_settings` reads them. Values are judged there."""

    def decorate(command: F) -> F:
        for name in reversed(names):
            option = click.option(
                f"--{name}",
                metavar=METAVARS[name],
                expose_value=False,
                callback=_keep,
                cls=SpokenOption,
                help=f"cli.help.{name}",
            )
            command = option(command)
        return command

    return decorate


class UnusableSetting(click.ClickException):
    """A setting that cannot be used: the command did nothing."""

    exit_code = 2


def load_settings() -> Loaded:
    """What is in force for the command that runs; raises `UnusableSetting` with a sentence."""
    flags: dict[str, str] = click.get_current_context().meta.get(_FLAGS, {})
    try:
        return load_config(os.environ, flags)
    except BadSetting as bad:
        raise UnusableSetting(_explain(bad, flags)) from None


def _explain(bad: BadSetting, flags: dict[str, str]) -> str:
    if bad.name.startswith("MERPATI_"):
        near = difflib.get_close_matches(bad.name, map(variable_of, Config.__struct_fields__), n=1)
        hint = " " + words("cli.setting.near", near=near[0]) if near else ""
        return words("cli.setting.unknown", variable=bad.name) + hint
    name = bad.name.partition("[")[0]
    where, text = f"--{name}", flags.get(name)
    if text is None:
        where, text = variable_of(name), os.environ.get(variable_of(name), "")
    return words("cli.setting.invalid", where=where, text=text, wanted=_wanted(name))


def _wanted(name: str) -> str:
    """What the setting takes, in words: `cli.setting.kind.<type>`, with its bounds."""
    kind: Any = _kinds()[name]
    key = _KINDS.get(type(kind), "text")
    bounds = ((mark, getattr(kind, of, None)) for mark, of in _BOUNDS)
    limits = ", ".join(f"{mark} {limit:g}" for mark, limit in bounds if limit is not None)
    return f"{words(f'cli.setting.kind.{key}')} {limits}".rstrip()


def _kinds() -> dict[str, msgspec.inspect.Type]:
    whole = msgspec.inspect.type_info(Config)
    assert isinstance(whole, msgspec.inspect.StructType)
    bare = {field.name: field.type for field in whole.fields}
    return {n: t.type if isinstance(t, msgspec.inspect.Metadata) else t for n, t in bare.items()}


_BOUNDS = (("≥", "ge"), (">", "gt"), ("≤", "le"), ("<", "lt"))
_KINDS: dict[type[object], str] = {
    msgspec.inspect.IntType: "int",
    msgspec.inspect.FloatType: "float",
    msgspec.inspect.VarTupleType: "list",
}


def data_flag(loaded: Loaded) -> str:
    """` --data …` for a command that is printed to be typed elsewhere: neither flag nor variable is known there."""
    told = loaded.origins["data"] != "default"
    return f" --data {shlex.quote(str(loaded.config.data.absolute()))}" if told else ""


def local_address(config: Config) -> str:
    """Where a program on this machine reaches what listens by these settings."""
    called = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(config.host, config.host)
    return f"http://{f'[{called}]' if ':' in called else called}:{config.port}"


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return f"MERPATI_{name.upper()}"
