"""Results as columns and rows, and the forms they are written in."""

from __future__ import annotations

import csv
import io
import math
from datetime import UTC, datetime

import pandas as pd
import pytest
from builders import a_record, a_result
from scipy.stats import beta

from runner.errors import UsageError
from runner.results import Estimate
from runner.results.analysis.columns import Quantities, ValueKind
from runner.results.analysis.observables import share
from runner.results.export.sheets import (
    Errors,
    Sheet,
    SheetColumn,
    chosen_columns,
    column_names,
    long_sheet,
    wide_sheet,
    with_errors,
)
from runner.results.export.writers import cell_text, csv_text, json_objects, markdown, parquet_bytes

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOBS = (
    a_result(
        {"01": 75, "11": 25},
        variables={"t": 1, "v": [1.5, 2.0]},
        name="one",
        remote_jobs=(a_record(created_at=MOMENT, errors=("no",)),),
    ),
    a_result(variables={"t": 2, "status": 3.0}, name="two"),
)
QUANTITIES = Quantities(JOBS)


def sheet(*names, errors=Errors.COLUMNS):
    """A sheet of some columns."""
    return with_errors(wide_sheet(JOBS, chosen_columns(names, QUANTITIES)), errors)


def test_names_are_parted_by_commas_outside_brackets():
    """A correlation has one of its own."""
    assert ["job", "correlation[q0, q1]", "v[0]"] == column_names("job, correlation[q0, q1],,v[0]")


def test_variables_stand_in_a_column_a_number():
    """One that is called like a field has a `_` behind it; None where a job has none."""
    found = sheet("job", "variables", "status")

    assert ("job", "t", "v[0]", "v[1]", "status_", "status") == found.names
    assert (("one", 1, 1.5, 2.0, None, "DONE"), ("two", 2, None, None, 3.0, "MISSING")) == found.rows


def test_an_observable_has_its_error_beside_it():
    """Mean occupation of both qubits is (0.75 · 1 + 0.25 · 2) / 2 = 0.625, and its error half that of q0."""
    found = sheet("occupation")

    half = beta(25.5, 75.5)  # Jeffreys' posterior distribution of q0; q1 is always 1
    low, high = ((1 + each) / 2 for each in half.interval(math.erf(math.sqrt(0.5))))
    assert ("occupation", "occupation_error", "occupation_low", "occupation_high") == found.names
    assert found.rows[0][:2] == pytest.approx((0.625, half.std() / 2))
    assert found.rows[0][2:] == pytest.approx((low, high), abs=5e-4)
    assert (None,) * 4 == found.rows[1]


def test_errors_can_be_left_out_or_stand_in_the_cell():
    """As many digits as the error allows."""
    assert (("probability[11]",), (0.25,)) == (
        sheet("probability:11", errors=Errors.NONE).names, sheet("probability:11", errors=Errors.NONE).rows[0]
    )  # fmt: skip
    assert (("0.250 ± 0.043",), (None,)) == sheet("probability[11]", errors=Errors.INLINE).rows


def test_observables_are_of_one_qubit_of_each_or_of_two():
    """Values are exact: q0 is 1 in a quarter of the runs, q1 always."""
    found = sheet("occupation[*]", "magnetization[q1]", "correlation[q0,q1]", errors=Errors.NONE)

    assert ("occupation[q0]", "occupation[q1]", "magnetization[q1]", "correlation[q0,q1]") == found.names
    assert found.rows[0] == pytest.approx((0.25, 1.0, 1.0, 0.0))


def test_the_probability_of_a_bitstring_of_another_length_is_unknown():
    """Not 0: such a bitstring cannot be measured."""
    other = a_result({"011": 10}, qubit_ids=("a", "b", "c"))
    columns = chosen_columns(["probability[011]"], Quantities([*JOBS, other]))

    assert ((None,), (None,), (Estimate(1.0, pytest.approx(beta(10.5, 0.5).std())),)) == wide_sheet(
        [*JOBS, other], columns
    ).rows


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("statsu", "--columns statsu: nothing is called statsu", "did you mean status?"),
        (
            "correlation[q0]",
            "--columns correlation[q0]: a correlation is of two qubits",
            "correlation[q0,q1]",
        ),
        ("correlation", "--columns correlation: a correlation is of two qubits", "correlation[q0,q1]"),
        ("runs[0]", "--columns runs[0]: runs takes no index", "say runs"),
        ("probability", "--columns probability: a probability is of a bitstring", "say probability[01]"),
    ],
)
def test_a_column_that_is_not_there_is_told_with_the_nearest(name, message, hint):
    """Where it was asked for."""
    with pytest.raises(UsageError) as caught:
        sheet(name)

    assert message == caught.value.message
    assert hint in caught.value.hint


def test_a_long_sheet_has_a_row_for_each_bitstring():
    """With its share; a job of which nothing came back has none."""
    found = long_sheet(JOBS, chosen_columns(["job"], QUANTITIES))

    assert ("job", "bitstring", "count", "probability") == found.names
    assert (("one", "01", 75, share(75, 100)), ("one", "11", 25, share(25, 100))) == found.rows


def test_the_error_of_a_share_is_that_of_the_same_expectation():
    """Both are means over the runs."""
    expected = JOBS[0].expectation(lambda bits: float(bits == "11"))

    assert (expected.value, expected.error) == pytest.approx((share(25, 100).value, share(25, 100).error))
    assert (expected.low, expected.high) == pytest.approx((share(25, 100).low, share(25, 100).high))
    assert (1.0, beta(1.5, 0.5).std()) == pytest.approx((share(1, 1).value, share(1, 1).error))


def test_csv_is_read_back_as_it_was():
    """Several values are JSON; what a job does not have is empty."""
    text = csv_text(sheet("job", "v", "counts", "created_at"))

    assert [
        {"job": "one", "v[0]": "1.5", "v[1]": "2.0", "counts": '{"01": 75, "11": 25}',
         "created_at": "2026-03-01T12:00:00+00:00"},
        {"job": "two", "v[0]": "", "v[1]": "", "counts": "{}", "created_at": ""},
    ] == list(csv.DictReader(io.StringIO(text)))  # fmt: skip


def test_no_text_of_a_csv_is_a_formula():
    """A number below 0 stays one."""
    some = Sheet(
        (SheetColumn("a", ValueKind.TEXT), SheetColumn("b", ValueKind.NUMBER)),
        (("=1+1", -2.5), ('@x,"y', 1), ("a=1", 0)),
    )

    assert 'a,b\n\'=1+1,-2.5\n"\'@x,""y",1\na=1,0\n' == csv_text(some)


def test_markdown_parts_cells_only_where_they_end():
    """Marks in a text are shown; an underscore inside of a word, and brackets, are none."""
    expected = "| a | t_ns |\n| --- | ---: |\n| x\\|y \\<b> \\*z\\* | 1 |\n| v=[1,2] \\_w\\_ [l\\](u) | 2 |\n"

    assert expected == markdown(
        ["a", "t_ns"], [["x|y <b>\n*z*", "1"], ["v=[1,2] _w_ [l](u)", "2"]], [False, True]
    )


def test_json_has_null_for_what_is_no_number():
    """JSON knows neither NaN nor infinity."""
    some = Sheet(
        (SheetColumn("a", ValueKind.NUMBER), SheetColumn("b", ValueKind.MOMENT)),
        ((math.inf, MOMENT), (math.nan, None)),
    )

    assert [{"a": None, "b": "2026-03-01T12:00:00+00:00"}, {"a": None, "b": None}] == json_objects(some)


def test_parquet_has_the_same_columns_with_their_types():
    """Whole numbers stay whole where some are missing, and moments are moments."""
    frame = pd.read_parquet(
        io.BytesIO(parquet_bytes(sheet("job", "t", "v", "occupation", "counts", "created_at")))
    )

    assert {
        "job": "string", "t": "int64", "v[0]": "float64", "v[1]": "float64", "occupation": "float64",
        "occupation_error": "float64", "occupation_low": "float64", "occupation_high": "float64",
        "counts": "string",
    } == {name: str(kind) for name, kind in frame.dtypes.items() if name != "created_at"}  # fmt: skip
    assert ['{"01": 75, "11": 25}', "{}"] == list(frame["counts"])
    assert [MOMENT, pd.NaT] == list(frame["created_at"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (3 * 0.1, "0.3"),
        (math.nan, "–"),
        (7, "7"),
        (Estimate(0.5, 0.02), "0.500 ± 0.020"),
        (Estimate(math.nan, math.nan), "–"),
        ({"01": 7, "11": 3}, "01 7, 11 3"),
        ([("01", 7), ("11", 3)], "01 7, 11 3"),
        ([], "–"),
        (["a", "b"], "a; b"),
        (MOMENT, "2026-03-01 12:00:00Z"),
        ("a\x1b[31mb", "a [31mb"),
    ],
)
def test_cells_for_people_are_short_and_harmless(value, text):
    """Nothing of them steers a terminal."""
    assert text == cell_text(value)
