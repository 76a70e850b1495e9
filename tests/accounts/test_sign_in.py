"""What changes while a password is being checked, which takes its time."""

from collections.abc import Awaitable, Callable

import pytest
from argon2 import PasswordHasher

from merpati.accounts import actions
from merpati.accounts.model import Owner
from merpati.accounts.sessions import sessions_of
from merpati.accounts.sign_in import Asking, admit, prove_password
from merpati.accounts.totp import SecondFactor, confirm_totp, enrol_totp
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, SignInId, UserId
from merpati.storage.ids import Ids
from merpati.storage.port import Storage
from tests.devices.rig import have_account

USER, ACCOUNT = UserId(1), AccountId(1)
PASSWORD, ADDRESS = "rahasia sekali", "192.0.2.1"
ASKING = Asking(login="siti@toko.id", password=PASSWORD, address=ADDRESS, agent="a browser")


async def have_owner(storage: Storage) -> Owner:
    """As they are read when a sign-in begins."""
    await have_account(storage)
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    return await storage.write(actions.create_owner, USER, ACCOUNT, ASKING.login, hashed)


async def confirmed(storage: Storage) -> None:
    await storage.write(enrol_totp, USER, "sealed")
    factor = SecondFactor(sealed="sealed", on=False, step=0)
    await storage.write(confirm_totp, ACCOUNT, USER, factor, 1, [], SignInId(0))


async def changed(storage: Storage) -> None:
    await storage.write(actions.change_password, USER, "another hash")


@pytest.mark.parametrize("meanwhile", [confirmed, changed])
async def test_a_sign_in_on_its_way_does_not_outlive_a_change(
    storage: Storage, meanwhile: Callable[[Storage], Awaitable[None]]
) -> None:
    """It showed a password that is none any more, or no code where one is needed now."""
    owner = await have_owner(storage)
    await meanwhile(storage)
    with pytest.raises(Refusal) as refused:
        await admit(storage, Ids(storage), owner, ASKING)
    assert refused.value.code is Code.SIGN_IN_FAILED
    assert await storage.read(sessions_of, USER, 2**62, 10) == []


async def test_who_changed_nothing_gets_in(storage: Storage) -> None:
    """The other side of it."""
    owner = await have_owner(storage)
    admitted = await admit(storage, Ids(storage), owner, ASKING)
    assert admitted.who.owner == owner


async def test_a_password_that_was_changed_meanwhile_proves_nothing(storage: Storage) -> None:
    """Not for a deletion, nor for a second change that began with the first."""
    owner = await have_owner(storage)
    await changed(storage)
    with pytest.raises(Refusal) as refused:
        await prove_password(storage, owner, PASSWORD)
    assert refused.value.code is Code.PASSWORD_WRONG
    with pytest.raises(Refusal) as refused:
        await storage.write(actions.change_password, USER, "a third hash", proved=owner.password_hash)
    assert refused.value.code is Code.PASSWORD_WRONG


async def test_a_change_may_run_twice(storage: Storage) -> None:
    """A commit that was not heard of is tried again."""
    owner = await have_owner(storage)
    for _ in range(2):
        await storage.write(actions.change_password, USER, "another hash", proved=owner.password_hash)
