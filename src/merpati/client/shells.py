"""The two clients: a conversation carried out over httpx, waiting or awaiting."""

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

import httpx

from merpati.client import awaiting, blocking
from merpati.client.call import Call, Request
from merpati.client.conversation import Conversation, Wait, converse
from merpati.client.decision import Answer, Fault, Patience

T = TypeVar("T")
TIMEOUT_S = 30.0
"""For one try: to connect, and between two pieces of the answer."""
CALLERS_FAULTS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
"""No try can mend them, so that they are raised as they are."""


def _new_key() -> str:
    return uuid.uuid4().hex


class _Wiring:
    """What both have: where to, whose, how patiently, and what chance and clock they have."""

    def __init__(
        self,
        token: str,
        patience: Patience,
        new_key: Callable[[], str],
        draw: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._headers = {"Authorization": f"Bearer {token}"}
        self._patience, self._new_key, self._draw, self._now = patience, new_key, draw, now

    def converse(self, call: Call[T]) -> Conversation[T]:
        return converse(call, patience=self._patience, new_key=self._new_key(), draw=self._draw, now=self._now)

    def arguments(self, request: Request) -> dict[str, Any]:
        """Of `httpx.request`."""
        return {
            "method": request.method,
            "url": request.path,
            "params": request.query,
            "headers": {**self._headers, **request.headers},
            "content": request.content,
            "files": request.files,
        }


def _answer(response: httpx.Response) -> Answer:
    return Answer(
        response.status_code, {name.lower(): value for name, value in response.headers.items()}, response.content
    )


def _fault(error: httpx.TransportError) -> Fault:
    return Fault(f"{type(error).__name__}: {error}")


class Client(blocking.Groups):
    """merpati's API v1 at `url`, as whoever has `token` (a key or an account's token).

    Close it, or use it by `with`. Calls raise `Refused`, `Unreachable`, `Unreadable`. May be shared by threads.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        patience: Patience = Patience(),  # noqa: B008 — frozen
        timeout_s: float = TIMEOUT_S,
        sleep: Callable[[float], None] = time.sleep,
        new_key: Callable[[], str] = _new_key,
        draw: Callable[[], float] = random.random,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(self.do)
        self._wiring = _Wiring(token, patience, new_key, draw, now)
        self._http, self._sleep = httpx.Client(base_url=url, timeout=timeout_s), sleep

    def do(self, call: Call[T]) -> T:
        """Carry out a call."""
        conversation, outcome = self._wiring.converse(call), None
        while True:
            try:
                step = conversation.send(outcome)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            outcome = self._sleep(step.seconds) if isinstance(step, Wait) else self._exchange(step)

    def _exchange(self, request: Request) -> Answer | Fault:
        try:
            return _answer(self._http.request(**self._wiring.arguments(request)))
        except CALLERS_FAULTS:
            raise
        except httpx.TransportError as error:
            return _fault(error)

    def close(self) -> None:
        """End its connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(awaiting.Groups):
    """`Client`, for `await` and `async with`."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        patience: Patience = Patience(),  # noqa: B008 — frozen
        timeout_s: float = TIMEOUT_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        new_key: Callable[[], str] = _new_key,
        draw: Callable[[], float] = random.random,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(self.do)
        self._wiring = _Wiring(token, patience, new_key, draw, now)
        self._http, self._sleep = httpx.AsyncClient(base_url=url, timeout=timeout_s), sleep

    async def do(self, call: Call[T]) -> T:
        """Carry out a call."""
        conversation, outcome = self._wiring.converse(call), None
        while True:
            try:
                step = conversation.send(outcome)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            outcome = await (self._sleep(step.seconds) if isinstance(step, Wait) else self._exchange(step))

    async def _exchange(self, request: Request) -> Answer | Fault:
        try:
            return _answer(await self._http.request(**self._wiring.arguments(request)))
        except CALLERS_FAULTS:
            raise
        except httpx.TransportError as error:
            return _fault(error)

    async def aclose(self) -> None:
        """End its connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
