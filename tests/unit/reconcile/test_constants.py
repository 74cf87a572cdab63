"""Other constants of the device: another experiment where the file says them, else a question; emulated."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from builders import a_wanted_job, an_experiment
from targets_in_memory import EMULATED, PATIENCE, QPU, Lab, bought, planned

from runner.domain import DeviceSource, OnDeviceChange, Policy, recipe_digest
from runner.reconcile import Patience, Snapshot
from runner.reconcile.model.actions import CancelBatch, Hold
from runner.reconcile.plan.conditions import conditions

MEASURE = Policy(on_device_change=OnDeviceChange.MEASURE)
SUBMITTED = Patience(timeout_s=600.0, until_done=False)


@pytest.fixture
def lab(tmp_path):
    """Nothing is measured yet."""
    lab = Lab(tmp_path / "results")
    yield lab
    lab.close()


def a_sequence(level=70, most_runs=100):
    """A sequence that uses the level of its device; how many runs it takes is a limit."""
    device = {
        "name": "MockDevice",
        "rydberg_level": level,
        "max_runs": most_runs,
        "channels": [{"id": "rydberg_global", "basis": "ground-rydberg", "addressing": "Global"}],
    }
    channels = {"ising": "rydberg_global"}
    return json.dumps(
        {"register": [{"name": "q0"}], "device": device, "channels": channels, "operations": []}
    )


def wanted(level=70, runs=100, *said, device_type="EMU_FREE", emulated=True, policy=None):
    """An experiment whose file says some constants of its device itself."""
    sequence = a_sequence(level)
    return an_experiment(
        a_wanted_job(1, runs),
        sequence=sequence,
        recipe=recipe_digest(device_type=device_type, sequence=sequence),
        device_type=device_type,
        emulated=emulated,
        said_constants=said,
        policy=policy,
    )


def a_file(desired):
    """With a manifest as it is written."""
    said = {"target": "local", "service": EMULATED, "device_type": desired.device_type}
    return Snapshot(desired=desired, manifest=said | {"sequence": json.loads(desired.sequence)}, commit="c")


def measured(lab, desired, at=EMULATED, patience=PATIENCE):
    """Once an apply has done all."""
    return lab.at(at).run([a_file(desired)], patience)


def holds(plan):
    """What a person is asked."""
    return [each for each in plan.actions if isinstance(each, Hold)]


def test_constants_that_the_file_says_make_another_experiment(lab):
    """It is bought; going back to the first buys nothing, and neither adds to the other."""
    measured(lab, wanted(70, 100, "*"))

    assert (1, 100) == bought(planned(lab.at(EMULATED), wanted(50, 100, "*")))
    measured(lab, wanted(50, 100, "*"))
    assert [(0, 0)] * 2 == [bought(planned(lab.at(EMULATED), wanted(n, 100, "*"))) for n in (50, 70)]
    assert (1, 50) == bought(planned(lab.at(EMULATED), wanted(70, 150, "*")))
    assert [100, 100] == [job.runs for job in lab.records.of_experiment("exp")]


def test_limits_of_the_device_make_no_other_experiment(lab):
    """As long sequences as it takes, or so many runs."""
    measured(lab, wanted(70, 100, "*"))
    other = replace(wanted(70, 100, "*"), sequence=a_sequence(most_runs=5))

    assert (0, 0) == bought(planned(lab.at(EMULATED), other))


def test_constants_that_changed_without_the_file_are_held(lab):
    """Both values are told; the file decides by saying one, or by its policy."""
    measured(lab, wanted(70))
    plan = planned(lab.at(EMULATED), wanted(60))
    (hold,) = holds(plan)

    assert ((0, 0), 0) == (bought(plan), plan.jobs[0].done)
    assert "rydberg_level 70 → 60" in hold.reason
    assert "policy.on_device_change: measure" in hold.how
    assert ((0, 0), []) == (bought(planned(lab.at(EMULATED), wanted(70))), [])
    assert (1, 100) == bought(planned(lab.at(EMULATED), wanted(60, 100, "rydberg_level")))
    assert (1, 100) == bought(planned(lab.at(EMULATED), wanted(60, policy=MEASURE)))


NOTHING = "with those from before nothing is bought: "


@pytest.mark.parametrize(
    ("source", "device_type", "advice"),
    [
        (DeviceSource.PULSER, "EMU_FREE", f"{NOTHING}say them in the file, by key "),
        (DeviceSource.TARGET, "EMU_FREE", NOTHING + "say `device: {file: "),
        (DeviceSource.TARGET, "FRESNEL", "set `policy."),
        (DeviceSource.PYTHON, "EMU_FREE", f"{NOTHING}have the function in Python "),
    ],
)
def test_who_is_held_is_told_what_can_be_done(lab, source, device_type, advice):
    """It depends on where the constants come from; the device type of a target takes but those of now."""
    measured(lab, wanted(70, device_type=device_type))
    changed = replace(wanted(60, device_type=device_type), device_source=source)
    (hold,) = holds(planned(lab.at(EMULATED), changed))

    assert hold.how.startswith(advice)
    assert hold.how.endswith("set `policy.on_device_change: measure` to buy it anew")


def test_what_was_bought_for_changed_constants_needs_no_policy_any_more(lab):
    """Both are on record, each by its own constants."""
    measured(lab, wanted(70))
    measured(lab, wanted(60, policy=MEASURE))
    plans = [planned(lab.at(EMULATED), wanted(level)) for level in (60, 70)]

    assert [((0, 0), 100, [])] * 2 == [(bought(p), p.jobs[0].done, holds(p)) for p in plans]


def test_a_machine_buys_and_cancels_nothing_for_its_constants(lab):
    """A condition tells of them, and more runs are added to those that are there."""
    machine = {"device_type": "FRESNEL", "emulated": False}
    measured(lab, wanted(70, **machine), at=QPU)
    found = lab.at(QPU).look([a_file(wanted(60, **machine))])[0]
    changed = [each for each in conditions(*found) if each.type == "DeviceChanged"]

    assert ((0, 0), []) == (bought(found.plan), list(found.plan.actions))
    assert [("True", "ConstantsDiffer")] == [(each.status, each.reason) for each in changed]
    assert "rydberg_level 70 → 60" in changed[0].message
    assert (1, 50) == bought(planned(lab.at(QPU), wanted(60, 150, **machine)))


@pytest.mark.parametrize(
    ("said", "cancelled"), [(("*",), 1), ((), 0)], ids=["said by the file", "changed without it"]
)
def test_pending_work_is_superseded_only_for_what_the_file_says(lab, said, cancelled):
    """What is held goes on."""
    measured(lab, wanted(70, 100, *said), patience=SUBMITTED)
    plan = planned(lab.at(EMULATED), wanted(60, 100, *said))

    assert cancelled == sum(isinstance(each, CancelBatch) for each in plan.actions)
    assert (1 - cancelled) == len(holds(plan))


def as_an_older_version_left_it(lab, *, with_manifest):
    """Batches without a tag of constants, records without constants or target."""
    client = lab.client(EMULATED)
    for batch in client.get_batches():
        tags = [tag for tag in batch["tags"] if not tag.startswith("constants:")]
        client.set_batch_tags(batch["id"], tags)
    jobs = lab.records.of_experiment("exp")
    for file in lab.folder.rglob("*.jsonl" if with_manifest else "*.json*"):
        file.unlink()
    lab.records.add("exp", [replace(job, target="", constants="") for job in jobs])
    for file in lab.folder.rglob("manifest.json"):
        said = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps({key: said[key] for key in said if key != "service"}), encoding="utf-8")


@pytest.mark.parametrize("with_manifest", [True, False])
def test_what_an_older_version_measured_is_known_by_its_manifest_or_its_batch(lab, with_manifest):
    """Nothing is bought where nothing differs, and a change is seen."""
    measured(lab, wanted(70))
    as_an_older_version_left_it(lab, with_manifest=with_manifest)
    same, other = (planned(lab.at(EMULATED), wanted(level)) for level in (70, 60))

    assert ((0, 0), 100, []) == (bought(same), same.jobs[0].done, holds(same))
    assert bought(other) == (0, 0)
    assert "rydberg_level 70 → 60" in holds(other)[0].reason


def test_constants_are_known_by_the_manifest_of_a_former_name(lab):
    """Of a renamed experiment, where the cloud has forgotten all, what the file says is bought."""
    measured(lab, wanted(70))
    lab.forget(EMULATED)
    unsaid, saying = (replace(wanted(60, 100, *said), name="new") for said in ((), ("rydberg_level",)))
    held, plan = (planned(lab.at(EMULATED, declared=frozenset({"new"})), each) for each in (unsaid, saying))

    assert "rydberg_level 70 → 60" in holds(held)[0].reason
    assert ((1, 100), []) == (bought(plan), holds(plan))


def test_what_is_proved_is_written_down(lab):
    """It holds when manifest and cloud are gone."""
    measured(lab, wanted(70))
    as_an_older_version_left_it(lab, with_manifest=False)
    measured(lab, wanted(70))
    lab.forget(EMULATED)

    assert [(EMULATED, wanted(70).constants)] == [
        (job.target, job.constants) for job in lab.records.of_experiment("exp")
    ]
    assert (0, 0) == bought(planned(lab.at(EMULATED), wanted(70)))


def test_pending_work_of_an_older_version_is_known_by_its_batch(lab):
    """It counts, and is not bought again."""
    measured(lab, wanted(70), patience=SUBMITTED)
    as_an_older_version_left_it(lab, with_manifest=False)
    plan = planned(lab.at(EMULATED), wanted(70))

    assert ((0, 0), 100) == (bought(plan), plan.jobs[0].active)


def test_manifests_that_say_several_prove_nothing(lab):
    """Without the batch a person is asked; with it, it says which."""
    measured(lab, wanted(70))
    measured(lab, wanted(60, policy=MEASURE))
    as_an_older_version_left_it(lab, with_manifest=True)
    there = planned(lab.at(EMULATED), wanted(60))
    lab.forget(EMULATED)
    gone = planned(lab.at(EMULATED), wanted(60))

    assert ((0, 0), 100, []) == (bought(there), there.jobs[0].done, holds(there))
    assert ((0, 0), 0) == (bought(gone), gone.jobs[0].done)
    assert "nothing proves which constants its device had" in holds(gone)[0].reason
    assert "`runner resolve exp same-constants`" in holds(gone)[0].how
