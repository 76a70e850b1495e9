"""What is asked of a device's session from any process: who asks leaves a row, who holds the device the answer.

An answer may hold what links a phone to the device, so it is sealed; its row goes when it was read, or expires.
"""

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from merpati.core.clock import Millis
from merpati.core.errors import Code
from merpati.core.ids import Address, AskId, DeviceId, Incarnation
from merpati.devices import store_asks as store
from merpati.devices.model import Claim
from merpati.storage.port import Tx
from merpati.transports.port import Group, NumberCheck, PairHow

# -- what is asked --


class Pair(msgspec.Struct, frozen=True, tag=True):
    """What must be scanned or typed to pair the device; answered by `Shown`."""

    how: PairHow
    phone: Address | None = None
    """That types the code."""


class ShowTyping(msgspec.Struct, frozen=True, tag=True):
    """Show "typing" in a chat for so long; 0: no more. Answered by `Done` when it is shown."""

    chat: Address
    for_ms: int


class CheckNumbers(msgspec.Struct, frozen=True, tag=True):
    """Which of these are on WhatsApp; answered by `Checked`."""

    numbers: tuple[Address, ...]


class ReadGroups(msgspec.Struct, frozen=True, tag=True):
    """The groups that the device is in; answered by `InGroups`."""


class Restart(msgspec.Struct, frozen=True, tag=True):
    """End the session and start it anew, with what is known of the device by now; answered by `Done`."""


AnyAsk: TypeAlias = Pair | ShowTyping | CheckNumbers | ReadGroups | Restart

# -- what is answered --


class Shown(msgspec.Struct, frozen=True, tag=True):
    """The text of the QR picture, or the code, and until when it can be scanned or typed; 0: nobody knows."""

    text: str
    expires_at: Millis = Millis(0)


class Done(msgspec.Struct, frozen=True, tag=True):
    """It is done."""


class Checked(msgspec.Struct, frozen=True, tag=True):
    """Each number that was asked for, in that order."""

    numbers: tuple[NumberCheck, ...]


class InGroups(msgspec.Struct, frozen=True, tag=True):
    """Every group."""

    groups: tuple[Group, ...]


class Refused(msgspec.Struct, frozen=True, tag=True):
    """Why there is none."""

    code: Code
    reason: str = ""
    """A word of the network, where it has one for the refusal."""


AnyAnswer: TypeAlias = Shown | Done | Checked | InGroups | Refused


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody waits for an answer of this device's session."""

    id: AskId
    device: DeviceId
    ask: AnyAsk


_decode_ask = msgspec.json.Decoder(AnyAsk).decode


async def leave_ask(tx: Tx, asked: Asked, expires_in_ms: int) -> None:
    """Leave a question that is worth something for so long; what has expired goes. May run twice."""
    await store.delete_expired(tx)
    body = msgspec.json.encode(asked.ask).decode()
    await store.insert_ask(tx, asked.id, asked.device, body, expires_in_ms)


async def answer_ask(tx: Tx, id_: AskId, device: DeviceId, claim: Claim, answer_sealed: str) -> bool:
    """Leave the answer. False: the question is gone, or the device belongs to another by now. May run twice."""
    return await store.set_answer(tx, id_, device, claim, answer_sealed)


async def drop_ask(tx: Tx, id_: AskId) -> None:
    """Nobody waits for it any more. May run twice."""
    await store.delete_ask(tx, id_)


# -- views --


async def asks_for(tx: Tx, inc: Incarnation) -> Sequence[Asked]:
    """What is asked of devices that this incarnation holds, and not answered, oldest first."""
    return [
        Asked(id=id_, device=device, ask=_decode_ask(body)) for id_, device, body in await store.open_asks(tx, inc)
    ]


async def sealed_answer(tx: Tx, id_: AskId) -> str | None:
    """Opens with `Sealer.unseal("ask", id, …)`, and is an `AnyAnswer` in JSON then; None: there is none yet."""
    return await store.answer_of(tx, id_)
