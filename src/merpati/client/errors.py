"""What a call may raise."""

import msgspec


class FieldError(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one field of what was given; `field` is its name, with dots for what is inside."""

    field: str
    code: str
    detail: str


class MerpatiError(Exception):
    """All that the client raises of its own."""


class Refused(MerpatiError):
    """The server refused the call (RFC 9457). `code` is stable: decide by it; `detail` is for people.

    Where something in front of the server answered in its place, `code` is `http_` and the status.
    """

    def __init__(self, *, code: str, status: int, detail: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.code, self.status, self.detail, self.errors = code, status, detail, errors


class Unreachable(MerpatiError):
    """No answer came, as often as it was tried. Whether the server did it is not known: the same call with the same
    `idempotency_key` finds out, and does it once at most."""


class Unreadable(MerpatiError):
    """The server did it, and its answer is not one that this client understands."""
