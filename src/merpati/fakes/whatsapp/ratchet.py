"""A Signal session of two devices: X3DH to begin it, the double ratchet to go on.

Source: Signal, "The X3DH Key Agreement Protocol" and "The Double Ratchet Algorithm"; the labels, the message
version 3 and the MAC of eight bytes are those of the Signal clients.
"""

import copy
from dataclasses import dataclass, field

from pyaileys.proto import WAProto_pb2 as proto

from merpati.fakes.whatsapp.keys import KeyPair, decrypt_cbc, derive, encrypt_cbc, mac, new_pair

VERSION = b"\x33"
MAC_BYTES = 8
MOST_SKIPPED = 2_000


class Undecryptable(Exception):
    """The cipher text is not for this session, was read before, or is damaged."""


@dataclass(frozen=True)
class Bundle:
    """What a device publishes, so that others can begin a session; keys of 32 bytes."""

    registration: int
    identity: bytes
    signed: tuple[int, bytes, bytes]
    """Id, key, signature."""
    once: tuple[int, bytes] | None
    """Id and key of a pre-key that is used once."""


@dataclass
class Chain:
    """A chain of message keys, and those that were skipped."""

    key: bytes
    index: int = 0
    skipped: dict[int, bytes] = field(default_factory=dict)

    def next_seed(self) -> bytes:
        seed = mac(self.key, b"\x01")
        self.key, self.index = mac(self.key, b"\x02"), self.index + 1
        return seed

    def seed_of(self, index: int) -> bytes:
        """The seed of a message's keys, once; raises `Undecryptable`."""
        if index < self.index and index in self.skipped:
            return self.skipped.pop(index)
        if not self.index <= index <= self.index + MOST_SKIPPED:
            raise Undecryptable(f"message {index} of a chain at {self.index}")
        while self.index < index:
            index_now = self.index
            self.skipped[index_now] = self.next_seed()
        return self.next_seed()


@dataclass
class Session:
    """The state of one side."""

    local: bytes
    """Identity keys of 33 bytes."""
    remote: bytes
    base: bytes
    """The key that began it, of whoever began it."""
    root: bytes
    ratchet: KeyPair
    sending: Chain
    receiving: dict[bytes, Chain] = field(default_factory=dict)
    previous: int = 0
    begun: tuple[Bundle, int] | None = None
    """Of whoever began it, until an answer comes: the bundle used, and the own registration."""


def begin(identity: KeyPair, registration: int, bundle: Bundle) -> Session:
    """A session with a device known by its bundle alone."""
    base, ratchet = new_pair(), new_pair()
    _, signed, _ = bundle.signed
    secrets = [identity.agree(signed), base.agree(bundle.identity), base.agree(signed)]
    if bundle.once is not None:
        secrets.append(base.agree(bundle.once[1]))
    root, key = _begin_root(secrets)
    root, sending = _step(root, ratchet.agree(signed))
    return Session(
        local=identity.typed,
        remote=b"\x05" + bundle.identity,
        base=base.typed,
        root=root,
        ratchet=ratchet,
        sending=Chain(sending),
        receiving={b"\x05" + signed: Chain(key)},
        begun=(bundle, registration),
    )


def accept(identity: KeyPair, signed: KeyPair, once: KeyPair | None, remote: bytes, base: bytes) -> Session:
    """The other side of `begin`: from the sender's identity and base key."""
    secrets = [signed.agree(remote), identity.agree(base), signed.agree(base)]
    if once is not None:
        secrets.append(once.agree(base))
    root, key = _begin_root(secrets)
    return Session(local=identity.typed, remote=remote, base=base, root=root, ratchet=signed, sending=Chain(key))


def encrypt(session: Session, plain: bytes) -> tuple[str, bytes]:
    """The kind of the cipher text, `pkmsg` until the other side has answered or `msg`, and the cipher text."""
    index = session.sending.index
    key, mac_key, iv = _message_keys(session.sending.next_seed())
    body = proto.SignalMessage(
        ratchetKey=session.ratchet.typed,
        counter=index,
        previousCounter=session.previous,
        ciphertext=encrypt_cbc(key, iv, plain),
    ).SerializeToString()
    whole = VERSION + body + _mac_of(mac_key, session.local, session.remote, body)
    if session.begun is None:
        return "msg", whole
    bundle, registration = session.begun
    wrapped = proto.PreKeySignalMessage(
        registrationId=registration,
        signedPreKeyId=bundle.signed[0],
        baseKey=session.base,
        identityKey=session.local,
        message=whole,
    )
    if bundle.once is not None:
        wrapped.preKeyId = bundle.once[0]
    return "pkmsg", VERSION + wrapped.SerializeToString()


def decrypt(session: Session, whole: bytes) -> tuple[Session, bytes]:
    """The session after it, and the plain text; raises `Undecryptable`, and the session given stays as it was."""
    body, given = whole[1:-MAC_BYTES], whole[-MAC_BYTES:]
    message = proto.SignalMessage.FromString(body)
    after = copy.deepcopy(session)
    chain = after.receiving.get(message.ratchetKey) or _turn(after, message.ratchetKey)
    key, mac_key, iv = _message_keys(chain.seed_of(message.counter))
    if _mac_of(mac_key, after.remote, after.local, body) != given:
        raise Undecryptable("the MAC does not fit")
    after.begun = None
    return after, decrypt_cbc(key, iv, message.ciphertext)


def _turn(session: Session, ratchet: bytes) -> Chain:
    """The other side has a new ratchet key: a chain to receive with, and a new own one to send with."""
    session.root, receiving = _step(session.root, session.ratchet.agree(ratchet))
    session.ratchet, session.previous = new_pair(), max(session.sending.index - 1, 0)
    session.root, sending = _step(session.root, session.ratchet.agree(ratchet))
    session.sending = Chain(sending)
    session.receiving[ratchet] = Chain(receiving)
    return session.receiving[ratchet]


def _begin_root(secrets: list[bytes]) -> tuple[bytes, bytes]:
    both = derive(b"\xff" * 32 + b"".join(secrets), 64, b"WhisperText")
    return both[:32], both[32:]


def _step(root: bytes, secret: bytes) -> tuple[bytes, bytes]:
    both = derive(secret, 64, b"WhisperRatchet", salt=root)
    return both[:32], both[32:]


def _message_keys(seed: bytes) -> tuple[bytes, bytes, bytes]:
    """To encrypt, to authenticate, and the IV."""
    keys = derive(seed, 80, b"WhisperMessageKeys")
    return keys[:32], keys[32:64], keys[64:]


def _mac_of(key: bytes, sender: bytes, receiver: bytes, body: bytes) -> bytes:
    return mac(key, sender + receiver + VERSION + body)[:MAC_BYTES]
