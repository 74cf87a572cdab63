"""Whether the target has the device type that a file names."""

from __future__ import annotations

import time

import commands
import pytest

from runner.errors import SpecError
from runner.project import Project
from runner.project.cache.device_specs import Served, place_of


def a_project(tmp_path, device_type, target=None):
    """A repository with one experiment."""
    text = commands.EXPERIMENT.replace("EMU_FREE", device_type)
    settings = '[targets.lab]\nurl = "http://127.0.0.1:9"\n'
    return Project.at(commands.a_lab(tmp_path / "lab", experiment=text, settings=settings), target)


def problems_of(project):
    """What is wrong: line, message and hint."""
    with pytest.raises(SpecError) as caught:
        project.load([project.root / "specs"])
    return [(each.line, each.message, each.hint) for each in caught.value.problems]


def warnings_of(project):
    """What is odd: line, message and hint."""
    (experiment,) = project.load([project.root / "specs"])
    return [(each.line, each.message, each.hint) for each in experiment.warnings]


def told_by_the_target(project, *names):
    """Keeps what the target has said that it has."""
    place = place_of(project.root / ".runner", project.target, "")
    Served(time.time(), dict.fromkeys(names, "{}")).write(place)
    return project


def test_the_local_cloud_has_the_device_types_that_it_has(tmp_path):
    """Without being asked, and whether or not an emulator is installed."""
    hint = "did you mean EMU_FREE?"

    assert [(5, "the target has no device type EMU_FRE", hint)] == problems_of(a_project(tmp_path, "EMU_FRE"))


def test_a_device_type_that_is_not_served_is_a_problem_once_the_target_was_asked(tmp_path):
    """Emulators are not among the specifications of PCS."""
    project = told_by_the_target(a_project(tmp_path, "FRESNL", "lab"), "FRESNEL")

    assert [(5, "the target has no device type FRESNL", "did you mean FRESNEL?")] == problems_of(project)


def test_a_device_type_that_is_not_known_is_odd_before_the_target_was_asked(tmp_path):
    """It may be a new one."""
    expected = [(5, "no device type EMU_SW is known", "did you mean EMU_SV?")]

    assert expected == warnings_of(a_project(tmp_path, "EMU_SW", "lab"))


def test_a_machine_that_is_gone_keeps_its_results(tmp_path):
    """A recipe of which something is on record was no mistake when it was bought."""
    project = a_project(tmp_path, "ORION", "lab")
    (experiment,) = project.load([project.root / "specs"])
    told_by_the_target(project, "FRESNEL")
    (project.root / "results" / "pair" / experiment.desired.recipe[:16]).mkdir(parents=True)

    names = "EMU_FREE, EMU_FRESNEL, EMU_MPS, EMU_SV, EMU_TN, FRESNEL"
    expected = [(5, "the target has no device type ORION", f"known device types: {names}")]
    assert expected == warnings_of(Project.at(project.root, "lab"))
