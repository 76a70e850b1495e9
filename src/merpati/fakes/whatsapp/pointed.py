"""`python -m merpati.fakes.whatsapp.pointed PROXY AUTHORITY ROOT MODULE …`: run a module that reaches a fake alone.

The client library reads the environment that its process began with: where another one stands, the process starts
over with the pointing's. The library is loaded and told whom to trust before the module begins.
"""

import ctypes
import importlib.util
import os
import runpy
import sys
from pathlib import Path

from merpati.fakes.whatsapp.pointing import LIBRARY, NotPointed, Pointing, trust_fake

LIBRARIES = {".so", ".dylib", ".dll"}


def main(arguments: list[str]) -> None:
    """Never returns where it has to start over."""
    proxy, authority, root, module, *given = arguments
    wanted = Pointing(proxy, Path(authority), root)
    there = wanted.environment()
    if any(os.environ.get(name) != value for name, value in there.items()):
        os.execve(sys.executable, [*wanted.command(module), *given], os.environ | there)
    ctypes.CDLL(str(_library()))
    trust_fake()
    sys.argv = [module, *given]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _library() -> Path:
    """The file that the module will load, too: a process has it once. Raises `NotPointed`."""
    found = importlib.util.find_spec("neonize")
    for folder in found.submodule_search_locations or () if found is not None else ():
        for file in Path(folder).glob(f"{LIBRARY}*"):
            if file.suffix in LIBRARIES:
                return file
    raise NotPointed("the client library is not installed")


if __name__ == "__main__":
    main(sys.argv[1:])
