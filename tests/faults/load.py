"""Callers: they send, cancel and repeat over HTTP, insist on a clear answer, and note what they were told.

A call that got no answer, or 503, is made again with the same Idempotency-Key, at the next node if there are
several: so every caller ends with an answer, or with "unknown" when the run is over.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple, Self

import aiohttp
import msgspec

from merpati.core.ids import Address, MessageId
from tests.faults.evidence import Asked, Cancel
from tests.faults.process import now
from tests.faults.stage import Sender, Stage

ANSWER_S = 10.0
AGAIN_S = 0.1
_decode = msgspec.json.Decoder(dict[str, Any]).decode
Answer = dict[str, Any]


class Known(NamedTuple):
    """What the judge is to know of a message: see `Asked`."""

    lane: str = ""
    due_at: int = 0
    gap_ms: int = 0


NOTHING = Known()


class NoAnswer(Exception):
    """Nothing was answered within the caller's patience."""


@dataclass(slots=True)
class Told:
    """The answer of a call that was repeated until there was one."""

    answer: Answer
    unclear: int
    """How many tries before had no answer."""


class Caller:
    """Somebody with a token and an HTTP client. One per run; use as a context manager."""

    def __init__(self, stage: Stage, rng: random.Random) -> None:
        self.stage, self.rng = stage, rng
        self.patience_s = 60.0
        self.slowest_ms: dict[int, int] = {}
        """By node: the longest that an accepted call took there, counted from its own try."""
        self._marks = count(1)
        self._run = f"{rng.getrandbits(32):08x}"
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._http is not None
        await self._http.close()

    # -- one call --

    async def post(
        self, token: str, path: str, form: Mapping[str, str], key: str = "", node: int | None = None
    ) -> Told:
        """Call until there is an answer; raises `NoAnswer`. `node` is tried first (default: any)."""
        at = self.rng.randrange(len(self.stage.nodes)) if node is None else node
        deadline, unclear = asyncio.get_running_loop().time() + self.patience_s, 0
        while asyncio.get_running_loop().time() < deadline:
            answer = await self._try(at, token, path, form, key)
            if answer is not None:
                return Told(answer, unclear)
            unclear += 1
            at = (at + 1) % len(self.stage.nodes)
            await asyncio.sleep(AGAIN_S)
        raise NoAnswer(path)

    async def _try(self, at: int, token: str, path: str, form: Mapping[str, str], key: str) -> Answer | None:
        assert self._http is not None
        headers = {"Authorization": token, **({"Idempotency-Key": key} if key else {})}
        began = now()
        try:
            async with self._http.post(f"{self.stage.nodes[at].url}{path}", data=form, headers=headers) as response:
                answer = _decode(await response.read())
                if response.status == 503 or "in progress" in str(answer.get("reason")):
                    return None
                assert response.status == 200, (response.status, answer)
        except (aiohttp.ClientError, TimeoutError):
            return None
        self.slowest_ms[at] = max(now() - began, self.slowest_ms.get(at, 0))
        return answer

    # -- messages --

    def ask(self, sender: Sender, to: Address, known: Known) -> Asked:
        """Note a message before it is asked for."""
        asked = Asked(
            mark=f"m{self._run}-{next(self._marks)}", device=sender.number, to=to, asked_at=now(), **known._asdict()
        )
        self.stage.asked.append(asked)
        return asked

    async def send(
        self,
        sender: Sender,
        to: Address,
        *,
        copies: int = 1,
        node: int | None = None,
        fields: Mapping[str, str] | None = None,
        known: Known = NOTHING,
    ) -> Asked:
        """One message; `copies` calls at once with one key."""
        asked = self.ask(sender, to, known)
        form = {"target": to, "message": f"{asked.mark} halo", "connectOnly": "false", **(fields or {})}
        await asyncio.gather(*(self._ask_for([asked], sender, form, node) for _ in range(copies)))
        return asked

    async def send_to_many(
        self,
        sender: Sender,
        people: Sequence[Address],
        *,
        fields: Mapping[str, str] | None = None,
        known: Known = NOTHING,
    ) -> list[Asked]:
        """One call with many targets; each message is told apart by its variable."""
        several = [self.ask(sender, to, known) for to in people]
        target = ",".join(f"{asked.to}|{asked.mark}" for asked in several)
        form = {"target": target, "message": "{name} halo", "connectOnly": "false", **(fields or {})}
        await self._ask_for(several, sender, form, None)
        return several

    async def _ask_for(
        self, several: list[Asked], sender: Sender, form: Mapping[str, str], node: int | None
    ) -> None:
        try:
            told = await self.post(sender.token, "/send", form, several[0].mark, node)
        except NoAnswer:
            return
        answered_at = now()
        for place, asked in enumerate(several):
            if not told.answer.get("status"):
                asked.refused = str(told.answer.get("reason"))
            elif asked.id is None:
                asked.id, asked.answered_at = MessageId(int(told.answer["id"][place])), answered_at
            else:
                asked.repeats.add(MessageId(int(told.answer["id"][place])))

    async def cancel(self, sender: Sender, asked: Asked) -> None:
        """Take a message back, and note what came of it; without an answer nobody knows."""
        assert asked.id is not None
        asked.cancel = Cancel.UNKNOWN
        try:
            told = await self.post(sender.token, "/delete-message", {"id": str(asked.id)})
        except NoAnswer:
            return
        if told.answer.get("status"):
            asked.cancel = Cancel.DONE
        elif not told.unclear:  # else an earlier try may have done it
            asked.cancel = Cancel.REFUSED
