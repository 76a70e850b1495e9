"""What every transport must do: say why a hand-over did not end in an acknowledgement."""

import pytest

from merpati.transports.port import SendFault, SessionState
from tests.conformance.transport_rig import Heard, Rig, fault_of, needs, opened, text


class Refusals:
    """Each `SendFault` where it belongs."""

    @pytest.mark.parametrize("fault", [SendFault.RETRY, SendFault.RATE, SendFault.CONTENT, SendFault.AUTH])
    async def test_a_refusal_says_what_follows_from_it(self, rig: Rig, fault: SendFault) -> None:
        """The fault, and for RATE the time to wait; nothing is shown."""
        transport, _ = await opened(rig)
        await rig.refuse_next(fault, "too_bad", 700)

        raised = await fault_of(transport, text("x", rig.person))

        assert raised.fault is fault
        assert fault is not SendFault.RATE or raised.retry_after_ms >= 700
        assert await rig.shown() == []
        if fault is not SendFault.AUTH or rig.caps.stays_connected:
            await transport.send(text("x", rig.person))

    async def test_a_number_without_whatsapp_is_the_recipients_trouble(self, rig: Rig) -> None:
        """RECIPIENT: this message fails, others go on."""
        transport, _ = await opened(rig)

        assert (await fault_of(transport, text("x", rig.absent))).fault is SendFault.RECIPIENT

    async def test_who_blocked_us_gets_nothing(self, rig: Rig) -> None:
        """Whatever the network answers, nothing is shown."""
        needs(rig, "tells_block")
        transport, _ = await opened(rig)
        await rig.block()

        assert (await fault_of(transport, text("x", rig.person))).fault is SendFault.RECIPIENT
        assert await rig.shown() == []

    async def test_a_cut_while_waiting_is_ambiguous(self, rig: Rig) -> None:
        """The network took it, nobody said so; after the reconnection, if there is one, a repeat is shown once."""
        transport, heard = await opened(rig)
        await rig.cut_next()

        raised = await fault_of(transport, text("cut", rig.person))
        if rig.caps.stays_connected:
            await heard.until(lambda: SessionState.RETRYING in heard.states())
        await heard.state(SessionState.OPEN)

        assert raised.fault is SendFault.AMBIGUOUS
        if rig.caps.takes_ref:
            await transport.send(text("cut", rig.person))
        assert len(await rig.shown()) == 1

    async def test_a_message_without_a_session_was_certainly_not_sent(self, rig: Rig) -> None:
        """NOT_OPEN before the start and after the stop."""
        await rig.pair()
        transport, heard = rig.transport(), Heard()

        before = await fault_of(transport, text("x", rig.person))
        await transport.start(heard.emit)
        await heard.state(SessionState.OPEN)
        await transport.stop()
        after = await fault_of(transport, text("x", rig.person))

        assert before.fault is after.fault is SendFault.NOT_OPEN
        assert await rig.shown() == []
