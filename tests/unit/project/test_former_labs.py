"""A lab as a version left it that put neither target nor constants on record: nothing is bought again.

`former_lab` was written by that version: its files, its records, and what its local cloud answered. It is
never to be written anew.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from fakes import VirtualClock

from runner.cloud import Client
from runner.errors import NotFoundError
from runner.project import Project
from runner.project.api import Declared
from runner.project.config.settings import Settings
from runner.project.experiments.file_checks import on_target
from runner.reconcile import Context, Journal, Reconciler, Snapshot, TargetSettings
from runner.reconcile.model.actions import Hold
from runner.results import Records
from runner.results.records.sites import EMULATED, Site

FORMER = Path(__file__).parents[2] / "former_lab"
QPU = "pcs:fr/00000000-0000-4000-8000-000000000001"
NAMES = ["machine", "own", "pair"]


class FormerCloud:
    """Answers what the cloud of the lab answered; of some requests it knows nothing any more."""

    project_id = "00000000-0000-4000-8000-000000000000"

    def __init__(self, *, lists=True, knows=True):
        said = json.loads((FORMER / "cloud.json").read_text(encoding="utf-8")) if knows else []
        self._said = {each["batch"]["id"]: each for each in said}
        self._lists = lists
        self.asked = []

    def server_time(self):
        """It never says."""
        return

    def is_ours(self, batch):
        """As a client judges it."""
        return Client.is_ours(self, batch)

    def get_batches(self, **_):
        """Those of the namespace."""
        return [each["listed"] for each in self._said.values()] if self._lists else []

    def get_batch(self, batch_id):
        """One with its sequence."""
        self.asked.append(batch_id)
        if batch_id not in self._said:
            raise NotFoundError("there is no such batch", status=404)
        return self._said[batch_id]["batch"]

    def get_batch_jobs(self, batch_id):
        """Without their sequences, as a list has them."""
        jobs = self._said[batch_id]["jobs"]
        return [{name: each for name, each in job.items() if name != "sequence"} for job in jobs]

    def get_job(self, job_id):
        """One with its sequence."""
        return next(job for each in self._said.values() for job in each["jobs"] if job["id"] == job_id)


@pytest.fixture
def lab(tmp_path):
    """The lab, on another machine: what git has of it."""
    folder = tmp_path / "lab"
    shutil.copytree(FORMER, folder, ignore=shutil.ignore_patterns("cloud.json"))
    return folder


def planned(lab, client, target=EMULATED):
    """What would be done for each experiment at a target."""
    project = Project.at(lab)
    clock = VirtualClock()
    name = "local" if target == EMULATED else "pasqal"
    of_name = {"local": EMULATED, "pasqal": QPU}
    journal = Journal(Path(":memory:"), clock)
    context = Context(
        client=client,
        journal=journal,
        records=Records(lab / "results"),
        namespace="former",
        site=Site(target=target, of_name=lambda said: of_name.get(said, "")),
        clock=clock,
    )
    files = sorted((lab / "specs").glob("*.yaml"))
    settings = Settings() if name == "local" else project.settings
    snapshots = [
        Snapshot(desired=on_target(each, name, lab, settings).desired) for each in project.load(files)
    ]
    try:
        return {
            d.plan.experiment: d.plan
            for d in Reconciler(context, TargetSettings(namespace="former")).look(snapshots)
        }
    finally:
        journal.close()


def said_of(plans):
    """Runs that are bought, runs that are done, and whether a person is asked, by experiment."""
    return {
        name: (
            plan.cost.runs,
            sum(job.done for job in plan.jobs),
            any(isinstance(a, Hold) for a in plan.actions),
        )
        for name, plan in plans.items()
    }


NOTHING_TO_BUY = {"machine": (0, 20, False), "own": (0, 60, False), "pair": (0, 100, False)}


@pytest.mark.parametrize(
    ("client", "loses"),
    [
        (FormerCloud(), None),
        (FormerCloud(knows=False), None),
        (FormerCloud(), "results/**/*.jsonl"),
        (FormerCloud(), "results/**/*.json*"),
        (FormerCloud(), "results/**/manifest.json"),
        (FormerCloud(lists=False), "results/**/manifest.json"),
    ],
    ids=[
        "all is there",
        "the cloud has forgotten it",
        "a clone without records",
        "a clone without anything",
        "no manifest",
        "no manifest and no list",
    ],
)
def test_nothing_is_bought_again_where_nothing_differs(lab, client, loses):
    """By records and manifests alone, by the cloud alone, and by both."""
    for file in lab.glob(loses) if loses else ():
        file.unlink()

    assert NOTHING_TO_BUY == said_of(planned(lab, client))


def test_records_with_manifests_ask_the_cloud_for_no_sequence(lab):
    """A lab of hundreds of batches is looked at as quickly as before."""
    client = FormerCloud()
    planned(lab, client)

    assert [] == client.asked


def test_what_was_emulated_is_no_measurement_of_a_machine(lab):
    """All is bought there."""
    expected = {"machine": (20, 0, False), "own": (60, 0, False), "pair": (100, 0, False)}

    assert expected == said_of(planned(lab, FormerCloud(knows=False), QPU))


def of_a_machine(lab):
    """The same, had the lab measured at PCS."""
    for file in lab.glob("results/**/manifest.json"):
        said = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps(said | {"target": "pasqal"}), encoding="utf-8")


def test_what_a_machine_measured_is_proved_by_its_batches(lab):
    """Nothing is guessed: a name alone is none, and a person is asked where the cloud has no such batch."""
    of_a_machine(lab)
    proved = planned(lab, FormerCloud(), QPU)
    by_id = planned(lab, FormerCloud(lists=False), QPU)
    forgotten = planned(lab, FormerCloud(knows=False), QPU)

    assert NOTHING_TO_BUY == said_of(proved) == said_of(by_id)
    assert dict.fromkeys(NAMES, (0, 0, True)) == said_of(forgotten)


@pytest.mark.parametrize("knows", [True, False])
def test_what_an_update_of_pulser_changed_is_held(lab, knows):
    """The pair was emulated with another level than the device has now, and its file does not say which."""
    for file in (lab / "results" / "pair").glob("*/manifest.json"):
        said = json.loads(file.read_text(encoding="utf-8"))
        said["sequence"]["device"]["rydberg_level"] = 60
        file.write_text(json.dumps(said), encoding="utf-8")
    plan = planned(lab, FormerCloud(knows=knows))["pair"]
    (hold,) = [each for each in plan.actions if isinstance(each, Hold)]

    assert (0, 0) == (plan.cost.runs, sum(job.done for job in plan.jobs))
    assert "rydberg_level 60 → 70" in hold.reason


def test_the_page_of_results_is_as_it_was(lab):
    """Without a cloud, by what is on record."""
    project = Project.at(lab)
    files = sorted((lab / "specs").glob("*.yaml"))
    found = {each.name: Declared(project, each).results() for each in project.load(files)}
    done = {name: [job.runs.measured for job in results] for name, results in found.items()}

    assert {"machine": [20], "own": [20, 20, 20], "pair": [50, 50]} == done
