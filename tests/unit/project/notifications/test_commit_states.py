"""What is shown beside a commit."""

from __future__ import annotations

import pytest

from runner.gitops import AppliedCommit
from runner.project.notify.commit_status import CommitState, commit_states, described, superseded
from runner.project.notify.events import Notice, NoticeState
from runner.project.sync.status import SyncStatus

COMMIT, NEXT = "a" * 40, "b" * 40


def told(**states):
    """A notice for each experiment."""
    return [
        Notice(state=state, message="m", commit=COMMIT, experiment=name, digest="d")
        for name, state in states.items()
    ]


def standing(*names, **fields):
    """How a repository with these experiments stands."""
    return SyncStatus(applied=AppliedCommit(url="u", branch="main", commit=COMMIT, names=names), **fields)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({"a": "complete", "b": "complete"}, ("complete", "2 of 2 experiments complete")),
        (
            {"a": "complete", "b": "progressing"},
            ("progressing", "1 of 2 experiments complete; progressing: b"),
        ),
        (
            {"a": "complete", "b": "suspended"},
            ("complete", "1 of 2 experiments complete; suspended: b"),
        ),
        (
            {"a": "failed", "b": "progressing", "c": "held"},
            ("held", "0 of 3 experiments complete; held: c; failed: a; progressing: b"),
        ),
        ({"a": None}, ("progressing", "0 of 1 experiment complete; progressing: a")),
        (
            dict.fromkeys("abcde", "failed"),
            ("failed", "0 of 5 experiments complete; failed: a, b, c and 2 more"),
        ),
        ({}, ("complete", "0 of 0 experiments complete")),
    ],
)
def test_a_commit_has_the_weightiest_state_of_its_experiments(states, expected):
    """One that nothing is known of yet is progressing."""
    known = told(**{name: NoticeState(state) for name, state in states.items() if state})
    (found,) = commit_states(standing(*states), known, "runner", per_experiment=False)

    assert CommitState(commit=COMMIT, context="runner", state=expected[0], description=expected[1]) == found


def test_what_somebody_pushed_has_the_state_and_not_our_records_on_top_of_it():
    """People look at the commit that they know."""
    applied = AppliedCommit(url="u", branch="main", commit=NEXT, change=COMMIT, names=("a",))
    (found,) = commit_states(
        SyncStatus(applied=applied), told(a=NoticeState.COMPLETE), "runner", per_experiment=False
    )

    assert (COMMIT, "complete") == (found.commit, found.state)


def test_each_experiment_has_a_state_if_that_is_wished():
    """Under a context of its own."""
    found = commit_states(standing("a"), told(a=NoticeState.HELD), "lab", per_experiment=True)

    assert [(f"{COMMIT}/lab", "held"), (f"{COMMIT}/lab/a", "held")] == [(f.key, f.state) for f in found]


def test_a_refused_commit_is_shown_and_that_in_force_after_a_bad_turn_is_not():
    """Nobody knows what became of its experiments."""
    refusal = Notice(state=NoticeState.INVALID, message="no\nsuch key", commit=NEXT, about=NEXT)
    found = commit_states(standing("a", error="away"), [refusal], "runner", per_experiment=True)

    assert [
        CommitState(commit=NEXT, context="runner", state="invalid", description="invalid: no such key")
    ] == list(found)


def test_a_commit_that_is_not_in_force_any_more_does_not_progress_for_ever():
    """It is said what came after it; states that are final stay."""
    shown = {
        f"{COMMIT}/runner": "progressing",
        f"{COMMIT}/runner/a": "complete",
        f"{NEXT}/runner": "progressing",
    }

    assert [
        CommitState(
            commit=COMMIT, context="runner", state="superseded", description="superseded by bbbbbbbbbbbb"
        )
    ] == list(superseded(shown, NEXT))


def test_descriptions_are_as_short_as_services_want_them():
    """GitHub takes 140 characters."""
    assert (140, "n…") == (len(described("n" * 300)), described("n" * 300)[-2:])
    assert "https://git.test: no" == described("https://ada:key@git.test:\nno")
