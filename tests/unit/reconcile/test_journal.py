"""The journal: rows in order, flushed, found again after a death."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from patience import PATIENCE_S

from runner.errors import JournalError
from runner.reconcile import Journal
from runner.reconcile.journal.history import Happening
from runner.reconcile.journal.lock import Owner
from runner.reconcile.model.entries import JournalEntry, RequestKind, State

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """Moves by a second at each look."""

    def __init__(self):
        self.now = START

    def __call__(self):
        """A second later than the last time."""
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def path(tmp_path):
    """Where the journal is."""
    return tmp_path / "deep" / "journal.sqlite"


def an_intention(journal, claim="c", **fields):
    """A row for the experiment `exp`."""
    values = {"experiment": "exp", "submission": "s", "claim": claim}
    return journal.intend(RequestKind.CLAIM, **values | fields)


def test_rows_come_back_in_the_order_in_which_they_were_written(path):
    """By sequence number, never by time: a clock may be set back."""
    moments = iter([START, START + timedelta(days=1), START])
    journal = Journal(path, lambda: next(moments))
    an_intention(journal, "late")
    an_intention(journal, "early")

    assert ["late", "early"] == [entry.claim for entry in journal.entries("exp")]
    journal.close()


def test_a_row_says_what_became_of_it_and_when(path):
    """Settling counts from the answer, not from the intention."""
    journal = Journal(path, Clock())
    seq = an_intention(journal, jobs=(("k", 100),))
    journal.settle(seq, State.ACCEPTED, "b1")

    assert (
        JournalEntry(
            seq=seq,
            at=START + timedelta(seconds=3),
            kind=RequestKind.CLAIM,
            state=State.ACCEPTED,
            experiment="exp",
            submission="s",
            claim="c",
            batch_id="b1",
            jobs=(("k", 100),),
        ),
    ) == journal.entries("exp")
    journal.close()


def test_a_row_says_for_what_something_was_bought_and_which_jobs_came_of_it(path):
    """What is adopted later takes nothing of it away."""
    journal = Journal(path, Clock())
    about = {"target": "fr p", "recipe": "0123456789abcdef", "rerun": 0, "repetitions": "2-3"}
    seq = an_intention(journal, **about)
    journal.settle(seq, State.ACCEPTED, "b1", ["j1", "j2"])
    journal.settle(seq, State.ACCEPTED, "b1")
    (entry,) = journal.entries("exp")

    assert (about, ("j1", "j2")) == ({name: getattr(entry, name) for name in about}, entry.job_ids)
    journal.close()


def test_experiments_have_rows_of_their_own(path):
    """They are planned apart."""
    journal = Journal(path, Clock())
    an_intention(journal, experiment="other")

    assert () == journal.entries("exp")
    journal.close()


def test_it_remembers_since_when_it_remembers(path):
    """Also after it was opened again."""
    first = Journal(path, Clock())
    since = first.created_at
    first.close()
    again = Journal(path, lambda: START + timedelta(days=9))

    assert since == again.created_at
    again.close()


def test_an_intention_survives_the_death_of_its_process(path):
    """It is on disk before the request is sent."""
    script = (
        "import os, signal, sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from runner.reconcile.journal.journal import Journal, RequestKind\n"
        "journal = Journal(Path(sys.argv[1]), lambda: datetime.now(UTC))\n"
        "journal.intend(RequestKind.CLAIM, experiment='exp', submission='s', claim='c')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=PATIENCE_S)
    journal = Journal(path, Clock())

    assert [State.INTENDED] == [entry.state for entry in journal.entries("exp")]
    journal.close()


def test_a_newer_journal_is_not_touched(path):
    """It says which runner can read it."""
    Journal(path, Clock()).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=99")
    db.close()

    with pytest.raises(JournalError, match="version 99") as caught:
        Journal(path, Clock())
    assert "newer runner" in caught.value.hint


def test_what_is_no_journal_is_an_error_that_names_the_file(path):
    """Nothing is overwritten."""
    path.parent.mkdir()
    path.write_text("no database, but long enough to be looked at as one" * 50)

    with pytest.raises(JournalError, match="journal cannot be opened"):
        Journal(path, Clock())
    assert path.read_text().startswith("no database")


# The tables of version 1, as they were.
VERSION_1 = """
CREATE TABLE journal (created_at TEXT NOT NULL);
CREATE TABLE entries (seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL,
    state TEXT NOT NULL, experiment TEXT NOT NULL, submission TEXT NOT NULL, claim TEXT NOT NULL,
    batch_id TEXT, jobs TEXT NOT NULL);
CREATE INDEX entries_experiment ON entries (experiment);
INSERT INTO journal VALUES ('2026-01-01T00:00:00+00:00');
INSERT INTO entries VALUES
    (7, '2026-01-02T00:00:00+00:00', 'submit', 'unknown', 'exp', 's', 'c', NULL, '[["k", 5]]');
PRAGMA user_version=1;
"""


def test_a_journal_of_the_first_version_is_kept_and_goes_on(path):
    """Rows and age stay; what is new begins empty; opened twice it changes once."""
    path.parent.mkdir()
    with sqlite3.connect(path) as old:
        old.executescript(VERSION_1)
    old.close()
    Journal(path, Clock()).close()
    journal = Journal(path, Clock())
    next_seq = an_intention(journal)
    entry = JournalEntry(
        seq=7,
        at=datetime(2026, 1, 2, tzinfo=UTC),
        kind=RequestKind.SUBMIT,
        state=State.UNKNOWN,
        experiment="exp",
        submission="s",
        claim="c",
        jobs=(("k", 5),),
    )

    assert ((entry,), 8) == (journal.entries("exp")[:1], next_seq)
    assert (datetime(2026, 1, 1, tzinfo=UTC), ()) == (
        journal.created_at,
        journal.history.of("exp"),
    )
    with journal.locked("apply"):
        pass
    journal.close()


def test_a_new_file_that_another_is_just_preparing_is_waited_for(path):
    """SQLite does not wait by itself there: two runners may begin at the same moment."""
    path.parent.mkdir()
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(Journal, path, Clock())
        with pytest.raises(TimeoutError):
            opening.result(timeout=0.3)  # it does not give up while the other is at work
        other.execute("COMMIT")
        journal = opening.result(timeout=PATIENCE_S)
    other.close()

    assert () == journal.entries("exp")
    journal.close()


def test_threads_share_a_journal(path):
    """Every row is written once, with a number of its own."""
    journal = Journal(path, lambda: START)

    def work(number):
        seq = an_intention(journal, claim=str(number))
        journal.settle(seq, State.ACCEPTED, f"b{number}")
        return seq

    with ThreadPoolExecutor(8) as pool:
        seqs = set(pool.map(work, range(64)))

    assert {(seq, f"b{e.claim}") for seq, e in zip(sorted(seqs), journal.entries("exp"), strict=True)} == {
        (e.seq, e.batch_id) for e in journal.entries("exp")
    }
    assert (64, 0) == (len(seqs), journal.unclear())
    journal.close()


def test_history_is_told_in_order_newest_last(path):
    """With who did it; a limit keeps the newest."""
    journal = Journal(path, Clock())
    journal.history.add("other", "Claim", reason="not asked for")
    with journal.locked("apply"):
        journal.history.add("exp", "Claim", reason="1 job is wanted")
        journal.history.add("exp", "AddJobs", reason="1 job", batch_id="b1", jobs=1, runs=50)
        journal.history.add("exp", "AddJobs", reason="more", outcome="unknown", jobs=1, runs=7)
    happened = journal.history.of("exp")
    me = Owner.this_process("apply")

    assert ["Claim", "AddJobs", "AddJobs"] == [each.action for each in happened]
    assert (happened[2:], ["other", *["exp"] * 3]) == (
        journal.history.of("exp", limit=1),
        [each.experiment for each in journal.history.of()],
    )
    assert 50 == journal.history.runs_bought()
    assert (
        Happening(
            seq=3,
            at=happened[1].at,
            experiment="exp",
            action="AddJobs",
            batch_id="b1",
            reason="1 job",
            outcome="done",
            jobs=1,
            runs=50,
            host=me.host,
            pid=os.getpid(),
            verb="apply",
        )
        == happened[1]
    )
    journal.close()
