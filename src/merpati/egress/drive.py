"""Google Drive's share links: what a person copies shows a page; the file itself has another address. Pure.

Source: Fonnte docs, update 12 January 2026: `url` may be a Google Drive link. The addresses are those that Drive's
own pages lead to; a file too large for Google to check for viruses has one more page before it, with a form.
"""

import re
from html.parser import HTMLParser

from yarl import URL

from merpati.egress.guard import EgressError, EgressFault

MOST_PAGE_BYTES = 200_000
"""Of a page that asks to confirm; it has about 3,000."""
_HOSTS = frozenset({"drive.google.com", "docs.google.com"})
_FORM_HOSTS = _HOSTS | {"drive.usercontent.google.com"}
_FILE = re.compile(r"/(?:a/[^/]+/)?file(?:/u/\d+)?/d/([\w-]+)(?:/.*)?")
_BY_QUERY = re.compile(r"(?:/a/[^/]+)?(?:/u/\d+)?/(?:open|uc)")
_ID = re.compile(r"[\w-]+")


def file_address(text: str) -> str | None:
    """Where the file behind a share link is; None for an address that is none. Scheme and port stay."""
    try:
        url = URL(text)
    except ValueError:
        return None
    if url.host not in _HOSTS:
        return None
    named = _FILE.fullmatch(url.path)
    id_ = named[1] if named else url.query.get("id", "") if _BY_QUERY.fullmatch(url.path) else ""
    if not _ID.fullmatch(id_):
        return None
    key = {"resourcekey": url.query["resourcekey"]} if "resourcekey" in url.query else {}
    return str(url.with_host("drive.google.com").with_path("/uc").with_query(export="download", id=id_, **key))


def confirmed_address(page: str, at: URL) -> str:
    """Where the page at `at`, which asks to confirm, leads to.

    Raises `EgressError(NOT_SHARED)`: it is another page, of a file that is not there or not shared with everyone.
    """
    form = _Form()
    try:
        form.feed(page)
        url = at.join(URL(form.action or "")).update_query(form.inputs)
        host = url.host
    except (AssertionError, ValueError):  # the parser asserts that a marked section is of a kind that it knows
        raise EgressError(EgressFault.NOT_SHARED) from None
    if form.action is None or host not in _FORM_HOSTS:
        raise EgressError(EgressFault.NOT_SHARED)
    return str(url)


class _Form(HTMLParser):
    """The form `download-form` and its hidden values; older pages have a link `uc-download-link` instead."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.inputs: dict[str, str] = {}
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form" and has.get("id") == "download-form":
            self.action, self._inside = has.get("action", ""), True
        elif tag == "a" and has.get("id") == "uc-download-link" and self.action is None:
            self.action = has.get("href", "")
        elif tag == "input" and self._inside and has.get("name"):
            self.inputs[has["name"]] = has.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
