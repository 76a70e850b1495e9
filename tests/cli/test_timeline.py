"""A message's life in plain words: every step there can be has its sentence."""

import re

import msgspec
import pytest

from merpati.cli.printing import near_moment
from merpati.cli.timeline import Told, tell
from merpati.core.clock import HOUR_MS, MINUTE_MS, Millis
from merpati.core.errors import Code
from merpati.core.ids import AccountId, Address, DeviceId, MessageId, RequestId, WireRef
from merpati.devices.model import Device, DeviceState, Settings
from merpati.locale import LANGUAGES, sentence, words
from merpati.messages.handover import Outcome
from merpati.messages.history import Step, StepKind
from merpati.messages.model import HoldReason, MessageState, Note
from merpati.messages.views import MessageView
from merpati.messages.waiting import Wait, Waiting
from merpati.transports.port import Text

T = 1_800_000_000_000
DEVICE = Device(
    id=DeviceId(1),
    account=AccountId(1),
    number="6281000000001",
    name="Toko",
    transport="simulator",
    desired=True,
    state=DeviceState.OPEN,
    state_reason="",
    state_at=Millis(T),
    settings=Settings(),
    quota=None,
    expires_at=None,
    package="",
    created_at=Millis(T),
)


def english(key: str, **values: object) -> str:
    return sentence(key, "en", **values)


def a_message(*steps: Step, state: MessageState = MessageState.QUEUED, **changes: object) -> MessageView:
    view = MessageView(
        id=MessageId(12),
        account=AccountId(1),
        device=DeviceId(1),
        incoming=False,
        sender=Address(""),
        chat=Address("6281000001001"),
        name="Siti",
        content=Text(body="Halo"),
        state=state,
        code="",
        request=RequestId(8812),
        wire_ref=WireRef("3EB0"),
        wa_id=None,
        reply_to=None,
        notes=(),
        schedule_at=None,
        queued_at=0,
        due_at=0,
        steps=steps,
    )
    return msgspec.structs.replace(view, **changes)


def told(message: MessageView, waiting: Waiting | None = None, *, device: Device = DEVICE) -> list[str]:
    page = Told(message=message, device=device, due_at=0, waiting=waiting)
    return tell(page, english, Millis(T))


def without_times(lines: list[str]) -> list[str]:
    return [re.sub(r"\d\d:\d\d:\d\d", "T", line).strip() for line in lines]


def test_a_whole_life_is_told_step_by_step() -> None:
    """When, by which request, what held it, and how far it came."""
    message = a_message(
        Step(T, StepKind.ACCEPTED, "8812"),
        Step(T, StepKind.HELD, "delay", until_at=T + 5_000),
        Step(T + 5_000, StepKind.HANDED_OVER),
        Step(T + 5_100, StepKind.SENT),
        Step(T + 6_000, StepKind.DELIVERED),
        Step(T + 9_000, StepKind.READ),
        state=MessageState.READ,
    )
    head, text, _, _, *steps = without_times(told(message))
    assert head == "Message 12 to 6281000001001 (Siti) from device 6281000000001: read"
    assert text == "[text] Halo"
    assert steps == [
        "T  accepted by request 8812",
        "T  held until T by the delay",
        "T  handed over",
        "T  acknowledged by WhatsApp",
        "T  delivered",
        "T  read",
    ]


def test_each_day_is_named_once() -> None:
    """A date stands before the first step of its day."""
    days = [Step(T, StepKind.ACCEPTED), Step(T + 60 * HOUR_MS, StepKind.HANDED_OVER)]
    dated = [line for line in told(a_message(*days, state=MessageState.SENDING)) if re.fullmatch(r"\S{10}", line)]
    assert len(dated) == 2


def test_a_failure_says_why() -> None:
    """By the code's sentence, or the network's own word."""
    for code, why in ((Code.RECIPIENT_NOT_ON_WHATSAPP, english("error.recipient_not_on_whatsapp")), ("odd", "odd")):
        end = Step(T, StepKind.ENDED, "failed", code)
        assert told(a_message(end, state=MessageState.FAILED))[-1].endswith(f"failed: {why}")


def test_a_try_without_an_answer_is_no_refusal() -> None:
    """Whether it is tried again, or nobody may know."""
    for outcome in (Outcome.RETRY, Outcome.UNKNOWN):
        tried = Step(T, StepKind.TRIED, outcome, Code.OUTCOME_UNKNOWN)
        assert without_times(told(a_message(tried, state=MessageState.SENDING)))[-1] == (
            "T  handed over, no answer came"
        )


def test_what_it_waits_for_is_said_as_on_the_page() -> None:
    """By name, and until when; what waits for a device says what would help."""
    later = T + 5 * MINUTE_MS
    for wait in set(Wait) - {Wait.DEVICE}:
        said = english(f"ui.why.{wait}", until=near_moment(later, T), device=DEVICE.name)
        assert told(a_message(), Waiting(wait, later))[-1] == said
    off = msgspec.structs.replace(DEVICE, state=DeviceState.LOGGED_OUT)
    why, help_, safe = told(a_message(), Waiting(Wait.DEVICE), device=off)[-3:]
    assert (why, safe) == (english("ui.why.device", device=DEVICE.name), english("ui.why.device_safe"))
    assert english("device.next.logged_out", number=DEVICE.number) in help_
    assert told(a_message(state=MessageState.SENT))[-1] == ""


def test_buttons_that_were_not_sent_are_told() -> None:
    """A note of the acceptance stands under the text."""
    assert english("message.note.buttons_not_sent") in told(a_message(notes=(Note.BUTTONS_NOT_SENT,)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_there_can_be_is_there(language: str) -> None:
    """States, reasons of a hold, outcomes of a try, plain steps, notes."""
    told_plainly = set(StepKind) - {StepKind.HELD, StepKind.TRIED, StepKind.ENDED}
    wanted = {f"message.state.{state.name.lower()}" for state in MessageState}
    wanted |= {f"timeline.held.{reason}" for reason in HoldReason}
    wanted |= {f"timeline.tried.{outcome}" for outcome in (Outcome.RETRY, Outcome.FAILED, "no_answer")}
    wanted |= {f"timeline.{kind}" for kind in told_plainly}
    wanted |= {f"message.note.{note}" for note in Note}
    wanted |= {f"message.content.{kind}" for kind in ("text", "media", "location", "poll", "vote")}
    assert wanted - set(words(language)) == set()
