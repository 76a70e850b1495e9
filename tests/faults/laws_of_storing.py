"""The laws of what merpati remembers: one row for a message, states that climb and are true, a log without gaps."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from merpati.core.clock import Millis
from merpati.core.ids import Address
from merpati.messages.model import MessageState
from merpati.transports.port import ReceiptKind
from merpati.transports.simulator.entries import Acked, Receipted, Said
from tests.faults.evidence import Cancel, Case, Row

SENT = frozenset({MessageState.SENT, MessageState.DELIVERED, MessageState.READ})
OPEN = frozenset({MessageState.QUEUED, MessageState.SENDING})
_RANK = {"MessageSent": 1, "MessageDelivered": 2, "MessageRead": 3}
_OF_RECEIPT = {ReceiptKind.DELIVERED: MessageState.DELIVERED, ReceiptKind.READ: MessageState.READ}


def one_call_makes_one_message(case: Case) -> Iterator[str]:
    """However often a call is repeated with its key: one row, one id; and nothing is stored that was refused."""
    for mark, rows in case.rows_of.items():
        if len(rows) > 1:
            yield f"stored {len(rows)} times: {mark}"
        if mark not in case.by_mark:
            yield f"stored, and nobody asked for it: {mark}"
    for asked in case.asked:
        found = [row.id for row in case.rows_of.get(asked.mark, ())]
        if asked.accepted and found != [asked.id]:
            yield f"accepted as {asked.id}, stored as {found}: {asked.mark}"
        if asked.refused and found:
            yield f"refused ({asked.refused}) and stored: {asked.mark}"
        if asked.repeats - {asked.id}:
            yield f"one key, several answers: {asked.mark} is {asked.id}, also {asked.repeats}"


def states_are_true(case: Case) -> Iterator[str]:
    """When all has settled, a state is what the network knows of the message; the outbox holds only the rest."""
    told = _told_by_network(case)
    now = max((entry.t for entry in case.journal), default=Millis(0))
    for asked in case.asked:
        for row in case.rows_of.get(asked.mark, ()):
            known = told.get((asked.device, row.wire_ref))
            yield from _state_against_network(row, known)
            if asked.cancel is Cancel.DONE and row.state != MessageState.CANCELLED:
                yield f"cancelled, yet {MessageState(row.state).name}: {asked.mark}"
            if asked.cancel in (Cancel.NOT_ASKED, Cancel.REFUSED) and row.state == MessageState.CANCELLED:
                yield f"nobody cancelled it: {asked.mark}"
            if row.state == MessageState.CANCELLED and asked.mark in case.places:
                yield f"cancelled after it was handed over: {asked.mark}"
            if row.open and asked.due_at <= now:
                yield f"still in the outbox: {asked.mark}, {MessageState(row.state).name}"
            if not row.open and row.state in OPEN:
                yield f"{MessageState(row.state).name}, and nowhere in the outbox: {asked.mark}"


def _state_against_network(row: Row, known: MessageState | None) -> Iterator[str]:
    state = MessageState(row.state)
    if known is not None and state is not known:
        yield f"the network says {known.name}, merpati {state.name}: {row.id}"
    if known is None and state in SENT:
        yield f"{state.name} without the network's word: {row.id}"


def _told_by_network(case: Case) -> dict[tuple[Address, str], MessageState]:
    told: dict[tuple[Address, str], MessageState] = {}
    for entry in case.journal:
        if isinstance(entry, Acked | Receipted):
            state = MessageState.SENT if isinstance(entry, Acked) else _OF_RECEIPT[entry.kind]
            key = (entry.device, entry.ref)
            told[key] = max(state, told.get(key, state))
    return told


def states_only_climb(case: Case) -> Iterator[str]:
    """Sent, delivered, read: each fact at most once, never a lower one after a higher one."""
    reached: dict[object, int] = {}
    for fact in case.stored.facts:
        rank = _RANK.get(fact.kind)
        if rank is None:
            continue
        message = fact.body["message"]
        if rank <= reached.get(message, 0):
            yield f"{fact.kind} of {message} after rank {reached[message]}, seq {fact.seq}"
        reached[message] = max(rank, reached.get(message, 0))


def the_log_has_no_gaps(case: Case) -> Iterator[str]:
    """One sequence for each account, from 1, without gaps."""
    last: dict[int, int] = {}
    for fact in case.stored.facts:
        if fact.seq != last.get(fact.account, 0) + 1:
            yield f"account {fact.account}: {fact.seq} follows {last.get(fact.account, 0)}"
        last[fact.account] = fact.seq


def what_people_say_is_stored_once(case: Case) -> Iterator[str]:
    """Every message to a device has one row and one fact; the facts of a chat are in the network's order."""
    numbers = {number: device for device, number in case.devices.items()}
    said = [entry for entry in case.journal if isinstance(entry, Said)]
    rows = Counter((row.device, row.chat, row.wa_id) for row in case.stored.rows if row.direction == 1)
    facts: dict[tuple[int, object], list[object]] = defaultdict(list)
    for fact in case.stored.facts:
        if fact.kind == "MessageReceived":
            facts[fact.device, fact.body["chat"]].append(fact.body["wa_id"])
    chats: dict[tuple[int, object], list[object]] = defaultdict(list)
    for entry in said:
        device = numbers[entry.device]
        chats[device, entry.chat].append(entry.wa_id)
        stored = rows[device, entry.chat, entry.wa_id]
        if stored != 1:
            yield f"said once, stored {stored} times: {entry.wa_id} from {entry.sender}"
    for chat in chats.keys() | facts.keys():
        if chats[chat] != facts[chat]:
            yield f"chat {chat}: {_difference(chats[chat], facts[chat])}"


def _difference(said: list[object], recorded: list[object]) -> str:
    place = next((n for n, pair in enumerate(zip(said, recorded, strict=False)) if pair[0] != pair[1]), -1)
    return (
        f"said {len(said)}, recorded {len(recorded)}; they differ at {place}: said {said[place : place + 3]}, "
        f"recorded {recorded[place : place + 3]}"
    )
