"""Files that ask for far more than anybody means."""

from __future__ import annotations

import commands

from runner.project import Project

ZEROS = "is a zero too many? `budget` of the policy is a limit that holds"


def warnings_of(folder, **changes):
    """What is odd in a file: line, message and hint."""
    text = commands.EXPERIMENT
    for old, new in changes.values():
        text = text.replace(old, new)
    project = Project.at(commands.a_lab(folder, experiment=text))
    (experiment,) = project.load([project.root / "specs"])
    return [(each.line, each.message, each.hint) for each in experiment.warnings]


def test_very_many_runs_and_years_of_a_machine_are_warned_of(tmp_path):
    """At the jobs, by `validate`, `plan` and `apply`."""
    runs, machine = ("runs: 50", "runs: 100000000"), ("EMU_FREE", "FRESNEL")
    found = warnings_of(tmp_path / "a", runs=runs), warnings_of(tmp_path / "b", runs=runs, machine=machine)

    told = (14, "100,000,000 runs of one job", ZEROS)
    assert ([told], [told, (14, "all jobs together take about 11.4 years of QPU time", ZEROS)]) == found


def test_a_usual_file_is_not_warned_of(tmp_path):
    """150 runs take three minutes."""
    assert [] == warnings_of(tmp_path, machine=("EMU_FREE", "FRESNEL"))
