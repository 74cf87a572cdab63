"""Schedules that once broke something; each is here as the simulation printed it."""

from __future__ import annotations

from history import broken
from schedules import Conditions, Deed, Fate, Schedule, Version


def test_a_late_direct_submission_is_not_bought_again_after_the_file_was_reordered():
    """What is wanted then has another submission tag, and is the same."""
    found = Schedule(
        seed=12,
        conditions=Conditions(
            submission="direct",
            versions=(
                Version(runs=((1, 100), (2, 50), (3, 100))),
                Version(runs=((3, 100), (2, 50), (1, 100))),
            ),
            failing=0.0,
        ),
        events=(Fate(runner=0, change=0, kind="late", delay_s=40.0), Deed(at_s=27.9, kind="edit")),
    )

    assert [] == broken(found)


def test_a_late_direct_submission_is_not_bought_again_beside_another_failed_job():
    """What is due then has another submission tag, and contains it."""
    found = Schedule(
        seed=121,
        conditions=Conditions(
            submission="direct",
            surplus="cancel",
            jobs_per_batch=2,
            retry_limit=2,
            versions=(Version(runs=((1, 100), (2, 250), (3, 50))),),
            idle_patience_s=8.0,
            failing=0.4,
        ),
        events=(Fate(runner=0, change=1, kind="crash late", delay_s=15.0),),
    )

    assert [] == broken(found)


def test_a_purchase_that_lands_on_a_claim_while_it_is_shut_is_not_made_again():
    """Two clones hold two versions of the file; what came to the other's claim is seen before buying."""
    found = Schedule(
        seed=2591,
        conditions=Conditions(
            runners=2,
            batch="open",
            surplus="cancel",
            retry_limit=0,
            versions=(
                Version(runs=((1, 250), (2, 250), (3, 250))),
                Version(runs=((1, 150), (2, 250), (3, 250))),
            ),
            canceling_s=3.0,
        ),
        events=(Deed(at_s=2.9, kind="edit"),),
    )

    assert [] == broken(found)
