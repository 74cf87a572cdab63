"""What each kind of strategy takes, and what is said of anything else; conditions between variables."""

from __future__ import annotations

import subprocess
import sys

import pytest
from closed_loops import strategy
from patience import PATIENCE_S

from runner.domain.expressions.words import ExpressionError
from runner.domain.strategies import SearchDimension, SearchSpace, StopRules
from runner.strategies.conditions import all_hold, condition, holds
from runner.strategies.kinds import KINDS, KindProblem, problems

CHOICE = SearchSpace(dimensions=(SearchDimension(variable="p", choices=(0.0, 1.0)),))


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_takes_its_own_defaults(name):
    """Said in the file or not."""
    kind = KINDS[name]
    settings = {
        key: bool(each.default) if each.is_flag else each.default for key, each in kind.settings.items()
    }
    n = kind.most_dimensions or 3

    assert [] == list(problems(strategy(name, n)))
    assert [] == list(problems(strategy(name, n, ask=kind.ask and kind.ask(n), settings=settings)))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"kind": "spas"}, (("kind",), "there is no kind of strategy spas", "did you mean spsa?")),
        (
            {"kind": "spsa", "ask": 3},
            (("ask",), "spsa asks for an even number of jobs from 2 on, not 3", ""),
        ),
        ({"kind": "sobol", "ask": 0}, (("ask",), "sobol asks for a number of jobs from 1 on, not 0", "")),
        (
            {"kind": "nelder-mead", "ask": 2},
            (("ask",), "nelder-mead says itself how many jobs a round has", "leave ask out"),
        ),
        (
            {"kind": "spsa", "settings": {"c": 0.7}},
            (("settings", "c"), "c is a number above 0 up to 0.5, not 0.7", ""),
        ),
        (
            {"kind": "spsa", "settings": {"c": True}},
            (("settings", "c"), "c is a number above 0 up to 0.5, not True", ""),
        ),
        (
            {"kind": "nelder-mead", "settings": {"adaptive": 1}},
            (("settings", "adaptive"), "adaptive is true or false, not 1", ""),
        ),
        (
            {"kind": "nelder-mead", "settings": {"sizes": 0.1}},
            (("settings", "sizes"), "nelder-mead has no setting sizes", "did you mean size?"),
        ),
        ({"kind": "sobol", "settings": {"a": 1}}, (("settings", "a"), "sobol has no setting a", "")),
        *(
            (
                {"kind": kind, "stop": StopRules(spread=0.1)},
                (
                    ("stop", "spread"),
                    f"how close the scores of {kind} are says nothing of its end",
                    "say `stall` in its place; kinds that have a spread: refine, cma-es, nelder-mead, python",
                ),
            )
            for kind in ("bayesian", "sobol", "spsa")
        ),
        (
            {"kind": "python", "stop": StopRules(spread=0.1)},
            (
                ("stop", "spread"),
                "a round of one job has no spread",
                "say `stall` in its place, or a higher `ask`",
            ),
        ),
    ],
)
def test_a_kind_refuses_what_it_does_not_take(said, expected):
    """With the key of the file, what is wrong with it, and what it may be."""
    assert [KindProblem(*expected)] == list(problems(strategy(**said)))


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if not kind.has_choices])
def test_a_kind_that_needs_an_order_refuses_choices(name):
    """It says which kinds can choose."""
    able = ", ".join(each.name for each in KINDS.values() if each.has_choices)
    problem = KindProblem(("over", "p"), f"{name} cannot choose between values", f"what can: {able}")

    assert [problem] == list(problems(strategy(name, space=CHOICE)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x[0] <= x[1]", True),
        ("x[1] < x[0]", False),
        ("x[0] == 0.3", True),
        ("x[0] < 0.3", False),
        ("0 < x[0] < x[1] <= 0.5", True),
        ("not x[0] > 0.2", False),
        ("d in (1, 2) or x[0] > 1", True),
        ("d not in (1, 2)", False),
        ("d != 2 and x[1] >= x[0]", False),
        ("x[0] + x[1] <= 0.8", True),
        ("d * x[1] < 1 or sqrt(d) > 2", False),
        ("(x[0] + x[1]) * 5 == 2 * d", True),
        ("(x[0] < 0.2 or (d + 1) ** 2 >= 9) and not (x[1] / d > 1)", True),
        ("(-x[0]) < -(0.1) < pi", True),
        ("d + 1 in (2, 6 / 2)", True),
    ],
)
def test_a_condition_holds(text, expected):
    """Numbers that differ in their last digits are equal."""
    values = {"x": [0.1 * 3, 0.5], "d": 2.0}

    assert expected == holds(condition(text, values), values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y > 1", "there is no variable y"),
        ("x > 1", "x holds 2 numbers"),
        ("x[2] > 1", "x holds 2 numbers"),
        ("x[a] > 1", "x holds 2 numbers"),
        ("d[0] > 1", "d is a single number"),
        ("d == 'a'", "' is not expected here"),
        ("d +", "the end stands where a number, a name or a formula is expected"),
        ("d + 1", "a comparison is expected"),
        ("(d + 1", "a comparison is expected"),
        ("(d + 1) ** < 2", "< stands where a number, a name or a formula is expected"),
        ("(d < 1) + 2 > 3", "+ is not expected here"),
        ("d < x[0] y", "y is not expected here"),
        ("sin < 1", "sin is a function and needs an argument"),
        ("sine(d) < 1", "there is no function sine"),
        ("d == [1, 2]", "a list is no number"),
        ("not and d < 1", "and stands where a number, a name or a formula is expected"),
    ],
)
def test_a_condition_is_of_numbers_of_the_strategy(text, message):
    """Anything else is refused, with its place in the text."""
    with pytest.raises(ExpressionError) as refused:
        condition(text, {"x": [0.3, 0.5], "d": 2.0})

    assert message == refused.value.message


def test_a_condition_without_a_value_is_not_kept():
    """As where it divides by 0; neither is what follows from it."""
    values = {"x": [0.0, 0.5], "d": 2.0}
    for text in ("1 / x[0] > 1", "not 1 / x[0] > 1", "d / x[0] > 1 or d > 1", "sqrt(x[0] - d) >= 0"):
        assert not all_hold([condition(text, values)], values)
    assert all_hold([condition("x[0] == 0 or 1 / x[0] > 1", values)], values)


def test_knowing_kinds_imports_no_engine():
    """A file is checked without NumPy, and a strategy is looked at without what its kind needs."""
    script = (
        "import sys; import runner.strategies.rounds, runner.strategies.kinds;"
        "sys.exit(not set(sys.modules).isdisjoint({'numpy', 'scipy', 'sklearn', 'cmaes'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, timeout=PATIENCE_S)

    assert 0 == done.returncode
