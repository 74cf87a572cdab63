"""Every action says what caused it, field by field."""

from __future__ import annotations

import pytest
from builders import (
    NOW,
    RECIPE,
    TERMS,
    a_batch,
    a_job,
    a_record,
    a_wanted_job,
    an_entry,
    an_experiment,
    plan,
    seen,
    tags_of,
)

from runner.domain import Budget, JobStatus, Policy, Surplus
from runner.reconcile.model.entries import State
from runner.reconcile.model.plan import Difference
from runner.reconcile.model.tags import SHORT

OLD = "f" * SHORT
PRUNING = Policy(prune=Surplus.CANCEL)
LOST = an_entry(state=State.UNKNOWN, batch_id=None)


@pytest.mark.parametrize(
    ("experiment", "observed", "expected"),
    [
        pytest.param(
            an_experiment(a_wanted_job(1), a_wanted_job(2)),
            seen(recorded=[a_record()]),
            {"Claim": (Difference("jobs.t2.runs", 0, 100),)},
            id="a job was added",
        ),
        pytest.param(
            an_experiment(a_wanted_job(1, 800)),
            seen(recorded=[a_record(runs=500)]),
            {"Claim": (Difference("jobs.t1.runs", 500, 800),)},
            id="runs were raised",
        ),
        pytest.param(
            an_experiment(a_wanted_job(2), policy=PRUNING),
            seen(a_batch("b1", a_job()), recorded=[a_record("j2", t=2)]),
            {"CancelJobs": (Difference(f"jobs.{a_wanted_job(1).key}.runs", 100, 0),)},
            id="a job was removed",
        ),
        pytest.param(
            an_experiment(a_wanted_job(1, 150), policy=PRUNING),
            seen(a_batch("b1", a_job("j1"), a_job("j2"), a_job("j3"))),
            {"CancelJobs": (Difference("jobs.t1.runs", 300, 200),)},
            id="runs were lowered",
        ),
        pytest.param(
            an_experiment(a_wanted_job(1), a_wanted_job(2, 50, rerun=1), policy=PRUNING),
            seen(a_batch("b1", a_job("j1"), a_job("j2"), a_job("j3", t=2)), recorded=[a_record(rerun=1)]),
            {
                "CancelJobs": (Difference("jobs.t2.rerun", 0, 1), Difference("jobs.t1.runs", 200, 100)),
                "Claim": (Difference("jobs.t2.runs", 0, 50),),
            },
            id="runs were lowered and the rerun of a job raised",
        ),
        pytest.param(
            an_experiment(a_wanted_job(1, rerun=1), a_wanted_job(2, rerun=2)),
            seen(a_batch("b1", a_job()), recorded=[a_record("j2", rerun=1), a_record("j3", t=2, rerun=2)]),
            {"CancelBatch": (Difference("rerun", 0, "1 or 2"),)},
            id="the rerun of every job was raised",
        ),
        pytest.param(
            an_experiment(rerun=1),
            seen(a_batch("b1", a_job(), tags=tags_of("s", "c", OLD)), recorded=[a_record(rerun=1)]),
            {"CancelBatch": (Difference("recipe", OLD, RECIPE[:SHORT]), Difference("rerun", 0, 1))},
            id="the recipe was changed and rerun raised",
        ),
        pytest.param(
            an_experiment(),
            seen(a_batch("b1", a_job(status=JobStatus.DONE))),
            {"RecordResults": (Difference("recorded", 0, 1),)},
            id="a job ended",
        ),
        pytest.param(
            an_experiment(),
            seen(a_batch("b1", a_job(), open=True), entries=[LOST]),
            {
                "Adopt": (Difference("creation", State.UNKNOWN, State.ACCEPTED),),
                "CloseBatch": (Difference("open", have=True, want=False),),
            },
            id="a creation was never confirmed",
        ),
        pytest.param(
            an_experiment(a_wanted_job(1), a_wanted_job(2), policy=Policy(budget=Budget(runs=150))),
            seen(recorded=[a_record()]),
            {"Hold": (Difference("jobs.t2.runs", 0, 100),)},
            id="the budget is too small",
        ),
        pytest.param(
            an_experiment(),
            seen(
                a_batch("b1", a_job("j1")),
                a_batch("b2", a_job("j2", batch_id="b2"), tags=tags_of("s", "c2")),
            ),
            {"CancelBatch": (Difference("batches of the same work", 2, 1),)},
            id="the same was bought twice",
        ),
    ],
)
def test_an_action_names_what_is_not_as_it_is_wanted(experiment, observed, expected):
    """Each with what there is and what is wanted."""
    made = plan(experiment, observed, TERMS, NOW)
    caused = zip(made.actions, made.differences, strict=True)

    assert expected == {type(action).__name__: found for action, found in caused}
