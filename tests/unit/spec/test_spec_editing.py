"""Numbers are set in the text of a file, and nothing else changes."""

from __future__ import annotations

import pytest
from texts import GOOD

from runner.errors import SpecError
from runner.spec.yaml_text.edit import RERUN, RETRY_LIMIT, with_number, with_raised_rerun
from runner.spec.yaml_text.loader import document


def edited(text, pointer=RERUN, number=1):
    """The text with a number in it."""
    return with_number(text, pointer, number, path="x.yaml")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("spec:\n  a: 1\n", "spec:\n  rerun: 1\n  a: 1\n"),
        ("spec: # ours\n    # about a\n    a: 1", "spec: # ours\n    rerun: 1\n    # about a\n    a: 1"),
        ("spec:\r\n  a: µ\r\n", "spec:\r\n  rerun: 1\r\n  a: µ\r\n"),
        ("spec: {a: 1} # end", "spec: {rerun: 1, a: 1} # end"),
        ('{"spec": {"a": 1}}', '{"spec": {rerun: 1, "a": 1}}'),
        ("spec: {}\nb: 2\n", "spec: {rerun: 1}\nb: 2\n"),
        ("spec:\n  rerun: 0 # was\n  a: 1\n", "spec:\n  rerun: 1 # was\n  a: 1\n"),
        ("spec: {a: 1, rerun: 10}\n", "spec: {a: 1, rerun: 1}\n"),
        ("spec: {rerun: 3, a: 1}\n", "spec: {rerun: 1, a: 1}\n"),
        ("spec:\n  rerun:\n    7\n  a: 1\n", "spec:\n  rerun:\n    1\n  a: 1\n"),
        ("spec:\n\n- a\n", None),
        ("? spec\n: a: 1\n", None),
        ("a: 1\n", None),
    ],
)
def test_a_counter_is_raised_or_added_and_all_else_stays(before, after):
    """Or, where that cannot be done, nothing is written."""
    if after is None:
        with pytest.raises(SpecError, match="cannot be written here without changing the rest"):
            edited(before)
    else:
        assert after == edited(before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("spec:\n  a: 1\n", "spec:\n  policy: {retry: {limit: 5}}\n  a: 1\n"),
        (
            "spec:\n  policy:\n    # b\n    b: 1\n",
            "spec:\n  policy:\n    retry: {limit: 5}\n    # b\n    b: 1\n",
        ),
        ("spec:\n  policy: {retry: {on: [ERROR]}}\n", "spec:\n  policy: {retry: {limit: 5, on: [ERROR]}}\n"),
        ("spec:\n  policy: {retry: {limit: 2}}\n", "spec:\n  policy: {retry: {limit: 5}}\n"),
    ],
)
def test_mappings_around_a_number_are_added_where_they_are_missing(before, after):
    """In the deepest one that is there."""
    assert after == edited(before, RETRY_LIMIT, 5)


@pytest.mark.parametrize(
    ("before", "jobs", "after"),
    [
        ("spec:\n  a: 1\n", ["x"], "spec:\n  rerun: {jobs: {x: 1}}\n  a: 1\n"),
        ("spec:\n  rerun: 0 # was\n", ["x"], "spec:\n  rerun: {jobs: {x: 1}} # was\n"),
        ("spec:\n  rerun: 3 # was\n", ["x"], "spec:\n  rerun: {all: 3, jobs: {x: 1}} # was\n"),
        ("spec: {rerun: 3, a: 1}\n", ["x"], "spec: {rerun: {all: 3, jobs: {x: 1}}, a: 1}\n"),
        ("spec:\n  rerun: {all: 3}\n", ["x"], "spec:\n  rerun: {jobs: {x: 1}, all: 3}\n"),
        ("spec:\n  rerun: {jobs: {x: 9}}\n", ["x"], "spec:\n  rerun: {jobs: {x: 10}}\n"),
        ("spec:\n  rerun: {jobs: {y: 9}}\n", ["x"], "spec:\n  rerun: {jobs: {x: 1, y: 9}}\n"),
        (
            "spec:\n  rerun:\n    # of some\n    jobs:\n      # this\n      y: 9 # nine\n",
            ["x", "y", "x"],
            "spec:\n  rerun:\n    # of some\n    jobs:\n      x: 1\n      # this\n      y: 10 # nine\n",
        ),
        ("spec: {a: 1}\n", ["x", "t=1,u=2"], 'spec: {rerun: {jobs: {"t=1,u=2": 1, x: 1}}, a: 1}\n'),
        ("spec: {a: 1}\n", ["No"], 'spec: {rerun: {jobs: {"No": 1}}, a: 1}\n'),
        ("spec: {a: 1}\n", ["7"], 'spec: {rerun: {jobs: {"7": 1}}, a: 1}\n'),
        ("spec: {a: 1}\n", ['a/b~ "µ"'], 'spec: {rerun: {jobs: {"a/b~ \\"µ\\"": 1}}, a: 1}\n'),
        ("spec: {a: 1}\n", ["\u2028"], 'spec: {rerun: {jobs: {"\\u2028": 1}}, a: 1}\n'),
        ("spec:\n  rerun: {jobs: {'x y': 1}}\n", ["x y"], "spec:\n  rerun: {jobs: {'x y': 2}}\n"),
        ("spec:\n  rerun: 3 # was\n", [], "spec:\n  rerun: 4 # was\n"),
        ("spec:\n  rerun: {jobs: {x: 1}}\n", [], "spec:\n  rerun: {all: 1, jobs: {x: 1}}\n"),
        ("spec:\n  rerun:\n    all: 7\n", [], "spec:\n  rerun:\n    all: 8\n"),
        ("a: 1\n", ["x"], None),
        ("- a\n", ["x"], None),
    ],
)
def test_the_rerun_of_a_job_is_raised_and_all_else_stays(before, jobs, after):
    """A number for all becomes a mapping that says the same; names are quoted where they have to be."""
    if after is None:
        with pytest.raises(SpecError, match="cannot be written here without changing the rest"):
            with_raised_rerun(before, jobs, path="x.yaml")
    else:
        assert after == with_raised_rerun(before, jobs, path="x.yaml")


def test_a_whole_file_stays_as_it_is_but_for_one_line():
    """And says the same, but for the number."""
    after = edited(GOOD, number=4)
    said = document(after, path="x.yaml").data

    assert GOOD == after.replace("  rerun: 4\n", "")
    assert 4 == said["spec"].pop("rerun")
    assert document(GOOD, path="x.yaml").data == said
