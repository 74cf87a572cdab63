"""Expressions in place of numbers: of variables, sweeps and runs, and of where atoms are."""

from __future__ import annotations

import math

import pytest
from texts import changed, messages, problems, with_jobs

from runner.spec import parse


def with_entry(entry):
    """A file of one variable, omega, and one entry under jobs; it says what is given, and how often."""
    return with_jobs(f"{{runs: 2 * 50, {entry}}}").replace(", t_ns: int", "").replace("t_ns}", "500}")


def asked(entry):
    """(runs, variables) of every job of an entry."""
    found = parse(with_entry(entry), path="x.yaml")
    return [(job.runs, dict(job.variables)) for job in found.jobs]


@pytest.mark.parametrize(
    ("entry", "literal"),
    [
        ("variables: {omega: 2*pi}", "variables: {omega: 6.283185307179586}"),
        ("variables: {omega: 10**3 / 2}, repeat: 2 + 1", "variables: {omega: 500}, repeat: 3"),
        ("sweep: {omega: [pi / 2, pi]}", "sweep: {omega: [1.5707963267948966, 3.141592653589793]}"),
        (
            "sweep: {omega: {range: [0, 2*pi, pi]}}",
            "sweep: {omega: [0, 3.141592653589793, 6.283185307179586]}",
        ),
        (
            "sweep: {omega: {linspace: [-pi, pi, 1 + 1]}}",
            "sweep: {omega: [-3.141592653589793, 3.141592653589793]}",
        ),
        ("sweep: {omega: {geomspace: [1/4, 2**2, 3]}}", "sweep: {omega: [0.25, 1, 4]}"),
        (
            "sweep: {omega: {random: {uniform: [0, 2 * 3], count: 1 + 1, seed: 7}}}",
            "sweep: {omega: {random: {uniform: [0, 6], count: 2, seed: 7}}}",
        ),
        (
            "sweep: {omega: [pi, 6]}, exclude: [{omega: pi}], include: [{omega: 3 * pi}]",
            "sweep: {omega: [6, 9.42477796076938]}",
        ),
    ],
)
def test_an_expression_is_the_number_that_it_comes_to(entry, literal):
    """Its jobs are those of a file with the number in its place, to the last digit and by type."""
    assert 100 == asked(entry)[0][0]
    assert repr(asked(literal)) == repr(asked(entry))


def test_ranges_are_exact_but_for_what_was_rounded_in_their_ends():
    """Seven steps of a seventh lead to the end, evenly; a step that is short by more does not."""
    found = [variables["omega"] for _, variables in asked("sweep: {omega: {range: [0, 2 * pi, 2 * pi / 7]}}")]

    assert [pytest.approx(2 * math.pi * i / 7, rel=1e-15) for i in range(8)] == found
    assert 2 * math.pi == found[-1]
    assert [
        "steps of 0.333333333333 do not lead from 0 to 1; the last value would be 0.999999999999"
    ] == messages(with_jobs("{runs: 100, sweep: {omega: {range: [0, 1, 0.333333333333]}, t_ns: 500}}"))


def test_atoms_stand_where_expressions_say():
    """Coordinates and distances are numbers, too."""
    found = parse(
        changed(
            "{chain: {n_qubits: 2, spacing_um: 6.0}}",
            '{coordinates_um: {a: [0, 0], b: ["6 * cos(pi / 3)", 3 * sqrt(3)]}}',
        ),
        path="x.yaml",
    )
    register = found.experiment.spec.sequence.register_

    assert {"a": (0.0, 0.0), "b": (6 * 0.5000000000000001, 5.196152422706632)} == register.coordinates_um


_NO_NAME = "variables stand in operations; here, numbers and pi do"


@pytest.mark.parametrize(
    ("entry", "column", "message", "hint"),
    [
        ("variables: {omega: 2*x}", 41, 'a number, not "2*x": there is no constant x', _NO_NAME),
        ("variables: {omega: 2*PI}", 41, 'a number, not "2*PI": there is no constant PI', "did you mean pi?"),
        ("variables: {omega: many}", 41, 'a number, not "many"', ""),
        ("variables: {omega: '6.28'}", 41, 'a number, not "6.28"', "it is text because of its quotes"),
        ("variables: {omega: '6,28'}", 41, 'a number, not "6,28"', "numbers have a point, not a comma"),
        ("variables: {omega: 010}", 41, 'a number, not "010"', "it is text because of its quotes"),
        ("variables: {omega: 1/0}", 41, 'a number, not "1/0": it has no value', "it divides by 0"),
        ("variables: {omega: 1}, repeat: 3/2", 53, 'a whole number, not "3/2": it comes to 1.5', ""),
        ("variables: {omega: 1}, repeat: 2-2", 53, "at least 1, not 0", ""),
        ("sweep: {omega: {range: [0, 2*x, 1]}}", 49, 'a number, not "2*x": there is no constant x', _NO_NAME),
    ],
)
def test_what_comes_to_no_number_is_told_where_it_stands(entry, column, message, hint):
    """File, line and column, and what to do."""
    assert [(15, column, f"expected {message}", hint)] == problems(with_entry(entry))
