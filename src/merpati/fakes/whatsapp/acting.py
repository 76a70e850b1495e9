"""What a person does with a phone: write, vote, react, change, take back, read, type."""

from collections.abc import Sequence

from pyaileys.proto import WAProto_pb2 as proto

from merpati.fakes.whatsapp.contents import Content, Poll, ReceiptKind, Text
from merpati.fakes.whatsapp.messages import MESSAGE_EDIT, REVOKE, message_of
from merpati.fakes.whatsapp.network import Network
from merpati.fakes.whatsapp.nodes import GROUP_SERVER, LID_SERVER, node
from merpati.fakes.whatsapp.phones import Group, Phone, Written
from merpati.fakes.whatsapp.posting import Post, post
from merpati.fakes.whatsapp.receipts import tell_receipt

EDITED, TAKEN_BACK = "1", "7"
TYPING = {"composing": ("composing", None), "recording": ("composing", "audio"), "paused": ("paused", None)}


async def say(
    network: Network,
    phone: Phone,
    to: Phone | Group,
    content: Content | str,
    *,
    reply_to: str = "",
    damaged: bool = False,
    copies: int = 1,
) -> str:
    """Write to a person or a group; answers the message's id.

    `reply_to`: the id of a message that the phone has. `damaged`: nobody can decrypt it. `copies`: so often the
    server delivers it. The owner of a linked device who writes to somebody is "typed on the phone" for that device.
    """
    content = Text(body=content) if isinstance(content, str) else content
    message = message_of(content, network.media)
    if reply_to:
        message = _quoting(phone, message, reply_to)
    kind = "poll" if isinstance(content, Poll) else "text" if isinstance(content, Text) else "media"
    return await _post(network, phone, to, message, kind, damaged=damaged, copies=copies)


def _quoting(phone: Phone, message: proto.Message, quoted: str) -> proto.Message:
    written = phone.written[quoted]
    if message.HasField("conversation"):
        message = proto.Message(extendedTextMessage=proto.Message.ExtendedTextMessage(text=message.conversation))
    [context] = [value.contextInfo for _, value in message.ListFields() if hasattr(value, "contextInfo")]
    context.stanzaId, context.participant = quoted, written.author + LID_SERVER
    context.quotedMessage.CopyFrom(written.message)
    return message


async def vote(network: Network, phone: Phone, poll: str, choices: Sequence[str]) -> str:
    """Vote on a poll that the phone has; no choices take the vote back."""
    written = phone.written[poll]
    message = proto.Message()
    _point(message.pollUpdateMessage.pollCreationMessageKey, phone, written, poll)
    iv, data = phone.ballot(poll).seal(phone.jid, choices)
    message.pollUpdateMessage.vote.encIv, message.pollUpdateMessage.vote.encPayload = iv, data
    message.pollUpdateMessage.senderTimestampMs = network.clock.now()
    return await _post(network, phone, _chat(network, phone, written), message, "poll")


async def react(network: Network, phone: Phone, to: str, emoji: str) -> str:
    """React to a message; an empty emoji takes the reaction back."""
    written = phone.written[to]
    message = proto.Message()
    _point(message.reactionMessage.key, phone, written, to)
    message.reactionMessage.text, message.reactionMessage.senderTimestampMs = emoji, network.clock.now()
    return await _post(network, phone, _chat(network, phone, written), message, "reaction")


async def edit(network: Network, phone: Phone, id_: str, body: str) -> str:
    """Change the words of an own message."""
    written = phone.written[id_]
    message = proto.Message()
    inner = message.editedMessage.message.protocolMessage
    _point(inner.key, phone, written, id_)
    inner.type, inner.timestampMs = MESSAGE_EDIT, network.clock.now()
    inner.editedMessage.conversation = body
    return await _post(network, phone, _chat(network, phone, written), message, "text", EDITED)


async def revoke(network: Network, phone: Phone, id_: str) -> str:
    """Take an own message back."""
    written = phone.written[id_]
    message = proto.Message()
    _point(message.protocolMessage.key, phone, written, id_)
    message.protocolMessage.type = REVOKE
    return await _post(network, phone, _chat(network, phone, written), message, "text", TAKEN_BACK)


async def _post(
    network: Network,
    phone: Phone,
    to: Phone | Group,
    message: proto.Message,
    kind: str,
    edit: str | None = None,
    *,
    damaged: bool = False,
    copies: int = 1,
) -> str:
    given = Post(network.new_id(), message, kind, edit, damaged=damaged, copies=copies)
    await post(network, phone, to, given)
    return given.id


def _point(key: proto.MessageKey, phone: Phone, written: Written, id_: str) -> None:
    """At a message, as its chat's other side knows it."""
    mine = written.author == phone.lid
    key.remoteJid, key.id, key.fromMe = written.chat, id_, mine
    if written.chat.endswith(GROUP_SERVER):
        key.participant = written.author + LID_SERVER


def _chat(network: Network, phone: Phone, written: Written) -> Phone | Group:
    """Where a message was written, or to whom."""
    if written.chat in network.groups:
        return network.groups[written.chat]
    other = written.chat if written.author == phone.lid else written.author + LID_SERVER
    found = network.phone_of(other)
    assert found is not None
    return found


# -- receipts and typing --


async def read(network: Network, phone: Phone, *ids: str) -> None:
    """Tell that messages of one chat were read."""
    await confirm(network, phone, *ids, kind=ReceiptKind.READ)


async def confirm(network: Network, phone: Phone, *ids: str, kind: ReceiptKind) -> None:
    """Tell of messages of one chat, all by one author, what `kind` says."""
    written = phone.written[ids[0]]
    author = network.phone_of(written.author + LID_SERVER)
    assert author is not None
    group = written.chat if written.chat.endswith(GROUP_SERVER) else ""
    await tell_receipt(network, phone, author, list(ids), kind, group)


async def type_to(phone: Phone, to: Phone | Group, what: str = "composing") -> None:
    """`composing`, `recording` or `paused`, told to those devices that are connected."""
    tag, media = TYPING[what]
    mine = {"from": phone.jid} if isinstance(to, Phone) else {"from": to.jid, "participant": phone.jid}
    for member in [to] if isinstance(to, Phone) else to.members:
        for device in member.devices.values():
            if device.wire is not None:
                await device.wire.send(node("chatstate", mine, [node(tag, {"media": media})]))
