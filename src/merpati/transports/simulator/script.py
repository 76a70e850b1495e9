"""Reads a script: the network's settings and scripted faults, from TOML or JSON lines."""

from pathlib import Path

import msgspec

from merpati.transports.simulator.faults import Rule
from merpati.transports.simulator.settings import Settings


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a TOML script holds."""

    network: Settings = Settings()
    fault: tuple[Rule, ...] = ()


class ScriptInvalid(Exception):
    """The script cannot be read; the text says where."""


def load_script(path: Path) -> Script:
    """Read `path`: `.jsonl` is one rule a line, anything else is TOML. Raises `ScriptInvalid`, `OSError`."""
    raw = path.read_bytes()
    try:
        if path.suffix == ".jsonl":
            return Script(fault=tuple(msgspec.json.Decoder(Rule).decode_lines(raw)))
        return msgspec.toml.decode(raw, type=Script)
    except msgspec.DecodeError as error:
        raise ScriptInvalid(f"{path}: {error}") from error
