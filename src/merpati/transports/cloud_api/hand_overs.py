"""Messages of one number on their way to Meta: in the order of their chat, at its paces, their files first.

Until the message itself is posted, nothing can have arrived: what goes wrong before may be tried again.
"""

import asyncio
import math
from typing import Any

import msgspec

from merpati.core.clock import SECOND_MS, Clock
from merpati.core.errors import Code
from merpati.core.ids import Address, WaId
from merpati.transports.cloud_api.bodies import body_of, check_outbound
from merpati.transports.cloud_api.client import GraphClient, GraphTrouble
from merpati.transports.cloud_api.errors import Act, Trouble
from merpati.transports.cloud_api.lines import Line, Secrets
from merpati.transports.cloud_api.order import InOrder
from merpati.transports.cloud_api.pace import LinePace, PairPace
from merpati.transports.cloud_api.uploads import UNKNOWN_FILE, Uploaded, Uploads
from merpati.transports.interactive import file_of
from merpati.transports.port import Outbound, SendError, SendFault, Sent

PREPARE_S = 600.0
"""How long a message waits for its turn and its file before it is posted: with the answer it stays below the
transport's `hand_over_s`, beyond which nobody would know whether it was posted."""
MOST_WAIT_MS = 10 * SECOND_MS
"""Who would wait longer for a place goes back to the queue."""


class Account(msgspec.Struct, frozen=True):
    """What calls for the number need."""

    line: Line
    secrets: Secrets


class HandOvers:
    """Of one device. `pace` is its number's, `uploads` its files'."""

    def __init__(self, client: GraphClient, clock: Clock, prepare_s: float) -> None:
        self.pace, self.uploads = LinePace(), Uploads(client, clock)
        self._client, self._clock, self._prepare_s = client, clock, prepare_s
        self._pair_pace, self._in_order, self._slowed_by = PairPace(), InOrder(), Code.NETWORK_PACE

    async def post(self, account: Account, message: Outbound) -> Sent:
        """Hand one message over; raises `SendError`, and `GraphTrouble` with what Meta said of it."""
        check_outbound(message)
        try:
            async with asyncio.timeout(self._prepare_s) as preparing, self._in_order.of(message.chat):
                uploaded = await self._upload(account, message.content)
                await self._take_place(message.chat)
                preparing.reschedule(None)
                answer = await self._post(account, message, uploaded)
        except TimeoutError:  # not of the post, which has no end here
            raise SendError(SendFault.RETRY, Code.NETWORK_BUSY) from None
        except GraphTrouble as error:
            self._slow_down(error.trouble)
            raise
        return Sent(wa_id=_id_of(answer), at=self._clock.now())

    async def _upload(self, account: Account, content: object) -> Uploaded | None:
        file = file_of(content)
        if file is None:
            return None
        try:
            return await self.uploads.take(account.line.number_id, account.secrets.token, file)
        except GraphTrouble as error:
            if error.trouble.act is Act.UNCERTAIN:
                raise SendError(SendFault.RETRY, Code.NETWORK_BUSY) from None
            raise

    async def _post(self, account: Account, message: Outbound, uploaded: Uploaded | None) -> dict[str, Any]:
        number_id, token = account.line.number_id, account.secrets.token
        body = body_of(message, uploaded.id if uploaded is not None else "")
        try:
            return await self._client.post(f"{number_id}/messages", token, body)
        except GraphTrouble as error:
            file = file_of(message.content)
            if file is None or uploaded is None or uploaded.is_new or error.code not in UNKNOWN_FILE:
                raise
            self.uploads.forget(number_id, file, uploaded.id)
            raise SendError(SendFault.RETRY, Code.NETWORK_BUSY) from None  # the next try uploads it anew

    async def _take_place(self, chat: Address) -> None:
        wait = self.pace.take(self._clock.elapsed() * 1_000, MOST_WAIT_MS)
        if wait > MOST_WAIT_MS:
            raise SendError(SendFault.RATE, self._slowed_by, retry_after_ms=math.ceil(wait))
        wait_ms = self._pair_pace.take(chat, self._clock.now())
        if wait_ms:
            raise SendError(SendFault.RATE, Code.RECIPIENT_PACE, retry_after_ms=wait_ms)
        if wait > 0:
            await asyncio.sleep(wait / 1_000)

    def _slow_down(self, trouble: Trouble) -> None:
        """Where it was too fast for the number."""
        if trouble.code is Code.NETWORK_PACE or trouble.code is Code.NUMBER_SLOWED:
            self.pace.hold(self._clock.elapsed() * 1_000, trouble.wait_ms)
            self._slowed_by = trouble.code


def _id_of(answer: dict[str, Any]) -> WaId:
    """Meta's id; an answer without one says that something was accepted, and not what."""
    messages = answer.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    id_ = first.get("id") if isinstance(first, dict) else None
    if not isinstance(id_, str) or not id_:
        raise SendError(SendFault.AMBIGUOUS, Code.OUTCOME_UNKNOWN)
    return WaId(id_)
