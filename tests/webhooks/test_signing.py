"""Standard Webhooks headers."""

import base64

import pytest

from merpati.core.ids import AccountId
from merpati.webhooks.signing import format_secret, parse_secret, sign, webhook_id


def test_the_signature_is_that_of_the_specifications_example() -> None:
    """The example of the Standard Webhooks specification and its libraries."""
    key = parse_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_survives_being_shown() -> None:
    """`whsec_` and base64."""
    assert parse_secret(format_secret(bytes(range(32)))) == bytes(range(32))
    with pytest.raises(ValueError, match=r"."):
        parse_secret("whsec_not base64!")
    assert base64.b64decode(format_secret(b"x" * 24).removeprefix("whsec_")) == b"x" * 24


def test_an_event_has_one_id_for_all_its_tries() -> None:
    """Account and number in its log."""
    assert webhook_id(AccountId(12), 345) == "12-345"
