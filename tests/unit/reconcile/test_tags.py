"""Tags: what is written on a batch is read back from it."""

from __future__ import annotations

from dataclasses import replace

from builders import RECIPE, a_wanted_job, an_experiment

from runner.reconcile.model.actions import NewJob
from runner.reconcile.model.repetitions import Repetitions
from runner.reconcile.model.tags import (
    Marks,
    adopting_tags,
    batch_tags,
    marks_for,
    read_marks,
    submission_tag,
)

CONSTANTS = an_experiment().constants
SUBMITTED = {"submission": "5ub", "claim": "c1a"}


def a_new_job(t=1, runs=100, attempt=1, rerun=0):
    """A job that is about to be bought."""
    return NewJob(key=a_wanted_job(t).key, name="n", runs=runs, attempt=attempt, rerun=rerun)


def test_tags_are_read_back_as_they_were_written():
    """Ours first, then the file's own."""
    marks = replace(marks_for("lab", an_experiment(), rerun=2), **SUBMITTED, constants=CONSTANTS)
    tags = batch_tags(marks, ("figure-3", "exp:exp"))

    assert [
        "runner:lab",
        "exp:exp",
        f"recipe:{RECIPE[:16]}",
        "submission:5ub",
        "claim:c1a",
        "rerun:2",
        f"constants:{CONSTANTS}",
        "figure-3",
    ] == tags
    assert Marks(
        namespace="lab",
        experiment="exp",
        recipe=RECIPE[:16],
        submission="5ub",
        claim="c1a",
        rerun=2,
        constants=CONSTANTS,
    ) == read_marks([*tags, "exp:impostor", "rerun:x"])


def test_repetitions_are_written_where_they_are_not_the_first_alone():
    """Batches as they were before stay as they were."""
    tags = [
        batch_tags(marks_for("lab", an_experiment(), rerun=0, repetitions=Repetitions(*span)))[5:]
        for span in ((1, 1), (2, 2), (1, 3))
    ]

    assert [[], ["repeat:2"], ["repeat:1-3"]] == tags
    assert [Repetitions(1, 1), Repetitions(2, 2), Repetitions(1, 3)] == [
        read_marks(some).repetitions for some in tags
    ]


def test_what_another_tool_calls_repeat_is_no_repetition_of_ours():
    """Ours stands in front."""
    tags = adopting_tags(marks_for("lab", an_experiment(), rerun=0), ["repeat:7"])

    assert ["repeat:1", "adopted", "repeat:7"] == tags[3:]
    assert Repetitions(1, 1) == read_marks(tags).repetitions


def test_foreign_tags_say_nothing():
    """A batch of somebody else."""
    assert Marks() == read_marks(["figure-3", "rerun:many"])


def test_tags_are_short_ascii():
    """PCS's limits are not documented; under 64 characters is kept to."""
    marks = marks_for("n" * 40, an_experiment(name="e" * 40), rerun=10**9)
    tags = batch_tags(replace(marks, submission="s" * 16, claim="c" * 16, constants=CONSTANTS))

    assert all(len(tag) < 64 and tag.isascii() for tag in tags)


def test_two_machines_that_want_the_same_write_the_same_submission():
    """So that a race can be seen."""
    jobs = [a_new_job(1), a_new_job(2)]

    assert submission_tag(an_experiment(), jobs) == submission_tag(an_experiment(), list(jobs))


def test_whatever_is_bought_differently_has_another_submission():
    """Recipe, rerun, points, runs, attempts."""
    tags = {
        submission_tag(an_experiment(), [a_new_job()]),
        submission_tag(an_experiment(recipe="f" * 64), [a_new_job()]),
        submission_tag(an_experiment(), [a_new_job(rerun=1)]),
        submission_tag(an_experiment(), [a_new_job(2)]),
        submission_tag(an_experiment(), [a_new_job(runs=99)]),
        submission_tag(an_experiment(), [a_new_job(attempt=2)]),
    }

    assert len(tags) == 6
