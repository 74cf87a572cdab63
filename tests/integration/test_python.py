"""The main job in Python: load, plan, apply, look, results."""

from __future__ import annotations

import runner
from runner.reconcile import End, Health, Sync


def test_an_experiment_is_planned_applied_and_read_in_python(neighbour):
    """As by command: three jobs are bought once, and what the emulator gave is kept."""
    e = runner.load(neighbour / "specs" / "pair.yaml")
    told = []

    assert (3, 150) == (e.plan().cost.jobs, e.plan().cost.runs)
    applied = e.apply(timeout_s=120, tell=told.append)
    assert (End.SETTLED, True) == (applied.end, applied.is_complete)
    assert applied.results == e.results()
    assert ["pair"] == list({plan.experiment for plan in told})
    assert (Sync.SYNCED, Health.HEALTHY, ()) == (e.status().sync, e.status().health, e.status().concerns)
    assert () == e.plan().actions
    assert [100, 200, 300] == [found.total_duration for found in e.results().to_pulser()]
    assert [dict(job.counts) for job in e.results()] == [
        found.final_bitstrings for found in e.results().to_pulser()
    ]
