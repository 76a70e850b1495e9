"""No test reaches the real service: each of the three locks, by itself."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from merpati.fakes.whatsapp.pointing import NotPointed, Pointing, pointing_of
from merpati.fakes.whatsapp.proxy import is_whatsapps
from merpati.fakes.whatsapp.server import FakeWhatsapp, open_whatsapp


@pytest.fixture
async def fake() -> AsyncIterator[FakeWhatsapp]:
    async with open_whatsapp() as fake:
        yield fake


async def asked(fake: FakeWhatsapp, request: str) -> bytes:
    port = int(fake.pointing.proxy.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{request} HTTP/1.1\r\n\r\n".encode())
    line = await reader.readline()
    writer.close()
    return line


@pytest.mark.parametrize("host", ["web.whatsapp.com", "mmg.whatsapp.net", "whatsapp.com"])
async def test_whatsapps_names_lead_to_this_machine(fake: FakeWhatsapp, host: str) -> None:
    """No name is resolved: the fake's own port is all that is opened."""
    assert b"200" in await asked(fake, f"CONNECT {host}:443")
    assert fake.network.reached == [host]


@pytest.mark.parametrize("host", ["example.com", "notwhatsapp.com", "whatsapp.com.example"])
async def test_every_other_name_leads_nowhere(fake: FakeWhatsapp, host: str) -> None:
    """And that somebody wanted to go there is seen."""
    assert b"403" in await asked(fake, f"CONNECT {host}:443")
    assert b"403" in await asked(fake, f"GET http://{host}/")
    assert not is_whatsapps(host)
    assert fake.network.reached[0] == f"!{host}"


async def test_it_listens_on_loopback_alone(fake: FakeWhatsapp) -> None:
    """Where the pointing says."""
    assert fake.pointing.proxy.startswith("http://127.0.0.1:")


async def test_a_process_that_is_not_pointed_here_is_refused(fake: FakeWhatsapp) -> None:
    """A way out that leads elsewhere, or none, and the client is not started at all."""
    environment = fake.pointing.environment()
    assert pointing_of(environment) == fake.pointing
    for wrong in ({"HTTPS_PROXY": "http://192.0.2.1:3128"}, {"MERPATI_FAKE_WHATSAPP_ROOT": "00"}):
        with pytest.raises(NotPointed):
            pointing_of(environment | wrong)
    for name in ("HTTPS_PROXY", "SSL_CERT_FILE", "MERPATI_FAKE_WHATSAPP_ROOT"):
        with pytest.raises(NotPointed, match=name):
            pointing_of({key: value for key, value in environment.items() if key != name})


async def client_said(pointing: Pointing, folder: Path) -> str:
    """The last line of the real library's, in a process that is pointed so."""
    process = await asyncio.create_subprocess_exec(
        *pointing.command("tests.fakes.whatsapp.bare_client"),
        str(folder / "store.db"),
        cwd=Path(__file__).parents[3],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    return output.decode().strip().splitlines()[-1]


@pytest.mark.process
async def test_the_real_library_goes_through_the_proxy_without_being_told(
    fake: FakeWhatsapp, tmp_path: Path
) -> None:
    """It has the way out of its process, and takes no other."""
    assert await client_said(fake.pointing, tmp_path) == "said: paired?"
    assert fake.network.reached == ["web.whatsapp.com"]


@pytest.mark.process
@pytest.mark.parametrize("lock", ["authority", "root"])
async def test_the_real_library_trusts_no_other_server(fake: FakeWhatsapp, lock: str, tmp_path: Path) -> None:
    """As WhatsApp's own are: with another authority, or the right one and another root."""
    async with open_whatsapp() as other:
        mixed = msgspec.structs.replace(fake.pointing, **{lock: getattr(other.pointing, lock)})
        said = await client_said(mixed, tmp_path)
    assert said.startswith("said: ")
    assert said != "said: paired?"
    assert fake.network.pairing == {}
    assert fake.network.reached[0] == "web.whatsapp.com"


@pytest.mark.process
async def test_a_way_out_that_leads_elsewhere_starts_no_client(fake: FakeWhatsapp, tmp_path: Path) -> None:
    """The process ends before the library's client begins."""
    elsewhere = msgspec.structs.replace(fake.pointing, proxy="http://192.0.2.1:3128")
    assert "NotPointed: http://192.0.2.1:3128 is not on 127.0.0.1" in await client_said(elsewhere, tmp_path)
