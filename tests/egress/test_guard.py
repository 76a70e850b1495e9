"""What the guard lets pass."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merpati.egress.guard import EgressError, EgressFault, Guard
from merpati.egress.networks import is_public

REFUSED = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001:0:53aa:64c::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "2606:4700:4700::1111"]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_of_the_public_internet_is_refused(address: str) -> None:
    """Private, loopback, link-local, metadata, multicast, reserved, mapped, NAT64 and tunnels."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_passes(address: str) -> None:
    """Also right beside a refused network."""
    assert is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_no_private_address_passes_in_a_disguise_of_ipv6(address: IPv4Address) -> None:
    """Mapped, compatible, NAT64, 6to4: whatever hides an IPv4 address is refused, whichever it hides."""
    number = int(address)
    for high in (0xFFFF << 32, 0, 0x64FF9B << 96, (0x2002 << 112)):
        hidden = high | (number << 80 if high >> 112 == 0x2002 else number)
        assert not is_public(IPv6Address(hidden))


@pytest.mark.parametrize(
    "url",
    ["", "example.com", "ftp://example.com/x", "file:///etc/passwd", "http://", "http:///x", "javascript:alert(1)",
     "http://[::1", "http://exa mple:port/", "http://example.com:99999/", "https://x.test/" + "a" * 2_000,
     "http://a b", "http://a b/", "http://x.test/\n", " http://x.test/", "http://x.test/#f\r\nX: y", "http://x\t.test/",
     "http://x.test/\0", "http://a..b.test/", "http://.test/", "http://" + "a" * 64 + ".test/",
     "http://xn--/", "http://xn--a/", "http://a%3Ab@x.test/", "http://用户@x.test/", "http://a:密@x.test/"],
)  # fmt: skip
def test_what_is_no_http_address_is_refused_as_such(url: str) -> None:
    """Other schemes, no host, broken or endless text."""
    with pytest.raises(EgressError) as caught:
        Guard().check_url(url)
    assert caught.value.fault is EgressFault.URL


@pytest.mark.parametrize("url", ["http://straße.de/", "http://xn--i-7iq.ws/", "http://user:p%C3%A4ss@x.test/"])
def test_names_in_any_letters_and_a_login_pass(url: str) -> None:
    """As aiohttp can request them."""
    assert str(Guard().check_url(url).scheme) == "http"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.0.0.1", "[::ffff:10.0.0.1]", "169.254.169.254"])
def test_a_literal_address_is_judged_without_a_look_up(host: str) -> None:
    """An address in the URL never meets the resolver, so it is judged from the URL."""
    with pytest.raises(EgressError) as caught:
        Guard().check_url(f"http://user:pass@{host}:8080/x")
    assert caught.value.fault is EgressFault.ADDRESS
    assert "pass" not in str(caught.value)


def test_the_operator_allows_names_addresses_and_networks() -> None:
    """In any usual spelling; nothing else is allowed with them."""
    guard = Guard(["Crm.Internal.", " 10.1.2.3 ", "192.168.0.0/24", "[fd00::1]", "fd01::/16", ""])
    assert guard.allows_name("crm.internal")
    assert guard.allows_name("CRM.internal.")
    assert not guard.allows_name("evil.crm.internal")
    for allowed in ("10.1.2.3", "192.168.0.9", "fd00::1", "fd01:1::1", "8.8.8.8"):
        assert guard.allows_address(ip_address(allowed))
    for refused in ("10.1.2.4", "192.168.1.9", "fd00::2", "127.0.0.1"):
        assert not guard.allows_address(ip_address(refused))


@pytest.mark.parametrize("item", ["10.0.0.0/99", "http://crm.internal", "crm.internal:8080"])
def test_an_allowed_host_that_cannot_be_meant_stops_the_start(item: str) -> None:
    """A typing error must not silently allow nothing."""
    with pytest.raises(ValueError, match="not a host"):
        Guard([item])
