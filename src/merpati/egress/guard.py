"""Judging where a request goes: the URL's form, and every address that its host stands for.

The judge sits inside the resolver that the connection uses. There is no second look-up between check and
connect, so a name that answers differently the next time (DNS rebinding) is judged by that next answer too.
"""

import re
import socket
from collections.abc import Iterable
from enum import StrEnum

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from merpati.egress.networks import IpAddress, is_public, parse_address, parse_allowed

_LEFT_OUT = re.compile(r"[\x00-\x1f\x7f]")
"""Parsers read an address without its line ends and tabs, and so another one than was written."""


class EgressFault(StrEnum):
    """Why a request got no answer. The value is stable: it is shown to the owner beside the call."""

    URL = "url"
    """Not an http or https address with a host."""
    ADDRESS = "address"
    """The host stands for no address that we may reach."""
    NAME = "name"
    """The name cannot be resolved."""
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    """The connection broke, or what came was not HTTP."""
    STATUS = "status"
    """An answer that is not the wanted file."""
    REDIRECT = "redirect"
    """Too many redirects, or one without an address."""
    TOO_LARGE = "too_large"
    NOT_SHARED = "not_shared"
    """A link of Google Drive to a file that is not there, or not shared with everyone who has the link."""


class EgressError(Exception):
    """No answer. Holds no part of the URL, which may carry a password."""

    def __init__(self, fault: EgressFault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}" if detail else fault.value)
        self.fault, self.detail = fault, detail


class Guard:
    """What the operator allows beyond the public internet: names, addresses and networks (`Config.allow_hosts`)."""

    def __init__(self, allow_hosts: Iterable[str] = ()) -> None:
        """Raises ValueError for something like `10.0.0.0/99`, which is neither a network nor a name."""
        self._networks, self._names = parse_allowed(allow_hosts)

    def allows_name(self, host: str) -> bool:
        """Whether the operator allowed this name, whatever it stands for."""
        return host.lower().rstrip(".") in self._names

    def allows_address(self, address: IpAddress) -> bool:
        """Whether this address is public or in a network that the operator allowed."""
        return is_public(address) or any(address in network for network in self._networks)

    def check_url(self, text: str) -> URL:
        """The URL, parsed once for all; raises `EgressError` (URL; ADDRESS when its host is a refused literal)."""
        if _LEFT_OUT.search(text) or text != text.strip():
            raise EgressError(EgressFault.URL)
        try:
            url = URL(text)
            host = url.raw_host
            (host or "").encode("idna")  # as every resolver does it: an empty or endless label is no name
            (url.host or "").encode("utf-8")  # what aiohttp reads of it: some labels mean nothing
            _check_login(url)
        except ValueError:
            raise EgressError(EgressFault.URL) from None
        if url.scheme not in ("http", "https") or not host or " " in host or len(text) > 2_000:
            raise EgressError(EgressFault.URL)
        literal = parse_address(host)
        if literal is not None and not self.allows_address(literal):
            raise EgressError(EgressFault.ADDRESS)
        return url


def _check_login(url: URL) -> None:
    """That user and password can be said in a header (RFC 7617, in Latin-1); raises ValueError."""
    user, password = url.user or "", url.password or ""
    f"{user}:{password}".encode("latin-1")
    if ":" in user:
        raise ValueError("a user's name ends at the colon")


class GuardedResolver(AbstractResolver):
    """Resolves by another resolver and hands on only what the guard allows."""

    def __init__(self, guard: Guard, inner: AbstractResolver) -> None:
        self._guard, self._inner = guard, inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The allowed addresses of `host`; raises `EgressError(ADDRESS)` when there is none."""
        found = await self._inner.resolve(host, port, family)
        if self._guard.allows_name(host):
            return found
        allowed = [result for result in found if self._allows(result["host"])]
        if found and not allowed:
            raise EgressError(EgressFault.ADDRESS)
        return allowed

    def _allows(self, host: str) -> bool:
        address = parse_address(host)
        return address is not None and self._guard.allows_address(address)

    async def close(self) -> None:
        await self._inner.close()
