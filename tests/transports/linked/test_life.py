"""The table of states, and what each end means to people."""

import pytest

from merpati.core.machine import ForbiddenTransition
from merpati.devices.model import LIFE as DEVICES
from merpati.locale import words as all_words
from merpati.transports.linked.life import ENDED, LIFE, LIVE, MEANINGS, RESTING, SessionEvent
from merpati.transports.linked.protocol import End
from merpati.transports.port import SessionState

_S, _E = SessionState, SessionEvent


def test_every_end_has_a_meaning() -> None:
    """What a worker may say is known."""
    assert set(MEANINGS) == set(End)


@pytest.mark.parametrize("end", End)
@pytest.mark.parametrize("language", ["id", "en"])
def test_every_reason_is_a_sentence(end: End, language: str) -> None:
    """In both languages; the state behind it says the next step."""
    words = all_words(language)

    assert words[f"device.reason.{MEANINGS[end].reason}"]
    for state in ENDED:
        assert words[f"device.next.{state}"]
        assert words[f"device.state.{state}"]


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (_E.LOGGED_OUT, _S.LOGGED_OUT),
        (_E.REPLACED, _S.REPLACED),
        (_E.BANNED, _S.BANNED),
        (_E.OUTDATED, _S.OUTDATED),
        (_E.PASSKEY_ASKED, _S.PASSKEY_REQUIRED),
        (_E.FAILED, _S.FAILED),
    ],
)
def test_each_end_of_a_live_session_is_a_state(event: SessionEvent, state: SessionState) -> None:
    """From wherever it is alive; and it can be started or paired again from there."""
    for live in LIVE:
        assert LIFE.next(live, event) is state
    assert LIFE.next(state, _E.STARTED) is _S.CONNECTING
    assert LIFE.next(state, _E.PAIRING_BEGUN) is _S.PAIRING


def test_a_session_that_has_ended_is_not_opened_by_a_late_word() -> None:
    """Only start or pairing bring it back."""
    for state in RESTING:
        for event in (_E.OPENED, _E.BEGAN, _E.PAIRED, _E.LOST):
            with pytest.raises(ForbiddenTransition):
                LIFE.next(state, event)


def test_an_open_session_is_not_paired_over() -> None:
    """Log out first."""
    with pytest.raises(ForbiddenTransition):
        LIFE.next(_S.OPEN, _E.PAIRING_BEGUN)


def test_what_a_session_reports_a_device_can_follow() -> None:
    """Each step of ours is one that a device's own table knows, but the first and a loss at the first login."""
    unknown = {
        (old, new) for (old, _), new in LIFE.table.items() if old is not new and (old, new) not in DEVICES.table
    }

    assert unknown == set()
