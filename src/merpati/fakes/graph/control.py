"""People's side of the fake: `/_fake/…` in JSON, and a page that uses it. It asks for no token: loopback alone."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any

import msgspec
from aiohttp import web
from msgspec import UNSET, UnsetType

from merpati.fakes.graph.answers import json_answer
from merpati.fakes.graph.graph import Graph
from merpati.fakes.graph.outages import Rule
from merpati.fakes.graph.pressing import NothingThere, pressed_body
from merpati.fakes.graph.world import Callback, Number, Person


class Wrong(Exception):
    """What was asked for cannot be done; the text says why."""


class SetPerson(msgspec.Struct, kw_only=True):
    """Whoever has this phone, or else somebody new; what is left out stays as it is."""

    phone: str = ""
    username: str = ""
    """Of somebody new: the business sees no phone number."""
    name: str | UnsetType = UNSET
    on_whatsapp: bool | UnsetType = UNSET
    online: bool | UnsetType = UNSET
    reads: bool | UnsetType = UNSET
    blocks: bool | UnsetType = UNSET
    stopped_marketing: bool | UnsetType = UNSET


class Say(msgspec.Struct, kw_only=True):
    """A person writes to a number. `body` is a message's own fields; `text` is short for a text."""

    person: str
    """Phone number or BSUID."""
    number: str = ""
    """Its id; empty: the first."""
    text: str = ""
    body: dict[str, Any] = {}
    file: str = ""
    """Base64; put into the object named by the body's type."""
    mime: str = ""
    filename: str = ""
    reply_to: str = ""


class Press(msgspec.Struct, kw_only=True):
    """A person presses a button, or chooses a row of a list, by its id."""

    person: str
    message: str
    id: str


class Act(msgspec.Struct, kw_only=True):
    person: str
    online: bool = True


class Judge(msgspec.Struct, kw_only=True):
    template: str
    status: str
    reason: str = ""


def add_routes(app: web.Application, graph: Graph) -> None:
    """Under `/_fake`."""
    acts = Acts(graph)
    posts: dict[str, tuple[type[Any], Callable[[Any], object]]] = {
        "people": (SetPerson, acts.set_person),
        "say": (Say, acts.say),
        "press": (Press, acts.press),
        "online": (Act, acts.set_online),
        "read": (Act, acts.read),
        "outages": (Rule, acts.add_outage),
        "templates": (Judge, acts.judge),
        "callback": (Callback, acts.set_callback),
    }
    for name, (shape, act) in posts.items():
        app.router.add_post(f"/_fake/{name}", _handler(shape, act))
    app.router.add_get("/_fake/state", _reader(acts.state))
    app.router.add_delete("/_fake/outages", _reader(acts.clear_outages))
    app.router.add_get("/_fake", _page)
    app.router.add_get("/", _page)


def _handler(shape: type[Any], act: Callable[[Any], object]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            return json_answer(act(msgspec.json.decode(await request.read(), type=shape)))
        except (msgspec.ValidationError, msgspec.DecodeError, Wrong) as error:
            return json_answer({"error": str(error)}, status=400)

    return handle


def _reader(read: Callable[[], object]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(_request: web.Request) -> web.Response:
        return json_answer(read())

    return handle


async def _page(_request: web.Request) -> web.Response:
    page = files("merpati.fakes.graph").joinpath("page.html").read_text(encoding="utf-8")
    return web.Response(text=page, content_type="text/html")


class Acts:
    """What people can do."""

    def __init__(self, graph: Graph) -> None:
        self._graph, self._world = graph, graph.world

    def _person(self, who: str) -> Person:
        person = self._world.person_of(who)
        if person is None:
            raise Wrong(f"nobody is {who}")
        return person

    def _number(self, id_: str) -> Number:
        numbers = self._world.numbers
        if id_ and id_ not in numbers:
            raise Wrong(f"no number {id_}")
        return numbers[id_] if id_ else next(iter(numbers.values()))

    def set_person(self, asked: SetPerson) -> object:
        known = self._world.person_of(asked.phone)
        person = known or self._world.add_person(asked.phone, username=asked.username)
        for field in ("name", "on_whatsapp", "reads", "blocks", "stopped_marketing"):
            if getattr(asked, field) is not UNSET:
                setattr(person, field, getattr(asked, field))
        if asked.online is not UNSET:
            self._graph.set_online(person, asked.online)
        return person

    def say(self, asked: Say) -> object:
        person, number = self._person(asked.person), self._number(asked.number)
        body = dict(asked.body) or {"type": "text", "text": {"body": asked.text}}
        if asked.file:
            body = self._with_file(number, body, asked)
        return {"id": self._graph.say(number, person, body, reply_to=asked.reply_to).id}

    def _with_file(self, number: Number, body: dict[str, Any], asked: Say) -> dict[str, Any]:
        try:
            data = base64.b64decode(asked.file, validate=True)
        except binascii.Error:
            raise Wrong("file is not base64") from None
        kept = self._graph.receive_file(number, data, asked.mime, asked.filename)
        about = {"id": kept.id, "mime_type": kept.mime, "sha256": kept.sha256}
        if body.get("type") == "document":
            about["filename"] = asked.filename
        return {**body, body["type"]: {**body.get(body["type"], {}), **about}}

    def press(self, asked: Press) -> object:
        person, line = self._person(asked.person), self._world.lines.get(asked.message)
        if line is None or line.person != person.bsuid:
            raise Wrong("this person has no such message")
        try:
            body = pressed_body(self._world, line, asked.id)
        except NothingThere as nothing:
            raise Wrong(str(nothing)) from None
        return {"id": self._graph.say(self._number(line.number), person, body, reply_to=line.id).id}

    def set_online(self, asked: Act) -> object:
        self._graph.set_online(self._person(asked.person), asked.online)
        return {}

    def read(self, asked: Act) -> object:
        return {"read": self._graph.read(self._person(asked.person))}

    def add_outage(self, rule: Rule) -> object:
        self._graph.outages.rules.append(rule)
        return rule

    def clear_outages(self) -> object:
        self._graph.outages.clear()
        return {}

    def judge(self, asked: Judge) -> object:
        if asked.template not in self._world.templates:
            raise Wrong(f"no template {asked.template}")
        self._graph.judge(self._world.templates[asked.template], asked.status, asked.reason)
        return self._world.templates[asked.template]

    def set_callback(self, asked: Callback) -> object:
        self._world.app.callback = asked
        return asked

    def state(self) -> object:
        """Everything that the page shows."""
        world = self._world
        return {
            "app": world.app,
            "tokens": list(world.tokens),
            "businesses": list(world.businesses.values()),
            "numbers": list(world.numbers.values()),
            "people": list(world.people.values()),
            "lines": list(world.lines.values())[-500:],
            "templates": list(world.templates.values()),
            "outages": self._graph.outages.rules,
        }
