"""Results as Pulser's own objects."""

from __future__ import annotations

import pytest
from builders import a_record, a_result, some_results
from pulser.backend import Results

from runner.domain import JobStatus
from runner.errors import RecordError

COUNTS = {"01": 30, "11": 10}


def serialised(counts, duration_ns=100):
    """What an emulator gives beside the counts."""
    return Results.from_final_bitstrings(("q0", "q1"), duration_ns, counts).to_abstract_repr()


def a_job(remote, texts, **fields):
    """A job with remote jobs and what was kept of them."""
    total = {bits: sum(job.counts.get(bits, 0) for job in remote) for bits in COUNTS}
    return a_result(total, remote_jobs=tuple(remote), serialised=lambda job: texts.get(job.id), **fields)


def test_counts_become_final_bitstrings():
    """In the register's order, with the duration of the sequence; nothing came back of the other."""
    found, none = some_results(a_result(COUNTS, duration_ns=250), a_result()).to_pulser()

    assert (COUNTS, ("q0", "q1"), 250) == (found.final_bitstrings, found.atom_order, found.total_duration)
    assert none is None


def test_what_the_emulator_gave_is_preferred_and_added_up():
    """Over all remote jobs that were measured; failed ones gave nothing."""
    remote = [
        a_record("a", counts={"01": 20, "11": 5}),
        a_record("lost", status=JobStatus.ERROR),
        a_record("b", counts={"01": 10, "11": 5}),
    ]
    found = a_job(remote, {job.id: serialised(job.counts) for job in remote if job.counts}).to_pulser()

    assert (COUNTS, 100) == (found.final_bitstrings, found.total_duration)


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"a": serialised({"01": 20})},
        {"a": serialised({"01": 20}), "b": serialised({"01": 1}, duration_ns=7)},
    ],
    ids=["nothing kept", "half is kept", "cannot be added up"],
)
def test_what_is_not_whole_falls_back_to_the_bitstrings(texts):
    """All of them: no run is left out."""
    remote = [a_record("a", counts={"01": 20, "11": 5}), a_record("b", counts={"01": 10, "11": 5})]
    found = a_job(remote, texts, duration_ns=250).to_pulser()

    assert (COUNTS, 250) == (found.final_bitstrings, found.total_duration)


@pytest.mark.parametrize("text", ["{", "{}", "[]"])
def test_what_was_kept_and_is_broken_is_an_error(text):
    """That names the job and says what to do."""
    with pytest.raises(RecordError, match="for job j1 cannot be read") as caught:
        a_job([a_record(counts=COUNTS)], {"j1": text}).to_pulser()
    assert "delete it" in caught.value.hint


def test_without_a_duration_there_is_no_honest_answer():
    """Pulser's results need one."""
    with pytest.raises(RecordError, match="duration of the sequence, which is not known"):
        a_result(COUNTS).to_pulser()
