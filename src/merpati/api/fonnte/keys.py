"""`Idempotency-Key` on `/send`: the same key and body get the same answer, another body is refused.

The key is stored in the accepting transaction; its scope is the token's account. While a first request with a key
is on its way in this process, a second one is refused; in another process, the transaction decides.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from merpati.api.fonnte.endpoint import Request
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId

LONGEST_KEY = 255
_APART = frozenset({"token", "redirect"})
_encode = msgspec.json.Encoder(order="sorted").encode


class KeysInProgress:
    """The keys whose first request is on its way."""

    def __init__(self) -> None:
        self._held: set[tuple[AccountId, str]] = set()

    @contextlib.contextmanager
    def holding(self, account: AccountId, key: str | None) -> Iterator[None]:
        """Raises `Refusal(KEY_IN_PROGRESS)`."""
        if key is None:
            yield
            return
        held = (account, key)
        if held in self._held:
            raise Refusal(Code.KEY_IN_PROGRESS)
        self._held.add(held)
        try:
            yield
        finally:
            self._held.discard(held)


def key_of(request: Request) -> str | None:
    """The key that the caller gave; raises `Refusal(INPUT_INVALID)` for one longer than 255 characters."""
    key = request.headers.get("idempotency-key", "").strip()
    if len(key) > LONGEST_KEY:
        raise Refusal(Code.INPUT_INVALID, field="Idempotency-Key")
    return key or None


def hash_body(request: Request) -> str:
    """SHA-256 of path, values and file. Of the values and not of the raw bytes: a multipart body has a new
    boundary each time. Reads the file."""
    values = {name: value for name, value in request.fields.values.items() if name not in _APART}
    digest = hashlib.sha256(request.path.encode() + b"\n" + _encode(values))
    if request.fields.upload is not None:
        digest.update(b"\n" + hash_file(request.fields.upload.path))
    return digest.hexdigest()


def hash_file(path: Path) -> bytes:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
