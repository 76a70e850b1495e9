"""Files of ours at Meta: each is uploaded once, and sent by its id from then on.

Source: Meta's Cloud API, "Media": an uploaded file has an id for thirty days, of one number.
"""

from pathlib import Path

from msgspec import Struct

from merpati.core.clock import DAY_MS, Clock
from merpati.transports.cloud_api.client import GraphClient
from merpati.transports.cloud_api.order import InOrder
from merpati.transports.port import Media

KEPT_MS = 7 * DAY_MS
"""Far below Meta's thirty days: a message that waits with an id outlives none."""
REMEMBERED = 1_000
"""Files; of more, the one that was uploaded first is uploaded again."""
UNKNOWN_FILE = frozenset({100, 131009, 131052, 131053})
"""Meta's codes for a message whose file it cannot use: its id may have ended before its time."""


class Uploaded(Struct, frozen=True):
    """A file at Meta. `is_new`: it was uploaded for this very call."""

    id: str
    is_new: bool


class Uploads:
    """Of one device. Kept in memory alone: after a restart a file goes up once more, which harms nobody."""

    def __init__(self, client: GraphClient, clock: Clock) -> None:
        self._client, self._clock = client, clock
        self._kept: dict[tuple[str, str], tuple[str, int]] = {}
        """(number, path) -> (id, until)."""
        self._in_order = InOrder()

    async def take(self, number_id: str, token: str, file: Media) -> Uploaded:
        """The file's id; who asks while it goes up waits for that. Raises what `GraphClient.upload` does."""
        key = number_id, file.path
        async with self._in_order.of(file.path):
            kept, until = self._kept.get(key, ("", 0))
            if until > self._clock.now():
                return Uploaded(kept, is_new=False)
            path = Path(file.path)
            id_ = await self._client.upload(number_id, token, path, file.mime, file.filename or path.name)
            self._kept.pop(key, None)
            self._kept[key] = id_, self._clock.now() + KEPT_MS
            if len(self._kept) > REMEMBERED:
                del self._kept[next(iter(self._kept))]
        return Uploaded(id_, is_new=True)

    def forget_all(self) -> None:
        """One of them is worth nothing, and it is not known which: all go up again."""
        self._kept.clear()

    def forget(self, number_id: str, file: Media, id_: str) -> None:
        """Meta does not know this id: the next one to ask uploads anew. Harmless where that happened already."""
        if self._kept.get((number_id, file.path), ("", 0))[0] == id_:
            del self._kept[number_id, file.path]
