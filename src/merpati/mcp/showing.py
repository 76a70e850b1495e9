"""An answer of the API as an assistant reads it: other people's words marked, keys as sentences. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias, TypeVar

import msgspec

from merpati.client import shapes
from merpati.client.shape import Shape
from merpati.locale import sentence, words
from merpati.mcp.marking import Fence, fence_for, is_foreign

T = TypeVar("T", bound=Shape)
Said: TypeAlias = dict[str, Any]


def show(answer: Shape | Mapping[str, Any], draw: Callable[[], str], language: str) -> str:
    """JSON; where something in it is marked, it says so first. `draw` answers another word each time."""
    content = msgspec.json.encode(answer).decode()
    fence = fence_for(content, draw)
    shown = _Showing(fence, language).show(answer)
    notice = {"foreign_text": fence.notice} if fence.was_used else {}
    return msgspec.json.encode({**notice, **shown}).decode()


class _Showing:
    def __init__(self, fence: Fence, language: str) -> None:
        self._fence, self._language = fence, language

    def show(self, value: Any, shape: type | None = None, name: str = "") -> Any:  # noqa: ANN401 - JSON
        """A value that stands in the field `name` of such a shape."""
        match value:
            case Enum() | datetime() | None | bool() | int() | float():
                return value
            case str():
                return self._fence.around(value) if is_foreign(shape, name) else value
            case Shape():
                return self._shape(value)
            case Mapping():
                return {str(key): self.show(each, None, str(key)) for key, each in value.items()}
            case _:
                return [self.show(each, shape, name) for each in value]

    def _shape(self, value: Shape) -> Said:
        fields = ((field.name, field.encode_name) for field in msgspec.structs.fields(value))
        given = ((name, encoded, getattr(value, name)) for name, encoded in fields)
        shown = {
            encoded: self.show(each, type(value), name)
            for name, encoded, each in given
            if each is not msgspec.UNSET
        }
        say = _SAID.get(type(value))
        return shown if say is None else say(value, shown, self._language)


def _say(key: str, language: str, **values: object) -> str:
    """A newer server may have sentences that this version does not know."""
    return sentence(key, language, **values) if key in words(language) else key


def _device(device: shapes.DeviceAnswer, shown: Said, language: str) -> Said:
    means = _say(device.means, language)
    return shown | {"means": means, "next_step": _say(device.next_step, language, number=device.number)}


def _undecryptable(_: shapes.UndecryptableAnswer, shown: Said, language: str) -> Said:
    return shown | {"next_step": _say(shown["next_step"], language)}


def _connection(connection: shapes.ConnectionAnswer, shown: Said, language: str) -> Said:
    return shown | {"means": _say(connection.means, language)}


def _step(step: shapes.StepAnswer, _shown: Said, language: str) -> Said:
    code = step.values.get("why", "")
    why = sentence(f"error.{code}", language) if f"error.{code}" in words(language) else code
    said = _say(step.key, language, **step.values | {"why": why})
    return {"at": step.at, "said": said if why in said else f"{said}: {why}"}


def _why(why: shapes.WhyAnswer, _shown: Said, language: str) -> Said:
    values = why.values
    until = why.until.isoformat() if why.until else "…"
    said = [_say(f"ui.why.{why.key}", language, until=until, device=values.get("number", ""))]
    said += [_say(values[name], language, **values) for name in ("means", "next_step") if name in values]
    return {"said": " ".join(said), "until": why.until}


_SAID: Mapping[type, Callable[[Any, Said, str], Said]] = {
    shapes.DeviceAnswer: _device,
    shapes.UndecryptableAnswer: _undecryptable,
    shapes.ConnectionAnswer: _connection,
    shapes.StepAnswer: _step,
    shapes.WhyAnswer: _why,
}
"""Shapes that hold keys of sentences, and how they are said."""
