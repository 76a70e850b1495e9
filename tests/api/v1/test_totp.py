"""Two-step verification."""

import time

import pyotp
import pytest

from merpati.accounts.tries import MOST_OF_ONE
from tests.api.harness import Api
from tests.api.v1.browser import PASSWORD, Browser, browser_of


async def enrolled(browser: Browser) -> pyotp.TOTP:
    """The app of a user who has begun."""
    answered = await browser.ask("POST", "/me/totp", {"password": PASSWORD})
    assert answered.status == 200
    assert answered.body["secret"] in answered.body["uri"]
    return pyotp.TOTP(answered.body["secret"])


async def turned_on(browser: Browser) -> tuple[pyotp.TOTP, list[str]]:
    """The app and the recovery codes of a user who uses it."""
    app = await enrolled(browser)
    answered = await browser.ask("POST", "/me/totp/confirm", {"code": app.now()})
    assert answered.status == 200
    return app, answered.body["recovery_codes"]


def next_code(app: pyotp.TOTP) -> str:
    """Of the half minute that follows: phones' clocks differ."""
    return app.at(int(time.time()), counter_offset=1)


async def test_signing_in_takes_a_code(both: Api, ayu: Browser) -> None:
    """Without one it is asked for; other sessions have ended, as they had none."""
    other = browser_of(both)
    await other.sign_in()
    app, codes = await turned_on(ayu)
    assert (len(set(codes)), (await ayu.ask("GET", "/session")).body["user"]["totp"]) == (10, True)
    assert (await other.ask("GET", "/session")).status == 401
    asked = await other.sign_in()
    assert (asked.status, asked.code, asked.cookie) == (401, "totp_required", "")
    assert (await other.sign_in(totp=next_code(app))).status == 200


async def test_a_code_opens_once(both: Api, ayu: Browser) -> None:
    """Nor does one that is older than the last."""
    app, _ = await turned_on(ayu)
    code, used = next_code(app), app.now()
    assert (await browser_of(both).sign_in(totp=code)).status == 200
    for again in (code, used):
        assert (await browser_of(both).sign_in(totp=again)).code == "totp_invalid"


async def test_ten_wrong_codes_are_enough_from_everywhere(both: Api, ayu: Browser) -> None:
    """Of all browsers of the user in sum; then the right one has to wait, too."""
    app, _ = await turned_on(ayu)
    for n in range(MOST_OF_ONE):
        browser = ayu if n % 2 else browser_of(both)
        assert (await browser.sign_in(totp="12345x")).code == "totp_invalid"
    for browser in (ayu, browser_of(both)):
        assert (await browser.sign_in(totp=next_code(app))).code == "too_many_tries"


async def test_a_recovery_code_opens_once(both: Api, ayu: Browser) -> None:
    """However it is typed."""
    _, codes = await turned_on(ayu)
    typed = codes[0].upper().replace("-", " ")
    assert (await browser_of(both).sign_in(recovery_code=typed)).status == 200
    for code in (codes[0], "aaaa-aaaa-aaaa-aaaa"):
        assert (await browser_of(both).sign_in(recovery_code=code)).code == "totp_invalid"
    assert (await browser_of(both).sign_in(recovery_code=codes[1])).status == 200


@pytest.mark.parametrize("code", ["000000x", "abcdefg", "１２３４５６"])
async def test_nothing_is_on_before_a_code_is_confirmed(both: Api, ayu: Browser, code: str) -> None:
    """A wrong code confirms nothing; who only began signs in as before."""
    await enrolled(ayu)
    assert (await ayu.ask("POST", "/me/totp/confirm", {"code": code})).code == "totp_invalid"
    assert (await browser_of(both).sign_in()).status == 200


async def test_it_takes_the_password_to_begin_and_to_end(both: Api, ayu: Browser) -> None:
    """A session that was left open is not enough."""
    assert (await ayu.ask("POST", "/me/totp", {"password": "wrong"})).code == "password_wrong"
    assert (await ayu.ask("POST", "/me/totp/confirm", {"code": "123456"})).code == "totp_not_enrolled"
    await turned_on(ayu)
    assert (await ayu.ask("POST", "/me/totp", {"password": PASSWORD})).code == "totp_already_on"
    assert (await ayu.ask("DELETE", "/me/totp", {"password": "wrong"})).code == "password_wrong"
    assert (await browser_of(both).sign_in()).code == "totp_required"
    assert (await ayu.ask("DELETE", "/me/totp", {"password": PASSWORD})).status == 204
    assert (await browser_of(both).sign_in()).status == 200


async def test_the_database_has_neither_secret_nor_codes(both: Api, ayu: Browser) -> None:
    """The one is sealed, the others are hashed."""
    app, codes = await turned_on(ayu)
    rows = str(await both.rows("SELECT totp_sealed FROM owner ORDER BY id"))
    rows += str(await both.rows("SELECT code_hash FROM recovery_code ORDER BY code_hash"))
    assert not [secret for secret in (app.secret, *codes) if secret in rows]
