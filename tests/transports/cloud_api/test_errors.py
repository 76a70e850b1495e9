"""What follows from Meta's errors: a code decides, never a title; what nobody knows is never sent again blindly."""

import pytest

from merpati.locale import LANGUAGES, words
from merpati.transports.cloud_api.errors import TROUBLES, Act, late_trouble_of, trouble_of
from merpati.transports.port import SendFault

FAULTS = {
    Act.RETRY: {SendFault.RETRY},
    Act.PACE: {SendFault.RATE},
    Act.FAIL: {SendFault.RECIPIENT, SendFault.CONTENT},
    Act.WINDOW: {SendFault.RECIPIENT},
    Act.PAUSE: {SendFault.AUTH},
    Act.AUTH_LOST: {SendFault.AUTH},
    Act.UNCERTAIN: {SendFault.AMBIGUOUS},
}


@pytest.mark.parametrize(
    ("code", "act"),
    [
        (130429, Act.PACE),
        (131056, Act.PACE),
        (131047, Act.WINDOW),
        (131026, Act.FAIL),
        (190, Act.AUTH_LOST),
        (131031, Act.PAUSE),
        (133010, Act.PAUSE),
        (33, Act.PAUSE),
        (131044, Act.PAUSE),
        (131016, Act.RETRY),
        (132001, Act.FAIL),
    ],
)
def test_a_code_leads_to_what_is_to_be_done(code: int, act: Act) -> None:
    """Whatever the HTTP status says besides."""
    assert trouble_of(code, 400).act is act
    assert trouble_of(code, 500).act is act


def test_an_act_and_the_ports_fault_say_the_same() -> None:
    """The features hear the fault alone: it must not contradict what the table says."""
    assert {each for each in TROUBLES.values() if each.fault not in FAULTS[each.act]} == set()


def test_what_is_to_be_paced_says_when_again() -> None:
    """A rate without a wait would be tried in a circle; everything else waits by the features' own table."""
    assert [code for code, each in TROUBLES.items() if (each.wait_ms > 0) is not (each.act is Act.PACE)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_trouble_has_a_sentence(language: str) -> None:
    """In both languages, under our own stable code."""
    assert [code for code, each in TROUBLES.items() if f"error.{each.code}" not in words(language)] == []


def test_an_answer_that_is_not_metas_is_uncertain() -> None:
    """A gateway on the way says 502 whether Meta had the message or not."""
    assert trouble_of(None, 502).as_error().fault is SendFault.AMBIGUOUS
    assert trouble_of(None, 429).act is Act.PACE


@pytest.mark.parametrize("status", [400, 401, 403, 404, 407])
def test_a_page_of_somebody_on_the_way_shuts_no_number_and_fails_no_message(status: int) -> None:
    """A proxy's, or a front's that is being changed: whatever it forbids is not Meta's word on the token."""
    assert trouble_of(None, status).act is Act.RETRY


def test_a_code_that_nobody_knows_fails_or_is_tried_again() -> None:
    """Meta adds codes: a server's fault passes, a client's stays."""
    assert trouble_of(139999, 400).act is Act.FAIL
    assert trouble_of(139999, 503).act is Act.RETRY
    assert late_trouble_of(139999).act is Act.FAIL
    assert late_trouble_of(None).act is Act.FAIL
