"""Filters: one value or several, of the right type, or refused before anything is sent."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from runner.cloud.filters import BatchFilters, JobFilters, JobsOfBatchFilters, RebatchFilters, as_query
from runner.domain import JobStatus

ID = UUID("00000000-0000-4000-8000-000000000001")
MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ()),
        ({"id": None, "status": []}, ()),
        ({"id": ID}, (("id", str(ID)),)),
        ({"id": ["a", ID]}, (("id", "a"), ("id", str(ID)))),
        ({"status": (JobStatus.DONE, "TELEPORTED")}, (("status", "DONE"), ("status", "TELEPORTED"))),
        ({"errors": True, "min_runs": 0}, (("errors", "True"), ("min_runs", "0"))),
        ({"start_date": MOMENT}, (("start_date", "2026-03-01T12:00:00+00:00"),)),
    ],
)
def test_values_become_pairs(filters, expected):
    """None filters nothing; several values are several pairs."""
    assert expected == as_query(filters, JobFilters)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"tag": ["a", "b"]}, "filter tag: expected a text"),
        ({"tag": 5}, "filter tag: expected a text"),
        ({"open": "yes"}, "filter open: expected True or False"),
        ({"open": 1}, "filter open: expected True or False"),
        ({"status": [3]}, "filter status: expected a text"),
        ({"start_date": "2026-03-01"}, "filter start_date: expected a datetime with a time zone"),
        ({"start_date": datetime(2026, 3, 1)}, "filter start_date: expected a datetime with a time zone"),  # noqa: DTZ001
        ({"id": b"bytes"}, "filter id: expected a text"),
        ({"stats": "DONE"}, "there is no filter 'stats'; did you mean status"),
        ({"min_runs": 5}, "there is no filter 'min_runs'"),
    ],
)
def test_wrong_types_and_names_are_refused(filters, message):
    """With the name, what was expected, and the nearest name."""
    with pytest.raises(TypeError, match=message):
        as_query(filters, BatchFilters)


@pytest.mark.parametrize("value", [True, 1.5, "5"])
def test_a_number_of_runs_is_a_whole_number(value):
    """Not a truth value, a fraction or a text."""
    with pytest.raises(TypeError, match="filter max_runs: expected a whole number"):
        as_query({"max_runs": value}, JobFilters)


@pytest.mark.parametrize("filters", [BatchFilters, JobFilters, RebatchFilters, JobsOfBatchFilters])
def test_every_filter_of_the_interface_can_be_written(filters):
    """There is none without a way to write it."""
    values = {
        "open": True,
        "errors": False,
        "min_runs": 1,
        "max_runs": 2,
        "start_date": MOMENT,
        "end_date": MOMENT,
    }
    names = list(filters.__annotations__)

    assert names == [name for name, _ in as_query({name: values.get(name, "x") for name in names}, filters)]
