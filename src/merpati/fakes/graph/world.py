"""Who there is: the app, businesses and their numbers, people, what was written. Pure state."""

import base64
import random
import re
from typing import Any

import msgspec

from merpati.fakes.graph.errors import GraphError
from merpati.fakes.graph.media import MediaFile

ALL_SCOPES = frozenset({"whatsapp_business_messaging", "whatsapp_business_management"})


class Callback(msgspec.Struct):
    """Where webhooks go; an empty address: nowhere."""

    url: str = ""
    verify_token: str = ""


class App(msgspec.Struct, kw_only=True):
    """The developer's app: it signs what it sends."""

    id: str
    secret: str
    callback: Callback = msgspec.field(default_factory=Callback)


class Token(msgspec.Struct, kw_only=True):
    """A bearer token."""

    value: str
    scopes: frozenset[str] = ALL_SCOPES
    expired: bool = False


class Business(msgspec.Struct, kw_only=True):
    """A WhatsApp business account (WABA)."""

    id: str
    name: str
    callback: Callback = msgspec.field(default_factory=Callback)
    """Instead of the app's."""
    subscribed: bool = True


class Number(msgspec.Struct, kw_only=True):
    """A business phone number."""

    id: str
    business: str
    phone: str
    """Digits."""
    name: str
    quality: str = "GREEN"
    tier: str = "TIER_250"
    per_second: int
    registered: bool = True
    trouble: int = 0
    """An error's code that every hand-over is answered with; 0: none."""
    allowed: tuple[str, ...] = ()
    """Of a test number: who may be written to; empty: everybody."""
    callback: Callback = msgspec.field(default_factory=Callback)


class Person(msgspec.Struct, kw_only=True):
    """Somebody with a phone. `phone` is what the business sees: empty when a username hides it."""

    bsuid: str
    phone: str = ""
    name: str = ""
    username: str = ""
    on_whatsapp: bool = True
    online: bool = True
    reads: bool = True
    blocks: bool = False
    """The businesses: nothing arrives, and nobody is told."""
    stopped_marketing: bool = False


class Line(msgspec.Struct, kw_only=True):
    """A message in a chat, of either side."""

    id: str
    at: int
    number: str
    person: str
    ours: bool
    """The business's."""
    body: dict[str, Any]
    """The message's own fields: `type`, and the object named by it."""
    tracker: str = ""
    state: str = "accepted"
    category: str = "service"
    reply_to: str = ""
    seen: bool = False
    """Of a person's: the business has marked it as read."""


class Template(msgspec.Struct, kw_only=True):
    """A message template as it is handed in, and what Meta says of it."""

    id: str
    business: str
    name: str
    language: str
    category: str
    components: list[dict[str, Any]]
    parameter_format: str = "POSITIONAL"
    status: str = "PENDING"
    reason: str = ""


def digits_of(phone: str) -> str:
    """The number, however it is written."""
    return re.sub(r"[^0-9]", "", phone)


class World:
    """Everything. Ids are drawn from the seed, so that a run can be told again."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.app = App(id=self.digits(15), secret=f"{self.rng.getrandbits(128):032x}")
        self.tokens: dict[str, Token] = {}
        self.businesses: dict[str, Business] = {}
        self.numbers: dict[str, Number] = {}
        self.people: dict[str, Person] = {}
        self.lines: dict[str, Line] = {}
        self.media: dict[str, MediaFile] = {}
        self.templates: dict[str, Template] = {}
        self.heard_at: dict[tuple[str, str], int] = {}
        """When a person last wrote to a number: the window."""
        self.typing: dict[tuple[str, str], int] = {}

    # -- ids --

    def digits(self, count: int) -> str:
        return str(self.rng.randint(10 ** (count - 1), 10**count - 1))

    def new_wamid(self) -> str:
        return "wamid." + base64.b64encode(self.rng.randbytes(32)).decode()

    def new_token(self) -> str:
        token = "EAA" + base64.b64encode(self.rng.randbytes(60), altchars=b"XZ").decode()
        self.tokens[token] = Token(value=token)
        return token

    # -- adding --

    def add_business(self, name: str) -> Business:
        business = Business(id=self.digits(15), name=name)
        self.businesses[business.id] = business
        return business

    def add_number(self, business: str, phone: str, name: str, per_second: int) -> Number:
        number = Number(id=self.digits(15), business=business, phone=phone, name=name, per_second=per_second)
        self.numbers[number.id] = number
        return number

    def add_person(
        self, phone: str = "", name: str = "", *, on_whatsapp: bool = True, username: str = ""
    ) -> Person:
        """A person; with a username the business never sees the phone number."""
        phone = digits_of(phone)
        person = Person(
            bsuid=f"ID.{self.digits(16)}",
            phone="" if username else phone,
            name=name or username or phone,
            username=username,
            on_whatsapp=on_whatsapp,
        )
        self.people[person.bsuid] = person
        return person

    # -- finding --

    def number(self, id_: str) -> Number:
        """Raises `GraphError`, as Meta does for an object that is not there or not yours."""
        if id_ not in self.numbers:
            raise GraphError(100, f"Unsupported request. Object with ID '{id_}' does not exist")
        return self.numbers[id_]

    def person_of(self, phone_or_bsuid: str) -> Person | None:
        if phone_or_bsuid in self.people:
            return self.people[phone_or_bsuid]
        digits = digits_of(phone_or_bsuid)
        return next((each for each in self.people.values() if digits and each.phone == digits), None)

    def chat(self, number: str, person: str) -> list[Line]:
        """Oldest first."""
        return [line for line in self.lines.values() if (line.number, line.person) == (number, person)]

    def is_window_open(self, number: str, person: str, now: int, window_ms: int) -> bool:
        heard_at = self.heard_at.get((number, person))
        return heard_at is not None and now - heard_at < window_ms
