"""The journal: rows in order, flushed, found again after a death."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from runner.errors import JournalError
from runner.reconcile import Journal
from runner.reconcile.journal import Entry, Kind, State

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
    return journal.intend(Kind.CLAIM, **values | fields)


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
        Entry(
            seq=seq,
            at=START + timedelta(seconds=3),
            kind=Kind.CLAIM,
            state=State.ACCEPTED,
            experiment="exp",
            submission="s",
            claim="c",
            batch_id="b1",
            jobs=(("k", 100),),
        ),
    ) == journal.entries("exp")
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
        "from runner.reconcile.journal import Journal, Kind\n"
        "journal = Journal(Path(sys.argv[1]), lambda: datetime.now(UTC))\n"
        "journal.intend(Kind.CLAIM, experiment='exp', submission='s', claim='c')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=60)
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
