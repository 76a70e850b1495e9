"""`/send`: messages are accepted. Source: Fonnte docs, API send message; send message by url (GET)."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from merpati.api.fonnte.attachments import MediaFolder
from merpati.api.fonnte.content import build_content, build_options, check_supported, schedule_at
from merpati.api.fonnte.elements import Element, read_elements
from merpati.api.fonnte.endpoint import GET_TOO, Answer, Body, Endpoint, Request, encode_body
from merpati.api.fonnte.fields import as_line
from merpati.api.fonnte.keys import KeysInProgress, hash_body, key_of
from merpati.api.fonnte.quota import quota_body
from merpati.api.fonnte.words import IN_QUEUE, NOTES, SCHEDULED, WAITING
from merpati.api.gateway import Gateway
from merpati.core.clock import SECOND_MS
from merpati.core.crashpoint import crashpoint
from merpati.core.errors import Code, Refusal
from merpati.core.ids import BatchId, JobId, MediaId, MessageId, WaId
from merpati.log.model import IdempotencyRow
from merpati.log.requests import recall_keys
from merpati.messages.actions import ACCEPT
from merpati.messages.model import Acceptance, KeyReused, Media, Note, Replayed, SendItem
from merpati.messages.planning import MOST_DRAFTS, Origin, Plan, plan_call
from merpati.messages.views import show_message
from merpati.storage.port import OutcomeUnknown

T = TypeVar("T")

LARGE_BYTES = 65_536
"""A call with a larger body is worked on beside the event loop."""
MOST_ATTACHMENTS = 50
"""Different files in one call."""
_Attachment = tuple[str, str]


def send_endpoint() -> Endpoint:
    """The row of `/send`; it holds the keys in progress of this process."""
    keys = KeysInProgress()

    async def answer(gateway: Gateway, request: Request) -> Answer:
        with keys.holding(request.caller.account, key_of(request)):
            return await _send(gateway, request)

    return Endpoint(path="/send", answer=answer, methods=GET_TOO, tells_request=True)


async def _send(gateway: Gateway, request: Request) -> Answer:
    if not request.fields.values and request.fields.upload is None:
        raise Refusal(Code.BODY_INVALID)
    key = await _key_row(request)
    if key is not None and (known := await _recall(gateway, key)) is not None:
        return known
    large = request.fields.size_bytes > LARGE_BYTES
    # drawing from the machine costs a microsecond: a large call draws a seed
    rng = random.Random(gateway.rng.getrandbits(128)) if large else gateway.rng
    elements = await _beside(large, read_elements, request.fields.values, request.caller.devices, rng)
    folder = MediaFolder(gateway.media_folder, gateway.spool_folder, gateway.fetch, gateway.max_file_bytes)
    async with folder.collecting() as collected:
        files = await _attach(gateway, folder, request, elements, collected)
        quoted = await _quoted(gateway, request, elements)
        items = await _beside(large, _items, gateway, request, elements, files, quoted)
        plan = await _plan(gateway, request, items, rng, large)
        body = await _beside(large, _body, request, items, plan)
        acceptance = await _beside(large, _acceptance, request, key, plan, collected, body)
        try:
            verdict = await gateway.lane(ACCEPT, acceptance)
        except (OutcomeUnknown, asyncio.CancelledError):
            collected.clear()  # it may be stored: then its files are needed
            raise
        crashpoint("after_accept_stored")
        if isinstance(verdict, KeyReused):
            raise Refusal(Code.KEY_REUSED)
        if isinstance(verdict, Replayed):
            return Answer(body=verdict.answer.encode(), replayed=True)
        collected.clear()
    _tell(gateway, plan)
    return Answer(body=body, redirect=_redirect(request))


async def _beside(large: bool, work: Callable[..., T], *args: object) -> T:
    return await asyncio.to_thread(work, *args) if large else work(*args)


# -- idempotency --


async def _key_row(request: Request) -> IdempotencyRow | None:
    key = key_of(request)
    if key is None:
        return None
    hash_ = await asyncio.to_thread(hash_body, request)
    return IdempotencyRow(account=request.caller.account, key=key, body_hash=hash_, answer="", at=request.at)


async def _recall(gateway: Gateway, key: IdempotencyRow) -> Answer | None:
    """The first answer, before anything is fetched a second time."""
    known = (await gateway.storage.read(recall_keys, [(key.account, key.key)])).get((key.account, key.key))
    if known is None:
        return None
    if known.body_hash != key.body_hash:
        raise Refusal(Code.KEY_REUSED)
    return Answer(body=known.answer.encode(), replayed=True)


def _answered(key: IdempotencyRow | None, body: Body) -> IdempotencyRow | None:
    return key and msgspec.structs.replace(key, answer=encode_body(body).decode())


# -- attachments and quotes --


async def _attach(
    gateway: Gateway, folder: MediaFolder, request: Request, elements: Sequence[Element], collected: list[Media]
) -> Mapping[_Attachment, Media]:
    """Every different file of the call once; they are added to `collected` as they come."""
    account, upload = request.caller.account, request.fields.upload
    wanted = {_file_of(element): element for element in elements if element.params.url}
    if upload is not None and request.fields.values.get("data"):
        raise Refusal(Code.INPUT_INVALID, field="file")
    if len(wanted) > MOST_ATTACHMENTS:
        raise Refusal(Code.INPUT_INVALID, field="url")
    files: dict[_Attachment, Media] = {}
    if upload is not None:
        media = await folder.take_upload(upload, elements[0].params.filename, await _media_id(gateway), account)
        collected.append(media)
        return dict.fromkeys(map(_file_of, elements), media)
    for url, filename in wanted:
        media = await folder.take_url(url, filename, await _media_id(gateway), account)
        collected.append(media)
        files[url, filename] = media
    return files


def _file_of(element: Element) -> _Attachment:
    return element.params.url, element.params.filename


async def _media_id(gateway: Gateway) -> MediaId:
    return MediaId((await gateway.ids.take("media"))[0])


async def _quoted(gateway: Gateway, request: Request, elements: Sequence[Element]) -> Mapping[int, WaId]:
    """WhatsApp's ids of the incoming messages that the elements answer; raises `Refusal(INPUT_INVALID)`."""
    quoted: dict[int, WaId] = {}
    for inbox_id in {element.params.inbox_id for element in elements} - {0}:
        message = await gateway.storage.read(show_message, MessageId(inbox_id))
        if message is None or message.wa_id is None or message.account != request.caller.account:
            raise Refusal(Code.INPUT_INVALID, field="inboxid")
        quoted[inbox_id] = message.wa_id
    return quoted


# -- what is stored --


def _items(
    gateway: Gateway,
    request: Request,
    elements: Sequence[Element],
    files: Mapping[_Attachment, Media],
    quoted: Mapping[int, WaId],
) -> list[SendItem]:
    transports = {device.id: device.transport for device in request.caller.devices}
    items = []
    for element in elements:
        params, media = element.params, files.get(_file_of(element))
        content, options = build_content(params, media), build_options(params, quoted.get(params.inbox_id))
        for transport in {transports[device] for device in set(element.devices)}:
            check_supported(content, options, gateway.capabilities[transport])
        items.append(
            SendItem(
                targets=element.targets,
                devices=element.devices,
                content=content,
                options=options,
                media=media.id if media is not None else None,
                schedule_at=schedule_at(params, request.at),
                delay=params.delay,
                followup_ms=params.followup_s * SECOND_MS,
                sequence=params.sequence,
            )
        )
    return items


async def _plan(
    gateway: Gateway, request: Request, items: Sequence[SendItem], rng: random.Random, large: bool
) -> Plan:
    count = sum(len(item.targets) for item in items)
    is_batch = count > MOST_DRAFTS
    origin = Origin(
        account=request.caller.account,
        request=request.id,
        first=MessageId((await gateway.ids.take("message", count))[0]),
        batch=BatchId((await gateway.ids.take("batch"))[0] if is_batch else 0),
        job=JobId((await gateway.ids.take("job"))[0] if is_batch else 0),
        now=request.at,
    )
    return await _beside(large, plan_call, items, origin, rng)


def _acceptance(
    request: Request, key: IdempotencyRow | None, plan: Plan, media: Sequence[Media], body: Body
) -> Acceptance:
    return Acceptance(
        account=request.caller.account,
        request=request.row(body),
        idempotency=_answered(key, body),
        drafts=plan.drafts,
        batches=plan.batches,
        media=tuple(media),
    )


# -- what is answered --


def _body(request: Request, items: Sequence[SendItem], plan: Plan) -> Body:
    first = plan.drafts[0].id if plan.drafts else plan.batches[0].first
    targets = [draft.chat for draft in plan.drafts]
    targets += [target.address for batch in plan.batches for part in batch.parts for target in part]
    scheduled = all(not item.sequence and (item.schedule_at or 0) > request.at for item in items)
    notes: set[Note] = {note for item in items for note in item.options.notes}
    return {
        "detail": "; ".join([SCHEDULED if scheduled else IN_QUEUE, *(NOTES[note] for note in sorted(notes))]),
        "id": list(range(first, first + len(targets))),
        "process": WAITING if scheduled else "pending",
        "quota": quota_body(request.caller.devices, (device for item in items for device in item.devices)),
        "requestid": request.id,
        "status": True,
        "target": targets,
    }


def _redirect(request: Request) -> str | None:
    """Where a browser goes after a GET that succeeded; a refusal is shown, so that somebody sees it."""
    url = as_line(request.fields.values.get("redirect")) if request.method == "GET" else None
    return url if url and urlsplit(url).scheme in ("http", "https") else None


def _tell(gateway: Gateway, plan: Plan) -> None:
    """The senders and the job runner look at once, and not at their next turn."""
    gateway.metrics.accepted.inc(len(plan.drafts) + sum(batch.count for batch in plan.batches))
    for draft in plan.drafts:
        gateway.wake(draft.device, draft.due_at)
    if plan.batches:
        gateway.made()
