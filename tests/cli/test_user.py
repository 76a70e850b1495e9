"""`merpati user`: accounts, owners, passwords, the one-time link."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from merpati.accounts.passwords import verify_password
from merpati.accounts.views import accounts_by_token_hashes, find_owner, invitation_is_good
from merpati.core.clock import SystemClock
from merpati.core.tokens import hash_token
from merpati.storage.port import Tx
from merpati.storage.sqlite import SqliteStorage
from tests.cli.keyboard import answered, typed

T = TypeVar("T")


def read(folder: Path, view: Callable[..., Coroutine[Any, Any, T]], *args: object) -> T:
    """What the database of this data folder says."""

    async def look() -> T:
        storage = await SqliteStorage.open(folder / "merpati.db", SystemClock())
        try:
            return await storage.read(view, *args)
        finally:
            await storage.close()

    return asyncio.run(look())


def test_a_first_owner_opens_an_account(tmp_path: Path) -> None:
    """In an empty folder: the account's token is told once and works, the password is the one that was piped in."""
    data = str(tmp_path / "data")
    added = answered("user", "add", "Ayu@Toko.example", "--name", "Toko", "--data", data, stdin="rahasia kita\n")
    assert added == {"account": 1, "email": "ayu@toko.example", "account_token": added["account_token"]}
    owner = read(tmp_path / "data", find_owner, "ayu@toko.example")
    assert owner is not None
    assert asyncio.run(verify_password(owner.password_hash, "rahasia kita"))
    hash_ = hash_token(added["account_token"])
    assert set(read(tmp_path / "data", accounts_by_token_hashes, [hash_])) == {hash_}
    listed = answered("user", "list", "--data", data)
    assert listed == [{"email": "ayu@toko.example", "account": 1, "account_name": "Toko"}]


def test_a_second_owner_may_share_the_account(tmp_path: Path) -> None:
    """`--account` takes its number or an owner's address; no new token then."""
    answered("user", "add", "a@b.example", "--generate", "--data", str(tmp_path))
    for email, account in (("c@d.example", "1"), ("e@f.example", "a@b.example")):
        words = ("user", "add", email, "--account", account, "--generate", "--data", str(tmp_path))
        assert set(answered(*words)) == {"account", "email", "password"}
    assert {each["account"] for each in answered("user", "list", "--data", str(tmp_path))} == {1}


def test_a_made_password_works_until_it_is_changed(tmp_path: Path) -> None:
    """`--generate` shows it once; `user password` puts another in its place."""
    made = answered("user", "add", "a@b.example", "--generate", "--data", str(tmp_path))["password"]
    changed = typed("user", "password", "a@b.example", "--data", str(tmp_path), stdin="yang baru 1\n")
    assert changed.output == "The password of a@b.example is changed.\n"
    owner = read(tmp_path, find_owner, "a@b.example")
    assert owner is not None
    verified = [asyncio.run(verify_password(owner.password_hash, each)) for each in (made, "yang baru 1")]
    assert verified == [False, True]


def test_the_link_is_made_for_the_address_in_force(tmp_path: Path) -> None:
    """`user invite` prints a link that works; a new one ends the one before."""
    words = ("user", "invite", "--data", str(tmp_path))
    links = [typed(*words, MERPATI_PUBLIC_URL="https://wa.toko.example/").output.split()[-1] for _ in range(2)]
    assert all(link.startswith("https://wa.toko.example/app/setup/") for link in links)
    tokens = [link.rpartition("/")[2] for link in links]
    good = [read(tmp_path, invitation_is_good, hash_token(token)) for token in tokens]
    assert good == [False, True]


@pytest.mark.parametrize(
    ("words", "stdin", "sentence"),
    [
        (("add", "ayu", "--generate"), "", "That is no e-mail address."),
        (("add", "x@y.example"), "pendek\n", "A password has 8 to 200 characters."),
        (("add", "a@b.example", "--generate"), "", "Somebody already signs in with a@b.example."),
        (
            ("add", "x@y.example", "--account", "9", "--generate"),
            "",
            "There is no account 9. See `merpati user list`.",
        ),
        (
            ("password", "x@y.example"),
            "",
            "Nobody signs in with x@y.example. See `merpati user list`.",
        ),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, words: tuple[str, ...], stdin: str, sentence: str) -> None:
    """One sentence, exit code 1, nothing changed."""
    answered("user", "add", "a@b.example", "--generate", "--data", str(tmp_path))
    refused = typed("user", *words, "--data", str(tmp_path), stdin=stdin)
    assert (refused.exit_code, refused.output) == (1, f"Error: {sentence}\n")
    assert len(answered("user", "list", "--data", str(tmp_path))) == 1


def test_a_wrong_folder_is_left_alone(tmp_path: Path) -> None:
    """A command that only looks makes no data folder where there is none; the sentence is in the asked language."""
    nowhere = tmp_path / "nowhere"
    refused = typed("user", "list", "--data", str(nowhere), "--lang", "id")
    assert refused.exit_code == 1
    assert refused.output.startswith(f"Error: Tidak ada data merpati di {nowhere}.")
    assert not nowhere.exists()


async def _make_newer(tx: Tx) -> None:
    await tx.run("INSERT INTO schema_version (version, name, applied_at) VALUES (999, 'later', 1)")


async def _make_older(tx: Tx) -> None:
    await tx.run("DELETE FROM schema_version WHERE version = (SELECT max(version) FROM schema_version)")


@pytest.mark.parametrize(
    ("change", "begins"),
    [
        (_make_newer, "Error: This database was made by a newer merpati (schema 999;"),
        (_make_older, "Error: The database has schema"),
    ],
)
def test_another_schema_is_not_touched(
    tmp_path: Path, change: Callable[[Tx], Coroutine[Any, Any, None]], begins: str
) -> None:
    """A newer one needs a newer merpati; an older one is migrated by its owner, not by the way."""
    answered("user", "add", "a@b.example", "--generate", "--data", str(tmp_path))

    async def prepare() -> None:
        storage = await SqliteStorage.open(tmp_path / "merpati.db", SystemClock())
        await storage.write(change)
        await storage.close()

    asyncio.run(prepare())
    refused = typed("user", "add", "c@d.example", "--generate", "--data", str(tmp_path))
    assert (refused.exit_code, refused.output.startswith(begins)) == (1, True)
