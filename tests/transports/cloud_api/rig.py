"""The fake Graph as a rig for the conformance suite: real HTTP both ways, real storage between."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from merpati.core.clock import Millis, SystemClock
from merpati.core.ids import AccountId, Address, DeviceId, WaId
from merpati.core.tokens import Sealer
from merpati.fakes.graph.outages import Outage, Rule
from merpati.fakes.graph.pressing import pressed_body
from merpati.fakes.graph.seeding import seed_world
from merpati.fakes.graph.server import Running, open_graph
from merpati.fakes.graph.settings import AT_ONCE, Settings
from merpati.fakes.graph.world import Callback, Line
from merpati.storage.ids import Ids
from merpati.storage.lane import HotLane
from merpati.storage.port import Storage
from merpati.transports.cards import Contacts, NotShown, Reaction
from merpati.transports.cloud_api import lines
from merpati.transports.cloud_api.client import GraphClient
from merpati.transports.cloud_api.lines import Secrets
from merpati.transports.cloud_api.link import CloudLink
from merpati.transports.cloud_api.transport import CAPS, CloudTransport
from merpati.transports.official import NotSigned
from merpati.transports.port import Content, SendFault
from tests.transports.cloud_api.reading import content_of, shared

VERIFY = "rahasia"
DEVICE, ACCOUNT = DeviceId(7), AccountId(1)


def template(name: str, *above: dict[str, str]) -> dict[str, Any]:
    body = {"type": "BODY", "text": "Resi {{1}} ya.", "example": {"body_text": [["JNE"]]}}
    return {"name": name, "language": "id", "category": "UTILITY", "components": [*above, body]}


TEMPLATES = (
    template("resi_baru"),
    template("surat_baru", {"type": "HEADER", "format": "DOCUMENT"}),
    template("kurir_baru", {"type": "HEADER", "format": "LOCATION"}),
)
CODES = {SendFault.RETRY: 131016, SendFault.RATE: 130429, SendFault.CONTENT: 131051, SendFault.AUTH: 190}


class CloudRig:
    """One fake Graph, one link of ours with its door for webhooks."""

    caps = CAPS
    absent = Address("6281300000001")
    not_shown = NotShown(kind="hologram", text="kata")
    group = Address("120363000000000001@g.us")

    def __init__(self, running: Running, storage: Storage, folder: Path, most_bytes: int) -> None:
        self.graph, self.storage, self.folder = running.graph, storage, folder
        self.seeded = seed_world(running.graph)
        self.device, self.person = Address(self.seeded.number.phone), Address(self.seeded.person.phone)
        self.graph.world.add_person(self.absent, on_whatsapp=False)
        self.sealer, self.clock = Sealer(b"k" * 32), SystemClock()
        self.lane, self.ids = HotLane(storage), Ids(storage)
        self.link = CloudLink(
            GraphClient(f"{running.url}/v26.0"),
            storage,
            self.sealer,
            self.clock,
            spool=folder,
            most_bytes=most_bytes,
        )
        for each in TEMPLATES:
            self.graph.hand_in(self.seeded.business, each)
        self.answers: list[int] = []
        """What the door answered."""

    # -- our side --

    def transport(self) -> CloudTransport:
        return self.link.transport(DEVICE)

    async def pair(self, *, token: str = "", device: DeviceId = DEVICE) -> None:
        secrets = Secrets(token=token or self.seeded.token, app_secret=self.seeded.secret, verify_token=VERIFY)
        line = lines.Line(
            device=device,
            account=ACCOUNT,
            number_id=self.seeded.number.id,
            business_id=self.seeded.business.id,
            sealed=lines.seal_secrets(self.sealer, device, secrets),
            changed_at=Millis(1),
        )
        await self.storage.write(lines.set_line, line)

    async def hear(self, request: web.Request) -> web.Response:
        """The door: stored, then answered."""
        body, signature = await request.read(), request.headers.get("X-Hub-Signature-256", "")
        try:
            await self.link.take_post(self.lane, self.ids, DEVICE, body, signature)
        except NotSigned:
            self.answers.append(403)
            return web.Response(status=403)
        self.answers.append(200)
        return web.Response()

    async def settled(self) -> None:
        """All that is due was told to us, and we have stored it."""
        self.graph.timeline.run_due()
        await self.graph.courier.settled()

    # -- Meta's side --

    def _ours(self) -> list[Line]:
        return [
            each for each in self.graph.world.chat(self.seeded.number.id, self.seeded.person.bsuid) if each.ours
        ]

    async def shown(self) -> list[tuple[str, Content]]:
        return [(line.id, content_of(line.body, self.graph.world.media, self.folder)) for line in self._ours()]

    async def changed(self) -> list[tuple[str, WaId, str]]:
        return []

    async def say(self, text: str, *, group: bool = False) -> WaId:
        assert not group
        return await self._say({"type": "text", "text": {"body": text}})

    async def type_on_phone(self, text: str) -> WaId:
        raise NotImplementedError(text)

    async def share(self, content: Contacts | Reaction | NotShown) -> WaId:
        return await self._say(shared(content))

    async def _say(self, body: dict[str, Any]) -> WaId:
        line = self.graph.say(self.seeded.number, self.seeded.person, body)
        await self.settled()
        return WaId(line.id)

    async def ticked(self) -> list[WaId]:
        chat = self.graph.world.chat(self.seeded.number.id, self.seeded.person.bsuid)
        return [WaId(each.id) for each in chat if not each.ours and each.seen]

    async def be_online(self, online: bool) -> None:
        await self.settled()
        self.graph.set_online(self.seeded.person, online)
        await self.settled()

    async def block(self) -> None:
        self.seeded.person.blocks = True

    async def refuse_next(self, fault: SendFault, code: str, retry_after_ms: int) -> None:  # noqa: ARG002
        self.strike(Rule(outage=Outage.REFUSE, code=CODES[fault], times=1))

    async def cut_next(self) -> None:
        self.strike(Rule(outage=Outage.LOSE_ANSWER, times=1))

    def strike(self, rule: Rule) -> None:
        self.graph.outages.rules.append(rule)

    # -- what Meta has not --

    async def scan(self, code: str) -> None:
        raise NotImplementedError

    async def unlink(self) -> None:
        raise NotImplementedError

    async def vote(self, poll: WaId, choices: tuple[str, ...]) -> None:
        raise NotImplementedError

    async def choose(self, message: WaId, choice: str) -> None:
        body = pressed_body(self.graph.world, self.graph.world.lines[message], choice)
        self.graph.say(self.seeded.number, self.seeded.person, body, reply_to=message)
        await self.settled()

    async def type(self) -> None:
        raise NotImplementedError

    async def cut(self) -> None:
        raise NotImplementedError

    async def replace(self) -> None:
        raise NotImplementedError


EARLY = msgspec.structs.replace(AT_ONCE, errors_early=True)
"""What Meta mostly tells by webhook is told in the answer."""


@contextlib.asynccontextmanager
async def open_rig(
    storage: Storage, folder: Path, settings: Settings = AT_ONCE, most_bytes: int = 10_000_000
) -> AsyncIterator[CloudRig]:
    async with open_graph(settings) as running:
        rig = CloudRig(running, storage, folder, most_bytes)
        app = web.Application()
        app.router.add_post("/hook", rig.hear)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        running.graph.world.app.callback = Callback(url=url, verify_token=VERIFY)
        try:
            yield rig
        finally:
            await runner.cleanup()
            await rig.link.close()
            await rig.lane.close()
