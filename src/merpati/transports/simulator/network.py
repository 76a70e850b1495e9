"""The network at work: sessions of devices, their news, and what each entry leads to. No sockets here, no asyncio.

Whatever happens goes through `Network.record`: first the journal, then the world, then those who watch. What the
frames do is in `handoffs`, `people` and `pairing`; `exchange` is the table that leads to them.
"""

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from merpati.core.clock import Clock, Millis
from merpati.core.ids import Address
from merpati.transports.port import SessionState
from merpati.transports.simulator.entries import (
    AccountSet,
    AnyEntry,
    Confirmed,
    HandOff,
    News,
    PersonSet,
    Receipted,
    Said,
    Seen,
    SessionEnded,
    SessionOpened,
    Signalled,
    Torn,
    Voted,
)
from merpati.transports.simulator.faults import Faults
from merpati.transports.simulator.journal import Journal, JournalFull, read_journal
from merpati.transports.simulator.pairing import Attempt
from merpati.transports.simulator.settings import Range, Settings
from merpati.transports.simulator.timers import Timers
from merpati.transports.simulator.wire import CaughtUp, Closed, FromNetwork, Login, Saw, Told, Welcome
from merpati.transports.simulator.world import World

CONFIRM_EVERY_MS = 50


class Client(Protocol):
    """One connection: a merpati process, or a person's terminal."""

    def put(self, frame: FromNetwork) -> None:
        """Send a frame; does nothing when the connection has ended."""
        ...

    def cut(self) -> None:
        """End the connection."""
        ...


@dataclass(eq=False, slots=True)
class Session:
    """A device's login on a client's channel."""

    id: int
    device: Address
    client: Client
    channel: int
    note: str
    window_ms: int
    told_seq: int
    catch_up_seq: int
    caught_up: bool = False
    open: bool = True
    collected_by: set[str] = field(default_factory=set)


class Network:
    """The network's whole state and machinery. One thread; `timers.run` must be called when `timers` says so."""

    def __init__(self, journal: Journal, settings: Settings, clock: Clock) -> None:
        self.settings, self.clock, self.journal = settings, clock, journal
        self.draw = random.Random(settings.seed)
        self.world = World(settings)
        self.timers = Timers(clock.elapsed, retry_on=JournalFull)
        self.faults = Faults(self.draw)
        self.attempts: dict[Address, Attempt] = {}
        self.deliveries: dict[tuple[Address, Address], float] = {}
        """When the last message from a device to a person is to arrive: what is sent later arrives later."""
        self.held_receipts: dict[Address, list[Receipted]] = {}
        self.watchers: dict[Address, set[Client]] = {}
        self.observers: set[Client] = set()
        """They see every entry."""
        self._sessions: dict[Address, list[Session]] = {}
        self._channels: dict[Client, dict[int, Session]] = {}
        self._unwritten: set[Address] = set()
        self._replay()

    def _replay(self) -> None:
        for entry in read_journal(self.journal.path):
            self.world.apply(entry)
        if self.journal.size_bytes() > self.settings.roll_bytes:
            with contextlib.suppress(JournalFull, OSError):  # then the long one goes on
                self.journal.roll(self.world.kept(self.now()), self.settings.keep_journals)
        if self.journal.torn_bytes:
            self.record(Torn(t=self.now(), size_bytes=self.journal.torn_bytes))

    def now(self) -> Millis:
        return self.clock.now()

    def drawn(self, between: Range) -> float:
        """A delay in milliseconds, scaled."""
        return self.settings.scale and self.draw.uniform(*between) * self.settings.scale

    # -- recording --

    def record(self, entry: AnyEntry) -> None:
        """Write the entry, make it true, show it to who watches. Raises `JournalFull`: then nothing happened."""
        self.journal.append(entry)
        self.world.apply(entry)
        if self.watchers or self.observers:
            for client in self._who_sees(entry):
                client.put(Saw(entry=entry))

    def note(self, entry: AnyEntry) -> None:
        """Record what only a judge needs: a full disk does not stop the network from going on."""
        with contextlib.suppress(JournalFull):
            self.record(entry)

    def next_seq(self, device: Address) -> int:
        """The number of the device's next news."""
        return self.world.account(device).last_seq + 1

    def post(self, news: News) -> None:
        """Record news for a device and tell it, when it is connected."""
        self.record(news)
        self.tell(news.device)

    def confirm(self, device: Address, seq: int) -> None:
        """The device has stored its news up to `seq`; written to the journal within `CONFIRM_EVERY_MS`."""
        self.world.apply(Confirmed(t=self.now(), device=device, seq=seq))
        if not self._unwritten:
            self.timers.after(CONFIRM_EVERY_MS, self.write_confirmations)
        self._unwritten.add(device)
        self.tell(device)

    def write_confirmations(self) -> None:
        """Write down what devices have confirmed since the last time."""
        for device in list(self._unwritten):
            seq = self.world.account(device).confirmed_seq
            self.journal.append(Confirmed(t=self.now(), device=device, seq=seq))
            self._unwritten.discard(device)

    def _who_sees(self, entry: AnyEntry) -> Iterator[Client]:
        seen: set[Client] = set(self.observers)
        for number in _concerned(self.world, entry):
            seen |= self.watchers.get(number, set())
        return iter(seen)

    # -- sessions --

    def session(self, client: Client, channel: int) -> Session | None:
        """The open session on this channel."""
        return self._channels.get(client, {}).get(channel)

    def session_of(self, device: Address) -> Session | None:
        """The device's newest open session."""
        sessions = self._sessions.get(device)
        return sessions[-1] if sessions else None

    def sessions(self) -> list[Session]:
        return [session for sessions in self._sessions.values() for session in sessions]

    def login(self, client: Client, ask: Login) -> None:
        """Open a session, or answer `Closed` with the reason. A newer login ends the older one."""
        refusal = self._refuse_login(ask)
        if refusal is not None:
            client.put(refusal)
            return
        stale = self.session(client, ask.channel)
        if stale is not None:
            self.end(stale, SessionState.RETRYING, "new_login", tell=False)
        if self.settings.one_session:
            for older in list(self._sessions.get(ask.device, ())):
                self.end(older, SessionState.REPLACED, "replaced")
        self._open(client, ask)

    def _refuse_login(self, ask: Login) -> Closed | None:
        account = self.world.accounts.get(ask.device)
        if account is None or not account.paired:
            return Closed(channel=ask.channel, state=SessionState.LOGGED_OUT, reason="not_paired")
        if account.banned_until is not None and account.banned_until > self.now():
            until = account.banned_until
            return Closed(channel=ask.channel, state=SessionState.BANNED, reason="banned", until=until)
        return None

    def _open(self, client: Client, ask: Login) -> None:
        account = self.world.account(ask.device)
        session = Session(
            id=self.world.last_session + 1,
            device=ask.device,
            client=client,
            channel=ask.channel,
            note=ask.note,
            window_ms=ask.window_ms,
            told_seq=account.confirmed_seq,
            catch_up_seq=account.last_seq,
        )
        self.note(SessionOpened(t=self.now(), device=ask.device, session=session.id, note=ask.note))
        self._sessions.setdefault(ask.device, []).append(session)
        self._channels.setdefault(client, {})[ask.channel] = session
        client.put(Welcome(channel=ask.channel))
        self.tell(ask.device)

    def tell(self, device: Address) -> None:
        """Put the device's next news on its way, as many as the window allows."""
        session = self.session_of(device)
        if session is None:
            return
        account = self.world.account(device)
        while session.told_seq < account.last_seq:
            ahead = session.told_seq - account.confirmed_seq
            if ahead >= self.settings.window:
                break
            session.told_seq += 1
            session.client.put(Told(channel=session.channel, news=account.mailbox[ahead]))
        if not session.caught_up and account.confirmed_seq >= session.catch_up_seq:
            session.caught_up = True
            session.client.put(CaughtUp(channel=session.channel))

    def end(
        self, session: Session, state: SessionState, reason: str, *, until: Millis | None = None, tell: bool = True
    ) -> None:
        """End a session; what it waits for stays unanswered. Harmless when it has ended."""
        if not session.open:
            return
        session.open = False
        self._sessions[session.device].remove(session)
        if not self._sessions[session.device]:
            del self._sessions[session.device]
        self._channels.get(session.client, {}).pop(session.channel, None)
        self.note(SessionEnded(t=self.now(), device=session.device, session=session.id, why=reason))
        if tell:
            session.client.put(Closed(channel=session.channel, state=state, reason=reason, until=until))

    def unpair(self, device: Address, state: SessionState, reason: str, *, until: Millis | None = None) -> None:
        """Log a device out, or ban its account until `until`; its sessions end."""
        banned = state is SessionState.BANNED
        self.record(AccountSet(t=self.now(), device=device, paired=banned, banned_until=until if banned else None))
        for session in list(self._sessions.get(device, ())):
            self.end(session, state, reason, until=until)

    def lost(self, client: Client) -> None:
        """A client's connection has ended."""
        for session in list(self._channels.pop(client, {}).values()):
            self.end(session, SessionState.RETRYING, "connection_lost", tell=False)
        for device, attempt in list(self.attempts.items()):
            if attempt.client is client:
                del self.attempts[device]
        self.observers.discard(client)
        for number, clients in list(self.watchers.items()):
            clients.discard(client)
            if not clients:
                del self.watchers[number]


def _concerned(world: World, entry: AnyEntry) -> tuple[Address, ...]:
    """The people who see this entry in their terminal."""
    match entry:
        case HandOff():
            return world.recipients(entry.device, entry.chat)
        case Signalled():
            return world.recipients(entry.device, entry.chat)
        case Said():
            return world.groups[entry.chat].members if entry.chat in world.groups else (entry.sender,)
        case Seen():
            return world.members(entry.chat)
        case Receipted():
            return (entry.who,)
        case Voted():
            return (entry.voter,)
        case PersonSet():
            return (entry.number,)
        case _:
            return ()
