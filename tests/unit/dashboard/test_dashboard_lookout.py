"""The lookout goes on whatever it meets, and shows what it can see meanwhile."""

from __future__ import annotations

import time
from dataclasses import replace

import commands
import pytest
from builders import a_batch, a_job, a_record
from patience import PATIENCE_S

from runner.dashboard.lookout import Lookout
from runner.dashboard.pictures import Pictures
from runner.dashboard.sight import BrokenFile
from runner.dashboard.site import Verdicts
from runner.domain import BatchStatus, JobStatus
from runner.errors import CloudError
from runner.project import Project
from runner.reconcile import Planned
from runner.reconcile.plan.planner import plan

OTHER = commands.EXPERIMENT.replace("{name: pair}", "{name: other}")


def until(ask):
    """Waits until something is so."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not ask():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


@pytest.fixture
def folder(tmp_path):
    """A lab with two experiments."""
    lab = commands.a_lab(tmp_path / "lab")
    (lab / "specs" / "other.yaml").write_text(OTHER, encoding="utf-8")
    return lab


def a_lookout(folder, **words):
    """Looks at a lab's files."""
    return Lookout(Project.at(folder), [folder / "specs"], **words)


def test_records_are_read_while_the_target_is_looked_at(folder, monkeypatch):
    """A target that does not answer keeps no file from being shown, and a defect ends no thread."""
    calls = []

    def look(self, experiments, **_):
        del self
        calls.append(len(experiments))
        raise (ZeroDivisionError("<b>") if len(calls) == 1 else CloudError("it is away"))

    monkeypatch.setattr(Project, "look", look)
    lookout = a_lookout(folder, poll_s=0.01)
    with lookout.looking():
        until(lambda: lookout.sight.trouble)
        assert lookout.sight.defect == "ZeroDivisionError: <b>"
        assert set(lookout.sight.experiments) == {"pair", "other"}
        (folder / "specs" / "other.yaml").unlink()
        until(lambda: set(lookout.sight.experiments) == {"pair"})
    assert calls[0] == 2
    assert lookout.sight.trouble == "it is away"


def test_broken_records_of_one_experiment_hide_no_other(folder, monkeypatch):
    """Which cannot be read is said; the target is looked at for the others; mended, all is well again."""
    looked = []
    monkeypatch.setattr(
        Project, "look", lambda self, some, **__: looked.append([each.name for each in some]) or []
    )
    broken = folder / "results" / "pair" / ("0" * 16) / "b.jsonl"
    broken.parent.mkdir(parents=True)
    broken.write_text("{", encoding="utf-8")
    lookout = a_lookout(folder)
    sight = lookout.look()
    assert list(sight.unread) == ["pair"]
    assert "b.jsonl" in sight.unread["pair"]
    assert looked == [["other"]]
    broken.unlink()
    assert lookout.look().unread == {}
    assert sorted(looked[1]) == ["other", "pair"]


def test_what_a_loop_tells_costs_no_request(folder, monkeypatch):
    """What watch and sync see is shown; nothing is asked beside it."""

    def ask(_):
        raise AssertionError("the target was asked")

    monkeypatch.setattr(Project, "connection", ask)
    lookout = a_lookout(folder, poll_s=None)
    (snapshot,) = lookout.project.snapshots(lookout.project.load([folder / "specs" / "pair.yaml"]))
    lookout.tell(lookout.project, [folder / "specs"], [Planned(snapshot, plan(snapshot))])
    lookout._read_files()
    assert (list(lookout.sight.planned), lookout.sight.load, lookout.sight.devices) == (["pair"], None, ())


def test_views_follow_runner_toml(folder, monkeypatch):
    """What is wrong in it is told with its key, and the views of before are kept meanwhile."""
    monkeypatch.setattr(Project, "look", lambda *_, **__: [])
    settings = folder / "runner.toml"
    text = settings.read_text(encoding="utf-8")
    lookout = a_lookout(folder)
    assert lookout.look().views == {}
    settings.write_text(f"{text}[views.well]\nhealth = 'Healthy'\n", encoding="utf-8")
    assert lookout.look().views == {"well": {"health": "Healthy"}}
    settings.write_text(f"{text}[views.ill]\ncolour = '<b>'\n", encoding="utf-8")
    sight = lookout.look()
    assert sight.views == {"well": {"health": "Healthy"}}
    assert sight.broken == (BrokenFile(path="runner.toml", error="views.ill.colour: there is no such key"),)
    settings.write_text(text, encoding="utf-8")
    assert (lookout.look().views, lookout.sight.broken) == ({}, ())


def test_nothing_new_is_no_news(folder, monkeypatch):
    """The version stays as long as nothing changes; an empty repository is in order."""
    monkeypatch.setattr(Project, "look", lambda *_, **__: [])
    lookout = a_lookout(folder)
    lookout.look()
    before = lookout.sight.version
    lookout._read_files()
    lookout._read_records()
    assert lookout.sight.version == before
    empty = folder.parent / "empty"
    empty.mkdir()
    assert Lookout(Project.at(empty), [empty]).look().experiments == {}


def test_what_was_measured_under_a_former_name_follows_the_files(folder, monkeypatch):
    """It counts for the same recipe as long as no file has the name, as the files are now."""
    monkeypatch.setattr(Project, "look", lambda *_, **__: [])
    specs = folder / "specs"
    (specs / "other.yaml").unlink()
    lookout = a_lookout(folder)
    lookout.look()
    job = a_record(
        "j1", recipe=lookout.sight.experiments["pair"].desired.recipe[:16], qubit_ids=("q0", "q1"), counts={}
    )

    def counted():
        lookout.look()
        return {name: [each.id for each in jobs] for name, jobs in lookout.sight.recorded.items() if jobs}

    assert counted() == {}
    lookout.project.records.add("former", [job])
    assert counted() == {"pair": ["j1"]}
    (specs / "former.yaml").write_text(OTHER.replace("name: other", "name: former"), encoding="utf-8")
    assert counted()["former"] == ["j1"]
    assert "pair" not in counted()
    (specs / "former.yaml").unlink()
    assert counted()["pair"] == ["j1"]


def test_a_picture_that_cannot_be_drawn_says_why(folder, monkeypatch):
    """Nothing measured yet, and a defect in drawing, are told in the picture; what is not there is None."""
    monkeypatch.setattr(Project, "look", lambda *_, **__: [])
    sight = (lookout := a_lookout(folder)).look()
    pictures = Pictures(lookout.project)
    assert b"nothing is measured yet" in pictures.drawn(sight, "pair", "plot")

    def draw(*_):
        raise ValueError("<b>")

    monkeypatch.setattr("runner.dashboard.pictures.drawings_of", draw)
    assert b"it cannot be drawn: ValueError" in pictures.drawn(sight, "pair", "register")
    assert [pictures.drawn(sight, *each) for each in (("none", "plot"), ("pair", "none"))] == [None, None]


def test_records_are_verified_again_once_they_are_written(folder, monkeypatch):
    """A line that was changed by hand is told on the page of its job; what is as it was is not read again."""
    monkeypatch.setattr(Project, "look", lambda *_, **__: [])
    lookout = a_lookout(folder)
    (experiment,) = lookout.project.load([folder / "specs" / "pair.yaml"])
    wanted = experiment.desired.jobs[0]
    recipe = experiment.desired.recipe[:16]
    job = a_record(
        recipe=recipe, key=wanted.key, variables=wanted.variables, qubit_ids=("q0", "q1"), counts={}
    )
    lookout.project.records.add("pair", [job])
    verdicts, sight = Verdicts(), lookout.look()
    first = verdicts.of(lookout.project, sight, "pair")
    assert [flaw.message for flaw in first.flaws_of(job)] == ["is missing: nobody can tell what was run"]
    assert verdicts.of(lookout.project, lookout.look(), "pair") is first
    (file,) = (folder / "results").rglob("*.jsonl")
    file.write_text(file.read_text("utf-8").replace('"attempt": 1', '"attempt": 2'), encoding="utf-8")
    lookout.look()
    found = verdicts.of(lookout.project, lookout.sight, "pair").flaws_of(job)
    assert any("the digest is not that of the line" in flaw.message for flaw in found)


def test_a_record_counts_before_the_target_is_looked_at_again(folder, monkeypatch):
    """What is done is on the tile by the records, although the last look saw nothing of it."""
    lookout = a_lookout(folder)
    experiments = lookout.project.load([folder / "specs" / "pair.yaml"])
    (bare,) = lookout.project.snapshots(experiments)
    first = bare.desired.jobs[0]
    job = replace(a_job(first.key, status=JobStatus.RUNNING), key=first.key)
    running = a_batch("b1", job, status=BatchStatus.RUNNING)
    snapshots = [replace(bare, observed=replace(bare.observed, batches=(running,)))]
    monkeypatch.setattr(Project, "look", lambda *_, **__: [Planned(each, plan(each)) for each in snapshots])
    assert lookout.look().tiles["pair"]["progress"]["done"] == 0
    desired = experiments[0].desired
    records = [
        a_record(
            job_id=job.key,
            recipe=desired.recipe[:16],
            key=job.key,
            runs=job.runs,
            counts={"00": job.runs},
            status=JobStatus.DONE,
            name=job.name,
            variables=job.variables,
            qubit_ids=desired.qubit_ids,
        )
        for job in desired.jobs
    ]
    lookout.project.records.add("pair", records)
    lookout._read_records()
    assert lookout.sight.tiles["pair"]["progress"]["done"] == 3
    lookout._look_at_target()  # it began before they were written
    assert lookout.sight.tiles["pair"]["progress"]["done"] == 3
