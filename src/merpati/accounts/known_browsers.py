"""Browsers in which a user has signed in: they show a note that we sealed for that user, each one of its own.

The note opens nothing. Wrong passwords from there are counted apart, so that nobody else's keep its user out.
"""

from merpati.core.ids import UserId
from merpati.core.tokens import CannotUnseal, Sealer, new_link_token

_KIND = "browser"
_TO_COOKIE, _FROM_COOKIE = str.maketrans("+/=", "-_."), str.maketrans("-_.", "+/=")
"""Cookies have some characters of base64 only in quotes."""


def new_note(sealer: Sealer, user: UserId) -> str:
    """For a browser in which this user has signed in just now."""
    return sealer.seal(_KIND, user, new_link_token()).translate(_TO_COOKIE)


def is_known(sealer: Sealer, user: UserId, note: str) -> bool:
    """Whether the note was made for this user, by whoever has our key."""
    try:
        return bool(sealer.unseal(_KIND, user, note.translate(_FROM_COOKIE)))
    except CannotUnseal:
        return False
