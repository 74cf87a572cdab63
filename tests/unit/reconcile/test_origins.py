"""What was measured at one target counts for nothing at another, and what nothing proves is held."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import a_wanted_job, an_experiment
from fakes import SEQUENCE
from targets_in_memory import EMULATED, MIRROR, PATIENCE, QPU, Lab, bought, planned

from runner.domain import recipe_digest
from runner.reconcile import Snapshot
from runner.reconcile.model.actions import Hold


@pytest.fixture
def lab(tmp_path):
    """Nothing is measured yet."""
    lab = Lab(tmp_path / "results")
    yield lab
    lab.close()


def wanted(runs=100, device_type="FRESNEL", **fields):
    """An experiment on a machine, which is emulated where the target does so."""
    values = {
        "device_type": device_type,
        "sequence": SEQUENCE,
        "recipe": recipe_digest(device_type=device_type, sequence=SEQUENCE),
    }
    return an_experiment(a_wanted_job(1, runs), **values | fields)


def a_file(desired, target="pasqal", service=""):
    """What is remembered of it names its target, as manifests do."""
    said = {"target": target, "sequence": {}} | ({"service": service} if service else {})
    return Snapshot(desired=desired, manifest=said)


@pytest.mark.parametrize(("first", "second"), [(EMULATED, QPU), (QPU, EMULATED), (MIRROR, QPU)])
def test_what_one_target_measured_satisfies_no_other(lab, first, second):
    """All is bought there, also where more runs are asked for, and nothing pools."""
    lab.at(first).run([a_file(wanted(), service=first)], PATIENCE)

    assert (0, 0) == bought(planned(lab.at(first), wanted()))
    assert (1, 100) == bought(planned(lab.at(second), wanted()))
    assert (1, 50) == bought(planned(lab.at(first), wanted(150)))
    assert (1, 150) == bought(planned(lab.at(second), wanted(150)))

    lab.at(second).run([a_file(wanted(), service=second)], PATIENCE)
    done = {at: planned(lab.at(at), wanted(150)).jobs[0].done for at in (first, second)}

    assert {first: 100, second: 100} == done
    assert {first, second} == {job.target for job in lab.records.of_experiment("exp")}


def test_two_names_of_one_service_share_what_they_measured(lab):
    """And the plan says so."""
    lab.at(MIRROR).run([a_file(wanted(), service=MIRROR)], PATIENCE)
    joined = planned(lab.at(QPU, also=[MIRROR]), wanted())

    assert (0, 0) == bought(joined)
    assert f"1 job on record of {MIRROR} counts here: `same_as` in runner.toml makes it {QPU}" in joined.notes


def without_targets(lab):
    """The records as an older version wrote them."""
    for name in lab.records.recipes():
        jobs = lab.records.of_experiment(name)
        for file in lab.folder.rglob("*.jsonl"):
            file.unlink()
        lab.records.add(name, [replace(job, target="") for job in jobs])


def test_older_records_are_proved_by_their_batch_and_then_say_it(lab):
    """Nothing is bought again, now or once the cloud has forgotten the batch."""
    lab.at(QPU).run([a_file(wanted())], PATIENCE)
    without_targets(lab)
    lab.at(QPU).run([a_file(wanted())], PATIENCE)
    lab.forget(QPU)

    assert [QPU] == [job.target for job in lab.records.of_experiment("exp")]
    assert (0, 0) == bought(planned(lab.at(QPU), wanted()))


def test_older_records_of_one_project_are_those_of_no_other(lab):
    """A token may see the batches of several projects by their ids."""
    lab.at(QPU).run([a_file(wanted())], PATIENCE)
    without_targets(lab)
    other = f"{QPU[:-1]}other"
    lab.places[other] = lab.places[QPU]
    there = lab.at(other, project="00000000-0000-4000-8000-00000000000b")

    assert (1, 100) == bought(planned(there, wanted()))


def test_older_records_of_a_local_cloud_are_proved_by_their_manifest(lab):
    """The cloud may be gone; elsewhere they never count."""
    lab.at(EMULATED).run([a_file(wanted(), "local")], PATIENCE)
    without_targets(lab)
    lab.forget(EMULATED)

    assert (0, 0) == bought(planned(lab.at(EMULATED), wanted()))
    assert (1, 100) == bought(planned(lab.at(QPU), wanted()))


def test_what_nothing_proves_is_neither_counted_nor_bought(lab):
    """A person is asked, and told how to say it; what the file does not ask for, nobody is asked about."""
    lab.at(QPU).run([a_file(wanted())], PATIENCE)
    without_targets(lab)
    lab.forget(QPU)
    plan = planned(lab.at(QPU), wanted())
    (hold,) = [each for each in plan.actions if isinstance(each, Hold)]

    assert ((0, 0), 0) == (bought(plan), plan.jobs[0].done)
    assert "1 job on record does not say where it was measured" in hold.reason
    assert "`runner resolve exp measured-here`" in hold.how
    assert (1, 100) == bought(planned(lab.at(QPU), wanted(rerun=1)))
