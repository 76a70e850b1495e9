"""Why a backup or a restore is refused."""

from enum import StrEnum


class Why(StrEnum):
    """The reasons; the sentence of each is `cli.backup.why.<reason>`."""

    NO_DATABASE = "no_database"
    """Value `place`."""
    NOT_EMPTY = "not_empty"
    """Restoring would overwrite: `places`."""
    DATABASE_NOT_EMPTY = "database_not_empty"
    """A PostgreSQL with rows in `table`."""
    DAMAGED = "damaged"
    NOT_OURS = "not_ours"
    """An archive that no merpati wrote; `what` is odd about it."""
    NEWER_FORMAT = "newer_format"
    """`found` and `known`."""
    OTHER_ENGINE = "other_engine"
    """`found` and `wanted`."""


class BackupRefused(Exception):
    """A backup or restore that would not be whole, or would overwrite something. `values` fill the sentence."""

    def __init__(self, why: Why, **values: object) -> None:
        super().__init__(f"{why}: {values}")
        self.why, self.values = why, values
