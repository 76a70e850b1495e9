"""A client's connection: frames of a WebSocket, the handshake, nodes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import WSMsgType, web
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyaileys.proto import WAProto_pb2 as proto
from pyaileys.wabinary import decode_binary_node, encode_binary_node

from merpati.fakes.whatsapp.certificates import NoiseIdentity
from merpati.fakes.whatsapp.keys import new_pair
from merpati.fakes.whatsapp.nodes import SERVER, Node, node
from merpati.fakes.whatsapp.noise import Handshake, nonce

HEADER_BYTES = 4
LENGTH_BYTES = 3


@dataclass(frozen=True)
class Hello:
    """Who speaks: its static key, and what it says of itself."""

    key: bytes
    payload: proto.ClientPayload


class Wire:
    """One connection; the reader is `nodes`, writing is safe from any task."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._socket, self._request = socket, request
        self._frames = self._read_frames()
        self._read_key = self._write_key = b""
        self._read = self._written = self._asked = 0
        self._prologue = b""
        self._answers: dict[str, asyncio.Future[Node]] = {}

    async def shake_hands(self, identity: NoiseIdentity) -> Hello:
        """The handshake; raises `StopAsyncIteration` when the client goes away, `InvalidTag` when it cheats."""
        hello = proto.HandshakeMessage.FromString(await anext(self._frames)).clientHello
        state, ephemeral = Handshake(self._prologue), new_pair()
        state.hear(hello.ephemeral)
        state.hear(ephemeral.public)
        state.mix(ephemeral.agree(hello.ephemeral))
        answer = proto.HandshakeMessage()
        answer.serverHello.ephemeral = ephemeral.public
        answer.serverHello.static = state.encrypt(identity.static.public)
        state.mix(identity.static.agree(hello.ephemeral))
        answer.serverHello.payload = state.encrypt(identity.chain)
        await self._write_frame(answer.SerializeToString())
        finish = proto.HandshakeMessage.FromString(await anext(self._frames)).clientFinish
        key = state.decrypt(finish.static)
        state.mix(ephemeral.agree(key))
        payload = proto.ClientPayload.FromString(state.decrypt(finish.payload))
        self._read_key, self._write_key = state.split()
        return Hello(key, payload)

    async def nodes(self) -> AsyncIterator[Node]:
        """What the client sends, until it goes away; answers to `ask` go there instead."""
        async for frame in self._frames:
            plain = AESGCM(self._read_key).decrypt(nonce(self._read), frame, b"")
            self._read += 1
            got = decode_binary_node(plain)
            answered = self._answers.pop(got.attrs.get("id", ""), None) if got.tag == "iq" else None
            if answered is None:
                yield got
            elif not answered.done():
                answered.set_result(got)

    async def send(self, what: Node) -> None:
        """Send a node; nothing happens when the client is gone."""
        data = AESGCM(self._write_key).encrypt(nonce(self._written), encode_binary_node(what), b"")
        self._written += 1
        await self._write_frame(data)

    async def ask(self, content: Node, **attrs: str) -> "asyncio.Future[Node]":
        """Send a query of the server's; the future has the answer."""
        self._asked += 1
        id_ = f"server-{self._asked}"
        self._answers[id_] = answer = asyncio.get_running_loop().create_future()
        await self.send(node("iq", {"from": SERVER, "type": "set", "id": id_, **attrs}, [content]))
        return answer

    async def close(self) -> None:
        """End it politely."""
        await self._socket.close()

    def cut(self) -> None:
        """End it like a cable."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def _write_frame(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            await self._socket.send_bytes(len(data).to_bytes(LENGTH_BYTES, "big") + data)

    async def _read_frames(self) -> AsyncIterator[bytes]:
        kept = bytearray()
        async for message in self._socket:
            if message.type is not WSMsgType.BINARY:
                continue
            kept += message.data
            if not self._prologue:
                self._prologue = bytes(kept[:HEADER_BYTES])
                del kept[:HEADER_BYTES]
            while len(kept) >= LENGTH_BYTES:
                end = LENGTH_BYTES + int.from_bytes(kept[:LENGTH_BYTES], "big")
                if len(kept) < end:
                    break
                yield bytes(kept[LENGTH_BYTES:end])
                del kept[:end]
