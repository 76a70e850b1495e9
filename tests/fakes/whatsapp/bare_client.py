"""The real client library with nothing of ours around it: says `paired?` when it is shown a QR code, or why not."""

import asyncio
import importlib
import os
import sys
from typing import Any, NoReturn

library: Any = importlib.import_module("neonize.aioze.client")  # it has no types
GIVES_UP_S = 20.0


def end(said: str) -> NoReturn:
    sys.stdout.write(f"said: {said}\n")
    sys.stdout.flush()
    os._exit(0)  # the library has threads that nothing else ends


async def main(store: str) -> None:
    client = library.NewAClient(store, uuid="bare")

    async def show(_: object, __: bytes) -> None:
        end("paired?")

    client.event.qr(show)
    connecting = await client.connect()
    done, _ = await asyncio.wait([connecting], timeout=GIVES_UP_S)
    end(f"{connecting.exception()}" if done else "nothing")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
