"""Calls to Meta's Graph API: one session for the process; what goes wrong is a `Trouble`.

Source: Meta's Cloud API: `Authorization: Bearer`, bodies and answers are JSON, an error has `error.code`.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from merpati import __version__
from merpati.core.errors import Code
from merpati.transports.cloud_api.errors import Act, Trouble, trouble_of
from merpati.transports.port import SendFault

CONNECT_S, ANSWER_S, FILE_S = 10.0, 30.0, 600.0
KEPT_S = 20.0
"""How long an idle connection is kept: shorter than Meta does, or a call would go into one that just ended."""
MOST_PAGES = 100
"""Of one edge: who has more has more than Meta allows."""
FILE_HOSTS = ("facebook.com", "fbcdn.net", "fbsbx.com", "whatsapp.net")
"""Where Meta keeps files: nobody else is shown the token."""
_UNREACHED = Trouble(Act.RETRY, SendFault.RETRY, Code.NETWORK_BUSY)
_GONE = Trouble(Act.FAIL, SendFault.CONTENT, Code.FILE_REFUSED)
_UNCLEAR = Trouble(Act.UNCERTAIN, SendFault.AMBIGUOUS, Code.OUTCOME_UNKNOWN)


class GraphTrouble(Exception):
    """A call did not come to a good end; `trouble` says what follows."""

    def __init__(self, trouble: Trouble, code: int | None = None, said: str = "") -> None:
        super().__init__(f"{trouble.code} ({code}) {said}".strip())
        self.trouble, self.code, self.said = trouble, code, said


class GraphClient:
    """Opened within the event loop that uses it. No call is repeated here. `base_url` ends with Meta's version."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url.rstrip("/")
        self._origin = URL(base_url).origin()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"merpati/{__version__}"},
            timeout=aiohttp.ClientTimeout(total=ANSWER_S, connect=CONNECT_S),
        )

    async def close(self) -> None:
        await self._session.close()

    async def get(self, path: str, token: str, **query: str) -> dict[str, Any]:
        """What a node is; raises `GraphTrouble`."""
        return await self._call("GET", path, token, params=query)

    async def pages(self, path: str, token: str, **query: str) -> AsyncIterator[dict[str, Any]]:
        """Every node of an edge, a hundred at a time; raises `GraphTrouble`."""
        after: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            answer = await self.get(path, token, limit="100", **query, **after)
            for node in _nodes(answer):
                yield node
            cursor = _next(answer)
            if not cursor:
                return
            after = {"after": cursor}

    async def post(self, path: str, token: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Raises `GraphTrouble`: UNCERTAIN where Meta may have done it, RETRY where it surely has not."""
        return await self._call("POST", path, token, data=msgspec.json.encode(body))

    async def delete(self, path: str, token: str, **query: str) -> dict[str, Any]:
        """Raises `GraphTrouble`."""
        return await self._call("DELETE", path, token, params=query)

    async def upload(self, number_id: str, token: str, file: Path, mime: str, name: str) -> str:
        """The id of the file at Meta; raises `GraphTrouble`, and `OSError` when the file cannot be read."""
        form = aiohttp.FormData({"messaging_product": "whatsapp", "type": mime})
        opened = await asyncio.to_thread(file.open, "rb")
        with opened:
            form.add_field("file", opened, filename=name, content_type=mime)
            timeout = aiohttp.ClientTimeout(total=FILE_S, connect=CONNECT_S)
            answer = await self._call("POST", f"{number_id}/media", token, data=form, timeout=timeout)
        return _id_in(answer)

    @asynccontextmanager
    async def download(self, url: str, token: str) -> AsyncIterator[aiohttp.StreamReader]:
        """The bytes of a file, where Meta said that it is; raises `GraphTrouble`, before and within the block."""
        if not self._is_metas(url):
            raise GraphTrouble(_GONE, said="the file is at an address that is not Meta's")
        timeout = aiohttp.ClientTimeout(total=FILE_S, connect=CONNECT_S, sock_read=ANSWER_S)
        headers = {"Authorization": f"Bearer {token}"}
        try:
            async with self._session.get(url, headers=headers, timeout=timeout, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise GraphTrouble(_not_given(answer.status), said="the file was not given")
                yield answer.content
        except (aiohttp.ClientError, TimeoutError) as error:
            raise GraphTrouble(_UNREACHED, said=type(error).__name__) from None

    def _is_metas(self, url: str) -> bool:
        try:
            at = URL(url)
            if at.origin() == self._origin:
                return True
        except ValueError:
            return False
        host = at.host or ""
        return at.scheme == "https" and any(host == each or host.endswith(f".{each}") for each in FILE_HOSTS)

    async def _call(self, method: str, path: str, token: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if isinstance(more.get("data"), aiohttp.FormData):
            del headers["Content-Type"]
        url = f"{self._base}/{path}"
        try:
            async with self._session.request(method, url, headers=headers, allow_redirects=False, **more) as answer:
                return _read(answer.status, await answer.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise GraphTrouble(_UNREACHED, said=type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise GraphTrouble(_UNCLEAR, said=type(error).__name__) from None


def _not_given(status: int) -> Trouble:
    """A file's address is good for minutes, and forbidden later."""
    return _GONE if status in (404, 410) else trouble_of(None, status)


def _read(status: int, body: bytes) -> dict[str, Any]:
    try:
        answer = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict) and "error" not in answer and status < 400:
        return answer
    if not isinstance(answer, dict) or not isinstance(answer.get("error"), dict):
        raise GraphTrouble(_UNCLEAR if status < 400 else trouble_of(None, status))
    error = answer["error"]
    code = error.get("code")
    known = code if type(code) is int else None
    raise GraphTrouble(trouble_of(known, status), known, _said(error))


def _said(error: Mapping[str, Any]) -> str:
    """Meta's most telling sentence."""
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    found = (details, error.get("error_user_msg"), error.get("message"))
    return next((each[:300] for each in found if isinstance(each, str) and each), "")


def _nodes(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    data = answer.get("data")
    return [each for each in data if isinstance(each, dict)] if isinstance(data, list) else []


def _next(answer: Mapping[str, Any]) -> str:
    """The cursor of the next page; empty: this is the last."""
    paging = answer.get("paging")
    cursors = paging.get("cursors") if isinstance(paging, dict) and paging.get("next") else None
    after = cursors.get("after") if isinstance(cursors, dict) else None
    return after if isinstance(after, str) else ""


def _id_in(answer: Mapping[str, Any]) -> str:
    found = answer.get("id")
    if not isinstance(found, str) or not found:
        raise GraphTrouble(_UNREACHED, said="an answer without an id")
    return found
