"""What strategies of a repository ask for: proposals, and what is said of those of others."""

from __future__ import annotations

import pytest
from loops import loop_file

from runner.errors import RunnerError
from runner.project import late_imports
from runner.project.experiments.proposer import proposer
from runner.project.revisions.changes import differences
from runner.project.strategies.proposals import Proposals
from runner.reconcile.model.proposal import SlotResult
from runner.sequences import compiled
from runner.spec import parse

LOOP = loop_file(
    """\
kind: sobol
over: {omega: {uniform: [1, 11]}}
runs: 100
objective: {maximize: p, let: {p: {probability: ["1"]}}}
stop: {rounds: 2}
""",
)


@pytest.fixture(scope="module")
def desired():
    """An experiment whose strategy asks for eight points of a Sobol sequence a round."""
    return compiled(parse(LOOP, path="loop.yaml")).experiment


def pending(points, shift=0):
    """Slots that are bought at some points, and not measured."""
    return {
        slot: SlotResult(variables={"omega": point["omega"] + shift}, is_pending=True)
        for slot, point in points.items()
    }


@pytest.fixture(scope="module")
def points(desired):
    """Those of the first round."""
    return {slot: point.variables for slot, point in Proposals()(desired, {}).points.items()}


def test_what_another_machine_bought_otherwise_is_told_with_its_versions(desired, points):
    """What this one proposed itself is not compared, and of what is alike nothing is said."""
    here = proposer("sobol")
    there = {"versions": here | {"blas": "openblas Zen", "python": "3.14"}}
    proposals = Proposals(manifest=lambda *_: there)
    assert proposals(desired, pending(points)).standing.differs == ""
    said = Proposals(manifest=lambda *_: there)(desired, pending(points, shift=0.5)).standing.differs
    assert said.startswith(
        "8 of 8 points of round 1 were bought otherwise than they are proposed here, by up to"
    )
    assert said.endswith(f"; blas openblas Zen, here {here['blas']}")


def test_what_cannot_be_proposed_is_a_decision_of_a_person(desired, monkeypatch):
    """As where a package is missing: other experiments go on."""

    def refuse(*_, **__):
        raise RunnerError("a package is not installed", hint="install it")

    monkeypatch.setattr(late_imports, "next_round", refuse, raising=False)
    found = Proposals()(desired, {})
    assert (found.fault, found.points) == ("a package is not installed; install it", {})
    assert "nothing is measured yet" in found.said


def test_the_bound_proposes_nothing(desired, monkeypatch):
    """It is known without an engine's points."""
    monkeypatch.setattr(late_imports, "next_round", None, raising=False)
    found = Proposals().bound(desired, {})
    assert (found.points, found.standing.round, found.standing.left.jobs) == ({}, 1, 16)
    assert found.said == (
        "the strategy asks by what comes back: round 1; nothing is measured yet;"
        " at most 2 rounds, 16 jobs, 1600 runs more"
    )


def test_what_changes_of_a_strategy_is_no_change_of_jobs(desired):
    """How long it goes on changes the file, and no job; of what it asks for, none was listed before."""
    longer = compiled(parse(LOOP.replace("rounds: 2", "rounds: 3"), path="loop.yaml")).experiment
    found = [(each.subject, each.have, each.want) for each in differences(desired, longer)]
    assert found == [("strategy.stop.rounds", 2, 3)]
    assert differences(desired, desired) == ()


def test_what_cannot_be_proposed_again_is_not_compared(desired, points, monkeypatch):
    """As where a package is missing while jobs are under way: nothing is known to differ."""

    def refuse(*_, **__):
        raise RunnerError("a package is not installed")

    monkeypatch.setattr(late_imports, "reproposed", refuse, raising=False)
    found = Proposals()(desired, pending(points, shift=0.5))
    assert ("", "") == (found.fault, found.standing.differs)


def test_of_code_that_is_never_run_the_bound_is_told(desired):
    """As of another revision, whatever may be run here; strategies without code are asked as ever."""
    text = LOOP.replace('{probability: ["1"]}', '{python: "score.py:score"}')
    code = "def score(counts): raise SystemExit"
    scored = compiled(parse(text, path="loop.yaml", companion=lambda _: code)).experiment
    found = Proposals().without_code(scored, {})
    assert ({}, "", 16) == (found.points, found.fault, found.standing.left.jobs)
    assert Proposals()(scored, {}).fault.startswith(
        "score.py is Python code, and running it is not allowed; "
    )
    assert 8 == len(Proposals().without_code(desired, {}).points)
