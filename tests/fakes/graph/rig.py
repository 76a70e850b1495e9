"""A fake Graph with what judges it: pywa as a business's client, and as the reader of every webhook."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from pywa import handlers
from pywa.client import WhatsApp

from merpati.core.clock import Millis
from merpati.fakes.graph.seeding import Seeded, seed_world
from merpati.fakes.graph.server import Running, open_graph
from merpati.fakes.graph.settings import AT_ONCE, Settings
from merpati.fakes.graph.world import Callback

T = TypeVar("T")
VERIFY = "rahasia"
START = Millis(1_790_000_000_000)
UPDATES = (
    handlers.MessageHandler,
    handlers.MessageStatusHandler,
    handlers.CallbackButtonHandler,
    handlers.CallbackSelectionHandler,
    handlers.TemplateStatusUpdateHandler,
)


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> Millis:
        return self.at

    def elapsed(self) -> float:
        return self.at / 1_000

    def pass_ms(self, ms: int) -> None:
        self.at = Millis(self.at + ms)


class Receiver:
    """A business's webhook: pywa checks each signature and reads each notification."""

    def __init__(self, pywa: WhatsApp) -> None:
        self._pywa = pywa
        self.updates: list[Any] = []
        self.bodies: list[bytes] = []
        self.refuse_next = 0
        """So many calls are answered with 503."""
        for kind in UPDATES:
            pywa.add_handlers(kind(self._keep))

    def _keep(self, _: WhatsApp, update: Any) -> None:  # noqa: ANN401 - pywa's types
        self.updates.append(update)

    async def challenge(self, request: web.Request) -> web.Response:
        text, status = self._pywa.webhook_challenge_handler(
            request.query.get("hub.verify_token"), request.query.get("hub.challenge")
        )
        return web.Response(text=text, status=status)

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.read()
        refused = self._pywa.webhook_update_validator(body, request.headers.get("X-Hub-Signature-256"))
        assert refused is None, refused
        if self.refuse_next:
            self.refuse_next -= 1
            return web.Response(status=503)
        self.bodies.append(body)
        for single in split(body):
            seen = len(self.updates)
            assert await asyncio.to_thread(self._pywa.webhook_update_handler, single) == ("ok", 200)
            assert len(self.updates) == seen + 1, f"pywa does not understand {single!r}"
        return web.Response()

    def of(self, kind: type[T]) -> list[T]:
        return [update for update in self.updates if type(update) is kind]


def split(body: bytes) -> list[bytes]:
    """One notification a body: pywa reads the first of each alone."""
    whole = msgspec.json.decode(body)
    return [
        msgspec.json.encode({**whole, "entry": [{**entry, "changes": [change]}]})
        for entry in whole["entry"]
        for change in entry["changes"]
    ]


class Rig:
    """`pywa` speaks for the seeded number; `receiver` hears what comes."""

    def __init__(
        self, running: Running, seeded: Seeded, clock: HandClock, pywa: WhatsApp, receiver: Receiver
    ) -> None:
        self.graph, self.url, self.seeded, self.clock = running.graph, running.url, seeded, clock
        self.pywa, self.receiver = pywa, receiver
        self.callback = ""

    @property
    def to(self) -> str:
        return self.seeded.person.phone

    async def call(self, method: Callable[..., T], *args: object, **kwargs: object) -> T:
        """One of pywa's methods, which block."""
        return await asyncio.to_thread(method, *args, **kwargs)

    async def settled(self) -> None:
        """Wait until all that is due was told."""
        await asyncio.sleep(0.01)
        self.graph.timeline.run_due()
        await self.graph.courier.settled()


@contextlib.asynccontextmanager
async def open_rig(settings: Settings = AT_ONCE) -> AsyncIterator[Rig]:
    clock = HandClock()
    async with open_graph(settings, clock) as running:
        seeded = seed_world(running.graph)
        pywa = WhatsApp(
            phone_id=seeded.number.id,
            token=seeded.token,
            waba_id=seeded.business.id,
            app_id=seeded.app,
            app_secret=seeded.secret,
            verify_token=VERIFY,
            skip_duplicate_updates=False,
        )
        pywa.api._session.base_url = f"{running.url}/v26.0"
        receiver = Receiver(pywa)
        app = web.Application()
        app.router.add_get("/hook", receiver.challenge)
        app.router.add_post("/hook", receiver.hear)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        rig = Rig(running, seeded, clock, pywa, receiver)
        rig.callback = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        running.graph.world.app.callback = Callback(url=rig.callback, verify_token=VERIFY)
        try:
            yield rig
        finally:
            await runner.cleanup()
            pywa.api._session.close()
