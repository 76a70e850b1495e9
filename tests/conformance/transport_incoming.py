"""What every transport must do: what comes in, and what may be asked."""

import asyncio

import pytest

from merpati.core.ids import WaId, WireRef
from merpati.transports.cards import Contact, Contacts, NotShown, Reaction
from merpati.transports.interactive import Button, Buttons, Chosen
from merpati.transports.port import (
    AnyEvent,
    FromPhone,
    Inbound,
    Outbound,
    Poll,
    PollVote,
    SendError,
    SendFault,
    SessionState,
    Signal,
    State,
    Text,
    Typing,
)
from tests.conformance.transport_rig import WITHIN_S, Heard, Rig, needs, opened, text
from tests.conformance.transport_sending import MENU


async def seen(rig: Rig, ids: list[WaId]) -> None:
    """Wait until the person sees just these as read."""
    async with asyncio.timeout(WITHIN_S):
        while await rig.ticked() != ids:  # noqa: ASYNC110 - the network does not tell when
            await asyncio.sleep(0.01)


class Incoming:
    """Each event is told in order, and until it is stored."""

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
        needs(rig, "groups")
        _, heard = await opened(rig)

        await rig.say("halo semua", group=True)

        [inbound] = await heard.count(Inbound)
        assert (inbound.chat, inbound.sender.id) == (rig.group, rig.person)

    async def test_who_wrote_sees_what_the_device_has_read(self, rig: Rig) -> None:
        """In a group too; what was not marked stays unread, and again is harmless."""
        transport, heard = await opened(rig)
        first, second = await rig.say("satu"), await rig.say("dua")
        await heard.count(Inbound, 2)

        for _ in range(2):
            await transport.mark_read(rig.person, rig.person, [first])

        await seen(rig, [first])
        if rig.caps.groups:
            third = await rig.say("tiga", group=True)
            await heard.count(Inbound, 3)
            await transport.mark_read(rig.group, rig.person, [third])
            await seen(rig, [first, third])
        assert second not in await rig.ticked()

    async def test_a_message_may_be_marked_as_read_while_it_is_stored(self, rig: Rig) -> None:
        """Also one that waited, before the session is open."""
        await rig.pair()
        said = await rig.say("ada orang?")
        transport, heard = rig.transport(), Heard()

        async def read_and_store(event: AnyEvent) -> None:
            if isinstance(event, Inbound):
                await transport.mark_read(event.chat, event.sender.id, [event.wa_id])
            await heard.emit(event)

        await transport.start(read_and_store)
        await heard.state(SessionState.OPEN)

        await seen(rig, [said])

    async def test_nothing_is_marked_as_read_without_a_session(self, rig: Rig) -> None:
        """Said, and not taken silently."""
        transport, _ = await opened(rig)
        await transport.stop()

        with pytest.raises(SendError) as refused:
            await transport.mark_read(rig.person, rig.person, [WaId("x")])
        assert refused.value.fault is SendFault.NOT_OPEN

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
        needs(rig, "poll")
        transport, heard = await opened(rig)
        poll = Poll(question="Kapan?", choices=("Senin", "Selasa"))
        sent = await transport.send(Outbound(ref=WireRef("p"), chat=rig.person, content=poll))

        for choices in (("Senin",), ("Selasa",), ()):
            await rig.vote(sent.wa_id, choices)

        votes = await heard.count(PollVote, 3)
        assert [each.choices for each in votes] == [("Senin",), ("Selasa",), ()]
        assert {(each.poll, each.voter.id) for each in votes} == {(sent.wa_id, rig.person)}

    async def test_what_is_pressed_names_itself_and_its_message(self, rig: Rig) -> None:
        """A button by id and words; of a list also what stands below the row. Pressing again is another message."""
        needs(rig, "interactive")
        transport, heard = await opened(rig)
        buttons = Buttons(body="Jadi?", buttons=(Button(id="y", title="Jadi"), Button(id="n", title="Batal")))
        asked = await transport.send(Outbound(ref=WireRef("b"), chat=rig.person, content=buttons))
        listed = await transport.send(Outbound(ref=WireRef("m"), chat=rig.person, content=MENU))

        for message, choice in ((asked, "n"), (listed, "p-1"), (asked, "y")):
            await rig.choose(message.wa_id, choice)

        inbound = await heard.count(Inbound, 3)
        assert [(each.content, each.quoted) for each in inbound] == [
            (Chosen(id="n", title="Batal"), asked.wa_id),
            (Chosen(id="p-1", title="Hemat", description="10 rb"), listed.wa_id),
            (Chosen(id="y", title="Jadi"), asked.wa_id),
        ]
        assert len({each.wa_id for each in inbound}) == 3
        assert {(each.chat, each.sender.id) for each in inbound} == {(rig.person, rig.person)}

    async def test_cards_reactions_and_what_is_not_shown_come_as_such(self, rig: Rig) -> None:
        """Nothing that somebody sent is left out; a reaction names the message, and may be taken back."""
        needs(rig, "contact", "reaction")
        transport, heard = await opened(rig)
        sent = await transport.send(text("r", rig.person))
        shared: list[Contacts | Reaction | NotShown] = [
            Contacts(contacts=(Contact(name="Siti", phones=("+62 812-1", "+62 812-2")), Contact(name="Toko"))),
            Reaction(emoji="👍🏽", about=sent.wa_id),
            Reaction(emoji="", about=sent.wa_id),
            rig.not_shown,
        ]

        ids = [await rig.share(each) for each in shared]

        inbound = await heard.count(Inbound, 4)
        assert [each.content for each in inbound] == shared
        assert [each.wa_id for each in inbound] == ids
        assert {(each.chat, each.sender.id) for each in inbound} == {(rig.person, rig.person)}

    async def test_what_its_owner_types_on_the_phone_is_told_apart(self, rig: Rig) -> None:
        """By whom it is for; nobody wrote to the device."""
        needs(rig, "hears_phone")
        _, heard = await opened(rig)

        ids = [await rig.type_on_phone(f"dari HP {number}") for number in range(2)]

        typed = await heard.count(FromPhone, 2)
        assert [(each.wa_id, each.chat) for each in typed] == [(id_, rig.person) for id_ in ids]
        assert [each.content for each in typed] == [Text(body="dari HP 0"), Text(body="dari HP 1")]
        assert heard.of(Inbound) == []

    async def test_typing_is_seen_on_both_sides(self, rig: Rig) -> None:
        """Ours is best effort, theirs is an event."""
        needs(rig, "typing", "hears_typing")
        transport, heard = await opened(rig)

        await transport.signal(rig.person, Signal.TYPING)
        await rig.type()

        [typing] = await heard.count(Typing)
        assert (typing.chat, typing.on) == (rig.person, True)


class Asking:
    """What the network knows."""

    async def test_numbers_are_checked(self, rig: Rig) -> None:
        """In the order asked."""
        needs(rig, "check_number")
        transport, _ = await opened(rig)

        checked = await transport.check([rig.person, rig.absent])

        assert [(each.number, each.registered) for each in checked] == [(rig.person, True), (rig.absent, False)]

    async def test_groups_of_the_device_are_listed(self, rig: Rig) -> None:
        """Only those that it is in."""
        needs(rig, "groups")
        transport, _ = await opened(rig)

        assert [each.id for each in await transport.groups()] == [rig.group]
