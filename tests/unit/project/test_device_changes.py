"""What has changed of a device since experiments were built for it."""

from __future__ import annotations

import json
from dataclasses import replace

import commands
import pytest

from runner.project import Project
from runner.project.views.device_changes import DeviceChange, DeviceChanges, differing

DEVICE = {"name": "FRESNEL", "max_atom_num": 100, "channels": [{"id": "g", "max_amp": 12.5}], "version": "1"}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (DEVICE, []),
        (DEVICE | {"version": "2", "$schema": "x", "pulser_version": "9"}, []),
        (DEVICE | {"max_atom_num": 80}, [("max_atom_num", "100", "80")]),
        (DEVICE | {"channels": [{"id": "g", "max_amp": 9.0}]}, [("channels.0.max_amp", "12.5", "9.0")]),
        (DEVICE | {"channels": []}, [("channels", "[{'id': 'g', 'max_amp': 12.5}]", "[]")]),
        (DEVICE | {"max_runs": 500}, [("max_runs", "None", "500")]),
        (DEVICE | {"name": "another"}, []),
        ({}, []),
    ],
)
def test_what_differs_of_a_device_is_told(now, expected):
    """Not how its text is written; and nothing of two devices with other names."""
    assert [*differing(DEVICE, now)] == expected


@pytest.fixture
def project(tmp_path):
    """A lab with two experiments for one device."""
    lab = commands.a_lab(tmp_path / "lab")
    other = commands.EXPERIMENT.replace("{name: pair}", "{name: other}")
    (lab / "specs" / "other.yaml").write_text(other, encoding="utf-8")
    return Project.at(lab)


def test_a_device_is_held_against_what_it_was_when_jobs_were_bought(project):
    """What is on record says it; of what was never bought, the sequence as it was built."""
    experiments = project.load([project.root / "specs"])
    built = json.loads(experiments[0].desired.sequence)["device"]
    served = {"EMU_FREE": json.dumps(built | {"max_runs": 7})}
    changes = DeviceChanges(project.records)
    expected = DeviceChange(
        device_type="EMU_FREE",
        subject="max_runs",
        built=str(built["max_runs"]),
        now="7",
        experiments=("other", "pair"),
    )
    assert changes.of(experiments, served, {}) == [expected]

    pair = next(each for each in experiments if each.name == "pair")
    manifest = project.manifests([pair])["pair"]
    manifest["sequence"]["device"]["max_runs"] = 7
    project.records.write_manifest("pair", pair.desired.recipe[:16], manifest)
    assert changes.of(experiments, served, {"pair": (object(),)}) == [
        replace(expected, experiments=("other",))
    ]


def test_of_an_unknown_specification_nothing_is_told(project):
    """Nor of one that is no JSON."""
    experiments = project.load([project.root / "specs"])
    changes = DeviceChanges(project.records)
    assert [
        changes.of(experiments, served, {}) for served in ({}, {"EMU_FREE": "{"}, {"EMU_FREE": "[]"})
    ] == [
        [],
        [],
        [],
    ]
