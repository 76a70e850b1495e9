"""Tokens and sealing."""

import pytest

from merpati.core.tokens import (
    CannotUnseal,
    Sealer,
    hash_token,
    mask_token,
    new_account_token,
    new_device_token,
    new_link_token,
    same_secret,
)

KEY = bytes(range(32))


def test_a_device_token_looks_like_fonntes() -> None:
    """20 letters and digits, and never the same."""
    tokens = {new_device_token() for _ in range(100)}

    assert len(tokens) == 100
    assert all(len(token) == 20 and token.isascii() and token.isalnum() for token in tokens)


def test_tokens_of_other_kinds_are_longer() -> None:
    """So that one sees which is which."""
    assert len(new_account_token()) == 32
    assert len(new_link_token()) == 43


def test_a_sealed_secret_opens_for_its_owner_alone() -> None:
    """Copied to another row, to another kind of row, or changed, it does not open."""
    sealer = Sealer(KEY)
    sealed = sealer.seal("device", 7, "secret")

    assert sealer.unseal("device", 7, sealed) == "secret"
    assert "secret" not in sealed
    for kind, id_, text, by in [
        ("device", 8, sealed, sealer),
        ("account", 7, sealed, sealer),
        ("device", 7, sealed[:-4] + "AAA=", sealer),
        ("device", 7, "not base64!", sealer),
        ("device", 7, "", sealer),
        ("device", 7, sealed, Sealer(bytes(32))),
    ]:
        with pytest.raises(CannotUnseal):
            by.unseal(kind, id_, text)


def test_sealing_twice_shows_nothing() -> None:
    """Equal secrets are not seen to be equal."""
    sealer = Sealer(KEY)

    assert sealer.seal("device", 7, "secret") != sealer.seal("device", 7, "secret")


def test_a_sealed_token_carries_its_hash() -> None:
    """The two columns of a token are made together."""
    token = Sealer(KEY).seal_token("device", 7, "abc")

    assert token.hash == hash_token("abc")
    assert Sealer(KEY).unseal("device", 7, token.sealed) == "abc"


def test_a_masked_token_shows_four_characters_at_most() -> None:
    """Short ones nothing at all."""
    assert mask_token("abcdefghijklmnopqrst") == "abcd…"
    assert mask_token("abcdefgh") == "…"
    assert mask_token("") == "…"


def test_comparing_secrets_takes_any_text() -> None:
    """Also what no token can be."""
    assert same_secret("a", "a")
    assert not same_secret("a", "b\ud800ä")
    assert len(hash_token("\ud800")) == 64


def test_a_key_of_the_wrong_length_is_refused() -> None:
    """A cut file must not become a weak key."""
    with pytest.raises(ValueError, match="32"):
        Sealer(b"short")
