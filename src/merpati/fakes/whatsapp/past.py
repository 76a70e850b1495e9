"""What a phone tells its linked devices of the time before they were linked: with whom it spoke."""

import zlib
from collections.abc import Sequence

from pyaileys.proto import WAProto_pb2 as proto

from merpati.fakes.whatsapp.network import Network
from merpati.fakes.whatsapp.nodes import node
from merpati.fakes.whatsapp.phones import Group, Phone
from merpati.fakes.whatsapp.posting import seal


async def sync_past(network: Network, phone: Phone, chats: Sequence[Phone | Group]) -> None:
    """Tell every linked device of the phone of these chats, each with a message in it."""
    kind = proto.HistorySync.HistorySyncType.RECENT
    past = proto.HistorySync(syncType=kind, chunkOrder=1, progress=100)
    for chat in chats:
        past.conversations.add(id=chat.jid, lastMsgTimestamp=network.now_s())
        if isinstance(chat, Phone):
            past.phoneNumberToLidMappings.add(pnJid=chat.phone_jid, lidJid=chat.jid)
    message = proto.Message()
    message.protocolMessage.type = proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION
    notification = message.protocolMessage.historySyncNotification
    notification.syncType = kind
    notification.initialHistBootstrapInlinePayload = zlib.compress(past.SerializeToString())
    for device in phone.devices.values():
        attrs = {"id": network.new_id(), "t": network.now_s(), "type": "text", "category": "peer"}
        await device.deliver(node("message", {**attrs, "from": phone.jid}, [seal(phone, device, message)]))
