"""`GET /files/<token>/<name>`: a file that came with a message, for whoever was told its address.

Somebody unknown sent it, so nothing of it may run under our name: only what a browser shows without running it is
shown (pictures, videos, sound, PDF), everything else is saved; types are those that we judged by content.
"""

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import File

from merpati.api.gateway import Gateway
from merpati.messages.file_links import PREFIX
from merpati.messages.media import find_media
from merpati.transports.port import MediaKind

SHOWN = frozenset({"image", "video", "audio"})
"""First halves of types that a browser may show."""
PDF = "application/pdf"
GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "private, max-age=86400",
}


def file_routes(gateway: Gateway) -> list[HTTPRouteHandler]:
    """The one path. An address that is none of ours, or whose time is over, is a 404 like any other."""

    @get(f"{PREFIX}/{{token:str}}/{{name:str}}", include_in_schema=False)
    async def file(token: FromPath[str], name: FromPath[str]) -> Response[bytes] | File:  # noqa: ARG001
        id_ = gateway.links.read(token, gateway.clock.now())
        found = await gateway.storage.read(find_media, id_) if id_ is not None else None
        if found is None:
            raise NotFoundException
        media = found.media
        try:
            path = await gateway.files.locate(media.path)
        except FileNotFoundError:
            raise NotFoundException from None
        return File(
            path,
            filename=media.filename or f"{MediaKind(media.kind)}{path.suffix}",
            media_type=media.mime,
            content_disposition_type="inline" if is_shown(media.mime) else "attachment",
            headers=GUARDS,
        )

    return [file]


def is_shown(mime: str) -> bool:
    """Whether a browser may show it where it is."""
    return mime == PDF or mime.partition("/")[0] in SHOWN
