"""The one-time link, for a page of ours."""

from merpati.accounts.actions import create_invitation
from merpati.core.clock import Millis
from merpati.core.tokens import hash_token
from tests.api.harness import Api
from tests.api.v1.browser import PASSWORD, Browser, browser_of

TOKEN = "t" * 43
FORM = {"email": " Budi@Toko.id", "password": PASSWORD}


async def invited(api: Api) -> Browser:
    await api.storage.write(create_invitation, hash_token(TOKEN), Millis(2**52))
    await api.gateway.ids.take("account", 2)  # those that the harness made by itself
    return browser_of(api)


async def test_the_link_opens_an_account_once(both: Api) -> None:
    """Its owner is signed in; the account's token is shown, works, and the link is used up."""
    budi = await invited(both)
    assert (await budi.ask("GET", f"/setup/{TOKEN}")).status == 200
    made = await budi.ask("POST", f"/setup/{TOKEN}", FORM)
    assert (made.status, made.body["session"]["user"]["email"]) == (201, "budi@toko.id")
    assert (await budi.ask("GET", "/session")).body["account"] == made.body["session"]["account"]
    program = browser_of(both)
    program.headers["Authorization"] = f"Bearer {made.body['account_token']}"
    assert (await program.ask("GET", "/session")).body["account"] == made.body["session"]["account"]
    for method, form in (("GET", None), ("POST", {**FORM, "email": "c@toko.id"})):
        answered = await browser_of(both).ask(method, f"/setup/{TOKEN}", form)
        assert (answered.status, answered.code) == (404, "invitation_invalid")


async def test_what_is_refused_leaves_the_link_good(both: Api) -> None:
    """Each by its field; another site's page is not let in."""
    budi = await invited(both)
    path = f"/setup/{TOKEN}"
    for form, field in (({**FORM, "email": "budi"}, "email"), ({**FORM, "password": "short"}, "password")):
        answered = await budi.ask("POST", path, form)
        assert (answered.status, answered.body["errors"][0]["field"]) == (422, field)
    foreign = await budi.ask("POST", path, FORM, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.code == "origin_foreign"
    assert (await budi.ask("POST", path, FORM)).status == 201
