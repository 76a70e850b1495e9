"""What every transport must do. A transport's tests subclass `TransportConformance` and give a `rig`.

The rig is the transport together with the far side: a device number that may be paired, and one person. Cases that
need what `caps` says is missing are skipped.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from merpati.core.ids import Address, WaId, WireRef
from merpati.transports.port import (
    AnyEvent,
    Capabilities,
    Content,
    Event,
    Inbound,
    Location,
    Media,
    MediaKind,
    Outbound,
    PairCode,
    PairHow,
    PairQr,
    Poll,
    PollVote,
    Receipt,
    ReceiptKind,
    SendError,
    SendFault,
    Sent,
    SessionState,
    Signal,
    State,
    Text,
    Transport,
    Typing,
)

WITHIN_S = 10.0
E = TypeVar("E", bound=Event)


class Heard:
    """Remembers the events of a transport; hand `emit` to `start`."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self.fail_next = False
        self._storing: list[AnyEvent] = []
        self._changed = asyncio.Condition()

    async def emit(self, event: AnyEvent) -> None:
        self._storing.append(event)
        apart = {each.ids for each in self._storing if isinstance(each, Receipt)}
        assert len(self._storing) in (1, len(apart)), "a second event before the first was stored"
        await asyncio.sleep(0)
        self._storing.remove(event)
        if self.fail_next and not isinstance(event, State):
            self.fail_next = False
            raise OSError("the disk is gone")
        async with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def states(self) -> list[SessionState]:
        return [event.state for event in self.of(State)]

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until this holds after an event."""
        async with asyncio.timeout(WITHIN_S), self._changed:
            await self._changed.wait_for(holds)

    async def state(self, state: SessionState) -> None:
        """Wait until this is the newest state."""
        await self.until(lambda: self.states()[-1:] == [state])

    async def count(self, kind: type[E], number: int = 1) -> list[E]:
        """Wait for so many events of a kind."""
        await self.until(lambda: len(self.of(kind)) >= number)
        return self.of(kind)


class Rig(Protocol):
    """A transport's far side, for tests. `device` is not paired at the beginning; `person` is online and reads."""

    caps: Capabilities
    device: Address
    person: Address
    group: Address
    """Device and person are members."""
    absent: Address
    """A number that is not on WhatsApp."""

    def transport(self) -> Transport:
        """Another life of the same device's transport: what a process has after its start."""
        ...

    async def pair(self) -> None:
        """Make the device paired, without the transport."""
        ...

    async def scan(self, code: str) -> None:
        """The device's phone scans a QR's text or types a code."""
        ...

    async def unlink(self) -> None:
        """The device's phone ends the pairing."""
        ...

    async def shown(self) -> list[tuple[str, Content]]:
        """What the person's phone shows from the device (id, content); a file's path is readable here."""
        ...

    async def say(self, text: str, *, group: bool = False) -> WaId: ...

    async def vote(self, poll: WaId, choices: tuple[str, ...]) -> None: ...

    async def type(self) -> None: ...

    async def be_online(self, online: bool) -> None: ...

    async def block(self) -> None: ...

    async def refuse_next(self, fault: SendFault, code: str, retry_after_ms: int) -> None:
        """The next hand-over is refused so."""
        ...

    async def cut_next(self) -> None:
        """The next hand-over is taken, and the connection cut before the acknowledgement."""
        ...

    async def cut(self) -> None:
        """Cut the connection now."""
        ...

    async def replace(self) -> None:
        """Somebody else logs in as the device."""
        ...


def text(ref: str, chat: Address, body: str = "Halo") -> Outbound:
    return Outbound(ref=WireRef(ref), chat=chat, content=Text(body=body))


async def opened(rig: Rig) -> tuple[Transport, Heard]:
    """A paired device with an open session."""
    await rig.pair()
    transport, heard = rig.transport(), Heard()
    await transport.start(heard.emit)
    await heard.state(SessionState.OPEN)
    return transport, heard


async def fault_of(transport: Transport, message: Outbound) -> SendError:
    with pytest.raises(SendError) as raised:
        await transport.send(message)
    return raised.value


def contents(tmp_path: Path) -> Iterator[tuple[str, Content]]:
    file = tmp_path / "surat.pdf"
    file.write_bytes(b"%PDF-1.7 " + bytes(range(256)))
    yield "", Text(body="Halo *dunia* 🕊️\nbaris kedua\t\\ \"kutip\" \u2028 'satu'", preview=False)
    yield "", Text(body="x" * 60_000)
    yield "", Text(body="{name} <b>&amp;</b> '; DROP TABLE message; --")
    yield "location", Location(latitude=-6.175392, longitude=106.827153, caption="Monas")
    yield "poll", Poll(question="Kapan?", choices=("Senin", "Selasa 🕊️"), several=True, name="jadwal")
    yield (
        "media",
        Media(
            kind=MediaKind.DOCUMENT,
            path=str(file),
            mime="application/pdf",
            size_bytes=file.stat().st_size,
            filename="surat penting.pdf",
            caption="Ini suratnya",
        ),
    )


def same_bytes(one: str, other: str) -> bool:
    return Path(one).read_bytes() == Path(other).read_bytes()


class TransportConformance:
    """The cases."""

    def needs(self, rig: Rig, *names: str) -> None:
        for name in names:
            if name and not getattr(rig.caps, name):
                pytest.skip(f"this transport has no {name}")

    # -- sending --

    async def test_content_arrives_exactly_as_it_was_sent(self, rig: Rig, tmp_path: Path) -> None:
        """Every kind of content that the transport has, to the byte."""
        transport, _ = await opened(rig)
        sendable = [content for cap, content in contents(tmp_path) if not cap or getattr(rig.caps, cap)]

        for number, content in enumerate(sendable):
            if not isinstance(content, Text) or len(content.body) <= rig.caps.max_text:
                await transport.send(Outbound(ref=WireRef(f"ref-{number}"), chat=rig.person, content=content))

        for (_, got), content in zip(await rig.shown(), sendable, strict=True):
            if isinstance(content, Media):
                assert isinstance(got, Media)
                assert same_bytes(got.path, content.path)
                assert (got.filename, got.caption, got.mime) == (content.filename, content.caption, content.mime)
            else:
                assert got == content

    async def test_a_reply_says_what_it_answers(self, rig: Rig) -> None:
        """`reply_to` is taken with any id of a message in the chat."""
        self.needs(rig, "reply")
        transport, heard = await opened(rig)
        question = await rig.say("Buka jam berapa?")
        await heard.count(Inbound)

        answer = Outbound(ref=WireRef("a"), chat=rig.person, content=Text(body="Jam 8"), reply_to=question)

        assert isinstance(await transport.send(answer), Sent)

    async def test_receipts_follow_the_acknowledgement(self, rig: Rig) -> None:
        """Acknowledged with an id; then delivered and read carry that id."""
        transport, heard = await opened(rig)

        sent = await transport.send(text("r1", rig.person))

        receipts = await heard.count(Receipt, 2)
        assert [(each.ids, each.kind) for each in receipts] == [
            ((sent.wa_id,), ReceiptKind.DELIVERED),
            ((sent.wa_id,), ReceiptKind.READ),
        ]
        assert {each.who for each in receipts} == {rig.person}

    async def test_the_same_reference_twice_is_shown_once(self, rig: Rig) -> None:
        """A repeated hand-over is acknowledged with the same id."""
        self.needs(rig, "takes_ref")
        transport, _ = await opened(rig)

        first = await transport.send(text("same", rig.person))
        second = await transport.send(text("same", rig.person))

        assert first.wa_id == second.wa_id == "same"
        assert len(await rig.shown()) == 1

    async def test_messages_leave_in_the_order_of_the_calls(self, rig: Rig, tmp_path: Path) -> None:
        """Also when a file, which takes longer, is among them."""
        transport, _ = await opened(rig)
        file = tmp_path / "besar.bin"
        file.write_bytes(b"\x00" * 3_000_000)
        content = [Text(body=str(number)) for number in range(8)]
        mixed: list[Content] = [*content]
        if rig.caps.media:
            mixed[2] = Media(kind=MediaKind.DOCUMENT, path=str(file), mime="x/y", size_bytes=3_000_000)
        outbound = [Outbound(ref=WireRef(f"o{n}"), chat=rig.person, content=each) for n, each in enumerate(mixed)]

        for start in range(0, len(outbound), rig.caps.in_flight):
            batch = outbound[start : start + rig.caps.in_flight]
            await asyncio.gather(*(transport.send(message) for message in batch))

        assert [type(got) for _, got in await rig.shown()] == [type(each) for each in mixed]
        assert [got for _, got in await rig.shown() if isinstance(got, Text)] == [
            each for each in mixed if isinstance(each, Text)
        ]

    async def test_a_message_to_a_group_reaches_its_members(self, rig: Rig) -> None:
        """With receipts of a member."""
        self.needs(rig, "groups")
        transport, heard = await opened(rig)

        sent = await transport.send(text("g1", rig.group))

        receipts = await heard.count(Receipt, 2)
        assert [content for _, content in await rig.shown()] == [Text(body="Halo")]
        assert {each.ids for each in receipts} == {(sent.wa_id,)}
        assert rig.person in {each.who for each in receipts}

    async def test_nothing_is_delivered_to_a_phone_that_is_off(self, rig: Rig) -> None:
        """The receipt comes when the phone does."""
        transport, heard = await opened(rig)
        await rig.be_online(False)

        await transport.send(text("late", rig.person))
        assert heard.of(Receipt) == []
        await rig.be_online(True)

        assert (await heard.count(Receipt))[0].kind is ReceiptKind.DELIVERED

    # -- refusals --

    @pytest.mark.parametrize("fault", [SendFault.RETRY, SendFault.RATE, SendFault.CONTENT, SendFault.AUTH])
    async def test_a_refusal_says_what_follows_from_it(self, rig: Rig, fault: SendFault) -> None:
        """The fault, and for RATE the time to wait; nothing is shown."""
        transport, _ = await opened(rig)
        await rig.refuse_next(fault, "too_bad", 700)

        raised = await fault_of(transport, text("x", rig.person))

        assert raised.fault is fault
        assert fault is not SendFault.RATE or raised.retry_after_ms == 700
        assert await rig.shown() == []
        await transport.send(text("x", rig.person))

    async def test_a_number_without_whatsapp_is_the_recipients_trouble(self, rig: Rig) -> None:
        """RECIPIENT: this message fails, others go on."""
        transport, _ = await opened(rig)

        assert (await fault_of(transport, text("x", rig.absent))).fault is SendFault.RECIPIENT

    async def test_who_blocked_us_gets_nothing(self, rig: Rig) -> None:
        """Whatever the network answers, nothing is shown."""
        transport, _ = await opened(rig)
        await rig.block()

        assert (await fault_of(transport, text("x", rig.person))).fault is SendFault.RECIPIENT
        assert await rig.shown() == []

    async def test_a_cut_while_waiting_is_ambiguous(self, rig: Rig) -> None:
        """The network took it, nobody said so; after the reconnection a repeat is shown once."""
        transport, heard = await opened(rig)
        await rig.cut_next()

        raised = await fault_of(transport, text("cut", rig.person))
        await heard.until(lambda: SessionState.RETRYING in heard.states())
        await heard.state(SessionState.OPEN)

        assert raised.fault is SendFault.AMBIGUOUS
        if rig.caps.takes_ref:
            await transport.send(text("cut", rig.person))
        assert len(await rig.shown()) == 1

    async def test_a_message_without_a_session_was_certainly_not_sent(self, rig: Rig) -> None:
        """RETRY before the start and after the stop."""
        await rig.pair()
        transport, heard = rig.transport(), Heard()

        before = await fault_of(transport, text("x", rig.person))
        await transport.start(heard.emit)
        await heard.state(SessionState.OPEN)
        await transport.stop()
        after = await fault_of(transport, text("x", rig.person))

        assert before.fault is after.fault is SendFault.RETRY
        assert await rig.shown() == []

    # -- incoming --

    async def test_what_people_say_comes_in_order_and_once(self, rig: Rig) -> None:
        """With chat, sender and a fresh id each."""
        _, heard = await opened(rig)

        said = [await rig.say(f"pesan {number}") for number in range(20)]

        inbound = await heard.count(Inbound, 20)
        assert [each.wa_id for each in inbound] == said
        assert [each.content for each in inbound] == [Text(body=f"pesan {number}") for number in range(20)]
        assert {(each.chat, each.sender.id) for each in inbound} == {(rig.person, rig.person)}

    async def test_a_message_in_a_group_names_group_and_sender(self, rig: Rig) -> None:
        """`chat` is the group, `sender` the member."""
        self.needs(rig, "groups")
        _, heard = await opened(rig)

        await rig.say("halo semua", group=True)

        [inbound] = await heard.count(Inbound)
        assert (inbound.chat, inbound.sender.id) == (rig.group, rig.person)

    async def test_what_was_not_stored_comes_again(self, rig: Rig) -> None:
        """An event whose `emit` failed is told again, before later ones."""
        _, heard = await opened(rig)
        heard.fail_next = True

        said = [await rig.say("satu"), await rig.say("dua")]

        assert [each.wa_id for each in await heard.count(Inbound, 2)] == said

    async def test_what_came_while_we_were_away_comes_at_the_start(self, rig: Rig) -> None:
        """Before OPEN: who then repeats unclear hand-overs has seen every receipt that waited."""
        transport, heard = await opened(rig)
        await rig.be_online(False)
        await transport.send(text("r", rig.person))
        await transport.stop()
        await rig.be_online(True)
        said = await rig.say("ada orang?")
        later = Heard()

        await rig.transport().start(later.emit)
        await later.state(SessionState.OPEN)

        assert [each.wa_id for each in later.of(Inbound)] == [said]
        assert isinstance(later.events[-1], State)
        assert heard.of(Inbound) == []

    async def test_a_vote_names_the_poll_and_the_whole_choice(self, rig: Rig) -> None:
        """Voting again replaces; voting for nothing takes back."""
        self.needs(rig, "poll")
        transport, heard = await opened(rig)
        poll = Poll(question="Kapan?", choices=("Senin", "Selasa"))
        sent = await transport.send(Outbound(ref=WireRef("p"), chat=rig.person, content=poll))

        for choices in (("Senin",), ("Selasa",), ()):
            await rig.vote(sent.wa_id, choices)

        votes = await heard.count(PollVote, 3)
        assert [each.choices for each in votes] == [("Senin",), ("Selasa",), ()]
        assert {(each.poll, each.voter.id) for each in votes} == {(sent.wa_id, rig.person)}

    async def test_typing_is_seen_on_both_sides(self, rig: Rig) -> None:
        """Ours is best effort, theirs is an event."""
        self.needs(rig, "typing")
        transport, heard = await opened(rig)

        await transport.signal(rig.person, Signal.TYPING)
        await rig.type()

        [typing] = await heard.count(Typing)
        assert (typing.chat, typing.on) == (rig.person, True)

    # -- asking --

    async def test_numbers_are_checked(self, rig: Rig) -> None:
        """In the order asked."""
        self.needs(rig, "check_number")
        transport, _ = await opened(rig)

        checked = await transport.check([rig.person, rig.absent])

        assert [(each.number, each.registered) for each in checked] == [(rig.person, True), (rig.absent, False)]

    async def test_groups_of_the_device_are_listed(self, rig: Rig) -> None:
        """Only those that it is in."""
        self.needs(rig, "groups")
        transport, _ = await opened(rig)

        assert [each.id for each in await transport.groups()] == [rig.group]

    # -- sessions --

    async def test_a_device_that_is_not_paired_says_so(self, rig: Rig) -> None:
        """`start` never pairs by itself."""
        self.needs(rig, "pair_qr")
        heard = Heard()

        await rig.transport().start(heard.emit)

        await heard.state(SessionState.LOGGED_OUT)
        assert not heard.of(PairQr) and not heard.of(PairCode)

    @pytest.mark.parametrize(("how", "kind"), [(PairHow.QR, PairQr), (PairHow.CODE, PairCode)])
    async def test_a_device_is_paired_by_its_phone(
        self, rig: Rig, how: PairHow, kind: type[PairQr] | type[PairCode]
    ) -> None:
        """The code comes as an event; after the scan the session opens, and opens again at the next start."""
        self.needs(rig, f"pair_{how}")
        transport, heard = rig.transport(), Heard()
        await transport.start(heard.emit)
        await heard.state(SessionState.LOGGED_OUT)

        await transport.pair(how, rig.device if how is PairHow.CODE else None)
        [shown, *_] = await heard.count(kind)
        await rig.scan(shown.code)
        await heard.state(SessionState.OPEN)
        await transport.stop()
        again = Heard()
        await rig.transport().start(again.emit)

        await again.state(SessionState.OPEN)
        assert shown.expires_at > shown.at

    async def test_pairing_again_starts_over(self, rig: Rig) -> None:
        """The first code is worth nothing, the second pairs."""
        self.needs(rig, "pair_qr")
        transport, heard = rig.transport(), Heard()
        await transport.start(heard.emit)
        await heard.state(SessionState.LOGGED_OUT)

        await transport.pair(PairHow.QR)
        await heard.count(PairQr)
        await transport.pair(PairHow.QR)
        codes = [each.code for each in await heard.count(PairQr, 2)]
        await rig.scan(codes[1])

        await heard.state(SessionState.OPEN)
        assert codes[0] != codes[1]

    async def test_a_stopped_session_is_off_and_may_be_stopped_again(self, rig: Rig) -> None:
        """One OFF, no event after the stop returned; the start opens it again."""
        transport, heard = await opened(rig)

        await transport.stop()
        await transport.stop()
        events = len(heard.events)
        await rig.say("halo")
        assert heard.states().count(SessionState.OFF) == 1
        assert len(heard.events) == events
        await transport.start(heard.emit)

        await heard.count(Inbound)

    async def test_logging_out_forgets_the_pairing(self, rig: Rig) -> None:
        """The next start finds nothing to resume; logging out again is harmless."""
        transport, heard = await opened(rig)

        await transport.stop(logout=True)
        await transport.stop(logout=True)
        again = Heard()
        await rig.transport().start(again.emit)

        await again.state(SessionState.LOGGED_OUT)
        assert heard.states()[-1] is SessionState.LOGGED_OUT

    async def test_the_phone_may_end_the_pairing(self, rig: Rig) -> None:
        """LOGGED_OUT, and no reconnection."""
        _, heard = await opened(rig)

        await rig.unlink()

        await heard.state(SessionState.LOGGED_OUT)

    async def test_a_cut_connection_is_opened_again(self, rig: Rig) -> None:
        """RETRYING, then OPEN, without anybody asking."""
        transport, heard = await opened(rig)

        await rig.cut()

        await heard.until(lambda: SessionState.RETRYING in heard.states())
        await heard.state(SessionState.OPEN)
        await transport.send(text("after", rig.person))

    async def test_a_newer_login_ends_the_session(self, rig: Rig) -> None:
        """REPLACED, and no fight over it; what is sent then was certainly not sent."""
        transport, heard = await opened(rig)

        await rig.replace()

        await heard.state(SessionState.REPLACED)
        assert (await fault_of(transport, text("x", rig.person))).fault is SendFault.RETRY
