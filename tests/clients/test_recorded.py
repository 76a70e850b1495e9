"""Requests recorded from programs that do not run here (see recorded/README.md), byte for byte."""

from pathlib import Path

import pytest

from merpati.core.ids import MessageId
from merpati.messages.views import show_message
from merpati.transports.port import Media, Text
from tests.api.harness import TOKENS, Api
from tests.clients.wire import connected

pytestmark = pytest.mark.asyncio(loop_scope="module")
RECORDED = {path.stem: path.read_bytes() for path in (Path(__file__).parent / "recorded").glob("*.http")}


@pytest.mark.parametrize("name", sorted(RECORDED))
async def test_a_recorded_request_is_understood(shared: Api, name: str) -> None:
    """Twice on one connection: the first leaves nothing behind in it."""
    request = RECORDED[name].replace(b"{token-of-20-letters}", TOKENS["one"].encode())
    async with connected(shared) as wire:
        replies = [await wire.ask(request)]
        if replies[0].headers.get("connection") != "close":
            replies.append(await wire.ask(request))

    for reply in replies:
        assert reply.body["status"] is True, reply.body
        assert reply.went_on is (b"100-continue" in request)
        stored = await shared.storage.read(show_message, MessageId(reply.body["id"][0]))
        assert stored is not None
        content = stored.content
        assert isinstance(content, Media if b"catatan.txt" in request else Text)
        text = content.caption if isinstance(content, Media) else getattr(content, "body", "")
        assert text.startswith("Halo dari ")
        assert text.endswith(" & é") or b"%26" not in request
