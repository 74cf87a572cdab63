"""What experiments in a folder may use, as runner.toml says."""

from __future__ import annotations

from dataclasses import replace

import commands
import pytest
from builders import NOW, TERMS, an_experiment, plan, planned, seen

from runner.errors import ProjectError, SpecError
from runner.project import Project
from runner.project.config.settings import read_settings
from runner.project.config.tables import FolderRules
from runner.project.experiments.file_checks import Permitted, idle_rules, permitted
from runner.reconcile.model.actions import Hold
from runner.reconcile.plan.saved_plan import as_json, desired_facts, moved_file, saved_experiment

RULES = {
    ".": FolderRules(targets=["local"]),
    "specs": FolderRules(device_types=["EMU_FREE"]),
    "specs/qpu": FolderRules(targets=["local", "far"]),
}
FAR = '[targets.far]\nurl = "http://127.0.0.1:9"\n'


def a_file(root, place):
    """A file at a place."""
    file = root / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    return file


@pytest.mark.parametrize(
    ("place", "targets", "device_types"),
    [
        ("a.yaml", (".", ("local",)), None),
        ("specs/a.yaml", (".", ("local",)), ("specs", ("EMU_FREE",))),
        ("specs/qpu/deep/a.yaml", ("specs/qpu", ("local", "far")), ("specs", ("EMU_FREE",))),
        ("specs/qpu-not/a.yaml", (".", ("local",)), ("specs", ("EMU_FREE",))),
        ("../outside.yaml", (".", ("local",)), None),
    ],
)
def test_the_deepest_folder_that_says_something_counts_for_each_key(tmp_path, place, targets, device_types):
    """What it leaves out is said by a folder above it."""
    root = tmp_path / "lab"
    file = a_file(root, place)
    found = [permitted(kind, file, root, RULES) for kind in ("targets", "device_types")]

    assert [each and Permitted(*each) for each in (targets, device_types)] == found


@pytest.mark.parametrize(
    "named", ["specs/qpu/../teaching/a.yaml", "specs/qpu/link.yaml", "specs/qpu/all/a.yaml"]
)
def test_neither_dots_nor_links_get_around_a_rule(tmp_path, named):
    """A file is where it is."""
    a_file(tmp_path, "specs/teaching/a.yaml")
    (tmp_path / "specs" / "qpu").mkdir()
    (tmp_path / "specs" / "qpu" / "link.yaml").symlink_to(tmp_path / "specs" / "teaching" / "a.yaml")
    (tmp_path / "specs" / "qpu" / "all").symlink_to(tmp_path / "specs" / "teaching")

    assert Permitted(".", ("local",)) == permitted("targets", tmp_path / named, tmp_path, RULES)


def test_without_rules_everything_is_permitted(tmp_path):
    """As it ever was."""
    assert permitted("targets", a_file(tmp_path, "a.yaml"), tmp_path, {}) is None


@pytest.mark.parametrize(
    ("found", "name", "expected"),
    [
        (Permitted("specs/a", ("local",)), "local", ""),
        (Permitted("specs/a", ("local",)), "far", "specs/a may use local, not far"),
        (Permitted(".", ("a", "b")), "c", "this repository may use a or b, not c"),
        (Permitted("x", ()), "c", "x may use none, not c"),
    ],
)
def test_an_objection_names_folder_and_choices(found, name, expected):
    """So that nobody has to look them up."""
    assert expected == found.objection(name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[folders.specs]\ntargets = ["fra"]\n',
            "folders.specs.targets: unknown target 'fra'; targets are: far",
        ),
        ('[folders."../x"]\ntargets = []\n', "'../x' is no folder in the repository"),
        ('[folders.specs]\ntarget = "far"\n', "there is no such key"),
        ('[folders.specs]\n[folders."specs/"]\n', "there are two rules for specs"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(tmp_path, text, message):
    """A rule that is not understood keeps nobody from anything."""
    (tmp_path / "runner.toml").write_text(text + FAR, encoding="utf-8")

    with pytest.raises(ProjectError, match=message):
        read_settings(tmp_path / "runner.toml")


def test_a_rule_for_a_folder_that_is_not_there_is_told_at_its_line(tmp_path, monkeypatch):
    """It may be a typing mistake; git keeps no empty folder, so that it is no error."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runner.toml").write_text(
        '# rules\n[folders."specs/qpu"]\ntargets = ["local"]\n', encoding="utf-8"
    )

    (warning,) = idle_rules(tmp_path, read_settings(tmp_path / "runner.toml"))
    (tmp_path / "specs" / "qpu").mkdir(parents=True)

    assert "runner.toml:2:1: there is no folder specs/qpu, so that its rule is about nothing" == str(warning)
    assert [] == idle_rules(tmp_path, read_settings(tmp_path / "runner.toml"))


def problems(folder, settings, *, experiment=commands.EXPERIMENT):
    """The problems of a lab's file."""
    lab = commands.a_lab(folder / "lab", settings=settings, experiment=experiment)
    with pytest.raises(SpecError) as caught:
        Project.at(lab).load([lab / "specs"])
    return [(each.line, each.column, each.pointer, each.message) for each in caught.value.problems]


def test_a_device_type_that_a_folder_may_not_use_is_a_problem_at_its_place(tmp_path):
    """Told by every verb that reads the file."""
    found = problems(tmp_path, '[folders.specs]\ndevice_types = ["EMU_MPS"]\n')

    assert [(5, 16, "/spec/device_type", "specs may use EMU_MPS, not EMU_FREE")] == found


def desired_of(folder, target):
    """What the file of a lab asks for on a target, where only the local one is permitted."""
    if not folder.exists():
        commands.a_lab(folder, settings=f'{FAR}[folders.specs]\ntargets = ["local"]\n')
    return Project.at(folder, target).load([folder / "specs"])[0].desired


def test_on_a_target_that_its_folder_may_not_use_an_experiment_is_held(tmp_path):
    """Nothing is bought; on the others all is as ever."""
    forbidden, free = (desired_of(tmp_path / "lab", target) for target in ("far", "local"))
    planned = plan(forbidden, seen(), TERMS, NOW)

    assert ("specs may use local, not far", "") == (forbidden.forbidden, free.forbidden)
    assert replace(forbidden, forbidden="") == free
    assert ("specs may use local, not far", [Hold]) == (
        planned.holds[0].reason,
        [type(each) for each in planned.actions],
    )


def test_a_target_that_is_named_by_its_address_is_not_another_name_for_it(tmp_path):
    """A rule knows names only."""
    assert desired_of(tmp_path / "lab", "http://127.0.0.1:9").forbidden


def test_saved_plans_of_before_hold_until_something_is_forbidden():
    """The field is in a plan only where it says something."""
    free = an_experiment()
    forbidden = replace(free, forbidden="no")
    saved = saved_experiment(planned(free), "specs/exp.yaml")

    assert "forbidden" not in as_json(saved)["desired"]
    assert [] == [*moved_file(saved, free)]
    assert ["exp: file.forbidden: was not there, is no"] == [
        str(each) for each in moved_file(saved, forbidden)
    ]
    assert "no" == desired_facts(forbidden)["forbidden"]


def test_saved_plans_do_not_say_what_decides_on_changed_constants():
    """The actions follow from it, and plans of before have it not."""
    facts = desired_facts(an_experiment())
    parts = (facts, *facts["jobs"].values())

    assert not [name for part in parts for name in ("said_constants", "device_source") if name in part]


def test_saved_plans_of_before_hold_until_sublattices_are_named():
    """The file names none, as no file did then."""
    free = an_experiment()
    named = replace(free, sublattices=(("q0",), ("q1",)))

    assert "sublattices" not in desired_facts(free)
    assert [["q0"], ["q1"]] == desired_facts(named)["sublattices"]


RERUN = commands.EXPERIMENT.replace("  jobs:\n", "  rerun: {all: 1, jobs: {t_ns=200: 1}}\n  jobs:\n")


def test_a_rerun_above_the_cap_is_a_problem_at_its_place(tmp_path):
    """The highest counter of any job counts."""
    found = problems(tmp_path, "[caps]\nrerun = 1\n", experiment=RERUN)

    assert [(13, 10, "/spec/rerun", "2 is above the cap of 1")] == found


@pytest.mark.parametrize("settings", ["", "[caps]\nrerun = 2\n"])
def test_a_rerun_within_the_cap_is_in_order(tmp_path, settings):
    """Without a cap, any."""
    lab = commands.a_lab(tmp_path / "lab", settings=settings, experiment=RERUN)

    assert [1, 2, 1] == [job.rerun for job in Project.at(lab).load([lab / "specs"])[0].desired.jobs]
