"""How a client library of another process is pointed at the fake, and kept from the real service.

Three locks, each enough alone: every connection goes through the fake's proxy, which opens nothing but the fake's
own port; the only TLS authority is the fake's; the only root of the Noise certificates is the fake's, so that even
WhatsApp's own servers would be refused.
"""

import ctypes
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

WHATSAPPS_ROOT = bytes.fromhex("142375574d0a587166aae71ebe516437c4a28b73e3695c6ce1f7f9545da8ee6b")
"""The public key that signs WhatsApp's Noise certificates, as clients carry it."""
PROXY, AUTHORITY, ROOT = "HTTPS_PROXY", "SSL_CERT_FILE", "MERPATI_FAKE_WHATSAPP_ROOT"
LIBRARY = "neonize-"
POINTED = "merpati.fakes.whatsapp.pointed"
LOOPBACK = "127.0.0.1"


class NotPointed(Exception):
    """The environment does not lead to a fake on this machine, or the library cannot be made to trust it."""


class Pointing(msgspec.Struct, frozen=True):
    """What leads to a fake."""

    proxy: str
    """`http://127.0.0.1:PORT`"""
    authority: Path
    """PEM of the only TLS authority."""
    root: str
    """The public key of the only root of Noise certificates, in hex."""

    def environment(self) -> dict[str, str]:
        """Variables for the client's process, to be there before it loads the library."""
        return {
            PROXY: self.proxy,
            "HTTP_PROXY": self.proxy,
            "NO_PROXY": "",
            AUTHORITY: str(self.authority),
            "SSL_CERT_DIR": str(self.authority.parent / "none"),
            ROOT: self.root,
        }

    def command(self, module: str) -> tuple[str, ...]:
        """What starts a module in a process that is pointed here; its own arguments go behind."""
        return (sys.executable, "-m", POINTED, self.proxy, str(self.authority), self.root, module)


def pointing_of(environment: Mapping[str, str]) -> Pointing:
    """The pointing in a process's environment; raises `NotPointed` unless it leads to loopback."""
    try:
        pointing = Pointing(environment[PROXY], Path(environment[AUTHORITY]), environment[ROOT])
    except KeyError as missing:
        raise NotPointed(f"{missing.args[0]} is not set") from None
    if urlsplit(pointing.proxy).hostname != LOOPBACK:
        raise NotPointed(f"{pointing.proxy} is not on {LOOPBACK}")
    if not re.fullmatch("[0-9a-f]{64}", pointing.root):
        raise NotPointed(f"{ROOT} is no key")
    return pointing


def trust_fake(environment: Mapping[str, str] = os.environ) -> Pointing:
    """Make the loaded library trust the fake's root alone: in this process's memory, nothing on disk changes.

    Once a process, after the library was loaded and before the first connection; Linux alone. Raises `NotPointed`.
    """
    pointing = pointing_of(environment)
    [*places] = _places(WHATSAPPS_ROOT)
    if len(places) != 1:
        raise NotPointed(f"the library's root was found {len(places)} times, not once")
    ctypes.memmove(places[0], bytes.fromhex(pointing.root), len(WHATSAPPS_ROOT))
    return pointing


def _places(wanted: bytes) -> list[int]:
    """Where it is in the library's writable memory."""
    found = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, rights, *rest = line.split()
        if not rights.startswith("rw") or not any(LIBRARY in each for each in rest):
            continue
        start, end = (int(each, 16) for each in span.split("-"))
        data = ctypes.string_at(start, end - start)
        found += [start + each.start() for each in re.finditer(re.escape(wanted), data)]
    return found
