"""Closed loops on a cloud that does not share the reconciler's assumptions; see `loop_run`."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import planted_loop_defects
import pytest
import reference_crew
from loop_history import LOOPS, LoopWorld, play_loops
from loop_ill_luck import KINDS, luck, unlucky_loops
from loop_judge import meant_by
from loop_schedules import DISTURBANCES, RUNS, Loop, LoopVersion, loop_schedule
from patience import PATIENCE_S
from pcs_nature import Lag, Nature
from planted_defects import planted
from planted_loop_defects import search
from reference_schedules import Clone, Conditions, Crash, Deed, Edit, Fault, Jump, Move, Schedule
from reference_world import PROJECTS, sequence

RUN = Path(__file__).with_name("loop_run.py")
# What makes a schedule as Python.
NAMES = (
    *(Clone, Conditions, Crash, Deed, Edit, Fault, Jump, Lag),
    *(Loop, LoopVersion, Move, Nature, Schedule),
)


def run(*words):
    """The command: exit code and what it prints."""
    done = subprocess.run(
        [sys.executable, str(RUN), *words], capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    return done.returncode, done.stdout + done.stderr


def calm(rounds, *, think_limit_s=None, repeat=0, ask=1):
    """A schedule in which nothing goes wrong."""
    version = LoopVersion(rounds=rounds, think_limit_s=think_limit_s, repeat=repeat)
    conditions = Conditions(
        settle_s=0.0, furnished=0, calm_s=0.0, files=(Loop(versions=(version,), shapes=((0, ask),)),)
    )
    return Schedule(nature=Nature(queue_s=0.5), conditions=conditions)


@pytest.mark.seconds(20)
@pytest.mark.parametrize(
    ("first", "n"),
    [(0, 3), *(pytest.param(first, 60, marks=pytest.mark.long) for first in range(0, 120, 60))],
)
def test_every_slot_is_bought_once_on_any_cloud_that_the_reference_allows(first, n):
    """The schedules of the first seeds: safety all the time, and an end after the last fault."""
    code, printed = run("--schedules", str(n), "--seed", str(first), "--processes", "1", "--shrink", "0")

    assert code == 0, printed


@pytest.mark.seconds(60)
@pytest.mark.long
def test_a_loop_of_a_hundred_rounds_outlives_its_processes():
    """Killed again and again, and continued on other clones."""
    code, printed = run(
        *("--schedules", "1", "--seed", "0", "--processes", "1", "--shrink", "0", "--fixed"),
        *("rounds=100", "nature.queue_s=0.5"),
    )

    assert code == 0, printed


@pytest.mark.parametrize("think_limit_s", [None, 300.0])
def test_a_calm_loop_buys_every_slot_once(think_limit_s):
    """Without faults, lags and others; the winner is confirmed by fresh jobs."""
    world = play_loops(calm(4, think_limit_s=think_limit_s, repeat=2, ask=2))

    assert [] == world.judge.broken
    jobs = [job for batch in world.ours() for job in world.pcs.jobs_of(batch["id"])]
    slots = Counter(meant_by(job["variables"]["t"]) for job in jobs)
    (winner,) = world.crew[0].winners[0, 0]
    assert {(0, slot): 1 + 2 * (slot == winner) for slot in range(1, 9)} == slots
    assert len(world.ours()) == (2 if think_limit_s else 5)


def in_turn(*histories, at_s):
    """A calm schedule of files that say the same, each there or not in each time; those end at moments."""
    gone, version = LoopVersion(is_there=False), LoopVersion(rounds=4)
    files = tuple(
        Loop(versions=tuple(version if is_there else gone for is_there in history), shapes=((2, 2),))
        for history in histories
    )
    plain = calm(4)
    conditions = replace(plain.conditions, clones=(Clone(has=(0,) * len(files)),), files=files, calm_s=90.0)
    events = tuple(
        Edit(at_s=each, clone=0, file=file, version=number)
        for number, each in enumerate(at_s, 1)
        for file in range(len(files))
    )
    return replace(plain, conditions=conditions, events=events)


def bought(world):
    """How often each slot was bought under each name."""
    of_name = {}
    for batch in world.ours():
        name = next(tag for tag in batch["first_tags"] if tag.startswith("exp:"))
        slots = [meant_by(job["variables"]["t"])[1] for job in world.pcs.jobs_of(batch["id"])]
        of_name.setdefault(name.removeprefix("exp:"), Counter()).update(slots)
    return of_name


def test_a_loop_that_is_renamed_buys_every_slot_once():
    """Each under one of its names; it has the first one again in the end."""
    world = play_loops(in_turn((1, 0, 1), (0, 1, 0), at_s=(9.0, 24.0)))

    assert [] == world.judge.broken
    assert {"exp0", "exp1"} == set(bought(world))
    assert dict.fromkeys(range(1, 11), 1) == sum(bought(world).values(), Counter())


def test_of_two_files_that_say_the_same_one_goes_on_alone():
    """With its own slots, each bought once, whatever the removed one has bought."""
    world = play_loops(in_turn((1, 1), (1, 0), at_s=(20.0,)))

    assert [] == world.judge.broken
    assert dict.fromkeys(range(1, 11), 1) == bought(world)["exp0"]
    assert 2 < len(bought(world)["exp1"]) < 10


@pytest.mark.parametrize(("think_limit_s", "most"), [(None, 10), (300.0, 5)])
def test_a_round_of_a_loop_takes_few_requests(monkeypatch, think_limit_s, most):
    """Lists are polls while a job is under way, from its purchase until its result is fetched."""
    asked = []
    send = reference_crew.Crewman.send

    def noted(self, request):
        asked.append(f"{request.method} {re.sub('[bj][0-9]+', 'ID', request.path)}")
        return send(self, request)

    monkeypatch.setattr(reference_crew.Crewman, "send", noted)
    world = play_loops(calm(20, think_limit_s=think_limit_s))

    assert [] == world.judge.broken
    assert polls_apart(asked) <= 20 * most


def polls_apart(asked):
    """How many requests there were, without those for lists while a job was under way."""
    n, is_under_way = 0, False
    for each in asked:
        is_under_way = each.endswith("/jobs") if "POST" in each else is_under_way and "link" not in each
        n += not (is_under_way and each in {"GET /api/v1/batches", "GET /api/v2/jobs"})
    return n


def test_the_same_schedule_of_loops_is_the_same_history():
    """So that a seed is all that has to be told."""
    first, second = (play_loops(loop_schedule(1)).told for _ in range(2))

    assert first == second


def test_a_schedule_of_loops_is_printed_as_python():
    """It can be pasted into a test."""
    names = {each.__name__: each for each in NAMES}
    for seed in range(100):
        assert loop_schedule(seed) == eval(str(loop_schedule(seed)), names)


def test_some_schedules_of_loops_have_ill_luck():
    """Each kind changes its schedules, which are Python as the others; what is fixed has none."""
    names = {each.__name__: each for each in NAMES}
    drawn = Counter(luck(seed) for seed in range(1000))
    unlucky = [seed for seed in range(100) if luck(seed)]

    assert {*KINDS, ""} == set(drawn)
    assert 0.7 < drawn[""] / drawn.total() < 0.9
    assert all(unlucky_loops(seed) != loop_schedule(seed) for seed in unlucky)
    assert all(unlucky_loops(seed) == eval(str(unlucky_loops(seed)), names) for seed in unlucky)
    assert all(unlucky_loops(seed, rounds="2") == loop_schedule(seed, rounds="2") for seed in unlucky)


def test_schedules_draw_every_kind_of_loop():
    """Held and not, confirmed, other strategies and reruns, all disturbances, with and without a budget."""
    drawn = [loop for seed in range(200) for loop in loop_schedule(seed).conditions.files]
    versions = [version for loop in drawn for version in loop.versions]

    assert {True, False} == {version.think_limit_s is None for version in versions}
    assert {0, 1, 4, 5} <= {version.code for version in versions}
    assert {0, 1, 2, 3} == {version.repeat for version in versions}
    assert set(DISTURBANCES) == {loop.disturbance for loop in drawn}
    assert {True, False} == {loop.budget_runs is None for loop in drawn}


def test_every_defect_of_loops_names_something_that_is_there():
    """No two of one name."""
    defects = (*planted_loop_defects.DEFECTS, *planted_loop_defects.HARMLESS)
    for defect in defects:
        with planted(defect):
            pass

    assert len(defects) == len({defect.name for defect in defects})


@pytest.mark.seconds(15)
@pytest.mark.parametrize(
    "name",
    [
        "jobs are told by their values",
        pytest.param("what came twice in between is the next slot", marks=pytest.mark.long),
        pytest.param("bought values are proposed anew", marks=pytest.mark.long),
        pytest.param("nothing is pending", marks=pytest.mark.long),
        pytest.param("former names count first", marks=pytest.mark.long),
        pytest.param("former names are nobody's", marks=pytest.mark.long),
        pytest.param("results are other slots'", marks=pytest.mark.long),
        pytest.param("our own cancellations end slots", marks=pytest.mark.long),
    ],
)
def test_the_world_finds_planted_defects_of_loops(name):
    """Each within five schedules; all of them are played by the command."""
    found = search(name, 0, 5)

    assert found.number is not None
    assert found.by == "judge"


def test_values_that_never_ran_count_until_what_was_bought_in_their_place_must_show():
    """A clone that has looked a moment before is told right; later, it is not."""
    world = LoopWorld(calm(1))
    clone = SimpleNamespace(project=PROJECTS[0], names=frozenset({"exp0"}))
    for value in (1.25, 1.5):
        world.judge.asked(clone, 0, 0, {1: value}, ())
        jobs = [{"runs": RUNS, "variables": {"t": value}}]
        batch = world.pcs.create(
            {"project_id": PROJECTS[0], "sequence_builder": sequence(0), "tags": ["exp:exp0"], "jobs": jobs}
        )
        if value == 1.25:
            world.pcs.cancel(batch.now["id"])

    world.judge.replayed(clone, 0, 0, {1: (1.25, True, {}, {})})
    assert [] == world.judge.broken
    world.judge.replayed(clone, 0, 0, {1: (1.75, True, {}, {})})
    world.time.now += timedelta(minutes=1)
    world.judge.replayed(clone, 0, 0, {1: (1.25, True, {}, {})})
    assert ["1.75 of slot 1, it had 1.5", "1.25 of slot 1, it had 1.5"] == [
        each.partition(" has ")[2] for each in world.judge.broken
    ]


def test_a_failing_seed_of_loops_is_told_and_printed_as_python():
    """Its history line by line."""
    schedule = loop_schedule(2)

    assert any("plans Claim" in line for line in LOOPS.told(schedule))
