"""The page of a strategy, as data and as HTML."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import a_snapshot, an_experiment, seen

from runner.dashboard.pages.strategy import strategy
from runner.dashboard.sight import Sight
from runner.dashboard.site import Sources, html, page
from runner.domain.strategies import SearchDimension, SearchSpace, StopRules, Strategy
from runner.errors import RecordError
from runner.project.cache.source_file import Source
from runner.project.experiments.loaded import Experiment
from runner.results import JobResult, Results, ResultStatus
from runner.results.analysis.counts import Counts
from runner.results.analysis.job_result import Runs
from runner.results.analysis.objectives.slot_scores import scored

RUNS = 100
STRATEGY = Strategy(
    digest="5e" * 32,
    text="{}",
    kind="sobol",
    space=SearchSpace(dimensions=(SearchDimension(variable="t", high=10.0),), values={"t": 0.0}),
    runs=RUNS,
    first=2,
    ask=1,
    objective={"maximize": "2 * p", "let": {"p": {"probability": ["1"]}}},
    stop=StopRules(rounds=4, target=1.0, stall_rounds=1, stall_by=0.1, spread=0.5),
)


class Remote:
    """A remote job that has ended."""

    target = "emulated:local"
    lacks_result = False
    problems = ()


def a_job(slot, ones, runs=RUNS):
    """A slot whose qubit was so many times 1; None where it failed."""
    counts = None if ones is None else Counts({"1": ones, "0": runs - ones})
    return JobResult(
        name=f"slot {slot}",
        key=slot,
        slot=slot,
        variables={"t": 1.0 * ones if ones else 0.0},
        runs=Runs(runs, 0 if ones is None else runs),
        status=ResultStatus.ERROR if ones is None else ResultStatus.DONE,
        counts=counts,
        qubit_ids=("q0",),
        remote_jobs=(Remote(),),
    )


def a_sight(asked):
    """A repository with an experiment that has a strategy."""
    desired = replace(a_snapshot(an_experiment(name="loop"), seen()).desired, strategy=asked)
    file = Source(path="loop.yaml", digest="0" * 64, content={"metadata": {"name": "loop"}})
    return Sight(
        title="lab",
        target="emulated:local",
        experiments={"loop": Experiment(file, desired)},
        paths={"loop": "loop.yaml"},
    )


@pytest.fixture(scope="module")
def jobs():
    """Two first points, two rounds of which one failed, and the winner twice more."""
    ones = {"1": 30, "2": 20, "3": None, "4": 40}
    slots = [a_job(slot, each) for slot, each in ones.items()]
    return Results("loop", *scored(STRATEGY, [*slots, a_job("4x1", 220, 400)], {}))


def test_a_strategy_says_how_far_it_is_from_each_end(jobs):
    """Twice the share of ones is to reach 1 by two errors: 0.8 ± 0.097 is there."""
    found = strategy(a_sight(STRATEGY), "loop", jobs)
    error = 2 * (40.5 * 60.5 / (101**2 * 102)) ** 0.5  # twice that of the Beta distribution of 40 in 100
    assert found["said"].startswith("round 3; best so far 0.800 ± 0.097, slot 4")
    assert [(row["rule"], row["wanted"]) for row in found["rules"]] == [
        ("rounds", 4),
        ("target", 1.0),
        ("gain in the last 1 rounds", 0.1),
        ("spread of scores", 0.5),
    ]
    now = [row["now"] for row in found["rules"]]
    assert now == [2, pytest.approx(0.8 - 2 * error), pytest.approx(0.8 - 0.6), None]
    missing = [row["missing"] for row in found["rules"]]
    assert missing == [2, pytest.approx(0.2 + 2 * error), pytest.approx(0.1), None]


def test_slots_are_lines_over_their_variables(jobs):
    """The best slot comes last and is marked; a failed slot and fresh jobs are no lines."""
    drawing = strategy(a_sight(STRATEGY), "loop", jobs)["drawing"]
    assert [axis["name"] for axis in drawing["axes"]] == ["t", "objective"]
    assert [(line["slot"], line["rank"]) for line in drawing["lines"]] == [
        (2, "other"),
        (1, "other"),
        (4, "best"),
    ]
    # The worst objective is at the bottom (240), the best at the top (40); t goes from 0 to 10.
    first, last = (line["points"] for line in (drawing["lines"][0], drawing["lines"][-1]))
    assert first.endswith("190,240.0")
    assert last.endswith("190,40.0")


def test_the_best_slot_is_thick_whatever_its_score(jobs):
    """A kind may know better than single scores."""
    stands = replace(jobs.strategy, best=replace(jobs.strategy.best, slot=1))
    drawing = strategy(a_sight(STRATEGY), "loop", Results("loop", jobs, stands))["drawing"]
    assert [(1, "best")] == [(each["slot"], each["rank"]) for each in drawing["lines"][-1:]]


def test_the_page_shows_it(jobs):
    """Rounds, slots and drawing are on it; why results cannot be had is, too; another has no such page."""
    sight = a_sight(STRATEGY)
    path = "experiments/loop/strategy/"
    text = html(sight, page(sight, path, {}, Sources(str, lambda _: jobs)), root="../../../", is_live=True)
    assert "slot 4" in text
    assert 1 + 2 == text.count(">first<")  # its row, and those of its slots
    assert 'class="best"' in text

    def refuse(_):
        raise RecordError("a line is <b>broken")

    made = page(sight, path, {}, Sources(str, refuse))
    assert (made.data["trouble"], made.data["slots"]) == ("a line is <b>broken", [])
    assert (made.data["rules"], made.data["spend"]) == ([], None)
    broken = html(sight, made, root="../../../", is_live=True)
    assert ("a line is &lt;b&gt;broken" in broken, "0 jobs" in broken) == (True, False)
    assert page(a_sight(None), path, {}, Sources(str)) is None


def test_rounds_without_first_points_count_from_one():
    """Where nothing comes before the first round, each that has ended counts."""
    without = replace(STRATEGY, first=0, stop=StopRules(rounds=4))
    jobs = Results("loop", *scored(without, [a_job("1", 30), a_job("2", 20)], {}))
    (rule,) = strategy(a_sight(without), "loop", jobs)["rules"]
    assert rule == {"rule": "rounds", "wanted": 4, "now": 2, "missing": 2}
