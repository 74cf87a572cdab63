"""A project whose local cloud is in memory and ends each job at once: everything else is the real thing."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import Future
from contextlib import contextmanager
from unittest import mock

import commands
from fakes import CleanPort, MemoryCloud
from own_git import git
from pulser.backend import Results

from runner.cli import main
from runner.local.engines.base import NOTHING_WRONG
from runner.local.store.store import Store, utc_now
from runner.local.validation.sequence_facts import SequenceFacts, Variable
from runner.project import Project
from runner.project.config.targets import Connection
from runner.reconcile import Patience, TargetSettings, Watch

QUBITS = ("q0", "q1")


class OneAnswer:
    """Measures 00 in half of the runs, as an emulator would tell it.

    Attributes:
        waits: Whether jobs that come are at work until this is false, and another one comes or is asked for.
    """

    def __init__(self):
        self.waits = False
        self._at_work = []

    def condition(self):
        """Nothing is wrong."""
        return NOTHING_WRONG

    def submit(self, job_id, attempt, payload):
        """The result, at once, unless all wait."""
        runs = json.loads(payload)["runs"]
        counts = {"00": runs // 2, "11": runs - runs // 2}
        told = Results.from_final_bitstrings(QUBITS, runs, counts).to_abstract_repr()
        future = Future()
        self._at_work.append((future, json.dumps({"counter": counts, "serialised_results": told})))
        self.end()
        return future

    def end(self):
        """Ends what is at work, unless all wait."""
        while self._at_work and not self.waits:
            future, result = self._at_work.pop()
            future.set_result(result)

    def cancel(self, job_id):
        """Nothing is ever at work."""

    def capacity(self):
        """As many as there are."""
        return 1000

    def workers(self):
        """As many."""
        return 1000


class TwoQubits:
    """Reads any text as a sequence of two qubits with the variable `t_ns`."""

    def facts(self, sequence):
        """The same for all."""
        variables = {"t_ns": Variable(is_integer=True)} if '"t_ns"' in sequence else {}
        return SequenceFacts(device="AnalogDevice", n_qubits=2, variables=variables)

    def durations_ns(self, builds):
        """A microsecond each; nothing to object."""
        return [1000] * len(builds)

    def device_specs(self):
        """None."""
        return {}


class _BusyPort(CleanPort):
    """Lets the cloud work before each of its answers."""

    def __init__(self, cloud):
        super().__init__(cloud)
        self._cloud = cloud

    def send(self, request):
        """The answer."""
        self._cloud.step()
        answer = super().send(request)
        self._cloud.step()
        return answer


class MemoryProject:
    """A lab in git, and its cloud.

    Args:
        folder: Where the lab is made.
    """

    def __init__(self, folder):
        self.lab = commands.a_lab(folder)
        self.engine = OneAnswer()
        self.cloud = self._new_cloud()
        git(self.lab, "init", "--quiet", "--initial-branch=main")

    def _new_cloud(self):
        store = Store(":memory:", clock=utc_now)  # no two clouds give the same id
        return MemoryCloud(utc_now, self.engine, store=store, sequences=TwoQubits())

    def lose_cloud(self):
        """The cloud begins anew, empty, as where its store was removed."""
        self.cloud.close()
        self.cloud = self._new_cloud()

    def close(self):
        """Lets go of the cloud."""
        self.cloud.close()

    @contextmanager
    def reached(self):
        """Inside, every project's target is this cloud."""
        settings = TargetSettings(namespace="lab", settle_s=0.0, poll_s=0.05)
        known = Connection(self.cloud.client(_BusyPort(self.cloud)), settings)
        with mock.patch.object(Project, "connection", return_value=known):
            yield

    def opened(self):
        """The project as a new process finds it, and its experiments."""
        project = Project.open(self.lab)
        return project, project.load([self.lab / "specs"])

    def apply(self, *, until_done=True):
        """Applies all experiments to the end; answers how it ended."""
        project, experiments = self.opened()
        patience = Patience(timeout_s=60, until_done=until_done)
        with self.reached():
            return project.apply(experiments, patience, Watch()).end

    def run(self, *words):
        """The exit code of `runner …`, run in this process."""
        with self.reached():
            return main([*words, str(self.lab / "specs")])

    def bought(self):
        """Runs on the cloud by recipe and point."""
        runs = {}
        client = self.cloud.client()
        for batch in client.get_batches():
            (recipe,) = [tag for tag in batch["tags"] if tag.startswith("recipe:")]
            for job in client.get_batch_jobs(batch["id"]):
                point = recipe, job["variables"]["t_ns"]
                runs[point] = runs.get(point, 0) + job["runs"]
        return runs

    def flaws(self):
        """What is not as it was recorded, with places from the lab."""
        project, experiments = self.opened()
        found = [flaw for each in experiments for flaw in project.recorded.verdict(each).flaws]
        return [str(flaw).removeprefix(f"{self.lab}/") for flaw in found]

    def forget(self):
        """What this machine remembers is gone, as in a new clone, but for what is quick again."""
        for each in (self.lab / ".runner").iterdir():
            if each.is_dir() and each.name != "compiled":
                shutil.rmtree(each)
