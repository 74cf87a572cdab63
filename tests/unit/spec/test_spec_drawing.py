"""Random values: the same for ever, and as random as they say."""

from __future__ import annotations

import hashlib

import pytest

from runner.spec.jobs.rule_values import drawn_values
from runner.spec.models.sweep_rules import Random
from runner.spec.values.sweep_values import SweepError


def drawn(variable="omega", **said):
    """Values of a rule with a seed."""
    return drawn_values(Random(**{"count": 3, "seed": 7} | said), variable)


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ({"uniform": (0, 6.28)}, (0.8797790125078644, 5.623030563292051, 2.4366450117767986)),
        ({"log_uniform": (0.01, 10)}, (0.026319437199928415, 4.854685463788615, 0.1458822302389218)),
        ({"integers": (0, 400000)}, (294151, 87304, 239427)),
    ],
)
def test_a_seed_gives_the_same_values_for_ever(said, values):
    """Jobs are known by their values: another generator would buy everything again."""
    assert values == drawn(**said)


def test_the_generator_is_the_one_that_is_documented():
    """SHA-256 of seed, variable and number, as a fraction of the way."""
    draws = [int.from_bytes(hashlib.sha256(f"7:omega:{i}".encode()).digest(), "big") for i in range(3)]

    assert tuple(draw / 2**256 for draw in draws) == drawn(uniform=(0, 1))


@pytest.mark.parametrize("said", [{"uniform": (0, 1)}, {"log_uniform": (1, 2)}, {"integers": (0, 99)}])
def test_a_higher_count_adds_values(said):
    """What was measured before stays asked for."""
    assert drawn(**said, count=20) == drawn(**said, count=40)[:20]


def test_variables_and_seeds_have_values_of_their_own():
    """One seed for two variables does not put all points on a diagonal."""
    rules = [drawn(variable, seed=seed, uniform=(0, 1)) for variable in ("a", "b") for seed in (1, 2)]

    assert len({value for rule in rules for value in rule}) == 12


def test_values_fill_the_interval_evenly():
    """A tenth of the interval holds a tenth of the values, and of the decades."""
    uniform = drawn(uniform=(2, 4), count=10_000)
    log_uniform = drawn(log_uniform=(0.01, 100), count=10_000)
    shares = [sum(2 + i / 5 <= value < 2.2 + i / 5 for value in uniform) for i in range(10)]
    decades = [sum(10.0**i <= value < 10.0 ** (i + 1) for value in log_uniform) for i in range(-2, 2)]

    # Five standard deviations of a binomial; the values never change.
    assert all(850 < share < 1150 for share in shares), shares
    assert all(2280 < decade < 2720 for decade in decades), decades


def test_no_whole_number_comes_twice():
    """Both ends are included."""
    values = [drawn(seed=seed, integers=(3, 12), count=5) for seed in range(100)]

    assert all(len(set(each)) == 5 for each in values)
    assert set(range(3, 13)) == {value for each in values for value in each}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"uniform": (2, 1)}, "uniform goes from the smallest to the largest value, and 2 is not below 1"),
        ({"log_uniform": (0, 1)}, "log_uniform has a logarithm, and needs values above 0"),
        (
            {"integers": (1, 10), "count": 6},
            "6 of 10 whole numbers are too many to draw, for none comes twice",
        ),
    ],
)
def test_rules_without_values_are_refused(said, message):
    """An interval is the right way round, and holds enough."""
    with pytest.raises(SweepError) as caught:
        drawn(**said)

    assert message == caught.value.message
