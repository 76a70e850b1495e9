"""What waits for a yes."""

from itertools import count

import pytest

from merpati.client.shape import Shape
from merpati.mcp.confirming import LIFE_S, MOST, Confirming, NotPrepared, Prepared


class Watch:
    """Seconds that a test moves on."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def elapsed(self) -> float:
        return self.seconds


async def act(*, idempotency_key: str) -> Shape:
    raise AssertionError(idempotency_key)


def prepared(n: int) -> Prepared:
    return Prepared(title=f"send-{n}", summary=f"number {n}", act=act)


def confirming(watch: Watch) -> Confirming:
    numbers = count(1)
    return Confirming(watch.elapsed, lambda: f"c{next(numbers)}")


def test_what_was_prepared_is_found_again_until_its_time_is_over() -> None:
    """Also a second time: the answer to the first may have been lost."""
    watch = Watch()
    waiting = confirming(watch)
    code = waiting.keep(prepared(1))
    watch.seconds = LIFE_S - 1
    assert waiting.find(code) == waiting.find(code) == prepared(1)
    watch.seconds = LIFE_S
    with pytest.raises(NotPrepared):
        waiting.find(code)


def test_a_code_says_what_it_is_for() -> None:
    """A person who is shown no more than the code sees that."""
    assert confirming(Watch()).keep(prepared(1)) == "send-1-c1"


def test_a_code_that_was_never_given_finds_nothing() -> None:
    """An assistant may invent one."""
    waiting = confirming(Watch())
    with pytest.raises(NotPrepared):
        waiting.find("send-1-c1")
    with pytest.raises(NotPrepared):
        waiting.agree("send-1-c1")


def test_a_yes_is_said_once_and_a_no_ends_it() -> None:
    """Each of the one that was meant."""
    waiting = confirming(Watch())
    one, two = waiting.keep(prepared(1)), waiting.keep(prepared(2))
    waiting.agree(one)
    waiting.forget(two)
    waiting.forget(two)
    assert waiting.is_agreed(one)
    with pytest.raises(NotPrepared):
        waiting.is_agreed(two)


def test_the_oldest_makes_room() -> None:
    """What waits is bounded."""
    waiting = confirming(Watch())
    codes = [waiting.keep(prepared(n)) for n in range(MOST + 1)]
    with pytest.raises(NotPrepared):
        waiting.find(codes[0])
    assert waiting.find(codes[1]) == prepared(1)
