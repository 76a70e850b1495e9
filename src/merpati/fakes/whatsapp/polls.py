"""Votes, which only those who have seen the poll can read.

Source: the clients' practice: a key of the poll's secret, its id, its author, the voter and a label.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyaileys.proto import WAProto_pb2 as proto

from merpati.fakes.whatsapp.keys import derive
from merpati.fakes.whatsapp.ratchet import Undecryptable

LABEL = b"Poll Vote"
IV_BYTES = 12


@dataclass(frozen=True)
class Ballot:
    """A poll as a voter knows it; addresses without a device."""

    id: str
    secret: bytes
    author: str
    choices: tuple[str, ...]

    def _key(self, voter: str) -> bytes:
        return derive(self.secret, 32, self.id.encode() + self.author.encode() + voter.encode() + LABEL)

    def _bound(self, voter: str) -> bytes:
        return f"{self.id}\0{voter}".encode()

    def seal(self, voter: str, chosen: Iterable[str]) -> tuple[bytes, bytes]:
        """IV and cipher text."""
        vote = proto.Message.PollVoteMessage(selectedOptions=[hash_of(each) for each in chosen])
        iv = secrets.token_bytes(IV_BYTES)
        data = AESGCM(self._key(voter)).encrypt(iv, vote.SerializeToString(), self._bound(voter))
        return iv, data

    def open(self, voter: str, iv: bytes, data: bytes) -> tuple[str, ...]:
        """What was chosen; raises `Undecryptable`."""
        try:
            plain = AESGCM(self._key(voter)).decrypt(iv, data, self._bound(voter))
        except InvalidTag:
            raise Undecryptable("the vote is of another poll or voter") from None
        hashes = set(proto.Message.PollVoteMessage.FromString(plain).selectedOptions)
        return tuple(each for each in self.choices if hash_of(each) in hashes)


def hash_of(choice: str) -> bytes:
    return hashlib.sha256(choice.encode()).digest()
