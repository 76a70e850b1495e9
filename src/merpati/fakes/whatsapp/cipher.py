"""What a phone knows of the devices it writes with: its own keys, sessions, sender keys."""

import secrets
from collections import defaultdict
from dataclasses import dataclass

from pyaileys.proto import WAProto_pb2 as proto

from merpati.fakes.whatsapp import ratchet, sender_keys
from merpati.fakes.whatsapp.keys import KeyPair, new_pair
from merpati.fakes.whatsapp.ratchet import Bundle, Session, Undecryptable

SIGNED_ID = 1
MOST_SESSIONS = 10


@dataclass(frozen=True)
class Sealed:
    """A cipher text and its kind: `pkmsg`, `msg`, or `skmsg` for a group."""

    kind: str
    data: bytes


class PhoneCipher:
    """A phone's keys. Devices are named by their address, `user:device@lid`."""

    def __init__(self) -> None:
        self.identity, self.signed = new_pair(), new_pair()
        self.registration = secrets.randbelow(16_380) + 1
        self._once: dict[int, KeyPair] = {}
        self._next_once = 1
        self._sessions: dict[str, list[Session]] = defaultdict(list)
        """The latest first: both sides may begin one at the same moment."""
        self._own_sender_keys: dict[str, sender_keys.OwnSenderKey] = {}
        self._sender_keys: dict[tuple[str, str], dict[int, sender_keys.SenderKey]] = defaultdict(dict)

    def publish(self) -> Bundle:
        """A bundle with a pre-key of its own."""
        id_, once = self._next_once, new_pair()
        self._next_once += 1
        self._once[id_] = once
        signed = (SIGNED_ID, self.signed.public, self.identity.sign(self.signed.typed))
        return Bundle(self.registration, self.identity.public, signed, (id_, once.public))

    def knows(self, address: str) -> bool:
        return bool(self._sessions[address])

    def begin(self, address: str, bundle: Bundle) -> None:
        self._sessions[address].insert(0, ratchet.begin(self.identity, self.registration, bundle))
        del self._sessions[address][MOST_SESSIONS:]

    def forget(self, address: str) -> None:
        """All sessions with a device."""
        self._sessions.pop(address, None)

    def encrypt(self, address: str, plain: bytes) -> Sealed:
        """For a device with which there is a session."""
        return Sealed(*ratchet.encrypt(self._sessions[address][0], plain))

    def decrypt(self, address: str, sealed: Sealed) -> bytes:
        """Raises `Undecryptable`."""
        if sealed.kind != "pkmsg":
            return self._decrypt_by_any(address, sealed.data)
        opening = proto.PreKeySignalMessage.FromString(sealed.data[1:])
        if all(each.base != opening.baseKey for each in self._sessions[address]):
            return self._accept(address, opening)
        return self._decrypt_by_any(address, opening.message)

    def _accept(self, address: str, opening: proto.PreKeySignalMessage) -> bytes:
        once = self._once.get(opening.preKeyId) if opening.HasField("preKeyId") else None
        if opening.HasField("preKeyId") and once is None:
            raise Undecryptable(f"no pre-key {opening.preKeyId}")
        session = ratchet.accept(self.identity, self.signed, once, opening.identityKey, opening.baseKey)
        session, plain = ratchet.decrypt(session, opening.message)
        self._sessions[address].insert(0, session)
        self._once.pop(opening.preKeyId, None)
        return plain

    def _decrypt_by_any(self, address: str, data: bytes) -> bytes:
        reason = Undecryptable("no session")
        sessions = self._sessions[address]
        for each in list(sessions):
            try:
                after, plain = ratchet.decrypt(each, data)
            except Undecryptable as failed:
                reason = failed
                continue
            sessions.remove(each)
            sessions.insert(0, after)
            return plain
        raise reason

    # -- groups --

    def own_distribution(self, group: str) -> bytes:
        if group not in self._own_sender_keys:
            self._own_sender_keys[group] = sender_keys.new_sender_key()
        return sender_keys.distribution_of(self._own_sender_keys[group])

    def encrypt_for_group(self, group: str, plain: bytes) -> Sealed:
        """After `own_distribution`, which every device needs before."""
        return Sealed("skmsg", sender_keys.encrypt_for_group(self._own_sender_keys[group], plain))

    def keep_distribution(self, group: str, author: str, data: bytes) -> None:
        id_, key = sender_keys.read_distribution(data)
        self._sender_keys[group, author].setdefault(id_, key)

    def decrypt_of_group(self, group: str, author: str, sealed: Sealed) -> bytes:
        """Raises `Undecryptable`."""
        return sender_keys.decrypt_of_group(self._sender_keys[group, author], sealed.data)
