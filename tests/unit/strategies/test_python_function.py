"""Points from a function of the user: what it is told, what it may give, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import pytest
from closed_loops import strategy

from runner.domain.strategies import SearchDimension, SearchSpace, StopRules, Trial
from runner.errors import RunnerError
from runner.strategies.engines.python_function import PythonEngine, Returned
from runner.strategies.rounds import Ask, Bound, Done, bound, end_of, next_round
from runner.strategies.standing import standing

SPACE = SearchSpace(
    dimensions=(
        SearchDimension(variable="omega", element=1, low=1.0, high=9.0),
        SearchDimension(variable="t", low=100, high=200, step=4),
        SearchDimension(variable="phi", choices=(0.0, 1.5)),
    ),
    values={"omega": (0.0, 0.0, 0.0), "t": 0.0, "phi": 0.0},
)
GOOD = {"omega[1]": 3.0, "t": 104, "phi": 1.5}
WANTED = strategy(
    "python", ask=2, settings={"width": 0.5}, objective={"maximize": "p"}, where=("omega[1] <= 8",)
)
WANTED = replace(WANTED, space=SPACE)
TRIALS = {1: Trial(1, (0.25, 0.02, 0.75), -0.5, 0.1), 2: Trial(2, (0.5, 0.02, 0.25), None)}


def engine(give):
    """Makes engines that ask such a function."""
    return partial(PythonEngine, call=lambda words: Returned(give(**words), "specs/propose.py:7"))


def test_a_function_is_told_all_that_it_may_go_by():
    """The history in the sense of the file, what is varied, and a seed that is the same everywhere."""
    told = []
    make = engine(lambda **words: told.append(json.loads(json.dumps(words))) or [GOOD, GOOD])
    assert Ask(2, {3: (0.25, 1.5 / 26, 0.75), 4: (0.25, 1.5 / 26, 0.75)}) == next_round(
        WANTED, TRIALS, engine=make
    )
    next_round(WANTED, TRIALS, engine=make)
    first, again = told
    assert first == again
    seed = first.pop("seed")
    assert 0 <= seed < 2**53
    values = {"omega[1]": 3.0, "t": 100, "phi": 1.5}
    assert first == {
        "history": [
            {"round": 1, "slot": 1, "values": values, "score": 0.5, "error": 0.1},
            {
                "round": 1,
                "slot": 2,
                "values": {"omega[1]": 5.0, "t": 100, "phi": 0.0},
                "score": None,
                "error": 0.0,
            },
        ],
        "space": [
            {"name": "omega[1]", "low": 1.0, "high": 9.0, "step": 0, "is_log": False},
            {"name": "t", "low": 100, "high": 200, "step": 4, "is_log": False},
            {"name": "phi", "choices": [0.0, 1.5]},
        ],
        "ask": 2,
        "width": 0.5,
    }
    next_round(WANTED, {}, engine=make)
    assert seed != told[-1]["seed"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (None, "the function has no more points"),
        ([], "the function has no more points"),
        ("converged", "converged"),
    ],
)
def test_a_function_ends_the_loop(given, reason):
    """By nothing, or by saying why; results say it as well."""
    make = engine(lambda **_: given)
    assert Done(reason) == next_round(WANTED, TRIALS, engine=make)
    assert Done(reason) == end_of(WANTED, TRIALS, engine=make)
    bought = {slot: {"omega": [0, 3, 0], "t": 100, "phi": 0.0} for slot in TRIALS}
    assert reason == standing(WANTED, TRIALS, bought, engine=make).reason


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (3, "what the function gave is no list of points"),
        ({"": "generator"}, "what the function gave is no list of points"),
        ([GOOD], "the function gave 1 point for a round of 2"),
        ([GOOD, 3], "point 2 is no mapping"),
        ([GOOD | {"omega": 1}, GOOD], "point 1 has omega, and that is not varied"),
        ([GOOD, {"omega[1]": 3.0, "t": 104}], "point 2 has no phi"),
        ([GOOD | {"omega[1]": 9.1}, GOOD], "point 1 has 9.1 for omega[1], which goes from 1 to 9"),
        ([GOOD | {"omega[1]": "nan"}, GOOD], "point 1 has nan for omega[1]"),
        ([GOOD | {"omega[1]": True}, GOOD], "point 1 has no number for omega[1]"),
        ([GOOD | {"omega[1]": "3"}, GOOD], 'point 1 has the text "3" for omega[1]'),
        ([GOOD | {"t": 105}, GOOD], "point 1 has 105 for t, which goes from 100 by steps of 4"),
        ([GOOD | {"phi": 1}, GOOD], "point 1 has 1 for phi, which is one of 0, 1.5"),
        ([GOOD | {"omega[1]": 8.5}, GOOD], "point 1 breaks a condition of `where`"),
    ],
)
def test_what_is_no_round_is_refused_with_its_place(given, message):
    """Nothing is asked for then; the hint says what to do."""
    with pytest.raises(RunnerError) as caught:
        next_round(WANTED, TRIALS, engine=engine(lambda **_: given))
    assert f"{message} (specs/propose.py:7)" == caught.value.message
    assert "mend it" in caught.value.hint


def test_last_digits_are_no_fault():
    """An end that was calculated may be outside by a last digit."""
    point = {"omega[1]": 1.0 - 1e-15, "t": 104.00000000000001, "phi": 1.5}
    step = next_round(WANTED, TRIALS, engine=engine(lambda **_: [point, GOOD]))
    assert {"omega": [0.0, 1.0, 0.0], "t": 104, "phi": 1.5} == SPACE.variables(step.points[3])


def test_what_was_bought_needs_no_function():
    """Rounds, bounds and what is under way are told without it; a round is not."""
    assert Bound(1, 2, 200, 3) == bound(replace(WANTED, stop=StopRules(rounds=2)), TRIALS)
    assert end_of(WANTED, TRIALS) is None
    with pytest.raises(RunnerError, match="is not run here"):
        next_round(WANTED, TRIALS)
