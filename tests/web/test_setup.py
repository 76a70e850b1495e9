"""The one-time link's page: it makes an owner once, in both languages, and shows nothing twice."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple, cast

import aiohttp
import pytest
from litestar import Litestar

from merpati.accounts.actions import create_invitation
from merpati.accounts.passwords import verify_password
from merpati.accounts.views import accounts_by_token_hashes, find_owner, sealed_account_token
from merpati.api.fonnte.door import Handler
from merpati.api.server import listen, serving
from merpati.core.clock import Millis
from merpati.core.tokens import Sealer, hash_token
from merpati.locale.accepted import preferred
from merpati.storage.ids import Ids
from merpati.storage.port import Storage
from merpati.web.setup import setup_routes

TOKEN, SEALER = "t" * 43, Sealer(b"k" * 32)
FORM = {"email": " Ayu@Toko.example", "password": "rahasia sekali"}


class Answered(NamedTuple):
    """What a browser gets."""

    status_code: int
    text: str
    headers: Mapping[str, str]


class Browser:
    """Asks a server for pages, as a browser does."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answered:
        async with self._session.get(path, headers=headers) as answer:
            return Answered(answer.status, await answer.text(), answer.headers)

    async def post(self, path: str, data: Mapping[str, str]) -> Answered:
        async with self._session.post(path, data=data) as answer:
            return Answered(answer.status, await answer.text(), answer.headers)


@pytest.fixture
async def page(storage: Storage) -> AsyncIterator[Browser]:
    await storage.write(create_invitation, hash_token(TOKEN), Millis(2**52))
    app = cast(Handler, Litestar(setup_routes(storage, Ids(storage), SEALER), openapi_config=None))
    door = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{door.getsockname()[1]}"
    async with serving(app, door), aiohttp.ClientSession(address) as session:
        yield Browser(session)


async def test_the_link_makes_an_owner_once(page: Browser, storage: Storage) -> None:
    """The owner signs in with what was typed; the account's token is shown, works, and the link is used up."""
    made = await page.post(f"/setup/{TOKEN}", data=FORM)
    assert made.status_code == 201
    owner = await storage.read(find_owner, "ayu@toko.example")
    assert owner is not None
    assert await verify_password(owner.password_hash, FORM["password"])
    shown = re.findall(r"<code>([^<]+)</code>", made.text)[0]
    assert set(await storage.read(accounts_by_token_hashes, [hash_token(shown)])) == {hash_token(shown)}
    sealed = await storage.read(sealed_account_token, owner.account)
    assert SEALER.unseal("account", owner.account, sealed or "") == shown
    again = await page.post(f"/setup/{TOKEN}", data={**FORM, "email": "b@toko.example"})
    assert (again.status_code, (await page.get(f"/setup/{TOKEN}")).status_code) == (404, 404)
    assert await storage.read(find_owner, "b@toko.example") is None


async def test_looking_does_not_use_the_link_up(page: Browser) -> None:
    """A messenger that previews the link changes nothing."""
    first, second = [await page.get(f"/setup/{TOKEN}") for _ in range(2)]
    assert (first.status_code, second.status_code) == (200, 200)
    assert 'type="password"' in second.text


@pytest.mark.parametrize(
    ("form", "field"),
    [({**FORM, "email": "ayu"}, "email"), ({**FORM, "password": "pendek"}, "password"), ({}, "email")],
)
async def test_what_is_wrong_is_said_beside_the_field(page: Browser, form: dict[str, str], field: str) -> None:
    """The form comes back with what was typed, but no password, and the link still works."""
    refused = await page.post(f"/setup/{TOKEN}?lang=en", data=form)
    assert refused.status_code == 422
    marked = re.findall(r'<input id="(\w+)"[^>]*aria-invalid="true"', refused.text)
    assert (marked, 'role="alert"' in refused.text) == ([field], True)
    assert FORM["password"] not in refused.text
    assert (await page.post(f"/setup/{TOKEN}", data=FORM)).status_code == 201


async def test_what_was_typed_is_no_markup(page: Browser) -> None:
    """It comes back escaped."""
    refused = await page.post(f"/setup/{TOKEN}", data={"email": '"><script>x</script>', "password": "x"})
    assert "<script>" not in refused.text


async def test_an_unknown_or_expired_link_is_explained(page: Browser, storage: Storage) -> None:
    """In words, with what to do; nothing is created."""
    unknown = await page.post("/setup/other?lang=en", data=FORM)
    assert (unknown.status_code, "merpati user invite" in unknown.text) == (404, True)
    await storage.write(create_invitation, hash_token(TOKEN), Millis(1))
    assert (await page.get(f"/setup/{TOKEN}")).status_code == 404
    assert await storage.read(find_owner, "ayu@toko.example") is None


async def test_no_other_page_learns_the_link(page: Browser) -> None:
    """The address holds the secret: no referrer, no copy kept, nothing foreign on the page."""
    headers = (await page.get(f"/setup/{TOKEN}")).headers
    assert (headers["referrer-policy"], headers["cache-control"]) == ("no-referrer", "no-store")
    assert headers["content-security-policy"].startswith("default-src 'none'")


async def test_the_page_speaks_both_languages(page: Browser) -> None:
    """The browser's, unless the address asks for another."""
    english = await page.get(f"/setup/{TOKEN}", headers={"Accept-Language": "en-GB,en;q=0.9,id;q=0.8"})
    assert '<html lang="en">' in english.text
    asked = await page.get(f"/setup/{TOKEN}?lang=id", headers={"Accept-Language": "en"})
    assert '<html lang="id">' in asked.text


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("", "id"), ("de", "id"), ("en;q=0.1,id;q=0.9", "id"), ("de,en;q=0.5", "en"), ("en;q=x", "id"), ("*", "id")],
)
def test_the_browser_says_what_it_prefers(accepted: str, language: str) -> None:
    """By weight; what we do not speak does not count."""
    assert preferred(accepted) == language
