"""What happens when a business sends and when people act: messages, windows, paces, statuses, webhooks."""

import random
from collections.abc import Mapping
from typing import Any

from merpati.core.clock import Clock
from merpati.fakes.graph import hooks, templates
from merpati.fakes.graph.bodies import MEDIA, Asked, Marked
from merpati.fakes.graph.courier import Courier
from merpati.fakes.graph.errors import GraphError, Told
from merpati.fakes.graph.filling import check_filled
from merpati.fakes.graph.hooks import Change
from merpati.fakes.graph.media import RECEIVED_MS, UPLOADED_MS, MediaFile, check_upload, check_use
from merpati.fakes.graph.outages import Outages
from merpati.fakes.graph.pace import Paces
from merpati.fakes.graph.settings import Settings
from merpati.fakes.graph.timeline import Timeline
from merpati.fakes.graph.world import Business, Line, Number, Person, Template, World, digits_of

RANKS = {"accepted": 0, "sent": 1, "delivered": 2, "read": 3, "failed": 9}


class Graph:
    """The network. `world` may be read freely."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings, self.clock = settings, clock
        self.world = World(settings.seed)
        self.timeline = Timeline(clock)
        self.paces = Paces(settings)
        self.outages = Outages()
        self.courier = Courier(
            settings, self.timeline, random.Random(settings.seed + 1), lambda: self.world.app.secret
        )
        self.muted: set[str] = set()
        """Messages of which no webhook tells."""

    # -- a business sends --

    def send(self, number: Number, asked: Asked, *, mute: bool = False) -> tuple[Line, Person]:
        """Accept a message; raises `GraphError`. What becomes of it is told by webhooks."""
        person = self._recipient(asked)
        self._check_sender(number, person)
        now = self.clock.now()
        self.paces.check(number.id, number.per_second, person.bsuid, now)
        category = self._check_content(number, asked)
        error = self._undeliverable(number, person, asked, category)
        if error is not None and (self.settings.errors_early or error.known.told is Told.ANSWER):
            raise error
        line = Line(
            id=self.world.new_wamid(),
            at=now,
            number=number.id,
            person=person.bsuid,
            ours=True,
            body={"type": asked.type, asked.type: asked.content},
            tracker=asked.tracker,
            category=category,
            reply_to=asked.reply_to,
        )
        self.world.lines[line.id] = line
        if mute:
            self.muted.add(line.id)
        self.world.typing.pop((number.id, person.bsuid), None)
        self._follow(person, line, error)
        return line, person

    def _recipient(self, asked: Asked) -> Person:
        person = self.world.person_of(asked.to)
        if person is not None:
            if asked.by_bsuid and asked.type == "template" and not person.phone:
                raise GraphError(131062, "This template needs a phone number")
            return person
        digits = digits_of(asked.to)
        if asked.by_bsuid or not 7 <= len(digits) <= 15:
            raise GraphError(131009, "Parameter value is not valid: recipient")
        return self.world.add_person(digits, on_whatsapp=self.settings.strangers)

    def _check_sender(self, number: Number, person: Person) -> None:
        if number.trouble:
            raise GraphError(number.trouble)
        if not number.registered:
            raise GraphError(133010, "Account not registered")
        if person.phone == number.phone:
            raise GraphError(131021, "Sender and recipient phone number is the same")
        if number.allowed and person.phone not in number.allowed:
            raise GraphError(131030, "Recipient phone number not in allowed list")

    def _check_content(self, number: Number, asked: Asked) -> str:
        """The category that it is billed by."""
        if asked.type == "template":
            return check_filled(self.world, number.business, asked.content, self.find_media).category
        if asked.type in MEDIA and (id_ := asked.content.get("id")):
            check_use(asked.type, self.find_media(str(id_)))
        if asked.type == "reaction" and asked.content["message_id"] not in self.world.lines:
            raise GraphError(131009, "The message that is reacted to is not known")
        return "service"

    def _undeliverable(self, number: Number, person: Person, asked: Asked, category: str) -> GraphError | None:
        if not person.on_whatsapp:
            return GraphError(131026, "Message undeliverable")
        if person.blocks and self.settings.errors_early:
            return GraphError(131026, "Message undeliverable")
        if category == "MARKETING" and person.stopped_marketing:
            return GraphError(131050, "User has stopped marketing messages from this business")
        is_open = self.world.is_window_open(number.id, person.bsuid, self.clock.now(), self.settings.window_ms)
        if asked.type != "template" and not is_open:
            details = (
                "Message failed to send because more than 24 hours have passed since the customer last replied"
            )
            return GraphError(131047, details)
        return None

    def _follow(self, person: Person, line: Line, error: GraphError | None) -> None:
        if error is not None:
            self.timeline.after(self.settings.failed_ms, lambda: self.come(line, "failed", error))
            return
        self.timeline.after(self.settings.sent_ms, lambda: self.come(line, "sent"))
        if person.online and not person.blocks:
            self.timeline.after(self.settings.delivered_ms, lambda: self.deliver(line))

    def deliver(self, line: Line) -> None:
        """The phone has it; whoever reads by themselves will."""
        person = self.world.people[line.person]
        if not self.settings.read_alone:
            self.come(line, "delivered")
        if person.reads:
            self.timeline.after(self.settings.read_ms, lambda: self.come(line, "read"))

    def come(self, line: Line, state: str, error: GraphError | None = None) -> None:
        """A message of the business came so far; told once, and never back."""
        if RANKS[state] <= RANKS[line.state]:
            return
        line.state = state
        if line.id not in self.muted and line.body["type"] != "reaction":
            number, person = self.world.numbers[line.number], self.world.people[line.person]
            self._tell(number, hooks.status(number, person, line, state, self.clock.now(), error))

    def mark(self, number: Number, marked: Marked) -> None:
        """The business has read a person's message; raises `GraphError`."""
        line = self.world.lines.get(marked.message_id)
        if line is None or line.ours or line.number != number.id:
            raise GraphError(100, "Param message_id: no such message of this number")
        for each in self.world.chat(number.id, line.person):
            each.seen = each.seen or (not each.ours and each.at <= line.at)
        if marked.typing:
            self.world.typing[number.id, line.person] = self.clock.now() + 25_000

    # -- people act --

    def say(self, number: Number, person: Person, body: Mapping[str, Any], *, reply_to: str = "") -> Line:
        """A person writes: a webhook, and the window is open."""
        now = self.clock.now()
        line = Line(
            id=self.world.new_wamid(), at=now, number=number.id, person=person.bsuid, ours=False, body=dict(body)
        )
        if reply_to:
            line.body["context"] = {"from": number.phone, "id": reply_to}
        self.world.lines[line.id] = line
        self.world.heard_at[number.id, person.bsuid] = now
        self.paces.count_incoming(number.id, number.per_second, now)
        self._tell(number, hooks.message(number, person, line))
        return line

    def set_online(self, person: Person, online: bool) -> None:
        """A phone that comes back gets what waited."""
        person.online = online
        for line in self.world.lines.values():
            if online and line.ours and line.person == person.bsuid and line.state in ("accepted", "sent"):
                self.timeline.after(self.settings.delivered_ms, lambda line=line: self.deliver(line))  # type: ignore[misc]

    def read(self, person: Person) -> int:
        """Read all that has arrived; how many."""
        arrived = [
            line
            for line in self.world.lines.values()
            if line.ours and line.person == person.bsuid and line.state == "delivered"
        ]
        for line in arrived:
            self.come(line, "read")
        return len(arrived)

    # -- media --

    def upload(self, number: Number, data: bytes, mime: str, filename: str) -> MediaFile:
        """A file of the business; raises `GraphError`."""
        check_upload(mime, len(data))
        return self._keep(number, data, mime, filename, UPLOADED_MS)

    def receive_file(self, number: Number, data: bytes, mime: str, filename: str) -> MediaFile:
        """A file that a person sends along."""
        return self._keep(number, data, mime, filename, RECEIVED_MS)

    def _keep(self, number: Number, data: bytes, mime: str, filename: str, life_ms: int) -> MediaFile:
        until = self.clock.now() + life_ms
        file = MediaFile(
            id=self.world.digits(16), number=number.id, mime=mime, filename=filename, data=data, until=until
        )
        self.world.media[file.id] = file
        return file

    def find_media(self, id_: str) -> MediaFile:
        """Raises `GraphError` for one that is not there, or was forgotten."""
        file = self.world.media.get(id_)
        if file is None or file.until <= self.clock.now():
            raise GraphError(131009, f"Media id {id_} is not known, or has expired")
        if file.trouble:
            raise GraphError(file.trouble)
        return file

    # -- templates --

    def hand_in(self, business: Business, body: object) -> Template:
        """A template to be judged; raises `GraphError`."""
        template = templates.create_template(self.world, business, body)
        if self.settings.review != "PENDING":
            self.timeline.after(self.settings.review_ms, lambda: self.judge(template, self.settings.review))
        return template

    def judge(self, template: Template, status: str, reason: str = "") -> None:
        """Meta's word on a template, told by webhook."""
        template.status = status
        template.reason = reason or ("INVALID_FORMAT" if status == "REJECTED" else "")
        business = self.world.businesses[template.business]
        change = Change(business.id, "message_template_status_update", templates.told(template), self.clock.now())
        self.courier.bring(business.callback.url or self.world.app.callback.url, change)

    def _tell(self, number: Number, change: Change) -> None:
        business = self.world.businesses[number.business]
        if business.subscribed:
            url = number.callback.url or business.callback.url or self.world.app.callback.url
            self.courier.bring(url, change)
