"""Rotators among the targets of a call: each place gets one member's address before the call is planned.

Source: Fonnte docs, API send message, `target`: a rotator id (`rotator#1`), mixed with numbers and groups.

A draw is a transaction of its own, after everything that the caller can get wrong was judged. It is spent: a call
that is refused after it (a text that variables make too long, a quota that is used up, another call that used the
idempotency key at the same moment) stores nothing, and the member has had its turn all the same. A call that is
replayed for its key was answered long before, and draws nobody.
"""

import random
from collections.abc import Iterator, Sequence

import msgspec

from merpati.api.gateway import Gateway
from merpati.core.ids import AccountId, Address
from merpati.messages.model import SendItem, Target
from merpati.messages.targets import rotator_number
from merpati.rotators.actions import draw_addresses


def rotators_in(items: Sequence[SendItem]) -> list[int]:
    """The rotators that stand for a recipient, in order, repeats kept."""
    numbers = (rotator_number(target.address) for item in items for target in item.targets)
    return [number for number in numbers if number is not None]


async def draw_rotators(
    gateway: Gateway, account: AccountId, items: Sequence[SendItem], numbers: Sequence[int], rng: random.Random
) -> list[SendItem]:
    """The items with an address for each of `numbers`, which are `rotators_in` them; no transaction for none.

    Raises `Refusal` (ROTATOR_UNKNOWN, ROTATOR_EMPTY), and then nobody is drawn.
    """
    if not numbers:
        return list(items)
    drawn = iter(await gateway.storage.write(draw_addresses, account, numbers, rng.getrandbits(63)))
    return [msgspec.structs.replace(item, targets=tuple(_resolved(item.targets, drawn))) for item in items]


def _resolved(targets: Sequence[Target], drawn: Iterator[Address]) -> Iterator[Target]:
    for target in targets:
        is_rotator = rotator_number(target.address) is not None
        yield Target(next(drawn), target.values) if is_rotator else target
