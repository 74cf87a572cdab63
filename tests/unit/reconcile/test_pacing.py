"""Purchases begin slowly, and faster while all succeed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import NOW, TERMS, a_batch, a_wanted_job, an_entry, an_experiment, plan, seen, tags_of

from runner.reconcile.execute.ramp_up import next_allowance, paced, purchases
from runner.reconcile.model.actions import AddJobs, NewJob
from runner.reconcile.model.tags import submission_tag

JOB = a_wanted_job()
TAG = submission_tag(
    an_experiment(), [NewJob(key=JOB.key, name=JOB.name, runs=100, attempt=1, variables=JOB.variables)]
)
CLAIMED = seen(a_batch(open=True, tags=tags_of(TAG)), entries=[an_entry(submission=TAG)])


def buying(name):
    """A plan that buys one batch."""
    return replace(plan(an_experiment(), CLAIMED, TERMS, NOW), experiment=name)


IDLE = plan(an_experiment(), seen(), TERMS, NOW)


@pytest.mark.parametrize(("allowance", "expected"), [(1, [0, 1, 0]), (2, [0, 1, 1]), (9, [0, 1, 1])])
def test_no_more_batches_are_bought_than_allowed(allowance, expected):
    """The first ones are; a claim costs nothing and does not count."""
    kept = paced([IDLE, buying("a"), buying("b")], allowance)

    assert expected == [purchases(each.actions) for each in kept]
    assert [len(each.actions) for each in kept] == [len(each.differences) for each in kept]
    assert IDLE == kept[0]
    assert all(isinstance(a, AddJobs) for a in buying("a").actions)


@pytest.mark.parametrize(
    ("allowance", "bought", "all_answered", "expected"),
    [(1, 1, True, 2), (2, 2, True, 4), (4, 1, True, 4), (4, 0, True, 4), (8, 8, False, 1)],
)
def test_the_allowance_doubles_while_all_succeed(allowance, bought, all_answered, expected):
    """One request without an answer, and it begins anew."""
    plans = [buying(str(n)) for n in range(bought)]

    assert expected == next_allowance(allowance, plans, all_answered=all_answered)
