"""Where one is signed in, and how that ends."""

import base64

import pytest

from merpati.accounts.model import SESSION_MS
from merpati.core.facts import SignedOut
from merpati.core.ids import AccountId
from merpati.storage.port import Tx
from tests.api.harness import Api
from tests.api.v1.browser import AYU, STRANGERS_EMAIL, Browser, browser_of, program_of, signed_in
from tests.devices.rig import facts_of


async def second(api: Api) -> Browser:
    """Another browser of the same user."""
    browser = browser_of(api)
    await browser.sign_in()
    return browser


async def ids_of(browser: Browser) -> list[int]:
    return [item["id"] for item in (await browser.ask("GET", "/sessions")).body["items"]]


async def test_a_user_sees_where_they_are_signed_in(both: Api, ayu: Browser) -> None:
    """Newest first, with the one that asks marked; nobody else's, and no token."""
    await signed_in(both, STRANGERS_EMAIL)
    phone = browser_of(both)
    phone.headers["User-Agent"] = "a phone"
    await phone.sign_in()
    listed = await ayu.ask("GET", "/sessions")
    newest, first = listed.body["items"]
    assert listed.body["next"] is None
    assert (newest["agent"], newest["current"], first["current"]) == ("a phone", False, True)
    assert newest["address"] == "127.0.0.1"
    assert phone.cookie not in str(listed.body)


async def test_a_session_that_is_revoked_is_refused_at_once(both: Api, ayu: Browser) -> None:
    """The other goes on; whoever streams to it hears of it in the log."""
    other = await second(both)
    newest, _ = await ids_of(ayu)
    assert (await ayu.ask("DELETE", f"/sessions/{newest}")).status == 204
    assert (await other.ask("GET", "/session")).code == "not_signed_in"
    assert (await ayu.ask("GET", "/session")).status == 200
    told = [entry.fact for entry in await facts_of(both.storage) if isinstance(entry.fact, SignedOut)]
    assert told == [SignedOut(AYU, [newest])]  # type: ignore[list-item]  # JSON knows no SignInId
    assert (await ayu.ask("DELETE", f"/sessions/{newest}")).code == "session_unknown"


async def test_all_others_can_be_revoked(both: Api, ayu: Browser) -> None:
    """But the one that asks stays."""
    others = [await second(both) for _ in range(2)]
    assert (await ayu.ask("DELETE", "/sessions")).status == 204
    assert [(await other.ask("GET", "/session")).status for other in others] == [401, 401]
    assert len(await ids_of(ayu)) == 1


async def test_revoking_one_s_own_session_forgets_the_cookie(ayu: Browser) -> None:
    """It is signing out."""
    (mine,) = await ids_of(ayu)
    assert "max-age=0" in (await ayu.ask("DELETE", f"/sessions/{mine}")).cookie.lower()


async def test_another_s_session_is_not_there(both: Api, ayu: Browser) -> None:
    """As one that never was, or cannot be."""
    eve = await signed_in(both, STRANGERS_EMAIL)
    (theirs,) = await ids_of(eve)
    for id_ in (theirs, 999_999, 2**70, 0):
        answered = await ayu.ask("DELETE", f"/sessions/{id_}")
        assert (answered.status, answered.code) == (404, "session_unknown")
    assert (await eve.ask("GET", "/session")).status == 200
    assert not [entry for entry in await facts_of(both.storage, AccountId(2)) if isinstance(entry.fact, SignedOut)]


async def test_a_program_has_no_sessions(both: Api) -> None:
    """It signs in nowhere."""
    program = program_of(both)
    for method, path in (("GET", "/sessions"), ("DELETE", "/sessions"), ("DELETE", "/sessions/1")):
        answered = await program.ask(method, path)
        assert (answered.status, answered.code) == (403, "person_required")


async def test_a_list_comes_in_pages(both: Api, ayu: Browser) -> None:
    """Each session once, until `next` is null."""
    for _ in range(4):
        await second(both)
    seen: list[int] = []
    cursor, pages = "", 0
    while True:
        page = (await ayu.ask("GET", f"/sessions?limit=2{cursor}")).body
        seen += [item["id"] for item in page["items"]]
        pages += 1
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert (pages, len(seen), seen) == (3, 5, sorted(seen, reverse=True))


def coded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    ["x", "%00", "W10", "é", *map(coded, ("[-1]", "[1,2]", "[9223372036854775808]", '["a"]'))],
)
async def test_a_cursor_of_nobody_is_refused(ayu: Browser, cursor: str) -> None:
    """400, and no page."""
    answered = await ayu.ask("GET", f"/sessions?cursor={cursor}")
    assert (answered.status, answered.code) == (400, "cursor_invalid")


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many"])
async def test_a_page_has_one_to_two_hundred_items(ayu: Browser, limit: str) -> None:
    """The field is named."""
    answered = await ayu.ask("GET", f"/sessions?limit={limit}")
    assert (answered.status, answered.body["errors"][0]["field"]) == (422, "limit")


async def test_a_session_is_written_once_a_minute(both: Api, ayu: Browser) -> None:
    """When it was seen, and so how long it lives; a request in between writes nothing."""
    (before,) = await both.rows("SELECT seen_at FROM session")
    await ayu.ask("GET", "/session")
    assert await both.rows("SELECT seen_at FROM session") == [before]

    async def age(tx: Tx) -> None:
        await tx.run("UPDATE session SET seen_at = seen_at - 60000, expires_at = expires_at - 60000")

    await both.storage.write(age)
    await ayu.ask("GET", "/session")
    ((seen_at, expires_at),) = await both.rows("SELECT seen_at, expires_at FROM session")
    assert seen_at >= before[0]
    assert expires_at == seen_at + SESSION_MS
