"""Small pictures of files, for whoever may see the message or the file that they belong to.

A file never changes, so a browser keeps its picture, for the session that asked: in another one it asks again.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from merpati.api.gateway import Gateway
from merpati.api.v1 import access
from merpati.api.v1.answers import is_among
from merpati.api.v1.needs import TheGateway, ThePrincipal
from merpati.api.v1.problems import refusals
from merpati.core.errors import Code, Refusal
from merpati.messages.media import find_media_of
from merpati.messages.model import Media
from merpati.messages.thumbnails import MIME, VERSION, NoThumbnail

_KEPT: Mapping[str, str] = {
    "Cache-Control": "private, max-age=604800, immutable",
    "Vary": "Authorization, Cookie",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""A week, as long as files are kept."""


@get(
    "/{message_id:int}/thumbnail",
    operation_id="getMessageThumbnail",
    summary="A small picture of a message's file",
    media_type=MIME,
    responses=refusals(Code.MESSAGE_UNKNOWN, Code.THUMBNAIL_NONE),
)
async def get_message_thumbnail(
    request: Request[Any, Any, Any], gateway: TheGateway, principal: ThePrincipal, message_id: FromPath[int]
) -> Response[bytes]:
    """Of a picture, as long as the file is kept: 640 pixels at most, WebP."""
    message = await access.message(gateway, principal, message_id)
    media = await gateway.storage.read(find_media_of, message.content, message.account)
    if media is None:
        raise Refusal(Code.THUMBNAIL_NONE)
    return await _answer(request, gateway, media)


@get(
    "/{id:int}/thumbnail",
    operation_id="getFileThumbnail",
    summary="A small picture of an uploaded file",
    media_type=MIME,
    responses=refusals(Code.FILE_UNKNOWN, Code.THUMBNAIL_NONE),
)
async def get_file_thumbnail(
    request: Request[Any, Any, Any],
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
) -> Response[bytes]:
    """Of a picture, while messages are accepted with it: 640 pixels at most, WebP."""
    kept = await access.file(gateway, principal, id)
    return await _answer(request, gateway, kept.media)


async def _answer(request: Request[Any, Any, Any], gateway: Gateway, media: Media) -> Response[bytes]:
    """The type is ours, whatever the file's sender called it."""
    tag = f'"{media.id}-{VERSION}"'
    headers = {**_KEPT, "ETag": tag}
    if is_among(tag.encode(), request.scope):
        return Response(b"", status_code=304, headers=headers)
    try:
        path = await gateway.thumbnails.locate(media)
        drawn = await asyncio.to_thread(path.read_bytes)
    except (NoThumbnail, FileNotFoundError):
        raise Refusal(Code.THUMBNAIL_NONE) from None
    return Response(drawn, media_type=MIME, headers=headers)
