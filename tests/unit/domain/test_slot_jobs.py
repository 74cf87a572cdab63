"""What was bought for a strategy, under all names that its experiment has had."""

from __future__ import annotations

from builders import at
from hypothesis import given
from hypothesis import strategies as st

from runner.domain import JobStatus
from runner.domain.slot_jobs import BoughtJob, bought_slots
from runner.domain.strategies import Confirmation, SearchSpace, Strategy, slot_key

LOOP = Strategy(
    digest="a" * 64,
    text="{}",
    kind="sobol",
    space=SearchSpace(dimensions=(), values={}),
    runs=100,
    confirm=Confirmation(best=1, runs=50, repeat=2),
)


def job(label, value, name="loop", *, status=JobStatus.DONE, at_s=0.0):
    """A job that was bought for a slot, or to confirm one."""
    key = slot_key(LOOP.short, str(label))
    return BoughtJob(name, key, {} if value is None else {"t": value}, status, at(at_s))


def found(*jobs):
    """The values of each slot and of what confirms one, and the names that went another way."""
    known = bought_slots(LOOP, "loop", jobs)
    slots = {label: values["t"] for label, values in (known.slots | known.confirmed).items()}
    return slots, known.others


def test_other_jobs_and_those_without_values_are_no_slots():
    """A slot may be missing, and what confirms it with it."""
    stranger = BoughtJob("gone", "0" * 16, {"t": 1}, JobStatus.DONE, at(9))
    assert ({1: 1, 4: 4, "4x2": 4}, {}) == found(
        stranger, job("3x1", 3), job("4x2", 4), job(4, 4), job(2, None), job(1, 1)
    )


def test_a_former_name_counts_up_to_where_it_went_another_way():
    """With what confirms its slots; what it cancelled decides nothing."""
    own = [job(1, 1), job(2, 2), job(3, 3, status=JobStatus.CANCELED)]
    same = [job(1, 1, "old"), job(2, 9, "old", status=JobStatus.CANCELED), job(3, 4, "old"), job(4, 5, "old")]
    assert ({1: 1, 2: 2, 3: 4, 4: 5}, {}) == found(*same, *own)
    other = [job(1, 1, "old"), job("1x1", 1, "old"), job(2, 9, "old"), job("2x1", 9, "old"), job(3, 4, "old")]
    assert ({1: 1, 2: 2, 3: 3, "1x1": 1}, {"old": 2}) == found(*other, *own)


def test_the_name_that_was_bought_under_last_comes_first():
    """Of several former ones; the own name comes before all of them."""
    old = [job(n, 10 * n, "old", at_s=1) for n in (1, 2, 3)]
    older = [job(n, n, "older") for n in (1, 2, 3, 4)]
    assert ({1: 10, 2: 20, 3: 30}, {"older": 1}) == found(*older, *old)
    assert ({1: 1, 2: 2, 3: 3, 4: 4}, {"old": 1}) == found(*older, *old, job(1, 1))


def test_of_several_values_those_count_that_tell_most():
    """Of one name: measured, under way, failed, cancelled; the first of the same."""
    ends = [JobStatus.CANCELED, JobStatus.ERROR, JobStatus.RUNNING, JobStatus.PENDING, JobStatus.DONE]
    tried = [job(1, n, status=status) for n, status in enumerate(ends)]
    assert [0, 1, 2, 2, 4] == [found(*tried[: n + 1])[0][1] for n in range(len(ends))]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 2, 3, "1x1", "2x2"]),
            st.integers(0, 1),
            st.sampled_from(["loop", "old", "older"]),
            st.sampled_from(list(JobStatus)),
            st.integers(0, 3),
        ),
        max_size=12,
    )
)
def test_whatever_former_names_bought_own_values_stay(drawn):
    """Each slot that was measured under the own name has the values that it was measured with there first."""
    jobs = [job(label, value, name, status=status, at_s=s) for label, value, name, status, s in drawn]
    own, _ = found(*(each for each in jobs if each.experiment == "loop" and each.status is JobStatus.DONE))
    slots, others = found(*jobs)
    assert own.items() <= slots.items()
    assert "loop" not in others
