"""The network in a process of its own: `python -m merpati.transports.simulator --folder FOLDER`."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from merpati.transports.simulator.journal import JournalDamaged, JournalInUse
from merpati.transports.simulator.script import Script, ScriptInvalid, load_script
from merpati.transports.simulator.server import SocketInUse, open_server


async def serve(folder: Path, socket: Path | None, script: Script) -> None:
    """Run until SIGTERM or SIGINT; prints the socket's path as soon as clients may connect."""
    stopped = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    server = await open_server(folder, socket_path=socket, settings=script.network, rules=script.fault)
    print(server.address, flush=True)  # noqa: T201 - the caller waits for this line
    await stopped.wait()
    await server.close()


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="merpati.transports.simulator", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the journal is kept")
    parser.add_argument("--socket", type=Path, help="Unix socket (default: network.sock in the folder)")
    parser.add_argument("--faults", type=Path, help="script of settings and faults (TOML or JSON lines)")
    asked = parser.parse_args()
    try:
        script = load_script(asked.faults) if asked.faults else Script()
        asyncio.run(serve(asked.folder, asked.socket, script))
    except (ScriptInvalid, JournalInUse, JournalDamaged, SocketInUse, OSError) as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
