"""The requests of a loop in `docs/` are counted, and are as few as they are meant to be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from loop_requests import LOOPS, MARKS, apart_from_polls, by_kind, counted  # noqa: E402  (found only now)

HELD, PER_ROUND, PULSERS = LOOPS


def test_a_request_is_a_poll_from_the_purchase_of_a_job_to_its_result():
    """Lists before and after are asked for however fast the cloud is."""
    asked = [
        ("GET", "/api/v1/batches"),
        ("POST", "/api/v1/batches"),
        ("GET", "/api/v1/batches"),
        ("POST", "/api/v2/batches/1/jobs"),
        ("GET", "/api/v1/batches"),
        ("GET", "/api/v2/jobs"),
        ("PATCH", "/api/v2/batches/1/complete"),
        ("GET", "/api/v2/jobs"),
        ("GET", "/api/v1/jobs/1/results_link"),
        ("GET", "/results/1"),
        ("GET", "/api/v1/batches"),
    ]

    assert {"purchases": 2, "results": 2, "others": 4, "polls": 3} == by_kind(asked, HELD.polls)
    assert {"purchases": 2, "results": 2, "others": 7, "polls": 0} == by_kind(asked, PULSERS.polls)


@pytest.mark.long
@pytest.mark.seconds(50)
def test_a_strategy_fetches_each_result_once_and_a_script_all_of_them_each_time():
    """A fetch is two requests: a link, and what is behind it."""
    n = 5
    held, per_round, script = (counted(loop, n) for loop in LOOPS)

    assert {"purchases": n + 1, "results": 2 * n} == {kind: held[kind] for kind in ("purchases", "results")}
    assert {"purchases": 2 * n, "results": 2 * n} == {
        kind: per_round[kind] for kind in ("purchases", "results")
    }
    assert {"purchases": n + 1, "results": n * (n + 1)} == {
        kind: script[kind] for kind in ("purchases", "results")
    }
    assert apart_from_polls(held) <= 5 * n
    assert apart_from_polls(per_round) <= 10 * n


def test_the_page_holds_what_was_counted():
    """A hundred iterations of each loop: at most 500 requests in a held batch, 1,000 in a batch a round."""
    page = (BENCHMARKS.parents[1] / "docs" / "from-a-loop.md").read_text(encoding="utf-8")
    table = page.partition(MARKS[0])[2].partition(MARKS[1])[0].strip().splitlines()
    rows = [line.strip("| ").split(" | ") for line in table]
    together = {row[0]: int(row[4].replace(",", "")) for row in rows[2:]}

    assert "100 iterations of one job" == rows[0][0]
    assert [loop.title for loop in LOOPS] == list(together)
    assert together[HELD.title] <= 500 < together[PER_ROUND.title] <= 1000 < together[PULSERS.title]
