"""Standard Webhooks headers."""

import base64

import msgspec
import pytest

from merpati.core.ids import AccountId
from merpati.webhooks.model import replaced_secrets, secrets_in_force
from merpati.webhooks.signing import format_secret, parse_secret, sign, webhook_id
from tests.webhooks.test_lanes import ENDPOINT


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


def test_of_secrets_that_were_replaced_only_the_newest_few_sign_each_to_its_end() -> None:
    """A call's headers stay short, however often somebody rotates."""
    endpoint = msgspec.structs.replace(ENDPOINT, secret_sealed="0")
    for n in range(1, 6):
        old = replaced_secrets(endpoint, now=n, until=100 - n)
        endpoint = msgspec.structs.replace(endpoint, secret_sealed=str(n), old_secrets=old)
    assert secrets_in_force(endpoint, 94) == ["5", "4", "3", "2"]
    assert secrets_in_force(endpoint, 95) == ["5", "3", "2"]
    assert replaced_secrets(endpoint, now=6, until=6) == ()


def test_an_event_has_one_id_for_all_its_tries() -> None:
    """Account and number in its log."""
    assert webhook_id(AccountId(12), 345) == "12-345"
