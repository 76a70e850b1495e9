"""Who asks the API in tests: a browser with its cookie, or a program with a token."""

import functools
from collections.abc import Mapping, Sequence
from http.cookies import SimpleCookie
from json import loads
from typing import Any, NamedTuple

import aiohttp
from argon2 import PasswordHasher

from merpati.accounts.actions import create_owner
from merpati.core.ids import AccountId, UserId
from merpati.storage.port import Storage
from tests.api.harness import ACCOUNT, STRANGER, TOKENS, Api

SESSION, NOTE = "merpati_session", "merpati_browser"
EMAIL, PASSWORD = "ayu@toko.id", "rahasia sekali"
STRANGERS_EMAIL = "eve@toko.id"
AYU, EVE = UserId(1), UserId(2)


class Answered(NamedTuple):
    """An answer; `body` is its JSON, None where there is none."""

    status: int
    body: Any
    headers: Mapping[str, str]
    cookie: str
    """The `Set-Cookie` header of the session as it came."""

    @property
    def code(self) -> str:
        """The code of a problem, which has the form of one."""
        assert self.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "detail", "code", "errors"} <= set(self.body)
        assert self.body["status"] == self.status
        return str(self.body["code"])


class Browser:
    """Keeps its cookie and sends the CSRF token with what it changes, as a page of ours does."""

    def __init__(self, client: aiohttp.ClientSession, url: str) -> None:
        self.client, self.url = client, url
        self.cookie, self.note = "", ""
        self.headers: dict[str, str] = {}

    async def ask(
        self, method: str, path: str, json: object = None, headers: Mapping[str, str] | None = None, **more: object
    ) -> Answered:
        address = f"{self.url}/api/v1{path}"
        given: Any = {"json": json, **more} if json is not None else more
        async with self.client.request(method, address, headers=self._sent(headers), **given) as answer:
            text, cookies = await answer.text(), answer.headers.getall("Set-Cookie", [])
            self._keep(cookies)
            is_json = "json" in answer.headers.get("Content-Type", "")
            cookie = next((each for each in cookies if each.startswith(SESSION)), "")
            return Answered(answer.status, loads(text) if is_json else text or None, answer.headers, cookie)

    async def look(self, path: str, **headers: str) -> tuple[int, bytes, Mapping[str, str]]:
        """Status, body and headers of what may be no JSON."""
        async with self.client.get(f"{self.url}{path}", headers=self._sent(headers)) as answer:
            return answer.status, await answer.read(), answer.headers

    def _sent(self, headers: Mapping[str, str] | None) -> dict[str, str]:
        sent = {**self.headers, **(headers or {})}
        kept = {SESSION: self.cookie, NOTE: self.note}
        if any(kept.values()):
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in kept.items() if value)
        return sent

    def _keep(self, cookies: Sequence[str]) -> None:
        for cookie in cookies:
            for name, morsel in SimpleCookie(cookie).items():
                if name == SESSION:
                    self.cookie = morsel.value
                if name == NOTE:
                    self.note = morsel.value

    async def sign_in(self, login: str = EMAIL, password: str = PASSWORD, **more: object) -> Answered:
        answered = await self.ask("POST", "/session", {"login": login, "password": password, **more})
        if answered.status == 200:
            self.headers["X-CSRF-Token"] = answered.body["csrf_token"]
        return answered


def browser_of(api: Api) -> Browser:
    return Browser(api.client, api.url)


def program_of(api: Api, token: str = "account") -> Browser:
    """A program with an account's token; `token` is a name in the harness's `TOKENS`."""
    program = browser_of(api)
    program.headers["Authorization"] = f"Bearer {TOKENS[token]}"
    return program


@functools.cache
def _cheap_hash(password: str) -> str:
    """As a stored one, but checked in a millisecond: what it costs is said in it."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


async def have_owner(
    storage: Storage, id_: UserId = AYU, account: AccountId = ACCOUNT, email: str = EMAIL, password: str = PASSWORD
) -> None:
    await storage.write(create_owner, id_, account, email, _cheap_hash(password))


async def signed_in(api: Api, email: str = EMAIL) -> Browser:
    """A browser that has signed in, as an owner who is made where there is none."""
    id_, account = (AYU, ACCOUNT) if email == EMAIL else (EVE, STRANGER)
    await have_owner(api.storage, id_, account, email)
    browser = browser_of(api)
    assert (await browser.sign_in(email)).status == 200
    return browser
