"""What every transport must do: the life of a session."""

import pytest

from merpati.transports.port import Inbound, PairCode, PairHow, PairQr, SendFault, SessionState, State
from tests.conformance.transport_rig import Heard, Rig, fault_of, needs, opened, text


class Sessions:
    """Pairing, start, stop, and what the network does to a session."""

    async def test_a_device_that_is_not_paired_says_so(self, rig: Rig) -> None:
        """`start` never pairs by itself."""
        needs(rig, "pair_qr")
        heard = Heard()

        await rig.transport().start(heard.emit)

        await heard.state(SessionState.LOGGED_OUT)
        assert not heard.of(PairQr) and not heard.of(PairCode)

    @pytest.mark.parametrize(("how", "kind"), [(PairHow.QR, PairQr), (PairHow.CODE, PairCode)])
    async def test_a_device_is_paired_by_its_phone(
        self, rig: Rig, how: PairHow, kind: type[PairQr] | type[PairCode]
    ) -> None:
        """The code comes as an event; after the scan the session opens, and opens again at the next start.

        An open session says whose it is, where the network tells that.
        """
        needs(rig, f"pair_{how}")
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
        assert again.of(State)[-1].number in (None, rig.device)

    async def test_pairing_again_starts_over(self, rig: Rig) -> None:
        """The first code is worth nothing, the second pairs."""
        needs(rig, "pair_qr")
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
        needs(rig, "stays_connected")
        _, heard = await opened(rig)

        await rig.unlink()

        await heard.state(SessionState.LOGGED_OUT)

    async def test_a_cut_connection_is_opened_again(self, rig: Rig) -> None:
        """RETRYING, then OPEN, without anybody asking."""
        needs(rig, "stays_connected")
        transport, heard = await opened(rig)

        await rig.cut()

        await heard.until(lambda: SessionState.RETRYING in heard.states())
        await heard.state(SessionState.OPEN)
        await transport.send(text("after", rig.person))

    async def test_a_newer_login_ends_the_session(self, rig: Rig) -> None:
        """REPLACED, and no fight over it; what is sent then was certainly not sent."""
        needs(rig, "stays_connected")
        transport, heard = await opened(rig)

        await rig.replace()

        await heard.state(SessionState.REPLACED)
        assert (await fault_of(transport, text("x", rig.person))).fault is SendFault.NOT_OPEN
