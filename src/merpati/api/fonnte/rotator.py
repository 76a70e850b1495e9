"""`/rotator`: the account's rotators. Source: Fonnte docs, API get rotator; failures are in `detail`."""

from merpati.api.fonnte.endpoint import GET_TOO, Answer, Endpoint, Opens, Request
from merpati.api.fonnte.words import UNKNOWN_USER
from merpati.api.gateway import Gateway
from merpati.core.errors import Code, Refusal
from merpati.messages.targets import ROTATOR
from merpati.rotators.views import rotator_names


async def _answer(gateway: Gateway, request: Request) -> Answer:
    names = await gateway.storage.read(rotator_names, request.caller.account)
    if not names:
        raise Refusal(Code.NO_ROTATOR_YET)
    return Answer(body={"data": [{"id": f"{ROTATOR}{n}", "name": name} for n, name in names], "status": True})


ROTATORS = Endpoint(
    path="/rotator",
    answer=_answer,
    opens=Opens.ACCOUNT,
    methods=GET_TOO,
    stranger=UNKNOWN_USER,
    failure_key="detail",
    words={Code.STORAGE_GONE: "error fetching rotator"},
)
