"""Jobs of a strategy are told apart by their place in their batch, for ever."""

from __future__ import annotations

import pytest
from builders import a_job
from hypothesis import given
from hypothesis import strategies as st

from runner.domain.strategies import slot_key
from runner.reconcile.model.actions import NewJob
from runner.reconcile.model.repetitions import FIRST, are_told_apart, spanned, together
from runner.reconcile.model.slots import Slots, read_slots, slots_of
from runner.reconcile.model.tags import batch_tags, joined_tags, read_marks
from runner.reconcile.observe.completeness import beyond_slots

STRATEGY = "0123456789abcdef"


def a_new_job(slot, attempt=1, t=None):
    """A job of a slot that is to be bought; without a value, with one of its own."""
    values = {"t": int(slot.partition("x")[0]) if t is None else t}
    return NewJob(
        key=slot_key(STRATEGY, slot), name=slot, runs=100, attempt=attempt, slot=slot, variables=values
    )


def slots_said(jobs):
    """The slot of each job; its own key where it is none."""
    labels = {slot_key(STRATEGY, str(n)): n for n in range(1, 100)}
    return [labels.get(job.key, job.key) for job in jobs]


@pytest.mark.parametrize(
    ("labels", "tag"),
    [
        (("7",), "slots:7"),
        (("7", "8", "9", "10"), "slots:7-10"),
        (("7", "8"), "again:7.8"),
        (("7", "9"), "again:7.9"),
        (("3", "12x2"), "again:3.12x2"),
        (("12x1",), "again:12x1"),
    ],
)
def test_a_tag_says_which_jobs_a_batch_has(labels, tag):
    """A tag is read back as it was written."""
    slots = Slots(STRATEGY, labels, is_listed=tag.startswith("again"))
    assert str(slots) == tag
    assert read_slots(STRATEGY, tag) == slots


@pytest.mark.parametrize(
    "word", ["slots:", "slots:0", "slots:9-7", "slots:1-99999", "again:", "again:x", "again:1..2"]
)
def test_a_tag_without_sense_says_nothing(word):
    """What another tool writes there decides nothing."""
    assert read_slots(STRATEGY, word) is None
    assert read_marks([word]).repetitions == FIRST


def test_jobs_that_are_listed_are_known_by_their_place():
    """Values do not count, and what comes beyond is what the first job with its values is."""
    jobs = [a_job(f"j{n}", t=t) for n, t in enumerate([5, 5, 6, 5, 6, 7])]
    keyed = Slots(STRATEGY, ("7", "8", "9"), is_listed=True).keyed(jobs)
    assert slots_said(keyed) == [7, 8, 9, 7, 9, jobs[-1].key]


@pytest.mark.parametrize(
    ("values", "slots"),
    [
        ([5, 6, 7], [7, 8, 9]),
        ([5, 6, 7, 7], [7, 8, 9, 9]),
        ([5, 6, 6, 7], [7, 8, 8, 9]),  # it arrived twice before the next was added
        ([5, 6, 5, 6], [7, 8, 7, 8]),  # and what was to be added never came
        ([5, 5, 6, 7, 6, 8], [7, 7, 8, 9, 8, None]),
    ],
)
def test_a_request_that_arrives_twice_between_two_others_takes_no_slot(values, slots):
    """In a range all slots have other values, so that what is there already is told apart by its values."""
    jobs = [a_job(f"j{n}", t=t) for n, t in enumerate(values)]
    keyed = Slots(STRATEGY, ("7", "8", "9")).keyed(jobs)
    assert slots_said(keyed) == [job.key if n is None else n for n, job in zip(slots, jobs, strict=True)]


@pytest.mark.parametrize(
    ("slots", "attempt", "values", "tag"),
    [
        ("78", 1, (1, 2), "slots:7-8"),
        ("78", 1, (1, 1.0), "again:7.8"),
        ("78", 2, (1, 2), "again:7.8"),
        ("7", 2, (1,), "again:7"),
        ("79", 1, (1, 2), "again:7.9"),
    ],
)
def test_only_first_attempts_with_other_values_are_said_as_a_range(slots, attempt, values, tag):
    """All others are listed, and nothing is added to their batch."""
    said = slots_of(STRATEGY, [a_new_job(n, attempt, t) for n, t in zip(slots, values, strict=True)])
    following = a_new_job(str(int(slots[-1]) + 1))
    assert str(said) == tag
    assert (said.with_more(len(slots), [following]) is None) == said.is_listed


@pytest.mark.parametrize(("only_one", "taken"), [(True, [["1", "2"], ["3"]]), (False, [["1", "2", "3"]])])
def test_slots_with_the_same_values_are_not_added_to_one_batch(only_one, taken):
    """A batch that may get more has each value once; a closed one lists its slots."""
    left, bought = [a_new_job("1", t=1), a_new_job("2", t=2), a_new_job("3", t=1)], []
    while left:
        some = together(left, only_one=only_one)
        bought.append([job.slot for job in some])
        left = left[len(some) :]
    assert bought == taken


def test_a_range_is_no_place_for_jobs_that_have_come_to_have_the_same_values():
    """A claim is made for some proposals, and another process may propose otherwise; a list tells both."""
    same, other = ([a_new_job("7", t=1), a_new_job("8", t=t)] for t in (1, 2))
    ranged, listed = (Slots(STRATEGY, ("7", "8"), is_listed=is_listed) for is_listed in (False, True))
    told = [are_told_apart(jobs, slots) for slots in (ranged, listed) for jobs in (same, other)]
    assert told == [False, True, True, True]


def test_what_the_tag_does_not_tell_of_is_a_gap():
    """A job with values that no slot of its batch has keeps the batch from being seen whole."""
    slots = Slots(STRATEGY, ("7", "8"))
    jobs = slots.keyed([a_job("j0", t=5), a_job("j1", t=6), a_job("j2", t=5)])
    assert list(beyond_slots(jobs, slots)) == []
    jobs = slots.keyed([a_job("j0", t=5), a_job("j1", t=6), a_job("j2", t=7)])
    assert list(beyond_slots(jobs, slots)) == ["its tag tells of 2 jobs, and j2 is none of them"]


def test_the_longest_tag_counts():
    """A batch that is held open only gets more jobs; a view that lags shows an older tag."""
    tags = [f"recipe:{STRATEGY}", "slots:1-4", "slots:1-12", "slots:1-8"]
    assert read_marks(tags).repetitions == Slots(STRATEGY, tuple(map(str, range(1, 13))))


def test_marks_with_slots_are_read_back():
    """All marks of a batch stand in its tags."""
    marks = read_marks(
        ["runner:lab", f"recipe:{STRATEGY}", "slots:3-4", "submission:s", "claim:c", "rerun:2"]
    )
    assert read_marks(batch_tags(marks)) == marks
    assert "slots:3-4" in joined_tags(batch_tags(marks), ["mine"])


@pytest.mark.parametrize(
    ("due", "taken"),
    [
        ([("1", 1), ("2", 1), ("3", 1)], ("1", "2", "3")),
        ([("1", 1), ("3", 1)], ("1",)),
        ([("4", 2), ("5", 1), ("6", 3), ("7", 1)], ("4", "6")),
        ([("5", 1), ("6", 1), ("4", 2)], ("5", "6")),
        ([("12x1", 1), ("12x2", 1)], ("12x1", "12x2")),
    ],
)
def test_first_attempts_and_retries_are_never_mixed(due, taken):
    """What one tag can tell is bought together; the rest has a batch of its own."""
    jobs = [a_new_job(*each) for each in due]
    assert tuple(job.slot for job in together(jobs, only_one=False)) == taken


@given(
    st.dictionaries(
        st.integers(1, 999_999_999) | st.integers(1, 40),
        st.tuples(st.integers(1, 3), st.integers(1, 9)),
        min_size=1,
        max_size=40,
    ),
    st.booleans(),
)
def test_what_is_bought_together_fits_a_tag(due, only_one):
    """Every purchase can be told by one tag of at most 63 characters, and each job comes to its turn."""
    left = [a_new_job(str(slot), attempt, t) for slot, (attempt, t) in sorted(due.items())]
    while left:
        bought = together(left, only_one=only_one)
        places = spanned(bought, STRATEGY)
        assert bought
        assert len(str(places)) < 64
        assert are_told_apart(bought, read_slots(STRATEGY, str(places)))
        left = [job for job in left if job not in bought]


def test_only_what_follows_is_added_to_a_batch():
    """An open batch gets the first attempts after those that it has."""
    slots = Slots(STRATEGY, ("5", "6"))
    assert slots.with_more(2, [a_new_job("7"), a_new_job("8")]) == Slots(STRATEGY, ("5", "6", "7", "8"))
    assert slots.with_more(2, [a_new_job("8")]) is None
    assert slots.with_more(2, [a_new_job("7", attempt=2)]) is None
    assert slots.with_more(1, [a_new_job("6")]) == slots  # the request after the tag was lost
    assert slots.with_more(4, [a_new_job("9")]) is None  # a request came twice
    seven = a_new_job("7")
    assert slots.with_more(2, [seven], {seven.values}) is None  # it would look as if one had
    assert slots.with_more(2, [seven, a_new_job("8", t=7)]) is None
