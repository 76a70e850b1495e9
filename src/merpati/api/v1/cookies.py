"""The cookies of a session and of a known browser: out of reach for scripts, not sent by other sites."""

from litestar.datastructures import Cookie

from merpati.accounts.known_browsers import new_note
from merpati.accounts.model import SESSION_MS
from merpati.accounts.sign_in import Admitted
from merpati.api.gateway import Gateway
from merpati.api.v1.principal import COOKIE
from merpati.api.v1.shapes import PREFIX
from merpati.core.clock import DAY_MS, SECOND_MS

BROWSER_COOKIE = "merpati_browser"
KNOWN_S = 365 * DAY_MS // SECOND_MS


def session_cookie(gateway: Gateway, token: str) -> Cookie:
    """Keeps the token as long as the session lives unseen; renewed when a page opens."""
    return _cookie(gateway, token, SESSION_MS // SECOND_MS)


def no_cookie(gateway: Gateway) -> Cookie:
    """Makes the browser forget it."""
    return _cookie(gateway, "", 0)


def cookies_of(gateway: Gateway, new: Admitted) -> list[Cookie]:
    """Of who has signed in just now: the session's, and one by which the browser is known next time."""
    note = new_note(gateway.sealer, new.who.owner.id)
    return [
        session_cookie(gateway, new.token),
        _cookie(gateway, note, KNOWN_S, BROWSER_COOKIE, f"{PREFIX}/session"),
    ]


def _cookie(gateway: Gateway, value: str, max_age_s: int, name: str = COOKIE, path: str = "/") -> Cookie:
    return Cookie(
        key=name,
        value=value,
        max_age=max_age_s,
        path=path,
        httponly=True,
        samesite="lax",
        secure=gateway.public_url.startswith("https://"),
    )
