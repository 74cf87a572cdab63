"""One repository with a cloud in memory for each of its targets."""

from __future__ import annotations

import random
from itertools import count
from pathlib import Path

from fakes import DiceEngine, MemoryCloud, VirtualClock

from runner.local.store.store import Store
from runner.reconcile import Context, Journal, Patience, Reconciler, Snapshot, TargetSettings
from runner.results import Records
from runner.results.records.sites import EMULATED, Site

PATIENCE = Patience(timeout_s=600.0)
QPU, MIRROR = "pcs:fr/p", "cloud:mirror"
NAMES = {"local": EMULATED, "pasqal": QPU, "mirror": MIRROR}


class Lab:
    """One repository with a cloud for each of its targets, and one memory of what came back."""

    def __init__(self, folder):
        self.folder = folder
        self.records = Records(folder)
        self.clock = VirtualClock()
        self.places = {}
        self.numbers = count(1)

    def at(self, target, also=(), project=None, declared=None):
        """A fresh process that works at a target, or in another project of it.

        `declared` are the names in all files, if anybody knows.
        """
        cloud, engine, journal = self.places.setdefault(target, self._place())
        context = Context(
            client=cloud.client(project_id=project) if project else cloud.client(),
            journal=journal,
            records=Records(self.folder),
            namespace="lab",
            site=Site(
                target=target, also=frozenset(also), emulates=target == EMULATED, of_name=self._service
            ),
            clock=self.clock,
            declared=lambda: declared,
            sleep=lambda seconds: self._sleep(cloud, engine, seconds),
        )
        return Reconciler(context, TargetSettings(namespace="lab", poll_s=1.0))

    def _place(self):
        engine = DiceEngine(random.Random(1), failing=0.0, ending=1.0)
        store = Store(":memory:", clock=self.clock, new_id=self._new_id)
        return MemoryCloud(self.clock, engine, store=store), engine, Journal(Path(":memory:"), self.clock)

    def _new_id(self):
        """No two clouds give the same id."""
        return f"00000000-0000-4000-8000-{next(self.numbers):012d}"

    def _sleep(self, cloud, engine, seconds):
        self.clock.sleep(seconds)
        cloud.step()
        engine.tick()
        cloud.step()

    @staticmethod
    def _service(name):
        return NAMES.get(name, "")

    def client(self, target):
        """A client of the cloud of a target."""
        return self.places[target][0].client()

    def forget(self, target):
        """The cloud of a target loses all that it knows; so does this machine."""
        cloud, _, journal = self.places.pop(target)
        cloud.close()
        journal.close()

    def close(self):
        """Lets go of everything."""
        for target in list(self.places):
            self.forget(target)


def bought(plan):
    """Jobs and runs that a plan buys."""
    return plan.cost.jobs, plan.cost.runs


def planned(reconciler, desired):
    """What would be done."""
    return reconciler.look([Snapshot(desired=desired)])[0].plan
