"""The table of the page on what is the same is what the runner does, row by row."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from builders import a_wanted_job, an_experiment
from targets_in_memory import EMULATED, MIRROR, PATIENCE, QPU, Lab

from runner.domain import OnDeviceChange, Policy, recipe_digest
from runner.reconcile import Snapshot
from runner.reconcile.model.actions import Hold
from runner.reconcile.plan.conditions import conditions

PAGE = Path(__file__).parents[2] / "docs" / "same-experiment.md"
HEADING = "| measured at | constants of the device | the file | so it is |"
ELSEWHERE = {
    "this target, emulated": EMULATED,
    "this target, a machine": QPU,
    "another name of this target (`same_as`)": MIRROR,
    "another target": EMULATED,
    "nobody knows where": QPU,
}
LEVELS = {"the same": 70, "others": 60, "not known": 70}


def rows():
    """The rows of the table."""
    lines = PAGE.read_text(encoding="utf-8").partition(f"{HEADING}\n")[2].splitlines()
    table = [line for line in lines[1:] if line.startswith("|")]
    length = next(n for n, line in enumerate(lines[1:]) if not line.startswith("|"))
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table[:length]]


@pytest.fixture
def lab(tmp_path):
    """Nothing is measured yet."""
    lab = Lab(tmp_path / "results")
    yield lab
    lab.close()


def wanted(level, emulated, file):
    """A file, with a device of a level."""
    device = {
        "name": "MockDevice",
        "rydberg_level": level,
        "channels": [{"id": "rydberg_global", "basis": "ground-rydberg", "addressing": "Global"}],
    }
    register = [{"name": "q0"}]
    said = {"register": register, "device": device, "channels": {"c": "rydberg_global"}, "operations": []}
    sequence = json.dumps(said)
    says = {"says them": ("rydberg_level",)}.get(file, ())
    policy = Policy(on_device_change=OnDeviceChange.MEASURE) if "measure" in file else Policy()
    return an_experiment(
        a_wanted_job(),
        device_type="FRESNEL",
        sequence=sequence,
        recipe=recipe_digest(device_type="FRESNEL", sequence=sequence),
        emulated=emulated,
        said_constants=says,
        policy=policy,
    )


def forgotten(lab, *, target, constants):
    """What nothing proves: no record says it, no manifest, and the cloud has forgotten the batch."""
    jobs = lab.records.of_experiment("exp")
    for file in lab.folder.rglob("*.json*"):
        file.unlink()
    lost = {"constants": ""} if constants else {}
    lost |= {"target": ""} if target else {}
    lab.records.add("exp", [replace(job, **lost) for job in jobs])


def what_it_is(found):
    """In the words of the table."""
    if any(isinstance(each, Hold) for each in found.plan.actions):
        return "held"
    if found.plan.cost.runs:
        return "bought"
    told = {each.type for each in conditions(*found) if not each.is_as_wanted}
    return "the same, told as `DeviceChanged`" if "DeviceChanged" in told else "the same"


@pytest.mark.parametrize(("place", "constants", "file", "expected"), rows())
def test_a_row_of_the_table_is_so(lab, place, constants, file, expected):
    """One job is measured as the row says; then the file is planned at a target."""
    there, here = ELSEWHERE[place], EMULATED if "emulated" in place else QPU
    asked = wanted(70, here == EMULATED, file)
    before = wanted(LEVELS[constants], there == EMULATED, file)
    said = {"target": there, "service": there, "device_type": "FRESNEL"}
    manifest = said | {"sequence": json.loads(before.sequence)}
    lab.at(there).run([Snapshot(desired=before, manifest=manifest)], PATIENCE)
    if "not known" in constants or "nobody" in place:
        forgotten(lab, target="nobody" in place, constants="not known" in constants)
        lab.forget(there)
    also = [MIRROR] if there == MIRROR else []
    found = lab.at(here, also).look([Snapshot(desired=asked)])[0]

    assert expected == what_it_is(found)


def test_the_table_has_rows_of_every_end():
    """None was lost on the page."""
    ends = {re.sub(",.*", "", row[3]) for row in rows()}

    assert ({"the same", "bought", "held"}, 15) == (ends, len(rows()))
