"""A message's life as the API tells it: the steps behind it, and those ahead. Pure."""

from collections.abc import Callable, Mapping, Sequence

from merpati.api.v1.message_shapes import AheadAnswer, StepAnswer
from merpati.api.v1.shapes import instant, maybe
from merpati.core.clock import Millis
from merpati.core.errors import Code
from merpati.messages.history import Step, StepKind
from merpati.messages.model import MessageState
from merpati.messages.waiting import Waiting

_Said = tuple[str, dict[str, str]]


def show_step(step: Step) -> StepAnswer:
    say = _SAID.get(step.kind)
    key, values = say(step) if say is not None else (f"timeline.{step.kind}", {})
    return StepAnswer(kind=step.kind, at=instant(Millis(step.at)), key=key, values=values)


def _accepted(step: Step) -> _Said:
    return ("timeline.accepted_by", {"request": step.detail}) if step.detail else ("timeline.accepted", {})


def _held(step: Step) -> _Said:
    return f"timeline.held.{step.detail}", {"until": instant(Millis(step.until_at))}


def _tried(step: Step) -> _Said:
    if step.code == Code.OUTCOME_UNKNOWN:
        return "timeline.tried.no_answer", {}
    return f"timeline.tried.{step.detail}", {"why": step.code}


def _ended(step: Step) -> _Said:
    return f"message.state.{step.detail}", {"why": step.code} if step.code else {}


_SAID: Mapping[StepKind, Callable[[Step], _Said]] = {
    StepKind.ACCEPTED: _accepted,
    StepKind.HELD: _held,
    StepKind.TRIED: _tried,
    StepKind.ENDED: _ended,
}
"""Steps that tell more than their name; the keys are those of `locale`."""

_S, _K = MessageState, StepKind
_AHEAD: Mapping[MessageState, Sequence[StepKind]] = {
    _S.QUEUED: (_K.HANDED_OVER, _K.SENT, _K.DELIVERED, _K.READ),
    _S.SENDING: (_K.SENT, _K.DELIVERED, _K.READ),
    _S.SENT: (_K.DELIVERED, _K.READ),
    _S.DELIVERED: (_K.READ,),
}


def show_ahead(state: MessageState, waiting: Waiting | None) -> list[AheadAnswer]:
    """What is to come, in order; when it will be handed over is told where that is known."""
    until = maybe(waiting.until_at) if waiting is not None else None
    return [
        AheadAnswer(kind=kind, at=until if kind is StepKind.HANDED_OVER else None) for kind in _AHEAD.get(state, ())
    ]
