"""What a process has of Meta: the client, the transports of its devices, and the door for webhooks."""

import asyncio
import weakref
from collections.abc import Mapping
from pathlib import Path

from merpati.core.clock import Clock
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, DeviceId
from merpati.core.tokens import CannotUnseal, Sealer, same_secret
from merpati.storage.ids import Ids
from merpati.storage.lane import HotLane
from merpati.storage.port import Storage, Tx
from merpati.transports.cloud_api.client import GraphClient
from merpati.transports.cloud_api.lines import (
    Line,
    LineTaken,
    Secrets,
    answer_line,
    drop_line,
    find_line,
    lines_among,
    seal_secrets,
    set_line,
)
from merpati.transports.cloud_api.news import KEEP, Posted, waiting_devices
from merpati.transports.cloud_api.setting_up import ask_number, complete, number_now, point_here
from merpati.transports.cloud_api.templates import ask_templates, keep_templates, kept_template, kept_templates
from merpati.transports.cloud_api.transport import CloudTransport
from merpati.transports.cloud_api.webhooks import NotMetas, challenge_of, is_signed, read_news
from merpati.transports.official import (
    Also,
    Given,
    NotSigned,
    NumberNow,
    SetUp,
    nothing,
)
from merpati.transports.templates import TemplateKept, TemplateReading

LOOK_S = 1.0
"""How often is looked for what another process stored for devices of this one."""


class CloudLink:
    """A process's link to Meta. `run` is a loop for the supervisor; `close` ends the connections."""

    def __init__(
        self, client: GraphClient, storage: Storage, sealer: Sealer, clock: Clock, *, spool: Path, most_bytes: int
    ) -> None:
        """`spool` is where files that come are put until they are stored; larger ones than `most_bytes` are not."""
        self.client = client
        self._storage, self._sealer, self._clock = storage, sealer, clock
        self._spool, self._most_bytes = spool, most_bytes
        self._live: weakref.WeakValueDictionary[DeviceId, CloudTransport] = weakref.WeakValueDictionary()

    def transport(self, device: DeviceId) -> CloudTransport:
        """The device's way to Meta; the newest one of a device hears of its news at once."""
        made = CloudTransport(
            device,
            self.client,
            self._storage,
            self._sealer,
            self._clock,
            self._spool,
            most_bytes=self._most_bytes,
        )
        self._live[device] = made
        return made

    # -- setting up --

    async def set_up(
        self, device: DeviceId, account: AccountId, given: Given, *, also: Also = nothing
    ) -> NumberNow:
        """See the port."""
        line = await self._storage.read(find_line, device)
        known = complete(given, self._secrets(line))
        now = await ask_number(self.client, given, known)
        new = Line(
            device=device,
            account=account,
            number_id=given.number_id,
            business_id=given.business_id,
            sealed=seal_secrets(self._sealer, device, known),
            changed_at=self._clock.now(),
        )
        try:
            await self._storage.write(_set_line, new, also)
        except LineTaken:
            raise Refusal(Code.META_NUMBER_TAKEN, field="number_id") from None
        return now

    async def tell_address(self, device: DeviceId, url: str) -> None:
        """See the port."""
        line, known = await self._of(device)
        await point_here(self.client, line, known, url)

    async def find(self, device: DeviceId) -> SetUp | None:
        """See the port."""
        line = await self._storage.read(find_line, device)
        known = self._secrets(line)
        if line is None:
            return None
        return SetUp(
            number_id=line.number_id,
            business_id=line.business_id,
            verify_token=known.verify_token if known else "",
            changed_at=line.changed_at,
            answered_at=line.answered_at,
            heard_at=line.heard_at,
        )

    async def number_now(self, device: DeviceId) -> NumberNow:
        """See the port."""
        line, known = await self._of(device)
        return await number_now(self.client, line.number_id, known.token)

    async def read_templates(self, device: DeviceId) -> TemplateReading:
        """See the port."""
        line, known = await self._of(device)
        found = await ask_templates(self.client, line.business_id, known.token)
        await self._storage.write(keep_templates, line.account, line.business_id, found)
        return TemplateReading(read_at=self._clock.now(), templates=tuple(found))

    async def templates(self, device: DeviceId) -> TemplateReading | None:
        """See the port."""
        line, _ = await self._of(device)
        return await self._storage.read(kept_templates, line.account, line.business_id)

    async def template(self, device: DeviceId, name: str, language: str) -> TemplateKept | None:
        """See the port."""
        line = await self._storage.read(find_line, device)
        if line is None:
            return None
        return await self._storage.read(kept_template, line.account, line.business_id, name, language)

    async def forget(self, device: DeviceId) -> None:
        """The device is gone: its number is free, its secrets go. May run twice."""
        await self._storage.write(drop_line, device)

    async def _of(self, device: DeviceId) -> tuple[Line, Secrets]:
        line = await self._storage.read(find_line, device)
        known = self._secrets(line)
        if line is None or known is None:
            raise Refusal(Code.OFFICIAL_NOT_SET_UP)
        return line, known

    def _secrets(self, line: Line | None) -> Secrets | None:
        """None: there is no line, or its secrets were sealed with a key that is lost."""
        try:
            return line.secrets(self._sealer) if line is not None else None
        except CannotUnseal:
            return None

    # -- the door --

    async def answer_challenge(self, device: DeviceId, query: Mapping[str, str]) -> str:
        """See the port."""
        _, known = await self._known(device)
        answer = challenge_of(query, known.verify_token)
        if answer is None:
            raise NotSigned
        await self._storage.write(answer_line, device)
        return answer

    async def take_post(self, lane: HotLane, ids: Ids, device: DeviceId, body: bytes, signature: str) -> None:
        """See the port."""
        line, secrets = await self._known(device)
        if not is_signed(secrets.app_secret, body, signature):
            raise NotSigned
        try:
            numbers = tuple(dict.fromkeys(news.line for news in read_news(body)))
        except NotMetas:
            return  # signed, and nothing that we read: no use in having it again
        numbers = await self._spoken_for(line, secrets, numbers)
        if not numbers:
            return
        first = (await ids.take("cloud_news", len(numbers)))[0]
        posted = Posted(
            id=first,
            account=line.account,
            body=body.decode("utf-8", "replace"),
            numbers=numbers,
            at=self._clock.now(),
        )
        for told in await lane(KEEP, posted):
            self._wake(told)

    async def _known(self, device: DeviceId) -> tuple[Line, Secrets]:
        line = await self._storage.read(find_line, device)
        known = self._secrets(line)
        if line is None or known is None:
            raise NotSigned
        return line, known

    async def _spoken_for(self, line: Line, secrets: Secrets, numbers: tuple[str, ...]) -> tuple[str, ...]:
        """Those of these numbers of the account that the same app speaks for: who set one device up knows its app's
        secret, and may have no right to another device."""
        others = [number for number in numbers if number != line.number_id]
        known = await self._storage.read(lines_among, line.account, others) if others else []
        same = {each.number_id for each in known if self._is_of_app(each, secrets)} | {line.number_id}
        return tuple(number for number in numbers if number in same)

    def _is_of_app(self, line: Line, secrets: Secrets) -> bool:
        known = self._secrets(line)
        return known is not None and same_secret(known.app_secret, secrets.app_secret)

    def _wake(self, device: DeviceId) -> None:
        transport = self._live.get(device)
        if transport is not None:
            transport.wake()

    async def run(self) -> None:
        """Wake the devices whose news another process stored, for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self._live:
                for device in await self._storage.read(waiting_devices, self._clock.now(), list(self._live)):
                    self._wake(device)

    async def close(self) -> None:
        await self.client.close()


async def _set_line(tx: Tx, line: Line, also: Also) -> None:
    await also(tx)
    await set_line(tx, line)
