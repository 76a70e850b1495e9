"""The shape of an endpoint: who may call it, what it is given, what it answers."""

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from merpati.api.fonnte.fields import Fields, Value, as_line
from merpati.api.fonnte.words import INVALID_TOKEN
from merpati.api.gateway import Gateway
from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, RequestId
from merpati.devices.model import Device
from merpati.log.model import RequestRow

LONGEST_LOGGED = 500
"""Characters of a value in the request log."""
_HIDDEN = frozenset({"token", "otp"})

Body: TypeAlias = dict[str, object]
encode_body = msgspec.json.Encoder(order="sorted").encode
"""A JSON object as the wire has it: names in alphabetical order, as Fonnte's are."""


class Opens(Enum):
    """Which kind of token opens an endpoint."""

    DEVICE = "device"
    ACCOUNT = "account"
    EITHER = "either"


class Caller(msgspec.Struct, frozen=True):
    """Whose token it was: some devices of one account, or the account itself."""

    account: AccountId
    devices: tuple[Device, ...] = ()


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request whose token is good."""

    id: RequestId
    at: Millis
    method: str
    path: str
    headers: Mapping[str, str]
    fields: Fields
    caller: Caller

    def line(self, name: str) -> str | None:
        """A parameter as `as_line` has it; None: absent."""
        return as_line(self.fields.values.get(name))

    def row(self, answer: Body, refusal: Refusal | None = None) -> RequestRow:
        """What the request log keeps of it: no token, no long value, no more than the first of many ids."""
        devices = self.caller.devices
        return RequestRow(
            id=self.id,
            account=self.caller.account,
            device=devices[0].id if devices else 0,  # type: ignore[arg-type]  # 0: not a device's token
            at=self.at,
            method=self.method,
            path=self.path,
            params=msgspec.json.encode(_logged(self.fields)).decode(),
            answer=msgspec.json.encode({name: _short(value) for name, value in answer.items()}).decode(),
            code=refusal.code if refusal is not None else "",
            blanks=msgspec.json.encode(refusal.values if refusal is not None else {}).decode(),
        )


def _logged(fields: Fields) -> dict[str, Value]:
    logged = {name: _cut(value) for name, value in fields.values.items() if name not in _HIDDEN}
    return logged if fields.upload is None else {**logged, "file": fields.upload.filename}


def _cut(value: Value) -> Value:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return value if len(text) <= LONGEST_LOGGED else text[:LONGEST_LOGGED] + "…"


_MOST_LISTED = 200


def _short(value: object) -> object:
    if isinstance(value, list | tuple) and len(value) > _MOST_LISTED:
        return [*value[:_MOST_LISTED], "…"]
    return value


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint answers."""

    body: Body | bytes
    """A JSON object, or one that is encoded already."""
    redirect: str | None = None
    replayed: bool = False


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table of endpoints."""

    path: str
    answer: Callable[[Gateway, Request], Awaitable[Answer]]
    opens: Opens = Opens.DEVICE
    methods: frozenset[str] = frozenset({"POST"})
    stranger: str = INVALID_TOKEN
    """What a bad token is answered."""
    failure_key: str = "reason"
    words: Mapping[Code, str] = MappingProxyType({})
    """Reasons that this endpoint has other words for."""
    tells_request: bool = False
    """The body carries `requestid`."""


GET_TOO = frozenset({"GET", "POST"})
