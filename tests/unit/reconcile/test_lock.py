"""The lock of a checkout: one runner at a time, the dead replaced, the late refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import NOW, at
from fakes import VirtualClock
from patience import PATIENCE_S

from runner.errors import JournalError
from runner.reconcile import Journal
from runner.reconcile.journal.lock import Held, Owner, is_alive, may_take
from runner.reconcile.model.entries import RequestKind

ME = Owner(host="lab", machine="m", pid=7, started="100", verb="apply")
OTHER = replace(ME, pid=8, started="200", verb="watch")
WORKER = (
    "import sys, time; from pathlib import Path; from datetime import datetime, UTC\n"
    "from runner.reconcile.journal.journal import Journal\n"
    "with Journal(Path(sys.argv[1]), lambda: datetime.now(UTC)).locked('watch'):\n"
    "    print('mine', flush=True); time.sleep(600)\n"
)


@pytest.fixture
def path(tmp_path):
    """Where the journal is."""
    return tmp_path / "journal.sqlite"


@pytest.fixture
def open_journal(path):
    """Opens the journal as another process would; all are closed with the test."""
    opened = []

    def open_it(clock):
        opened.append(Journal(path, clock))
        return opened[-1]

    yield open_it
    for journal in opened:
        journal.close()


def held_by(owner, until=10):
    """A lock whose lease ends some seconds after NOW."""
    return Held(token="t", owner=owner, since=at(-60), until=at(until))


@pytest.mark.parametrize(
    ("held", "alive", "expected"),
    [
        (None, True, True),
        (held_by(OTHER), True, False),
        (held_by(OTHER), False, True),
        (held_by(OTHER, until=0), True, True),
        (held_by(replace(OTHER, host="elsewhere")), False, False),
        (held_by(replace(OTHER, host="elsewhere"), until=-1), False, True),
        (held_by(replace(OTHER, machine="another boot")), False, False),
    ],
    ids=["free", "held", "owner dead", "lease over", "far away", "far away and over", "other container"],
)
def test_a_lock_is_taken_from_the_dead_at_once_and_from_the_silent_after_their_lease(held, alive, expected):
    """Whether a process of another machine is alive is nobody's to know."""
    assert expected == may_take(held, ME, NOW, is_alive=lambda owner: alive)


def test_a_process_is_known_by_its_start_as_well_as_its_number():
    """Numbers are used again."""
    here = Owner.this_process("apply")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    pid = ended.pid
    time_limit = time.monotonic() + 30
    while is_alive(replace(here, pid=pid, started="")) and time.monotonic() < time_limit:
        time.sleep(0.01)  # until it is a zombie: nobody has waited for it
    zombie = is_alive(replace(here, pid=pid, started=""))
    ended.wait(30)

    assert (True, False, False) == (is_alive(here), is_alive(replace(here, started="1")), zombie)
    assert not is_alive(replace(here, pid=pid))


def test_the_second_is_told_who_works_since_when_and_on_which_machine(open_journal):
    """And may work once the first has ended."""
    clock = VirtualClock()
    first, second = open_journal(clock), open_journal(clock)
    with first.locked("watch"), pytest.raises(JournalError) as caught, second.locked("apply"):
        pass
    with second.locked("apply"):
        pass

    owner = Owner.this_process("watch")
    since = f"{clock().astimezone():%Y-%m-%d %H:%M:%S %Z}"
    assert f"another runner works in this checkout: {owner}, since {since}" == str(caught.value)
    assert f"`watch`, process {os.getpid()} on {owner.host}" == str(owner)


def test_who_was_stopped_for_longer_than_its_lease_buys_nothing_more(open_journal):
    """It is refused in the transaction that would have written its intention; the winner goes on."""
    clock = VirtualClock()
    stopped, taker = open_journal(clock), open_journal(clock)
    with stopped.locked("apply", ttl_s=3000):
        stopped.intend(RequestKind.CLAIM, experiment="exp", submission="s", claim="in time")
        clock.sleep(3600)
        with taker.locked("watch"):
            with pytest.raises(JournalError, match=r"has lost the lock .* taken over by `watch`"):
                stopped.intend(RequestKind.CLAIM, experiment="exp", submission="s", claim="too late")
            taker.intend(RequestKind.CLAIM, experiment="exp", submission="s", claim="the taker's")
        with pytest.raises(JournalError, match="has lost the lock"):
            stopped.intend(RequestKind.CLAIM, experiment="exp", submission="s", claim="much too late")

    assert ["in time", "the taker's"] == [entry.claim for entry in taker.entries("exp")]


def test_who_was_stopped_and_replaced_by_nobody_goes_on(open_journal):
    """Its lock is still its own."""
    clock = VirtualClock()
    journal = open_journal(clock)
    with journal.locked("apply", ttl_s=3000):
        clock.sleep(3600)
        journal.intend(RequestKind.CLAIM, experiment="exp", submission="s", claim="c")
        other = open_journal(clock)
        with pytest.raises(JournalError, match="another runner works"), other.locked("apply"):
            pass

    assert ["c"] == [entry.claim for entry in journal.entries("exp")]


def test_a_lock_is_renewed_while_its_owner_works(open_journal, path):
    """By a thread of its own, a third of the lease after the last time."""
    moments = iter(range(10**9))
    journal = open_journal(lambda: NOW + timedelta(seconds=next(moments)))
    look = open_journal(lambda: NOW)
    with journal.locked("apply", ttl_s=0.3):
        first = until = look._file.read("SELECT until FROM lock")
        time_limit = time.monotonic() + 30
        while until == first and time.monotonic() < time_limit:
            time.sleep(0.01)
            until = look._file.read("SELECT until FROM lock")

    assert first < until
    assert [] == look._file.read("SELECT until FROM lock")
    assert "renew-lock" not in {thread.name for thread in threading.enumerate()}


def test_the_lock_of_a_killed_process_is_taken_over_at_once(open_journal, path):
    """However long its lease still is."""
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(path)], stdout=subprocess.PIPE, text=True)
    assert worker.stdout.readline() == "mine\n"
    journal = open_journal(lambda: NOW)
    with pytest.raises(JournalError, match=f"`watch`, process {worker.pid} "), journal.locked("apply"):
        pass
    os.kill(worker.pid, signal.SIGKILL)
    worker.communicate(timeout=PATIENCE_S)
    with journal.locked("apply"):
        journal.intend(RequestKind.CLAIM, experiment="exp", submission="s", claim="c")

    assert ["c"] == [entry.claim for entry in journal.entries("exp")]


def test_a_deleted_journal_buys_nothing_more(open_journal, path):
    """Its lock is gone with it: another runner may already work here, with a journal of its own."""
    clock = VirtualClock()
    first = open_journal(clock)
    with first.locked("apply"):
        for each in path.parent.glob("journal.sqlite*"):
            each.unlink()
        second = open_journal(clock)
        with second.locked("apply"):
            second.intend(RequestKind.CLAIM, experiment="exp", submission="s", claim="second")
            with pytest.raises(JournalError, match="was deleted or replaced"):
                first.intend(RequestKind.CLAIM, experiment="exp", submission="s", claim="first")

    assert ["second"] == [entry.claim for entry in second.entries("exp")]
