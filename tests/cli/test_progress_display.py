"""Progress while applying, as it is shown."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len

from runner.cli.render.progress import PAUSE_S, LogLines
from runner.reconcile import Health, Plan, PointProgress, Progress, Sync, progress_after
from runner.reconcile.display.progress_text import Area, display, duration_text, log_line, rate_text

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
ID = "41209c2f-f357-4742-af15-1d77a393dbb2"


def a_plan(name="ramp", *, done, active=0, missing=0, batches=(ID,)):
    """A plan with so many jobs of each kind."""
    kinds = [{"done": 5}] * done + [{"active": 5}] * active + [{"missing": 5}] * missing
    return Plan(
        experiment=name,
        actions=(),
        jobs=tuple(PointProgress(key=str(n), name=str(n), runs=5, **each) for n, each in enumerate(kinds)),
        sync=Sync.SYNCED,
        health=Health.PROGRESSING,
        under_way=batches,
    )


def seen(*passes):
    """The progress after some passes, a minute between two."""
    progress = Progress()
    for minute, plans in enumerate(passes):
        progress = progress_after(progress, plans, BEGAN + timedelta(minutes=minute))
    return progress


HALF = seen([a_plan(done=1, active=1, missing=4)], [a_plan(done=3, active=3)])
LAB = [f"chain-{n:02}" for n in range(30)]
MANY = seen(
    [a_plan(name, done=0, active=4) for name in LAB],
    [a_plan(name, done=n in {3, 17, 28}, active=4 - (n in {3, 17, 28})) for n, name in enumerate(LAB)],
)


def test_a_line_of_a_log_tells_everything():
    """With the batch's whole id, which people search for."""
    assert (
        f"3/6 jobs: 3 pending, 3 done; 1 cached; 5 adopted; 2.0 jobs/min; 2 min left; batch {ID}"
        == log_line(HALF)
    )


def test_nobody_pretends_to_know_the_time_left():
    """Before a job has ended there is no rate."""
    assert "0/2 jobs: 2 wanted; – jobs/min; – left" == log_line(seen([a_plan(done=0, missing=2, batches=())]))


def test_what_is_over_has_no_rate():
    """Only how much of it was there before."""
    assert "2/2 jobs: 2 done; 2 cached" == log_line(seen([a_plan(done=2, batches=())]))


def test_a_display_of_one_experiment():
    """A bar, and below it the whole."""
    assert [
        "ramp  ━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌  3/6  3 pending",
        "3/6 jobs · 1 cached · 5 adopted · 2.0 jobs/min · 2 min left · batch 41209c2f",
        "42 s so far",
    ] == display(HALF, 42, Area(80, 24))


def test_a_narrow_terminal_has_no_bars():
    """And more lines."""
    assert [
        "ramp  3/6  3 pending",
        "3/6 jobs · 1 cached · 5 adopted",
        "2.0 jobs/min · 2 min left",
        "batch 41209c2f · 42 s so far",
    ] == display(HALF, 42, Area(36, 24))


def test_of_many_experiments_those_that_change_are_shown():
    """In the order of the files; one line for the others."""
    assert [
        "chain-03  1/4  3 pending",
        "chain-17  1/4  3 pending",
        "chain-28  1/4  3 pending",
        "27 more experiments: 0/108 jobs",
    ] == display(MANY, 42, Area(37, 10))[:4]


@pytest.mark.parametrize("height", [1, 5, 9, 24, 60])
@pytest.mark.parametrize("width", [1, 10, 40, 59, 60, 80, 160])
@pytest.mark.parametrize("progress", [HALF, MANY, seen([a_plan("原子" * 20, done=1, active=1)])])
def test_no_line_is_wider_than_the_terminal(progress, width, height):
    """Whatever stands in it: a line that wraps could not be drawn over."""
    lines = display(progress, 1e6, Area(width, height))

    assert [] == [line for line in lines if cell_len(line) > width]


def test_a_terminal_without_unicode_gets_ascii():
    """In the same places."""
    lines = display(HALF, 42, Area(80, 24), is_ascii=True)

    assert "ramp  ##########----------  3/6  3 pending" == lines[0]
    assert "".join(lines).isascii()


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "–"), (0, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (90, "2 min"), (3570, "1 h 00 min"),
        (3600, "1 h 00 min"), (7500, "2 h 05 min"),
    ],
)  # fmt: skip
def test_durations_are_for_people(seconds, expected):
    """With no more digits than anybody wants."""
    assert expected == duration_text(seconds)


@pytest.mark.parametrize(
    ("rate", "expected"), [(0.0421, "0.042"), (1.25, "1.2"), (9.96, "10"), (123.4, "123"), (12345.6, "12346")]
)
def test_rates_are_for_people(rate, expected):
    """Neither 0 nor a dozen digits."""
    assert expected == rate_text(rate)


def said_at(*moments):
    """What a log holds after lines at some moments (in s), each with another number of jobs done."""
    stream, now = io.StringIO(), [0.0]
    lines = LogLines(stream, clock=lambda: now[0])
    lines.begin()
    for now[0], done in moments:
        lines.show(seen([a_plan(done=done, active=9 - done, batches=())]))
    lines.end()
    return [line.split(":")[0] for line in stream.getvalue().splitlines()]


def test_a_log_has_a_line_at_each_change_but_not_too_many():
    """The last one always; none of what has not changed."""
    assert ["0/9 jobs", "2/9 jobs", "5/9 jobs"] == said_at(
        (0, 0), (1, 1), (PAUSE_S, 2), (3 * PAUSE_S, 2), (3 * PAUSE_S + 1, 2), (3 * PAUSE_S + 2, 5)
    )


def test_what_the_cloud_says_is_shown_while_it_lasts():
    """In a log once, however its numbers grow."""
    waiting = [
        replace(a_plan(done=0, active=3), told=(f"The job waits: no workers for {n} s.", "another"))
        for n in (10, 20)
    ]
    stream, moments = io.StringIO(), iter([0.0, 0.0, 100.0, 100.0])
    log = LogLines(stream, lambda: next(moments))
    for planned in waiting:
        log.show(seen([planned]))

    assert 1 == stream.getvalue().count("the cloud says: The job waits: no workers for 10 s. (and 1 more)")
    assert "20 s" not in stream.getvalue()


def test_a_log_of_nothing_is_empty():
    """When nothing was planned, or no file asks for a job."""
    stream = io.StringIO()
    lines = LogLines(stream)
    lines.end()
    lines.show(seen([a_plan(done=0)]))
    lines.end()

    assert "" == stream.getvalue()
