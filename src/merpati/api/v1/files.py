"""`/files`: a file is uploaded first, and sent by its id then, to as many as one likes."""

import asyncio
import contextlib
import functools
import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromPath

from merpati.api.accepting import collecting_files, take_media_id
from merpati.api.fonnte.body import ClientGone, read_fields
from merpati.api.fonnte.fields import Fields
from merpati.api.fonnte.fields import Upload as FormFile
from merpati.api.fonnte.form import Limits
from merpati.api.fonnte.keys import hash_file
from merpati.api.gateway import Gateway
from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.once import HASHED_BY_ITSELF, Once
from merpati.api.v1.paging import LAST_ID, USUAL, Cursor, Limit, Page, page_of, position
from merpati.api.v1.principal import Principal
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import PREFIX, Answer, Instant, instant
from merpati.api.v1.thumbnails import get_file_thumbnail
from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import MediaId
from merpati.messages.file_limits import MB
from merpati.messages.file_types import sendable_extensions
from merpati.messages.media import KeptFile, drop_upload, keep_media, list_uploads, names_of
from merpati.messages.model import Upload
from merpati.messages.thumbnails import is_picture
from merpati.storage.files import FilesGone
from merpati.storage.port import OutcomeUnknown, Tx
from merpati.transports.port import MediaKind

_MULTIPART = "multipart/form-data"


class KeptFileAnswer(Answer, frozen=True, kw_only=True):
    """An uploaded file. Until `expires_at` messages are accepted with it; those that were accepted keep it.

    `kind` and `mime` are judged by its content. `filename` is what the receiver sees: of pictures and videos
    nothing. `thumbnail` is the path of a small picture of it, where it is a picture.
    `removed_at` is when it is removed; while a message waits for it, it stays. `is_sent`: some message was accepted
    with it.
    """

    id: int
    kind: MediaKind
    mime: str
    size_bytes: int
    filename: str
    thumbnail: str | None
    uploaded_at: Instant
    expires_at: Instant
    removed_at: Instant
    is_sent: bool


class KindRulesAnswer(Answer, frozen=True, kw_only=True):
    """What a file of one kind may be. The kind is judged by the content."""

    kind: MediaKind
    most_bytes: int
    extensions: list[str]


class FileRulesAnswer(Answer, frozen=True, kw_only=True):
    """What a file may be: each kind's size at most and its extensions; and over all kinds."""

    most_bytes: int
    extensions: list[str]
    kinds: list[KindRulesAnswer]


@dataclass
class _Upload(Operation):
    """Describes the body, which the framework does not read."""

    def __post_init__(self) -> None:
        file = Schema(type=OpenAPIType.STRING, content_media_type="application/octet-stream")
        form = Schema(type=OpenAPIType.OBJECT, properties={"file": file}, required=["file"])
        self.request_body = RequestBody(content={_MULTIPART: OpenAPIMediaType(schema=form)}, required=True)


@post(
    "/",
    operation_id="uploadFile",
    operation_class=_Upload,
    opt={"media": _MULTIPART, HASHED_BY_ITSELF: True},
    summary="Upload a file to send",
    status_code=201,
    responses=refusals(Code.FILE_TYPE, Code.FILE_TOO_LARGE, Code.FILE_EMPTY, Code.BODY_INVALID, Code.UPLOADS_FULL),
)
async def post_file(
    request: Request[Any, Any, Any], gateway: TheGateway, principal: ThePrincipal, once: TheOnce
) -> KeptFileAnswer:
    """One file, as the part `file`. It may be sent for a day; without a message that needs it, it is gone after
    a week."""
    fields = await _read(request, gateway)
    try:
        if fields.upload is None:
            raise Refusal(Code.INPUT_INVALID, field="file")
        await once.begin(await asyncio.to_thread(_digest, fields.upload))
        return await _keep(gateway, once, principal, fields.upload)
    finally:
        await asyncio.to_thread(fields.discard)


async def _read(request: Request[Any, Any, Any], gateway: Gateway) -> Fields:
    limits = Limits(
        max_body_bytes=gateway.max_body_bytes,
        max_file_bytes=gateway.file_limits.most,
        spool=gateway.spool_folder,
    )
    try:
        return await read_fields(request.receive, request.headers, b"", limits)
    except ClientGone:
        raise Refusal(Code.BODY_INVALID) from None
    except Refusal as refusal:
        if refusal.code is not Code.BODY_TOO_LARGE:
            raise
        raise Refusal(Code.FILE_TOO_LARGE, limit_mb=gateway.file_limits.most // MB) from None


def _digest(upload: FormFile) -> bytes:
    """Of name and content: the bytes of a form differ each time."""
    return hashlib.sha256(
        upload.filename.encode("utf-8", "surrogatepass") + b"\n" + hash_file(upload.path)
    ).digest()


async def _keep(gateway: Gateway, once: Once, principal: Principal, upload: FormFile) -> KeptFileAnswer:
    folder = collecting_files(gateway)
    async with folder.collecting() as collected:
        media = await folder.take_upload(upload, "", await take_media_id(gateway), principal.account.id)
        media = msgspec.structs.replace(media, key=access.uploader(principal))
        collected.append(media)

        async def keep(tx: Tx) -> KeptFileAnswer:
            return _show(gateway, await keep_media(tx, media, gateway.unsent_bytes))

        try:
            kept = await once.answer(gateway.storage, keep)
        except (OutcomeUnknown, asyncio.CancelledError):
            collected.clear()  # its row may be stored; the sweep finds the file of one that is not
            raise
        collected.clear()
    return kept


def _show(gateway: Gateway, kept: KeptFile) -> KeptFileAnswer:
    media = kept.media
    return KeptFileAnswer(
        id=media.id,
        kind=MediaKind(media.kind),
        mime=media.mime,
        size_bytes=media.size_bytes,
        filename=media.filename,
        thumbnail=f"{PREFIX}/files/{media.id}/thumbnail" if is_picture(media) else None,
        uploaded_at=instant(kept.stored_at),
        expires_at=instant(kept.expires_at),
        removed_at=instant(Millis(kept.stored_at + gateway.media_ms)),
        is_sent=media.upload is not Upload.UNSENT,
    )


@get("/", operation_id="listFiles", summary="List uploaded files", responses=refusals(Code.CURSOR_INVALID))
async def get_files(
    gateway: TheGateway, principal: ThePrincipal, cursor: Cursor = None, limit: Limit = USUAL
) -> Page[KeptFileAnswer]:
    """Those that are still kept, newest first. A key that reaches chosen devices sees what it uploaded itself."""
    (before,) = position(cursor, (LAST_ID,))
    key = access.uploader(principal) or None
    found = await gateway.storage.read(list_uploads, principal.account.id, key, MediaId(before), limit + 1)
    return page_of(found, limit, functools.partial(_show, gateway), lambda kept: (kept.media.id,))


@get("/{id:int}", operation_id="getFile", summary="One uploaded file", responses=refusals(Code.FILE_UNKNOWN))
async def get_file(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
) -> KeptFileAnswer:
    """While messages are accepted with it."""
    return _show(gateway, await access.file(gateway, principal, id))


@delete(
    "/{id:int}",
    operation_id="deleteFile",
    summary="Delete an uploaded file",
    responses=refusals(Code.FILE_UNKNOWN, Code.FILE_SENT),
)
async def delete_file(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
) -> Response[None]:
    """One that no message was accepted with; what is sent goes by itself."""
    media = (await access.upload(gateway, principal, id)).media
    await gateway.storage.write(drop_upload, media)
    with contextlib.suppress(FilesGone):  # nobody gets at it any more, and the sweep removes it
        await gateway.files.remove(names_of(media.path))
    return Response(None, status_code=204)


@get("/rules", operation_id="getFileRules", summary="What a file may be")
async def get_rules(gateway: TheGateway) -> FileRulesAnswer:
    """The server's limits, so that a page can say them before somebody uploads."""
    limits = gateway.file_limits
    kinds = [
        KindRulesAnswer(kind=kind, most_bytes=limits.of(kind), extensions=sendable_extensions(kind))
        for kind in MediaKind
    ]
    every = [extension for rules in kinds for extension in rules.extensions]
    return FileRulesAnswer(most_bytes=limits.most, extensions=every, kinds=kinds)


def files_router() -> Router:
    handlers = [get_files, post_file, get_file, delete_file, get_file_thumbnail, get_rules]
    return Router("/files", route_handlers=handlers, tags=["Messages"])
