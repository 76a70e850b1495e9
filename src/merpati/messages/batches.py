"""Batches: a call with many targets is stored in parts and made into messages 200 at a time.

Its ids work at once: a message that is not made yet is queued for `views.message_status`, and who changes it makes
its part first. A change of a whole schedule waits until all are made.
"""

import msgspec

from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, BatchId, MessageId
from merpati.messages import store_batches as store
from merpati.messages.actions import add_messages
from merpati.messages.model import Draft, Priority
from merpati.messages.planning import Call, make_drafts
from merpati.storage.port import Tx


class Progress(msgspec.Struct, frozen=True):
    """How far a batch is."""

    made: int
    count: int


async def make_next_part(tx: Tx, batch: BatchId) -> Progress | None:
    """Make the next part's messages; None when all are made, or the batch is gone. May run twice."""
    header = await store.header_of(tx, batch)
    if header is None or header.made == header.count:
        return None
    await tx.lock([header.account])
    part = await store.first_part(tx, batch)
    if part is None:
        return None
    await make_part(tx, header, part)
    return Progress(header.made + part.count, header.count)


async def make_part_of(tx: Tx, message: MessageId) -> None:
    """Make the part that holds this message, if it waits in one. The caller has locked the account.

    Raises Refusal(MESSAGE_PROCESSING) where parts before it wait and order is strict: it would overtake them.
    """
    part = await store.part_of(tx, message)
    if part is None:
        return
    header = await store.header_of(tx, part.batch)
    if header is None:
        return
    if _is_strict(header, part) and await store.first_part(tx, part.batch) != part:
        raise Refusal(Code.MESSAGE_PROCESSING)
    await make_part(tx, header, part)


async def unmade_draft(tx: Tx, message: MessageId) -> Draft | None:
    """What this message will be, while its batch has not made it."""
    part = await store.part_of(tx, message)
    header = await store.header_of(tx, part.batch) if part is not None else None
    if part is None or header is None:
        return None
    target = part.targets[message - part.first]
    (draft,) = make_drafts(_call(header), header.plan, message, [target])
    return msgspec.structs.replace(draft, due_at=draft.due_at + header.shift_ms)


def _is_strict(header: store.Header, part: store.Part) -> bool:
    return any((target.plan or header.plan).sequence is not None for target in part.targets)


async def make_part(tx: Tx, header: store.Header, part: store.Part) -> None:
    """Make this part, if nobody has. The caller has locked the account."""
    if not await store.take_part(tx, part):
        return
    drafts = make_drafts(_call(header), header.plan, part.first, part.targets)
    await add_messages(tx, drafts, shift_ms=header.shift_ms)
    await store.add_made(tx, header.batch, part.count)


def _call(header: store.Header) -> Call:
    return Call(
        account=header.account,
        request=header.request,
        batch=header.batch,
        priority=Priority.BULK,
        queued_at=header.queued_at,
    )


async def check_all_made(tx: Tx, account: AccountId, schedule_at: int) -> None:
    """Raises Refusal(MESSAGE_PROCESSING) while a batch of this account and schedule is still being made."""
    for plan in await store.open_plans(tx, account):
        if plan.schedule_at == schedule_at:
            raise Refusal(Code.MESSAGE_PROCESSING)
