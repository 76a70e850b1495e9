"""A published client for Fonnte, unmodified, with only its base URL changed."""

import asyncio

from paynesia.services import FonnteService

from merpati.core.ids import MessageId
from merpati.messages.views import show_message
from merpati.transports.port import Text
from tests.api.harness import TOKENS, Api


async def test_paynesia_sends(api: Api) -> None:
    """PyPI's paynesia 0.1.2: JSON by requests. It raises for any HTTP status that is an error."""
    service = FonnteService(TOKENS["one"], base_url=api.url)
    answer = await asyncio.to_thread(service.send, "081234567890", "Tagihan Anda: Rp 10.000")

    assert answer["status"] is True
    stored = await api.storage.read(show_message, MessageId(answer["id"][0]))
    assert stored is not None
    assert stored.content == Text(body="Tagihan Anda: Rp 10.000")


async def test_paynesia_hears_why_it_is_refused(api: Api) -> None:
    """A refusal is an answer, and no exception."""
    service = FonnteService("NobodyHasThisToken00", base_url=api.url)

    assert await asyncio.to_thread(service.send, "081234567890", "x") == {
        "status": False,
        "reason": "invalid token",
    }
