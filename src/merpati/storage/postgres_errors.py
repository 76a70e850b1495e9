"""What PostgreSQL's errors mean, as a table over SQLSTATE (PostgreSQL manual, appendix A)."""

import asyncpg

from merpati.storage.port import (
    OutcomeUnknown,
    ReadOnly,
    StorageError,
    StorageFull,
    StorageGone,
    StorageSlow,
    UnstorableText,
    Violation,
)

RETRIED = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.InvalidCachedStatementError)
"""Nothing is stored and the same action may simply run again; the last: a migration elsewhere changed a table."""

RACED = (asyncpg.UniqueViolationError,)
"""Another stored the same key between our look and our write. Run once more, the action sees it and says so in its
own words; that a key is still taken then is its answer."""

TROUBLE = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
"""What asyncpg raises, and the connection below it."""

# The longest prefix of the code that is here decides.
_MEANS: dict[str, type[StorageError]] = {
    "08": StorageGone,  # connection
    "22021": UnstorableText,  # character not in the encoding
    "25006": ReadOnly,
    "25P03": StorageGone,  # idle in a transaction for too long: this process was paused
    "53": StorageGone,  # out of memory, of connections
    "53100": StorageFull,
    "57014": StorageSlow,
    "57P": StorageGone,  # shutdown, crash, starting up
    "58": StorageGone,  # I/O
    "XX": StorageGone,  # internal error, corruption
}


def translate(error: Exception, *, committing: bool = False, lost: bool = False) -> StorageError:
    """An error of asyncpg, or of the connection below it, as the port's.

    `lost`: the connection is closed. `committing`: COMMIT was on its way; what is lost there may be stored.
    """
    text = str(error) or type(error).__name__
    if isinstance(error, asyncpg.PostgresError):
        meaning = _meaning(error, text)
    else:
        of_ours = isinstance(error, asyncpg.InterfaceError) and not (lost or committing)
        meaning = StorageError(text) if of_ours else StorageGone(text)
    if committing and isinstance(meaning, StorageGone):
        return OutcomeUnknown(text)
    return meaning


def _meaning(error: asyncpg.PostgresError, text: str) -> StorageError:
    code = error.sqlstate or ""
    if code.startswith("23"):
        return Violation(getattr(error, "constraint_name", None) or text)
    prefixes = (code[:length] for length in range(len(code), 1, -1))
    return next((_MEANS[prefix](text) for prefix in prefixes if prefix in _MEANS), StorageError(text))
