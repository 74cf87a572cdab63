"""Query strings of lists."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runner.local.protocol.queries import BatchesQuery, Comparison, JobsQuery, Selection, read_query
from runner.local.rules.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("tag=x", Comparison("tag", "=", ("x",))),
        ("status=DONE&status=ERROR", Comparison("status", "=", ("DONE", "ERROR"))),
        ("open=True", Comparison("open", "=", (1,))),
        ("queue_priority=LOW&queue_priority=HIGH", Comparison("'MEDIUM'", "=", ("LOW", "HIGH"))),
        ("open=false", Comparison("open", "=", (0,))),
        (
            "start_date=2026-03-01T12:00:00+02:00",
            Comparison("created_at", ">=", (datetime(2026, 3, 1, 10, tzinfo=UTC),)),
        ),
        (
            "end_date=2026-03-01T12:00:00",
            Comparison("created_at", "<=", (datetime(2026, 3, 1, 12, tzinfo=UTC),)),
        ),
    ],
)
def test_filter_of_batches_becomes_a_condition(query, expected):
    """Each filter compares one column; repeated keys mean one of."""
    pairs = tuple(tuple(part.split("=")) for part in query.split("&"))

    assert Selection(conditions=(expected,)) == read_query(BatchesQuery, pairs).selection()


def test_jobs_have_filters_of_their_own():
    """Jobs are selected by their batch, runs and errors."""
    query = (("batch_id", "b"), ("min_runs", "5"), ("max_runs", "7"), ("errors", "true"))

    assert (
        Comparison("runs", ">=", (5,)),
        Comparison("runs", "<=", (7,)),
        Comparison("batch_id", "=", ("b",)),
        Comparison("has_errors", "=", (1,)),
    ) == read_query(JobsQuery, query).conditions()


def test_page_and_order_are_read():
    """Offset, limit and direction come from the query."""
    query = (("offset", "20"), ("limit", "10"), ("order_by", "creation_order"), ("order_by_direction", "ASC"))

    assert Selection(offset=20, limit=10, is_ascending=True) == read_query(JobsQuery, query).selection()


@pytest.mark.parametrize(
    "pair",
    [
        ("colour", "red"),
        ("queue_priority", "HIGHEST"),
        ("status", "UNKNOWN"),
        ("status", "pending"),
        ("open", "maybe"),
        ("start_date", "yesterday"),
        ("start_date", "0001-01-01T00:00:00+14:00"),
        ("offset", "-1"),
        ("offset", "٣"),
        ("offset", "9" * 30),
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "ten"),
        ("order_by", "creation_order"),
    ],
)
def test_filter_that_is_not_understood_is_refused(pair):
    """A filter is never ignored: the answer would be to another question."""
    with pytest.raises(InvalidRequestError) as refusal:
        read_query(BatchesQuery, (pair,))

    assert [("query", pair[0])] == [problem.loc for problem in refusal.value.problems]


@pytest.mark.parametrize(
    "query",
    [
        (("order_by", "colour"),),
        (("order_by_direction", "UP"),),
        (("order_by_direction", "ASC"), ("order_by_direction", "DESC")),
        (("limit", "1"), ("limit", "2")),
        (("offset", "1"), ("offset", "1")),
        (("start_date", "2026-01-01"), ("start_date", "2026-01-02")),
    ],
)
def test_order_page_and_dates_are_given_once_and_known(query):
    """An unknown order, two pages, or two beginnings, are refused."""
    with pytest.raises(InvalidRequestError):
        read_query(JobsQuery, query)


def test_tag_is_given_once():
    """Tags are searchable one at a time."""
    with pytest.raises(InvalidRequestError):
        read_query(BatchesQuery, (("tag", "a"), ("tag", "b")))
