"""Pairing a device: codes that expire, and the phone that scans them."""

import secrets
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from merpati.core.clock import Millis
from merpati.core.ids import Address
from merpati.transports.port import PairHow
from merpati.transports.simulator.entries import AccountSet
from merpati.transports.simulator.wire import CodeShown, Done, No, Pair, PairEnded, QrShown, Scan

if TYPE_CHECKING:
    from merpati.transports.simulator.network import Client, Network

QR_PREFIX = "merpati-simulator:"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ123456789"


@dataclass(eq=False, slots=True)
class Attempt:
    """A pairing that goes on, in memory alone: when the connection ends, it ends."""

    device: Address
    client: "Client"
    channel: int
    number: int
    """The client's, of this beginning."""
    code: str = ""
    validities: list[int] = field(default_factory=list)
    """Milliseconds of the codes still to come."""


def begin(net: "Network", client: "Client", ask: Pair) -> None:
    """Start over: earlier codes of the device are worth nothing."""
    session = net.session_of(ask.device)
    if ask.phone is not None and ask.phone != ask.device:
        client.put(PairEnded(channel=ask.channel, reason="other_number", attempt=ask.attempt))
    elif session is not None and session.client is client and session.channel == ask.channel:
        client.put(PairEnded(channel=ask.channel, attempt=ask.attempt))
    else:
        attempt = Attempt(device=ask.device, client=client, channel=ask.channel, number=ask.attempt)
        attempt.validities = list(net.settings.qr_ms) if ask.how is PairHow.QR else [net.settings.code_ms]
        net.attempts[ask.device] = attempt
        _show_next(net, attempt, ask.how)


def _show_next(net: "Network", attempt: Attempt, how: PairHow) -> None:
    if net.attempts.get(attempt.device) is not attempt:
        return
    if not attempt.validities:
        del net.attempts[attempt.device]
        ended = PairEnded(channel=attempt.channel, reason="pairing_timed_out", attempt=attempt.number)
        attempt.client.put(ended)
        return
    valid_ms = attempt.validities.pop(0)
    expires_at = Millis(net.now() + valid_ms)
    if how is PairHow.QR:
        attempt.code = QR_PREFIX + secrets.token_urlsafe(24)
        shown: QrShown | CodeShown = QrShown(
            channel=attempt.channel, code=attempt.code, expires_at=expires_at, attempt=attempt.number
        )
    else:
        attempt.code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(2))
        shown = CodeShown(channel=attempt.channel, code=attempt.code, expires_at=expires_at, attempt=attempt.number)
    attempt.client.put(shown)
    net.timers.after(valid_ms, partial(_show_next, net, attempt, how))


def scan(net: "Network", ask: Scan) -> Done | No:
    """A phone scans or types a code. `device` says whose phone; another's code is refused."""
    wanted = _plain(ask.code)
    attempt = next((each for each in net.attempts.values() if _plain(each.code) == wanted), None)
    if attempt is None:
        return No(q=ask.q, code="code_unknown")
    if ask.device is not None and ask.device != attempt.device:
        return No(q=ask.q, code="code_of_another", about=attempt.device)
    until = net.world.account(attempt.device).banned_until
    if until is not None and until > net.now():
        return No(q=ask.q, code="banned", about=attempt.device)
    del net.attempts[attempt.device]
    net.record(AccountSet(t=net.now(), device=attempt.device, paired=True))
    attempt.client.put(PairEnded(channel=attempt.channel, attempt=attempt.number))
    return Done(q=ask.q, id=attempt.device)


def cancel(net: "Network", client: "Client", device: Address) -> None:
    """The device gives its pairing up."""
    attempt = net.attempts.get(device)
    if attempt is not None and attempt.client is client:
        del net.attempts[device]


def _plain(code: str) -> str:
    if code.strip().startswith(QR_PREFIX):
        return code.strip()
    return code.upper().replace("-", "").replace(" ", "")
