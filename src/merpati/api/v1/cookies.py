"""The cookie of a session: out of reach for scripts, and not sent along by other sites' requests."""

from litestar.datastructures import Cookie

from merpati.accounts.model import SESSION_MS
from merpati.api.gateway import Gateway
from merpati.api.v1.principal import COOKIE
from merpati.core.clock import SECOND_MS


def session_cookie(gateway: Gateway, token: str) -> Cookie:
    """Keeps the token as long as the session lives unseen; renewed when a page opens."""
    return _cookie(gateway, token, SESSION_MS // SECOND_MS)


def no_cookie(gateway: Gateway) -> Cookie:
    """Makes the browser forget it."""
    return _cookie(gateway, "", 0)


def _cookie(gateway: Gateway, value: str, max_age_s: int) -> Cookie:
    return Cookie(
        key=COOKIE,
        value=value,
        max_age=max_age_s,
        path="/",
        httponly=True,
        samesite="lax",
        secure=gateway.public_url.startswith("https://"),
    )
