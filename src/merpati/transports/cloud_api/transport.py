"""One official number: the transport port over Meta's Cloud API.

There is no session to keep: each call stands alone, and what Meta tells comes by webhook, is stored, and is told
from there. OPEN means that Meta knows the number and takes the token.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from merpati.core.clock import DAY_MS, Clock
from merpati.core.errors import Code
from merpati.core.ids import Address, DeviceId, WaId
from merpati.core.tokens import CannotUnseal, Sealer
from merpati.storage.port import Storage, StorageError
from merpati.transports.cloud_api.bodies import read_body
from merpati.transports.cloud_api.client import GraphClient, GraphTrouble
from merpati.transports.cloud_api.errors import ENDS, Act, Trouble
from merpati.transports.cloud_api.hand_overs import PREPARE_S, Account, HandOvers
from merpati.transports.cloud_api.lines import Line, drop_line, find_line
from merpati.transports.cloud_api.marks import Marks
from merpati.transports.cloud_api.setting_up import per_second
from merpati.transports.cloud_api.telling import LineChanged, Telling
from merpati.transports.limits import META_FILES, META_TEXT
from merpati.transports.port import (
    AnyEvent,
    Capabilities,
    Emit,
    Group,
    NumberCheck,
    Outbound,
    PairHow,
    SendError,
    SendFault,
    Sent,
    SessionState,
    Signal,
    State,
    Undelivered,
)

CAPS = Capabilities(
    in_flight=64,
    takes_ref=False,
    poll=False,
    interactive=True,
    template=True,
    contact=True,
    reaction=True,
    window_ms=DAY_MS,
    hears_typing=False,
    hears_phone=False,
    check_number=False,
    groups=False,
    pair_qr=False,
    pair_code=False,
    stays_connected=False,
    hand_over_s=700,
    max_text=META_TEXT,
    files=META_FILES,
)
RETRY_S = (1.0, 60.0)
"""The first wait after Meta could not be reached; it doubles up to the second."""
OPENING_S = 5.0
"""How long is told what people wrote before messages may go."""
AGAIN_S = 300.0
"""How often is asked whether a token that was refused is taken again."""
FIELDS = "display_phone_number,throughput"
logger = logging.getLogger(__name__)


class CloudTransport:
    """A device at Meta; made by `link.CloudLink.transport`.

    OPEN comes only after what Meta told until then is stored; of very much what became of messages alone, which
    settles those whose answers were lost. An `emit` that raises loses nothing: what it was about is told again.
    """

    caps = CAPS

    def __init__(
        self, device: DeviceId, client: GraphClient, storage: Storage, sealer: Sealer, clock: Clock, spool: Path,
        *, most_bytes: int, prepare_s: float = PREPARE_S, again_s: float = AGAIN_S, opening_s: float = OPENING_S,
    ) -> None:  # fmt: skip
        """`spool` is where files that come are put until they are stored; larger ones than `most_bytes` are not."""
        self.device = device
        self._client, self._storage, self._sealer, self._clock = client, storage, sealer, clock
        self._telling = Telling(device, client, storage, clock, spool, most_bytes)
        self._line: Line | None = None
        self._account: Account | None = None
        self._emit: Emit | None = None
        self._state = SessionState.OFF
        self._running: asyncio.Task[None] | None = None
        self._turning = asyncio.Lock()
        """Held by who starts, stops or ends: one after the other, or two sessions would run beside each other."""
        self._opening_s, self._again_s = opening_s, again_s
        self._marks = Marks()
        self._hand_overs = HandOvers(client, clock, prepare_s)

    # -- the session --

    async def start(self, emit: Emit) -> None:
        """See the port. Harmless when it runs."""
        async with self._turning:
            if self._running is not None and not self._running.done():
                return
            self._emit = emit
            await self._say(SessionState.CONNECTING)
            self._running = asyncio.create_task(self._run(self._heeding(emit)))

    async def stop(self, *, logout: bool = False) -> None:
        """See the port; `logout` forgets the number with its secrets."""
        async with self._turning:
            await self._stop(logout=logout)

    async def _stop(self, *, logout: bool) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
        await self._marks.close()
        if logout:
            await self._storage.write(drop_line, self.device)
            if self._state is not SessionState.LOGGED_OUT and self._emit is not None:
                await self._say(SessionState.LOGGED_OUT, "logged_out")
        elif self._state in (SessionState.CONNECTING, SessionState.OPEN, SessionState.RETRYING):
            await self._say(SessionState.OFF)
        self._account = None

    async def pair(self, how: PairHow, phone: Address | None = None) -> None:  # noqa: ARG002
        """Never: a number is set up with its token."""
        raise SendError(SendFault.UNSUPPORTED, Code.UNSUPPORTED)

    def wake(self) -> None:
        """Meta told something that is stored: look at once."""
        self._telling.wake()

    def _heeding(self, emit: Emit) -> Emit:
        """What Meta tells is told on; that it could not use a file doubts every id that is kept."""

        async def tell(event: AnyEvent) -> None:
            if isinstance(event, Undelivered) and event.code == Code.FILE_REFUSED:
                self._hand_overs.uploads.forget_all()
            await emit(event)

        return tell

    async def _say(self, state: SessionState, reason: str = "", number: str = "") -> None:
        self._state = state
        assert self._emit is not None
        phone = Address(number) if number else None
        await self._emit(State(device=self.device, at=self._clock.now(), state=state, reason=reason, number=phone))

    async def _run(self, emit: Emit, ended: Trouble | None = None) -> None:
        """Open the session, then tell what Meta tells; when it ended, until somebody mends it."""
        wait = RETRY_S[0]
        while True:
            try:
                if ended is not None:
                    await self._rest(emit, ended)
                    await self._say(SessionState.CONNECTING)
                ended = None
                await self._open(emit)
                wait, account = RETRY_S[0], self._open_account()
                await self._telling.tell_on(emit, account.line, account.secrets.token)
            except LineChanged:
                ended = None
                await self._say(SessionState.CONNECTING)
                continue
            except GraphTrouble as error:
                ending = self._ending(error)
                if ending is not None:
                    ended = error.trouble
                    await self._say(ending, ended.code)
                    continue
                reason = str(error.trouble.code)
            except (OSError, StorageError) as error:  # stored news stays stored
                logger.warning("device %d: what Meta told is told again: %r", self.device, error)
                reason = "storage"
            except Exception as error:  # the supervisor of the session: it must not go deaf and look open
                logger.error(
                    "device %d: a fault of ours, what Meta told is told again", self.device, exc_info=error
                )
                reason = "fault"
            ended = None
            await self._say(SessionState.RETRYING, reason)
            await asyncio.sleep(wait)
            wait = min(wait * 2, RETRY_S[1])

    async def _rest(self, emit: Emit, ended: Trouble) -> None:
        """While nothing can be sent: what people write, and what became of messages, is told all the same, as that
        needs no token. Returns when Meta takes one again that it had refused; raises `LineChanged`."""
        line, asked_at = self._line, self._clock.elapsed()
        while True:
            if line is not None:
                await self._telling.tell_due(emit, line, "", patience_s=0)
            elif await self._storage.read(find_line, self.device) is not None:
                raise LineChanged
            await self._telling.wait()
            is_time = self._clock.elapsed() >= asked_at + self._again_s
            if line is not None and ended.code is Code.META_TOKEN_REFUSED and is_time:
                asked_at = self._clock.elapsed()
                if await self._is_taken(line):
                    return

    async def _is_taken(self, line: Line) -> bool:
        """Whether Meta takes the token."""
        try:
            await self._client.get(line.number_id, line.secrets(self._sealer).token, fields="id")
        except (GraphTrouble, CannotUnseal):
            return False
        return True

    def _ending(self, error: GraphTrouble) -> SessionState | None:
        """How the session ends by this; None: it does not. Before it is open, nothing is Meta's word on a message:
        what it refuses then is the number."""
        if error.trouble.act is Act.FAIL:
            return SessionState.FAILED
        return ENDS.get(error.trouble.act)

    async def _open(self, emit: Emit) -> None:
        self._line = line = await self._storage.read(find_line, self.device)
        if line is None:
            raise GraphTrouble(Trouble(Act.AUTH_LOST, SendFault.AUTH, Code.OFFICIAL_NOT_SET_UP))
        try:
            self._account = Account(line, line.secrets(self._sealer))
        except CannotUnseal:
            raise GraphTrouble(Trouble(Act.AUTH_LOST, SendFault.AUTH, Code.META_TOKEN_REFUSED)) from None
        await self._tell_first(emit, self._account)
        node = await self._client.get(line.number_id, self._account.secrets.token, fields=FIELDS)
        self._hand_overs.pace.per_second = per_second(node)
        await self._tell_first(emit, self._account)
        digits = "".join(each for each in str(node.get("display_phone_number", "")) if each.isdigit())
        await self._say(SessionState.OPEN, number=digits)

    async def _tell_first(self, emit: Emit, account: Account) -> None:
        """What came until now; of very much, what became of messages alone: all else is told when it is open."""
        token = account.secrets.token
        await self._telling.tell_due(emit, account.line, token, within_s=self._opening_s)
        await self._telling.tell_statuses(emit, account.line)

    async def _end(self, account: Account, trouble: Trouble) -> None:
        """A call was refused for the account's sake: the session ends, visibly, unless another one has begun with
        other secrets since."""
        async with self._turning:
            if account is self._account and self._running is not None and self._state is SessionState.OPEN:
                self._running.cancel()
                await asyncio.wait([self._running])
                await self._say(ENDS[trouble.act], trouble.code)
                assert self._emit is not None
                self._running = asyncio.create_task(self._run(self._heeding(self._emit), trouble))

    # -- sending --

    async def send(self, message: Outbound) -> Sent:
        """See the port. Messages to one chat go one after the other."""
        if self._state is not SessionState.OPEN:
            raise SendError(SendFault.NOT_OPEN, Code.DEVICE_DISCONNECTED)
        account = self._open_account()
        try:
            return await self._hand_overs.post(account, message)
        except GraphTrouble as error:
            if error.trouble.fault is SendFault.AUTH:
                await self._end(account, error.trouble)
            raise error.trouble.as_error() from None

    def _open_account(self) -> Account:
        if self._account is None:
            raise SendError(SendFault.NOT_OPEN, Code.DEVICE_DISCONNECTED)
        return self._account

    # -- what else the port asks --

    async def signal(self, chat: Address, what: Signal) -> None:
        """See the port. Meta shows "typing" as an answer alone, and with it that what they wrote was read: to who
        has not written since the start nothing is shown."""
        account = self._open_account()
        asked = self._telling.last_of(chat)
        if what is Signal.TYPING and asked is not None:
            with contextlib.suppress(GraphTrouble):
                await self._post_mark(account, read_body(asked, typing=True))

    async def mark_read(self, chat: Address, sender: Address, ids: Sequence[WaId]) -> None:  # noqa: ARG002
        """See the port; Meta is told beside it."""
        account = self._open_account()
        for each in ids:
            self._marks.add(lambda message: self._post_mark(account, read_body(message)), each)

    async def _post_mark(self, account: Account, body: dict[str, Any]) -> None:
        await self._client.post(f"{account.line.number_id}/messages", account.secrets.token, body)

    async def check(self, numbers: Sequence[Address]) -> list[NumberCheck]:  # noqa: ARG002
        """Meta does not tell."""
        raise SendError(SendFault.UNSUPPORTED, Code.UNSUPPORTED)

    async def groups(self) -> list[Group]:
        """None: see `bodies`."""
        raise SendError(SendFault.UNSUPPORTED, Code.UNSUPPORTED)
