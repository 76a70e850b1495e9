"""A call that sends, from whichever API: its files fetched, its messages planned, stored in one transaction, told.

Each API reads a call in its own words and answers in them; what lies between is here, once.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from merpati.api.fonnte.attachments import Collecting
from merpati.api.fonnte.content import (
    build_content,
    build_options,
    check_group,
    check_supported,
    schedule_at,
    words_taken,
)
from merpati.api.fonnte.elements import Element
from merpati.api.fonnte.fields import Upload
from merpati.api.gateway import Gateway
from merpati.api.rotating import draw_rotators, rotators_in
from merpati.api.templating import check_templates
from merpati.api.windowing import check_windows
from merpati.core.clock import SECOND_MS, Millis
from merpati.core.crashpoint import crashpoint
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, BatchId, DeviceId, JobId, MediaId, MessageId, RequestId, WaId
from merpati.devices.model import Device
from merpati.log.model import IdempotencyRow, RequestRow
from merpati.log.requests import recall_keys
from merpati.messages.actions import ACCEPT
from merpati.messages.model import Acceptance, KeyReused, Media, Metered, QuotaUsedUp, Replayed, SendItem
from merpati.messages.planning import MOST_DRAFTS, Origin, Plan, plan_call
from merpati.messages.views import show_message
from merpati.storage.port import OutcomeUnknown
from merpati.transports.port import MediaKind

T = TypeVar("T")

LARGE_BYTES = 65_536
"""A call with a larger body is worked on beside the event loop."""
MOST_ATTACHMENTS = 50
"""Different files in one call."""
_Attachment = tuple[str, str]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What an API has read."""

    account: AccountId
    devices: tuple[Device, ...]
    request: RequestId
    at: Millis
    elements: Sequence[Element]
    upload: Upload | None = None
    media: Media | None = None
    """A file that is stored already, for every element."""
    key: IdempotencyRow | None = None
    """The caller's idempotency key; its answer is filled in here."""
    rng: random.Random
    large: bool = False
    free: bool = False
    """No device's plan limits it: a message of the gateway's own."""


class Answered(msgspec.Struct, frozen=True):
    """What the caller is answered: the body, and whether it is that of an earlier call with this key."""

    body: bytes
    replayed: bool = False


Quotas = Mapping[DeviceId, int | None]
Show = Callable[[Sequence[SendItem], Plan, Quotas], tuple[bytes, RequestRow]]
"""An API's answer to a call that is accepted, and the call for the request log. `Quotas`: left before this call."""


async def accept_call(gateway: Gateway, call: Call, show: Show) -> Answered:
    """Accept the call; raises `Refusal` for the first thing that is wrong with it, and then nothing is stored."""
    _check_plans(call)
    folder = collecting_files(gateway)
    async with folder.collecting() as collected:
        files = await _attach(gateway, folder, call, collected)
        quoted = await _quoted(gateway, call)
        items = await beside(call.large, make_items, gateway, call, files, quoted)
        await check_templates(gateway, call.devices, items)
        numbers = await beside(call.large, rotators_in, items)
        items = await draw_rotators(gateway, call.account, items, numbers, call.rng)
        plan = await _plan(gateway, call, items)
        await check_windows(gateway, call.devices, plan, call.at)
        body, row = await beside(
            call.large, show, items, plan, {device.id: device.quota for device in call.devices}
        )
        acceptance = _acceptance(call, plan, collected, body, row, _metered(call, items, plan, show))
        try:
            verdict = await gateway.lane(ACCEPT, acceptance)
        except (OutcomeUnknown, asyncio.CancelledError):
            collected.clear()  # it may be stored: then its files are needed
            raise
        crashpoint("after_accept_stored")
        if isinstance(verdict, KeyReused):
            raise Refusal(Code.KEY_REUSED)
        if isinstance(verdict, Replayed):
            return Answered(verdict.answer.encode(), replayed=True)
        if isinstance(verdict, QuotaUsedUp):
            raise Refusal(Code.QUOTA_USED_UP)
        collected.clear()
    _tell(gateway, plan)
    return Answered(body if verdict.answer is None else verdict.answer.encode())


def _check_plans(call: Call) -> None:
    """Raises `Refusal(DEVICE_EXPIRED)`: a device that would send has a plan that is over."""
    ended = {device.id: device for device in call.devices if device.has_ended(call.at) and not call.free}
    for id_ in (id_ for element in call.elements for id_ in element.devices) if ended else ():
        if id_ in ended:
            raise Refusal(Code.DEVICE_EXPIRED, number=ended[id_].number)


def _metered(call: Call, items: Sequence[SendItem], plan: Plan, show: Show) -> Metered | None:
    """What the transaction has to count; None, and nothing done, where no device of the call has a quota."""
    if call.free or all(device.quota is None for device in call.devices):
        return None

    def show_with(quotas: Quotas) -> tuple[str, RequestRow]:
        body, row = show(items, plan, quotas)
        return body.decode(), _with_messages(row, plan)

    uses = Counter(device for item in items for device in item.devices)
    return Metered(uses=tuple(sorted(uses.items())), show=show_with)


async def recall(gateway: Gateway, key: IdempotencyRow) -> Answered | None:
    """The first answer to this key, before anything is fetched a second time; raises `Refusal(KEY_REUSED)`."""
    known = (await gateway.storage.read(recall_keys, [(key.account, key.key)])).get((key.account, key.key))
    if known is None:
        return None
    if known.body_hash != key.body_hash:
        raise Refusal(Code.KEY_REUSED)
    return Answered(known.answer.encode(), replayed=True)


async def beside(large: bool, work: Callable[..., T], *args: object) -> T:
    """Do it beside the event loop, where it is large."""
    return await asyncio.to_thread(work, *args) if large else work(*args)


# -- attachments and quotes --


def collecting_files(gateway: Gateway) -> Collecting:
    """Where the files of one call come together."""
    return Collecting(gateway.files, gateway.spool_folder, gateway.fetch, gateway.file_limits)


async def _attach(
    gateway: Gateway, folder: Collecting, call: Call, collected: list[Media]
) -> Mapping[_Attachment, Media]:
    """Every different file of the call once; they are added to `collected` as they come."""
    elements, upload = call.elements, call.upload
    if call.media is not None:
        gateway.file_limits.check(MediaKind(call.media.kind), call.media.size_bytes)
        return dict.fromkeys(map(_file_of, elements), call.media)
    wanted = {_file_of(element): element for element in elements if element.params.url}
    if len(wanted) > MOST_ATTACHMENTS:
        raise Refusal(Code.INPUT_INVALID, field="url")
    files: dict[_Attachment, Media] = {}
    if upload is not None:
        filename = elements[0].params.filename
        media = await folder.take_upload(upload, filename, await take_media_id(gateway), call.account)
        collected.append(media)
        return dict.fromkeys(map(_file_of, elements), media)
    for url, filename in wanted:
        media = await folder.take_url(url, filename, await take_media_id(gateway), call.account)
        collected.append(media)
        files[url, filename] = media
    return files


def _file_of(element: Element) -> _Attachment:
    return element.params.url, element.params.filename


async def take_media_id(gateway: Gateway) -> MediaId:
    """A new id of a file."""
    return MediaId((await gateway.ids.take("media"))[0])


async def _quoted(gateway: Gateway, call: Call) -> Mapping[int, WaId]:
    """WhatsApp's ids of the incoming messages that the elements answer; raises `Refusal(INPUT_INVALID)`."""
    quoted: dict[int, WaId] = {}
    for inbox_id in {element.params.inbox_id for element in call.elements} - {0}:
        message = await gateway.storage.read(show_message, MessageId(inbox_id))
        if message is None or message.wa_id is None or message.account != call.account:
            raise Refusal(Code.INPUT_INVALID, field="inboxid")
        quoted[inbox_id] = message.wa_id
    return quoted


# -- what is stored --


def make_items(
    gateway: Gateway, call: Call, files: Mapping[_Attachment, Media], quoted: Mapping[int, WaId]
) -> list[SendItem]:
    """What each element sends; raises `Refusal` for what cannot be sent."""
    transports = {device.id: device.transport for device in call.devices}
    items = []
    for element in call.elements:
        params, media = element.params, files.get(_file_of(element))
        used = {transports[device] for device in set(element.devices)}
        able = [gateway.capabilities[transport] for transport in used]
        content = build_content(params, media, interactive=all(caps.interactive for caps in able))
        options = build_options(params, content, quoted.get(params.inbox_id))
        for caps in able:
            check_supported(content, options, caps)
        for target, device in zip(element.targets, element.devices, strict=True):
            check_group(target.address, gateway.capabilities[transports[device]])
        items.append(
            SendItem(
                targets=element.targets,
                devices=element.devices,
                content=content,
                options=options,
                media=media.id if media is not None else None,
                schedule_at=schedule_at(params, call.at),
                delay=params.delay,
                followup_ms=params.followup_s * SECOND_MS,
                sequence=params.sequence,
                most_words=min(words_taken(content, caps) for caps in able),
            )
        )
    return items


async def _plan(gateway: Gateway, call: Call, items: Sequence[SendItem]) -> Plan:
    count = sum(len(item.targets) for item in items)
    is_batch = count > MOST_DRAFTS
    origin = Origin(
        account=call.account,
        request=call.request,
        first=MessageId((await gateway.ids.take("message", count))[0]),
        batch=BatchId((await gateway.ids.take("batch"))[0] if is_batch else 0),
        job=JobId((await gateway.ids.take("job"))[0] if is_batch else 0),
        now=call.at,
    )
    return await beside(call.large, plan_call, items, origin, call.rng)


def _acceptance(
    call: Call, plan: Plan, media: Sequence[Media], body: bytes, row: RequestRow, metered: Metered | None
) -> Acceptance:
    key = call.key and msgspec.structs.replace(call.key, answer=body.decode())
    return Acceptance(
        account=call.account,
        request=_with_messages(row, plan),
        idempotency=key,
        drafts=plan.drafts,
        batches=plan.batches,
        media=tuple(media),
        metered=metered,
    )


def _with_messages(row: RequestRow, plan: Plan) -> RequestRow:
    first = plan.drafts[0].id if plan.drafts else plan.batches[0].first
    return msgspec.structs.replace(row, first_message=first, messages=_count(plan))


def _count(plan: Plan) -> int:
    return len(plan.drafts) + sum(batch.count for batch in plan.batches)


def _tell(gateway: Gateway, plan: Plan) -> None:
    """The senders and the job runner look at once, and not at their next turn."""
    gateway.metrics.accepted.inc(_count(plan))
    for draft in plan.drafts:
        gateway.wake(draft.device, draft.due_at)
    if plan.batches:
        gateway.made()


def accepted(plan: Plan) -> list[tuple[MessageId, str]]:
    """The ids and addresses of the messages of a plan, in order."""
    first = plan.drafts[0].id if plan.drafts else plan.batches[0].first
    targets = [draft.chat for draft in plan.drafts]
    targets += [target.address for batch in plan.batches for part in batch.parts for target in part]
    return [(MessageId(id_), target) for id_, target in enumerate(targets, first)]
