"""What follows from the library's words."""

import pytest

from merpati.core.errors import Code
from merpati.transports.linked.errors import CODES, trouble_of
from merpati.transports.port import SendFault

LINES = {
    "no LID found for 6281@s.whatsapp.net from server": SendFault.RECIPIENT,
    "the store doesn't contain a device JID": SendFault.NOT_OPEN,
    "failed to get device list: info query timed out": SendFault.RETRY,
    "failed to get group members: info query returned status 404: item-not-found": SendFault.RECIPIENT,
    "server returned error 463": SendFault.RATE,
    "server returned error 479": SendFault.CONTENT,
    "server returned error 403": SendFault.AUTH,
    "server returned error 599": SendFault.AMBIGUOUS,
    "websocket not connected": SendFault.AMBIGUOUS,
    "failed to get device list: failed to send usync query: websocket not connected": SendFault.NOT_OPEN,
    "timed out waiting for message send response": SendFault.AMBIGUOUS,
    "websocket disconnected before message send returned response": SendFault.AMBIGUOUS,
    "failed to send message node: failed to write": SendFault.AMBIGUOUS,
    "something that nobody has seen": SendFault.AMBIGUOUS,
    "": SendFault.AMBIGUOUS,
}


@pytest.mark.parametrize(("line", "fault"), LINES.items())
def test_only_what_certainly_was_not_sent_is_called_so(line: str, fault: SendFault) -> None:
    """Every line that may come after bytes have left is unclear."""
    assert trouble_of(line).fault is fault


def test_too_fast_says_when_again() -> None:
    """A rate without a time would be tried at once."""
    for trouble in CODES.values():
        assert (trouble.wait_ms > 0) is (trouble.fault is SendFault.RATE)


def test_a_new_number_that_writes_to_too_many_is_told_so() -> None:
    """463: hold, and say until when."""
    trouble = trouble_of("server returned error 463")

    assert (trouble.code, trouble.wait_ms) == (Code.NUMBER_SLOWED, 3_600_000)
