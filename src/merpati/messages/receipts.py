"""The hot command for receipts: they only climb, may come twice, in any order, and before the acknowledgement."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from merpati.core.facts import AnyFact, MessageDelivered, MessageRead, MessageSent
from merpati.core.ids import AccountId, DeviceId, MessageId, WaId, WireRef
from merpati.messages import store_early, store_outbox, store_outcomes
from merpati.messages.actions import record_all
from merpati.messages.costs import cost_text
from merpati.messages.model import LIFE, MessageEvent, MessageState
from merpati.messages.own_changes import apply_own
from merpati.messages.store_outcomes import Handed
from merpati.storage.clock import database_now
from merpati.storage.lane import HotAction
from merpati.storage.port import Tx
from merpati.transports.port import Cost, ReceiptKind

_STATE = {
    ReceiptKind.TAKEN: MessageState.SENT,
    ReceiptKind.DELIVERED: MessageState.DELIVERED,
    ReceiptKind.READ: MessageState.READ,
}
_KIND = {state: kind for kind, state in _STATE.items()}
_Best: TypeAlias = Mapping[tuple[DeviceId, WaId], tuple[MessageState, int]]
_ACKNOWLEDGED = frozenset({MessageState.SENT, MessageState.DELIVERED, MessageState.READ})
_FACT: dict[MessageState, type[MessageDelivered | MessageRead]] = {
    MessageState.DELIVERED: MessageDelivered,
    MessageState.READ: MessageRead,
}


class Receipted(msgspec.Struct, frozen=True, kw_only=True):
    """WhatsApp says that messages of a device were taken, delivered or read."""

    account: AccountId
    device: DeviceId
    ids: tuple[WaId, ...]
    kind: ReceiptKind
    at: int
    ref: WireRef | None = None
    """As in `transports.port.Receipt`."""
    handed_at: int = 0
    """As in `transports.port.Receipt`."""
    cost: Cost | None = None
    """As in `transports.port.Receipt`."""
    gap_ms: int = 0
    """Drawn from the device's pace, for a receipt that comes instead of the acknowledgement."""
    may_be_early: bool = False
    """The network's ids are its own: that of a message whose acknowledgement is not stored yet is not known."""


async def apply_receipts(tx: Tx, receipts: Sequence[Receipted]) -> list[None]:
    """Raise these messages to sent, delivered or read; never down. Unknown ids are none of ours: nothing happens,
    but where the acknowledgement may still be under way they are kept until it comes.

    Where the network's ids are its own, one that a message had before it was sent again says nothing of it now;
    that an earlier hand-over was taken says nothing of the one under way: it may have been given up since.
    A receipt for a message that is still being handed over, or is uncertain, is its acknowledgement too: it leaves
    the outbox, and MessageSent is recorded before the receipt's own fact, as who follows the log learns WhatsApp's
    id from it. Every pace counts from there too: after a crash the receipt may be all that is heard of the last
    hand-over. Runs twice harmlessly.
    """
    await tx.lock([receipt.account for receipt in receipts])
    taken = [key for r in receipts if r.may_be_early and r.kind is ReceiptKind.TAKEN for key, _ in _keys(r)]
    best = _highest(receipts, await store_early.take(tx, taken) if taken else [])
    found = await find_handed(tx, {key: ref for r in receipts for key, ref in _keys(r)})
    await store_early.keep(tx, _early(receipts, found, best))
    earlier = _taken_earlier(receipts, found)
    rows = {id_: row for id_, row in found.items() if id_ not in earlier}
    climbed = await store_outcomes.climb(
        tx, [(handed, *best[handed.device, handed.wa_id]) for handed in rows.values()]
    )
    await store_outcomes.set_costs(tx, _costs(receipts, rows))
    await store_outbox.leave_outbox(tx, [id_ for id_, _ in climbed])
    await _count_paces(tx, [rows[id_] for id_, _ in climbed if rows[id_].state == MessageState.QUEUED], receipts)
    await apply_own(tx, [id_ for id_, _ in climbed if rows[id_].state in LIFE.sources(MessageEvent.ACKNOWLEDGED)])
    await record_all(tx, [(rows[id_].account, fact) for id_, state in climbed for fact in _facts(rows[id_], state)])
    return [None] * len(receipts)


async def settle_early(tx: Tx, acknowledged: Sequence[tuple[AccountId, DeviceId, WaId]]) -> None:
    """These messages have WhatsApp's id now: what was told of them before that counts. Runs twice harmlessly."""
    accounts = {(device, wa_id): account for account, device, wa_id in acknowledged}
    early = await store_early.take(tx, list(accounts)) if accounts else []
    if early:
        told = [
            Receipted(account=accounts[device, id_], device=device, ids=(id_,), kind=_KIND[state], at=at)
            for device, id_, state, at in early
        ]
        await apply_receipts(tx, told)


def _early(
    receipts: Sequence[Receipted], found: Mapping[MessageId, Handed], best: _Best
) -> list[store_early.Early]:
    known = {(handed.device, handed.wa_id) for handed in found.values()}
    by_id = [r for r in receipts if r.may_be_early and r.ref is None]
    keys = dict.fromkeys((receipt.device, id_) for receipt in by_id for id_ in receipt.ids)
    return [(device, id_, *best[device, id_]) for device, id_ in keys if (device, id_) not in known]


def _taken_earlier(receipts: Sequence[Receipted], found: Mapping[MessageId, Handed]) -> set[MessageId]:
    told = {(r.device, id_): r.handed_at for r in receipts for id_ in r.ids if r.handed_at}
    got = {(r.device, id_) for r in receipts for id_ in r.ids if r.kind is not ReceiptKind.TAKEN}
    under_way = {id_: (row.device, row.wa_id) for id_, row in found.items() if row.is_sending}
    return {id_ for id_, key in under_way.items() if key not in got and 0 < told.get(key, 0) < found[id_].handed_at}


async def find_handed(tx: Tx, wanted: Mapping[tuple[DeviceId, WaId], WireRef | None]) -> dict[MessageId, Handed]:
    """The messages that the network means by these ids, by which it may have taken them; each with our reference,
    if the network gives it back."""
    found = await store_outcomes.by_wa_id(tx, list(wanted))
    known = {(handed.device, handed.wa_id) for handed in found}
    found = [h for h in found if wanted[h.device, h.wa_id] is None or h.state in _ACKNOWLEDGED]
    found += await store_outcomes.by_wire_ref(
        tx,
        [(device, ref or WireRef(id_), id_) for (device, id_), ref in wanted.items() if (device, id_) not in known],
    )
    return {handed.message: handed for handed in found}


def _keys(receipt: Receipted) -> Iterator[tuple[tuple[DeviceId, WaId], WireRef | None]]:
    for id_ in receipt.ids:
        yield (receipt.device, id_), receipt.ref


async def _count_paces(tx: Tx, settled: Sequence[Handed], receipts: Sequence[Receipted]) -> None:
    if not settled:
        return
    now, devices = await database_now(tx), {handed.device for handed in settled}
    paces = sorted({(int(handed.device), handed.priority) for handed in settled})
    gaps = {receipt.device: receipt.gap_ms for receipt in receipts if receipt.device in devices and receipt.gap_ms}
    await store_outbox.arm_clocks(
        tx,
        [(device, priority, now) for device, priority in paces],
        [(device, now + gap_ms) for device, gap_ms in gaps.items()],
    )


def _costs(receipts: Sequence[Receipted], rows: Mapping[MessageId, Handed]) -> list[tuple[MessageId, str]]:
    told = {(r.device, id_): r.cost for r in receipts if r.cost is not None for id_ in r.ids}
    known = ((handed.message, told.get((handed.device, handed.wa_id))) for handed in rows.values())
    return [(id_, cost_text(cost)) for id_, cost in known if cost is not None]


def _highest(receipts: Sequence[Receipted], early: Sequence[store_early.Early]) -> _Best:
    best = {(device, wa_id): (state, at) for device, wa_id, state, at in early}
    for receipt in receipts:
        state = _STATE[receipt.kind]
        for wa_id in receipt.ids:
            known = best.get((receipt.device, wa_id))
            if known is None or state > known[0]:
                best[receipt.device, wa_id] = (state, receipt.at)
    return best


def _facts(handed: Handed, state: MessageState) -> Iterator[AnyFact]:
    if handed.state in LIFE.sources(MessageEvent.ACKNOWLEDGED):
        yield MessageSent(handed.device, handed.message, handed.chat, handed.wa_id, handed.handed_at)
    if state in _FACT:
        yield _FACT[state](handed.device, handed.message, handed.chat, handed.wa_id, bool(handed.typed))


RECEIPT: HotAction[Receipted, None] = HotAction(apply_receipts, lambda receipt: receipt.account)
