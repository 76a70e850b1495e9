"""People's side of the fake: `/_fake/…` in JSON. It asks for no token: loopback alone."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import msgspec
from aiohttp import web

from merpati.fakes.whatsapp import acting, asks, endings, pairing
from merpati.fakes.whatsapp.contents import Media, Shown
from merpati.fakes.whatsapp.faults import Rule
from merpati.fakes.whatsapp.network import Network
from merpati.fakes.whatsapp.nodes import user_of
from merpati.fakes.whatsapp.phones import Group, Phone
from merpati.fakes.whatsapp.proxy import LOOPBACK

MOST_BYTES = 120_000_000
Act = Callable[[Any], Awaitable[object]]


class Wrong(Exception):
    """What was asked for cannot be done; the text says why."""


class Acts:
    """What people can do, by what they ask with."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.posts: dict[type[Any], Act] = {
            asks.SetPerson: self.set_person,
            asks.SetGroup: self.set_group,
            asks.Link: self.link,
            asks.Say: self.say,
            asks.Vote: self.vote,
            asks.React: self.react,
            asks.Edit: self.edit,
            asks.Revoke: self.revoke,
            asks.Read: self.read,
            asks.Type: self.type,
            asks.End: self.end,
            asks.Refuse: self.refuse,
            asks.Clear: self.clear,
            Rule: self.add_fault,
        }

    # -- who there is --

    async def set_person(self, ask: asks.SetPerson) -> str:
        found = next((each for each in self._network.phones if each.number == ask.number), None)
        phone = found or self._network.add_phone(ask.number)
        for name in ("name", "on_whatsapp", "delivers", "reads"):
            value = getattr(ask, name)
            if value is not None:
                setattr(phone, name, value)
        return phone.number

    async def set_group(self, ask: asks.SetGroup) -> str:
        return self._network.add_group(ask.name, [self._phone(each) for each in ask.members]).jid

    async def link(self, ask: asks.Link) -> int:
        phone = self._phone(ask.number)
        by = pairing.scan if "," in ask.code else pairing.enter_code
        return (await by(self._network, phone, ask.code)).number

    # -- writing --

    async def say(self, ask: asks.Say) -> str:
        to, phone = self._chat(ask.to), self._phone(ask.number)
        if ask.reply_to:
            self._message(phone, ask.reply_to)
        how: dict[str, Any] = {"reply_to": ask.reply_to, "damaged": ask.damaged, "copies": ask.copies}
        return await acting.say(self._network, phone, to, ask.content, **how)

    async def vote(self, ask: asks.Vote) -> str:
        phone = self._phone(ask.number)
        poll = self._message(phone, ask.poll) if ask.poll else _latest(phone.polls(), f"{phone.number} has no poll")
        unknown = set(ask.choices) - set(phone.ballot(poll).choices)
        if unknown:
            raise Wrong(f"no choice of this poll: {', '.join(sorted(unknown))}")
        return await acting.vote(self._network, phone, poll, ask.choices)

    async def react(self, ask: asks.React) -> str:
        phone = self._phone(ask.number)
        to = self._message(phone, ask.to) if ask.to else _latest(phone.shown, f"{phone.number} has no message")
        return await acting.react(self._network, phone, to, ask.emoji)

    async def edit(self, ask: asks.Edit) -> str:
        phone = self._phone(ask.number)
        return await acting.edit(self._network, phone, self._message(phone, ask.id, own=True), ask.body)

    async def revoke(self, ask: asks.Revoke) -> str:
        phone = self._phone(ask.number)
        return await acting.revoke(self._network, phone, self._message(phone, ask.id, own=True))

    async def read(self, ask: asks.Read) -> int:
        phone = self._phone(ask.number)
        ids = [each.id for each in phone.shown if ask.id in ("", each.id) and each.sender != phone.number]
        for each in ids:
            await acting.read(self._network, phone, each)
        return len(ids)

    async def type(self, ask: asks.Type) -> None:
        await acting.type_to(self._phone(ask.number), self._chat(ask.to), ask.what)

    # -- what goes wrong --

    async def end(self, ask: asks.End) -> None:
        network, phone = self._network, self._phone(ask.number)
        if ask.how is asks.How.RUN_OUT:
            return await endings.end_pairing(network)
        if ask.how is asks.How.PASSKEY:
            return await endings.ask_passkey(network)
        if not phone.devices:
            raise Wrong(f"{ask.number} has no linked device")
        device = phone.devices[max(phone.devices)]
        if ask.how is asks.How.UNLINK:
            return await endings.remove_device(network, phone, device.number)
        if ask.how is asks.How.REPLACE:
            return await endings.replace_device(network, device)
        if device.wire is not None:
            device.wire.cut()
        return None

    async def refuse(self, ask: asks.Refuse) -> None:
        self._network.refusal = ask.refusal
        for wire in list(self._network.wires) if ask.refusal is not None else ():
            wire.cut()

    async def add_fault(self, rule: Rule) -> None:
        self._network.faults.rules.append(rule)

    async def clear(self, _: asks.Clear) -> None:
        self._network.faults.clear()
        self._network.refusal = None

    # -- looking --

    def state(self) -> asks.State:
        phones = [
            asks.PhoneState(
                number=each.number,
                name=each.name,
                on_whatsapp=each.on_whatsapp,
                devices={number: device.wire is not None for number, device in each.devices.items()},
                shown=[_light(line) for line in each.shown],
                receipts=each.receipts,
            )
            for each in self._network.phones
        ]
        groups = [
            asks.GroupState(id=each.jid, name=each.name, members=[member.number for member in each.members])
            for each in self._network.groups.values()
        ]
        return asks.State(phones=phones, groups=groups, faults=self._network.faults.rules)

    def _phone(self, number: str) -> Phone:
        found = next((each for each in self._network.phones if each.number == number), None)
        if found is None:
            raise Wrong(f"nobody has the number {number}")
        return found

    def _chat(self, to: str) -> Phone | Group:
        return self._network.groups.get(to) or self._phone(user_of(to))

    def _message(self, phone: Phone, id_: str, *, own: bool = False) -> str:
        written = phone.written.get(id_)
        if written is None or (own and written.author != phone.lid):
            raise Wrong(f"{phone.number} has no such message{' of its own' if own else ''}: {id_}")
        return id_


def _latest(shown: Sequence[Shown], none: str) -> str:
    if not shown:
        raise Wrong(none)
    return shown[-1].id


def _light(shown: Shown) -> Shown:
    """Without the file's bytes."""
    if not isinstance(shown.content, Media):
        return shown
    return msgspec.structs.replace(shown, content=msgspec.structs.replace(shown.content, data=b""))


@contextlib.asynccontextmanager
async def open_control(network: Network, port: int = 0) -> AsyncIterator[str]:
    """Listen for people on loopback, until the end of the block; answers the address. Raises `OSError`."""
    acts = Acts(network)
    app = web.Application(client_max_size=MOST_BYTES)
    for shape, act in acts.posts.items():
        app.router.add_post(f"/_fake/{asks.PATHS[shape]}", _handler(shape, act))

    async def show(_: web.Request) -> web.Response:
        return _json(acts.state())

    app.router.add_get("/_fake/state", show)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _handler(shape: type[Any], act: Act) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            return _json(await act(msgspec.json.decode(await request.read(), type=shape)))
        except (msgspec.ValidationError, msgspec.DecodeError, Wrong, pairing.NotPaired) as error:
            return _json({"error": str(error)}, status=400)
        except TimeoutError:
            return _json({"error": "the device did not answer in time"}, status=400)

    return handle


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json", status=status)
