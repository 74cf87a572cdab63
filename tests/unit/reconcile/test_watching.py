"""How long a watch pauses, and what it tells of two successive plans."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.reconcile import CancelBatch, Health, Hold, Plan, PointProgress, Sync
from runner.reconcile.execute.change_events import ChangeLine, News, Pace, lines, pause_s

PLAN = Plan(
    experiment="exp",
    actions=(),
    jobs=(
        PointProgress(key="k", name="a", runs=5, done=5),
        PointProgress(key="l", name="b", runs=5, active=5),
    ),
    sync=Sync.SYNCED,
    health=Health.PROGRESSING,
)
STATE = ChangeLine(news=News.STATE, text="Synced, Progressing; 2 jobs: 1 active, 1 done")
CANCEL = CancelBatch(batch_id="b1", reason="the file has changed", mark="superseded")
HOLD = Hold(reason="nobody knows", how="resolve it")
HELD = ChangeLine(news=News.HELD, text="held: nobody knows; resolve it")
DECIDED = ChangeLine(news=News.DECIDED, text="no longer held: nobody knows")


@pytest.mark.parametrize(
    ("failures", "jitter", "expected"),
    [
        (0, 0.5, 30.0),
        (0, 0.0, 27.0),
        (0, 1.0, 33.0),
        (1, 1.0, 2.0),
        (1, 0.0, 1.0),
        (2, 1.0, 4.0),
        (5, 1.0, 32.0),
        (9, 1.0, 300.0),
        (10_000, 0.0, 150.0),
    ],
)
def test_pauses_are_even_after_success_and_double_after_failures_up_to_a_limit(failures, jitter, expected):
    """Half of a pause after a failure is by chance: watchers do not return all at once."""
    assert expected == pytest.approx(pause_s(Pace(), failures, jitter))


@given(st.integers(1, 10**9), st.floats(0, 1), st.floats(0.1, 1e6))
def test_a_pause_after_a_failure_is_never_nothing_and_never_too_long(failures, jitter, interval_s):
    """Whatever happened before."""
    assert 1.0 <= pause_s(Pace(interval_s=interval_s), failures, jitter) <= 300.0


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, PLAN, (STATE,)),
        (None, replace(PLAN, jobs=()), (replace(STATE, text="Synced, Progressing; no jobs"),)),
        (PLAN, PLAN, ()),
        (
            PLAN,
            replace(PLAN, health=Health.HEALTHY),
            (ChangeLine(news=News.STATE, text="Synced, Healthy; 2 jobs: 1 active, 1 done"),),
        ),
        (
            PLAN,
            replace(PLAN, actions=(CANCEL,)),
            (ChangeLine(news=News.ACTION, text="CancelBatch b1: the file has changed"),),
        ),
        (replace(PLAN, actions=(CANCEL,)), replace(PLAN, actions=(CANCEL,)), ()),
        (
            PLAN,
            replace(PLAN, actions=(HOLD,)),
            (HELD,),
        ),
        (replace(PLAN, actions=(HOLD,)), replace(PLAN, actions=(HOLD,)), ()),
        (
            replace(PLAN, actions=(HOLD,)),
            PLAN,
            (DECIDED,),
        ),
    ],
    ids=["first", "no jobs", "same", "health", "action", "same action", "hold", "same hold", "decided"],
)
def test_only_what_has_changed_is_told(before, after, expected):
    """Each thing once."""
    assert expected == lines(before, after)
