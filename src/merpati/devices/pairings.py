"""Pairing across processes: who asks leaves a wish, who holds the device carries it out and leaves the answer.

The answer holds what links a phone to the device, so it is sealed, and its row goes when it was read, or expires.
"""

from collections.abc import Sequence

import msgspec

from merpati.core.errors import Code
from merpati.core.ids import Address, DeviceId, Incarnation, PairingId
from merpati.devices import store_pairings as store
from merpati.devices.model import Claim
from merpati.storage.port import Tx
from merpati.transports.port import PairHow


class PairWish(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody waits for what must be scanned or typed to pair this device."""

    id: PairingId
    device: DeviceId
    how: PairHow
    phone: Address | None = None


class PairAnswer(msgspec.Struct, frozen=True):
    """What came of a wish: the text of the QR picture or the code, or why there is none."""

    text: str
    refused: Code | None = None
    reason: str = ""
    """A word of the network, where it has one for the refusal."""


async def ask_pairing(tx: Tx, wish: PairWish, expires_in_ms: int) -> None:
    """Leave a wish that is worth something for so long; what has expired goes. May run twice."""
    await store.delete_expired(tx)
    await store.insert_pairing(tx, wish.id, wish.device, wish.how, wish.phone or "", expires_in_ms)


async def answer_pairing(tx: Tx, id_: PairingId, device: DeviceId, claim: Claim, answer_sealed: str) -> bool:
    """Leave the answer. False: the wish is gone, or the device belongs to another by now. May run twice."""
    return await store.set_answer(tx, id_, device, claim, answer_sealed)


async def drop_pairing(tx: Tx, id_: PairingId) -> None:
    """Nobody waits for it any more. May run twice."""
    await store.delete_pairing(tx, id_)


# -- views --


async def wishes_for(tx: Tx, inc: Incarnation) -> Sequence[PairWish]:
    """The wishes without an answer for devices that this incarnation holds, oldest first."""
    return [
        PairWish(id=id_, device=device, how=PairHow(how), phone=Address(phone) if phone else None)
        for id_, device, how, phone in await store.open_pairings(tx, inc)
    ]


async def sealed_answer(tx: Tx, id_: PairingId) -> str | None:
    """Opens with `Sealer.unseal("pairing", id, …)`, and is a `PairAnswer` then; None: there is none yet."""
    return await store.answer_of(tx, id_)
