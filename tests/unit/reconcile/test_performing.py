"""Several experiments at once: the trouble of one is no other's, and no error is lost."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest
from builders import an_experiment, seen

from runner.errors import (
    AuthenticationError,
    CloudRejectedError,
    CloudUnavailableError,
    ProjectError,
    RecordError,
)
from runner.reconcile.act import Deed
from runner.reconcile.actions import CloseBatch, Health, Hold, Plan, Sync
from runner.reconcile.performing import SILENT_IN_A_ROW, perform_all

DEADLINE_S = 30
BUSY = (CloseBatch(batch_id="b", reason="all its jobs are added"),)


def a_deed(name, actions=BUSY):
    """What one experiment needs."""
    planned = Plan(experiment=name, actions=actions, jobs=(), sync=Sync.SYNCED, health=Health.HEALTHY)
    return Deed(an_experiment(name=name), seen(), planned)


@dataclass
class Performance:
    """Fails where the test says, and remembers who was performed and by which thread."""

    failing: dict

    def __post_init__(self):
        self.done, self.threads = [], set()

    def __call__(self, deed):
        """Performs."""
        self.threads.add(threading.current_thread())
        error = self.failing.get(deed.desired.name)
        if error:
            raise error
        self.done.append(deed.desired.name)

    def of(self, names, workers):
        """The error that comes of performing some experiments."""
        with pytest.raises(Exception) as caught:  # noqa: PT011  (the test looks at it)
            perform_all([a_deed(name) for name in names], self, workers=workers)
        return caught.value


@pytest.mark.parametrize("workers", [1, 4])
def test_an_error_of_one_keeps_no_other_from_being_performed(workers):
    """It is raised once all have ended."""
    refused = CloudRejectedError("no")
    performance = Performance({"b": refused})
    error = performance.of("abcdef", workers)

    assert (refused, list("acdef")) == (error, sorted(performance.done))
    assert not hasattr(error, "__notes__")


def test_all_errors_are_told():
    """The first one, with the others' texts and advice; each says whose it is."""
    first = CloudRejectedError("no such device")
    second = RecordError("x.jsonl: the record cannot be written", hint="make room on the disk")
    error = Performance({"b": first, "d": second}).of("abcd", 1)

    assert error is first
    assert [
        "this was b; there is more:",
        "d: x.jsonl: the record cannot be written (hint: make room on the disk)",
    ] == error.__notes__


def test_the_cloud_is_unavailable_only_when_that_is_all_there_is():
    """Else waiting would hide what it does not mend."""
    silence, refused = CloudUnavailableError("no answer"), CloudRejectedError("no")

    assert silence is Performance({"a": silence, "c": CloudUnavailableError("none")}).of("abc", 4)
    assert refused is Performance({"a": CloudUnavailableError("none"), "b": refused}).of("abc", 1)


@pytest.mark.parametrize(
    ("error", "others"),
    [
        (ProjectError("a batch needs a project id"), []),
        (AuthenticationError("no token could be had"), []),
        (AuthenticationError("refused", status=401), []),
        (AuthenticationError("forbidden", status=403), ["b", "c"]),
    ],
    ids=["project", "no token", "401", "403"],
)
def test_where_no_other_would_fare_better_none_is_begun(error, others):
    """A wrong password is tried once and not 500 times; a forbidden device may be one's own."""
    performance = Performance({"a": error})
    performance.of("abc", 1)

    assert others == performance.done


def test_a_cloud_that_is_silent_in_a_row_is_left_alone():
    """Each would wait a minute for nothing; one that is answered in between shows that there is use."""
    names = [f"exp-{number:02}" for number in range(30)]
    silent = set(names[1:SILENT_IN_A_ROW]) | set(names[SILENT_IN_A_ROW + 1 :])
    performance = Performance({name: CloudUnavailableError("no answer") for name in silent})
    error = performance.of(names, 1)

    assert [names[0], names[SILENT_IN_A_ROW]] == performance.done
    assert 2 * SILENT_IN_A_ROW - 1 == len(
        error.__notes__
    )  # a line on the first, and one on each of the others


def test_as_many_are_performed_at_once_as_there_are_workers():
    """They meet: none of them could go on alone."""
    meeting = threading.Barrier(3, timeout=DEADLINE_S)
    perform_all([a_deed(name) for name in "abc"], lambda deed: meeting.wait(), workers=3)

    assert not meeting.broken


@pytest.mark.parametrize(("names", "workers"), [("a", 8), ("abc", 1)])
def test_one_alone_is_performed_in_this_thread(names, workers):
    """What can be in order is in order, for whoever plays it again."""
    performance = Performance({})
    perform_all([a_deed(name) for name in names], performance, workers=workers)

    assert (list(names), {threading.current_thread()}) == (performance.done, performance.threads)


def test_who_has_nothing_to_do_is_not_performed():
    """A Hold is for people."""
    performance = Performance({})
    idle = [a_deed("a", ()), a_deed("b", (Hold(reason="r", how="h"),))]
    perform_all([*idle, a_deed("c")], performance, workers=8)

    assert (["c"], {threading.current_thread()}) == (performance.done, performance.threads)


@pytest.mark.parametrize("end", [KeyboardInterrupt, ZeroDivisionError])
def test_an_end_that_is_asked_for_and_a_bug_begin_nothing_more(end):
    """They are no errors of an experiment, and are raised as they are."""
    performance = Performance({"a": end()})
    gate = threading.Event()

    def perform(deed):
        if deed.desired.name == "b":
            assert gate.wait(DEADLINE_S)  # so that nothing behind it is begun before the end
        try:
            performance(deed)
        finally:
            gate.set()

    with pytest.raises(end):
        perform_all([a_deed(name) for name in "ab"] + [a_deed("c")] * 50, perform, workers=2)

    assert len(performance.done) < 51
