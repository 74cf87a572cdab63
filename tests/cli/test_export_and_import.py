"""`runner export` and `runner import`: sequences out of files, and files out of sequences."""

from __future__ import annotations

import json
import warnings

import commands
import pulser
import pytest
from pulser.backend import Occupation
from pulser_simulation import QutipBackendV2, QutipConfig

from runner.cli import main
from runner.cli.exit_codes import Exit
from runner.domain import constants_of, recipe_digest


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab that is the working folder."""
    lab = commands.a_lab(tmp_path / "lab")
    monkeypatch.chdir(lab)
    return lab


def said(capsys, *words):
    """Exit code and stdout of a verb, run in this process."""
    code = main(words)
    return code, capsys.readouterr().out


def recipe(text):
    """Digest of a representation."""
    return recipe_digest(device_type="EMU_FREE", sequence=text)


def test_an_exported_sequence_is_what_pulser_reads(capsys, lab):
    """With its variables, or built for a job."""
    code, text = said(capsys, "export", "specs/pair.yaml")
    built_code, built = said(capsys, "export", "specs/pair.yaml", "--job", "t_ns=200")

    whole = pulser.Sequence.from_abstract_repr(text).build(t_ns=200)
    assert (code, built_code) == (Exit.DONE, Exit.DONE)
    assert recipe(built) == recipe(whole.to_abstract_repr())
    assert json.loads(built)["variables"] == {}


def test_an_unknown_job_is_not_exported(capsys, lab):
    """And the nearest name is told."""
    assert said(capsys, "export", "specs/pair.yaml", "--job", "t_ns=20") == (Exit.USAGE, "")


def test_what_is_exported_can_be_imported_again(capsys, lab):
    """The printed file is an experiment file of the same sequence, called as the file is."""
    _, text = said(capsys, "export", "specs/pair.yaml")
    (lab / "My pair.json").write_text(text, encoding="utf-8")

    code, written = said(capsys, "import", "My pair.json")
    (lab / "specs" / "my-pair.yaml").write_text(written.replace("t_ns: 0", "t_ns: 100"), encoding="utf-8")
    _, again = said(capsys, "export", "specs/my-pair.yaml")

    assert code == Exit.DONE
    assert "name: my-pair" in written
    assert recipe(again) == recipe(text)


def test_what_is_imported_is_in_form_and_valid(capsys, lab):
    """With the measurement that is asked for, and values that can be built in place of Pulser's zeros."""
    register = pulser.Register({"a": (0, 0), "b": (10, 0)})
    sequence = pulser.Sequence(register, pulser.devices.MockDevice)
    sequence.declare_channel("drive", "rydberg_global")
    sequence.declare_channel("gates", "raman_local", initial_target="a")
    t_ns = sequence.declare_variable("t_ns", dtype=int)
    sequence.declare_variable("free")
    sequence.add(pulser.Pulse.ConstantPulse(t_ns, 6, 0, 0), "drive")
    (lab / "gates.json").write_text(sequence.to_abstract_repr(), encoding="utf-8")

    refused = main(["import", "gates.json"])
    asked = capsys.readouterr().err
    code = main(["import", "gates.json", "--measure", "digital"])
    written = capsys.readouterr()
    (lab / "specs" / "gates.yaml").write_text(written.out, encoding="utf-8")

    assert (refused, code) == (Exit.ERROR, Exit.DONE)
    assert "--measure digital" in asked
    assert written.err.splitlines()[:2] == [
        "left out, for no operation uses them: the variables free",
        "chosen, for the sequence proposes zeros that can't be built: t_ns: 1000",
    ]
    assert [main(["fmt", "--check", "specs/gates.yaml"]), main(["validate", "specs/gates.yaml"])] == [0, 0]
    capsys.readouterr()
    _, again = said(capsys, "export", "specs/gates.yaml")
    assert json.loads(again)["measurement"] == "digital"


def test_a_file_that_is_no_sequence_is_not_imported(capsys, lab):
    """An error in words, and nothing on stdout."""
    (lab / "x.json").write_bytes(b"\xff")

    assert said(capsys, "import", "x.json", "--name", "x") == (Exit.ERROR, "")


def an_xy_sequence(coefficient):
    """Three atoms in a row and a pulse, as a Pulser with that coefficient wrote it."""
    sequence = pulser.Sequence(
        pulser.Register({"a": (0, 0), "b": (10, 0), "c": (20, 0)}), pulser.devices.MockDevice
    )
    sequence.declare_channel("mw", "mw_global")
    sequence.add(pulser.Pulse.ConstantPulse(500, 6, 0, 0), "mw")
    sequence.measure("XY")
    said = json.loads(sequence.to_abstract_repr())
    said["device"] |= {"interaction_coeff_xy": coefficient, "pulser_version": "1.8.0"}
    return json.dumps(said | {"pulser_version": "1.8.0"})


def occupations(text):
    """How probable each atom is found in its upper state, without noise and without shots."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the coefficient is not the one of today
        sequence = pulser.Sequence.from_abstract_repr(text)
    config = QutipConfig(observables=[Occupation()])
    results = QutipBackendV2(sequence, config=config).run()
    return [round(float(each), 3) for each in results.occupation[-1]]


@pytest.mark.parametrize(
    ("coefficient", "device", "expected"),
    [
        (
            3700.0,
            "device: {of: MockDevice, interaction_coeff_xy: 3700.0}\n",
            [0.735, 0.708, 0.735],
        ),
        (36288.3559282823, "device: MockDevice\n", [0.002, 0.003, 0.002]),
    ],
    ids=["before 1.9.1", "now"],
)
def test_an_xy_sequence_of_any_pulser_keeps_its_physics(capsys, lab, coefficient, device, expected):
    """Imported and exported, it comes to the same occupations, though Pulser's device changed meanwhile."""
    (lab / "old.json").write_text(an_xy_sequence(coefficient), encoding="utf-8")

    code, written = said(capsys, "import", "old.json")
    (lab / "specs" / "old.yaml").write_text(written, encoding="utf-8")
    _, again = said(capsys, "export", "specs/old.yaml")

    assert code == Exit.DONE
    assert device in written
    assert occupations(again) == expected


def test_a_device_without_words_is_refused_or_written_beside(capsys, lab):
    """The refusal says how to keep it; the file that is printed names what was written."""
    noise = pulser.NoiseModel(p_false_pos=0.1)
    said_now = json.loads(an_xy_sequence(36288.3559282823))
    said_now["device"]["default_noise_model"] = json.loads(noise.to_abstract_repr())
    (lab / "noisy.json").write_text(json.dumps(said_now), encoding="utf-8")

    refused = main(["import", "noisy.json"])
    told = capsys.readouterr()
    kept = main(["import", "noisy.json", "--device-file", "device.json"])
    written = capsys.readouterr().out
    (lab / "noisy.yaml").write_text(written, encoding="utf-8")
    _, again = said(capsys, "export", "noisy.yaml")

    assert (refused, told.out) == (Exit.ERROR, "")
    assert "--device-file device.json" in told.err
    assert kept == Exit.DONE
    assert "device: {file: device.json}\n" in written
    assert constants_of(again, with_noise=True)["noise_model"] == {
        "noise_types": ["SPAM"],
        "p_false_pos": 0.1,
    }


def test_the_file_of_another_device_is_not_overwritten(capsys, lab):
    """What is there already is written again, and anything else is left alone."""
    (lab / "old.json").write_text(an_xy_sequence(3700), encoding="utf-8")
    words = ("import", "old.json", "--device-file", "device.json")

    first, second = said(capsys, *words), said(capsys, *words)
    (lab / "device.json").write_text("mine", encoding="utf-8")
    third = said(capsys, *words)

    assert (first[0], second) == (Exit.DONE, first)
    assert third == (Exit.ERROR, "")
    assert (lab / "device.json").read_text(encoding="utf-8") == "mine"
