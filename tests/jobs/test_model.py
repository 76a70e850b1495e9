"""Back-off, the table of a job's life, recurring ids."""

from hypothesis import given
from hypothesis import strategies as st

from merpati.jobs.model import LADDER_MS, LIFE, JobEvent, JobState, backoff_ms, recurring_id


@given(st.integers(1, 20), st.floats(0, 1))
def test_each_failure_waits_longer_up_to_an_hour(attempt: int, draw: float) -> None:
    """5 s, 30 s, 2 min, 10 min, 1 h; a fifth shorter or longer."""
    step = LADDER_MS[min(attempt, len(LADDER_MS)) - 1]

    assert 0.8 * step - 1 <= backoff_ms(attempt, draw) <= 1.2 * step + 1
    assert backoff_ms(attempt, 0.5) == step


def test_every_state_can_be_left_but_by_its_own_events() -> None:
    """What failed for good comes back only when a person revives it."""
    assert {event for state, event in LIFE.table if state is JobState.DEAD} == {JobEvent.REVIVED}
    assert LIFE.sources(JobEvent.CLAIMED) == (JobState.QUEUED,)
    assert {event for _, event in LIFE.table} == set(JobEvent)


def test_a_recurring_job_has_one_id_in_every_process() -> None:
    """Below 0, where no other job's is, and one for each kind."""
    names = [f"kind_{n}" for n in range(1000)]
    ids = {recurring_id(name) for name in names}

    assert len(ids) == len(names)
    assert all(-(2**63) <= id_ < 0 for id_ in ids)
    assert recurring_id("kind_1") == recurring_id("kind_1")
