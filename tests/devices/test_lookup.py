"""From a token to its device, without a read for every request."""

import asyncio
from collections.abc import Sequence

import pytest

from merpati.accounts.lookup import AccountLookup, TokenLookup
from merpati.core.clock import Millis
from merpati.core.ids import AccountId, DeviceId
from merpati.devices.actions import rotate_token
from merpati.devices.lookup import DeviceLookup
from merpati.storage.port import Storage, StorageGone, Tx
from tests.devices.rig import have_account, have_device, sealed, token_of


class HandClock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> Millis:
        return Millis(round(self.seconds * 1000))

    def elapsed(self) -> float:
        return self.seconds


class Counting:
    """A view that counts its reads and answers each hash with itself, but for the unknown ones."""

    def __init__(self) -> None:
        self.reads: list[list[str]] = []
        self.fails = False
        self.began = asyncio.Event()

    async def __call__(self, _tx: Tx, hashes: Sequence[str]) -> dict[str, str]:
        self.reads.append(list(hashes))
        self.began.set()
        if self.fails:
            raise StorageGone("away")
        return {hash_: hash_ for hash_ in hashes}


async def test_a_token_finds_its_device(storage: Storage) -> None:
    """Whatever else is in the header finds nothing."""
    await have_account(storage)
    device = await have_device(storage)
    lookup = DeviceLookup(storage, HandClock())

    assert await lookup.find(token_of(1)) == device
    assert await lookup.find("other") is None
    assert await lookup.find("\ud800\x00") is None
    account = await AccountLookup(storage, HandClock()).find("account-1")
    assert account is not None and account.id == 1


async def test_a_token_revoked_elsewhere_stops_after_two_seconds(storage: Storage) -> None:
    """Through another process: this one does not hear of it."""
    await have_account(storage)
    device, clock = await have_device(storage), HandClock()
    lookup = DeviceLookup(storage, clock)
    await lookup.find(token_of(1))
    assert await lookup.find("new") is None
    await storage.write(rotate_token, device.id, sealed("new"))

    assert await lookup.find(token_of(1)) is not None
    clock.seconds = 2.0
    assert await lookup.find(token_of(1)) is None
    assert await lookup.find("new") == device


async def test_a_token_revoked_here_stops_at_once(storage: Storage) -> None:
    """And the new one works at once, though it was asked for before."""
    await have_account(storage)
    device = await have_device(storage)
    lookup = DeviceLookup(storage, HandClock())
    await lookup.find(token_of(1))
    await lookup.find("new")
    await storage.write(rotate_token, device.id, sealed("new"))
    lookup.forget_device(device.id)

    assert await lookup.find(token_of(1)) is None
    assert await lookup.find("new") == device


async def test_forgetting_one_keeps_the_others(storage: Storage) -> None:
    """Only what changed is read again."""
    await have_account(storage)
    await have_device(storage, 1)
    await have_device(storage, 2)
    view = Counting()
    lookup: TokenLookup[str] = TokenLookup(storage, HandClock(), view)
    one, two = await lookup.find("1"), await lookup.find("2")

    lookup.forget(lambda known: known == one)

    assert (await lookup.find("1"), await lookup.find("2")) == (one, two)
    assert len(view.reads) == 3
    AccountLookup(storage, HandClock()).forget_account(AccountId(1))
    DeviceLookup(storage, HandClock()).forget_device(DeviceId(1))


async def test_tokens_asked_for_together_are_read_together(storage: Storage) -> None:
    """A hundred callers with ten tokens are one or two reads, and then none."""
    view = Counting()
    lookup: TokenLookup[str] = TokenLookup(storage, HandClock(), view)

    for _ in range(2):
        found = await asyncio.gather(*(lookup.find(str(n % 10)) for n in range(100)))
        assert len(set(found)) == 10

    assert len(view.reads) <= 2


async def test_what_was_read_before_a_change_is_not_kept(storage: Storage) -> None:
    """A read that was under way when something changed answers its callers and nobody after them."""
    view = Counting()
    lookup: TokenLookup[str] = TokenLookup(storage, HandClock(), view)
    asking = asyncio.create_task(lookup.find("1"))
    await view.began.wait()

    lookup.forget_all()
    await asking
    await lookup.find("1")

    assert len(view.reads) == 2


async def test_guessed_tokens_push_out_no_real_one(storage: Storage) -> None:
    """What opens nothing has a memory of its own, as bounded as the other."""
    await have_account(storage)
    device = await have_device(storage)
    lookup = DeviceLookup(storage, HandClock(), most=4)
    await lookup.find(token_of(1))
    for n in range(20):
        await lookup.find(f"guess {n}")
    await storage.write(rotate_token, device.id, sealed("new"))

    assert await lookup.find(token_of(1)) == device


async def test_a_database_that_is_away_is_an_error_and_no_refusal(storage: Storage) -> None:
    """Nothing of it is kept: the next caller asks again."""
    view = Counting()
    lookup: TokenLookup[str] = TokenLookup(storage, HandClock(), view)
    view.fails = True

    answers = await asyncio.gather(lookup.find("1"), lookup.find("2"), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StorageGone, StorageGone]

    view.fails = False
    assert await lookup.find("1") is not None
    with pytest.raises(asyncio.CancelledError):
        waiting = asyncio.create_task(lookup.find("3"))
        await asyncio.sleep(0)
        waiting.cancel()
        await waiting
    assert await lookup.find("3") is not None
