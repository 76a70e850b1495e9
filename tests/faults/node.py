"""`python -m tests.faults.node`: merpati with a clock that is wrong, by the milliseconds in the file CLOCK_OFFSET.

The file is read at every look at the clock, so that the clock steps when the file changes.
"""

import asyncio
import contextlib
import os
from pathlib import Path

from merpati.api.server import listen
from merpati.app.gateway import Gateway
from merpati.app.opening import open_gateway
from merpati.app.serving import serve
from merpati.config import load_config
from merpati.core.clock import Millis, SystemClock


class WrongClock(SystemClock):
    """The machine's clock, off by what the file says."""

    def __init__(self, offset: Path | None) -> None:
        self._offset = offset

    def now(self) -> Millis:
        return Millis(super().now() + (int(self._offset.read_text()) if self._offset else 0))


async def _ready(_gateway: Gateway) -> None:
    return None


async def main() -> None:
    """As `merpati serve`."""
    config = load_config(os.environ, {}).config
    offset = os.environ.get("CLOCK_OFFSET")
    clock = WrongClock(Path(offset) if offset else None)
    with contextlib.closing(listen(config.host, config.port)) as door:
        async with open_gateway(config, clock) as gateway:
            await serve(gateway, door, _ready)


if __name__ == "__main__":
    asyncio.run(main())
