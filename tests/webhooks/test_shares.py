"""Places to call from, and the accounts that want them: nobody takes so many that another must wait for an end."""

import asyncio
from collections import Counter, deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merpati.core.ids import AccountId
from merpati.webhooks.calling import AtOnce
from merpati.webhooks.places import Places
from merpati.webhooks.shares import GREED, Shares
from tests.webhooks.receiver import Got, Receiver
from tests.webhooks.stage import Stage

OTHER = AccountId(65)
DEVICES = 100
A, B, C = AccountId(1), AccountId(2), AccountId(3)


class Seats:
    """Shares, and what a test knows of them: who has a place, who waits, in order."""

    def __init__(self, places: int) -> None:
        self.places, self.shares = places, Shares[int](places)
        self.seated: dict[int, AccountId] = {}
        self.waiting: dict[int, AccountId] = {}
        self._next = 0

    def ask(self, account: AccountId) -> int:
        self._next += 1
        self.waiting[self._next] = account
        self._seat(self.shares.ask(account, self._next))
        return self._next

    def end(self, asking: int) -> list[int]:
        account = self.seated.pop(asking, None) or self.waiting.pop(asking)
        return self._seat(self.shares.leave(account, asking))

    def _seat(self, called: list[int]) -> list[int]:
        for asking in called:
            self.seated[asking] = self.waiting.pop(asking)
        return called

    def held(self) -> Counter[AccountId]:
        return Counter(self.seated.values())


moves = st.lists(st.tuples(st.booleans(), st.integers(1, 5)), max_size=200)
"""An account asks; or one of those who hold a place or wait leaves, by its number in their list."""


def play(seats: Seats, move: int, *, asks: bool) -> list[int]:
    """Answers who got a place."""
    if asks:
        asked = seats.ask(AccountId(move))
        return [asked] if asked in seats.seated else []
    known = [*seats.seated, *seats.waiting]
    return seats.end(known[move % len(known)]) if known else []


@given(st.integers(1, 40), moves)
def test_places_are_counted_and_nobody_waits_who_may_go(places: int, moved: list[tuple[bool, int]]) -> None:
    """Never more than there are; who waits has its part already, and that is many times what is free."""
    seats = Seats(places)
    for asks, move in moved:
        play(seats, move, asks=asks)
        held = seats.held()
        free = places - held.total()
        assert free == seats.shares.free >= 0
        assert all(seats.shares.held_by(account) == held[account] for account in map(AccountId, range(1, 6)))
        for account in set(seats.waiting.values()):
            assert held[account] >= GREED * free


@given(st.integers(1, 40), moves)
def test_an_account_is_called_in_the_order_in_which_it_asked(places: int, moved: list[tuple[bool, int]]) -> None:
    """Among those of one account the one that waits longest is next, whatever the others do."""
    seats = Seats(places)
    for asks, move in moved:
        before = dict(seats.waiting)
        for called in play(seats, move, asks=asks):
            if called in before:
                mine = [asking for asking, account in before.items() if account == before[called]]
                assert called == mine[0]
                del before[called]


@given(st.integers(1, 2_000))
def test_alone_an_account_has_nearly_all_places(places: int) -> None:
    """Four of five, and the only one."""
    seats = Seats(places)
    for _ in range(places + 1):
        seats.ask(A)
    held = seats.held()[A]
    assert held >= places * GREED // (GREED + 1)
    assert held <= max(1, places - places // (GREED + 1))


@given(st.integers(1, 8), st.integers(40, 120))
def test_accounts_that_want_everything_have_the_same_and_leave_some(accounts: int, places: int) -> None:
    """However they came: in the end each has its part, as others' calls end, and some places are free."""
    seats = Seats(places)
    for account in range(accounts):
        for _ in range(places):
            seats.ask(AccountId(account + 1))
    turns = deque(seats.seated)
    for _ in range(8 * places):
        ended = turns.popleft()
        account = seats.seated[ended]
        turns.extend(seats.end(ended))
        asked = seats.ask(account)
        if asked in seats.seated:
            turns.append(asked)
    held = seats.held()
    assert max(held.values()) - min(held.values()) <= 1
    assert seats.shares.free >= places // (accounts * GREED + 1) - accounts


@given(st.integers(1, 30), st.integers(1, 40))
def test_who_has_no_place_gets_one_of_the_next_that_end(places: int, greedy: int) -> None:
    """Also when so many accounts hold places that none is free: after one turn of each that waited before."""
    seats = Seats(places)
    for account in range(2, greedy + 2):
        for _ in range(places):
            seats.ask(AccountId(account))
    before = len(set(seats.waiting.values()))
    mine, ends = seats.ask(A), 0
    while mine not in seats.seated:
        seats.end(next(iter(seats.seated)))
        ends += 1
    assert ends <= before + 1


async def test_a_task_that_is_cut_off_leaves_its_place() -> None:
    """While it waits, while it holds one, and at the moment at which it is called."""
    places = Places(1)
    entered: list[str] = []

    async def hold(account: AccountId, name: str, until: asyncio.Event) -> None:
        async with places.one_for(account):
            entered.append(name)
            await until.wait()

    gate = asyncio.Event()
    first = asyncio.create_task(hold(A, "first", gate))
    waits = asyncio.create_task(hold(A, "waits", gate))
    called = asyncio.create_task(hold(B, "called", gate))
    last = asyncio.create_task(hold(B, "last", gate))
    await _settle()
    waits.cancel()
    first.cancel()
    await asyncio.wait([waits, first])
    called.cancel()
    await asyncio.wait([called])
    gate.set()
    await last
    assert entered[0] == "first"
    assert entered[-1] == "last"
    async with asyncio.timeout(1), places.one_for(C):
        assert first.cancelled()


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def _hanging(stage: Stage, receiver: Receiver, first_answer: str | None = None) -> None:
    """A hundred devices with an address each that hangs, after this answer to each one's first call."""
    seen: set[str] = set()

    def answer(got: Got) -> str | None:
        if got.path != "/hangs":
            return "200 OK"
        if got.event in seen or first_answer is None:
            return None
        seen.add(got.event)
        return first_answer

    receiver.answer = answer
    await stage.open_account(OTHER)
    for device in range(100, 100 + DEVICES):
        await stage.set(device, receiver.url("/hangs"))


@pytest.mark.parametrize("at_once", [AtOnce(calls=20), AtOnce(calls=50)])
async def test_a_hundred_devices_that_hang_do_not_delay_another_account(
    stage: Stage, receiver: Receiver, at_once: AtOnce
) -> None:
    """Not by a single turn: none of the calls that hang ends before the other's events are told."""
    await _hanging(stage, receiver)
    await stage.set(9, receiver.url("/lives"), account=OTHER)
    await stage.start(at_once=at_once)
    for device in range(100, 100 + DEVICES):
        await stage.tell(device)
    most = at_once.calls * GREED // (GREED + 1)
    await receiver.until(lambda: len(receiver.events("/hangs")) == most)
    await stage.tell(9, 5, OTHER)
    await receiver.until(lambda: receiver.passed("/lives") == [1, 2, 3, 4, 5])
    assert len(receiver.events("/hangs")) == most


async def test_addresses_that_are_down_take_no_probe_from_another_account(stage: Stage, receiver: Receiver) -> None:
    """The next try of another's address comes when it is due, though a hundred tries hang."""
    await _hanging(stage, receiver, "503 Down")
    alone = receiver.answer
    receiver.answer = lambda got: "503 Down" if got.path == "/back" and not receiver.events("/back") else alone(got)
    await stage.set(9, receiver.url("/back"), account=OTHER)
    runner = await stage.start(at_once=AtOnce(probes=10))
    for device in range(100, 100 + DEVICES):
        await stage.tell(device)
    await stage.until(lambda: runner.count_failing() == DEVICES)
    stage.wait_for_retry()
    await receiver.until(lambda: len(receiver.events("/hangs")) == DEVICES + 8)
    await stage.tell(9, 1, OTHER)
    await stage.until(lambda: runner.count_failing() == DEVICES + 1)
    stage.wait_for_retry()
    await receiver.until(lambda: receiver.passed("/back") == [1])
    assert len(receiver.events("/hangs")) == DEVICES + 8
