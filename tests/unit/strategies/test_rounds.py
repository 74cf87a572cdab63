"""Which jobs a strategy asks for, from what it is and what came back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from closed_loops import ended, sphere, strategy
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.domain.strategies import OnFailed, SearchDimension, SearchSpace, StopRules, Trial
from runner.errors import RunnerError
from runner.strategies import rounds
from runner.strategies.kinds import KINDS
from runner.strategies.rounds import (
    Ask,
    Bound,
    Done,
    Halted,
    Undecided,
    bound,
    continued,
    end_of,
    next_round,
    proposal,
    round_slots,
    spread_now,
)
from runner.strategies.winners import best

ALL = sorted(KINDS.keys() - {"python"})  # which has no points of its own
SEVERAL = [kind for kind in ALL if KINDS[kind].most_dimensions is None]


def trials_of(losses, error=0.0, first=1):
    """Trials anywhere, with these losses."""
    return {slot: Trial(slot, (0.5, 0.5), loss, error) for slot, loss in enumerate(losses, first)}


def test_the_first_round_comes_before_all_others():
    """Round 0 is `first`; slots go on behind it, round after round."""
    wanted = strategy("sobol", first=3, ask=2)
    trials, _ = ended(wanted, sphere, 2)

    assert [range(1, 4), range(4, 6), range(6, 8), range(8, 10)] == list(round_slots(wanted, trials))


def test_a_strategy_goes_on_where_it_was():
    """One sequence over all rounds, `first` included: no point comes twice."""
    one, _ = ended(strategy("sobol", first=3, ask=2), sphere, 4)
    other, _ = ended(strategy("sobol", ask=11), sphere, 1)

    assert [trial.units for trial in one.values()] == [trial.units for trial in other.values()]
    assert 11 == len({trial.units for trial in one.values()})


def with_long(kinds):
    """The same kinds; what fits a model at each point takes long."""
    return [pytest.param(kind, marks=pytest.mark.long) if kind == "bayesian" else kind for kind in kinds]


@pytest.mark.parametrize(
    ("change", "is_same"),
    [({"seed": 8}, False), ({"digest": "5f" * 32}, False), ({"stop": StopRules(target=0.1)}, True)],
    ids=["seed", "digest", "stop"],
)
@pytest.mark.parametrize("kind", ALL)
def test_points_come_from_digest_and_seed(kind, change, is_same):
    """Not from when and where they are asked for, nor from when to stop."""
    wanted = strategy(kind, first=4)

    assert is_same == (next_round(wanted, {}) == next_round(replace(wanted, **change), {}))


@pytest.mark.parametrize("kind", with_long(ALL))
def test_any_prefix_is_gone_on_with_alike(kind):
    """Of a loop of six rounds, every round is proposed again by what ended before it, bit by bit."""
    wanted = strategy(kind, first=4)
    trials, _ = ended(wanted, sphere, 6)

    for number, slots in enumerate(round_slots(wanted, trials)[:-1]):
        before = {slot: trial for slot, trial in trials.items() if slot < slots.start}
        points = {slot: trials[slot].units for slot in slots}
        assert Ask(number, points) == next_round(wanted, before)
        assert points == proposal(wanted, trials, number)


@pytest.mark.parametrize("kind", with_long(ALL))
def test_what_was_bought_is_the_truth(kind):
    """Values that differ in their last digits from what is proposed stay, and the next round is close by."""
    wanted = strategy(kind, first=4)
    trials, _ = ended(wanted, sphere, 5)
    rng = np.random.default_rng(1)
    bought = {
        slot: replace(
            trial,
            units=tuple(np.clip(np.add(trial.units, rng.normal(0, 1e-12, len(trial.units))), 0, 1).tolist()),
        )
        for slot, trial in trials.items()
    }
    here, there = next_round(wanted, trials), next_round(wanted, bought)

    assert list(here.points) == list(there.points)
    assert here.points[min(here.points)] == pytest.approx(there.points[min(there.points)], abs=1e-6)


def test_jobs_under_way_are_waited_for():
    """A round that is bought whole and has not ended decides nothing."""
    wanted = strategy("sobol", ask=4)

    assert Undecided("round 1: 2 of 4 jobs are under way") == next_round(wanted, trials_of([1, 2]), {3, 4})
    assert Undecided("the first points: 1 of 1 jobs is under way") == next_round(
        replace(wanted, first=1), {}, {1}
    )
    assert Undecided("round 1: 2 of 4 jobs are under way, 1 is done and not on record") == next_round(
        wanted, trials_of([1]), {2, 3, 4}, unrecorded={2}
    )
    assert Undecided("round 1: 2 of 4 jobs are done and not on record") == next_round(
        wanted, trials_of([1, 2]), {3, 4}, unrecorded={3, 4}
    )


def test_what_is_missing_of_a_round_is_asked_for():
    """A part was bought; the rest has the points that it always had."""
    wanted = strategy("sobol", ask=4)
    whole = next_round(wanted, {})

    assert Ask(1, {slot: whole.points[slot] for slot in (2, 4)}) == next_round(wanted, trials_of([1]), {3})


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_no_slot_is_asked_for_twice(data):
    """Whatever is bought in which order, failed or late: those missing of the first open round, no others."""
    kind = data.draw(st.sampled_from([kind for kind in ALL if kind != "bayesian"]))  # it takes a second
    wanted = strategy(
        kind, first=data.draw(st.integers(0, 3)), on_failed=data.draw(st.sampled_from(["drop", "worst"]))
    )
    wanted = replace(wanted, on_failed=OnFailed(wanted.on_failed))
    trials, pending, asked = {}, {}, set()
    for _ in range(12):
        step = next_round(wanted, trials, pending)
        if isinstance(step, Ask):
            there = set(round_slots(wanted, trials)[-1]) - set(trials) - set(pending)
            assert there == set(step.points)
            assert asked.isdisjoint(step.points)
            slots = data.draw(st.sets(st.sampled_from(sorted(step.points)), min_size=1))
            pending |= {slot: step.points[slot] for slot in slots}
            asked |= slots
        elif isinstance(step, Done | Halted):
            break
        end = data.draw(st.sets(st.sampled_from(sorted(pending)), min_size=isinstance(step, Undecided)))
        for slot in end:
            loss = data.draw(st.one_of(st.none(), st.floats(-1, 1)))
            trials[slot] = Trial(slot, pending.pop(slot), loss, 0.1)
    current = round_slots(wanted, trials)[-1]

    assert asked <= set(range(1, current.stop))
    assert set(range(1, current.start)) <= set(trials)


LOSSES = [0.5, 0.4, 0.3, 0.2, 0.1, 0.15, 0.12, 0.1]


@pytest.mark.parametrize(
    ("stop", "losses", "reason"),
    [
        (StopRules(target=0.05), LOSSES, ""),
        (StopRules(target=0.13), LOSSES, "the target 0.13 is reached: slot 5 has 0.100 ± 0.010"),
        (StopRules(target=0.115), LOSSES, ""),
        (StopRules(rounds=5), LOSSES, ""),
        (StopRules(rounds=4), LOSSES, "4 rounds have ended, and 4 are wanted"),
        (StopRules(rounds=1), LOSSES, "4 rounds have ended, and 1 is wanted"),
        (StopRules(rounds=1), LOSSES[:2], "1 round has ended, and 1 is wanted"),
        (StopRules(stall_rounds=1), LOSSES, "the best got better by 0 in the last 1 round"),
        (StopRules(stall_rounds=2), LOSSES, ""),
        (StopRules(stall_rounds=2, stall_by=0.1), LOSSES, "the best got better by 0.1 in the last 2 rounds"),
        (StopRules(stall_rounds=4), LOSSES, ""),
        (StopRules(spread=0.01), LOSSES, ""),
        (StopRules(spread=0.03), LOSSES, "the scores of round 4 are within 0.02"),
    ],
)
def test_a_rule_stops(stop, losses, reason):
    """Each by what has ended so far, two jobs a round."""
    step = next_round(strategy("sobol", ask=2, stop=stop), trials_of(losses, error=0.01))

    assert reason == (step.reason if isinstance(step, Done) else "")


@pytest.mark.parametrize(("first", "last"), [(0, 2), (2, 2)])
def test_a_spread_holds_from_the_second_round_on(first, last):
    """The search begins with what is before, and close scores there are chance."""
    wanted = strategy("refine", 1, first=first, ask=3, stop=StopRules(spread=0.5))
    trials, reason = ended(wanted, lambda _: 0.3, 9)

    assert first + 3 * last == len(trials)
    assert reason == "the scores of round 2 are within 0"


def test_the_spread_of_a_simplex_is_that_of_its_corners():
    """It shrinks with the simplex, and ends the search before its edges do; one that failed is not close."""
    wanted = strategy("nelder-mead", stop=StopRules(spread=1e-3))
    trials, reason = ended(wanted, sphere, 200)
    corners = sorted(trial.loss for trial in trials.values())[:3]
    spread = corners[2] - corners[0]

    assert reason == f"the scores of the simplex are within {spread:.4g}"
    assert spread < 1e-3
    assert spread == pytest.approx(spread_now(wanted, trials))
    last = max(trials)
    before = {slot: trial for slot, trial in trials.items() if slot < last}
    assert isinstance(next_round(wanted, before), Ask)
    assert spread_now(wanted, {slot: trials[slot] for slot in (1, 2, 3)}) is None
    make = continued(wanted, [Trial(0, (0.9, 0.9), 0.7)])
    assert isinstance(next_round(wanted, {}, engine=make), Ask)
    assert "the simplex" in ended_with(wanted, make)


def ended_with(wanted, make):
    """Why a loop that is proposed by another engine has ended."""
    trials = {}
    while isinstance(step := next_round(wanted, trials, engine=make), Ask):
        trials |= {slot: Trial(slot, units, sphere(units)) for slot, units in step.points.items()}
    return step.reason


def test_a_target_of_what_is_maximized_is_reached_from_below():
    """By two standard errors, too; the loss is the objective's negative."""
    wanted = strategy("sobol", objective={"maximize": "m"}, stop=StopRules(target=0.95))
    trials = {31: Trial(31, (0.0, 0.0), -0.96, 0.004)}

    assert Done("the target 0.95 is reached: slot 31 has 0.9600 ± 0.0040") == next_round(wanted, trials)
    assert isinstance(next_round(wanted, {31: Trial(31, (0.0, 0.0), -0.96, 0.006)}), Ask)


def test_a_failed_job_stops_what_is_to_stop():
    """At once, whatever else is under way."""
    wanted = strategy("sobol", ask=2, on_failed=OnFailed.STOP)

    assert Done("slot 2 has no score") == next_round(wanted, trials_of([0.1, None, 0.2]), {4})


def test_a_failed_job_counts_as_the_worst_so_far():
    """The simplex goes on as if the slot had the largest loss of its round and of those before."""
    wanted = strategy("nelder-mead", on_failed=OnFailed.WORST)
    place = {1: (0.5, 0.5), 2: (0.7, 0.5), 3: (0.5, 0.7)}
    failed, worst = (
        {slot: Trial(slot, place[slot], loss) for slot, loss in zip(place, losses, strict=True)}
        for losses in ((0.1, 0.9, None), (0.1, 0.9, 0.9))
    )

    assert next_round(wanted, worst) == next_round(wanted, failed)


def without_value(count, failed=0):
    """Trials of which none has a score: so many are measured, and behind them so many failed."""
    return {
        slot: Trial(slot, (0.5, 0.5), None, is_measured=slot <= count)
        for slot in range(1, count + failed + 1)
    }


@pytest.mark.parametrize(
    ("said", "measured", "failed", "n_jobs"),
    [
        ({"first": 4, "ask": 2}, 3, 0, None),
        ({"first": 4, "ask": 2}, 4, 0, "any of 4 jobs measured"),
        ({"first": 4, "ask": 2}, 1, 3, "the only job measured, and 3 failed"),
        ({"ask": 4}, 4, 0, "any of 4 jobs measured"),
        ({"ask": 1}, 1, 0, None),
        ({"ask": 1}, 2, 0, None),
        ({"ask": 1}, 3, 0, "any of 3 jobs measured"),
        ({"ask": 1}, 0, 1, None),
        ({"ask": 1}, 0, 2, None),
        ({"ask": 1}, 0, 3, "all 3 failed"),
        ({"first": 9, "ask": 2}, 0, 11, None),
        ({"first": 9, "ask": 2}, 0, 13, "all 13 failed"),
        ({"ask": 1, "stop": StopRules(rounds=2)}, 0, 2, "all 2 failed"),
        ({"ask": 1, "stop": StopRules(rounds=2)}, 1, 1, "the only job measured, and 1 failed"),
    ],
)
def test_what_never_has_a_score_buys_nothing_more(said, measured, failed, n_jobs):
    """After a whole round without a value, or some in which all failed; also at its end."""
    wanted = strategy("sobol", objective={"minimize": "a / b", "let": {"a": 1, "b": 2}}, **said)
    trials = without_value(measured, failed)
    step = next_round(wanted, trials)

    assert (n_jobs is not None) == isinstance(step, Halted)
    assert end_of(wanted, trials) == (step if isinstance(step, Halted) else None)
    if isinstance(step, Halted):
        assert f"{n_jobs};" in step.reason.replace(" or were cancelled", "")
        assert ("a / b gave no number (NaN) for" in step.reason) == bool(measured)


def test_one_score_is_enough_to_go_on():
    """Also one of an earlier strategy: the objective has values."""
    wanted = strategy("sobol", ask=4, objective={"minimize": "a"})
    trials = without_value(8)

    assert isinstance(next_round(wanted, trials), Halted)
    assert isinstance(next_round(wanted, {**trials, 3: Trial(3, (0.5, 0.5), 0.2)}), Ask)
    for loss, outcome in ((0.2, Ask), (None, Halted)):
        make = continued(wanted, [Trial(0, (0.1, 0.1), loss, is_measured=True)])
        assert isinstance(next_round(wanted, trials, engine=make), outcome)


def test_what_is_to_stop_at_a_failure_is_done():
    """Nobody has to decide what the file has decided."""
    wanted = strategy("sobol", ask=4, on_failed=OnFailed.STOP)

    assert Done("slot 1 has no score") == next_round(wanted, without_value(0, failed=4))
    assert isinstance(next_round(wanted, without_value(4)), Halted)  # it says nothing of an objective


@pytest.mark.parametrize("kind", with_long(ALL))
def test_a_loop_outlives_failures(kind):
    """Every third job fails, and the kind goes on."""
    wanted = strategy(kind, first=4)
    slots = iter(range(1000))
    trials, reason = ended(wanted, lambda units: None if next(slots) % 3 == 2 else sphere(units), 8)

    assert reason in {
        "8 rounds have ended, and 8 are wanted",
        "the optimum is known to 0.001 of the interval",
    }
    assert all(0 <= each <= 1 for trial in trials.values() for each in trial.units)


@pytest.mark.parametrize("kind", with_long(SEVERAL))
def test_conditions_are_kept(kind):
    """No point that breaks one is ever asked for, whichever half of the square is open."""
    for where in ("x[0] <= x[1]", "x[0] >= x[1]"):
        wanted = strategy(kind, first=3, where=(where, "x[0] != x[1] or x[0] in (0.5, 0.25)"))
        trials, _ = ended(wanted, lambda units: (units[0] - 0.2) ** 2 + (units[1] - 0.2) ** 2, 6)
        pairs = [trial.units for trial in trials.values()]

        assert all(x <= y + 1e-9 if "<=" in where else x >= y - 1e-9 for x, y in pairs)


@pytest.mark.parametrize(("kind", "first"), [(kind, first) for kind in SEVERAL for first in (0, 2)])
def test_conditions_that_nothing_keeps_are_for_a_person(kind, first):
    """It says which, and asks for nothing."""
    step = next_round(strategy(kind, first=first, where=("x[0] > 2", "x[1] < 3")), {})
    name = "the first points" if first else "round 1"

    assert isinstance(step, Halted)
    assert step.reason.startswith(f"{name}: no point was found that keeps x[0] > 2 and x[1] < 3 (")
    assert step.reason.endswith("; widen `where` or `over`")


@pytest.mark.parametrize(("kind", "n_pairs"), [("spsa", 1), ("sobol", 3)])
def test_conditions_that_a_later_round_cannot_keep_are_for_a_person(kind, n_pairs, monkeypatch):
    """It is not done: what is left to decide is to end it here, or to begin another one."""
    wanted = strategy(kind, ask=2, where=("x[0] != 0.25",))
    trials, _ = ended(wanted, sphere, n_pairs)
    monkeypatch.setattr(rounds, "all_hold", lambda *_: False)
    step = next_round(wanted, trials)

    assert isinstance(step, Halted)
    assert f"round {n_pairs + 1}: no point was found that keeps x[0] != 0.25" in step.reason
    assert f"or end it here by `rounds: {n_pairs}` of `stop`" in step.reason


def test_a_simplex_begins_on_the_side_that_is_open():
    """What would be pulled back to the start goes the other way; where neither is open, a person is asked."""
    step = next_round(strategy("nelder-mead", where=("x[0] <= 0.5", "x[1] >= 0.5")), {})

    assert {1: (0.5, 0.5), 2: (0.3, 0.5), 3: (0.5, 0.7)} == {
        slot: pytest.approx(point) for slot, point in step.points.items()
    }
    step = next_round(strategy("nelder-mead", where=("x[0] == x[1]",)), {})
    assert isinstance(step, Halted)
    assert "along an axis, all on either side of the start break it" in step.reason


def test_how_much_is_left():
    """At most: rounds, jobs and runs; what is bought already does not count."""
    wanted = strategy("sobol", ask=4, first=3, stop=StopRules(rounds=5))

    assert Bound(5, 23, 2300, 23) == bound(wanted, {})
    assert Bound(5, 18, 1800, 23) == bound(wanted, trials_of([1, 1, 1, 1]), {5})
    assert Bound(0, 0, 0, 23) == bound(wanted, trials_of([1] * 23))
    assert 22 == bound(wanted, trials_of([1, 1, 1, None]), {5}).scores
    assert Bound(None, None, None) == bound(replace(wanted, stop=StopRules()), {})
    assert Bound(3, 3 + 2 + 2, 700, 7) == bound(strategy("nelder-mead", stop=StopRules(rounds=3)), {})


def test_the_best_come_first():
    """By their scores; of equal ones the earlier, and none that failed."""
    trials = trials_of([0.3, None, 0.1, 0.3, 0.2])

    assert [3, 5, 1, 4] == [trial.slot for trial in best(strategy(), trials)]


def test_places_are_of_any_kind_of_number():
    """Whole numbers, logarithms and choices are places of the cube, too."""
    dimensions = (
        SearchDimension(variable="t", low=100, high=2000, step=4),
        SearchDimension(variable="f", low=0.1, high=10, is_log=True),
        SearchDimension(variable="p", choices=(0.0, 3.0)),
    )
    wanted = strategy("sobol", ask=64, space=SearchSpace(dimensions=dimensions), where=("t <= 1000",))
    values = [wanted.space.variables(units) for units in next_round(wanted, {}).points.values()]

    assert all(each["t"] in range(100, 1001, 4) for each in values)
    assert 20 < sum(each["f"] < 1 for each in values) < 44
    assert {0.0, 3.0} == {each["p"] for each in values}


def test_an_engine_may_come_from_outside():
    """A kind that this room does not know is proposed by what makes it an engine."""

    class Middle:
        end = "the middle is measured"

        def __init__(self, search):
            self.search, self.rounds = search, 0

        def size(self):
            return self.search.ask

        def most(self, rounds):
            return rounds * self.search.ask

        def tell(self, trials):
            self.rounds += 1

        def propose(self, rng):
            return [(0.5, 0.5)] * self.search.ask if self.rounds < 3 else []

    wanted = strategy("middle", ask=2)

    assert Ask(1, {1: (0.5, 0.5), 2: (0.5, 0.5)}) == next_round(wanted, {}, engine=Middle)
    assert Done("the middle is measured") == next_round(wanted, trials_of([1, 2, 3, 4]), engine=Middle)
    with pytest.raises(RunnerError, match="there is no kind of strategy middle"):
        next_round(wanted, {})
