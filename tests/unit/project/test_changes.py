"""What a revision changes, from what is wanted, what is there, and what the planner says."""

from __future__ import annotations

from dataclasses import replace

import builders
import pytest

from runner.domain import JobStatus
from runner.project.revisions.changes import ChangeKind, changed_experiment, removed_experiment
from runner.reconcile.model.snapshot import TargetSettings

NOW = builders.at(600)
TERMS = TargetSettings(namespace="lab")
OLD = builders.an_experiment(builders.a_wanted_job(1), builders.a_wanted_job(2), builders.a_wanted_job(3))
NEW = replace(OLD, recipe="f" * 64)


def under_way(*statuses):
    """A batch of the old recipe with a job in each status."""
    jobs = [builders.a_job(f"j{t}", t=t, status=status) for t, status in enumerate(statuses, 1)]
    return builders.seen(builders.a_batch("b1", *jobs))


def deed(desired, seen):
    """What the planner does about it."""
    return builders.planned(desired, seen)


@pytest.mark.parametrize(
    ("statuses", "cancels", "told"),
    [
        (
            (JobStatus.PENDING, JobStatus.PENDING, JobStatus.RUNNING),
            2,
            ["cancels 2 pending jobs that are no longer asked for; 1 running go on"],
        ),
        (
            (JobStatus.PENDING, JobStatus.DONE, JobStatus.DONE),
            1,
            ["cancels 1 pending job that is no longer asked for"],
        ),
        ((JobStatus.DONE,) * 3, 0, []),
    ],
)
def test_another_recipe_cancels_what_is_pending_of_the_one_before(statuses, cancels, told):
    """What runs goes on, and all jobs are bought anew."""
    found = changed_experiment(deed(NEW, under_way(*statuses)), OLD)

    assert (ChangeKind.CHANGED, 3, 3, 3) == (
        found.kind,
        len(found.added),
        len(found.removed),
        found.cost.jobs,
    )
    assert (cancels, told) == (found.cancels, [text for text in found.warnings if "cancels" in text])


def test_what_is_removed_keeps_or_cancels_its_pending_work_as_the_planner_says():
    """Without anything there, there is nothing to say."""
    seen = under_way(JobStatus.PENDING, JobStatus.RUNNING)
    cancelled = removed_experiment(OLD, deed(replace(OLD, jobs=()), seen))

    assert (ChangeKind.REMOVED, 3, 1) == (cancelled.kind, len(cancelled.removed), cancelled.cancels)
    assert (0, ()) == ((none := removed_experiment(OLD, None)).cancels, none.warnings)


def test_a_new_observable_is_a_change_that_buys():
    """A review says so; one that is left out is a change that buys nothing."""
    energy = replace(NEW, observables={"aaaaaaaa": "energy"})
    new = changed_experiment(deed(energy, builders.seen()), NEW)
    less = changed_experiment(deed(NEW, builders.seen()), energy)

    assert (ChangeKind.CHANGED, ChangeKind.CHANGED) == (new.kind, less.kind)
    assert (("emulation.observables.energy", None, "aaaaaaaa"),) == tuple(
        (each.subject, each.have, each.want) for each in new.differences
    )
    assert [("emulation.observables.energy", "aaaaaaaa", None)] == [
        (each.subject, each.have, each.want) for each in less.differences
    ]
    assert (tuple(job.name for job in NEW.jobs), ()) == (new.added, less.added)
