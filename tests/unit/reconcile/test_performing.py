"""Several experiments at once: the trouble of one is no other's, and no error is lost."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass

import pytest
from builders import a_snapshot, a_wanted_job, an_experiment
from fakes import SEQUENCE, DiceEngine, MemoryCloud, VirtualClock

from runner.cloud import Answer
from runner.domain import recipe_digest
from runner.errors import (
    AuthenticationError,
    CloudRejectedError,
    CloudUnavailableError,
    ProjectError,
    RecordError,
)
from runner.reconcile import (
    Context,
    End,
    Journal,
    Patience,
    Planned,
    Reconciler,
    Snapshot,
    Sync,
    TargetSettings,
)
from runner.reconcile.execute.parallel import SILENT_IN_A_ROW, execute_all
from runner.reconcile.model.actions import CloseBatch, Hold
from runner.reconcile.model.plan import Health, Plan
from runner.results import Records

DEADLINE_S = 30
BUSY = (CloseBatch(batch_id="b", reason="all its jobs are added"),)


def work_of(name, actions=BUSY):
    """What one experiment needs."""
    planned = Plan(experiment=name, actions=actions, jobs=(), sync=Sync.SYNCED, health=Health.HEALTHY)
    return Planned(a_snapshot(an_experiment(name=name)), planned)


@dataclass
class Performance:
    """Fails where the test says, and remembers who was performed and by which thread."""

    failing: dict

    def __post_init__(self):
        self.done, self.threads = [], set()

    def __call__(self, planned):
        """Performs."""
        self.threads.add(threading.current_thread())
        error = self.failing.get(planned.plan.experiment)
        if error:
            raise error
        self.done.append(planned.plan.experiment)

    def of(self, names, workers):
        """The error that comes of performing some experiments."""
        with pytest.raises(Exception) as caught:  # noqa: PT011  (the test looks at it)
            execute_all([work_of(name) for name in names], self, workers=workers)
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
    execute_all([work_of(name) for name in "abc"], lambda _: meeting.wait(), workers=3)

    assert not meeting.broken


@pytest.mark.parametrize(("names", "workers"), [("a", 8), ("abc", 1)])
def test_one_alone_is_performed_in_this_thread(names, workers):
    """What can be in order is in order, for whoever plays it again."""
    performance = Performance({})
    execute_all([work_of(name) for name in names], performance, workers=workers)

    assert (list(names), {threading.current_thread()}) == (performance.done, performance.threads)


def test_who_has_nothing_to_do_is_not_performed():
    """A Hold is for people."""
    performance = Performance({})
    idle = [work_of("a", ()), work_of("b", (Hold(reason="r", how="h"),))]
    execute_all([*idle, work_of("c")], performance, workers=8)

    assert (["c"], {threading.current_thread()}) == (performance.done, performance.threads)


@pytest.mark.parametrize("end", [KeyboardInterrupt, ZeroDivisionError])
def test_an_end_that_is_asked_for_and_a_bug_begin_nothing_more(end):
    """They are no errors of an experiment, and are raised as they are."""
    performance = Performance({"a": end()})
    gate = threading.Event()

    def execute(planned):
        if planned.plan.experiment == "b":
            assert gate.wait(DEADLINE_S)  # so that nothing behind it is begun before the end
        try:
            performance(planned)
        finally:
            gate.set()

    with pytest.raises(end):
        execute_all([work_of(name) for name in "ab"] + [work_of("c")] * 50, execute, workers=2)

    assert len(performance.done) < 51


class OneByOnePort:
    """A cloud that does one thing at a time, and refuses the batches of some experiments."""

    def __init__(self, cloud, refused=()):
        self._cloud, self._refused = cloud, refused
        self._lock = threading.Lock()
        self.threads = set()

    def send(self, request):
        """The cloud's answer."""
        self.threads.add(threading.current_thread().name)
        body = request.body or b""
        if request.method == "POST" and any(f'"exp:{name}"'.encode() in body for name in self._refused):
            return Answer(403, {}, b"{}")
        with self._lock:
            return self._cloud.answer(request)


class Many:
    """Ten experiments on a cloud in memory, performed at once."""

    def __init__(self, folder, refused=()):
        self.clock = VirtualClock()
        engine = DiceEngine(random.Random(1), failing=0.0, ending=1.0)
        self.cloud = MemoryCloud(self.clock, engine)
        self.journal = Journal(folder / "journal.sqlite", self.clock)
        self.records = Records(folder / "results")
        self.port = OneByOnePort(self.cloud, refused)
        self.names = [f"exp-{number}" for number in range(10)]
        self._engine = engine

    def run(self):
        """Applies all."""
        context = Context(
            client=self.cloud.client(self.port),
            journal=self.journal,
            records=self.records,
            namespace="lab",
            clock=self.clock,
            sleep=self._sleep,
            workers=4,
        )
        recipe = recipe_digest(device_type="EMU_FREE", sequence=SEQUENCE)
        snapshots = [
            Snapshot(desired=an_experiment(a_wanted_job(n), name=name, sequence=SEQUENCE, recipe=recipe))
            for n, name in enumerate(self.names)
        ]
        return Reconciler(context, TargetSettings(namespace="lab", poll_s=1.0)).run(
            snapshots, Patience(timeout_s=600.0)
        )

    def _sleep(self, seconds):
        self.clock.sleep(seconds)
        for step in (self.cloud.step, self._engine.tick, self.cloud.step):
            step()

    def bought(self):
        """How many jobs of each point there are."""
        return Counter(job["variables"]["t"] for job in self.cloud.jobs())

    def close(self):
        """Lets go of everything."""
        self.journal.close()
        self.cloud.close()


def test_many_experiments_are_bought_once_and_recorded(tmp_path):
    """From several threads, over one client, one journal and one folder of records."""
    many = Many(tmp_path)
    outcome = many.run()
    bought = many.bought()
    rows = [[entry.state for entry in many.journal.entries(name)] for name in many.names]
    many.close()

    assert (End.SETTLED, {Sync.SYNCED}) == (outcome.end, {plan.sync for plan in outcome.plans})
    assert dict.fromkeys(range(10), 1) == bought
    assert [["accepted", "accepted"]] * 10 == rows
    assert [[100]] * 10 == [[job.runs for job in many.records.of_experiment(name)] for name in many.names]
    assert any(name.startswith("experiments") for name in many.port.threads)


def test_a_refused_experiment_leaves_the_others_a_pass_further(tmp_path):
    """They have claimed; what is refused is told, and what is written down stays."""
    many = Many(tmp_path, refused=("exp-3", "exp-5"))
    with pytest.raises(AuthenticationError) as caught:
        many.run()
    states = {name: [entry.state for entry in many.journal.entries(name)] for name in many.names}
    many.close()

    assert {name: ["not done" if name in {"exp-3", "exp-5"} else "accepted"] for name in many.names} == states
    _, first, other = caught.value.__notes__  # behind the hint
    assert "this was exp-3; there is more:" == first
    assert other.startswith("exp-5: ")
