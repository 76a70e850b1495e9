"""`/order`: refused, honestly. Source: Fonnte docs, API order (its answers are not documented).

There is nothing to buy here: quota, end and package of a device are set by whoever runs the server
(`merpati device plan`).
"""

from merpati.api.fonnte.endpoint import GET_TOO, Answer, Endpoint, Opens, Request
from merpati.api.gateway import Gateway
from merpati.core.errors import Code, Refusal


async def _answer(_gateway: Gateway, _request: Request) -> Answer:
    raise Refusal(Code.PLANS_OF_OPERATOR)


ORDER = Endpoint(path="/order", answer=_answer, opens=Opens.EITHER, methods=GET_TOO)
