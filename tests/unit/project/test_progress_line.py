"""The line that tells how far an apply has come, in a notebook or at a prompt."""

from __future__ import annotations

import io
import sys

import pytest

from runner.errors import CloudUnavailableError
from runner.project.progress_line import ProgressLine, is_interactive
from runner.reconcile import Health, Plan, PointProgress, Sync


def a_plan(*done):
    """A plan of jobs of which so many runs are done."""
    jobs = (PointProgress(key=str(n), name=str(n), runs=5, done=d, active=5 - d) for n, d in enumerate(done))
    return Plan(
        experiment="ramp",
        actions=(),
        jobs=tuple(jobs),
        sync=Sync.SYNCED,
        health=Health.PROGRESSING,
    )


def written(*passes, outage=None):
    """What was written while some passes went by."""
    stream = io.StringIO()
    with ProgressLine(stream) as line:
        for plans in passes:
            line.watch.on_plans(plans)
        if outage:
            line.watch.on_outage(outage)
    return stream.getvalue()


def test_the_line_is_written_over_at_each_news():
    """Once for each, wiped where the next one is shorter, and ended at the end."""
    first, last = "0/2 jobs: 2 pending; 2 adopted; – jobs/min; – left", "2/2 jobs: 2 done; 2 adopted"
    text = written([a_plan(0, 0)], [a_plan(0, 0)], [a_plan(5, 5)])

    assert f"\r{first}\r{last.ljust(len(first))}\n" == text


def test_the_line_fits_its_terminal(monkeypatch):
    """One that wraps could not be written over."""
    monkeypatch.setenv("COLUMNS", "20")

    assert "\r0/2 jobs: 2 pendin…\n" == written([a_plan(0, 0)])


def test_the_line_says_that_the_cloud_is_out_of_reach():
    """Else waiting looks like work."""
    assert "\rthe cloud is out of reach, waiting: no route\n" == written(
        outage=CloudUnavailableError("no route")
    )


def test_nothing_is_written_where_nothing_happens():
    """No empty line either."""
    assert "" == written()


@pytest.mark.parametrize("has_prompt", [True, False])
def test_a_prompt_tells_that_a_person_types(monkeypatch, has_prompt):
    """Python, IPython and the kernels of notebooks set it, scripts do not."""
    monkeypatch.delattr(sys, "ps1", raising=False)
    if has_prompt:
        monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)

    assert has_prompt is is_interactive()
