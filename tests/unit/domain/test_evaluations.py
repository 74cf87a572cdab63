"""Observables of an emulator's results: read, checked, averaged."""

from __future__ import annotations

import json

import pytest

from runner.domain.evaluations import (
    AskedObservables,
    Evaluation,
    asked_times,
    averaged,
    evaluations_of,
    number_or_numbers,
    observable_uuid,
    standard_error,
    together,
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
        results([[0.25, 0.5], [{"real": 1.0, "imag": 1e-12}, 0]]),
        AskedObservables(names={ID: "n"}, qubit_ids=("a", "b")),
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
        (results([0.5, 10**400]), "a value is " + "1" + "0" * 39),
        (results([0.5, {"real": 10**400, "imag": 0}]), "a value is " + "1" + "0" * 39),
        (results([0.5, [[[0.5]]]]), "a value is a list"),
        (results([0.5, [0.5, 0.5]]), "its values differ in shape"),
        (results([[[0.5], [0.5, 0.5]]] * 2), "its values differ in shape"),
        (results([[0.5], [0.5]]), "its values do not fit 2 atoms"),
        (results([[], []]), "its values differ in shape"),
        (results([], times=()), "it has no values"),
        (results([0.5, 0.5], times=(1.0, 0.5)), "its times are not in order"),
        (results([0.5, 0.5], times=(0.5, 0.5)), "its times are not in order"),
        (results([0.5, 0.5], times=(0.5, float("nan"))), "its times are not in order"),
        (results([0.5, 0.5], times=(0.5, 10**400)), "int too large to convert to float"),
        ("[" * 10**5, "it came without Pulser's results"),
        (results([0.5, 0.5]).replace('"total_duration"', '"duration"'), "there is no 'total_duration'"),
        (results([0.5, {"real": 0.0, "imag": 1.0}]), "a value is complex"),
        (json.dumps({"results": {}}), "it is not among Pulser's results"),
    ],
)
def test_what_cannot_be_right_is_told_and_left_out(said, why):
    """The job keeps its counts, and says what is missing."""
    found, problems = evaluations_of(said, AskedObservables(names={ID: "n"}, qubit_ids=("a", "b")))

    assert {ID: Evaluation("n")} == found
    assert (f"the result has no n that can be right: {why}",) == problems


def test_an_observable_without_a_name_has_pulsers():
    """As of a version of the file that is gone."""
    found, _ = evaluations_of(results([[0.5, 0.5]] * 2), AskedObservables(names={ID: ""}))

    assert "occupation" == found[ID].name


@pytest.mark.parametrize("tagmap", [None, [], 1, {"a": []}, {"a": {}}, {"a": None}])
def test_a_map_of_names_that_is_none_loses_no_values(tagmap):
    """They are called by their id then."""
    said = json.loads(results([0.5, 0.5])) | {"tagmap": tagmap}
    found, problems = evaluations_of(json.dumps(said), AskedObservables(names={ID: ""}))

    assert ({ID: Evaluation(ID, (200.0, 400.0), (0.5, 0.5))}, ()) == (found, problems)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("occupation_n", 0.5),
        ("correlation_matrix", [0.5, 0.5]),
        ("energy", [0.5, 0.5]),
        ("fidelity", [[0.5, 0.5]] * 2),
    ],
)
def test_a_value_is_of_as_many_atoms_as_its_kind(name, values):
    """One number of each atom for an occupation, none of an atom for an energy."""
    found, problems = evaluations_of(results([values] * 2), AskedObservables(names={ID: name}))

    assert {ID: Evaluation(name)} == found
    assert (f"the result has no {name} that can be right: its values do not fit 2 atoms",) == problems


def test_values_are_those_of_the_times_that_were_asked_for():
    """An emulator may evaluate at steps of its own, near them, and more often; not less."""
    said = results([0.0, 0.25, 0.5], times=(0.0, 0.501, 1.0))
    found, none = evaluations_of(said, AskedObservables(names={ID: "n"}, times={ID: (0.5, 1.0)}))
    _, problems = evaluations_of(said, AskedObservables(names={ID: "n"}, times={ID: (0.25, 0.5, 1.0)}))

    assert ({ID: Evaluation("n", (200.4, 400.0), (0.25, 0.5))}, ()) == (found, none)
    assert ("the result has no n that can be right: it was not evaluated at 100 ns",) == problems


def test_a_configuration_says_when_observables_are_evaluated():
    """By their ids; of what is not in it, nothing is known."""
    said = json.dumps({"observables": [{"uuid": PLACE, "evaluation_times": [0.5, 1.0]}]})

    assert {ID: (0.5, 1.0)} == asked_times(said, [ID, "89abcdef"])
    assert {} == asked_times("", [ID])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1", None, {"real": 1.0}])
def test_only_finite_numbers_are_values(value):
    """Whatever JSON of other programs holds."""
    with pytest.raises(ValueError, match="a value is"):
        number_or_numbers([[value]])


def test_jobs_of_a_point_are_averaged_by_their_runs():
    """A job of three times the runs counts three times; one without values, not at all."""
    one, other = Evaluation("n", (100.0,), ((0.0, 1.0),)), Evaluation("n", (100.0,), ((0.5, 0.5),))

    assert Evaluation("m", (100.0,), ((0.375, 0.625),)) == averaged(
        together([(one, 100), (other, 300), (Evaluation("n"), 500)]), "m"
    )
    assert Evaluation("m") == averaged(together([(Evaluation("n"), 500)]), "m")


def test_only_what_was_evaluated_alike_is_averaged():
    """Of what differs in times or in atoms, that of the most runs, or the latest."""
    one, late = Evaluation("n", (100.0,), (0.25,)), Evaluation("n", (101.0,), (0.5,))
    wide, more = Evaluation("n", (100.0,), ((0.5, 0.5),)), Evaluation("n", (100.0, 200.0), (0.5, 0.5))

    assert [(one, 200), (one, 150)] == together(
        [(one, 200), (late, 300), (wide, 100), (more, 100), (one, 150)]
    )
    assert [(late, 100)] == together([(one, 100), (late, 100)])
    assert [] == together([(one, 0)])


def test_the_error_is_how_jobs_differ():
    """Standard error of the mean: of 0 and 0.4 the standard deviation is 0.2828, and its error 0.2."""
    one, other = Evaluation("n", (100.0,), (0.0,)), Evaluation("n", (100.0,), (0.4,))

    assert (pytest.approx(0.2),) == standard_error([one, other])
    assert standard_error([one]) is None
