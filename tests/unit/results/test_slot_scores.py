"""Results of a strategy: objective, round and best so far of each slot, what was confirmed, the trace."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from runner.cli.render.results_table import summary
from runner.domain.strategies import (
    Confirmation,
    OnFailed,
    SearchDimension,
    SearchSpace,
    StopRules,
    Strategy,
)
from runner.errors import UsageError
from runner.reconcile import Health, Plan, Sync
from runner.reconcile.display.plan_text import round_rows
from runner.reconcile.display.progress import Progress, progress_after
from runner.reconcile.execute.change_events import state_text
from runner.results import JobResult, Results, ResultStatus
from runner.results.analysis.columns import Quantities
from runner.results.analysis.counts import Counts
from runner.results.analysis.estimates import Estimate
from runner.results.analysis.filter_expression import condition
from runner.results.analysis.job_result import Runs
from runner.results.analysis.names import UnknownQuantityError
from runner.results.analysis.objectives.slot_scores import confirmed_score, scored
from runner.results.analysis.results import is_dropped
from runner.results.plots.choose import Asked, picture
from runner.results.plots.picture import LineLook, PictureKind
from runner.results.plots.shown_job import telling_job
from runner.strategies.rounds import bound
from runner.strategies.standing import StrategyLeft, left_of
from runner.strategies.stop_rules import score_said

RUNS = 100
STRATEGY = Strategy(
    digest="5e" * 32,
    text="{}",
    kind="sobol",
    space=SearchSpace(dimensions=(SearchDimension(variable="t", high=10.0),), values={"t": 0.0}),
    runs=RUNS,
    first=2,
    ask=1,
    objective={"maximize": "2 * p", "let": {"p": {"probability": ["1"]}, "occupation": "occupation"}},
    stop=StopRules(rounds=2),
    confirm=Confirmation(best=1, runs=400, repeat=2),
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


@pytest.fixture(scope="module")
def results():
    """Two first points, two rounds of which one failed, and the winner twice more."""
    ones = {"1": 30, "2": 20, "3": None, "4": 60}
    jobs = [a_job(slot, each) for slot, each in ones.items()]
    jobs += [a_job("4x1", 220, 400), a_job("4x2", 260, 400)]
    return Results("loop", *scored(STRATEGY, jobs, {}))


def test_each_slot_has_its_round_its_objective_and_the_best_so_far(results):
    """Errors are those of twice a share; a failed slot has no objective; fresh jobs have no round."""
    figures = [job.figures for job in results]
    assert [(1, 0), (2, 0), (3, 1), (4, 2), (4, None), (4, None)] == [
        (each.slot, each.round) for each in figures
    ]
    assert ["0.6", "0.4", "nan", "1.2", "1.1", "1.3"] == [f"{each.objective.value:g}" for each in figures]
    assert ["0.6", "0.6", "0.6", "1.2", "nan", "nan"] == [f"{each.best.value:g}" for each in figures]
    assert figures[3].objective.error == pytest.approx(2 * math.sqrt(0.6 * 0.4 / RUNS), rel=0.02)
    assert figures[3].values["p"].value == 0.6


def test_the_first_points_are_no_round(results):
    """They are called as in the file wherever people read it; what is left at most counts none for them."""
    assert ["first", "first", "1", "2", None, None] == [job.figures.round_name for job in results]
    assert ["first", "1", "2"] == [each[0] for each in round_rows(results.strategy)]
    assert ["first", "first", "1", "2", "–", "–"] == [row[1] for row in summary("", results).rows]
    assert "<td>first</td>" in results._repr_html_().replace(' class="number"', "")
    begun = left_of(STRATEGY, bound(STRATEGY, {}), "EMU_FREE")
    assert str(begun) == "2 rounds, 6 jobs, 1200 runs"


@pytest.mark.parametrize(
    ("on_failed", "said"),
    [
        (OnFailed.DROP, "1 slot without a score was dropped"),
        (OnFailed.WORST, "1 slot without a score counts as the worst"),
        (OnFailed.STOP, None),
    ],
)
def test_what_is_dropped_is_told_and_lacks_nothing(results, on_failed, said):
    """Results are complete without it, once the strategy is done; not where it was to stop at it."""
    jobs, stands = scored(replace(STRATEGY, on_failed=on_failed), list(results), {})
    found = Results("loop", jobs, stands)

    assert [said] * (said is not None) == [fact for fact in stands.facts if "without a score" in fact]
    assert (said is not None) == found.is_complete
    assert [3] * (said is not None) == [job.figures.slot for job in jobs if is_dropped(job, stands)]
    assert not Results("loop", jobs, replace(stands, done=False)).is_complete


def test_a_strategy_says_how_it_stands(results):
    """Rounds with their slots, the winner, what fresh jobs say, and why it ended."""
    found = results.strategy
    assert [(0, "1-2", 2, 0), (1, "3", 0, 1), (2, "4", 1, 0)] == [
        (each.round, each.slots, each.measured, each.failed) for each in found.rounds
    ]
    assert (4, 1.2, {"t": 60.0}) == (found.best.slot, found.best.value, found.best.variables)
    (confirmed,) = found.confirmed
    error = 2 * math.sqrt((0.55 * 0.45 + 0.65 * 0.35) / 400) / 2
    assert (4, 2, pytest.approx(1.2), pytest.approx(error, rel=0.02)) == (
        confirmed.slot,
        confirmed.jobs,
        confirmed.value,
        confirmed.error,
    )
    assert (found.done, found.round) == (True, 2)
    assert str(found).startswith("done: 2 rounds have ended, and 2 are wanted; best so far 1.200 ± 0.09")
    assert results[:2].strategy is results.where(t=60.0).strategy is found


def test_the_best_by_a_fit_is_told_where_another_score_is_better():
    """The winner is in the middle of what all of them say; its neighbour has more by chance."""
    places = {1: 1.0, 2: 5.0, 3: 9.0, 4: 1.0, 5: 4.5, 6: 5.0, 7: 5.5, 8: 9.0}
    ones = {1: 30, 2: 92, 3: 30, 4: 30, 5: 91, 6: 92, 7: 97, 8: 30}
    fit = replace(STRATEGY, kind="refine", first=3, ask=5, stop=StopRules(rounds=2))
    jobs = [replace(a_job(str(slot), ones[slot]), variables={"t": at}) for slot, at in places.items()]
    stands = Results("loop", *scored(fit, jobs, {})).strategy

    assert (2, True) == (stands.best.slot, stands.best_is_fitted)
    assert f"best so far {stands.best}, nearest to the fitted optimum" in str(stands)
    assert stands.brief.endswith(", nearest to the fitted optimum")
    assert 7 == stands.rounds[-1].best.slot


def test_measured_jobs_without_a_score_are_told():
    """A formula that has no value is not a job that was not measured."""
    objective = {"maximize": "1 / (p - p)", "let": STRATEGY.objective["let"]}
    strategy = replace(STRATEGY, objective=objective)
    stands = Results("loop", *scored(strategy, [a_job(slot, 30) for slot in ("1", "2")], {})).strategy
    assert "2 jobs have ended, and no score is known: failed, or no value" in stands.facts


def test_an_error_that_no_job_knows_is_how_far_they_differ():
    """Of one job alone nothing is known."""
    unknown = [Estimate(1.0, math.nan), Estimate(2.0, math.nan)]
    assert [(1.5, 0.5)] == [(each.value, each.error) for each in confirmed_score(4, unknown)]
    assert [None] == [each.error for each in confirmed_score(4, unknown[:1])]
    assert [] == list(confirmed_score(4, [Estimate(math.nan, math.nan)]))


def test_what_is_left_counts_the_jobs_that_confirm():
    """All while the winner may be another one; at the end those of the winners. On a QPU it is time, too."""
    left = left_of(STRATEGY, bound(STRATEGY, {}), "FRESNEL")
    assert (left.rounds, left.jobs, left.runs) == (2, 6, 4 * RUNS + 800)
    assert left.qpu_s == pytest.approx(1.2 * left.runs)
    assert left_of(STRATEGY, bound(STRATEGY, {}), "EMU_FREE", {4: 1}).jobs == 4 + 1


def test_no_more_winners_are_counted_than_slots():
    """Four slots, of which each may be one of a hundred winners."""
    many = replace(STRATEGY, confirm=Confirmation(best=100, runs=400, repeat=2))
    left = left_of(many, bound(many, {}), "EMU_FREE")
    assert (left.jobs, left.runs) == (4 + 4 * 2, 4 * RUNS + 8 * 400)


def test_columns_and_conditions_have_the_words_of_a_strategy(results):
    """A name of `let` that is taken has a `_` behind it; jobs without a strategy have none of them."""
    quantities = Quantities(results)
    (occupation,) = quantities.chosen("occupation_")
    assert (occupation.of(results[0]).value, quantities.found("round").of(results[3])) == (0.3, 2)
    assert ["slot 4", "slot 4x1", "slot 4x2"] == [
        job.name for job in results.where(condition("objective > 0.9", quantities))
    ]
    assert "objective" not in Quantities([a_job("", 3)]).names


def test_a_name_of_let_that_needs_an_index_elsewhere_is_told(results):
    """As `cost`, which is of a matrix."""
    figures = replace(results[0].figures, values={"cost": Estimate(1.0, 0.1)})
    job = replace(results[0], figures=figures)
    quantities = Quantities([job])
    with pytest.raises(UnknownQuantityError) as caught:
        quantities.found("cost")
    assert caught.value.hint.startswith("the cost of `let` is cost_; or say cost[")
    assert quantities.found("cost_").of(job) == Estimate(1.0, 0.1)


def test_the_best_slot_is_the_one_that_is_drawn(results):
    """Not a job of fresh runs, nor the one with most 1s; without the winner, this one."""
    histogram = picture("loop", results, Asked(kind=PictureKind.HISTOGRAM))
    others = Results("loop", [a_job("5", 90), *results[:3]], results.strategy)

    assert "of 6 jobs, the best one; choose another by its name" in histogram.notes
    assert ("slot 4", "slot 5") == (telling_job(results).name, telling_job(others).name)


def test_a_strategy_is_drawn_as_a_trace(results):
    """The best so far in steps, and fresh jobs behind the last slot."""
    drawn = picture("loop", results, Asked())
    objective, best, fresh = drawn.body.lines
    assert [LineLook.DOTS, LineLook.STEPS, LineLook.DOTS] == [each.look for each in drawn.body.lines]
    assert [0.6, 0.4, None, 1.2] == [each and each.value for _, each in objective.points]
    assert [0.6, 0.6, 0.6, 1.2] == [each.value for _, each in best.points]
    assert ("slot 4 again", [(6.0, 1.1), (7.0, 1.3)]) == (
        fresh.name,
        [(x, each.value) for x, each in fresh.points],
    )
    with pytest.raises(UsageError, match="the file has none"):
        picture("pair", [a_job("", 3)], Asked(kind=PictureKind.TRACE))


def test_scores_have_as_many_digits_as_their_errors_allow():
    """Two of the error; without one, four in all."""
    assert ["1.200 ± 0.098", "12 ± 34", "1.235", "0.5"] == [
        score_said(*each) for each in ((1.2, 0.098), (12.3, 34.1), (1.23456, None), (0.5, 0.0))
    ]


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        ((2, 4, 80), ["at most 2 rounds, 4 jobs, 80 runs more"]),
        ((0, 3, 9), ["at most 3 jobs, 9 runs more"]),
        ((0, 0, 0), []),
    ],
)
def test_of_what_is_left_at_most_nothing_is_told_that_is_none(results, left, expected):
    """In the last round nothing is left, or jobs that confirm alone."""
    rounds, jobs, runs = left
    stands = replace(
        results.strategy, done=False, left=StrategyLeft(rounds=rounds, jobs=jobs, runs=runs, qpu_s=0)
    )
    assert expected == [each for each in stands.facts if each.startswith("at most")]


def test_a_line_of_progress_has_the_round_and_the_best(results):
    """In an apply, and where it is watched; with the name of the experiment where there are several.

    A pass that does not see all takes nothing away.
    """
    plan = Plan(
        experiment="loop",
        actions=(),
        jobs=(),
        sync=Sync.SYNCED,
        health=Health.HEALTHY,
        strategy=replace(results.strategy, done=False),
    )
    assert state_text(plan).endswith("; round 2, best so far 1.200 ± 0.097, slot 4")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    alone = progress_after(Progress(), [plan], now)
    assert alone.loops == ("round 2, best so far 1.200 ± 0.097, slot 4",)
    both = progress_after(Progress(), [plan, replace(plan, experiment="pair", strategy=None)], now)
    assert both.loops == (f"loop: {alone.loops[0]}",)
    half_seen = progress_after(alone, [replace(plan, strategy=None)], now)
    assert half_seen.loops == alone.loops
