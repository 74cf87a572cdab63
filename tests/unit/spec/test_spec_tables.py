"""CSV files: a column of numbers, and nothing that is one by accident."""

from __future__ import annotations

import pytest

from runner.spec.values.csv_columns import table_of
from runner.spec.values.sweep_values import SweepError


def numbers(text, column="omega", most=10):
    """The numbers of a column of a text."""
    return table_of(text, name="p.csv", most=most).numbers(column)


@pytest.mark.parametrize(
    "text",
    [
        "omega,t_ns\n1.5,100\n2,200\n",
        "omega,t_ns\r\n1.5,100\r\n2,200",
        '"omega", t_ns\n"1.5",100\n\n 2 , two hundred\n\n',
        "t_ns,omega\n100,1.5\n200,2e0\n",
    ],
)
def test_a_column_gives_its_numbers_row_by_row(text):
    """Whatever the order of columns, spaces, quotes, ends of lines and empty lines."""
    assert (1.5, 2) == numbers(text)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1e3", 1000),
        ("1E+03", 1000),
        ("+1", 1),
        ("-.5", -0.5),
        ("5.", 5.0),
        ("  7\t", 7),
        (' "7"', 7),
        ("1.000000000000000000e+00", 1.0),
        ("6.283185307179586", 6.283185307179586),
    ],
)
def test_numbers_are_read_as_other_programs_write_them(cell, number):
    """Spreadsheets, NumPy and people, with spaces in front of quotes as well."""
    assert repr((number, number)) == repr(numbers(f"t,omega\n0, {cell}\n0,{cell}\n"))


def test_whole_numbers_stay_whole():
    """As in the experiment file."""
    assert [int, float, int] == [type(value) for value in numbers("omega\n1\n1.0\n1e3\n")]


@pytest.mark.parametrize(
    ("text", "message", "hint", "key"),
    [
        ("", "p.csv has no rows", "a line of names, then a line for each value", "file"),
        ("omega\n", "p.csv has no rows", "a line of names, then a line for each value", "file"),
        ("omga\n1\n", "p.csv has no column omega", "did you mean omga?", "column"),
        ("omega,omega\n1,2\n", "p.csv has several columns omega", "", "column"),
        (
            "t;omega\n1;2\n",
            "p.csv has no column omega",
            "cells are separated by commas, and numbers have a point",
            "column",
        ),
        ("omega,t\n1,2\n\n3\n", "p.csv:4: expected 2 cells, not 1", "", "file"),
        ("omega\n1\nabc\n", 'p.csv:3: omega: expected a number, not "abc"', "", "column"),
        ("omega,t\n1,2\n,2\n", "p.csv:3: omega: expected a number, not nothing", "", "column"),
        (
            "omega\n007\n",
            'p.csv:2: omega: expected a number, not "007"',
            "a number has no zeros in front",
            "column",
        ),
        (
            'omega\n"1,5"\n',
            'p.csv:2: omega: expected a number, not "1,5"',
            "numbers have a point, and nothing between thousands",
            "column",
        ),
        ("omega\ntrue\n", 'p.csv:2: omega: expected a number, not "true"', "", "column"),
        ("omega\n.nan\n", "p.csv:2: omega: .nan is not a finite number", "", "column"),
        ("omega\nnan\n", 'p.csv:2: omega: expected a number, not "nan"', "", "column"),
        ('omega\n"1"2\n', "p.csv:2: this is not CSV: ',' expected after '\"'", "", "file"),
        ("omega\n" + "1\n" * 11, "p.csv has more than 10 rows", "", "file"),
        ("omega\n\x1b[31m\n", 'p.csv:2: omega: expected a number, not "\ufffd[31m"', "", "column"),
    ],
)
def test_what_is_no_column_of_numbers_is_refused(text, message, hint, key):
    """With the line of the table, and what to do where it is known."""
    with pytest.raises(SweepError) as caught:
        numbers(text)

    assert (message, hint, key) == (caught.value.message, caught.value.hint, caught.value.key)
