"""Files that did not come at once: fetched beside everything else, a few at a time, for about a day.

One that stalls, or that Meta cannot give for now, holds up nothing that was written before or after it.
"""

import asyncio
import contextlib
from pathlib import Path

from merpati.core.clock import MINUTE_MS, SECOND_MS, Clock, Millis
from merpati.core.errors import Code
from merpati.core.ids import DeviceId
from merpati.storage.port import Storage
from merpati.transports.cloud_api.client import GraphTrouble
from merpati.transports.cloud_api.errors import ENDS
from merpati.transports.cloud_api.files import Files, lost_attachment
from merpati.transports.cloud_api.news import Kept, late_news, news_of, settle_news
from merpati.transports.cloud_api.webhooks import Attachment, Said, with_content
from merpati.transports.port import Emit, Media

AT_ONCE = 4
"""Bodies whose files are fetched at the same time."""
LOOK_S = 30.0
"""How often is looked without being woken."""
AGAIN_MS = (5 * SECOND_MS, 30 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 60 * MINUTE_MS)
"""When a file is fetched again; the last repeats."""
MOST_TRIES = 28


def again_at(clock: Clock, tries: int) -> Millis:
    return Millis(clock.now() + AGAIN_MS[min(tries, len(AGAIN_MS) - 1)])


def ends(error: GraphTrouble) -> bool:
    """Whether what a file was refused for ends the session. Only Meta's own word on the token or the account does:
    one file that is not for us would else keep the number shut for ever."""
    is_metas = error.code is not None and error.trouble.code is not Code.META_PERMISSION_MISSING
    return is_metas and error.trouble.act in ENDS


async def tell_file(device: DeviceId, said: Said, media: Media, emit: Emit) -> None:
    """Tell a message with its file, which is removed then."""
    try:
        await emit(with_content(device, said, media))
    finally:
        if media.path:
            await asyncio.to_thread(Path(media.path).unlink, missing_ok=True)


class LateFiles:
    """Of one device."""

    def __init__(self, device: DeviceId, storage: Storage, clock: Clock) -> None:
        self._device, self._storage, self._clock = device, storage, clock
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def run(self, files: Files, token: str, emit: Emit) -> None:
        """For ever. Raises what `emit` raises, and a `GraphTrouble` that ends the session."""
        under_way: dict[int, asyncio.Task[None]] = {}
        try:
            while True:
                self._woken.clear()
                due = await self._storage.read(late_news, self._device, self._clock.now(), AT_ONCE)
                for kept in due:
                    if kept.id not in under_way and len(under_way) < AT_ONCE:
                        under_way[kept.id] = task = asyncio.create_task(self._bring(kept, files, token, emit))
                        task.add_done_callback(lambda _: self.wake())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await self._woken.wait()
                for id_, task in [*under_way.items()]:
                    if task.done():
                        del under_way[id_]
                        task.result()
        finally:
            for task in under_way.values():
                task.cancel()
            if under_way:
                await asyncio.wait(under_way.values())

    async def _bring(self, kept: Kept, files: Files, token: str, emit: Emit) -> None:
        """All but the files of the body was told."""
        missing = False
        for news in news_of(kept):
            if isinstance(news, Said) and isinstance(news.content, Attachment):
                media = await self._fetch(news.content, files, token, is_last=kept.tries >= MOST_TRIES)
                if media is None:
                    missing = True
                else:
                    await tell_file(self._device, news, media, emit)
        later = [(kept.id, again_at(self._clock, kept.tries))] if missing else []
        await self._storage.write(settle_news, [] if missing else [kept.id], later)

    async def _fetch(self, attachment: Attachment, files: Files, token: str, *, is_last: bool) -> Media | None:
        """None: it may come later."""
        try:
            return await files.fetch(attachment, token)
        except GraphTrouble as error:
            if ends(error):
                raise
            return lost_attachment(attachment) if is_last else None
