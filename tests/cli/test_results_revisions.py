"""`runner results --rev`: what commits had."""

from __future__ import annotations

import json
import subprocess

import commands
import pytest
from builders import a_record
from commands import said

import runner
from runner.domain import job_key
from runner.results import Records


def git(folder, *words):
    """What git answers in a folder."""
    identity = ["-c", "user.name=n", "-c", "user.email=e@e", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def add(lab, t, counts, job_id):
    """Puts a job of the point `t_ns` on record."""
    recipe = runner.load(lab / "specs" / "pair.yaml").experiment.desired.recipe[:16]
    fields = {"variables": {"t_ns": t}, "key": job_key({"t_ns": t}), "qubit_ids": ("q0", "q1")}
    job = a_record(job_id, recipe=recipe, counts=counts, runs=sum(counts.values()), **fields)
    Records(lab / "results").add("pair", [job])


def commit(lab, tag):
    """Commits all there is."""
    git(lab, "add", "-A")
    git(lab, "commit", "-qm", tag)
    git(lab, "tag", tag)


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """Two commits: the first measures a job; in the second it has more runs, and one job is another."""
    lab = commands.a_lab(tmp_path / "lab", settings="allow_python = false\n")
    monkeypatch.chdir(lab)
    (lab / ".gitignore").write_text(".runner/\n", encoding="utf-8")
    git(lab, "init", "-q")
    add(lab, 100, {"00": 50}, "j1")
    commit(lab, "one")
    spec = lab / "specs" / "pair.yaml"
    text = spec.read_text(encoding="utf-8")
    spec.write_text(text.replace("runs: 50", "runs: 100").replace("200, 300", "200, 400"), encoding="utf-8")
    add(lab, 100, {"11": 50}, "j2")
    commit(lab, "two")
    return lab


def test_two_commits_stand_side_by_side(capsys, lab):
    """Each with its file and its records; the exit code is 0 whatever they lack."""
    code, out, _ = said(capsys, "results", "specs", "--rev", "one..two", "-o", "json")
    rows = {row["job"]: row for row in json.loads(out)["pair"]}
    first = rows["t_ns=100"]

    assert (0, ["t_ns=100", "t_ns=200", "t_ns=400", "t_ns=300"]) == (code, list(rows))
    assert ["runs, measured, counts", "runs", "added", "removed"] == [row["change"] for row in rows.values()]
    assert (50, 100, 50, 100) == tuple(
        first[f"{name}_{when}"] for name in ("runs", "measured") for when in ("before", "after")
    )
    assert (0.0, 0.5, 0.5) == tuple(first[f"occupation_{each}"] for each in ("before", "after", "difference"))


def test_what_is_alike_can_be_left_out(capsys, lab):
    """Of a commit and itself, nothing is left."""
    changed = said(capsys, "results", "specs", "--rev", "one..", "--only-changed", "--where", "t_ns == 400")
    alike = said(capsys, "results", "specs", "--rev", "two..HEAD", "--only-changed")

    assert "pair: 4 of 4 jobs changed, 1 shown" == changed[1].splitlines()[0]
    assert "nothing has changed\n" == alike[1]


def test_one_commit_is_shown_as_it_stood(capsys, lab):
    """Also when the file is gone since, and the records with it; nothing of the work tree is touched."""
    git(lab, "rm", "-rq", "specs", "results")
    before = git(lab, "status", "--porcelain", "--ignored"), git(lab, "ls-files", "--stage")
    code, out, _ = said(capsys, "results", "specs/pair.yaml", "--rev", "one")

    assert (5, "t_ns=100   100  50/50  DONE     00 50") == (code, out.splitlines()[2])
    assert before == (git(lab, "status", "--porcelain", "--ignored"), git(lab, "ls-files", "--stage"))


def test_records_that_git_does_not_keep_are_those_on_disk(capsys, lab):
    """Then only the files differ."""
    git(lab, "checkout", "-q", "--orphan", "bare")
    git(lab, "rm", "-rq", "--cached", "results")
    git(lab, "commit", "-qm", "bare")
    _, out, err = said(capsys, "results", "specs", "--rev", "bare", "-o", "json")

    assert [100, 0, 0] == [row["measured"] for row in json.loads(out)["pair"]]
    assert "records those on disk" in err


def test_a_commit_before_the_first_record_had_none(capsys, lab):
    """Those on disk today are not its own when the other commit has some."""
    git(lab, "checkout", "-q", "--orphan", "empty")
    git(lab, "rm", "-rq", "--cached", "results")
    git(lab, "commit", "-qm", "empty")
    _, out, _ = said(capsys, "results", "specs", "--rev", "empty..two", "-o", "json", "--only-changed")

    assert [(0, 100)] == [(row["measured_before"], row["measured_after"]) for row in json.loads(out)["pair"]]


def test_a_file_that_was_broken_is_told_by_its_commit(capsys, lab):
    """And not by a folder that is gone by then."""
    spec = lab / "specs" / "pair.yaml"
    spec.write_text(spec.read_text(encoding="utf-8").replace("runs:", "rusn:"), encoding="utf-8")
    commit(lab, "broken")
    code, _, err = said(capsys, "results", "specs", "--rev", "two..broken")

    assert 1 == code
    assert err.startswith("broken:specs/pair.yaml:")


@pytest.mark.parametrize(
    ("rev", "message"),
    [
        ("none..two", "git knows no such commit"),
        ("one...two", "three dots"),
        ("one..two..one", "say one commit, or A..B"),
        ("--output=x", "no commit is called so"),
        ("one --long", "git knows no such commit"),
    ],
)
def test_a_commit_that_is_not_there_is_a_usage_error(capsys, lab, rev, message):
    """64; nothing that looks like an option reaches git."""
    code, _, err = said(capsys, "results", "specs", f"--rev={rev}")

    assert code == 64
    assert message in err


def test_outside_of_git_there_are_no_commits(capsys, tmp_path, monkeypatch):
    """Which is told."""
    lab = commands.a_lab(tmp_path / "alone")
    monkeypatch.chdir(lab)
    code, _, err = said(capsys, "results", "specs", "--rev", "HEAD")

    assert code == 64
    assert "is in no git repository" in err
