"""Refused requests are kept too, so that whoever sent them can see why nothing came of them."""

import logging

from merpati.api.accepting import LARGE_BYTES, beside
from merpati.api.fonnte.endpoint import Endpoint, Request
from merpati.api.fonnte.replies import reason_of, refusal_body
from merpati.api.gateway import Gateway
from merpati.core.errors import Refusal
from merpati.log.requests import RECORD_REQUEST
from merpati.storage.port import StorageError

_logger = logging.getLogger("merpati.api")


async def keep_refused(gateway: Gateway, request: Request, endpoint: Endpoint, refusal: Refusal) -> None:
    """Keep it with its answer; where the database is away, the answer matters more."""
    body = refusal_body(endpoint, reason_of(endpoint, refusal.code, refusal.values), request.id)
    row = await beside(request.fields.size_bytes > LARGE_BYTES, request.row, body, refusal)
    try:
        await gateway.lane(RECORD_REQUEST, row)
    except StorageError as error:
        _logger.warning("refused request %d is not in the request log: %s", request.id, type(error).__name__)
