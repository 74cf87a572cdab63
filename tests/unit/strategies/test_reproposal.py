"""What is said where a round was bought otherwise than it would be proposed here."""

from __future__ import annotations

import pytest
from closed_loops import strategy

from runner.domain.strategies import SearchDimension, SearchSpace, Trial
from runner.strategies.reproposal import reproposed
from runner.strategies.rounds import next_round

SPACE = SearchSpace(
    dimensions=(
        SearchDimension(variable="x", low=0.0, high=10.0),
        SearchDimension(variable="t", low=100, high=500, step=4),
    ),
    values={"x": 0.0, "t": 0},
)
SOBOL = strategy("sobol", ask=4, space=SPACE)


@pytest.fixture
def bought():
    """The first round, as it is proposed."""
    points = next_round(SOBOL, {}).points
    return {slot: SPACE.variables(units) for slot, units in points.items()}


def test_nothing_is_said_of_what_is_proposed_alike(bought):
    """Also where the last digits differ; a whole number is the same anywhere in its cell."""
    assert reproposed(SOBOL, {}, bought, 1) == ""
    bought[2]["x"] += 1e-10
    assert reproposed(SOBOL, {}, bought, 1) == ""


def test_how_much_differs_is_said_in_parts_of_the_interval(bought):
    """The greatest one, with its slot and its variable; earlier rounds are as they were bought."""
    bought[2]["x"] += 0.5 if bought[2]["x"] < 5 else -0.5
    bought[3]["t"] += 8 if bought[3]["t"] < 300 else -8
    said = reproposed(SOBOL, {}, bought, 1)
    assert said == (
        "2 of 4 points of round 1 were bought otherwise than they are proposed here,"
        " by up to 5 % of an interval (slot 2: x)"
    )
    trials = {slot: Trial(slot, SPACE.units(values), 0.0) for slot, values in bought.items()}
    second = next_round(SOBOL, trials).points
    later = bought | {slot: SPACE.variables(units) for slot, units in second.items()}
    assert reproposed(SOBOL, trials, later, 2) == ""
