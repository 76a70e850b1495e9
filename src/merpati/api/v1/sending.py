"""`POST /messages`: messages are accepted, or only looked at."""

import random
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import Request, Response, post
from litestar.params import JSONBody
from msgspec import Meta

from merpati.api.accepting import LARGE_BYTES, Answered, Call, Quotas, accept_call, accepted, beside
from merpati.api.fonnte.attachments import renamed
from merpati.api.fonnte.content import build_content, build_options, check_supported, schedule_at
from merpati.api.fonnte.elements import Element
from merpati.api.fonnte.params import LONGEST_FOLLOWUP_S, LONGEST_TYPING_S, SendParams, parse_choices
from merpati.api.gateway import Gateway
from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.once import Replay
from merpati.api.v1.principal import Principal
from merpati.api.v1.problems import language_of, refusals
from merpati.api.v1.shapes import PREFIX, Answer, Given, GivenInstant, Instant, maybe, millis
from merpati.core.address import parse_country_code
from merpati.core.clock import SECOND_MS, Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import RequestId
from merpati.devices.model import Device
from merpati.locale import sentence
from merpati.log.model import IdempotencyRow, RequestRow
from merpati.messages.delay import LONGEST_MS
from merpati.messages.model import DelayRange, Media, SendItem, Target
from merpati.messages.planning import MOST_TEXT, Plan
from merpati.messages.targets import MOST_TARGETS, read_target, render, rotator_number, split_targets
from merpati.rotators.views import rotator_names
from merpati.storage.port import check_storable

MOST_SENT_BYTES = 32_000_000
"""Of a body: a call may have 100,000 targets."""
MOST_LOGGED = 500
SHOWN = 20
"""Messages and refusals that a preview shows."""

Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=LONGEST_MS // SECOND_MS)]
GivenId: TypeAlias = Annotated[int, Meta(ge=1, le=2**53 - 1)]


class TargetGiven(Given, frozen=True, kw_only=True):
    """A recipient: `{name}` is their name in the text, `{var1}`, `{var2}` … their variables."""

    to: Annotated[
        str, Meta(max_length=60, description="A phone number, a group's id, or `rotator#1`: one of its members.")
    ]
    name: Annotated[str, Meta(max_length=1_000)] = ""
    variables: Annotated[list[Annotated[str, Meta(max_length=10_000)]], Meta(max_length=100)] = msgspec.field(
        default_factory=list
    )


class LocationGiven(Given, frozen=True, kw_only=True):
    """A place, in degrees."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]


class PollGiven(Given, frozen=True, kw_only=True):
    """A poll; the text is its question. `name` is the caller's own, and comes back with votes."""

    choices: Annotated[list[str], Meta(min_length=2, max_length=12)]
    several: bool = False
    name: Annotated[str, Meta(max_length=1_000)] = ""


class SendGiven(Given, frozen=True, kw_only=True):
    """What to send, to whom, when, and by which device.

    `targets` is a list, or the text that Fonnte's `target` takes (`0812…|Name|variable, 0813…`). Of file, poll and
    location one is sent, in this order, and the text goes with it. Between two messages passes a time drawn between
    `delay_from_s` and `delay_to_s`.
    """

    device: int
    targets: (
        Annotated[str, Meta(max_length=MOST_SENT_BYTES)]
        | Annotated[list[TargetGiven], Meta(max_length=MOST_TARGETS)]
    )
    text: Annotated[str, Meta(max_length=MOST_TEXT)] = ""
    country_code: Annotated[str, Meta(max_length=10, description="Replaces a leading 0; `0`: nothing does.")] = "62"
    schedule: GivenInstant | None = None
    delay_from_s: Seconds = 0
    delay_to_s: Seconds | None = None
    typing: bool = False
    duration_s: Annotated[int, Meta(ge=0, le=LONGEST_TYPING_S)] = 1
    location: LocationGiven | None = None
    poll: PollGiven | None = None
    url: Annotated[str, Meta(max_length=1_000, description="Of a file to send.")] = ""
    file: Annotated[GivenId | None, Meta(description="The id of an uploaded file to send, instead of `url`.")] = (
        None
    )
    filename: Annotated[
        str, Meta(max_length=1_000, description="Instead of the file's own name; documents and sounds show it.")
    ] = ""
    sequence: Annotated[bool, Meta(description="One after the other, in this order, whatever happens.")] = False
    follow_up_s: Annotated[int, Meta(ge=0, le=LONGEST_FOLLOWUP_S, description="Later than else by so much.")] = 0
    preview: Annotated[bool, Meta(description="Let the other side show a preview of a link.")] = True
    reply_to: Annotated[GivenId | None, Meta(description="The id of an incoming message that is answered.")] = None
    connect_only: Annotated[bool, Meta(description="Refuse it while the device is not connected.")] = False


class AcceptedMessage(Answer, frozen=True, kw_only=True):
    """A message that was accepted."""

    id: int
    to: str


class SentAnswer(Answer, frozen=True, kw_only=True):
    """The messages, in the order of the targets. `batch`: they are made in parts, in a moment."""

    request: int
    batch: int | None
    items: list[AcceptedMessage]


class PreviewItem(Answer, frozen=True, kw_only=True):
    """A message as its recipient would read it."""

    to: str
    name: str
    text: str


class RefusedTarget(Answer, frozen=True, kw_only=True):
    """A target that nothing can be sent to; `position` counts from 0."""

    position: int
    text: str
    code: str
    detail: str


class PreviewAnswer(Answer, frozen=True, kw_only=True):
    """What would be sent: how many, the first 20, and the first 20 targets that are refused.

    `finishes_at` is when the last would go, by schedule, delay and the device's pace.
    """

    count: int
    refused_count: int
    items: list[PreviewItem]
    refused: list[RefusedTarget]
    finishes_at: Instant | None


_REFUSALS = (
    Code.DEVICE_UNKNOWN,
    Code.DEVICE_DISCONNECTED,
    Code.TARGET_REQUIRED,
    Code.TARGET_INVALID,
    Code.ROTATOR_UNKNOWN,
    Code.ROTATOR_EMPTY,
    Code.CONTENT_MISSING,
    Code.CHOICES_INVALID,
    Code.SCHEDULE_INVALID,
    Code.DELAY_INVALID,
    Code.UNSUPPORTED,
    Code.URL_INVALID,
    Code.URL_UNREACHABLE,
    Code.FILE_TYPE,
    Code.FILE_TOO_LARGE,
    Code.FILE_UNKNOWN,
    Code.QUOTA_USED_UP,
    Code.DEVICE_EXPIRED,
)


@post(
    "/",
    operation_id="sendMessages",
    summary="Send messages",
    status_code=202,
    request_max_body_size=MOST_SENT_BYTES,
    responses=refusals(*_REFUSALS),
)
async def post_messages(
    request: Request[Any, Any, Any],
    gateway: TheGateway,
    principal: ThePrincipal,
    once: TheOnce,
    data: JSONBody[SendGiven],
) -> Response[SentAnswer]:
    """Accepts messages: what is answered is stored, and is sent as soon as it may be."""
    device = await access.device(gateway, principal, data.device)
    await access.quoted(gateway, principal, data.reply_to)
    answered = await _send(gateway, principal, device, data, once.row, len(await request.body()))
    once.is_kept = True
    if answered.replayed:
        raise Replay(answered.body)
    return Response(msgspec.json.decode(answered.body, type=SentAnswer), status_code=202)


async def _send(
    gateway: Gateway,
    principal: Principal,
    device: Device,
    data: SendGiven,
    key: IdempotencyRow | None,
    size_bytes: int,
) -> Answered:
    account = principal.account.id
    at, large = gateway.clock.now(), size_bytes > LARGE_BYTES
    id_ = RequestId((await gateway.ids.take("request"))[0])
    call = Call(
        account=account,
        devices=(device,),
        request=id_,
        at=at,
        elements=[await beside(large, read_element, data, device)],
        media=await _file(gateway, principal, data),
        key=key,
        rng=random.Random(gateway.rng.getrandbits(128)) if large else gateway.rng,
        large=large,
    )

    def show(_items: Sequence[SendItem], plan: Plan, _quotas: Quotas) -> tuple[bytes, RequestRow]:
        answer = SentAnswer(
            request=id_,
            batch=plan.batches[0].id if plan.batches else None,
            items=[AcceptedMessage(id=message, to=to) for message, to in accepted(plan)],
        )
        return msgspec.json.encode(answer), _request_row(call, data, answer)

    return await accept_call(gateway, call, show)


async def _file(gateway: Gateway, principal: Principal, data: SendGiven) -> Media | None:
    """The uploaded file that is to be sent; raises `Refusal` (FILE_UNKNOWN; INPUT_INVALID beside an address)."""
    if data.file is None:
        return None
    if data.url:
        raise Refusal(Code.INPUT_INVALID, field="file")
    return renamed((await access.file(gateway, principal, data.file)).media, data.filename)


def _request_row(call: Call, data: SendGiven, answer: SentAnswer) -> RequestRow:
    """What the request log keeps: no long value, no more than the first of many ids."""
    given: dict[str, object] = msgspec.to_builtins(data)
    cut = {name: value if len(str(value)) <= MOST_LOGGED else _cut(value) for name, value in given.items()}
    short = msgspec.structs.replace(answer, items=answer.items[:200])
    return RequestRow(
        id=call.request,
        account=call.account,
        device=call.devices[0].id,
        at=call.at,
        method="POST",
        path=f"{PREFIX}/messages",
        params=msgspec.json.encode(cut).decode(),
        answer=msgspec.json.encode(short).decode(),
    )


def _cut(value: object) -> str:
    return f"{str(value)[:MOST_LOGGED]}…"


def read_element(data: SendGiven, device: Device) -> Element:
    """What is asked, as the core takes it; raises `Refusal` for the first target that is none."""
    if data.connect_only and not device.connected:
        raise Refusal(Code.DEVICE_DISCONNECTED)
    country = _country(data)
    targets = tuple(read_target(to, values, country) for to, values in _entries(data))
    if not targets:
        raise Refusal(Code.TARGET_REQUIRED, field="targets")
    return Element(_params(data), targets, (device.id,) * len(targets))


def _country(data: SendGiven) -> str:
    try:
        return parse_country_code(data.country_code)
    except Refusal:
        raise Refusal(Code.INPUT_INVALID, field="country_code") from None


def _entries(data: SendGiven) -> list[tuple[str, tuple[str, ...]]]:
    """Address and values of each target; a name alone is a value too."""
    if isinstance(data.targets, str):
        return list(split_targets(data.targets))
    return [(each.to, (each.name, *each.variables) if each.name or each.variables else ()) for each in data.targets]


def _params(data: SendGiven) -> SendParams:
    return SendParams(
        message=data.text,
        url=data.url,
        filename=data.filename,
        schedule_s=max(1, millis(data.schedule) // SECOND_MS) if data.schedule else 0,
        delay=_delay(data),
        location=(data.location.latitude, data.location.longitude) if data.location else None,
        typing=data.typing,
        duration_s=data.duration_s,
        choices=(parse_choices(data.poll.choices) or ()) if data.poll else (),
        several=data.poll.several if data.poll else False,
        pollname=data.poll.name if data.poll else "",
        followup_s=data.follow_up_s,
        sequence=data.sequence,
        preview=data.preview,
        inbox_id=data.reply_to or 0,
    )


def _delay(data: SendGiven) -> DelayRange | None:
    to_s = data.delay_to_s if data.delay_to_s is not None else data.delay_from_s
    if to_s < data.delay_from_s:
        raise Refusal(Code.DELAY_INVALID, field="delay_to_s", delay=f"{data.delay_from_s}-{to_s}")
    range_ = DelayRange(round(data.delay_from_s * SECOND_MS), round(to_s * SECOND_MS))
    return range_ if range_.to_ms else None


@post(
    "/preview",
    operation_id="previewMessages",
    summary="Look at messages before they are sent",
    status_code=200,
    request_max_body_size=MOST_SENT_BYTES,
    responses=refusals(
        Code.DEVICE_UNKNOWN,
        Code.CONTENT_MISSING,
        Code.UNSUPPORTED,
        Code.SCHEDULE_INVALID,
        Code.DELAY_INVALID,
        Code.FILE_UNKNOWN,
    ),
)
async def post_preview(
    request: Request[Any, Any, Any], gateway: TheGateway, principal: ThePrincipal, data: JSONBody[SendGiven]
) -> PreviewAnswer:
    """What `sendMessages` would make of the same body. Nothing is stored, and no file is fetched."""
    device = await access.device(gateway, principal, data.device)
    media = await _file(gateway, principal, data)
    rotators = dict(await gateway.storage.read(rotator_names, principal.account.id))
    large = len(await request.body()) > LARGE_BYTES
    return await beside(large, _preview, gateway, data, device, media, rotators, language_of(request))


def _preview(
    gateway: Gateway,
    data: SendGiven,
    device: Device,
    media: Media | None,
    rotators: Mapping[int, str],
    language: str,
) -> PreviewAnswer:
    country, params = _country(data), _params(data)
    schedule_at(params, gateway.clock.now())
    if not data.url:
        content = build_content(params, media)
        check_supported(content, build_options(params, None), gateway.capabilities[device.transport])
    good: list[Target] = []
    refused: list[RefusedTarget] = []
    for position, (to, values) in enumerate(_entries(data)):
        check_storable((data.text, *values))
        try:
            good.append(_known_target(read_target(to, values, country), rotators))
        except Refusal as refusal:
            detail = sentence(f"error.{refusal.code}", language, **refusal.values)
            refused.append(RefusedTarget(position=position, text=to[:60], code=refusal.code, detail=detail))
    items = [
        PreviewItem(
            to=target.address,
            name=target.values[0] if target.values else "",
            text=render(data.text, target.values),
        )
        for target in good[:SHOWN]
    ]
    return PreviewAnswer(
        count=len(good),
        refused_count=len(refused),
        items=items,
        refused=refused[:SHOWN],
        finishes_at=maybe(_finish(gateway.clock.now(), data, device, len(good))) if good else None,
    )


def _known_target(target: Target, rotators: Mapping[int, str]) -> Target:
    """Raises `Refusal(ROTATOR_UNKNOWN)`."""
    number = rotator_number(target.address)
    if number is not None and number not in rotators:
        raise Refusal(Code.ROTATOR_UNKNOWN, target=target.address)
    return target


def _finish(now: Millis, data: SendGiven, device: Device, count: int) -> int:
    """When the last one goes, with every delay as long as it is on average."""
    start = now if data.sequence or data.schedule is None else max(now, millis(data.schedule))
    delay = None if data.sequence else _delay(data)
    by_delay = count * (delay.from_ms + delay.to_ms) // 2 if delay is not None else 0
    settings = device.settings
    by_pace = (count - 1) * (settings.pace_from_ms + settings.pace_to_ms) // 2
    later = 0 if data.sequence else data.follow_up_s * SECOND_MS
    return start + later + max(by_delay, by_pace)
