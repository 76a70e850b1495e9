"""Names, numbers, settings, and the life of a session."""

import json
from importlib import resources

import msgspec
import pytest

from merpati.accounts.model import check_email
from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, DeviceId
from merpati.devices.model import (
    ENDED,
    LIFE,
    LIVE,
    NOT_PAIRED,
    WORDS,
    Device,
    DeviceState,
    Reason,
    Settings,
    check_name,
    check_number,
    check_settings,
    may_follow,
    words_of,
)
from merpati.transports.cloud_api.errors import ENDS, TROUBLES


def locale(language: str) -> dict[str, str]:
    text = resources.files("merpati").joinpath("locale", f"{language}.json").read_text()
    words: dict[str, str] = json.loads(text)
    return words


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_state_says_what_it_means_and_what_to_do_next(language: str) -> None:
    """A person who looks at a device is never left with a bare word."""
    words = locale(language)

    for known in (*WORDS.values(), NOT_PAIRED):
        assert words[known.means].endswith(".")
        assert words[known.next_step].endswith(".")
    for reason in Reason:
        assert words[f"device.reason.{reason}"].endswith(".")


@pytest.mark.parametrize("code", sorted({trouble.code for trouble in TROUBLES.values() if trouble.act in ENDS}))
def test_what_ends_an_official_number_is_said_by_its_reason(code: Code) -> None:
    """No phone has unlinked it: Meta says what is the matter, and that is what people read."""
    device = a_device(state=DeviceState.LOGGED_OUT, state_reason=code)
    assert words_of(device) == (f"error.{code}", "device.next.official")
    opened = a_device(state=DeviceState.OPEN, state_reason="")
    assert words_of(opened) == WORDS[DeviceState.OPEN]


def a_device(**changed: object) -> Device:
    """An official number."""
    device = Device(
        id=DeviceId(1),
        account=AccountId(1),
        number="6281100000001",
        name="Toko",
        transport="cloud_api",
        desired=True,
        state=DeviceState.OPEN,
        state_reason="",
        state_at=Millis(0),
        settings=Settings(),
        quota=None,
        expires_at=None,
        package="",
        created_at=Millis(0),
    )
    return msgspec.structs.replace(device, **changed)


def test_every_state_is_off_live_or_ended() -> None:
    """No state is forgotten when the transport port gets a new one."""
    assert {DeviceState.OFF} | LIVE | ENDED == set(DeviceState)


def test_a_late_word_does_not_open_an_ended_session() -> None:
    """Logged out stays logged out until a new start says that it is connecting."""
    for ended in ENDED:
        assert not may_follow(ended, DeviceState.OPEN)
        assert not may_follow(ended, DeviceState.RETRYING)
        assert may_follow(ended, DeviceState.CONNECTING)


def test_from_every_state_a_session_can_become_open() -> None:
    """The table has no trap."""
    for state in DeviceState:
        reached = {state}
        while new := {after for (before, after) in LIFE.table if before in reached} - reached:
            reached |= new
        assert DeviceState.OPEN in reached


@pytest.mark.parametrize("text", ["ab", "x" * 30, "  Toko   Sepatu ", "Kafé ☕"])
def test_a_name_of_2_to_30_characters_is_taken(text: str) -> None:
    """Fonnte docs, API add device, `name`; spaces at the ends and in rows do not count."""
    assert check_name(text) == " ".join(text.split())


@pytest.mark.parametrize("text", ["", "a", " a ", "x" * 31, "a\x00b", "a\u202eb"])
def test_other_names_are_refused(text: str) -> None:
    """Too short, too long, invisible characters."""
    with pytest.raises(Refusal) as refused:
        check_name(text)

    assert refused.value.code is Code.INPUT_INVALID


@pytest.mark.parametrize("text", ["12345678", "0" * 15, " 08123456789 "])
def test_a_number_of_8_to_15_digits_is_taken(text: str) -> None:
    """Fonnte docs, API add device, `device`: not necessarily a WhatsApp number."""
    assert check_number(text) == text.strip()


@pytest.mark.parametrize("text", ["", "1234567", "1" * 16, "0812345678a", "٠٨١٢٣٤٥٦٧٨٩", "+6281234567"])
def test_other_numbers_are_refused(text: str) -> None:
    """Too short, too long, anything but the ten digits."""
    with pytest.raises(Refusal):
        check_number(text)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(pace_from_ms=2, pace_to_ms=1),
        Settings(pace_from_ms=-1, pace_to_ms=1),
        Settings(pace_to_ms=3_600_001),
        Settings(resend=True),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: Settings) -> None:
    """A pace that runs backwards, a forwarding to nobody."""
    with pytest.raises(Refusal):
        check_settings(settings)


@pytest.mark.parametrize("text", ["", "a", "@b", "a@", "a b@c", "a@\x00"])
def test_what_is_no_email_is_refused(text: str) -> None:
    """One signs in with it, so it must be there; whether it receives mail is not asked."""
    with pytest.raises(Refusal):
        check_email(text)


def test_an_email_is_kept_in_lower_case() -> None:
    """So that signing in does not depend on a phone's keyboard."""
    assert check_email(" Siti@Toko.ID ") == "siti@toko.id"
