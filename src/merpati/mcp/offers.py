"""What an assistant may call, and which scopes each takes: one table. What is not in it is not offered to anyone.

Nothing here manages devices, webhooks, rotators or tokens: what a secret opens, or who hears what people write, an
assistant has no part in.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, NamedTuple

from mcp_types import ToolAnnotations

from merpati.client.shapes import Scope
from merpati.mcp import reading
from merpati.mcp.carrying_out import carry_out
from merpati.mcp.preparing import prepare_change, prepare_message

_LOOKS = ToolAnnotations(read_only_hint=True)
_DOES = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=True)
_S = Scope


class Offer(NamedTuple):
    """A tool, all the scopes without which it is not offered, and what a program is told of its effects."""

    tool: Callable[..., Awaitable[Any]]
    needs: frozenset[Scope]
    hints: ToolAnnotations = _LOOKS


OFFERS: Sequence[Offer] = (
    Offer(reading.show_key, frozenset()),
    Offer(reading.get_overview, frozenset({_S.DEVICES_READ})),
    Offer(reading.list_devices, frozenset({_S.DEVICES_READ})),
    Offer(reading.list_connections, frozenset({_S.DEVICES_READ})),
    Offer(reading.list_groups, frozenset({_S.DEVICES_READ})),
    Offer(reading.list_messages, frozenset({_S.MESSAGES_READ})),
    Offer(reading.count_messages, frozenset({_S.MESSAGES_READ})),
    Offer(reading.get_message, frozenset({_S.MESSAGES_READ})),
    Offer(reading.list_rotators, frozenset({_S.ROTATORS_MANAGE})),
    Offer(reading.list_webhooks, frozenset({_S.WEBHOOKS_READ})),
    Offer(reading.list_requests, frozenset({_S.REQUESTS_READ})),
    Offer(reading.list_events, frozenset({_S.EVENTS_READ})),
    Offer(prepare_message, frozenset({_S.MESSAGES_SEND})),
    Offer(prepare_change, frozenset({_S.MESSAGES_SEND, _S.MESSAGES_READ})),
    Offer(carry_out, frozenset({_S.MESSAGES_SEND}), _DOES),
)
"""To change a message takes reading it: what cannot be shown to a person cannot be agreed to."""


def offered_to(scopes: Collection[Scope]) -> list[Offer]:
    """What a key with these scopes can use."""
    return [offer for offer in OFFERS if offer.needs <= set(scopes)]
