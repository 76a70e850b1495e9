"""What gateway and worker say to each other."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merpati.core.clock import Millis
from merpati.core.ids import Address, DeviceId, WaId, WireRef
from merpati.transports.cards import NotShown, Reaction
from merpati.transports.linked import protocol
from merpati.transports.linked.frames import FrameInvalid
from merpati.transports.port import (
    FromPhone,
    Group,
    Identity,
    Inbound,
    Media,
    MediaKind,
    NumberCheck,
    Outbound,
    PairHow,
    Poll,
    PollVote,
    Receipt,
    ReceiptKind,
    SendFault,
    Signal,
    Text,
)

DEVICE, AT, CHAT, ID = DeviceId(7), Millis(1_700_000_000_123), Address("62811"), WaId("3EB0")
WHO = Identity(id=CHAT, phone=CHAT, lid=Address("1@lid"), name="Ani 🕊️")
EVENTS = (
    Inbound(device=DEVICE, at=AT, wa_id=ID, chat=CHAT, sender=WHO, content=Text(body="Halo\0"), quoted=ID),
    Inbound(
        device=DEVICE,
        at=AT,
        wa_id=ID,
        chat=CHAT,
        sender=WHO,
        content=Media(kind=MediaKind.IMAGE, path="/x", mime="image/png", size_bytes=1),
    ),
    PollVote(device=DEVICE, at=AT, wa_id=ID, poll=ID, chat=CHAT, voter=WHO, choices=("a",)),
    Receipt(device=DEVICE, at=AT, ids=(ID,), kind=ReceiptKind.TAKEN, who=CHAT, ref=WireRef("r")),
    FromPhone(device=DEVICE, at=AT, wa_id=ID, chat=CHAT, content=Text(body="dari HP")),
    Inbound(
        device=DEVICE, at=AT, wa_id=ID, chat=CHAT, sender=WHO, content=NotShown(kind="edit", text="baru"), quoted=ID
    ),
    Inbound(device=DEVICE, at=AT, wa_id=ID, chat=CHAT, sender=WHO, content=Reaction(emoji="👍", about=ID)),
)
OURS: tuple[protocol.FromGateway, ...] = (
    protocol.Open(device=DEVICE, folder="/a", spool="/b", proxy="http://127.0.0.1:1"),
    protocol.Pair(device=DEVICE, attempt=2, how=PairHow.CODE, phone=CHAT),
    protocol.Close(device=DEVICE, q=1, logout=True),
    protocol.Send(
        device=DEVICE,
        q=2,
        message=Outbound(ref=WireRef("r"), chat=CHAT, content=Poll(question="?", choices=("a", "b")), reply_to=ID),
    ),
    protocol.Show(device=DEVICE, chat=CHAT, what=Signal.TYPING),
    protocol.MarkRead(device=DEVICE, chat=CHAT, sender=CHAT, ids=(ID,)),
    protocol.Check(device=DEVICE, q=4, numbers=(CHAT,)),
    protocol.ListGroups(device=DEVICE, q=5),
    protocol.Confirm(device=DEVICE, seq=9),
    protocol.Ping(n=1),
)
THEIRS: tuple[protocol.FromWorker, ...] = (
    protocol.Hello(version=protocol.VERSION, library="x"),
    protocol.Trouble(code="library_missing"),
    protocol.Pong(n=1),
    protocol.Began(device=DEVICE),
    protocol.Opened(device=DEVICE, number=CHAT),
    protocol.Ended(device=DEVICE, how=protocol.End.BANNED, until=AT),
    protocol.Paired(device=DEVICE, attempt=1),
    protocol.QrShown(device=DEVICE, attempt=1, code="x", for_ms=60_000),
    protocol.CodeShown(device=DEVICE, attempt=1, code="ABCD-EFGH", for_ms=160_000),
    protocol.Told(device=DEVICE, seq=1, events=EVENTS),
    protocol.Noticed(device=DEVICE, chat=CHAT, on=True),
    protocol.Acked(q=1, wa_id=ID, at=AT),
    protocol.Refused(q=1, fault=SendFault.RATE, code="x", retry_after_ms=1),
    protocol.Checked(q=1, numbers=(NumberCheck(number=CHAT, registered=True),)),
    protocol.InGroups(q=1, groups=(Group(id=Address("1@g.us"), name="Toko"),)),
    protocol.Done(q=1),
)


@pytest.mark.parametrize("word", OURS, ids=lambda each: type(each).__name__)
def test_every_word_of_the_gateway_arrives_as_it_was(word: protocol.FromGateway) -> None:
    """There and back."""
    assert protocol.word_of_gateway(protocol.body_of(word)) == word


@pytest.mark.parametrize("word", THEIRS, ids=lambda each: type(each).__name__)
def test_every_word_of_a_worker_arrives_as_it_was(word: protocol.FromWorker) -> None:
    """With every kind of event in it."""
    assert protocol.word_of_worker(protocol.body_of(word)) == word


def test_no_word_is_forgotten_here() -> None:
    """The cases above are all words that there are."""
    assert {type(each) for each in OURS} == set(protocol.FromGateway.__args__)
    assert {type(each) for each in THEIRS} == set(protocol.FromWorker.__args__)


@given(st.binary(max_size=200))
def test_garbage_is_no_word(body: bytes) -> None:
    """Refused by name; nothing else escapes."""
    for word_of in (protocol.word_of_gateway, protocol.word_of_worker):
        with contextlib.suppress(FrameInvalid):
            assert isinstance(word_of(body), protocol.Word)


def test_a_word_of_the_other_side_is_none_of_ours() -> None:
    """A worker cannot give orders."""
    with pytest.raises(FrameInvalid):
        protocol.word_of_worker(protocol.body_of(protocol.Close(device=DEVICE, q=1)))
