"""What the gateway asks of a device: messages, changes, marks, questions. Each is answered by a word."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from merpati.core.clock import Millis
from merpati.core.errors import Code
from merpati.core.ids import Address, WaId
from merpati.transports.cards import Edit, Reaction, Revoke
from merpati.transports.linked import protocol
from merpati.transports.linked.errors import UNKNOWN, Trouble, trouble_of
from merpati.transports.linked.worker.client import LibraryTrouble
from merpati.transports.linked.worker.incoming import words_of
from merpati.transports.linked.worker.line import Line, Tools
from merpati.transports.linked.worker.names import LIDS, PHONES, split_address
from merpati.transports.linked.worker.outgoing import UPLOADS, Outgoing, Quoted
from merpati.transports.linked.worker.store import LATE, Late, News, Store
from merpati.transports.port import Group, Media, NumberCheck, Outbound, Poll, SendFault


class Sending:
    """One device's. `add` tells news; `own` is the device's number."""

    def __init__(
        self, tools: Tools, line: Line, store: Store, add: Callable[[News], None], own: Callable[[], str]
    ) -> None:
        self._tools, self._line, self._store, self._add, self._own = tools, line, store, add, own
        self._outgoing = Outgoing(tools.messages, secrets.token_bytes)
        self._turn, self._showing = asyncio.Lock(), asyncio.Lock()
        self._late: set[asyncio.Task[Any]] = set()

    def stop(self) -> None:
        """What is not acknowledged stays unknown."""
        for task in self._late:
            task.cancel()

    # -- messages --

    async def send(self, word: protocol.Send) -> None:
        """One after the other, in the order of the calls."""
        async with self._turn:
            await self._send(word)

    async def _send(self, word: protocol.Send) -> None:
        message = word.message
        try:
            upload = await self._upload(message)
            built = self._built(message, upload)
        except (LibraryTrouble, OSError) as trouble:
            self._refuse(word.q, trouble_of(str(trouble)), before=True)
            return
        except KeyError:
            self._tools.say(protocol.Refused(q=word.q, fault=SendFault.UNSUPPORTED, code=Code.UNSUPPORTED))
            return
        await self._hand_over(word.q, message.chat, built, message)

    def _built(self, message: Outbound, upload: Any) -> Any:  # noqa: ANN401 - messages of the library
        content, chat = message.content, "@".join(split_address(message.chat))
        if isinstance(content, Edit):
            return self._outgoing.edit(chat, content.about, content.text)
        if isinstance(content, Revoke):
            return self._outgoing.revoke(chat, content.about)
        if not isinstance(content, Reaction):
            return self._outgoing.message(content, self._quoted(message), upload)
        known = self._store.quoted(content.about)
        by = "" if content.author is None else "@".join(split_address(content.author))
        sender = known.sender if known is not None and by else by
        return self._outgoing.react(chat, content.about, sender, content.emoji)

    async def _hand_over(self, q: int, chat: Address, built: Any, message: Outbound | None = None) -> None:  # noqa: ANN401
        client, loop = self._line.open_client, asyncio.get_running_loop()
        if client is None:
            self._refuse_closed(q)
            return
        sent = loop.create_task(client.send(chat, built))
        lost = loop.create_task(self._line.lost.wait())
        await asyncio.wait([sent, lost], return_when=asyncio.FIRST_COMPLETED)
        lost.cancel()
        if not sent.done():  # the library may still bring it through by itself, under the same id
            self._refuse(q, UNKNOWN)
            self._late.add(sent)
            sent.add_done_callback(lambda done: self._acked_late(done, message, chat))
            return
        try:
            answer = sent.result()
        except LibraryTrouble as trouble:
            self._refuse(q, trouble_of(str(trouble)))
            return
        self._tools.say(protocol.Acked(q=q, wa_id=WaId(answer.ID), at=self._at(answer)))
        self._remember_sent(answer, message)

    def _acked_late(self, done: "asyncio.Task[Any]", message: Outbound | None, chat: Address) -> None:
        self._late.discard(done)
        if done.cancelled() or done.exception() is not None or message is None:
            return  # nobody knows, as was said
        answer = done.result()
        self._remember_sent(answer, message)
        late = Late(ref=message.ref, wa_id=answer.ID, at=self._at(answer), chat=chat)
        self._add(self._store.add_news(LATE, msgspec.msgpack.encode(late)))

    def _at(self, answer: Any) -> Millis:  # noqa: ANN401 - a message of the library
        """WhatsApp tells whole seconds; ours is finer and no earlier."""
        return Millis(max(answer.Timestamp * 1_000, self._tools.clock.now()))

    def _remember_sent(self, answer: Any, message: Outbound | None) -> None:  # noqa: ANN401
        if message is not None:
            mine = f"{self._own()}@{PHONES}"
            choices = message.content.choices if isinstance(message.content, Poll) else ()
            self._store.remember(WaId(answer.ID), mine, words_of(message.content), choices)

    def _quoted(self, message: Outbound) -> Quoted | None:
        return self._store.quoted(message.reply_to) if message.reply_to else None

    async def _upload(self, message: Outbound) -> Any:  # noqa: ANN401 - a message of the library
        if not isinstance(message.content, Media):
            return None
        if (client := self._line.open_client) is None:
            raise LibraryTrouble("not connected")
        data = await asyncio.to_thread(Path(message.content.path).read_bytes)
        return await client.upload(data, UPLOADS[message.content.kind])

    def _refuse(self, q: int, trouble: Trouble, *, before: bool = False) -> None:
        """`before`: nothing of the message itself had left."""
        fault, code, wait_ms = trouble
        if before and fault is SendFault.AMBIGUOUS:
            fault, code = SendFault.RETRY, Code.NETWORK_BUSY
        self._tools.say(protocol.Refused(q=q, fault=fault, code=code, retry_after_ms=wait_ms))

    def _refuse_closed(self, q: int) -> None:
        self._tools.say(protocol.Refused(q=q, fault=SendFault.NOT_OPEN, code=Code.DEVICE_DISCONNECTED))

    # -- asking --

    async def check(self, word: protocol.Check) -> None:
        if (client := self._line.open_client) is None:
            self._refuse_closed(word.q)
            return
        try:
            found = await client.on_whatsapp(word.numbers)
        except LibraryTrouble as trouble:
            self._refuse(word.q, trouble_of(str(trouble)), before=True)
            return
        self._learn(found)
        there = {each.Query.lstrip("+") for each in found if each.IsIn}
        checked = tuple(NumberCheck(number=each, registered=each in there) for each in word.numbers)
        self._tools.say(protocol.Checked(q=word.q, numbers=checked))

    async def list_groups(self, word: protocol.ListGroups) -> None:
        if (client := self._line.open_client) is None:
            self._refuse_closed(word.q)
            return
        try:
            found = await client.groups()
        except LibraryTrouble as trouble:
            self._refuse(word.q, trouble_of(str(trouble)), before=True)
            return
        groups = tuple(Group(id=Address(f"{each.JID.User}@g.us"), name=each.GroupName.Name) for each in found)
        self._tools.say(protocol.InGroups(q=word.q, groups=groups))

    async def show(self, word: protocol.Show) -> None:
        """Best effort."""
        async with self._showing:
            client = self._line.open_client
            if client is None:
                return
            with contextlib.suppress(LibraryTrouble):
                await client.show(await self._lid_of(word.chat), word.what)

    async def _lid_of(self, chat: Address) -> Address:
        """As the chat is named today; what is not known is asked for once."""
        user, server = split_address(chat)
        client = self._line.open_client
        if server != PHONES or client is None:
            return chat
        if not (lid := self._store.lid_of(user) or client.lid_of(user)):
            self._learn(await client.on_whatsapp([chat]))
            lid = self._store.lid_of(user) or client.lid_of(user)
        return Address(f"{lid}@{LIDS}") if lid else chat

    def _learn(self, found: list[Any]) -> None:
        pairs = [(each.JID.User, each.Query.lstrip("+")) for each in found if each.JID.Server == LIDS]
        self._store.know(pairs)

    async def mark_read(self, word: protocol.MarkRead) -> None:
        """To the chat as its messages named it: the other form of the same person's name reaches nobody.

        What waited comes before the library calls itself connected: its marks wait for that.
        """
        client = await self._line.until_online()
        known = self._store.quoted(word.ids[0]) if word.ids else None
        sender = Address(known.sender) if known else word.sender
        chat = word.chat if word.chat.endswith("@g.us") else sender
        with contextlib.suppress(LibraryTrouble):
            await client.mark_read(chat, sender, word.ids)
