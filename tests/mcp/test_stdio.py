"""`merpati mcp` as the program of an assistant starts it: a process that is spoken to over its input and output."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from merpati.accounts.key_model import Scope
from tests.api.harness import ONE, TOKENS, Api
from tests.api.v1.browser import signed_in
from tests.api.v1.keys import made
from tests.mcp.assistant import Assistant, yes

pytestmark = pytest.mark.process
COMMAND = (sys.executable, "-m", "merpati", "mcp")
HALO = {"device": ONE, "to": ["081234567890"], "text": "Halo 👋"}


async def secret_of(api: Api, *scopes: Scope) -> str:
    secret: str = (await made(await signed_in(api), scopes or Scope))["secret"]
    return secret


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_message_is_sent_over_standard_input_and_output(api: Api, tmp_path: Path, mode: str) -> None:
    """Prepared, asked, sent; the key comes from a file."""
    file, person = tmp_path / "key", yes()
    file.write_text(f"{await secret_of(api)}\n", encoding="utf-8")
    started = StdioServerParameters(
        command=COMMAND[0],
        args=[*COMMAND[1:], "--url", api.url, "--key-file", str(file), "--must-ask", "--lang", "id"],
    )
    async with Client(started, mode=mode, elicitation_callback=person.answer) as client:
        asking = Assistant(client)
        assert client.server_info is not None
        assert client.server_info.name == "merpati"
        code = (await asking.call("prepare_message", **HALO))["confirmation"]
        sent = await asking.call("carry_out", confirmation=code)
    assert person.asked == ["Kirim dari perangkat One (6281111111111) kepada 6281234567890:\nHalo 👋"]
    assert await api.rows("SELECT id, text FROM message") == [(sent["items"][0]["id"], "Halo 👋")]


async def test_the_key_and_the_address_may_be_variables(api: Api) -> None:
    """As programs of assistants keep them."""
    env = {"MERPATI_URL": api.url, "MERPATI_KEY": await secret_of(api, Scope.DEVICES_READ)}
    async with Client(StdioServerParameters(command=COMMAND[0], args=[*COMMAND[1:]], env=env)) as client:
        assert "list_devices" in await Assistant(client).tools()


async def test_control_c_ends_it(api: Api) -> None:
    """Though its input is open: nothing of what it holds is worth keeping."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "--url", api.url, stdin=PIPE, stdout=PIPE, env=os.environ | {"MERPATI_KEY": await secret_of(api)}
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(PING)
    assert b'"id":1' in await asyncio.wait_for(process.stdout.readline(), 60)
    process.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGINT
    process.stdin.close()


PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
"""Answered before anything else is said."""


async def ended(*words: str, code: str = "", **environ: str) -> tuple[int | None, str]:
    """How the command ends whose input is closed at once; `code` is Python to run in its place."""
    command = (sys.executable, "-c", code) if code else (*COMMAND, *words)
    env = {name: value for name, value in os.environ.items() if not name.startswith("MERPATI_")}
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=env | {"MERPATI_LANG": "en"} | environ
    )
    output, errors = await asyncio.wait_for(process.communicate(b""), 60)
    assert output == b"", "the output is the protocol's"
    return process.returncode, errors.decode()


async def test_it_ends_when_its_input_is_closed(api: Api) -> None:
    """The assistant's program has gone; nothing is said."""
    assert await ended("--url", api.url, MERPATI_KEY=await secret_of(api)) == (0, "")


async def test_what_keeps_it_from_starting_is_one_sentence(api: Api) -> None:
    """No key, one that the server does not know, a token in place of a key, no server, no address."""
    unused = "http://127.0.0.1:9"
    cases = {
        "There is no key.": await ended("--url", api.url),
        "(token_invalid)": await ended("--url", api.url, MERPATI_KEY="mk_unknown"),
        "The account's token may do everything": await ended("--url", api.url, MERPATI_KEY=TOKENS["account"]),
        f"merpati at {unused} does not answer": await ended("--url", unused, MERPATI_KEY="mk_x"),
        '"ftp://x" is no address of merpati': await ended("--url", "ftp://x", MERPATI_KEY="mk_x"),
        "merpati[mcp]": await ended(code=WITHOUT, MERPATI_KEY="mk_x"),
    }
    for sentence, (code, said) in cases.items():
        assert sentence in said
        assert (code, said.count("\n")) == (1, 1), said


WITHOUT = "import sys; sys.modules['mcp'] = None; from merpati.cli import main; main(['mcp'])"
"""The command on a machine without the extra."""
