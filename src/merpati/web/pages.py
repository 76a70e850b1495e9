"""Serves the built dashboard: `dist/`, made of `ui/` when the package is built.

`/app/…` is one page that draws itself by the address, so every address that is no file of it answers `index.html`.
Files with a hash in their name never change; the page itself is asked anew each time, by its ETag.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

DIST = Path(__file__).parent / "dist"
HOME = "index.html"
SMALLEST_GZIPPED = 1_000
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: "
    "blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
GUARDS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class BuiltFile(msgspec.Struct, frozen=True):
    """One file as it goes over the wire."""

    media_type: str
    etag: str
    plain: bytes
    gzipped: bytes
    """Empty where it would not be smaller."""
    lasts: bool
    """Its name tells its contents."""


def load_pages(folder: Path = DIST) -> dict[str, BuiltFile]:
    """Every built file by its path below `/app/`; nothing when the package was made without pages."""
    if not folder.is_dir():
        return {}
    files = (file for file in sorted(folder.rglob("*")) if file.is_file() and not file.name.startswith("."))
    return {file.relative_to(folder).as_posix(): _load(file, folder) for file in files}


def _load(file: Path, folder: Path) -> BuiltFile:
    plain = file.read_bytes()
    small = gzip.compress(plain, 6, mtime=0) if len(plain) >= SMALLEST_GZIPPED else b""
    return BuiltFile(
        media_type=mimetypes.guess_type(file.name)[0] or "application/octet-stream",
        etag=f'"{hashlib.sha256(plain).hexdigest()[:20]}"',
        plain=plain,
        gzipped=small if len(small) < len(plain) * 0.9 else b"",
        lasts=file.relative_to(folder).parts[0] == "assets",
    )


def page_routes(pages: Mapping[str, BuiltFile]) -> list[HTTPRouteHandler]:
    """`GET /` leads to `/app/`; `GET /app/…` is the dashboard."""

    @get("/", include_in_schema=False)
    async def root() -> Redirect:
        return Redirect("/app/")

    @get(["/app", "/app/{path:path}"], include_in_schema=False)
    async def dashboard(request: Request[Any, Any, Any]) -> Response[bytes]:
        path = str(request.path_params.get("path", "")).lstrip("/")
        if path not in pages and path.startswith("assets/"):
            return Response(b"", status_code=404)
        file = pages.get(path) or pages.get(HOME)
        if file is None:
            return Response(
                b"The dashboard was not built into this package.", status_code=404, media_type=MediaType.TEXT
            )
        return _answer(file, request)

    return [root, dashboard]


def _answer(file: BuiltFile, request: Request[Any, Any, Any]) -> Response[bytes]:
    headers = {
        **GUARDS,
        "ETag": file.etag,
        "Vary": "Accept-Encoding",
        "Cache-Control": "public, max-age=31536000, immutable" if file.lasts else "no-cache",
    }
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    if file.gzipped and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(file.gzipped, headers=headers, media_type=file.media_type)
    return Response(file.plain, headers=headers, media_type=file.media_type)
