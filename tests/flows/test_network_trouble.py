"""The network misbehaves: nothing is called sent that was not acknowledged, and nothing is lost."""

import pytest

from merpati.messages.model import MessageState
from merpati.transports.simulator.entries import Fate
from tests.flows.stage import Stage

DONE = (MessageState.READ, MessageState.DELIVERED, MessageState.SENT)
NUMBERS = [f"62814{n:07}" for n in range(20)]


class TestTwentyTakenThenCut:
    """The network takes 20 messages without acknowledging any and cuts the connection."""

    @pytest.fixture
    def script(self) -> str:
        return '[[fault]]\ndo = "take_and_cut"\ncount = 20\ntimes = 20\n'

    async def test_none_is_called_sent_and_none_is_lost(self, stage: Stage) -> None:
        """Each is handed over again with the same reference and the same bytes, and shown once."""
        messages = [(await stage.send(number))[0] for number in NUMBERS]
        await stage.until_state(messages, *DONE)
        shown: dict[str, int] = {}
        contents: dict[str, set[str]] = {}
        for hand_off in stage.hand_offs():
            shown[hand_off.ref] = shown.get(hand_off.ref, 0) + (hand_off.fate is Fate.TAKEN)
            contents.setdefault(hand_off.ref, set()).add(hand_off.digest)

        assert len(shown) == 20 and set(shown.values()) == {1}
        assert all(len(hashes) == 1 for hashes in contents.values())


class TestARefusalForNow:
    """The network refuses the first tries."""

    @pytest.fixture
    def script(self) -> str:
        return '[[fault]]\ndo = "throttle"\nper_s = 50\n'

    async def test_throttled_messages_arrive_later(self, stage: Stage) -> None:
        """A rate limit costs no try, and no message."""
        messages = await stage.send(*NUMBERS)
        await stage.until_state(messages, *DONE)

        assert len({h.ref for h in stage.hand_offs() if h.fate is Fate.TAKEN}) == 20


class TestReceiptsInDisorder:
    """Receipts come twice, shuffled, and before the acknowledgement."""

    @pytest.fixture
    def script(self) -> str:
        return (
            '[[fault]]\ndo = "receipts_first"\nevery = 2\n'
            '[[fault]]\ndo = "duplicate_receipts"\n[[fault]]\ndo = "shuffle_receipts"\nms = 50\n'
        )

    async def test_every_message_ends_as_read(self, stage: Stage) -> None:
        """The highest wins."""
        messages = await stage.send(*NUMBERS)

        await stage.until_state(messages, MessageState.READ)
