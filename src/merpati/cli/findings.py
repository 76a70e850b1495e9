"""What `merpati doctor` finds."""

from enum import StrEnum

import msgspec


class Grade(StrEnum):
    """How good it is."""

    OK = "ok"
    WARNING = "warning"
    """It works, with a price that the sentence names."""
    PROBLEM = "problem"
    """It does not work."""


class Finding(msgspec.Struct, frozen=True):
    """One line: the sentence `key` (`doctor.<check>.<what>`), which says what to do unless all is well."""

    grade: Grade
    key: str
    values: dict[str, object] = {}


def fine(key: str, **values: object) -> Finding:
    return Finding(Grade.OK, f"doctor.{key}", values)


def warning(key: str, **values: object) -> Finding:
    return Finding(Grade.WARNING, f"doctor.{key}", values)


def problem(key: str, **values: object) -> Finding:
    return Finding(Grade.PROBLEM, f"doctor.{key}", values)
