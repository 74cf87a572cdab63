"""What this machine remembers is damaged, or gone: the journal, or the store of the local cloud."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest
from memory_project import MemoryProject

from runner.reconcile import End

ALL = {100: 50, 200: 50, 300: 50}


@pytest.fixture
def lab(tmp_path):
    """A lab that was never applied."""
    lab = MemoryProject(tmp_path / "lab")
    yield lab
    lab.engine.waits = False
    lab.engine.end()
    lab.close()


def journal_of(lab):
    """The file, with all that was written in it."""
    path = lab.lab / ".runner" / "targets" / "local" / "journal.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def points(lab):
    """Runs that the cloud has been asked for, by the point."""
    return {point: runs for (_, point), runs in lab.bought().items()}


def overwritten(path, text):
    """The file, with a text in place of another one."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(text)


DAMAGES = {
    "no database": lambda path: path.write_bytes(os.urandom(50_000)),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:6000]),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a link to nothing": lambda path: (path.unlink(), path.symlink_to("/nowhere/journal")),
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "without its tables": lambda path: overwritten(path, "DROP TABLE entries"),
    "a row of another kind": lambda path: overwritten(path, "UPDATE entries SET kind = 'gift'"),
    "a time that is none": lambda path: overwritten(path, "UPDATE entries SET at = 'yesterday'"),
    "jobs that are none": lambda path: overwritten(path, "UPDATE entries SET jobs = '[5]'"),
    "without its age": lambda path: overwritten(path, "DELETE FROM journal"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_journal_may_be_moved_away_and_nothing_is_bought_twice(lab, capsys, damage):
    """Jobs are under way and not on record: the tags of their batch tell whose they are."""
    lab.engine.waits = True
    assert lab.apply(until_done=False) is End.SUBMITTED
    path = journal_of(lab)
    damage(path)
    code = lab.run("apply")
    told = capsys.readouterr().err
    path.rename(path.with_name("damaged"))
    lab.engine.waits = False
    lab.engine.end()

    assert (1, True, True) == (code, str(path) in told, "it may be moved away" in told), told
    assert (End.SETTLED, ALL, []) == (lab.apply(), points(lab), lab.flaws())


def test_without_the_journal_only_what_is_missing_is_bought(lab):
    """What is on record, and what the tags tell, counts."""
    assert lab.apply() is End.SETTLED
    lab.forget()
    spec = lab.lab / "specs" / "pair.yaml"
    spec.write_text(spec.read_text(encoding="utf-8").replace("runs: 50", "runs: 80"), encoding="utf-8")

    assert (End.SETTLED, {100: 80, 200: 80, 300: 80}) == (lab.apply(), points(lab))


def test_what_a_lost_store_took_along_is_not_bought_again_in_silence(lab, capsys):
    """A person is asked; moving the journal away is the way on that is told."""
    lab.engine.waits = True
    lab.apply(until_done=False)
    lab.lose_cloud()
    lab.engine.waits = False
    held = lab.run("apply")
    told = capsys.readouterr()
    before = points(lab)
    path = journal_of(lab)
    path.rename(path.with_name("former"))

    assert (4, {}) == (held, before)
    assert "and the cloud does not know it: its store is gone" in told.out + told.err
    assert "move the journal in `.runner/targets` away" in told.out + told.err
    assert (End.SETTLED, ALL) == (lab.apply(), points(lab))


def test_a_lost_store_is_noticed_under_another_name_and_asked_for_again_by_a_rerun(lab, capsys):
    """The recipe tells; a higher counter is a person's decision."""
    lab.apply()
    (record,) = lab.lab.glob("results/*/*/*.jsonl")
    record.unlink()
    spec = lab.lab / "specs" / "pair.yaml"
    text = spec.read_text(encoding="utf-8").replace("{name: pair}", "{name: duo}")
    spec.write_text(text, encoding="utf-8")
    lab.lose_cloud()
    held = lab.run("apply"), points(lab)
    spec.write_text(text.replace("spec:\n", "spec:\n  rerun: 1\n"), encoding="utf-8")
    capsys.readouterr()

    assert ((4, {}), (End.SETTLED, ALL)) == (held, (lab.apply(), points(lab)))


def test_a_store_that_is_gone_is_told_although_all_is_on_record(lab, capsys):
    """Nothing is lost then, and more may be bought."""
    lab.apply()
    lab.lose_cloud()
    code = lab.run("plan")
    told = capsys.readouterr().out

    assert (0, True) == (code, "begins with an empty store, for its own is not there: 1 batch" in told), told
    spec = lab.lab / "specs" / "pair.yaml"
    spec.write_text(spec.read_text(encoding="utf-8").replace("100, 200, 300", "100, 400"), encoding="utf-8")
    assert (End.SETTLED, {400: 50}) == (lab.apply(), points(lab))
