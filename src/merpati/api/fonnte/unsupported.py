"""Paths of Fonnte's API that merpati does not do yet: a row each, refused in the form of their own pages.

A program that calls one sees a refusal that it can read, HTTP 200 as at Fonnte, and not a missing page. A row goes
when its endpoint comes.
"""

from merpati.api.fonnte.endpoint import Answer, Endpoint, Opens, Request
from merpati.api.gateway import Gateway
from merpati.core.errors import Code, Refusal


async def _answer(_gateway: Gateway, request: Request) -> Answer:
    raise Refusal(Code.ENDPOINT_UNSUPPORTED, path=request.path)


# path, what opens it, what a bad token is answered, the key of failures (Fonnte docs, the page of each)
_ROWS = (("/delete-device", Opens.DEVICE, "invalid device", "reason"),)
UNSUPPORTED = tuple(
    Endpoint(path=path, answer=_answer, opens=opens, stranger=stranger, failure_key=key)
    for path, opens, stranger, key in _ROWS
)
