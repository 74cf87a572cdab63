"""Hostile files: whatever stands in them, they end in a clear problem, and never in a traceback."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import GOOD, changed, messages, with_jobs

from runner.errors import SpecError
from runner.spec import Limits, load, parse

WIDE = "{range: [0, 99999, 1]}"
RICH = changed(
    "    - {runs: 100, variables: {omega: 6.28, t_ns: 500}}\n",
    """\
    - runs: 100
      name: a{omega}
      sweep:
        - omega: {linspace: [0, 1, 3]}
          t_ns: {random: {integers: [1, 100], count: 3, seed: 7}}
      exclude: [{omega: 0.5}]
      include: [{omega: 5, t_ns: 7}]
    - {runs: 1, sweep: {omega: {geomspace: [1, 10, 3]}, t_ns: {csv: {file: p.csv, column: t_ns}}}}
    - {runs: 1, variables: {omega: 1.5, t_ns: 2}}
  policy: {retry: {limit: 1}, budget: {runs: 5}}
""",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "anchors and aliases are not supported"),
        ("[" * 1_000_000, "this is nested more than 40 levels deep"),
        ("{a: " * 100_000, "this is nested more than 40 levels deep"),
        ("- " * 100_000, "this is nested more than 40 levels deep"),
        (lambda: "a" * 100_000_000, "the file has more than 5,000,000 characters"),
        (
            with_jobs(f"{{runs: 1, sweep: {{omega: {WIDE}, t_ns: {WIDE}}}}}"),
            "the file asks for more than 100,000 jobs",
        ),
        (
            with_jobs("{runs: 1, sweep: {omega: {range: [0, 1e12, 1]}, t_ns: 1}}"),
            "a range has at most 100,000 values",
        ),
        (
            with_jobs("{runs: 1, sweep: {omega: {range: [0, 1e308, 1e-308]}, t_ns: 1}}"),
            "a range has at most 100,000 values",
        ),
    ],
    ids=["aliases", "lists", "mappings", "items", "100 MB", "product", "range", "fine range"],
)
def test_what_is_too_much_is_refused_at_once(text, expected):
    """Before it costs memory or time."""
    assert [expected] == messages(text() if callable(text) else text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD + "".join(f"k{i}: 1\n" for i in range(1000)), 100),
        (with_jobs(*["{}"] * 1000), 200),
        (with_jobs(*["{runs: 1, variables: {omga: 1, t_ns: 2}}"] * 1000), 100),
        (with_jobs("{runs: 1, sweep: {omega: 1, t_ns: [" + "1.5, " * 1000 + "]}}"), 100),
    ],
    ids=["keys", "jobs", "names", "values"],
)
def test_not_every_one_of_many_problems_is_told(text, told):
    """The first hundred of a kind help; the rest would take minutes to be explained."""
    found = messages(text)

    assert (told + 1, 1) == (len(found), sum("there may be more problems" in each for each in found))


def test_sweeps_have_a_budget_of_values():
    """Many rules that are each within the limit are not spelled out."""
    entry = "{runs: 1, sweep: {t_ns: {range: [0, 9999.9, 0.1]}, omega: 1}}"
    found = messages(with_jobs(*[entry] * 20))

    assert {
        "t_ns is an int and takes whole numbers only, not 0.1": 6,
        "the sweeps of this file have more than 500,000 values": 14,
    } == {each: found.count(each) for each in found}


def test_limits_can_be_said():
    """Those of the repository hold in the place of ours."""

    def refused(**said):
        try:
            parse(with_jobs("{runs: 1, sweep: {omega: [1, 2, 3], t_ns: 1}}"), path="x", limits=Limits(**said))
        except SpecError as error:
            return error.problems[0].message
        return None

    assert [
        "the file has more than 100 characters",
        "this is nested more than 3 levels deep",
        "the file asks for more than 2 jobs",
        None,
    ] == [refused(characters=100), refused(depth=3), refused(jobs=2), refused(jobs=3)]


@pytest.mark.parametrize("name", ["link.yaml", "loop.yaml", "pipe.yaml", "folder.yaml"])
def test_files_that_are_no_files_of_the_repository_are_not_read(tmp_path, name):
    """No line of another file is shown, and nothing waits for a pipe."""
    (tmp_path / "secret").write_text("password: 123\n", encoding="utf-8")
    root = tmp_path / "repository"
    (root / "folder.yaml").mkdir(parents=True)
    (root / "link.yaml").symlink_to(tmp_path / "secret")
    (root / "loop.yaml").symlink_to(root / "loop.yaml")
    os.mkfifo(root / "pipe.yaml")
    with pytest.raises(SpecError) as caught:
        load(root / name, root=root)

    (problem,) = caught.value.problems
    assert problem.excerpt == ""
    assert problem.message in ("the file is a link that leads out of the repository", "there is no such file")


@pytest.mark.parametrize(
    "name", ["../secret.csv", "link.csv", "pipe.csv", "folder", "/etc/passwd", "\\0", "a" * 900]
)
def test_companions_stay_in_the_repository(tmp_path, name):
    """By dots, by links or by whole paths."""
    (tmp_path / "secret.csv").write_text("t_ns\n1\n", encoding="utf-8")
    root = tmp_path / "repository"
    (root / "folder").mkdir(parents=True)
    (root / "link.csv").symlink_to(tmp_path / "secret.csv")
    os.mkfifo(root / "pipe.csv")
    entry = f'{{runs: 1, sweep: {{omega: 1, t_ns: {{csv: {{file: "{name}", column: t_ns}}}}}}}}'
    (root / "x.yaml").write_text(with_jobs(entry), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load(root / "x.yaml", root=root)

    assert ["/spec/jobs/0/sweep/t_ns/csv/file"] == [problem.pointer for problem in caught.value.problems]


_PIECES = st.sampled_from(
    [
        *(
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "- ",
            "\n",
            "  ",
            "'",
            '"',
            "#",
            "&a",
            "*a",
            "!!int ",
            "? ",
            "|",
            ">",
            "<<: ",
        ),
        *(
            "0",
            "-1",
            "1e9",
            "1e999",
            ".nan",
            ".inf",
            "99999999999999999999",
            "null",
            "true",
            "~",
            "\0",
            "\ud800",
            "\t",
        ),
        *(
            "omega",
            "runs",
            "sweep",
            "range",
            "csv",
            "random",
            "include: ",
            "exclude: ",
            "repeat: 2",
            "{omega}",
            "µ",
        ),
    ]
)


@st.composite
def mutated(draw):
    """A good file in which pieces were put in, taken out, or swapped."""
    text = RICH
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        text = text[:start] + draw(_PIECES | st.text(max_size=5)) + text[end:]
    return text


@settings(max_examples=300)
@given(mutated(), st.sampled_from(["t_ns\n1\n2\n", "t_ns\nx\n", "", "t_ns,t_ns\n1,2\n", '"\n', "\0"]))
def test_no_text_ends_in_a_traceback(text, table):
    """It is an experiment, or there are problems that can be printed."""
    try:
        names = [job.name for job in parse(text, path="x.yaml", companion=lambda _: table).jobs]
    except SpecError as error:
        names = [str(problem) for problem in error.problems]

    assert "" not in names
    assert len(names) > 0
