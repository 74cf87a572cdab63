"""What `runner history` prints."""

from __future__ import annotations

import json
import os
import time
from contextlib import closing

import commands
import pytest

from runner.cli import main
from runner.project import Project


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab that is the working folder, in a time zone of its own, and where something was done."""
    lab = commands.a_lab(tmp_path / "lab")
    monkeypatch.chdir(lab)
    monkeypatch.setenv("TZ", "Etc/GMT-9")
    time.tzset()
    with Project.open(lab).journal_locked("apply") as journal:
        journal.history.add("pair", "Claim", reason="3 jobs are wanted", batch_id="b1")
        journal.history.add("gone", "CancelBatch", reason="asked", batch_id="b0")
        journal.history.add("pair", "AddJobs", reason="3 jobs", batch_id="b1", jobs=3, runs=150)
    yield lab
    monkeypatch.undo()
    time.tzset()


def said(capsys, *words):
    """Exit code, stdout and stderr of `runner history`."""
    code = main(["history", *words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_json_says_everything_newest_last_and_in_utc(capsys, lab):
    """By file or by name, also of an experiment whose file is gone."""
    everything = json.loads(said(capsys, "-o", "json")[1])
    of_file = json.loads(said(capsys, "specs/pair.yaml", "-o", "json")[1])
    newest = json.loads(said(capsys, "pair", "--limit", "1", "-o", "json")[1])
    gone = json.loads(said(capsys, "gone", "-o", "json")[1])
    with closing(Project.open(lab).journal()) as journal:
        at = journal.history.of("pair")[-1].at

    assert ["Claim", "CancelBatch", "AddJobs"] == [each["action"] for each in everything]
    assert (everything[::2], everything[2:], everything[1:2]) == (of_file, newest, gone)
    assert {
        "seq": 3,
        "at": at.isoformat(),
        "experiment": "pair",
        "action": "AddJobs",
        "batch_id": "b1",
        "reason": "3 jobs",
        "outcome": "done",
        "jobs": 3,
        "runs": 150,
        "host": os.uname().nodename,
        "pid": os.getpid(),
        "verb": "apply",
    } == everything[2]
    assert everything[2]["at"].endswith("+00:00")


def test_the_table_tells_local_times_with_their_zone(capsys, lab):
    """One line a thing that was done."""
    code, out, _ = said(capsys, "pair")
    head, *lines = out.splitlines()

    assert (0, 2, True) == (code, len(lines), head.startswith("when"))
    assert all(" +09 " in line for line in lines)
    assert f"150   done     3 jobs             apply {os.getpid()}@" in lines[1]


def test_nothing_done_is_told_beside_the_data(capsys, lab):
    """Stdout stays empty."""
    assert (0, "", "nothing has been done for nobody from this checkout\n") == said(capsys, "nobody")
