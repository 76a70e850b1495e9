"""`/fetch-group` reads a device's groups from WhatsApp, `/get-whatsapp-group` answers what was read.

Source: Fonnte docs, API update WhatsApp group list and API get WhatsApp group list (failures in `detail`).
"""

from merpati.api.fonnte.endpoint import Answer, Endpoint, Request
from merpati.api.fonnte.words import TOKEN_INVALID
from merpati.api.gateway import Gateway
from merpati.contacts.groups import groups_of, keep_groups
from merpati.core.errors import Code, Refusal


async def _fetch(gateway: Gateway, request: Request) -> Answer:
    device = request.caller.devices[0]
    groups = await gateway.sessions.groups(device)
    await gateway.storage.write(keep_groups, device.id, groups)
    return Answer(body={"detail": "update whatsapp group list finished", "status": True})


async def _list(gateway: Gateway, request: Request) -> Answer:
    reading = await gateway.storage.read(groups_of, request.caller.devices[0].id)
    if reading is None:
        raise Refusal(Code.GROUPS_UNREAD)
    if not reading.groups:
        raise Refusal(Code.GROUPS_NONE)
    return Answer(body={"data": [{"id": group.id, "name": group.name} for group in reading.groups], "status": True})


FETCH_GROUP = Endpoint(
    path="/fetch-group",
    answer=_fetch,
    stranger=TOKEN_INVALID,
    failure_key="detail",
    words={
        Code.DEVICE_DISCONNECTED: "cannot fetch with disconnected device",
        Code.NETWORK_REFUSED: "failed to fetch whatsapp group list",
        Code.UNSUPPORTED: "failed to fetch whatsapp group list",
    },
)
GET_WHATSAPP_GROUP = Endpoint(
    path="/get-whatsapp-group",
    answer=_list,
    stranger=TOKEN_INVALID,
    failure_key="detail",
    words={
        Code.GROUPS_UNREAD: "failed to get whatsapp group",
        Code.GROUPS_NONE: "you have no whatsapp group yet",
    },
)
