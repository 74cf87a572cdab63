"""Turns in virtual time, and files that change."""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime

import commands
import pytest
from fakes import DiceEngine, LossyPort, MemoryCloud, VirtualClock

from runner.cloud import NotSentError
from runner.errors import CloudUnavailableError
from runner.project import Project
from runner.project.config.targets import Connection
from runner.project.sync.file_watcher import Files
from runner.project.sync.loop import Event, Loop, LoopContext, StopRequest
from runner.project.sync.watch import Watcher
from runner.reconcile import TargetSettings
from runner.reconcile.execute.change_events import News, Pace


class World:
    """Time that passes in pauses, turns that end as the test says, and an end after them."""

    def __init__(self, *ends):
        self.clock = VirtualClock()
        self.ends = list(ends)
        self.events, self.figures, self.pauses_s = [], [], []

    def turn(self):
        """Ends as the test says."""
        end = self.ends.pop(0)
        if end:
            raise end

    def wait(self, seconds):
        """Lets time pass."""
        self.pauses_s.append(seconds)
        self.clock.sleep(seconds)

    def check(self):
        """Somebody asks to end when there are no turns left."""
        if not self.ends:
            raise StopRequest

    def run(self):
        """All turns."""
        context = LoopContext(
            tell=self.events.append,
            measure=self.figures.append,
            check=self.check,
            wait=self.wait,
            jitter=lambda: 1.0,
            clock=self.clock,
            pace=Pace(spread=0.0),
        )
        with pytest.raises(StopRequest):
            Loop(self.turn, context).go_on()


def test_pauses_grow_while_turns_fail_and_an_error_is_told_once():
    """Then it works again, and the pause is the interval."""
    down, other = CloudUnavailableError("out of reach"), CloudUnavailableError("busy")
    world = World(None, down, down, other, None, None, down)
    start = world.clock()
    world.run()

    assert [30.0, 2.0, 4.0, 8.0, 30.0, 30.0, 2.0] == world.pauses_s
    assert [
        (News.ERROR, "out of reach"),
        (News.ERROR, "busy"),
        (News.RECOVERED, "it works again"),
        (News.ERROR, "out of reach"),
    ] == [(event.event, event.text) for event in world.events]
    assert 30.0 == (world.events[0].at - start).total_seconds()
    assert (7, 4, 74.0) == (
        world.figures[-1].turns,
        world.figures[-1].failed_turns,
        (world.figures[-1].succeeded_at - start).total_seconds(),
    )


def test_a_bug_is_no_error_to_be_waited_for():
    """It ends the watch."""
    world = World(ZeroDivisionError())
    context = LoopContext(
        tell=world.events.append, measure=print, check=world.check, wait=world.wait, jitter=lambda: 0.0
    )
    with pytest.raises(ZeroDivisionError):
        Loop(world.turn, context).go_on()
    assert ([], []) == (world.events, world.pauses_s)


@pytest.fixture
def lab(tmp_path):
    """A lab with two experiments."""
    lab = commands.a_lab(tmp_path / "lab")
    (lab / "specs" / "two.yaml").write_text(commands.EXPERIMENT.replace("pair", "two"), encoding="utf-8")
    return lab


CONTEXT = LoopContext(tell=print, measure=print, check=print, wait=print, jitter=lambda: 0.0)


def test_a_remote_connection_is_kept_and_one_to_the_local_cloud_is_not(lab):
    """Its token is good for many turns; the local cloud may have ended in the pause."""
    remote = Watcher(Project.open(lab, "http://127.0.0.1:9"), [lab], CONTEXT)
    local = Watcher(Project.open(lab), [lab], CONTEXT)

    assert remote._connection() is remote._connection() is not None
    assert local._connection() is None


class CloudInMemory:
    """A cloud that works in the pauses, and a watch on it; out of reach in some turns."""

    def __init__(self, lab, *, out_of_reach=(), turns=6):
        self.clock = VirtualClock()
        self.engine = DiceEngine(random.Random(1), failing=0.0, ending=1.0)
        self.cloud = MemoryCloud(self.clock, self.engine)
        self.port = LossyPort(self.cloud, self._fate)
        self._out_of_reach, self._turns = out_of_reach, turns
        self.turn, self.connections, self.events, self.figures = 0, 0, [], []
        world = self

        class LabOfThisCloud(Project):
            def connection(self):
                world.connections += 1
                return Connection(world.cloud.client(world.port), TargetSettings(namespace="lab", poll_s=1.0))

        self.project = LabOfThisCloud.open(lab, "http://127.0.0.1:9")

    def _fate(self, request):
        return self._no_connection if self.turn in self._out_of_reach else "answered"

    @staticmethod
    def _no_connection(carry_out):
        raise NotSentError("refused")

    def wait(self, seconds):
        """Lets time pass, and the cloud work."""
        self.turn += 1
        self.clock.sleep(seconds)
        self.cloud.step()
        self.engine.tick()
        self.cloud.step()
        if self.turn == self._turns:
            raise StopRequest

    def watch(self, folder):
        """All turns."""
        context = LoopContext(
            tell=self.events.append,
            measure=self.figures.append,
            check=lambda: None,
            wait=self.wait,
            jitter=lambda: 1.0,
            clock=self.clock,
        )
        with pytest.raises(StopRequest):
            Watcher(self.project, [folder], context).go_on()
        self.jobs = self.cloud.jobs()
        self.cloud.close()

    def told(self, experiment):
        """News of an experiment, actions and states left out."""
        return [
            (event.event, event.text)
            for event in self.events
            if event.experiment == experiment and event.event not in {News.ACTION, News.STATE}
        ]


def test_an_outage_is_told_once_and_everything_is_bought_once(lab):
    """The connection is kept, but for the turns after an outage."""
    use_the_memory_clouds_variable(lab)
    world = CloudInMemory(lab, out_of_reach=(1, 2))
    world.watch(lab / "specs" / "pair.yaml")
    bought = sorted((job["variables"]["t"], job["runs"], job["status"]) for job in world.jobs)

    assert [News.ERROR, News.RECOVERED] == [event for event, _ in world.told("")]
    assert "cannot be reached" in world.told("")[0][1]
    assert [(t, 50, "DONE") for t in (100, 200, 300)] == bought
    assert (6, 2, 150, 0) == (
        world.figures[-1].turns,
        world.figures[-1].failed_turns,
        world.figures[-1].runs_bought,
        world.figures[-1].unknown,
    )
    assert 3 == world.connections


def test_a_refused_experiment_is_told_once_and_its_steps_are_not_repeated(lab):
    """The other one goes on, and a mended file is tried at once."""
    use_the_memory_clouds_variable(lab)
    path = lab / "specs" / "a-refused.yaml"
    path.write_text((lab / "specs" / "two.yaml").read_text().replace("EMU_FREE", "EMU_NOWHERE"))
    (lab / "specs" / "two.yaml").unlink()
    world = CloudInMemory(lab, turns=8)
    world.watch(lab / "specs")
    actions = [e.text for e in world.events if e.experiment == "two" and e.event is News.ACTION]

    assert [News.ERROR] == [event for event, _ in world.told("two")]
    assert len(actions) <= 8
    assert [("two", 0), ("pair", 3)] == [
        (name, sum(job.done > 0 for job in plan.jobs))
        for name, plan in sorted(world.figures[-1].plans.items(), reverse=True)
    ]


def use_the_memory_clouds_variable(lab):
    """The cloud in memory knows one, named t."""
    for path in (lab / "specs").iterdir():
        path.write_text(path.read_text().replace("t_ns", "t"), encoding="utf-8")


# Files


def edit(path, old, new):
    """Changes a file, with a time of its own."""
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    later = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(later, later))


def test_a_file_is_read_again_only_when_it_has_changed(lab):
    """What has not changed is the same value."""
    files = Files([lab / "specs"], Project.open(lab).load)
    first = (files.refresh(), files.experiments)
    second = (files.refresh(), files.experiments)
    edit(lab / "specs" / "two.yaml", "runs: 50", "runs: 60")
    third = (files.refresh(), files.experiments)

    assert ([], ["pair", "two"]) == (first[0], [each.name for each in first[1]])
    assert [] == second[0]
    assert [True, True] == [a is b for a, b in zip(first[1], second[1], strict=True)]
    assert [f"{lab}/specs/two.yaml has changed"] == third[0]
    assert [True, False] == [a is b for a, b in zip(first[1], third[1], strict=True)]


def test_a_broken_file_is_told_once_and_left_alone_until_it_is_mended(lab):
    """The others go on."""
    path = lab / "specs" / "two.yaml"
    files = Files([lab / "specs"], Project.open(lab).load)
    files.refresh()
    edit(path, "runs: 50", "runs: -5")
    told, again, left = files.refresh(), files.refresh(), [each.name for each in files.experiments]
    broken = files.broken
    edit(path, "runs: -5", "runs: 50")
    mended = files.refresh()

    assert (1, [], ["pair"], 1) == (len(told), again, left, broken)
    assert told[0].startswith(f"{path} is broken, and left alone until it is mended: 14:13: ")
    assert ([f"{path} has changed"], 0) == (mended, files.broken)


def test_files_may_come_and_go(lab):
    """Also the whole folder; and a second file with a name that is taken is broken."""
    files = Files([lab / "specs"], Project.open(lab).load)
    files.refresh()
    (lab / "specs" / "two.yaml").unlink()
    gone = files.refresh()
    (lab / "specs" / "twin.yaml").write_text(commands.EXPERIMENT, encoding="utf-8")
    (twin,) = files.refresh()
    for path in (lab / "specs").iterdir():
        path.unlink()
    files.refresh()

    assert [f"{lab}/specs/two.yaml is gone; what it asked for is left as it is"] == gone
    assert twin.endswith(f"the name 'pair' is taken by {lab}/specs/pair.yaml")
    assert [] == files.experiments


def test_an_experiment_whose_device_has_changed_is_read_again(lab):
    """Although its file is as it was; the others are left alone."""
    outdated = set()
    files = Files([lab / "specs"], Project.open(lab).load, lambda each: each.name not in outdated)
    files.refresh()
    first = files.experiments
    outdated.add("two")
    told = files.refresh()

    assert [f"{lab}/specs/two.yaml is read again: its device has changed"] == told
    assert [True, False] == [a is b for a, b in zip(first, files.experiments, strict=True)]


def test_a_changed_sequence_file_is_a_changed_experiment(lab):
    """It is part of what the file says."""
    files = Files([lab / "specs" / "pair.yaml"], Project.open(lab).load)
    files.refresh()
    (experiment,) = files.experiments
    sequence = lab / "specs" / "pair.json"
    sequence.write_text(experiment.desired.sequence, encoding="utf-8")
    text = commands.EXPERIMENT
    start, end = text.index("  sequence:"), text.index("  jobs:")
    (lab / "specs" / "pair.yaml").write_text(text[:start] + "  sequence: {file: pair.json}\n" + text[end:])
    first, again = files.refresh(), files.refresh()
    edit(sequence, "6.28", "6.27")
    changed = files.refresh()

    assert (1, [], 1) == (len(first), again, len(changed))
    assert experiment.desired.recipe != files.experiments[0].desired.recipe


def test_an_event_says_when_what_and_of_which_experiment():
    """As a value."""
    at = datetime(2026, 1, 1, tzinfo=UTC)

    assert "held" == Event(at=at, event=News.HELD, experiment="a", text="t").event
