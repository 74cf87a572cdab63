"""What may go from a repository, and what never does."""

from __future__ import annotations

import os
from contextlib import closing

import commands
import pytest
from builders import a_record

from runner.errors import UsageError
from runner.project import Project
from runner.project.edit.garbage import Spare, chosen, remove, spare
from runner.reconcile import Journal, utc_now
from runner.reconcile.model.entries import RequestKind, State
from runner.results import Records

OLD = "f" * 16
NEVER = "e" * 16


@pytest.fixture
def project(tmp_path):
    """A repository with records of what its file asks for, and of what it does not."""
    lab = commands.a_lab(tmp_path / "lab")
    project = Project.open(lab)
    (experiment,) = project.load([lab])
    now = experiment.desired.recipe[:16]
    records = Records(lab / "results")
    for recipe, batch_id in ((now, "b1"), (OLD, "b2")):
        job = a_record("j1", recipe=recipe, batch_id=batch_id)
        records.add("pair", [job])
        records.add_serialised("pair", job, "{}")
    records.add_serialised("pair", a_record("lost", recipe=now), "{}")
    records.write_manifest("pair", NEVER, {"commit": "a"})
    for name, age_s in ((".b1.jsonl.ab12_xyz", 7200), (".b1.jsonl.fresh_12", 0)):
        place = lab / "results" / "pair" / now / name
        place.write_bytes(b"12345")
        os.utime(place, (place.stat().st_mtime - age_s,) * 2)
    return project


def found(project):
    """What may go."""
    return spare(project, project.load([project.root]))


def journal(project, name, state):
    """The journal of a target in which one purchase came to a state."""
    place = project.root / ".runner" / "targets" / name / "journal.sqlite"
    place.parent.mkdir(parents=True)
    with closing(Journal(place, utc_now)) as opened:
        seq = opened.intend(RequestKind.CLAIM, experiment="pair", submission="s", claim="c")
        opened.settle(seq, state)


def test_what_no_file_asks_for_may_go_and_what_one_asks_for_stays(project):
    """With reasons; those first with which nothing is lost."""
    (experiment,) = project.load([project.root])
    now = f"results/pair/{experiment.desired.recipe[:16]}"

    assert [
        (".runner/compiled", True, "what files were compiled to: made again when needed"),
        (f"{now}/.b1.jsonl.ab12_xyz", True, "left behind by something that was killed"),
        (f"{now}/b1/lost.pulser.json", False, "what an emulator gave for an unrecorded job"),
        (f"results/pair/{NEVER}", False, "no file asks for this recipe: nothing came back of it yet"),
        (f"results/pair/{OLD}", False, "no file asks for this recipe: 1 job with 100 measured runs"),
    ] == [(each.path, each.is_replaceable, each.reason) for each in found(project)]


def test_sizes_are_those_of_all_that_goes(project):
    """In bytes, folders with all that is in them."""
    sizes = {each.path.rpartition("/")[2]: each.size for each in found(project)}
    old = project.root / "results" / "pair" / OLD

    assert 5 == sizes[".b1.jsonl.ab12_xyz"]
    assert sum(path.stat().st_size for path in old.rglob("*") if path.is_file()) == sizes[OLD] > 100


def test_what_was_kept_of_a_batch_without_a_record_goes_as_one(project):
    """An apply that was killed leaves hundreds of files."""
    (experiment,) = project.load([project.root])
    now = experiment.desired.recipe[:16]
    for job_id in ("j7", "j8"):
        job = a_record(job_id, recipe=now, batch_id="b7")
        project.records.add_serialised("pair", job, "{}")

    assert [(f"results/pair/{now}/b7", "what an emulator gave for 2 unrecorded jobs")] == [
        (each.path, each.reason) for each in found(project) if "b7" in each.path
    ]


def test_records_are_proof_of_what_was_bought(project):
    """What never came to a record is none."""
    assert [f"results/pair/{OLD}"] == [each.path for each in found(project) if each.is_proof]


def test_a_broken_record_is_said_to_be_so(project):
    """It may go, but nobody can tell what is in it; nothing is guessed about what lies beside it."""
    for file in (project.root / "results").rglob("*.jsonl"):
        file.write_text("{\n", encoding="utf-8")

    reasons = {each.path.rpartition("/")[2]: each.reason for each in found(project)}
    assert "no file asks for this recipe: it cannot be read" == reasons[OLD]
    assert "lost.pulser.json" not in reasons


def test_journals_of_former_targets_may_go_when_nothing_is_pending_in_them(project):
    """Never that of a target which is known."""
    for name, state in (
        ("local", State.ACCEPTED),
        ("former", State.ACCEPTED),
        ("lost", State.UNKNOWN),
        ("cut-off", State.INTENDED),
    ):
        journal(project, name, state)

    assert [".runner/targets/former"] == [each.path for each in found(project) if "targets" in each.path]


def test_only_what_is_chosen_is_removed(project):
    """Named, or all with which nothing is lost."""
    spares = found(project)
    named = chosen(spares, [f"results/pair/{OLD}/"], all_replaceable=False)
    free = chosen(spares, [], all_replaceable=True)

    assert [] == chosen(spares, [], all_replaceable=False)
    assert [f"results/pair/{OLD}"] == [each.path for each in named]
    assert [each for each in spares if each.is_replaceable] == free
    remove(project.root, [*named, *free, *free])  # what is gone already is no error
    left = [each.path for each in found(project) if "compiled" not in each.path]
    assert [each.path for each in spares if each not in named + free] == left


@pytest.mark.parametrize(
    "path", ["results", "results/pair", "specs/pair.yaml", "../lab", ".runner/local-cloud"]
)
def test_what_is_not_on_the_list_is_never_removed(project, path):
    """Neither what is above it, nor anything else."""
    with pytest.raises(UsageError, match="none of what may go"):
        chosen(found(project), [path], all_replaceable=True)


def test_a_link_is_removed_and_not_what_it_leads_to(project, tmp_path):
    """Whatever somebody has put there."""
    kept = tmp_path / "kept"
    kept.mkdir()
    (project.root / "link").symlink_to(kept)
    remove(project.root, [Spare(path="link", size=0, reason="", is_replaceable=True)])

    assert (True, False) == (kept.is_dir(), (project.root / "link").exists())
