"""What git knows of an experiment file over time, in any repository."""

from __future__ import annotations

import pytest
from own_git import git

from runner.project.revisions.file_history import (
    DiffRow,
    changed_paths,
    differing_rows,
    file_commits,
    is_experiment_path,
    is_name,
    recent_commits,
)

LINES = [f"line {number}" for number in range(1, 31)]


def commit(folder, subject):
    """Commits all there is; answers its digest."""
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", subject)
    return git(folder, "rev-parse", "HEAD")


def write(path, lines):
    """Writes lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


@pytest.fixture
def lab(tmp_path):
    """A repository in a folder of a git repository, whose user has odd settings."""
    git(tmp_path, "init", "-q", "-b", "main")
    for name, value in (("log.showSignature", "true"), ("color.ui", "always"), ("diff.noprefix", "true")):
        git(tmp_path, "config", name, value)
    return tmp_path / "a lab"


def test_a_file_keeps_its_history_under_another_name(lab):
    """Newest first, with the lines that came and went, and what it was called; of no other file."""
    write(lab / "specs" / "\u00e4.yaml", LINES)
    first = commit(lab, "Begin")
    (lab / "specs" / "\u00e4.yaml").rename(lab / "specs" / "new.yaml")
    write(lab / "specs" / "new.yaml", [*LINES[:-1], "else", "more"])
    second = commit(lab, "<b>Rename\t\x1b[31m")
    write(lab / "specs" / "other.yaml", ["other"])
    third = commit(lab, "Another")

    found = file_commits(lab, "specs/new.yaml", 10)
    said = [(each.digest, each.author, each.path, each.added, each.removed) for each in found]
    assert said == [
        (second, "Ada", "specs/new.yaml", 2, 1),
        (first, "Ada", "specs/\u00e4.yaml", 30, 0),
    ]
    assert found[0].subject.startswith("<b>Rename")
    assert [each.digest for each in recent_commits(lab, 2)] == [third, second]
    assert changed_paths(lab, first, third) == [
        ("specs/\u00e4.yaml", "specs/new.yaml"),
        ("", "specs/other.yaml"),
    ]


def test_lines_stand_side_by_side(lab):
    """What became of a line stands beside it; what is the same in between is left out."""
    write(lab / "x.yaml", LINES)
    first = commit(lab, "Begin")
    write(lab / "x.yaml", ["zero", *LINES[:9], "TEN", *LINES[10:27], "--- 28", *LINES[29:]])
    second = commit(lab, "Go on")

    rows = differing_rows(lab, first, second, ("x.yaml", "x.yaml"), 100)
    assert [(row.kind, row.old, row.new) for row in rows if row.kind != "same"] == [
        ("added", None, 1),
        ("gap", None, None),
        ("changed", 10, 11),
        ("gap", None, None),
        ("changed", 28, 29),
        ("removed", 29, None),
    ]
    assert DiffRow(kind="changed", old=28, before="line 28", new=29, after="--- 28") in rows
    assert differing_rows(lab, first, second, ("x.yaml", "x.yaml"), 2)[2:] == [DiffRow(kind="gap")]


def test_what_came_and_what_went_stands_alone(lab):
    """A file that is there at one of the commits only, and one without an end of its last line."""
    write(lab / "x.yaml", ["one", "two"])
    first = commit(lab, "Begin")
    (lab / "x.yaml").unlink()
    (lab / "y.yaml").write_text("end", encoding="utf-8")
    second = commit(lab, "Go on")

    assert changed_paths(lab, first, second) == [("x.yaml", ""), ("", "y.yaml")]
    assert differing_rows(lab, first, second, ("x.yaml", ""), 9) == [
        DiffRow(kind="removed", old=1, before="one"),
        DiffRow(kind="removed", old=2, before="two"),
    ]
    assert differing_rows(lab, first, second, ("", "y.yaml"), 9) == [
        DiffRow(kind="added", new=1, after="end")
    ]


def test_outside_git_there_is_no_history(tmp_path):
    """Nor is there an error."""
    assert (file_commits(tmp_path, "x.yaml", 9), recent_commits(tmp_path, 9)) == ([], [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("main", True),
        ("v1.0", True),
        ("main~2^", True),
        ("feature/\u00e4", True),
        ("0123abc", True),
        ("", False),
        ("--output=x", False),
        ("a..b", False),
        (":/search", False),
        ("main^{/slow}", False),
        ("a b", False),
        ("a\0b", False),
        ("x" * 300, False),
    ],
)
def test_what_names_a_commit_is_no_option_and_no_search(text, expected):
    """What a page is asked for comes from anybody who may look."""
    assert is_name(text) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("specs/x.yaml", True),
        ("x.yml", True),
        ("../x.yaml", False),
        ("/etc/x.yaml", False),
        ("specs/.git/x.yaml", False),
        ("x.py", False),
        ("a\0.yaml", False),
    ],
)
def test_only_files_of_the_repository_are_compared(path, expected):
    """Nothing leads out of it, nor to what is hidden."""
    assert is_experiment_path(path) is expected
