"""What a user decides about themselves."""

import pytest

from merpati.accounts.actions import ProfileChange, update_profile
from merpati.accounts.tries import MOST_OF_ONE
from tests.api.harness import Api
from tests.api.v1.browser import EVE, PASSWORD, STRANGERS_EMAIL, Browser, browser_of, program_of, signed_in

NEW = "lebih rahasia lagi"


async def test_a_profile_changes_where_it_is_told_to(ayu: Browser) -> None:
    """What is left out stays; the number is kept as digits."""
    change = {"name": " Ayu  Lestari ", "phone": "0812-3456-7890", "theme": "dark", "time_zone": "Asia/Makassar"}
    changed = (await ayu.ask("PATCH", "/me", change)).body
    assert changed["name"] == "Ayu Lestari"
    assert (changed["phone"], changed["theme"], changed["language"]) == ("6281234567890", "dark", "auto")
    assert (await ayu.ask("PATCH", "/me", {"language": "en"})).body == {**changed, "language": "en"}
    assert (await ayu.ask("PATCH", "/me", {"phone": None})).body["phone"] is None
    assert (await ayu.ask("GET", "/session")).body["user"]["time_zone"] == "Asia/Makassar"


@pytest.mark.parametrize("login", [" AYU@Toko.id ", "0812-3456-7890", "+62 812 3456 7890", "6281234567890"])
async def test_one_signs_in_by_email_or_number_in_any_form(both: Api, ayu: Browser, login: str) -> None:
    """As people type them."""
    await ayu.ask("PATCH", "/me", {"phone": "6281234567890"})
    assert (await browser_of(both).sign_in(login)).status == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone"),
        ({"time_zone": "localtime"}, "time_zone"),
        ({"time_zone": "Factory"}, "time_zone"),
        ({"phone": "12"}, "phone"),
        ({"name": "x" * 61}, "name"),
        ({"name": "a\u0007b"}, "name"),
        ({"language": "de"}, "language"),
        ({"theme": 1}, "theme"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field(ayu: Browser, change: dict[str, object], field: str) -> None:
    """And nothing is changed."""
    answered = await ayu.ask("PATCH", "/me", {"name": "New", **change})
    assert (answered.status, [each["field"] for each in answered.body["errors"]]) == (422, [field])
    assert (await ayu.ask("GET", "/session")).body["user"]["name"] == ""


async def test_a_number_is_one_user_s(both: Api, ayu: Browser) -> None:
    """It is a name to sign in with."""
    eve = await signed_in(both, STRANGERS_EMAIL)
    await eve.ask("PATCH", "/me", {"phone": "6281234567890"})
    answered = await ayu.ask("PATCH", "/me", {"phone": "081234567890"})
    assert (answered.status, answered.code) == (409, "phone_taken")
    assert (await eve.ask("PATCH", "/me", {"phone": "081234567890"})).status == 200
    assert await both.storage.write(update_profile, EVE, ProfileChange(phone=None)) is not None


async def test_a_user_s_language_comes_before_the_browser_s(ayu: Browser) -> None:
    """From the next request on."""
    await ayu.ask("PATCH", "/me", {"language": "en"})
    answered = await ayu.ask("DELETE", "/sessions/9", headers={"Accept-Language": "id"})
    assert answered.body["title"] == "Not found"


async def test_another_password_ends_the_other_sessions(both: Api, ayu: Browser) -> None:
    """The old one opens nothing any more; who changed it stays signed in."""
    other = browser_of(both)
    await other.sign_in()
    form = {"old_password": PASSWORD, "new_password": NEW}
    assert (await ayu.ask("POST", "/me/password", form)).status == 204
    assert [(await each.ask("GET", "/session")).status for each in (ayu, other)] == [200, 401]
    assert (await other.sign_in()).code == "sign_in_failed"
    assert (await other.sign_in(password=NEW)).status == 200


async def test_who_does_not_know_the_password_does_not_change_it(ayu: Browser) -> None:
    """Nor guess it from a session."""
    wrong = {"old_password": "wrong password", "new_password": NEW}
    for _ in range(MOST_OF_ONE):
        assert (await ayu.ask("POST", "/me/password", wrong)).code == "password_wrong"
    right = {"old_password": PASSWORD, "new_password": NEW}
    assert (await ayu.ask("POST", "/me/password", right)).code == "too_many_tries"


async def test_a_short_password_is_refused(ayu: Browser) -> None:
    """Before the old one is looked at."""
    answered = await ayu.ask("POST", "/me/password", {"old_password": "x", "new_password": "short"})
    assert (answered.status, answered.body["errors"][0]["field"]) == (422, "new_password")


async def test_a_new_account_token_ends_the_old_one(both: Api, ayu: Browser) -> None:
    """It is shown once."""
    program = program_of(both)
    assert (await program.ask("GET", "/session")).status == 200
    made = await ayu.ask("POST", "/account/token")
    assert made.status == 200, made
    assert (await program.ask("GET", "/session")).code == "token_invalid"
    program.headers["Authorization"] = f"Bearer {made.body['token']}"
    assert (await program.ask("GET", "/session")).status == 200
    assert (await program.ask("POST", "/account/token")).code == "person_required"
