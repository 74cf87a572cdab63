"""Results as a notebook shows them."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from builders import a_record, a_result, at, some_results

from runner.domain import JobStatus

EVIL = "<script>alert('&')</script>"


def tree(html):
    """The parsed page: it is XML too, so that nothing is left open."""
    return ET.fromstring(f"<body>{html}</body>")


def cells(html):
    """Text of each row of the table."""
    return [["".join(cell.itertext()) for cell in row] for row in tree(html).iter("tr")]


def test_a_table_of_the_jobs():
    """Their variables, status, runs and most frequent bitstrings, or what went wrong."""
    failed = a_record(status=JobStatus.ERROR, errors=("atoms lost",))
    html = some_results(
        a_result({"01": 30, "11": 10}, variables={"t": 1}),
        a_result(variables={"t": 2}, remote_jobs=(failed,)),
        a_result(variables={"t": 3}),
    )._repr_html_()

    assert [
        ["job", "t", "status", "runs", "most frequent bitstrings"],
        ["t=1", "1", "DONE", "40/40", "01 30, 11 10"],
        ["t=2", "2", "MISSING", "0/100", "atoms lost"],
        ["t=3", "3", "MISSING", "0/100", "–"],
    ] == cells(html)


def test_only_the_first_hundred_jobs_are_shown():
    """And how many more there are."""
    html = some_results(*(a_result(variables={"t": t}) for t in range(103)))._repr_html_()

    assert 101 == len(cells(html))
    assert "… and 3 more" == tree(html)[-1].text


def test_one_job_is_shown_with_its_bitstrings_as_bars():
    """The most frequent twelve, the longest bar first; how many are left out."""
    counts = {f"{i:04b}": 20 - i for i in range(16)}
    ended = a_record(started_at=at(0), ended_at=at(1))
    job = a_result(counts, qubit_ids=("a", "b", "c", "d"), remote_jobs=(ended,))
    html = job._repr_html_()
    bars = [int(each.get("width")) for each in tree(html).iter("{http://www.w3.org/2000/svg}rect")]

    assert sorted(bars, reverse=True) == bars
    assert (12, 240) == (len(bars), bars[0])
    assert "4 more bitstrings" in html
    assert ["ended", "2026-03-01 12:00:01+00:00"] in cells(html)


@pytest.mark.parametrize("show", [lambda job: job._repr_html_(), lambda job: some_results(job)._repr_html_()])
def test_nothing_of_a_name_is_taken_for_html(show):
    """Names and errors come from files and clouds."""
    failed = a_record(status=JobStatus.ERROR, errors=(EVIL,))
    html = show(a_result(name=EVIL, variables={EVIL: 1}, qubit_ids=(EVIL,), remote_jobs=(failed,)))

    assert "<script" not in html
    assert EVIL in "".join(tree(html).itertext())
