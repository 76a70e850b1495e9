"""What the fake encrypts, its own other side reads: in any order, once, and nothing that was touched.

That the real library reads it too is shown by the tests of linked devices.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merpati.fakes.whatsapp import media, polls
from merpati.fakes.whatsapp.cipher import PhoneCipher, Sealed
from merpati.fakes.whatsapp.contents import MediaKind
from merpati.fakes.whatsapp.keys import derive, is_signed, new_pair
from merpati.fakes.whatsapp.ratchet import Undecryptable

patient = settings(max_examples=30)
"""A turn of the ratchet is some milliseconds of work, and a busy machine takes many times that."""
ANN, BOB, GROUP = "1:0@lid", "2:0@lid", "120363000000000001@g.us"


def acquainted() -> tuple[PhoneCipher, PhoneCipher]:
    """Ann, who can begin to write to Bob."""
    ann, bob = PhoneCipher(), PhoneCipher()
    ann.begin(BOB, bob.publish())
    return ann, bob


def touched(sealed: Sealed) -> Sealed:
    return Sealed(sealed.kind, sealed.data[:-1] + bytes([sealed.data[-1] ^ 1]))


@patient
@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=100)), max_size=12))
def test_whoever_writes_is_read(written: list[tuple[bool, bytes]]) -> None:
    """To and fro, as it comes."""
    ann, bob = acquainted()
    assert bob.decrypt(ANN, ann.encrypt(BOB, b"first")) == b"first"
    for by_ann, plain in written:
        if by_ann:
            assert bob.decrypt(ANN, ann.encrypt(BOB, plain)) == plain
        else:
            assert ann.decrypt(BOB, bob.encrypt(ANN, plain)) == plain


@patient
@given(st.permutations(range(6)))
def test_the_order_of_coming_does_not_matter(order: list[int]) -> None:
    """Keys of what was passed over are kept; each is good once."""
    ann, bob = acquainted()
    sealed = [ann.encrypt(BOB, bytes([n])) for n in range(6)]
    for n in order:
        assert bob.decrypt(ANN, sealed[n]) == bytes([n])
    with pytest.raises(Undecryptable):
        bob.decrypt(ANN, sealed[order[0]])


def test_what_was_touched_is_not_read_and_harms_nothing() -> None:
    """The session stays as it was."""
    ann, bob = acquainted()
    bob.decrypt(ANN, ann.encrypt(BOB, b"first"))
    ann.decrypt(BOB, bob.encrypt(ANN, b"answer"))
    sealed = ann.encrypt(BOB, b"second")
    with pytest.raises(Undecryptable):
        bob.decrypt(ANN, touched(sealed))
    assert bob.decrypt(ANN, sealed) == b"second"


def test_both_may_begin_at_once() -> None:
    """Two sessions, and each side reads the other's."""
    ann, bob = acquainted()
    bob.begin(ANN, ann.publish())
    to_bob, to_ann = ann.encrypt(BOB, b"halo"), bob.encrypt(ANN, b"hai")
    assert (bob.decrypt(ANN, to_bob), ann.decrypt(BOB, to_ann)) == (b"halo", b"hai")
    assert bob.decrypt(ANN, ann.encrypt(BOB, b"lagi")) == b"lagi"


def test_a_group_is_read_by_whoever_was_given_the_key_and_by_nobody_else() -> None:
    """Each message once, and none that was touched."""
    ann, bob, eve = PhoneCipher(), PhoneCipher(), PhoneCipher()
    bob.keep_distribution(GROUP, ANN, ann.own_distribution(GROUP))
    sealed = ann.encrypt_for_group(GROUP, b"semua")
    with pytest.raises(Undecryptable):
        bob.decrypt_of_group(GROUP, ANN, touched(sealed))
    assert bob.decrypt_of_group(GROUP, ANN, sealed) == b"semua"
    with pytest.raises(Undecryptable):
        eve.decrypt_of_group(GROUP, ANN, sealed)


@patient
@given(st.binary(max_size=200))
def test_a_signature_is_its_keys_and_its_datas(data: bytes) -> None:
    """Signal's form of it, over the key that agrees."""
    pair, other = new_pair(), new_pair()
    signature = pair.sign(data)
    assert is_signed(pair.typed, data, signature)
    assert not is_signed(other.typed, data, signature)
    assert not is_signed(pair.typed, data + b"x", signature)


def test_keys_are_derived_as_rfc_5869_shows() -> None:
    """Its first test case."""
    key = derive(bytes([0x0B] * 22), 42, bytes.fromhex("f0f1f2f3f4f5f6f7f8f9"), salt=bytes(range(13)))
    assert key.hex().startswith("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf")


def test_a_file_is_opened_by_what_its_message_tells() -> None:
    """Not as another kind, and not when it was touched on the server."""
    server = media.MediaServer()
    locked = server.lock(MediaKind.IMAGE, b"gambar")
    assert server.open(MediaKind.IMAGE, locked) == b"gambar"
    with pytest.raises(Undecryptable):
        server.open(MediaKind.VIDEO, locked)
    [path] = server.files
    server.files[path] = b"x" + server.files[path][1:]
    with pytest.raises(Undecryptable):
        server.open(MediaKind.IMAGE, locked)


def test_a_vote_is_read_with_the_poll_alone() -> None:
    """By its voter, for its poll."""
    ballot = polls.Ballot("3A1", b"s" * 32, "1@lid", ("merah", "biru"))
    iv, data = ballot.seal("2@lid", ["biru"])
    assert ballot.open("2@lid", iv, data) == ("biru",)
    with pytest.raises(Undecryptable):
        ballot.open("3@lid", iv, data)
