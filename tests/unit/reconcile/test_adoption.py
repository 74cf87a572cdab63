"""What speaks against taking a batch over, field by field."""

from __future__ import annotations

import json

import pytest
from builders import SEQUENCE, a_batch, a_key, a_wanted_job, an_entry, an_experiment, repeated, tags_of

from runner.domain import JobStatus, job_key
from runner.errors import WireFormatError
from runner.reconcile.model.entries import RequestKind, State
from runner.reconcile.model.tags import adopting_tags, marks_for, read_marks
from runner.reconcile.observe.adoption import (
    candidate,
    free_repetitions,
    lost_submissions,
    submission_objections,
)

UNREADABLE = "its sequence cannot be read: "


def a_job_there(t=1, runs=100, status=JobStatus.DONE, number=1):
    """A job as the cloud tells it."""
    return {"id": f"j{number}", "batch_id": "b1", "status": status, "runs": runs, "variables": {"t": t}}


def a_batch_there(**fields):
    """A batch of another tool as the cloud tells it."""
    values = {
        "id": "b1",
        "status": "DONE",
        "open": False,
        "created_at": "2026-03-01T11:00:00",
        "tags": ["mine", "figure-3"],
        "device_type": "EMU_FREE",
        "sequence_builder": SEQUENCE,
        "jobs_count": 1,
    }
    return values | fields


def objections(batch=None, jobs=None, desired=None):
    """What speaks against it."""
    jobs = [a_job_there()] if jobs is None else jobs
    return candidate(desired or an_experiment(), "lab", a_batch_there(**(batch or {})), jobs).objections


def with_sequence(**changes):
    """The sequence, but for some fields."""
    return json.dumps(json.loads(SEQUENCE) | changes)


def test_jobs_match_by_their_variables_and_runs_are_added_up():
    """Failed ones count for nothing; what matches nothing is told on both sides."""
    desired = an_experiment(a_wanted_job(1, 200), a_wanted_job(2))
    jobs = [
        a_job_there(1.0, 50, number=1),
        a_job_there(1, 60, JobStatus.RUNNING, number=2),
        a_job_there(1, 70, JobStatus.ERROR, number=3),
        a_job_there(3, number=4),
    ]
    found = candidate(desired, "lab", a_batch_there(), jobs)

    assert () == found.objections
    assert [("t1", 110, ["j1", "j2", "j3"]), ("t2", 0, [])] == [
        (match.job.name, match.runs, [job.id for job in match.there]) for match in found.matches
    ]
    assert ["j4"] == [job.id for job in found.unasked]


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        ({}, ()),
        ({"sequence_builder": with_sequence(name="another", pulser_version="0.1", device="D")}, ()),
        ({"sequence_builder": with_sequence(layout={"coordinates": [[0, 0]]})}, ()),
        ({"tags": ["runner:lab", "exp:x"]}, ("it is this repository's already, of the experiment x",)),
        ({"tags": ["runner:far"]}, ("it belongs to another repository, with the namespace 'far'",)),
        ({"device_type": "FRESNEL"}, ("its device type is FRESNEL, the file says EMU_FREE",)),
        (
            {"backend_configuration": {"dt": 1}},
            ("it has a backend_configuration, and the file has no emulation",),
        ),
        (
            {"configuration": {"dt": 1}},
            ("it has a configuration of its own, which files cannot ask for",),
        ),
        ({"open": True}, ("it is still open: whoever opened it may add jobs; close it first",)),
        (
            {"sequence_builder": with_sequence(device="E", version=1)},
            (
                "its sequence differs at /device: it has 'E', the file 'D'",
                "its sequence differs at /version: it has 1, the file '1'",
            ),
        ),
        (
            {"sequence_builder": with_sequence(register=[{"name": "q0", "x": 0, "y": 1.5}], more=[])},
            (
                "its sequence differs at /more: it has [], the file nothing",
                "its sequence differs at /register/0/y: it has 1.5, the file 0.0",
            ),
        ),
        (
            {"sequence_builder": None},
            ("it has no sequence, and the file has one beside those of its jobs",),
        ),
        (
            {"sequence_builder": "[]"},
            (UNREADABLE + "an abstract representation is a JSON object",),
        ),
    ],
    ids=str,
)
def test_each_difference_is_named(batch, expected):
    """What is no physics is no difference."""
    assert expected == objections(batch)


def test_traps_that_a_file_names_have_to_be_those_of_the_batch():
    """Where it names none, or has them found, any do."""
    named, found = ({"coordinates": [[0, 0]], "slug": slug} for slug in ("mine", "automatic"))
    other = {"sequence_builder": with_sequence(layout={"coordinates": [[1, 1]], "slug": "mine"})}

    assert ("its sequence differs at /layout/coordinates/0/0: it has 1, the file 0",) == objections(
        other, desired=an_experiment(sequence=with_sequence(layout=named))
    )[:1]
    assert () == objections(other, desired=an_experiment(sequence=with_sequence(layout=found)))


def test_a_batch_without_any_job_of_the_file_is_not_taken():
    """There is nothing to take over."""
    reason = ("none of its jobs is one that the file asks for",)

    assert (reason, reason) == (objections(jobs=[]), objections(jobs=[a_job_there(9)]))


@pytest.mark.parametrize(
    ("points", "held", "expected", "matched"),
    [
        ([1, 1], [], "1-2", ["j1", "j2", None]),
        ([1, 1], [1], "2-3", [None, "j1", "j2"]),
        ([1], [1, 3], "2", [None, "j1", None]),
        ([1, 2, 1, 2], [], "1-2", ["j1", "j3", None]),
        ([1], [1, 2, 3], "4", [None, None, None]),
        ([9], [], "1", [None, None, None]),
    ],
)
def test_jobs_of_another_tool_are_the_first_repetitions_that_are_free(points, held, expected, matched):
    """In the order in which they were added."""
    desired = an_experiment(*repeated(3), a_wanted_job(2))
    jobs = [a_job_there(t, number=number) for number, t in enumerate(points, 1)]
    repetitions = free_repetitions(desired, jobs, {a_key(1, n) for n in held})
    found = candidate(desired, "lab", a_batch_there(), jobs, repetitions=repetitions)

    assert expected == str(repetitions)
    assert matched == [match.there[0].id if match.there else None for match in found.matches[:3]]


def test_a_job_of_other_runs_is_no_repetition():
    """It is told as one that the file does not ask for."""
    found = candidate(an_experiment(*repeated(1)), "lab", a_batch_there(), [a_job_there(runs=99)])

    assert ["j1"] == [job.id for job in found.unasked]


def test_a_batch_of_jobs_with_different_reruns_is_not_taken():
    """It would get one number, and what does not have it would be bought again."""
    desired = an_experiment(a_wanted_job(1), a_wanted_job(2, rerun=1))
    both = [a_job_there(1, number=1), a_job_there(2, number=2)]
    one = candidate(desired, "lab", a_batch_there(), both[1:])

    said = ("the file counts `rerun` differently for its jobs (0 and 1), and a batch has one number",)
    assert said == objections(jobs=both, desired=desired)
    assert ((), (1,)) == (one.objections, one.reruns)


def test_a_batch_that_cannot_be_read_is_an_error_and_no_objection():
    """A field that decisions rest on."""
    with pytest.raises(WireFormatError):
        objections({"created_at": "yesterday"})


def test_an_adopted_batch_keeps_its_tags_after_ours_and_is_nobodys_claim():
    """So that nothing is ever added to it."""
    tags = adopting_tags(marks_for("lab", an_experiment(tags=("paper",)), rerun=2), ["mine", "exp:other"])
    marks = read_marks(tags)

    assert ["runner:lab", "exp:exp", "rerun:2", "adopted", "mine", "exp:other"] == [
        tag for tag in tags if not tag.startswith("recipe:")
    ]
    assert ("exp", an_experiment().recipe[:16], "", "", 2) == (
        marks.experiment,
        marks.recipe,
        marks.claim,
        marks.submission,
        marks.rerun,
    )


def test_only_purchases_with_one_post_that_nobody_can_find_are_lost():
    """A claim without an answer costs nothing."""
    lost = an_entry(RequestKind.SUBMIT, State.UNKNOWN, claim="lost")
    entries = (
        an_entry(RequestKind.CLAIM, State.UNKNOWN, claim="claim"),
        an_entry(RequestKind.SUBMIT, State.ACCEPTED, claim="done"),
        lost,
        an_entry(RequestKind.SUBMIT, State.INTENDED, claim="landed"),
    )

    assert (lost,) == lost_submissions(entries, [a_batch(tags=tags_of(claim="landed"))])


@pytest.mark.parametrize(
    ("tags", "jobs", "expected"),
    [
        ([], [a_job_there()], []),
        (["runner:lab", "exp:exp", "claim:c"], [a_job_there()], []),
        (["runner:far"], [a_job_there()], ["it belongs to another repository, with the namespace 'far'"]),
        (["exp:other"], [a_job_there()], ["it is one of the experiment other"]),
        (["claim:other"], [a_job_there()], ["it is another submission of this repository"]),
        (
            [],
            [a_job_there(runs=99)],
            [
                "it lacks 1 of the jobs that were sent: t1 with 100 runs",
                "it holds 1 job not sent: t1 with 99 runs",
            ],
        ),
    ],
    ids=["unmarked", "marked", "foreign", "other experiment", "other submission", "other runs"],
)
def test_a_lost_submission_is_known_by_its_jobs(tags, jobs, expected):
    """Exactly those that were sent, and no mark that says otherwise."""
    entry = an_entry(RequestKind.SUBMIT, State.UNKNOWN, jobs=((job_key({"t": 1}), 100),))
    found = candidate(an_experiment(), "lab", a_batch_there(tags=tags), jobs)

    assert expected == list(submission_objections(an_experiment(), "lab", entry, found))
