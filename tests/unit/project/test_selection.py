"""Which experiments --only and --exclude mean."""

from __future__ import annotations

import pytest

from runner.errors import UsageError
from runner.project.views.selection import Selection, selected_names

NAMES = ["ramp-slow", "ramp-fast", "rabi"]


@pytest.mark.parametrize(
    ("only", "exclude", "expected"),
    [
        ((), (), NAMES),
        (("rabi",), (), ["rabi"]),
        (("rabi", "ramp-s*"), (), ["ramp-slow", "rabi"]),
        (("ramp-*",), ("*-fast",), ["ramp-slow"]),
        ((), ("ramp-????",), ["rabi"]),
    ],
)
def test_names_and_patterns_choose_in_the_order_of_the_files(only, exclude, expected):
    """What is excluded is out, whatever `only` says."""
    assert expected == selected_names(NAMES, Selection(only=only, exclude=exclude))


@pytest.mark.parametrize(
    ("selection", "message", "hint"),
    [
        (Selection(only=("rabbi",)), "--only rabbi: no experiment is called so", "did you mean rabi?"),
        (
            Selection(only=("rabi",), exclude=("x*",)),
            "--exclude x*: no experiment is called so",
            "known experiments: ramp-slow, ramp-fast, rabi",
        ),
        (Selection(only=("rabi",), exclude=("r*",)), "--only and --exclude leave no experiment", ""),
    ],
    ids=["near", "pattern", "nothing left"],
)
def test_a_pattern_that_matches_nothing_is_a_usage_error(selection, message, hint):
    """With the nearest name."""
    with pytest.raises(UsageError) as raised:
        selected_names(NAMES, selection)

    assert (message, hint) == (raised.value.message, raised.value.hint)


def test_without_a_selection_no_experiments_are_no_error():
    """There is nothing to be chosen from."""
    assert [] == selected_names([], Selection())
