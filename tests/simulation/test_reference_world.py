"""Whole reconcilers on a cloud that does not share their assumptions; see `reference_run`."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import planted_defects
import pytest
from ill_luck import KINDS, luck, unlucky_schedule
from patience import PATIENCE_S
from pcs_nature import VIEWS, Lag, Nature
from planted_defects import DEFECTS, HARMLESS, Defect, GoneError, planted, search
from reference_history import REFERENCE, play
from reference_network import LostError, _mangled, _trouble
from reference_schedules import (
    Clone,
    Conditions,
    Crash,
    Deed,
    Edit,
    Fault,
    File,
    Jump,
    Move,
    Schedule,
    Version,
    schedule,
    shrunk,
)
from reference_world import PROJECTS, descends

from runner.reconcile.journal.journal import Journal

RUN = Path(__file__).with_name("reference_run.py")
# What makes a schedule as Python.
NAMES = (Clone, Conditions, Crash, Deed, Edit, Fault, File, Jump, Lag, Move, Nature, Schedule, Version)


def run(*words):
    """The command: exit code and what it prints."""
    done = subprocess.run(
        [sys.executable, str(RUN), *words], capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.seconds(20)
@pytest.mark.parametrize(
    ("first", "n"),
    [(0, 20), *(pytest.param(first, 100, marks=pytest.mark.long) for first in range(0, 600, 100))],
)
def test_nothing_that_must_hold_is_broken_on_any_cloud_that_the_reference_allows(first, n):
    """The schedules of the first seeds: safety all the time, and progress after the last fault."""
    code, printed = run("--schedules", str(n), "--seed", str(first), "--processes", "1", "--shrink", "0")

    assert code == 0, printed


def test_a_calm_history_buys_what_is_wanted_once():
    """Without faults, lags and others."""
    world = play(Schedule())

    assert [] == world.judge.broken
    assert {"purchases": 1, "jobs": 3} == {name: world.happened()[name] for name in ("purchases", "jobs")}


def test_the_same_reference_schedule_is_the_same_history():
    """So that a seed is all that has to be told."""
    for seed in range(5):
        first, second = (play(schedule(seed)).told for _ in range(2))

        assert first == second


def test_a_reference_schedule_is_printed_as_python():
    """It can be pasted into a test."""
    names = {each.__name__: each for each in NAMES}
    for seed in range(100):
        assert schedule(seed) == eval(str(schedule(seed)), names)


def test_a_reference_schedule_is_shrunk_to_what_matters():
    """One event, and one lag, of all."""
    culprit, lag = Deed(at_s=3.0, kind="outage"), Lag(most_s=3.0)
    failing = Schedule(
        nature=Nature(lags={"jobs": lag, "tags": lag}, zone="Z"),
        events=(Deed(at_s=1.0, kind="pause"), culprit, Jump(at_s=1.0, clone=0, off_s=60.0)),
    )

    expected = Schedule(nature=Nature(lags={"jobs": lag}), events=(culprit,))
    assert expected == shrunk(failing, lambda each: culprit in each.events and "jobs" in each.nature.lags)


def test_schedules_draw_everything_that_may_differ():
    """Faults of all requests, crashes, edits, moves, jumps of clocks and deeds; one to three clones."""
    drawn = [schedule(seed) for seed in range(300)]

    assert {Fault, Crash, Edit, Jump, Move, Deed} == {type(event) for each in drawn for event in each.events}
    assert {"none", "line", "branches"} == {each.conditions.lineage for each in drawn}
    assert {1, 2, 3} == {len(each.conditions.clones) for each in drawn}
    assert {True, False} == {each.is_beyond for each in drawn}


def test_every_kind_of_ill_luck_is_drawn_and_changes_its_schedule():
    """In nearly half of the schedules; what is fixed has none."""
    drawn = Counter(luck(seed) for seed in range(2000))
    changed = {luck(seed) for seed in range(300) if unlucky_schedule(seed) != schedule(seed)}

    assert {*KINDS, ""} == set(drawn)
    assert 0.5 < drawn[""] / drawn.total() < 0.6
    assert set(KINDS) == changed
    assert all(schedule(seed, clones="1") == unlucky_schedule(seed, clones="1") for seed in range(50))


def test_an_unlucky_schedule_is_printed_as_python():
    """It can be pasted into a test."""
    names = {each.__name__: each for each in NAMES}
    for seed in range(100):
        assert unlucky_schedule(seed) == eval(str(unlucky_schedule(seed)), names)


def test_what_is_not_left_to_the_seed_is_as_it_is_given():
    """Conditions, the number of clones, and the nature of the cloud."""
    fixed = schedule(3, clones="2", surplus="'cancel'", **{"nature.failing": "0.5"})

    assert (2, "cancel", 0.5) == (
        len(fixed.conditions.clones),
        fixed.conditions.surplus,
        fixed.nature.failing,
    )


@pytest.mark.parametrize(
    ("kind", "jobs"),
    [
        ("short", [{"runs": 20, "status": "DONE", "variables": {"t": 1}}]),
        ("empty", []),
        ("null runs", [{"runs": None, "status": "DONE", "variables": {"t": 1}}] * 2),
        ("negative runs", [{"runs": -20, "status": "DONE", "variables": {"t": 1}}] * 2),
        ("text runs", [{"runs": "many", "status": "DONE", "variables": {"t": 1}}] * 2),
        ("no variables", [{"runs": 20, "status": "DONE", "variables": None}] * 2),
        ("other status", [{"runs": 20, "status": "PENDING", "variables": {"t": 1}}] * 2),
        ("failed", [{"runs": 20, "status": "ERROR", "variables": {"t": 1}}] * 2),
    ],
)
def test_a_list_of_jobs_is_mangled_in_one_way(kind, jobs):
    """And its pagination says nothing of it."""
    said = {"data": [{"runs": 20, "status": "DONE", "variables": {"t": 1}}] * 2}
    expected = {"data": jobs, "pagination": {"total": len(jobs), "end": len(jobs)}}

    assert expected == _mangled(said, kind)


def test_a_read_in_trouble_has_no_answer_or_one_that_is_no_json():
    """Whatever its status."""
    with pytest.raises(LostError):
        _trouble("lost")

    assert [200, 429, 503] == [_trouble(kind)[0] for kind in ("html", "429", "503")]


def test_every_planted_defect_names_something_that_is_there_and_leaves_nothing_behind():
    """At least forty, no two of one name, each to be found within four hundred schedules."""
    before = dict(vars(Journal))
    defects = (*DEFECTS, *HARMLESS)
    for defect in defects:
        with planted(defect):
            pass

    assert len(defects) == len({defect.name for defect in defects})
    assert len(DEFECTS) >= 40
    assert max(defect.within for defect in DEFECTS) <= 400
    assert before == dict(vars(Journal))


def test_a_defect_in_what_is_gone_is_told_loudly():
    """Else it would be planted nowhere, and never found."""
    gone = Defect(
        name="gone", at="runner.reconcile.journal.journal:Journal.no_such", make=planted_defects.never
    )

    with pytest.raises(GoneError, match=r"Journal\.no_such"), planted(gone):
        pass


@pytest.mark.seconds(15)
@pytest.mark.parametrize(
    "name",
    [
        "it always wants everything",
        "runs are doubled",
        "outcomes are not written",
        "records are not read",
        "a short answer is kept",
        "what is half seen restrains nothing",
        "only the jobs that are shown are known",
        "the guard lets everything through",
        "jobs go backwards",
    ],
)
def test_the_world_finds_planted_defects(name):
    """Each within ten schedules; all of them are played by the command."""
    found = search(name, 0, 10)

    assert found.number is not None
    assert found.by in {"judge", "guard"}


def test_a_failing_reference_seed_is_told_and_printed_as_python():
    """Its history line by line."""
    code, printed = run("--replay", "5")

    assert "Schedule(\n  seed=5," in printed
    assert "clone 0 plans" in printed
    assert code in {0, 1}


def test_a_newer_commit_descends_from_an_older_one_of_its_line():
    """And from itself; not from one of another branch, nor from one with a newer file."""
    others = ("main-0-1", "main-1-0", "main-1-1", "main-2-0", "of1-0-0")

    assert [True, True, True, False, False] == [descends("main-1-1", other) for other in others]


def test_a_clone_that_moves_works_in_the_other_project():
    """With what it had bought in the first one left there."""
    moving = Schedule(events=(Move(at_s=30.0, clone=0, project=1),))

    world = play(moving)

    assert [] == world.judge.broken
    assert [3, 3] == [
        sum(len(world.pcs.jobs_of(batch["id"])) for batch in world.ours(project)) for project in PROJECTS
    ]


def test_the_judge_tells_what_a_person_had_cancelled_from_what_was_pruned():
    """Bought when the file asks again; a product that takes both for its own is found."""
    both = Version(runs=((1, 100), (2, 100), (3, 100)))
    world = Schedule(
        nature=Nature(queue_s=100.0),
        conditions=Conditions(
            files=(File(versions=(both, Version(runs=((1, 100), (2, 100))), both)),), surplus="cancel"
        ),
        events=(
            Deed(at_s=9.0, kind="cancel job"),
            Edit(at_s=12.0, clone=0, file=0, version=1),
            Edit(at_s=40.0, clone=0, file=0, version=2),
            *(Crash(clone=0, effect=effect, moment="after", down_s=20.0) for effect in (9, 12)),
        ),
    )
    forgetful = Defect(
        name="declined", at="runner.reconcile.model.tags:declined_tags", make=lambda _: lambda _: []
    )

    assert [] == REFERENCE.broken(world)
    with planted(forgetful):
        assert any("bought against a person" in each for each in REFERENCE.broken(world))


def test_hidden_jobs_count_and_are_never_listed():
    """So a cloud is whose jobs cannot be seen whole; a person is asked, and nothing is bought twice."""
    world = play(
        Schedule(nature=Nature(hiding=1.0, queue_s=0.5), events=(Crash(clone=0, effect=8, moment="after"),))
    )

    assert [] == world.judge.broken
    assert 1 == world.judge.purchases
    assert any("is not seen whole" in said for said in world.crew[0].is_held)


def test_the_judge_is_not_blind_to_lags_beyond_what_clones_are_told():
    """Two clones that settle at once buy twice on a cloud that lags."""
    lags = {view: Lag(most_s=6.0, kind="objects") for view in VIEWS}
    racing = [
        Schedule(
            seed=seed,
            nature=Nature(lags=lags),
            conditions=Conditions(settle_s=0.0, clones=(Clone(), Clone(start_s=0.5))),
        )
        for seed in range(5)
    ]

    assert any("bought twice" in each for one in racing for each in REFERENCE.broken(one))
