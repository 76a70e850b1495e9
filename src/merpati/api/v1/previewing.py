"""`POST /messages/preview`: messages are looked at before they are sent."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request, post
from litestar.params import JSONBody

from merpati.api.accepting import LARGE_BYTES, beside
from merpati.api.fonnte.content import build_content, build_options, check_group, check_supported, schedule_at
from merpati.api.fonnte.params import SendParams
from merpati.api.gateway import Gateway
from merpati.api.templating import check_template
from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, ThePrincipal
from merpati.api.v1.problems import language_of, refusals
from merpati.api.v1.send_given import (
    ALONE,
    MOST_SENT_BYTES,
    Reacted,
    SendGiven,
    check_chat,
    reacted,
    read_country,
    read_delay,
    read_entries,
    read_params,
    uploaded,
)
from merpati.api.v1.shapes import Answer, Instant, maybe, millis
from merpati.api.v1.windows import WindowAnswer, show_window
from merpati.api.windowing import find_windows
from merpati.core.clock import SECOND_MS, Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address
from merpati.devices.model import Device
from merpati.locale import sentence
from merpati.messages.model import Media, Target
from merpati.messages.targets import read_target, render, render_content, rotator_number
from merpati.messages.words import summary_of
from merpati.rotators.views import rotator_names
from merpati.storage.port import check_storable
from merpati.transports.cards import Contacts, Reaction
from merpati.transports.interactive import Template
from merpati.transports.limits import Alone
from merpati.transports.port import Content

SHOWN = 20
"""Messages and refusals that a preview shows."""


class PreviewItem(Answer, frozen=True, kw_only=True):
    """A message as its recipient would read it. `window` is its chat's, now; null where one may always write."""

    to: str
    name: str
    text: str
    window: WindowAnswer | None = None


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
        *ALONE,
        Code.MESSAGE_UNKNOWN,
        Code.SCHEDULE_INVALID,
        Code.DELAY_INVALID,
        Code.FILE_UNKNOWN,
        Code.FILE_TYPE_HERE,
        Code.FILE_TOO_LARGE,
        Code.CAPTION_UNSUPPORTED,
        Code.TEXT_TOO_LONG,
    ),
)
async def post_preview(
    request: Request[Any, Any, Any], gateway: TheGateway, principal: ThePrincipal, data: JSONBody[SendGiven]
) -> PreviewAnswer:
    """What `sendMessages` would make of the same body. Nothing is stored, and no file is fetched."""
    device = await access.device(gateway, principal, data.device)
    media = await uploaded(gateway, principal, data)
    rotators = dict(await gateway.storage.read(rotator_names, principal.account.id))
    reaction = await reacted(gateway, principal, device, data.reaction)
    large = len(await request.body()) > LARGE_BYTES
    params = read_params(data, reaction)
    content = await beside(large, _content, gateway, params, device, media)
    if content is not None:
        await check_template(gateway, device, content)
    preview = await beside(large, _preview, gateway, data, device, params, reaction, rotators, language_of(request))
    return await _with_windows(gateway, device, preview)


async def _with_windows(gateway: Gateway, device: Device, preview: PreviewAnswer) -> PreviewAnswer:
    chats = [(device.id, Address(item.to)) for item in preview.items]
    asked = [chat for chat in chats if rotator_number(chat[1]) is None]
    windows = await find_windows(gateway, {device.id: device}, asked)
    items = [
        msgspec.structs.replace(item, window=show_window(windows.get(chat)))
        for item, chat in zip(preview.items, chats, strict=True)
    ]
    return msgspec.structs.replace(preview, items=items)


def _content(gateway: Gateway, params: SendParams, device: Device, media: Media | None) -> Content | None:
    """What would be sent, judged; None: a part of it is a file that is not fetched yet."""
    schedule_at(params, gateway.clock.now())
    if params.url:
        return None
    caps = gateway.capabilities[device.transport]
    content = build_content(params, media, interactive=caps.interactive)
    check_supported(content, build_options(params, content, None), caps)
    return content


def _preview(
    gateway: Gateway,
    data: SendGiven,
    device: Device,
    params: SendParams,
    reaction: Reacted | None,
    rotators: Mapping[int, str],
    language: str,
) -> PreviewAnswer:
    country, caps = read_country(data), gateway.capabilities[device.transport]
    good: list[Target] = []
    refused: list[RefusedTarget] = []
    for position, (to, values) in enumerate(read_entries(data)):
        check_storable((data.text, *values))
        try:
            target = _known_target(read_target(to, values, country), rotators)
            check_group(target.address, caps)
            good.append(target)
        except Refusal as refusal:
            detail = sentence(f"error.{refusal.code}", language, **refusal.values)
            refused.append(RefusedTarget(position=position, text=to[:60], code=refusal.code, detail=detail))
    check_chat(reaction, good)
    items = [
        PreviewItem(
            to=target.address,
            name=target.values[0] if target.values else "",
            text=_text(params.given, data.text, target),
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


def _text(given: Alone | None, text: str, target: Target) -> str:
    """What its recipient would read; of a template, whose own words are WhatsApp's, what fills it."""
    if isinstance(given, Template | Contacts | Reaction):
        return summary_of(render_content(given, target.values))
    return render(text, target.values)


def _known_target(target: Target, rotators: Mapping[int, str]) -> Target:
    """Raises `Refusal(ROTATOR_UNKNOWN)`."""
    number = rotator_number(target.address)
    if number is not None and number not in rotators:
        raise Refusal(Code.ROTATOR_UNKNOWN, target=target.address)
    return target


def _finish(now: Millis, data: SendGiven, device: Device, count: int) -> int:
    """When the last one goes, with every delay as long as it is on average."""
    start = now if data.sequence or data.schedule is None else max(now, millis(data.schedule))
    delay = None if data.sequence else read_delay(data)
    by_delay = count * (delay.from_ms + delay.to_ms) // 2 if delay is not None else 0
    settings = device.settings
    by_pace = (count - 1) * (settings.pace_from_ms + settings.pace_to_ms) // 2
    later = 0 if data.sequence else data.follow_up_s * SECOND_MS
    return start + later + max(by_delay, by_pace)
