"""The process's one HTTP client for addresses that a user gave."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver
from yarl import URL

from merpati import __version__
from merpati.core.errors import Code, Refusal
from merpati.egress.guard import EgressError, EgressFault, Guard, GuardedResolver

POST_TIMEOUT_S = 15.0
CONNECT_TIMEOUT_S = 10.0
MAX_REDIRECTS = 3
KEPT_BODY_BYTES = 1_000
READ_BODY_BYTES = 65_536
READ_BODY_TIMEOUT_S = 2.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back."""

    status: int
    body: bytes
    """The first `KEPT_BODY_BYTES`."""
    retry_after: str
    """The header's text; empty when it was absent."""
    took_ms: int


class Egress:
    """One per process; opened within the event loop that uses it. Sends no cookies and follows no environment."""

    def __init__(self, allow_hosts: Iterable[str] = (), *, resolver: AbstractResolver | None = None) -> None:
        """`allow_hosts` as `Config.allow_hosts`; `resolver` is for tests."""
        self._guard = Guard(allow_hosts)
        connector = aiohttp.TCPConnector(
            resolver=GuardedResolver(self._guard, resolver or aiohttp.ThreadedResolver()), limit=0
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"User-Agent": f"merpati/{__version__}", "Accept-Encoding": "identity"},
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_TIMEOUT_S),
        )

    async def close(self) -> None:
        await self._session.close()

    def check_url(self, text: str) -> None:
        """Raises `Refusal(URL_INVALID)` for what can never be requested; resolves nothing."""
        try:
            self._guard.check_url(text)
        except EgressError as error:
            raise Refusal(Code.URL_INVALID, reason=error.fault.value) from None

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float = POST_TIMEOUT_S
    ) -> Answer:
        """POST and answer what came, of any status; redirects are not followed. Raises `EgressError`.

        A connection that broke before an answer is tried again once, at once: mostly it was a kept one that the
        other side closed just then. So the other side may see a request twice.
        """
        checked = self._guard.check_url(url)
        started = time.monotonic()
        with contextlib.suppress(_Disconnected):
            return await self._post(checked, body, headers, started, timeout_s)
        return await self._post(checked, body, headers, started, timeout_s)

    async def _post(
        self, url: URL, body: bytes, headers: Mapping[str, str], started: float, timeout_s: float
    ) -> Answer:
        left_s = max(0.1, timeout_s - (time.monotonic() - started))
        timeout = aiohttp.ClientTimeout(total=left_s)
        with translated():
            async with self._session.post(
                url, data=body, headers=headers, allow_redirects=False, timeout=timeout
            ) as response:
                return Answer(
                    status=response.status,
                    body=await _read_some(response),
                    retry_after=response.headers.get("Retry-After", ""),
                    took_ms=round((time.monotonic() - started) * 1_000),
                )

    @contextlib.asynccontextmanager
    async def get(self, url: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer at the end of at most three redirects, each judged like the first address.

        No time limit but that of the connection: the caller has one. Raises `EgressError`, also out of the body.
        """
        target = self._guard.check_url(url)
        with translated():
            for _hop in range(MAX_REDIRECTS + 1):
                async with self._session.get(target, allow_redirects=False) as response:
                    if response.status not in _REDIRECTS:
                        yield response
                        return
                    target = self._guard.check_url(_location(target, response))
            raise EgressError(EgressFault.REDIRECT)


def _location(current: URL, response: aiohttp.ClientResponse) -> str:
    try:
        return str(current.join(URL(response.headers["Location"])))
    except (KeyError, ValueError):
        raise EgressError(EgressFault.REDIRECT) from None


async def _read_some(response: aiohttp.ClientResponse) -> bytes:
    """The beginning of the body; a short rest is read too, so that the connection can be used again.

    A long, slow or broken body costs the connection, not the answer: its status has arrived.
    """
    if response.content.at_eof():
        return b""
    read = bytearray()
    try:
        async with asyncio.timeout(READ_BODY_TIMEOUT_S):
            while (chunk := await response.content.readany()) and len(read) <= READ_BODY_BYTES:
                read += chunk
    except (TimeoutError, aiohttp.ClientError):
        response.close()
    if len(read) > READ_BODY_BYTES:
        response.close()
    return bytes(read[:KEPT_BODY_BYTES])


class _Disconnected(EgressError):
    """The connection broke before an answer."""


_FAULTS: tuple[tuple[type[Exception], EgressFault], ...] = (
    (aiohttp.ClientConnectorDNSError, EgressFault.NAME),
    (aiohttp.ClientSSLError, EgressFault.TLS),
    (aiohttp.ClientConnectorError, EgressFault.CONNECT),
    (aiohttp.InvalidURL, EgressFault.URL),
    (TimeoutError, EgressFault.TIMEOUT),
    (Exception, EgressFault.BROKEN),
)
"""The first that fits counts: what aiohttp raises, in our words."""


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """What aiohttp raises becomes an `EgressError`."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
        fault = next(fault for kind, fault in _FAULTS if isinstance(error, kind))
        broke = isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError | ConnectionError)
        raised = _Disconnected if broke and fault is EgressFault.BROKEN else EgressError
        raise raised(fault, type(error).__name__) from None
