"""`runner results`: what is chosen, the forms it is written in, and what the exit code tells."""

from __future__ import annotations

import csv
import io
import json

import commands
import pandas as pd
import pytest
import xarray as xr
from builders import a_record
from commands import said

import runner
from runner.domain import JobStatus, job_key
from runner.results import Records
from runner.results.analysis.geometry import convention

COUNTS = {100: {"00": 40, "11": 10}, 200: {"01": 50}}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A lab in which two of three jobs are measured."""
    lab = commands.a_lab(tmp_path_factory.mktemp("results") / "lab")
    add(lab, *(point(lab, t, counts) for t, counts in COUNTS.items()))
    return lab


def point(lab, t, counts=None, *, job_id="", **fields):
    """A job on record of the point `t_ns`."""
    recipe = runner.load(lab / "specs" / "pair.yaml").experiment.desired.recipe[:16]
    values = {"variables": {"t_ns": t}, "key": job_key({"t_ns": t}), "qubit_ids": ("q0", "q1"), "runs": 50}
    return a_record(job_id or f"j{t}", recipe=recipe, counts=counts or {}, **values | fields)


def add(lab, *jobs):
    """Puts jobs on record."""
    Records(lab / "results").add("pair", jobs)


def results(capsys, lab, *words):
    """Exit code, stdout and stderr of `runner results`."""
    return said(capsys, "results", str(lab / "specs"), *words)


def test_partial_results_are_shown_and_the_exit_code_tells(capsys, lab):
    """5: apply may bring the rest; what it means stands on stderr."""
    code, out, err = results(capsys, lab)

    assert 5 == code
    assert out.splitlines() == [
        "pair at emulated:local: 3 jobs, 2 DONE, 1 MISSING",
        "job       t_ns   runs  status   most frequent",
        "t_ns=100   100  50/50  DONE     00 40, 11 10",
        "t_ns=200   200  50/50  DONE     01 50",
        "t_ns=300   300   0/50  MISSING  –",
        convention("ground-rydberg"),
    ]
    assert "1 job is not complete" in err


def test_the_exit_code_is_that_of_the_jobs_shown(capsys, lab):
    """Those left out do not count; none at all is complete."""
    assert (0, 5, 0) == tuple(
        results(capsys, lab, *words)[0]
        for words in (["--where", "t_ns < 300"], ["--status", "missing,done"], ["--where", "t_ns > 1000"])
    )


def test_what_failed_for_good_is_told_apart(capsys, tmp_path):
    """3 when nothing more will be bought: two retries are two retries; 5 before."""
    lab = commands.a_lab(tmp_path / "lab")
    failed = [point(lab, t, job_id=f"j{t}-{n}", status=JobStatus.ERROR) for t in (100, 200) for n in range(3)]
    add(lab, *failed[:5], point(lab, 300, {"00": 50}))
    before = results(capsys, lab)
    add(lab, failed[5])
    after = results(capsys, lab)

    assert (5, 3) == (before[0], after[0])
    assert "2 jobs failed for good or were cancelled" in after[2]


def test_columns_are_the_same_in_every_form(capsys, lab, tmp_path):
    """By their names; errors stand beside the values."""
    words = ["--columns", "job,t_ns,occupation[q1]", "--status", "DONE"]
    parts = ["occupation[q1]_error", "occupation[q1]_low", "occupation[q1]_high"]
    expected = ["experiment", "job", "t_ns", "occupation[q1]", *parts]
    table = results(capsys, lab, *words, "-o", "csv")[1]
    lines = results(capsys, lab, *words, "-o", "jsonl")[1].splitlines()
    tree = json.loads(results(capsys, lab, *words, "-o", "json")[1])
    results(capsys, lab, *words, "-O", str(tmp_path / "x.parquet"))

    assert expected == list(csv.DictReader(io.StringIO(table)).fieldnames)
    assert [expected] * 2 == [list(json.loads(line)) for line in lines]
    assert [expected[1:]] * 2 == [list(row) for row in tree["pair"]]
    assert expected == list(pd.read_parquet(tmp_path / "x.parquet").columns)
    assert [0.2, 1.0] == [row["occupation[q1]"] for row in tree["pair"]]


def test_markdown_has_the_same_table(capsys, lab):
    """With its title above, and what a 1 is below."""
    _, out, _ = results(capsys, lab, "-o", "md", "--columns", "job,probability[11]", "--where", "t_ns == 100")

    assert (
        "**pair at emulated:local: 1 of 3 jobs, 1 DONE**\n\n"
        "| job | probability[11] |\n| --- | ---: |\n| t_ns=100 | 0.200 ± 0.056 |\n"
        f"\n{convention('ground-rydberg')}\n"
    ) == out


def test_a_long_table_has_a_row_a_bitstring(capsys, lab):
    """In file order, bitstrings in lexical order."""
    _, out, _ = results(capsys, lab, "--long", "-o", "csv", "--errors", "none", "--columns", "t_ns")

    assert (
        "experiment,t_ns,bitstring,count,probability\n"
        "pair,100,00,40,0.8\npair,100,11,10,0.2\npair,200,01,50,1.0\n"
    ) == out


def test_netcdf_holds_labelled_arrays(capsys, lab, tmp_path):
    """Those of `to_xarray`, and with --long the counts."""
    code, out, _ = results(capsys, lab, "--long", "-O", str(tmp_path / "x.nc"))
    with xr.open_dataset(tmp_path / "x.nc") as arrays:
        assert (5, "", ["DONE", "DONE", "MISSING"]) == (code, out, list(arrays["status"].values))
        assert [100, 200, 300] == list(arrays["t_ns"].values)
        assert 40.0 == float(arrays["counts"].sel(t_ns=100, bitstring="00"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--status", "DOEN"], "there is no status DOEN"),
        (["--columns", "jbo"], "nothing is called jbo"),
        (["-O", "x.xls"], "its ending says no form"),
        (["-o", "csv", "--errors", "inline"], "is for people"),
        (["-o", "netcdf", "--columns", "job"], "not columns"),
        (["--only-changed"], "say --rev A..B"),
        (["--where", "t_ns >"], "the end stands where"),
        (["--verify", "-o", "md"], "say -o json"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_word_is_told(capsys, lab, words, message):
    """64, and nothing on stdout."""
    code, out, err = results(capsys, lab, *words)

    assert (64, "") == (code, out)
    assert message in err
