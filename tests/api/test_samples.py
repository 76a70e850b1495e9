"""The sample programs of Fonnte's documentation, with only the base URL and the token changed."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from merpati.core.ids import MessageId
from merpati.messages.views import show_message
from merpati.transports.port import Media, Text
from tests.api.files import FileServer, picture
from tests.api.harness import TOKENS, Api

NODE = shutil.which("node")
PHP = shutil.which("php")
SAMPLE_TEXT = """kirim dari js

fonnte button message

1. hello fonnte
2. fonnte pricing
3. tutorial fonnte

fonnte footer message

fonnte template message

1. fonnte — https://fonnte.com
2. call me — 6282227097005
3. hello fonnte

fonnte footer message

fonnte list message

*text only*
1. regular — 10k messsages/month
2. regular pro — 25k messsages/month
3. master — unlimited messsages/month
*all feature*
4. super — 10k messsages/month
5. advanced — 25k messsages/month
6. ultra — unlimited messsages/month

fonnte footer message"""


async def run(*command: str) -> dict[str, Any]:
    """The JSON that a program prints."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    answer: dict[str, Any] = json.loads(output)
    return answer


@pytest.mark.process
@pytest.mark.skipif(NODE is None, reason="node is not installed")
async def test_the_javascript_sample(api: Api) -> None:
    """Fetch, FormData, an attachment by its address, and the buttons as text: said in the answer."""
    assert NODE is not None
    async with FileServer(picture) as url:
        answer = await run(NODE, str(Path(__file__).parent / "samples.js"), api.url, TOKENS["one"], url)

    assert answer["status"] is True
    assert answer["target"] == ["6282227097005"]
    assert "buttons were not sent" in answer["detail"]
    stored = await api.storage.read(show_message, MessageId(answer["id"][0]))
    assert stored is not None and isinstance(stored.content, Media)
    assert stored.content.caption == SAMPLE_TEXT
    assert stored.notes == ("buttons_not_sent",)


PHP_SAMPLE = """
$curl = curl_init();
curl_setopt_array($curl, array(
  CURLOPT_URL => $argv[1] . '/send',
  CURLOPT_RETURNTRANSFER => true,
  CURLOPT_POST => true,
  CURLOPT_POSTFIELDS => array('target' => '083120942579','message' => 'test ya','connectOnly' => false),
  CURLOPT_HTTPHEADER => array('Authorization: ' . $argv[2]),
));
echo curl_exec($curl);
"""


@pytest.mark.process
@pytest.mark.skipif(PHP is None, reason="php is not installed")
async def test_the_php_sample(api: Api) -> None:
    """Fonnte docs, webhook update message status: the part that sends."""
    assert PHP is not None
    answer = await run(PHP, "-r", PHP_SAMPLE, api.url, TOKENS["one"])

    assert answer["status"] is True


BOUNDARY = "------------------------d74496d66958873e"


def recorded(*parts: tuple[str, str]) -> bytes:
    """A request as PHP's curl writes it when CURLOPT_POSTFIELDS is an array."""
    body = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts
    )
    body += f"--{BOUNDARY}--\r\n"
    head = (
        "POST /send HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n"
        f"Authorization: {TOKENS['one']}\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    )
    return head.encode() + body.encode()


async def test_the_php_samples_bytes(api: Api) -> None:
    """What PHP's curl puts on the wire for `false` is an empty text, and means no."""
    parts = ("target", "083120942579"), ("message", "test ya"), ("connectOnly", ""), ("typing", "")
    host, port = api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(recorded(*parts))
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    answer = json.loads(await reader.readexactly(length))
    writer.close()

    assert answer["status"] is True
    stored = await api.storage.read(show_message, MessageId(answer["id"][0]))
    assert stored is not None and stored.content == Text(body="test ya")


async def test_the_node_webhook_sample_sends_json(api: Api) -> None:
    """Fonnte docs, webhook reply message with nodejs: `axios` posts an object to /send."""
    headers = {"Authorization": TOKENS["one"], "Content-Type": "application/json"}
    body = json.dumps({"target": "628123456789", "url": "", "filename": "", "message": "reply"}).encode()
    async with api.client.post(api.url + "/send", headers=headers, data=body) as response:
        answer = await response.json()

    assert answer["status"] is True
