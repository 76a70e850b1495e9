"""What follows an answer or a fault: a table. And the conversation that follows from it."""

from collections.abc import Mapping

import pytest

from merpati.client.call import Call, Request
from merpati.client.conversation import Wait, converse
from merpati.client.decision import Answer, Done, Fault, Patience, Raise, Retry, decide, refusal
from merpati.client.errors import FieldError, Refused, Unreachable

PATIENCE = Patience(tries=3, total_s=60, first_s=1, most_s=15)
DATED = {"date": "Wed, 21 Oct 2026 07:28:00 GMT", "retry-after": "Wed, 21 Oct 2026 07:28:09 GMT"}
IN_PROGRESS = b'{"code": "key_in_progress", "detail": "wait"}'


def answered(status: int, headers: Mapping[str, str] | None = None, content: bytes = b"") -> Answer:
    return Answer(status, headers or {}, content)


@pytest.mark.parametrize(
    ("outcome", "tried", "spent_s", "expected"),
    [
        (answered(200, content=b"{}"), 1, 0, Done(b"{}")),
        (answered(204), 3, 99, Done(b"")),
        (Fault("cut"), 1, 0, Retry(1)),
        (Fault("cut"), 2, 0, Retry(2)),
        (Fault("cut"), 3, 0, Unreachable),
        (Fault("cut"), 1, 59.5, Unreachable),
        (answered(429, {"retry-after": "7"}), 1, 0, Retry(8)),
        (answered(429, {"retry-after": "60"}), 1, 0, Refused),
        (answered(429), 1, 0, Retry(1)),
        (answered(502), 1, 0, Retry(1)),
        (answered(503, DATED), 1, 0, Retry(10)),
        (answered(503, {"retry-after": "soon"}), 1, 0, Retry(1)),
        (answered(503, {"retry-after": DATED["retry-after"]}), 1, 0, Retry(1)),
        (answered(504), 2, 0, Retry(2)),
        (answered(504), 3, 0, Refused),
        (answered(409, {"retry-after": "1"}, IN_PROGRESS), 1, 0, Retry(2)),
        (answered(409), 1, 0, Refused),
        (answered(301), 1, 0, Refused),
        (answered(401), 1, 0, Refused),
        (answered(422), 1, 0, Refused),
        (answered(500), 1, 0, Refused),
    ],
)
def test_what_follows(
    outcome: Answer | Fault, tried: int, spent_s: float, expected: Done | Retry | type[Exception]
) -> None:
    """By status, by how often and how long it was tried; chance is at its most."""
    decision = decide(outcome, tried=tried, spent_s=spent_s, drawn=1.0, patience=PATIENCE)
    assert (type(decision.error) if isinstance(decision, Raise) else decision) == expected


def test_waits_are_spread_and_bounded() -> None:
    """From half of it on, and never longer than the longest."""
    assert [PATIENCE.backoff(1, drawn) for drawn in (0.0, 0.5, 1.0)] == [0.5, 0.75, 1.0]
    assert PATIENCE.backoff(30, 1.0) == 15


def test_a_problem_is_told_as_the_server_tells_it() -> None:
    """Code, status, detail, and the fields that are wrong; more than that is passed over."""
    content = b"""{"type": "/x", "title": "x", "status": 422, "code": "input_invalid", "detail": "No.", "new": 1,
        "errors": [{"field": "to.0", "code": "input_invalid", "detail": "Not so."}]}"""
    refused = refusal(answered(422, content=content))
    assert (refused.code, refused.status, refused.detail) == ("input_invalid", 422, "No.")
    assert refused.errors == (FieldError(field="to.0", code="input_invalid", detail="Not so."),)


@pytest.mark.parametrize("content", [b"<html>", b"", b"[]", b"\xff{", b'{"error": "x"}'])
def test_what_is_no_problem_is_called_by_its_status(content: bytes) -> None:
    """As a proxy in front may answer."""
    assert refusal(answered(502, content=content)).code == "http_502"


@pytest.mark.parametrize(("own", "expected"), [(None, "new"), ("mine", "mine")])
def test_each_try_is_the_same_request(own: str | None, expected: str) -> None:
    """With the same key: the caller's, or one that was made for the call."""
    call = Call("POST", "/x", dict[str, int], body={"a": 1}, key=own)
    conversation = converse(call, patience=PATIENCE, new_key="new", draw=lambda: 1.0, now=lambda: 0.0)
    first = next(conversation)
    assert isinstance(first, Request)
    assert first.headers["Idempotency-Key"] == expected
    assert conversation.send(Fault("cut")) == Wait(1)
    assert next(conversation) is first
    with pytest.raises(StopIteration) as end:
        conversation.send(answered(200, content=b'{"b": 2}'))
    assert end.value.value == {"b": 2}
