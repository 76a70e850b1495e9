"""Lists that come in pages, as one: the next page is asked for when it is needed."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from merpati.client.call import Call

T = TypeVar("T")


class Page(Protocol[T]):
    """A part of a list. `next` is the cursor of the part that follows; None: this is the end."""

    @property
    def items(self) -> list[T]: ...

    @property
    def next(self) -> str | None: ...


def _following(call: Call[Page[T]], page: Page[T]) -> Call[Page[T]] | None:
    return None if page.next is None else replace(call, query={**call.query, "cursor": page.next})


class Pages(Generic[T]):
    """Each item, over all pages; `pages()` has them page by page, so that a cursor can be kept."""

    def __init__(self, do: Callable[[Call[Any]], Any], call: Call[Any]) -> None:
        self._do, self._call = do, call

    def pages(self) -> Iterator[Page[T]]:
        call: Call[Page[T]] | None = self._call
        while call is not None:
            page = self._do(call)
            yield page
            call = _following(call, page)

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.items


class AsyncPages(Generic[T]):
    """`Pages`, for `async for`."""

    def __init__(self, do: Callable[[Call[Any]], Awaitable[Any]], call: Call[Any]) -> None:
        self._do, self._call = do, call

    async def pages(self) -> AsyncGenerator[Page[T], None]:
        call: Call[Page[T]] | None = self._call
        while call is not None:
            page = await self._do(call)
            yield page
            call = _following(call, page)

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.items:
                yield item
