"""Observables of an emulator's results: read, checked, averaged."""

from __future__ import annotations

import json

import pytest

from runner.domain.evaluations import (
    Evaluation,
    averaged,
    evaluations_of,
    number_or_numbers,
    observable_uuid,
    standard_error,
)

ID = "0123abcd"
PLACE = observable_uuid(ID)


def results(values, times=(0.5, 1.0), atoms=("a", "b")):
    """Pulser's results with one observable."""
    return json.dumps(
        {
            "atom_order": [*atoms],
            "total_duration": 400,
            "tagmap": {"occupation": PLACE},
            "results": {PLACE: values},
            "times": {PLACE: [*times]},
        }
    )


def test_an_observable_is_read_at_its_times():
    """In ns; complex numbers that are real are numbers."""
    found, problems = evaluations_of(
        results([[0.25, 0.5], [{"real": 1.0, "imag": 1e-12}, 0]]), {ID: "n"}, ("a", "b")
    )

    assert {ID: Evaluation("n", (200.0, 400.0), ((0.25, 0.5), (1.0, 0.0)))} == found
    assert () == problems


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (None, "it came without Pulser's results"),
        ("{", "it came without Pulser's results"),
        (results([[0.5, 0.5], [0.5, 0.5]], atoms=("b", "a")), "its atoms are in another order"),
        (results([[0.5, 0.5]]), "2 times, and 1 values"),
        (results([0.5, "0.5"]), "a value is '0.5'"),
        (results([0.5, True]), "a value is True"),
        (results([0.5, {"real": 0.0, "imag": 1.0}]), "a value is complex"),
        (json.dumps({"results": {}}), "it is not among Pulser's results"),
    ],
)
def test_what_cannot_be_right_is_told_and_left_out(said, why):
    """The job keeps its counts, and says what is missing."""
    found, problems = evaluations_of(said, {ID: "n"}, ("a", "b"))

    assert {ID: Evaluation("n")} == found
    assert (f"the result has no n that can be right: {why}",) == problems


def test_an_observable_without_a_name_has_pulsers():
    """As of a version of the file that is gone."""
    found, _ = evaluations_of(results([0.5, 0.5]), {ID: ""}, ())

    assert "occupation" == found[ID].name


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1", None, {"real": 1.0}])
def test_only_finite_numbers_are_values(value):
    """Whatever JSON of other programs holds."""
    with pytest.raises(ValueError, match="a value is"):
        number_or_numbers([[value]])


def test_jobs_of_a_point_are_averaged_by_their_runs():
    """A job of three times the runs counts three times; one without values, not at all."""
    one, other = Evaluation("n", (100.0,), ((0.0, 1.0),)), Evaluation("n", (100.0,), ((0.5, 0.5),))

    assert Evaluation("m", (100.0,), ((0.375, 0.625),)) == averaged(
        [(one, 100), (other, 300), (Evaluation("n"), 500)], "m"
    )
    assert Evaluation("m") == averaged([(Evaluation("n"), 500)], "m")


def test_the_error_is_how_jobs_differ():
    """Standard error of the mean: of 0 and 0.4 the standard deviation is 0.2828, and its error 0.2."""
    one, other = Evaluation("n", (100.0,), (0.0,)), Evaluation("n", (100.0,), (0.4,))

    assert (pytest.approx(0.2),) == standard_error([one, other])
    assert standard_error([one, Evaluation("n")]) is None
