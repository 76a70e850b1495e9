"""The two clients: a conversation carried out over httpx, waiting or awaiting."""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any, Self, TypeVar

import httpx

from merpati.client import awaiting, blocking
from merpati.client.call import Call, Request
from merpati.client.conversation import Conversation, Wait, converse
from merpati.client.decision import Answer, Fault, Patience
from merpati.client.following import ENDED, PATH, QUIET_S, Event, Following

T = TypeVar("T")
TIMEOUT_S = 30.0
"""For one try: to connect, and between two pieces of the answer."""
CALLERS_FAULTS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
"""No try can mend them, so that they are raised as they are."""
LOST = (httpx.TransportError, httpx.DecodingError)
"""No answer, or one that did not arrive whole."""


def _new_key() -> str:
    return uuid.uuid4().hex


class _Wiring:
    """What both have: where to, whose, how patiently, and what chance and clock they have."""

    def __init__(
        self,
        token: str,
        language: str | None,
        patience: Patience,
        new_key: Callable[[], str],
        draw: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._headers = {"Authorization": f"Bearer {token}"}
        if language is not None:
            self._headers["Accept-Language"] = language
        self._patience, self._new_key, self._draw, self._now = patience, new_key, draw, now

    def converse(self, call: Call[T]) -> Conversation[T]:
        return converse(call, patience=self._patience, new_key=self._new_key(), draw=self._draw, now=self._now)

    def following(self, after: int | None) -> Following:
        return Following(after, patience=self._patience, draw=self._draw, now=self._now)

    def stream_arguments(self, following: Following) -> dict[str, Any]:
        """Of `httpx.stream`."""
        return {
            "method": "GET",
            "url": PATH,
            "headers": {**self._headers, **following.headers()},
            "timeout": httpx.Timeout(TIMEOUT_S, read=QUIET_S),
        }

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


def _fault(error: Exception) -> Fault:
    return Fault(f"{type(error).__name__}: {error}")


class Client(blocking.Groups):
    """merpati's API v1 at `url`, as whoever has `token` (a key or an account's token).

    `language` (`id`, `en`) is that of refusals' details. Close it, or use it by `with`. Calls raise `Refused`,
    `Unreachable`, `Unreadable`. May be shared by threads.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        language: str | None = None,
        patience: Patience = Patience(),  # noqa: B008 — frozen
        timeout_s: float = TIMEOUT_S,
        sleep: Callable[[float], None] = time.sleep,
        new_key: Callable[[], str] = _new_key,
        draw: Callable[[], float] = random.random,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(self.do)
        self._wiring = _Wiring(token, language, patience, new_key, draw, now)
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
        except LOST as error:
            return _fault(error)

    def follow(self, after: int | None = None) -> Generator[Event, None, None]:
        """What happens, once and in order, from now on or after the event of this number; it comes back by itself
        when the connection is lost. Raises as calls do; its patience counts from the last sign of life."""
        following = self._wiring.following(after)
        while True:
            outcome: Answer | Fault = ENDED
            try:
                with self._http.stream(**self._wiring.stream_arguments(following)) as response:
                    if response.status_code == httpx.codes.OK:
                        for piece in response.iter_bytes():
                            yield from following.hear(piece)
                    else:
                        response.read()
                        outcome = _answer(response)
            except CALLERS_FAULTS:
                raise
            except LOST as error:
                outcome = _fault(error)
            self._sleep(following.lost(outcome))

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
        language: str | None = None,
        patience: Patience = Patience(),  # noqa: B008 — frozen
        timeout_s: float = TIMEOUT_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        new_key: Callable[[], str] = _new_key,
        draw: Callable[[], float] = random.random,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(self.do)
        self._wiring = _Wiring(token, language, patience, new_key, draw, now)
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
        except LOST as error:
            return _fault(error)

    async def follow(self, after: int | None = None) -> AsyncGenerator[Event, None]:
        """As `Client.follow`. Who leaves it before its end closes it: `contextlib.aclosing`."""
        following = self._wiring.following(after)
        while True:
            outcome: Answer | Fault = ENDED
            try:
                async with self._http.stream(**self._wiring.stream_arguments(following)) as response:
                    if response.status_code == httpx.codes.OK:
                        async for piece in response.aiter_bytes():
                            for event in following.hear(piece):
                                yield event
                    else:
                        await response.aread()
                        outcome = _answer(response)
            except CALLERS_FAULTS:
                raise
            except LOST as error:
                outcome = _fault(error)
            await self._sleep(following.lost(outcome))

    async def aclose(self) -> None:
        """End its connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
