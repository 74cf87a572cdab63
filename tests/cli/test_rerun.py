"""`runner rerun` edits the file, and the next apply buys what it asks for again."""

from __future__ import annotations

import json

import commands
import pytest
from commands import said

WITH_COMMENTS = commands.EXPERIMENT.replace("spec:\n", "spec:  # what is asked for\n  # the emulator\n")
TWO_JOBS_FAIL = '[[faults]]\neffect = "job_error"\ntimes = 2\n'
USAGE = 64
AGAIN = "pair: all 3 jobs are measured again; the old counts are not added"
ONE_AGAIN = "pair: t_ns=200: measured again; the old counts are not added"


@pytest.fixture
def lab(tmp_path, monkeypatch, store):
    """A lab that is the working folder."""
    lab = commands.a_neighbour(tmp_path / "lab", store, experiment=WITH_COMMENTS)
    monkeypatch.chdir(lab)
    return lab


def text_of(lab):
    """The experiment file."""
    return (lab / "specs" / "pair.yaml").read_text(encoding="utf-8")


def ends(lab):
    """Status and rerun of every job on record."""
    lines = [line for file in lab.glob("results/**/*.jsonl") for line in file.read_text().splitlines()]
    return sorted((job["status"], job["rerun"]) for job in map(json.loads, lines))


def test_the_counter_is_raised_in_the_text_and_the_next_apply_measures_again(capsys, lab):
    """Twice: it is added, then raised; nothing is sent before."""
    said(capsys, "apply", "specs")
    first = said(capsys, "rerun", "specs/pair.yaml")
    added = text_of(lab)
    planned = json.loads(said(capsys, "plan", "specs", "-o", "json")[1])
    said(capsys, "apply", "specs")
    second = said(capsys, "rerun", "specs/pair.yaml")

    assert (
        0,
        "--- specs/pair.yaml\n+++ specs/pair.yaml\n@@ -4,0 +5 @@\n+  rerun: 1\n",
        f"{AGAIN}. Nothing is sent before `runner apply specs/pair.yaml`\n",
    ) == first
    assert added == WITH_COMMENTS.replace("asked for\n", "asked for\n  rerun: 1\n")
    assert [("Claim", 3)] == [(a["action"], len(a["jobs"])) for a in planned[0]["actions"]]
    assert [("DONE", 0)] * 3 + [("DONE", 1)] * 3 == ends(lab)
    assert "@@ -5 +5 @@\n-  rerun: 1\n+  rerun: 2\n" in second[1]


@pytest.mark.long
def test_jobs_that_failed_for_good_are_tried_again_and_no_other(capsys, lab):
    """Another round of the retry policy; what is measured is not bought."""
    (lab / "specs" / "pair.yaml").write_text(
        WITH_COMMENTS.replace("  jobs:", "  policy: {retry: {limit: 0, backoff_s: 0}}  # no retry\n  jobs:"),
        encoding="utf-8",
    )
    with commands.own_target(lab, TWO_JOBS_FAIL) as target:
        there = ("--target", target)
        failed = said(capsys, "apply", "specs", "--yes", *there)
        rerun = said(capsys, "rerun", "specs/pair.yaml", "--failed", *there)
        again = said(capsys, "apply", "specs", "--yes", *there)
        none_left = said(capsys, "rerun", "specs/pair.yaml", "--failed", *there)

    assert [3, 0, 0, 0] == [failed[0], rerun[0], again[0], none_left[0]], again[2]
    assert "+  policy: {retry: {limit: 1, backoff_s: 0}}  # no retry\n" in rerun[1]
    assert ": tried again up to 1 times. Nothing is sent before" in rerun[2]
    assert [("DONE", 0)] * 3 + [("ERROR", 0)] * 2 == ends(lab)
    assert "no job has failed for good; the file stays as it is" in none_left[2]


def test_one_job_is_measured_again_and_no_other(capsys, lab):
    """Its name is quoted, since it is made of a variable; raising all of them later counts on top."""
    said(capsys, "apply", "specs")
    edited = said(capsys, "rerun", "specs/pair.yaml", "--job", "t_ns=200")
    again = said(capsys, "apply", "specs", "-o", "json")
    results = json.loads(said(capsys, "results", "specs", "-o", "json")[1])
    said(capsys, "rerun", "specs/pair.yaml")

    assert (
        0,
        '--- specs/pair.yaml\n+++ specs/pair.yaml\n@@ -4,0 +5 @@\n+  rerun: {jobs: {"t_ns=200": 1}}\n',
        f"{ONE_AGAIN}. Nothing is sent before `runner apply specs/pair.yaml`\n",
    ) == edited
    assert 0 == again[0], again[2]
    assert [("DONE", 0)] * 3 + [("DONE", 1)] == ends(lab)
    assert [1, 1, 1] == [len(job["job_ids"]) for job in results["pair"]]
    assert '  rerun: {all: 1, jobs: {"t_ns=200": 1}}\n' in text_of(lab)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--job", "t_ns=20"], "specs/pair.yaml: there is no job t_ns=20\nhint: did you mean t_ns=200?\n"),
        (
            ["--job", "t_ns=200", "--failed"],
            "--failed and --job together: which jobs?\nhint: say one of them\n",
        ),
    ],
)
def test_a_job_that_cannot_be_chosen_changes_nothing(capsys, lab, words, expected):
    """And what to do is said."""
    assert (USAGE, "", expected) == said(capsys, "rerun", "specs/pair.yaml", *words)
    assert text_of(lab) == WITH_COMMENTS


def test_a_file_with_an_error_is_not_edited(capsys, lab):
    """Its problems are told instead."""
    broken = WITH_COMMENTS.replace("runs: 50", "runs: -5")
    (lab / "specs" / "pair.yaml").write_text(broken, encoding="utf-8")
    code, out, err = said(capsys, "rerun", "specs/pair.yaml")

    assert (1, "") == (code, out)
    assert "specs/pair.yaml:" in err
    assert broken == text_of(lab)


def test_a_rerun_above_the_repositorys_cap_is_refused_before_the_file_is_edited(capsys, lab):
    """It names who says so."""
    with (lab / "runner.toml").open("a", encoding="utf-8") as file:
        file.write("[caps]\nrerun = 0\n")
    before = text_of(lab)

    code, _, err = said(capsys, "rerun", "specs/pair.yaml", "--job", "t_ns=200")

    assert (1, before) == (code, text_of(lab))
    assert "rerun would be 1, above the cap of 0\nhint: `rerun` of [caps] in runner.toml" in err
