"""Results as tables."""

from __future__ import annotations

import math
import sys

import numpy as np
import pandas as pd
import pytest
from builders import a_record, a_result, at, some_results
from scipy.stats import beta

from runner.errors import RunnerError


def test_a_wide_table_has_a_row_a_job():
    """In file order, variables as columns, holes where nothing came back."""
    ended = a_record(created_at=at(0), started_at=at(1), ended_at=at(2))
    results = some_results(
        a_result({"01": 30, "11": 10}, variables={"t_ns": 7, "v": [1.0, 2.0]}, remote_jobs=(ended,)),
        a_result(variables={"t_ns": 3, "v": [3.0, 4.0]}),
    )
    frame = results.to_pandas(observables={"ones": lambda bitstring: bitstring.count("1")})

    times = ["created_at", "started_at", "ended_at"]
    expected = [
        "job",
        "t_ns",
        "v[0]",
        "v[1]",
        "status",
        "runs",
        "measured",
        "counts",
        *times,
        "ones",
        "ones_error",
        "ones_low",
        "ones_high",
    ]
    assert expected == list(frame.columns)
    assert [7, 3] == frame["t_ns"].tolist()
    assert (["DONE", "MISSING"], [40, 100], [40, 0]) == (
        frame["status"].tolist(), frame["runs"].tolist(), frame["measured"].tolist(),
    )  # fmt: skip
    assert [{"01": 30, "11": 10}, None] == frame["counts"].tolist()
    assert [at(0), at(1), at(2)] == [frame[name][0].to_pydatetime() for name in times]
    assert [True] * 3 == [pd.isna(frame[name][1]) for name in times]
    assert 1.25 == frame["ones"][0]
    assert np.isnan(frame["ones_error"][1])


def test_a_long_table_has_a_row_for_each_bitstring():
    """Of the jobs of which something came back."""
    results = some_results(
        a_result({"11": 10, "01": 30}, variables={"t": 1}),
        a_result(),
        a_result({"00": 2}, variables={"t": 2}),
    )

    found = results.to_pandas(long=True).to_dict("list")
    shares = {"error": [], "low": [], "high": []}
    for hits, runs in ((30, 40), (10, 40), (2, 2)):
        known = beta(hits + 0.5, runs - hits + 0.5)
        low, high = known.interval(math.erf(math.sqrt(0.5)))
        shares["error"].append(known.std())
        shares["low"].append(low)
        shares["high"].append(max(high, hits / runs))
    for part, expected in shares.items():
        assert expected == pytest.approx(found.pop(f"probability_{part}"))
    assert {
        "job": ["t=1", "t=1", "t=2"],
        "t": [1, 1, 2],
        "bitstring": ["01", "11", "00"],
        "count": [30, 10, 2],
        "probability": [0.75, 0.25, 1.0],
    } == found


def test_variables_called_like_our_columns_have_a_mark():
    """In both tables; jobs may have other variables."""
    results = some_results(
        a_result({"00": 1}, variables={"runs": 5}), a_result({"00": 1}, variables={"count": 6})
    )

    assert [5, 6] == [results.to_pandas()["runs_"][0], results.to_pandas()["count"][1]]
    assert [5, 6] == [results.to_pandas(long=True)["runs"][0], results.to_pandas(long=True)["count_"][1]]


def test_nothing_is_an_empty_table():
    """With the columns that are always there."""
    assert (0, 8) == some_results().to_pandas().shape
    assert (0, 7) == some_results(a_result()).to_pandas(long=True).drop(columns="t", errors="ignore").shape


@pytest.mark.parametrize(("package", "call"), [("pandas", "to_pandas"), ("xarray", "to_xarray")])
def test_a_package_that_is_not_installed_is_named_with_what_installs_it(monkeypatch, package, call):
    """In one line, without a traceback for those who print it."""
    monkeypatch.setitem(sys.modules, package, None)  # as Python marks what cannot be imported

    with pytest.raises(RunnerError, match=f"needs {package}, which is not installed") as caught:
        getattr(some_results(), call)()

    assert "pip install 'pulser-runner[data]'" == caught.value.hint
