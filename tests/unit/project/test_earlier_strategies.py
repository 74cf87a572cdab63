"""What a strategy counts as history of what earlier ones of its experiment measured."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from builders import a_record
from loops import loop_file

from runner.domain import JobStatus
from runner.domain.strategies import Trial, slot_key
from runner.project.strategies.earlier import earlier_experiments, earlier_points
from runner.project.strategies.proposals import Proposals
from runner.sequences import compiled
from runner.spec import parse
from runner.strategies.engines.python_function import PythonEngine, Returned
from runner.strategies.kinds import KINDS
from runner.strategies.rounds import Ask, continued, next_round, round_slots

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LOOP = loop_file(
    """\
kind: sobol
over: {omega: {uniform: [1, 11]}, detuning: 0}
runs: 100
objective: {maximize: p, let: {p: {probability: ["1"]}}}
stop: {rounds: 2}
""",
    variables="{omega: float, detuning: float}",
    pulse="amplitude: omega, detuning: detuning, duration_ns: 200",
)


def asked(**changes):
    """What a file asks for, with some texts replaced by others."""
    text = LOOP
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    return compiled(parse(text, path="loop.yaml")).experiment


def manifest(desired):
    """What is known of a recipe."""
    return {
        "recipe": desired.recipe,
        "device_type": desired.device_type,
        "sequence": json.loads(desired.sequence),
        "strategy": json.loads(desired.strategy.text) if desired.strategy else None,
    }


def slots(desired, *omegas, ended=NOON, **more):
    """Slots of a strategy on record, measured one minute after the other."""
    said = {"counts": {"1": 30, "0": 70}, "constants": desired.constants, **more}
    return [
        a_record(
            f"{desired.strategy.short[:4]}-{number}",
            recipe=desired.strategy.short,
            key=slot_key(desired.strategy.short, str(number)),
            variables={"omega": omega, "detuning": 0.0},
            created_at=ended + timedelta(minutes=number - 1),
            ended_at=ended + timedelta(minutes=number),
            **said,
        )
        for number, omega in enumerate(omegas, 1)
    ]


REUSING = ("    runs: 100\n", "    runs: 100\n    reuse: true\n")
BEFORE = asked()
AFTER = asked(objective=("maximize: p", "maximize: 2 * p"), reuse=REUSING)


def history(records, desired=AFTER, own=(), before=(BEFORE,)):
    """Values of all that counts as history."""
    manifests = {each.strategy.short: manifest(each) for each in (*before, desired)}
    known = [(each, records) for each in earlier_experiments(desired, records, manifests)]
    return [job.variables["omega"] for job in earlier_points(desired, own, known)]


def test_points_of_the_same_sequence_are_history_in_the_order_of_their_end():
    """Of every earlier strategy; what failed, and what has other runs, is no reason against the others."""
    third = asked(objective=("maximize: p", "maximize: 3 * p"), runs=("runs: 100", "runs: 50"))
    failed = slots(BEFORE, 2.0, 3.0, 4.0)[2:]
    failed = [a_record("f", recipe=failed[0].recipe, key=failed[0].key, status=JobStatus.ERROR)]
    records = [
        *slots(BEFORE, 2.0, 3.0),
        *failed,
        *slots(third, 5.0, ended=NOON - timedelta(hours=1), runs=50, counts={"1": 50}),
    ]
    assert [5.0, 2.0, 3.0] == history(records, before=(BEFORE, third))
    assert [2.0, 3.0] == history(slots(BEFORE, 2.0, 3.0), before=(BEFORE,))


@pytest.mark.parametrize(
    "changes",
    [
        {"sequence": ("duration_ns: 200", "duration_ns: 300")},
        {"device_type": ("EMU_FREE", "EMU_MPS")},
        {"emulation": ("  strategy:\n", "  emulation: {with_modulation: true}\n  strategy:\n")},
        {"rerun": ("spec:\n", "spec:\n  rerun: 1\n")},
        {"over": ("uniform: [1, 11]", "uniform: [4, 11]")},
        {"constant": ("detuning: 0}", "detuning: 1}")},
        {"where": ("    runs: 100\n", '    where: ["omega > 4"]\n    runs: 100\n')},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_is_measured_otherwise_or_elsewhere_is_no_history(changes):
    """Another sequence, device, emulation or rerun; places that are not varied, or that break `where`."""
    desired = asked(objective=("maximize: p", "maximize: 2 * p"), **changes, reuse=REUSING)
    assert [] == history(slots(BEFORE, 2.0, 3.0), desired)


def test_jobs_of_a_list_and_recipes_that_nobody_knows_are_no_history():
    """Only what a strategy bought counts, by its manifest."""
    records = slots(BEFORE, 2.0)
    for known in (None, {}, manifest(BEFORE) | {"sequence": None}, {"recipe": BEFORE.recipe}):
        assert [] == list(earlier_experiments(AFTER, records, {BEFORE.strategy.short: known}))
    assert [] == list(earlier_experiments(AFTER, records, {AFTER.strategy.short: manifest(AFTER)}))


def test_other_constants_of_an_emulated_device_are_no_history():
    """They are a part of what is measured."""
    emulated = replace(AFTER, emulated=True)
    assert [2.0] == history(slots(BEFORE, 2.0), emulated)
    assert [] == history(slots(BEFORE, 2.0, constants="0" * 16), emulated)


def test_what_ends_later_changes_no_history():
    """An earlier strategy that goes on meanwhile does not shift what the later one goes by."""
    own = slots(AFTER, 9.0, ended=NOON + timedelta(seconds=90))
    assert [2.0] == history(slots(BEFORE, 2.0, 3.0), own=own)


def test_history_is_scored_anew_and_is_no_slot():
    """The plan says how many points there are; numbers of slots begin at 1."""
    manifests = {BEFORE.strategy.short: manifest(BEFORE)}
    records = slots(BEFORE, 2.0, 3.0)
    known = [(each, records) for each in earlier_experiments(AFTER, records, manifests)]
    points = earlier_points(AFTER, (), known)
    found = Proposals(earlier=lambda _: points)(AFTER, {})
    assert (range(1, 9), 2) == (range(min(found.points), max(found.points) + 1), found.standing.earlier)
    assert "nothing is measured yet; 2 points of an earlier strategy count as history" in found.said
    alone = Proposals(earlier=lambda _: points[:1]).bound(AFTER, {})
    assert "1 point of an earlier strategy counts as history" in alone.said


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"python"}))
def test_every_kind_goes_on_from_history(kind):
    """No slot is asked for twice, and the first round knows what was measured before."""
    lines = {"k": ("kind: sobol", f"kind: {kind}"), "reuse": REUSING}
    strategy = asked(**lines).strategy
    earlier = [Trial(place - 9, (place / 10,), (place / 10 - 0.31) ** 2, 0.01) for place in range(10)]
    make = continued(strategy, earlier)
    step = next_round(strategy, {}, engine=make)
    assert isinstance(step, Ask)
    assert list(step.points) == list(round_slots(strategy, {}, engine=make)[-1])
    assert step.points.keys() == set(range(1, len(step.points) + 1))
    if kind in {"nelder-mead", "spsa", "refine", "bayesian"}:
        assert all(abs(units[0] - 0.31) < 0.25 for units in step.points.values())


def test_a_function_is_told_history_without_slots():
    """Before the first points, and scored as the file has it."""
    python = ("kind: sobol", "kind: python\n    python: p.py:p")
    text = LOOP.replace(*python).replace(*REUSING)
    read = compiled(parse(text, path="loop.yaml", companion=lambda _: "def p(**words): ..."))
    strategy, told = read.experiment.strategy, []

    def call(words):
        told.append(words["history"])
        return Returned([{"omega": 2.0}], "p.py:1")

    make = continued(strategy, [Trial(0, (0.5,), -0.25, 0.1)], partial(PythonEngine, call=call))
    next_round(strategy, {1: Trial(1, (0.2,), None)}, engine=make)
    assert [
        {"round": 0, "slot": None, "values": {"omega": 6.0}, "score": 0.25, "error": 0.1},
        {"round": 1, "slot": 1, "values": {"omega": 3.0}, "score": None, "error": 0.0},
    ] == told[0]
