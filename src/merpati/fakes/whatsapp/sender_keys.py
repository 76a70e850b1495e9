"""Sender keys: one cipher text for a whole group, and the key that is handed to each member's devices beforehand.

Source: Signal, "Private Group Messaging"; the labels are those of the Signal clients.
"""

import secrets
from dataclasses import dataclass

from pyaileys.proto import WAProto_pb2 as proto

from merpati.fakes.whatsapp.keys import KeyPair, decrypt_cbc, derive, encrypt_cbc, is_signed, new_pair
from merpati.fakes.whatsapp.ratchet import VERSION, Chain, Undecryptable

SIGNATURE_BYTES = 64


@dataclass
class OwnSenderKey:
    """What its owner encrypts with."""

    id: int
    chain: Chain
    signing: KeyPair


@dataclass
class SenderKey:
    """What the others decrypt with."""

    chain: Chain
    signing: bytes


def new_sender_key() -> OwnSenderKey:
    return OwnSenderKey(secrets.randbelow(2**31 - 1), Chain(secrets.token_bytes(32)), new_pair())


def distribution_of(own: OwnSenderKey) -> bytes:
    """What is sent to each device, so that it can read from now on."""
    message = proto.SenderKeyDistributionMessage(
        id=own.id, iteration=own.chain.index, chainKey=own.chain.key, signingKey=own.signing.typed
    )
    return VERSION + bytes(message.SerializeToString())


def read_distribution(whole: bytes) -> tuple[int, SenderKey]:
    """The key's id, and the key."""
    message = proto.SenderKeyDistributionMessage.FromString(whole[1:])
    return message.id, SenderKey(Chain(message.chainKey, message.iteration), message.signingKey)


def encrypt_for_group(own: OwnSenderKey, plain: bytes) -> bytes:
    index = own.chain.index
    key, iv = _message_keys(own.chain.next_seed())
    message = proto.SenderKeyMessage(id=own.id, iteration=index, ciphertext=encrypt_cbc(key, iv, plain))
    body: bytes = VERSION + message.SerializeToString()
    return body + own.signing.sign(body)


def decrypt_of_group(known: dict[int, SenderKey], whole: bytes) -> bytes:
    """The plain text; raises `Undecryptable`."""
    body, signature = whole[:-SIGNATURE_BYTES], whole[-SIGNATURE_BYTES:]
    message = proto.SenderKeyMessage.FromString(body[1:])
    key = known.get(message.id)
    if key is None:
        raise Undecryptable(f"no sender key {message.id}")
    if not is_signed(key.signing, body, signature):
        raise Undecryptable("the sender key's signature does not fit")
    cipher_key, iv = _message_keys(key.chain.seed_of(message.iteration))
    return decrypt_cbc(cipher_key, iv, message.ciphertext)


def _message_keys(seed: bytes) -> tuple[bytes, bytes]:
    """The key and the IV."""
    keys = derive(seed, 48, b"WhisperGroup")
    return keys[16:], keys[:16]
