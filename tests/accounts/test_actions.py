"""Accounts, owners and the one-time link: what can be done with them, on both engines."""

import pytest

from merpati.accounts import actions, views
from merpati.core.clock import HOUR_MS, Millis, SystemClock
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, UserId
from merpati.core.tokens import hash_token
from merpati.storage.port import Storage
from tests.devices.rig import have_account, sealed

LATER = Millis(SystemClock().now() + HOUR_MS)
EARLIER = Millis(SystemClock().now() - HOUR_MS)


def new_owner(owner: int = 1, email: str = "siti@toko.id") -> actions.NewOwner:
    return actions.NewOwner(
        account=AccountId(owner),
        account_name="Toko",
        account_token=sealed(f"account-{owner}"),
        owner=UserId(owner),
        email=email,
        password_hash="$argon2id$",
    )


# -- accounts and owners --


async def test_an_account_is_found_by_its_token(storage: Storage) -> None:
    """And by nothing like it; the second run of the action changes nothing."""
    await have_account(storage)
    await have_account(storage)

    known = await storage.read(views.accounts_by_token_hashes, [hash_token("account-1"), hash_token("other")])
    assert [account.id for account in known.values()] == [1]
    assert [account.name for account in await storage.read(views.accounts)] == ["Toko"]


async def test_an_old_account_token_is_worth_nothing(storage: Storage) -> None:
    """After the rotation only the new one opens the account."""
    account = await have_account(storage)

    await storage.write(actions.rotate_account_token, account, sealed("new"))

    known = await storage.read(views.accounts_by_token_hashes, [hash_token("account-1"), hash_token("new")])
    assert list(known) == [hash_token("new")]


async def test_an_owner_signs_in_in_any_case_of_letters(storage: Storage) -> None:
    """The address is kept in lower case and asked for in any."""
    account = await have_account(storage)
    await storage.write(actions.create_owner, UserId(1), account, " Siti@Toko.id", "hash")
    await storage.write(actions.change_password, UserId(1), "other hash")

    owner = await storage.read(views.find_owner, "SITI@toko.id ")
    assert owner is not None
    assert (owner.email, owner.account, owner.password_hash) == ("siti@toko.id", account, "other hash")


async def test_an_email_belongs_to_one_owner(storage: Storage) -> None:
    """The same owner twice is one; another with that address is refused."""
    account = await have_account(storage)
    for _ in range(2):
        await storage.write(actions.create_owner, UserId(1), account, "siti@toko.id", "hash")

    with pytest.raises(Refusal) as refused:
        await storage.write(actions.create_owner, UserId(2), account, "SITI@toko.id", "hash")

    assert refused.value.code is Code.EMAIL_TAKEN
    assert len(await storage.read(views.owners)) == 1


# -- the one-time link --


async def test_the_link_opens_an_account_once(storage: Storage) -> None:
    """Its second use is refused and creates nothing."""
    await storage.write(actions.create_invitation, hash_token("link"), LATER)

    owner = await storage.write(actions.accept_invitation, hash_token("link"), new_owner())
    with pytest.raises(Refusal) as refused:
        await storage.write(actions.accept_invitation, hash_token("link"), new_owner(2, "other@toko.id"))

    assert refused.value.code is Code.INVITATION_INVALID
    assert await storage.read(views.owners) == [owner]
    assert len(await storage.read(views.accounts)) == 1


@pytest.mark.parametrize(
    ("token", "expires_at"), [("link", EARLIER), ("other", LATER)], ids=["expired", "never given"]
)
async def test_a_link_that_expired_or_never_was_opens_nothing(
    storage: Storage, token: str, expires_at: Millis
) -> None:
    """Both are the same refusal."""
    await storage.write(actions.create_invitation, hash_token("link"), expires_at)

    assert not await storage.read(views.invitation_is_good, hash_token(token))
    with pytest.raises(Refusal):
        await storage.write(actions.accept_invitation, hash_token(token), new_owner())


async def test_a_refused_owner_does_not_use_up_the_link(storage: Storage) -> None:
    """Whoever mistypes the address tries again with the same link."""
    await storage.write(actions.create_invitation, hash_token("link"), LATER)

    with pytest.raises(Refusal):
        await storage.write(actions.accept_invitation, hash_token("link"), new_owner(email="no address"))

    assert await storage.read(views.invitation_is_good, hash_token("link"))
    assert await storage.read(views.accounts) == []


async def test_a_new_link_ends_the_older_ones(storage: Storage) -> None:
    """There is one way in at a time."""
    await storage.write(actions.create_invitation, hash_token("old"), LATER)
    await storage.write(actions.create_invitation, hash_token("new"), LATER)

    assert not await storage.read(views.invitation_is_good, hash_token("old"))
    assert await storage.read(views.invitation_is_good, hash_token("new"))
