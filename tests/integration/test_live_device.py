"""A device as the local cloud serves it, which changes between two applies."""

from __future__ import annotations

import json

import commands
import pytest

from runner.cli import main
from runner.project.cache.device_specs import Served

LIVE = commands.EXPERIMENT.replace("device: AnalogDevice", "device: {target: FRESNEL}").replace(
    "EMU_FREE", "FRESNEL"
)


@pytest.fixture
def lab(tmp_path, monkeypatch, store):
    """A lab on a live device that is the working folder."""
    lab = commands.a_neighbour(tmp_path / "lab", store, experiment=LIVE)
    monkeypatch.chdir(lab)
    return lab


def said(capsys, *words):
    """Exit code, stdout and stderr of a verb, run in this process."""
    code = main(words)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def change(lab, **changes):
    """What the target serves of FRESNEL becomes another specification, as if it had been asked just now."""
    (place,) = (lab / ".runner" / "devices").iterdir()
    served = Served.read(place)
    text = json.dumps(json.loads(served.texts["FRESNEL"]) | changes)
    Served(served.fetched_at_s, {**served.texts, "FRESNEL": text}).write(place)


def test_a_changed_device_is_told_and_tops_up_what_was_bought(lab, capsys):
    """One recipe; what is missing is split by what the device takes now, and the change is told once."""
    bought = said(capsys, "apply", "specs")
    path = lab / "specs" / "pair.yaml"
    path.write_text(LIVE.replace("runs: 50", "runs: 90"), encoding="utf-8")
    change(lab, max_runs=25, min_atom_distance=4.5)
    note = (
        "note: the device has changed since this was bought: min_atom_distance 5 → 4.5 µm, max_runs 2000 → 25"
    )
    planned, looked = said(capsys, "plan", "specs"), said(capsys, "status", "specs")
    topped_up = said(capsys, "apply", "specs")
    after = said(capsys, "plan", "specs")

    assert [0] * 5 == [each[0] for each in (bought, planned, looked, topped_up, after)]
    assert "buys 6 jobs, 120 runs" in planned[1]
    assert [1, 1, 0] == [each[1].count(note) for each in (planned, looked, after)]
    assert ("pair: Synced, Healthy", 3) == (after[1].partition(";")[0], topped_up[1].count("90/90"))
    assert 1 == len(list((lab / "results" / "pair").iterdir()))


def test_devices_of_the_target_are_listed(lab, capsys):
    """With what they can do; asked for when nothing is kept."""
    code, out, err = said(capsys, "devices")
    kept = said(capsys, "devices")
    rows = [line.split() for line in out.splitlines()]
    (fresnel,) = (
        each
        for each in json.loads(said(capsys, "devices", "-o", "json")[1])
        if each["device_type"] == "FRESNEL"
    )

    assert (0, "as the target said it: less than a minute old\n") == (code, err)
    assert ["FRESNEL", "FRESNEL", "80", "6000", "ns", "2000", "UP", "ACTIVE"] in rows
    assert ["FRESNEL", "FRESNEL", "80", "6000", "ns", "2000", "not", "asked"] in [
        line.split() for line in kept[1].splitlines()
    ]
    assert (80, 6000, 2000) == (fresnel["qubits"], fresnel["max_duration_ns"], fresnel["max_runs"])
