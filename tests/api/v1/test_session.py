"""Signing in and out, who one is, and who is not let in."""

import re
from pathlib import Path

import pytest

from merpati.accounts.actions import create_owner
from merpati.accounts.tries import MOST_BY_ADDRESS, MOST_OF_ONE
from merpati.core.ids import UserId
from tests.api.conftest import api_on_sqlite
from tests.api.harness import ACCOUNT, TOKENS, Api
from tests.api.v1.browser import (
    AYU,
    EMAIL,
    PASSWORD,
    STRANGERS_EMAIL,
    Browser,
    browser_of,
    have_owner,
    program_of,
    signed_in,
)

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def test_signing_in_opens_a_session(stranger: Browser) -> None:
    """The answer says who one is and carries the CSRF token; the cookie alone is enough from then on."""
    answered = await stranger.sign_in()
    assert answered.status == 200
    assert answered.body["user"] == {
        "id": AYU,
        "email": EMAIL,
        "name": "",
        "phone": None,
        "language": "auto",
        "theme": "system",
        "time_zone": "Asia/Jakarta",
        "totp": False,
    }
    assert answered.body["account"] == {"id": ACCOUNT, "name": "account"}
    assert INSTANT.fullmatch(answered.body["server_time"])
    again = await stranger.ask("GET", "/session")
    assert again.status == 200
    assert {**again.body, "server_time": ""} == {**answered.body, "server_time": ""}


async def test_the_cookie_is_out_of_reach(stranger: Browser) -> None:
    """No script reads it, no other site sends it, and it lives for thirty days."""
    cookie = (await stranger.sign_in()).cookie
    parts = {part.strip().lower() for part in cookie.split(";")}
    assert {"httponly", "samesite=lax", "path=/", "max-age=2592000"} <= parts
    assert "secure" not in parts
    assert stranger.cookie not in str((await stranger.ask("GET", "/session")).body)


async def test_behind_https_the_cookie_goes_no_other_way(tmp_path: Path) -> None:
    """`Secure`, when the public address is https."""
    async with api_on_sqlite(tmp_path, public_url="https://wa.toko.id") as api:
        await have_owner(api.storage)
        cookie = (await browser_of(api).sign_in()).cookie
        assert "secure" in {part.strip().lower() for part in cookie.split(";")}


async def test_a_wrong_password_and_an_unknown_name_are_told_alike(stranger: Browser) -> None:
    """The same status, code and words."""
    wrong = await stranger.sign_in(password="wrong password")
    unknown = await stranger.sign_in("nobody@toko.id")
    assert (wrong.status, wrong.code, wrong.cookie) == (401, "sign_in_failed", "")
    assert wrong.body == unknown.body


async def test_signing_out_ends_the_session_at_once(ayu: Browser) -> None:
    """The cookie is dropped by the browser, and worth nothing to who kept it."""
    kept = ayu.cookie
    answered = await ayu.ask("DELETE", "/session")
    assert (answered.status, answered.body) == (204, None)
    assert "max-age=0" in answered.cookie.lower()
    ayu.cookie = kept
    assert (await ayu.ask("GET", "/session")).code == "not_signed_in"


async def test_a_program_brings_its_account_token(both: Api) -> None:
    """No user, no CSRF token; what needs a person is refused."""
    program = program_of(both)
    answered = await program.ask("GET", "/session")
    assert answered.status == 200
    assert (answered.body["account"]["id"], answered.body["user"], answered.body["csrf_token"]) == (
        ACCOUNT,
        None,
        None,
    )
    assert (await program.ask("DELETE", "/session")).code == "person_required"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer nobody's"},
        {"Authorization": f"Bearer {TOKENS['one']}"},
        {"Authorization": TOKENS["account"]},
        {"Authorization": "Basic YTpi"},
        {"Cookie": "merpati_session=nobody's"},
        {},
    ],
)
async def test_who_brings_nothing_good_is_not_let_in(stranger: Browser, headers: dict[str, str]) -> None:
    """401 with a scheme to use; a device's token is none of this API's."""
    answered = await stranger.ask("GET", "/session", headers=headers)
    assert (answered.status, answered.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answered.code == ("token_invalid" if "Authorization" in headers else "not_signed_in")


@pytest.mark.parametrize("token", ["", "wrong", "0" * 64])
async def test_a_change_without_the_csrf_token_is_refused(ayu: Browser, token: str) -> None:
    """And nothing is changed."""
    answered = await ayu.ask("DELETE", "/session", headers={"X-CSRF-Token": token})
    assert (answered.status, answered.code) == (403, "csrf_invalid")
    assert (await ayu.ask("GET", "/session")).status == 200


async def test_another_session_s_csrf_token_is_none(both: Api, ayu: Browser) -> None:
    """It belongs to one session."""
    other = browser_of(both)
    await other.sign_in()
    other.headers["X-CSRF-Token"] = ayu.headers["X-CSRF-Token"]
    assert (await other.ask("DELETE", "/session")).code == "csrf_invalid"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_no_other_site_signs_somebody_in(stranger: Browser, headers: dict[str, str]) -> None:
    """Otherwise it could sign a visitor in as somebody else."""
    answered = await stranger.ask("POST", "/session", {"login": EMAIL, "password": PASSWORD}, headers=headers)
    assert (answered.status, answered.code, answered.cookie) == (403, "origin_foreign", "")


async def test_a_page_of_ours_signs_in(stranger: Browser) -> None:
    """By the address in front of which we stand."""
    form = {"login": EMAIL, "password": PASSWORD}
    for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": stranger.url}):
        assert (await stranger.ask("POST", "/session", form, headers=headers)).status == 200


async def test_ten_wrong_passwords_are_enough(stranger: Browser) -> None:
    """Then the right one is refused too, with the time when to try again; an unknown name is counted alike."""
    for login in (EMAIL, "nobody@toko.id"):
        for _ in range(MOST_OF_ONE):
            assert (await stranger.sign_in(login, "wrong password")).code == "sign_in_failed"
        refused = await stranger.sign_in(login)
        assert (refused.status, refused.code) == (429, "too_many_tries")
        assert INSTANT.fullmatch(refused.body["retry_at"])
        assert 0 < int(refused.headers["Retry-After"]) <= 900


async def test_a_right_password_forgets_the_wrong_ones(stranger: Browser) -> None:
    """Ten in a row, not ten in a day."""
    for _ in range(2):
        for _ in range(MOST_OF_ONE - 1):
            await stranger.sign_in(password="wrong password")
        assert (await stranger.sign_in()).status == 200


async def test_a_browser_of_theirs_is_let_in_whatever_others_try(both: Api, ayu: Browser) -> None:
    """From the same network too; their own wrong passwords count for it alone."""
    other, fresh = browser_of(both), browser_of(both)
    for _ in range(MOST_OF_ONE + 1):
        last = await other.sign_in(password="wrong password")
    assert [each.code for each in (last, await fresh.sign_in())] == ["too_many_tries"] * 2
    await ayu.ask("DELETE", "/session")
    assert (await ayu.sign_in()).status == 200
    for _ in range(MOST_OF_ONE):
        assert (await ayu.sign_in(password="wrong password")).code == "sign_in_failed"
    assert (await ayu.sign_in()).code == "too_many_tries"


@pytest.mark.parametrize("note", ["", "x", "AAAA", "🦆", "-_.", "another's"])
async def test_a_note_that_is_not_ours_changes_nothing(both: Api, stranger: Browser, note: str) -> None:
    """Nor does one of another user's browser."""
    eve, guessing = await signed_in(both, STRANGERS_EMAIL), stranger
    for _ in range(MOST_OF_ONE):
        guessing.note = eve.note if note == "another's" else note
        assert (await guessing.sign_in(password="wrong password")).code == "sign_in_failed"
    assert (await guessing.sign_in(password="wrong password")).code == "too_many_tries"


async def test_one_address_cannot_try_every_name(stranger_on_sqlite: Browser) -> None:
    """What one name allows, many names do not."""
    stranger = stranger_on_sqlite
    codes = [(await stranger.sign_in(f"{n}@toko.id", "x")).code for n in range(MOST_BY_ADDRESS + 1)]
    assert codes == ["sign_in_failed"] * MOST_BY_ADDRESS + ["too_many_tries"]
    assert (await stranger.sign_in()).code == "too_many_tries"


async def test_two_owners_have_sessions_of_their_own(both: Api, ayu: Browser) -> None:
    """Who signs out ends no other session."""
    await both.storage.write(create_owner, UserId(3), ACCOUNT, "budi@toko.id", "hash")
    second = browser_of(both)
    await second.sign_in()
    await ayu.ask("DELETE", "/session")
    assert (await second.ask("GET", "/session")).status == 200
