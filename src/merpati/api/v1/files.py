"""`/files`: a file is uploaded first, and sent by its id then, to as many as one likes."""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, Router, get, post
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromPath

from merpati.api.accepting import collecting_files, take_media_id
from merpati.api.fonnte.body import ClientGone, read_fields
from merpati.api.fonnte.fields import Fields, Upload
from merpati.api.fonnte.form import Limits
from merpati.api.fonnte.keys import hash_file
from merpati.api.gateway import Gateway
from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.once import HASHED_BY_ITSELF, Once
from merpati.api.v1.principal import Principal
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import PREFIX, Answer, Instant, instant
from merpati.api.v1.thumbnails import get_file_thumbnail
from merpati.core.errors import Code, Refusal
from merpati.messages.file_limits import MB
from merpati.messages.file_types import sendable_extensions
from merpati.messages.media import KeptFile, keep_media
from merpati.messages.thumbnails import is_picture
from merpati.storage.port import OutcomeUnknown, Tx
from merpati.transports.port import MediaKind

_MULTIPART = "multipart/form-data"


class KeptFileAnswer(Answer, frozen=True, kw_only=True):
    """An uploaded file. Until `expires_at` messages are accepted with it; those that were accepted keep it.

    `kind` and `mime` are judged by its content. `filename` is what the receiver sees: of pictures and videos
    nothing. `thumbnail` is the path of a small picture of it, where it is a picture.
    """

    id: int
    kind: MediaKind
    mime: str
    size_bytes: int
    filename: str
    thumbnail: str | None
    expires_at: Instant


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
    responses=refusals(Code.FILE_TYPE, Code.FILE_TOO_LARGE, Code.FILE_EMPTY, Code.BODY_INVALID),
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


def _digest(upload: Upload) -> bytes:
    """Of name and content: the bytes of a form differ each time."""
    return hashlib.sha256(
        upload.filename.encode("utf-8", "surrogatepass") + b"\n" + hash_file(upload.path)
    ).digest()


async def _keep(gateway: Gateway, once: Once, principal: Principal, upload: Upload) -> KeptFileAnswer:
    folder = collecting_files(gateway)
    async with folder.collecting() as collected:
        media = await folder.take_upload(upload, "", await take_media_id(gateway), principal.account.id)
        media = msgspec.structs.replace(media, key=access.uploader(principal))
        collected.append(media)

        async def keep(tx: Tx) -> KeptFileAnswer:
            return _show(await keep_media(tx, media))

        try:
            kept = await once.answer(gateway.storage, keep)
        except (OutcomeUnknown, asyncio.CancelledError):
            collected.clear()  # its row may be stored; the sweep finds the file of one that is not
            raise
        collected.clear()
    return kept


def _show(kept: KeptFile) -> KeptFileAnswer:
    media = kept.media
    return KeptFileAnswer(
        id=media.id,
        kind=MediaKind(media.kind),
        mime=media.mime,
        size_bytes=media.size_bytes,
        filename=media.filename,
        thumbnail=f"{PREFIX}/files/{media.id}/thumbnail" if is_picture(media) else None,
        expires_at=instant(kept.expires_at),
    )


@get("/{id:int}", operation_id="getFile", summary="One uploaded file", responses=refusals(Code.FILE_UNKNOWN))
async def get_file(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
) -> KeptFileAnswer:
    """While messages are accepted with it."""
    return _show(await access.file(gateway, principal, id))


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
    return Router("/files", route_handlers=[post_file, get_file, get_file_thumbnail, get_rules], tags=["Messages"])
