"""The side by side in `docs/` is measured, and would notice if it were no longer so."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from side_by_side import MISHAPS, RUNS, TIMES, measured  # noqa: E402  (found only now)

LOST = next(mishap for mishap in MISHAPS if mishap.title == "the first three answers are a 502")
EVERYTHING = RUNS * len(TIMES)


@pytest.mark.long
@pytest.mark.seconds(15)
def test_the_runner_buys_once_what_a_script_buys_more_often():
    """Three answers in a row are a 502 although the cloud has carried out what was asked."""
    ours, script = (measured(name, LOST) for name in ("ours", "script"))

    assert {"starts": 1, "batches": 1, "runs": EVERYTHING, "lost": 0} == ours
    assert script["runs"] > EVERYTHING


def test_the_page_holds_what_was_measured():
    """Every mishap is in its table, and the runner bought every time what was asked for."""
    page = (BENCHMARKS.parents[1] / "docs" / "side-by-side.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if "`runner apply` |" in line]

    assert [[mishap.title, str(EVERYTHING), "0"] for mishap in MISHAPS] == [
        [title, runs, lost] for title, _, _, _, runs, _, lost in rows
    ]
