"""The hot command for messages that the network had taken and then gave up: nobody got them.

Source: Meta's Cloud API, "Status messages webhook": an answer to a call says that a message was accepted, `failed`
comes later, several times and in any order. What may be tried again is, as after a refusal.
"""

import random
from collections.abc import Mapping, Sequence

import msgspec

from merpati.core.facts import AnyFact, MessageFailed, MessageRetried
from merpati.core.ids import AccountId, DeviceId, MessageId, WaId, WireRef
from merpati.messages import store_outbox, store_outcomes
from merpati.messages.actions import record_all
from merpati.messages.handover import Outcome
from merpati.messages.model import LIFE, HoldReason, MessageEvent
from merpati.messages.receipts import find_handed
from merpati.messages.retries import Verdict, judge
from merpati.messages.store_accept import insert_holds
from merpati.messages.store_outcomes import Handed
from merpati.storage.clock import database_now
from merpati.storage.lane import HotAction
from merpati.storage.port import Tx
from merpati.transports.port import SendError, SendFault


class GivenUp(msgspec.Struct, frozen=True, kw_only=True):
    """WhatsApp says that nobody got a message of a device. As `transports.port.Undelivered`."""

    account: AccountId
    device: DeviceId
    wa_id: WaId
    ref: WireRef | None
    handed_at: int = 0
    """As in `transports.port.Receipt`."""
    fault: SendFault
    code: str
    retry_after_ms: int
    max_tries: int
    seed: int
    """Draws the wait before the next try, so that a rerun draws the same."""


async def apply_given_up(tx: Tx, given: Sequence[GivenUp]) -> list[int | None]:
    """Fail these messages, or queue them again where that may help; answers when each is due again, if it is.

    Unknown ids, those of an earlier hand-over, messages that somebody got and those typed on the phone change
    nothing. One whose acknowledgement is still to come fails for good: nothing lower may be said of it later. Runs
    twice harmlessly.
    """
    await tx.lock([each.account for each in given])
    by_id = {(each.device, each.wa_id): each for each in given}
    found = await find_handed(tx, {key: each.ref for key, each in by_id.items()})
    handed = {
        id_: row
        for id_, row in found.items()
        if not row.typed and not _is_of_earlier(by_id[row.device, row.wa_id], row)
    }
    tries = await store_outcomes.count_attempts(tx, list(handed))
    now = await database_now(tx)
    ends = {row: _verdict(by_id[row.device, row.wa_id], row, tries.get(row.message, 1)) for row in handed.values()}
    again = await _try_again(
        tx, {row: end for row, end in ends.items() if end.outcome is Outcome.RETRY}, tries, now
    )
    await _fail(tx, {row: end for row, end in ends.items() if end.outcome is not Outcome.RETRY}, now)
    due = {(row.device, row.wa_id): at for row, at in again.items()}
    return [due.get((each.device, each.wa_id)) for each in given]


def _is_of_earlier(given: GivenUp, row: Handed) -> bool:
    """It has been handed over again since, and that may have come to a better end."""
    return 0 < given.handed_at < row.handed_at


_FREE = frozenset({SendFault.RATE, SendFault.AUTH})
"""A call that is refused so costs no try; one that was taken does."""


def _verdict(given: GivenUp, row: Handed, tries: int) -> Verdict:
    if row.state not in LIFE.sources(MessageEvent.GIVEN_UP_FOR_NOW):
        return Verdict(Outcome.FAILED, given.code)
    if given.fault in _FREE and tries >= given.max_tries:
        return Verdict(Outcome.FAILED, given.code)
    return judge(
        SendError(given.fault, given.code, retry_after_ms=given.retry_after_ms),
        refusals=tries - 1,
        max_tries=given.max_tries,
        takes_ref=False,
        rng=random.Random(given.seed),
    )


async def _try_again(
    tx: Tx, ends: Mapping[Handed, Verdict], tries: Mapping[MessageId, int], now: int
) -> dict[Handed, int]:
    due = {row.message: now + end.wait_ms for row, end in ends.items()}
    moved = await store_outcomes.queue_again(tx, [(row.message, row.wa_id) for row in ends])
    await store_outbox.enter_again(tx, [(id_, due[id_], tries.get(id_, 1)) for id_ in sorted(moved)])
    await insert_holds(tx, [(id_, now, HoldReason.RETRY, due[id_]) for id_ in sorted(moved)])
    again = {row: end for row, end in ends.items() if row.message in moved}
    await record_all(
        tx,
        [
            (row.account, MessageRetried(row.device, row.message, row.chat, end.code, due[row.message]))
            for row, end in again.items()
        ],
    )
    return {row: due[row.message] for row in again}


async def _fail(tx: Tx, ends: Mapping[Handed, Verdict], now: int) -> None:
    failed = await store_outcomes.give_up(
        tx, [(row.message, row.wa_id, end.code, now) for row, end in ends.items()]
    )
    await store_outbox.leave_outbox(tx, sorted(failed))
    facts: list[tuple[AccountId, AnyFact]] = [
        (row.account, MessageFailed(row.device, row.message, row.chat, end.code))
        for row, end in ends.items()
        if row.message in failed
    ]
    await record_all(tx, facts)


GIVEN_UP: HotAction[GivenUp, int | None] = HotAction(apply_given_up, lambda given: given.account)
