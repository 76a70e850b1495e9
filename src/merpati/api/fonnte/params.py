"""Each parameter of `/send` a row: its name, where it goes, what it may be. Pure.

Source, unless a row says otherwise: Fonnte docs, API send message (and send message by url, for GET).
Limits that Fonnte does not state are ours.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from merpati.api.fonnte.fields import Value, as_flag, as_int, as_joined, as_line, as_text, lower_names
from merpati.core.address import HOME_COUNTRY, parse_country_code
from merpati.core.errors import Code, Refusal
from merpati.messages.delay import parse_delay
from merpati.messages.model import DelayRange
from merpati.messages.planning import MOST_TEXT
from merpati.messages.targets import MOST_TARGETS
from merpati.transports.limits import Alone

LONGEST_FOLLOWUP_S = 366 * 24 * 3_600
LONGEST_TYPING_S = 120
FEWEST_CHOICES, MOST_CHOICES = 2, 12
LONGEST_LINE = 1_000

Table = Mapping[str, Value]


class SendParams(msgspec.Struct, frozen=True, kw_only=True):
    """One element of a call, parsed. A default is what an absent parameter means."""

    target: str = ""
    message: str = ""
    url: str = ""
    filename: str = ""
    schedule_s: int = 0
    """Unix time; 0: now."""
    delay: DelayRange | None = None
    country_code: str = HOME_COUNTRY
    location: tuple[float, float] | None = None
    """Latitude, longitude."""
    typing: bool = False
    duration_s: int = 1
    choices: tuple[str, ...] = ()
    several: bool = False
    pollname: str = ""
    connect_only: bool = True
    followup_s: int = 0
    sequence: bool = False
    preview: bool = True
    inbox_id: int = 0
    button: Table | None = None
    template: Table | None = None
    list_: Table | None = None
    given: Alone | None = None
    """What our own API was given to stand alone, whole. No parameter of Fonnte's."""
    secret: str = ""
    """Of the message: what only its receiver may read. No caller's parameter; ours, of a code that we send."""


class Param(msgspec.Struct, frozen=True):
    """A parameter: `parse` gives the value of `field`, or None for "as if absent"; it may raise a `Refusal`."""

    name: str
    field: str
    parse: Callable[[Value], object]
    limits: str = ""


def parse_message(value: Value) -> str | None:
    """A text. Forms of browsers write a line's end as CR LF, whatever was typed: WhatsApp's is LF."""
    text = as_text(value)
    text = text and text.replace("\r\n", "\n")
    if text is not None and len(text) > MOST_TEXT:
        raise Refusal(Code.TEXT_TOO_LONG, most=MOST_TEXT)
    return text


def parse_line(value: Value) -> str | None:
    line = as_line(value)
    if line is not None and len(line) > LONGEST_LINE:
        raise Refusal(Code.INPUT_INVALID)
    return line


def at_most(most: int, code: Code = Code.INPUT_INVALID) -> Callable[[Value], int | None]:
    """A whole number from 0 to `most`."""

    def parse(value: Value) -> int | None:
        number = as_int(value)
        if number is not None and not 0 <= number <= most:
            raise Refusal(code)
        return number

    return parse


def parse_delay_text(value: Value) -> DelayRange | None:
    return parse_delay(as_line(value) or "")


def parse_country(value: Value) -> str | None:
    line = as_line(value)
    return parse_country_code(line) if line is not None else None


def parse_location(value: Value) -> tuple[float, float] | None:
    """`latitude,longitude` in degrees, a space allowed; also a JSON list of the two."""
    text = (as_joined(value) or "").strip()
    if not text:
        return None
    try:
        latitude, longitude = map(float, text.split(","))
    except ValueError:
        raise Refusal(Code.LOCATION_INVALID) from None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise Refusal(Code.LOCATION_INVALID)
    return latitude, longitude


def parse_choices(value: Value) -> tuple[str, ...] | None:
    """A comma list, or a list whose elements are one choice each, so that a choice may hold a comma."""
    texts = [as_text(one) or "" for one in value] if isinstance(value, list) else (as_text(value) or "").split(",")
    choices = tuple(filter(None, (text.strip() for text in texts)))
    if not choices:
        return None
    different = len(set(choices)) == len(choices)
    if not (
        FEWEST_CHOICES <= len(choices) <= MOST_CHOICES and different and len(max(choices, key=len)) <= LONGEST_LINE
    ):
        raise Refusal(Code.CHOICES_INVALID)
    return choices


_SELECT = {"single": False, "multiple": True}


def parse_select(value: Value) -> bool | None:
    line = as_line(value)
    if line is None:
        return None
    if line.lower() not in _SELECT:
        raise Refusal(Code.INPUT_INVALID)
    return _SELECT[line.lower()]


def parse_table(value: Value) -> Table | None:
    """A JSON object, as text or as it is."""
    decoded = _decoded(value)
    if decoded is None:
        return None
    if not isinstance(decoded, dict):
        raise Refusal(Code.JSON_INVALID)
    return lower_names(decoded)


def parse_elements(value: Value) -> list[dict[str, Value]] | None:
    """`data`: a JSON list of objects, as text or as it is; names in lower case. Source: the parameter `data`."""
    decoded = _decoded(value)
    if decoded is None:
        return None
    if not isinstance(decoded, list) or not all(isinstance(one, dict) for one in decoded):
        raise Refusal(Code.JSON_INVALID)
    if len(decoded) > MOST_TARGETS:
        raise Refusal(Code.INPUT_INVALID, field="data")
    return [lower_names(one) for one in decoded]


def _decoded(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    if as_line(value) is None:
        return None
    try:
        decoded: Value = msgspec.json.decode(value)
        return decoded
    except (ValueError, RecursionError):
        raise Refusal(Code.JSON_INVALID) from None


ROWS: Sequence[Param] = (
    Param("target", "target", as_joined, "up to 100,000 recipients in one call"),
    Param("message", "message", parse_message, "60,000 characters (code points)"),
    Param("url", "url", parse_line, "1,000 characters"),
    Param("filename", "filename", parse_line, "1,000 characters"),
    Param("schedule", "schedule_s", at_most(2**40, Code.SCHEDULE_INVALID), "at most ten years ahead"),
    Param("delay", "delay", parse_delay_text, "`a` or `a-b` seconds, at most a day"),
    Param("countryCode", "country_code", parse_country, "1 to 4 digits; 0: numbers are taken as they are"),
    Param("location", "location", parse_location, "latitude -90 to 90, longitude -180 to 180"),
    Param("typing", "typing", as_flag),
    Param("duration", "duration_s", at_most(LONGEST_TYPING_S), "0 to 120 seconds"),
    Param("choices", "choices", parse_choices, "2 to 12, all different"),
    Param("select", "several", parse_select, "`single` or `multiple`"),
    Param("pollname", "pollname", parse_line, "1,000 characters"),
    Param("connectOnly", "connect_only", as_flag),
    Param("followup", "followup_s", at_most(LONGEST_FOLLOWUP_S), "0 to 366 days, in seconds"),
    Param("sequence", "sequence", as_flag),
    Param("preview", "preview", as_flag),
    Param("inboxid", "inbox_id", at_most(2**63 - 1), "the id of an incoming message"),
    # announced as discontinued after 10 May 2023; programs still send them
    Param("buttonJSON", "button", parse_table, "JSON"),
    Param("templateJSON", "template", parse_table, "JSON"),
    Param("listJSON", "list_", parse_table, "JSON"),
)
_DATA = Param("data", "data", parse_elements, "up to 100,000 elements")
_NOTHING_SAID = SendParams()
_BY_NAME = {row.name.lower(): row for row in ROWS}


def parse_params(values: Mapping[str, Value], base: SendParams = _NOTHING_SAID) -> SendParams:
    """What these values say; what they do not name is `base`'s. Unknown names are nothing.

    Raises `Refusal` with the parameter's name as `field`.
    """
    parsed: dict[str, object] = {}
    for name, value in values.items():
        row = _BY_NAME.get(name)
        if row is not None and (given := _parse(row, value)) is not None:
            parsed[row.field] = given
    return msgspec.structs.replace(base, **parsed) if parsed else base


def _parse(row: Param, value: Value) -> object:
    try:
        return row.parse(value)
    except Refusal as refusal:
        raise Refusal(refusal.code, **{"field": row.name, **refusal.values}) from None


def parse_call(values: Mapping[str, Value]) -> list[SendParams]:
    """The elements of a call: one, or those of `data`, which take from the call what they do not say themselves."""
    call = parse_params(values)
    elements = _parse(_DATA, values.get("data"))
    if not elements:
        return [call]
    assert isinstance(elements, list)
    return [parse_params(element, call) for element in elements]
