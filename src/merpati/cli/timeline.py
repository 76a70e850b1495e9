"""A message's life in plain words, one line a step. Pure but for the local time zone."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from merpati.cli.printing import clock_time, date_of, near_moment, printable, shorten
from merpati.core.clock import Millis
from merpati.core.errors import Code
from merpati.devices.model import Device, words_of
from merpati.locale import LANGUAGES
from merpati.locale import words as all_words
from merpati.messages.history import Step, StepKind
from merpati.messages.model import StoredContent
from merpati.messages.views import MessageView
from merpati.messages.waiting import Wait, Waiting
from merpati.messages.words import summary_of
from merpati.transports.port import Poll

LONGEST_TEXT = 200


class Words(Protocol):
    def __call__(self, key: str, **values: object) -> str: ...


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A message with what its line of waiting needs. `due_at` is 0 when it has left the outbox."""

    message: MessageView
    device: Device
    due_at: int
    waiting: Waiting | None
    """What it waits for; None: nothing of ours."""


def tell(told: Told, words: Words, now: Millis) -> list[str]:
    """The whole page: who and what, the steps, and what it waits for."""
    return [*_head(told, words), "", *_steps(told.message.steps, words), *_wait(told, words, now)]


def _head(told: Told, words: Words) -> list[str]:
    message = told.message
    way = "incoming" if message.incoming else "outgoing"
    who = f"{message.chat} ({message.name})" if message.name else message.chat
    state = words(f"message.state.{message.state.name.lower()}")
    first = words(f"timeline.{way}", id=message.id, who=printable(who), device=told.device.number)
    notes = [words(f"message.note.{note}") for note in message.notes]
    typed = [words("ui.message.typed")] if message.typed else []
    return [f"{first}: {state}", *_content(message.content, words), *typed, *notes]


def _content(content: StoredContent, words: Words) -> list[str]:
    """Its kind and what it holds; each choice of a poll has a line."""
    said, choices = (content.question, content.choices) if isinstance(content, Poll) else (summary_of(content), ())
    listed = [f"  {n}. {printable(choice)}" for n, choice in enumerate(choices, start=1)]
    return [f"[{kind_of(content, words)}] {shorten(printable(said), LONGEST_TEXT)}".rstrip(), *listed]


def kind_of(content: StoredContent, words: Words) -> str:
    """What sort of content it is."""
    return words(f"message.content.{type(content).__name__.lower()}")


# -- steps --


def _steps(steps: tuple[Step, ...], words: Words) -> list[str]:
    lines, day = [], ""
    for step in steps:
        if (date := date_of(step.at)) != day:
            lines.append(date)
            day = date
        lines.append(f"  {clock_time(step.at)}  {_step(step, words)}")
    return lines


def _step(step: Step, words: Words) -> str:
    say = _SAID.get(step.kind)
    return say(step, words) if say is not None else words(f"timeline.{step.kind}")


def _accepted(step: Step, words: Words) -> str:
    if not step.detail:
        return words("timeline.accepted")
    return words("timeline.accepted_by", request=step.detail)


def _held(step: Step, words: Words) -> str:
    return words(f"timeline.held.{step.detail}", until=near_moment(step.until_at, step.at))


def _tried(step: Step, words: Words) -> str:
    if step.code == Code.OUTCOME_UNKNOWN:
        return words("timeline.tried.no_answer")
    return words(f"timeline.tried.{step.detail}", why=reason_of(step.code, words))


def _ended(step: Step, words: Words) -> str:
    state = words(f"message.state.{step.detail}")
    return f"{state}: {reason_of(step.code, words)}" if step.code else state


_SAID: dict[StepKind, Callable[[Step, Words], str]] = {
    StepKind.ACCEPTED: _accepted,
    StepKind.HELD: _held,
    StepKind.TRIED: _tried,
    StepKind.ENDED: _ended,
}
"""Steps that tell more than their name."""


def reason_of(code: str, words: Words) -> str:
    """An error code's sentence; the network's own word where we have none."""
    key = f"error.{code}"
    return words(key) if key in all_words(LANGUAGES[0]) else printable(code) or words("timeline.no_reason")


# -- waiting --


def _wait(told: Told, words: Words, now: Millis) -> list[str]:
    """Why it has not gone yet, and what would help."""
    if told.waiting is None:
        return []
    until = near_moment(told.waiting.until_at, now) if told.waiting.until_at is not None else ""
    said = words(f"ui.why.{told.waiting.reason}", until=until, device=told.device.name)
    return ["", said, *(_of_device(told.device, words) if told.waiting.reason is Wait.DEVICE else [])]


def _of_device(device: Device, words: Words) -> list[str]:
    state = words_of(device)
    return [f"{words(state.means)} {words(state.next_step, number=device.number)}", words("ui.why.device_safe")]
