"""`merpati user`: accounts and the people who sign in to them."""

import secrets
import string
import sys
from typing import NamedTuple

import click

from merpati.accounts.actions import change_password, create_account, create_invitation, create_owner
from merpati.accounts.model import Account, Owner, check_email
from merpati.accounts.passwords import check_password, hash_password
from merpati.accounts.views import accounts, find_owner, owners
from merpati.cli.opened import Opened, choose_account, opened
from merpati.cli.printing import json_option, print_json, print_table
from merpati.cli.settings import settings_options
from merpati.cli.spoken import SpokenGroup, SpokenOption, language_option, words
from merpati.cli.troubles import Trouble, run
from merpati.core.clock import DAY_MS, Clock, Millis
from merpati.core.ids import AccountId, UserId
from merpati.core.tokens import hash_token, new_account_token, new_link_token
from merpati.storage.port import Storage, Tx

INVITATION_MS = DAY_MS
_LETTERS = string.ascii_letters + string.digits


@click.group("user", cls=SpokenGroup, help="cli.help.user")
@language_option
@settings_options("data", "database")
def user() -> None:
    pass


# -- passwords --


class Password(NamedTuple):
    """A password, and whether its owner has yet to be told."""

    text: str
    made: bool


def ask_password(*, generate: bool) -> Password:
    """A made one, or one typed twice at a terminal, or the first line of standard input.

    Never an argument: those can be read by everybody on the machine. Raises `Refusal(INPUT_INVALID)`.
    """
    if generate:
        return Password(new_password(), made=True)
    if sys.stdin.isatty():
        typed = click.prompt(words("cli.user.password"), hide_input=True, confirmation_prompt=True)
    else:
        typed = sys.stdin.readline().rstrip("\r\n")
    return Password(check_password(typed), made=False)


def new_password() -> str:
    """95 random bits, in a form that can be read out."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


generate_option = click.option("--generate", is_flag=True, cls=SpokenOption, help="cli.help.user.generate")


# -- commands --


@user.command("add", help="cli.help.user.add")
@click.argument("email")
@click.option("--account", metavar="ACCOUNT", cls=SpokenOption, help="cli.help.user.account")
@click.option("--name", cls=SpokenOption, help="cli.help.user.name")
@generate_option
@json_option
@settings_options("data", "database")
@language_option
def add(email: str, account: str | None, name: str | None, generate: bool, as_json: bool) -> None:
    run(_add(email, account, name, generate=generate, as_json=as_json))


async def _add(email: str, account: str | None, name: str | None, *, generate: bool, as_json: bool) -> None:
    email = check_email(email)
    password = ask_password(generate=generate)
    async with opened(make=True) as at:
        made = await add_owner(at, email, password.text, account=account, name=name or "")
    shown: dict[str, object] = {"account": made.owner.account, "email": email}
    if password.made:
        shown["password"] = password.text
    if made.account_token:
        shown["account_token"] = made.account_token
    if as_json:
        print_json(shown)
        return
    click.echo(words("cli.user.added", email=email, account=made.owner.account))
    if password.made:
        click.echo(words("cli.user.shown_password", password=password.text))
    if made.account_token:
        click.echo(words("cli.user.shown_token", token=made.account_token))


class Added(NamedTuple):
    """An owner, and the token of the account that was opened for them; empty: it was there before."""

    owner: Owner
    account_token: str


async def add_owner(at: Opened, email: str, password: str, *, account: str | None, name: str) -> Added:
    """Make an owner, and an account of their own unless `account` names one; raises `Refusal(EMAIL_TAKEN)`."""
    owner_id = UserId((await at.ids.take("user"))[0])
    password_hash = await hash_password(password)
    if account is not None:
        chosen = await at.storage.read(choose_account, account)
        return Added(await at.storage.write(create_owner, owner_id, chosen.id, email, password_hash), "")
    account_id = AccountId((await at.ids.take("account"))[0])
    token = new_account_token()
    sealed = at.sealer().seal_token("account", account_id, token)

    async def create_both(tx: Tx) -> Owner:
        await create_account(tx, account_id, name or email, sealed)
        return await create_owner(tx, owner_id, account_id, email, password_hash)

    return Added(await at.storage.write(create_both), token)


@user.command("list", help="cli.help.user.list")
@json_option
@settings_options("data", "database")
@language_option
def list_(as_json: bool) -> None:
    run(_list(as_json=as_json))


async def _list(*, as_json: bool) -> None:
    async with opened() as at:
        known, names = await at.storage.read(_people)
    if as_json:
        print_json([{"email": o.email, "account": o.account, "account_name": names[o.account].name} for o in known])
    else:
        rows = [(owner.email, str(owner.account), names[owner.account].name) for owner in known]
        print_table(("email", "account", "name"), rows, under="cli.user")


async def _people(tx: Tx) -> tuple[list[Owner], dict[AccountId, Account]]:
    return await owners(tx), {account.id: account for account in await accounts(tx)}


@user.command("password", help="cli.help.user.password")
@click.argument("email")
@generate_option
@settings_options("data", "database")
@language_option
def password(email: str, generate: bool) -> None:
    run(_password(email, generate=generate))


async def _password(email: str, *, generate: bool) -> None:
    async with opened() as at:
        owner = await at.storage.read(find_owner, email)
        if owner is None:
            raise Trouble("cli.user.unknown", email=email)
        new = ask_password(generate=generate)
        await at.storage.write(change_password, owner.id, await hash_password(new.text))
    click.echo(words("cli.user.password_changed", email=owner.email))
    if new.made:
        click.echo(words("cli.user.shown_password", password=new.text))


@user.command("invite", help="cli.help.user.invite")
@settings_options("data", "database", "host", "port")
@language_option
def invite() -> None:
    run(_invite())


async def _invite() -> None:
    async with opened(make=True) as at:
        token = await new_invitation(at.storage, at.clock)
        address = at.config.public_url or f"http://{at.config.host}:{at.config.port}"
    click.echo(words("cli.user.invited", link=link_of(address, token)))


async def new_invitation(storage: Storage, clock: Clock) -> str:
    """A one-time link's token, good for 24 hours; earlier ones stop working."""
    token = new_link_token()
    await storage.write(create_invitation, hash_token(token), Millis(clock.now() + INVITATION_MS))
    return token


def link_of(address: str, token: str) -> str:
    """Where the invited person goes."""
    return f"{address.rstrip('/')}/app/setup/{token}"
