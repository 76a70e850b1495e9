"""What the log holds. Pure."""

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from merpati.core.facts import AnyFact, Fact
from merpati.core.ids import AccountId, DeviceId, MessageId, RequestId

LATEST = 2**63 - 1
SHARDS = 64
"""Readers are leased by (kind, account % SHARDS)."""


class Recorded(msgspec.Struct, frozen=True):
    """A fact to append to its account's sequence."""

    account: AccountId
    fact: AnyFact


class Entry(msgspec.Struct, frozen=True):
    """A fact as the log has it."""

    account: AccountId
    seq: int
    at: int
    device: DeviceId
    """0: of no one device."""
    fact: AnyFact


class RawEntry(NamedTuple):
    """A fact as the log has it, not decoded: a reader decodes what it hears and outlives facts it does not know."""

    account: AccountId
    seq: int
    at: int
    kind: str
    device: DeviceId
    body: str

    def decode(self) -> AnyFact:
        """The fact; raises `msgspec.ValidationError` for one that this version does not know."""
        return decode_fact(self.body)


class FactSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Which facts of one account are asked for: numbered above `after`, up to `upto`."""

    account: AccountId
    after: int
    upto: int = LATEST
    devices: tuple[DeviceId, ...] = ()
    """Any of these; empty: of whichever device, or none."""
    kinds: tuple[str, ...] = ()
    """Any of these; empty: every kind."""


class ConsumerName(NamedTuple):
    """Whose consumer, and what it is called."""

    account: AccountId
    key: int
    """A key that reaches chosen devices has consumers of its own; 0: the account's."""
    name: str


class Consumer(msgspec.Struct, frozen=True, kw_only=True):
    """A program that fetches facts."""

    name: ConsumerName
    id: int
    position: int
    """The newest fact that it is done with."""
    created_at: int
    acked_at: int
    """0: never."""


class Cursor(NamedTuple):
    """How far a reader has come in one account's log."""

    reader: int
    account: AccountId
    seq: int
    """The newest fact it has done with."""


class RequestRow(msgspec.Struct, frozen=True, kw_only=True):
    """A request and its answer, as the request log keeps them. `params` has no token in it."""

    id: RequestId
    account: AccountId
    device: DeviceId
    """0 when the token was not a device's."""
    at: int
    method: str
    path: str
    params: str
    """JSON object; values longer than 500 characters are cut."""
    answer: str
    """JSON."""
    code: str = ""
    """Why it was refused (`core.errors.Code`); empty: it was accepted."""
    blanks: str = "{}"
    """JSON object: what fills the blanks of the code's sentence."""
    first_message: MessageId = MessageId(0)
    messages: int = 0
    """How many messages it made; their ids follow one another."""


class RequestSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Which requests are asked for; conditions add up, None is no condition."""

    account: AccountId
    before: RequestId
    limit: int
    id: RequestId | None = None
    refused: bool | None = None
    paths: tuple[str, ...] | None = None
    """Any of these."""
    device: DeviceId | None = None
    among: Collection[DeviceId] | None = None
    """Any of these devices."""


class IdempotencyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A key that the caller gave, and what its first request was answered."""

    account: AccountId
    key: str
    body_hash: str
    answer: str
    """Empty: it was done, and its answer is not kept yet."""
    at: int


def shard_of(account: AccountId) -> int:
    """The shard whose lease an account's readers need."""
    return account % SHARDS


def kind_of(fact: Fact) -> str:
    """A fact's kind: the name of its class."""
    return type(fact).__name__


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyFact] = msgspec.json.Decoder(AnyFact)


def encode_fact(fact: AnyFact) -> str:
    return _encoder.encode(fact).decode()


def decode_fact(body: str) -> AnyFact:
    return _decoder.decode(body)
