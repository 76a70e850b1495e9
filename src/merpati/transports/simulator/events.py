"""From what the network tells to the port's events. Pure."""

from collections.abc import Callable
from typing import Any

from merpati.core.clock import Millis
from merpati.core.ids import Address, DeviceId, WaId
from merpati.transports.port import (
    AnyEvent,
    FromPhone,
    Identity,
    Inbound,
    PairCode,
    PairQr,
    PollVote,
    Receipt,
    Typing,
)
from merpati.transports.simulator import wire
from merpati.transports.simulator.entries import Receipted, Said, Voted


def event_of(device: DeviceId, what: object, at: Millis) -> AnyEvent:
    """The port's event for news (`entries.News`), or for a frame that becomes one."""
    return _EVENTS[type(what)](device, what, at)


def _identity(number: Address, name: str) -> Identity:
    return Identity(id=number, phone=number, name=name)


def _receipt(device: DeviceId, news: Receipted, at: Millis) -> Receipt:
    return Receipt(device=device, at=at, ids=(WaId(news.ref),), kind=news.kind, who=news.who)


def _said(device: DeviceId, news: Said, at: Millis) -> Inbound | FromPhone:
    if news.is_typed:
        return FromPhone(
            device=device, at=at, wa_id=news.wa_id, chat=news.chat, content=news.content, quoted=news.quoted
        )
    return Inbound(
        device=device,
        at=at,
        wa_id=news.wa_id,
        chat=news.chat,
        sender=_identity(news.sender, news.name),
        content=news.content,
        quoted=news.quoted,
    )


def _vote(device: DeviceId, news: Voted, at: Millis) -> PollVote:
    return PollVote(
        device=device,
        at=at,
        wa_id=news.wa_id,
        poll=news.poll,
        chat=news.chat,
        voter=_identity(news.voter, news.name),
        choices=news.choices,
    )


def _typing(device: DeviceId, frame: wire.Typed, _at: Millis) -> Typing:
    return Typing(device=device, at=frame.at, chat=frame.chat, on=frame.on)


def _qr(device: DeviceId, frame: wire.QrShown, at: Millis) -> PairQr:
    return PairQr(device=device, at=at, code=frame.code, expires_at=frame.expires_at)


def _code(device: DeviceId, frame: wire.CodeShown, at: Millis) -> PairCode:
    return PairCode(device=device, at=at, code=frame.code, expires_at=frame.expires_at)


_EVENTS: dict[type[object], Callable[[DeviceId, Any, Millis], AnyEvent]] = {
    Receipted: _receipt,
    Said: _said,
    Voted: _vote,
    wire.Typed: _typing,
    wire.QrShown: _qr,
    wire.CodeShown: _code,
}
