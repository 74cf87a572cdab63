"""What the pages of the dashboard show, as data and as HTML."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import get_args

import pytest
from builders import NOW, a_batch, a_job, a_record, a_snapshot, a_wanted_job, an_experiment, seen
from markupsafe import escape

from runner.dashboard.pages.holds import command, holds
from runner.dashboard.pages.observables import observables
from runner.dashboard.pages.overview import FILTERS, overview
from runner.dashboard.pages.queue import queue
from runner.dashboard.pages.revisions import FilePair, SideBySide
from runner.dashboard.pages.spending import as_csv, spending
from runner.dashboard.pages.tiles import Tiles
from runner.dashboard.sight import BrokenFile, Sight
from runner.dashboard.site import Fragments, Sources, as_json, html, page, shown_text
from runner.dashboard.site_files import export
from runner.domain import BatchStatus, JobStatus, Policy, Retry
from runner.domain.evaluations import Evaluation
from runner.errors import Problem
from runner.project.cache.source_file import Source
from runner.project.config.tables import View
from runner.project.experiments.loaded import Experiment
from runner.project.revisions.changes import ChangeKind, Changes, ExperimentChange
from runner.project.revisions.file_history import DiffRow, PastCommit
from runner.project.views.cloud_load import CloudLoad, ProjectQueue
from runner.project.views.device_changes import DeviceChange
from runner.reconcile import Difference, Happening, Planned
from runner.reconcile.model.actions import Hold
from runner.reconcile.model.plan import Health, Sync, WaitFor
from runner.reconcile.plan.planner import plan
from runner.results import Verdict
from runner.results.records.verify import Flaw


class NoPictures:
    """Draws nothing."""

    def drawn(self, sight, name, kind):
        """There is no picture."""
        del sight, name, kind


HOSTILE = "<script>alert(1)</script>\"'&{{ 7 * 7 }}\u202e"
COMMITS = [
    PastCommit(
        digest=digit * 40,
        at="2026-03-01T12:00:00+01:00",
        author=HOSTILE,
        subject=HOSTILE,
        path="specs/a/fine.yaml",
        added=3,
        removed=1,
    )
    for digit in "ab"
]
CHANGE = ExperimentChange(
    name=HOSTILE,
    kind=ChangeKind.CHANGED,
    former=HOSTILE,
    added=(HOSTILE,) * 30,
    resized=(HOSTILE,),
    differences=(Difference(HOSTILE, HOSTILE, HOSTILE),),
    warnings=(HOSTILE,),
    problems=(Problem(HOSTILE, 1, 2, "", HOSTILE),),
)
COMPARED = SideBySide(
    commits=("a" * 40, "b" * 40),
    files=(
        FilePair(
            before=HOSTILE,
            after=HOSTILE,
            rows=(DiffRow(kind="changed", old=1, before=HOSTILE, new=1, after=HOSTILE), DiffRow(kind="gap")),
        ),
    ),
    left_out=2,
    changes=Changes(experiments=(CHANGE,), notes=(HOSTILE,)),
    trouble=HOSTILE,
)
PAGES = ["", "experiments/fine/", "experiments/ill/", "holds/", "activity/", "queue/", "spend/"]


def an_entry(name, snapshot, description):
    """An experiment of a repository, and what was seen of it."""
    content = {"metadata": {"name": name, "description": description, "labels": {"figure": "3a"}}}
    file = Source(path=f"{name}.yaml", digest="0" * 64, content=content)
    return Experiment(file, snapshot.desired), Planned(snapshot, plan(snapshot))


def a_sight(**descriptions):
    """A repository with one experiment that is done, and one of which a job failed for good."""
    record = a_record(t=1, status=JobStatus.DONE, ended_at=NOW)
    failed = a_job("j2", t=2, status=JobStatus.ERROR, errors=(HOSTILE,), ended=-100)
    batch = a_batch("b1", failed, status=BatchStatus.DONE)
    no_retry = Policy(retry=Retry(limit=0))
    done = a_snapshot(an_experiment(a_wanted_job(1), name="fine"), seen(recorded=(record,)))
    ill = a_snapshot(an_experiment(a_wanted_job(2), name="ill", policy=no_retry), seen(batch))
    entries = {
        name: an_entry(name, snapshot, descriptions.get(name, ""))
        for name, snapshot in (("fine", done), ("ill", ill))
    }
    return Sight(
        title="lab",
        target="emulated:local",
        experiments={name: each[0] for name, each in entries.items()},
        paths={"fine": "specs/a/fine.yaml", "ill": "specs/ill.yaml"},
        planned={name: each[1] for name, each in entries.items()},
        recorded={"fine": done.observed.recorded},
        broken=(BrokenFile(path="specs/bad.yaml", error=HOSTILE),),
    )


def test_the_worst_comes_first():
    """What is ill stands before what is well, with numbers, folders and a filter's choices."""
    found = overview(a_sight(), {})
    assert [tile["name"] for tile in found["tiles"]] == ["ill", "fine"]
    assert found["tiles"][1]["progress"] == {"done": 1, "running": 0, "pending": 0, "failed": 0, "wanted": 0}
    assert [each["folder"] for each in found["folders"]] == [".", "specs", "specs/a"]
    assert found["broken"] == [{"path": "specs/bad.yaml", "error": HOSTILE}]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"q": "FINE"}, ["fine"]),
        ({"q": "figure 3a"}, ["ill", "fine"]),
        ({"folder": "specs/a"}, ["fine"]),
        ({"folder": "specs"}, ["ill", "fine"]),
        ({"health": "Healthy"}, ["fine"]),
        ({"sync": "Synced", "q": "ill"}, []),
        ({"device": "EMU_FREE"}, ["ill", "fine"]),
    ],
)
def test_filters_stand_in_the_address(asked, names):
    """Each filter leaves what is like it; the totals stay."""
    found = overview(a_sight(), asked)
    assert [tile["name"] for tile in found["tiles"]] == names
    assert found["total"] == 2


@pytest.mark.parametrize(
    "path", ["", "experiments/fine/", "experiments/ill/", "holds/", "activity/", "queue/", "spend/"]
)
def test_hostile_texts_are_only_shown(path):
    """Whatever stands in a description, an error or a file is text on the page."""
    sight = a_sight(fine=HOSTILE, ill=HOSTILE)
    known = Sources(lambda _: HOSTILE, history=lambda *_: COMMITS, compared=lambda *_: COMPARED)
    asked = {"q": HOSTILE, "from": HOSTILE, "to": HOSTILE, "path": HOSTILE, "status": HOSTILE}
    text = html(sight, page(sight, path, asked, known), root="../", is_live=True)
    assert "<script>alert" not in text
    assert "49" not in re.sub(r"#L\d+|id=\"L\d+\"", "", text)
    assert len(re.findall("<script", text)) == 1


def test_views_that_have_a_name_are_links():
    """Each leads to its filter; the one whose filter is asked for says that it is shown."""
    views = {HOSTILE: {"q": "a&b", "health": "Degraded"}, "fine": {"folder": "specs/a"}}
    sight = replace(a_sight(), views=views)
    made = page(sight, "", {"folder": "specs/a", "q": ""}, Sources(str))
    assert made.data["views"] == [
        {"name": HOSTILE, "query": "q=a%26b&health=Degraded", "is_shown": False},
        {"name": "fine", "query": "folder=specs%2Fa", "is_shown": True},
    ]
    text = html(sight, made, root="", is_live=True)
    assert '<a href="?folder=specs%2Fa" aria-current="true">fine</a>' in text
    assert "<script>alert" not in text
    assert 'aria-label="Views"' not in html(sight, made, root="", is_live=False)


def test_a_view_may_say_each_filter_and_each_state():
    """What runner.toml takes is what the page knows."""
    fields = View.model_fields
    assert tuple(fields) == FILTERS
    states = {name: set(get_args(get_args(fields[name].annotation)[0])) for name in ("health", "sync")}
    assert states == {"health": {*map(str, Health)}, "sync": {*map(str, Sync)}}


def test_an_experiment_has_the_history_of_its_file():
    """Each commit leads to what it changed beside the one before it; the first one has none."""
    known = Sources(str, history=lambda path, _: COMMITS if path == "specs/a/fine.yaml" else [])
    made = page(a_sight(), "experiments/fine/", {}, known)
    assert [(row["digest"][0], row["before"][:1]) for row in made.data["history"]] == [("a", "b"), ("b", "")]
    text = html(a_sight(), made, root="../../", is_live=True)
    address = f"from={'b' * 40}&amp;to={'a' * 40}&amp;path=specs%2Fa%2Ffine.yaml"
    assert re.findall(r'href="\.\./\.\./activity/\?([^"]*)"', text) == [address]
    assert "activity/?" not in html(a_sight(), made, root="../../", is_live=False)


def test_two_revisions_stand_side_by_side():
    """What becomes of experiments, with the first names of jobs, and the lines of files."""
    asked = []
    known = Sources(str, compared=lambda *words: asked.append(words) or COMPARED)
    found = page(a_sight(), "activity/", {"from": "main~1", "path": "specs/x.yaml"}, known).data["compared"]
    assert asked == [("main~1", "", "specs/x.yaml")]
    (change,) = found["experiments"]
    assert (len(change["added"]), change["counts"]) == (20, {"added": 30, "removed": 0, "resized": 1})
    assert [row["kind"] for row in found["files"][0]["rows"]] == ["changed", "gap"]
    assert page(a_sight(), "activity/", {}, known).data["compared"] is None


def test_who_runs_no_script_sees_what_is_compared_a_little_later():
    """The page is loaded again by itself as long as it is not known."""
    known = Sources(str, compared=lambda *_: SideBySide(commits=("a" * 40, "b" * 40), is_pending=True))
    text = html(a_sight(), page(a_sight(), "activity/", {"from": "a"}, known), root="../", is_live=True)
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in text
    assert "No experiment changes" not in text


def test_what_was_bought_names_its_commit():
    """The batch says of which commit its file was."""
    batch = a_batch("b1", a_job(t=2), tags=("commit:" + "c" * 40,))
    bought = a_snapshot(an_experiment(a_wanted_job(2), name="ill"), seen(batch))
    done = Happening(
        seq=1,
        at=NOW,
        experiment="ill",
        action="AddJobs",
        batch_id="b1",
        reason="",
        outcome="done",
        jobs=1,
        runs=9,
        host="h",
        pid=1,
        verb="apply",
    )
    sight = replace(a_sight(), planned={"ill": Planned(bought, plan(bought))}, happened=(done,))
    (event,) = page(sight, "activity/", {}, Sources(str)).data["events"]
    assert event["commit"] == "c" * 12


@pytest.mark.parametrize("path", ["", "holds/", "activity/", "queue/"])
def test_what_turns_the_direction_of_a_text_turns_no_other(path):
    """A mark for right to left in a name or an error leaves what stands beside it in its order."""
    load = CloudLoad(
        workers=1, complaints=(), left_out={HOSTILE: HOSTILE}, queues=(), other_pending=0, other_running=0
    )
    sight = replace(a_sight(), load=load)
    known = Sources(str, compared=lambda *_: COMPARED)
    text = html(sight, page(sight, path, {"from": "a"}, known), root="../", is_live=True)
    assert "\u202e</bdi>" in text
    apart = re.sub("<bdi>[^<]*</bdi>", "", text)
    told = [said for said in re.findall("<p[^>]*>([^<]*)</p>", apart) if "\u202e" in said]
    assert set(told) <= {str(escape(HOSTILE))}


def test_spending_is_counted_by_runs():
    """Spent is what ended, whatever came of it; the forecast goes by the last seven days."""
    sight = a_sight()
    (record,) = sight.recorded["fine"]
    found = spending(sight, record.ended_at.date())
    assert [(row["name"], row["runs"], row["missing_runs"]) for row in found["experiments"]] == [
        ("fine", 100, 0),
        ("ill", 0, 0),
    ]
    assert [(row["name"], row["runs"]) for row in found["folders"]] == [("specs", 0), ("specs/a", 100)]
    assert found["days"] == [{"day": record.ended_at.date().isoformat(), "runs": 100, "qpu_s": 0.0}]
    assert found["forecast"] == {"runs_a_day": 100 / 7, "missing_runs": 0, "days_left": None}
    head, *rows = as_csv(found).splitlines()
    assert head.startswith("name,folder,device_type,runs,")
    assert rows[0].startswith("fine,specs/a,EMU_FREE,100,0.0,0,0,0,")


def test_the_queue_says_what_holds_a_device():
    """An open batch keeps its device: whose it is, and for how long nothing was added."""
    batch = a_batch("b1", a_job(t=2), open=True)
    waiting = a_snapshot(an_experiment(a_wanted_job(2), name="ill"), seen(batch))
    sight = replace(a_sight(), planned={"ill": Planned(waiting, plan(waiting))})
    found = queue(sight)
    (row,) = found["batches"]
    assert (row["id"], row["pending"], row["held_by"]) == ("b1", 1, "another machine")
    assert [each["experiment"] for each in found["waits"]] == ["ill"]


@pytest.mark.parametrize(
    ("how", "command"),
    [
        ("raise `policy.budget.runs`; or ask for less", ""),
        (
            "if it is there, `runner resolve ill adopt BATCH`; if not, `… absent`",
            "runner resolve ill adopt BATCH",
        ),
    ],
)
def test_a_hold_has_a_command_where_there_is_one(how, command):
    """A budget is raised in a file: there is nothing to copy. The queue does not wait for nothing."""
    held = a_snapshot(an_experiment(a_wanted_job(2), name="ill"), seen())
    planned = replace(plan(held), actions=(Hold(reason="it is much", how=how),), look_again_s=None)
    sight = replace(a_sight(), planned={"ill": Planned(held, replace(planned, wait_for=WaitFor.NOTHING))})
    assert [command] == [each["command"] for each in holds(sight)["holds"]]
    waits, asked = (
        html(sight, page(sight, path, {}, Sources(str)), root="../", is_live=True)
        for path in ("queue/", "holds/")
    )
    assert ("is held; <bdi>it is much" in waits, "waits for nothing" in waits) == (True, False)
    assert asked.count('aria-label="Command"') == bool(command)


def test_the_queue_says_what_the_cloud_is_and_what_devices_became():
    """Workers and queues per project of a local cloud, availability, and what changed of a device."""
    load = CloudLoad(
        workers=2,
        complaints=(HOSTILE,),
        left_out={HOSTILE: HOSTILE},
        queues=(ProjectQueue(project=HOSTILE, device_type=HOSTILE, pending=3, running=1),),
        other_pending=5,
        other_running=0,
    )
    change = DeviceChange(
        device_type=HOSTILE,
        subject=HOSTILE,
        built=HOSTILE,
        now=HOSTILE,
        experiments=(*("fine",) * 11, HOSTILE),
    )
    row = {
        "device_type": HOSTILE,
        "device": HOSTILE,
        "qubits": None,
        "max_duration_ns": 6000,
        "max_runs": 500,
        "age_s": 7300.0,
    }
    rows = tuple({**row, "availability": said} for said in (None, "", HOSTILE))
    sight = replace(a_sight(), load=load, device_changes=(change,), devices=rows)
    made = page(sight, "queue/", {}, Sources(str))
    assert made.data["load"]["queues"][0]["pending"] == 3
    assert [each["age"] for each in made.data["devices"]] == ["2 hours old"] * 3
    text = html(sight, made, root="../", is_live=True)
    assert "<script>alert" not in text
    for said in ("of other projects, 0 running and 5 pending", "not asked", "not told", "and 2 more"):
        assert said in text
    assert as_json(made.data)


def test_all_pages_are_written_as_files(tmp_path):
    """Links lead from file to file, and no page runs a script."""
    (tmp_path / "specs" / "a").mkdir(parents=True)
    for path in ("specs/a/fine.yaml", "specs/ill.yaml"):
        (tmp_path / path).write_text(HOSTILE, encoding="utf-8")
    site = tmp_path / "site"
    count = export(a_sight(), NoPictures(), Sources(partial(shown_text, tmp_path)), site)
    pages = sorted(site.rglob("*.html"))
    assert count == len(pages) == 9
    for each in pages:
        text = each.read_text(encoding="utf-8")
        assert "<script" not in text
        links = re.findall(r'(?:href|src)="([^"#]+)"', text)
        assert [] == [
            link for link in links if not (each.parent / link).exists() and not link.endswith(".svg")
        ]


def test_a_job_has_its_counts_and_attempts():
    """The page of a job adds up its records."""
    sight = a_sight()
    key = sight.experiments["fine"].desired.jobs[0].key
    found = page(sight, f"experiments/fine/jobs/{key}/", {}, Sources(str)).data
    (record,) = sight.recorded["fine"]
    assert found["shots"] == sum(record.counts.values())
    assert [each["id"] for each in found["attempts"]] == [record.id]
    assert found["verified"] is None


def test_jobs_have_the_occupation_of_all_atoms_and_of_each():
    """With its error; and what the emulator evaluated, at the end."""
    energy = Evaluation(name="energy", times_ns=(0.0, 100.0), values=(0.0, -2.5))
    record = a_record("j1", counts={"01": 30, "11": 20}, observables={"e1": energy})
    rows = observables([record], ("q0", "q1"), {"e1": "energy"})
    whose = [("occupation", "all qubits"), ("occupation", "q0"), ("occupation", "q1")]
    assert [*whose, ("energy", "evaluated, at the end")] == [(row["name"], row["of"]) for row in rows]
    assert [0.7, 0.4, 1.0, -2.5] == [row["value"] for row in rows]
    assert all(0 < row["error"] < 0.1 for row in rows[:3])
    assert rows[3]["error"] is None
    assert [] == observables([], ("q0", "q1"), {})


def test_an_experiment_shows_the_occupation_of_each_job():
    """As its job's page does."""
    sight = a_sight()
    (first, *_) = page(sight, "experiments/fine/", {}, Sources(str)).data["jobs"]
    job = page(sight, f"experiments/fine/jobs/{first['key']}/", {}, Sources(str))
    assert re.fullmatch(r"\d\.\d+ .+", first["occupation"])
    assert first["occupation"] == job.data["observables"][0]["text"]
    assert "Observables" in html(sight, job, root="../../../../", is_live=True)


@pytest.mark.parametrize(
    ("job_id", "said", "word"),
    [("j1", False, "not as it was recorded"), ("another", True, "as it was recorded")],
)
def test_a_job_says_whether_its_record_is_as_it_was(job_id, said, word):
    """Only flaws of its own count; they are told with their place."""
    sight = a_sight()
    (record,) = sight.recorded["fine"]
    job_id = record.id if job_id == "j1" else job_id
    flaw = Flaw(Path("x") / record.recipe / f"{record.batch_id}.jsonl", 3, HOSTILE, job_id)
    asked = []
    known = Sources(str, verified=lambda _, name: asked.append(name) or Verdict(1, 1, (flaw,)))
    made = page(sight, f"experiments/fine/jobs/{record.key}/", {}, known)
    assert (made.data["verified"], asked) == (said, ["fine"])
    text = html(sight, made, root="../", is_live=True)
    assert f">{word}</span>" in text
    assert ("b1.jsonl:3: &lt;script&gt;" in text) is not said
    assert "<script>alert" not in text
    nothing = page(sight, f"experiments/ill/jobs/{sight.experiments['ill'].desired.jobs[0].key}/", {}, known)
    assert (nothing.data["verified"], asked) == (None, ["fine"])


@pytest.mark.parametrize(
    "path", ["nowhere/", "experiments/none/", "experiments/fine/jobs/0123456789abcdef/", "../"]
)
def test_what_is_not_there_is_no_page(path):
    """An address that leads nowhere shows nothing."""
    assert page(a_sight(), path, {}, Sources(str)) is None


def test_a_command_is_one_for_a_shell():
    """A name with quotes and line ends cannot end the word that it stands in."""
    words = ["rerun", "specs/a b.yaml", "--job", "it's; rm -rf $HOME\n`x`"]
    assert shlex.split(command(*words)) == ["runner", *words]


def test_json_has_no_number_that_it_cannot_say():
    """What is no number is null, and a name that looks like one stays."""
    data = {"NaN": [float("nan"), float("inf"), 1.5], "name": "NaN-Infinity \ud800"}
    assert json.loads(as_json(data)) == {"NaN": [None, None, 1.5], "name": "NaN-Infinity \ud800"}


def test_tiles_are_made_again_only_of_what_has_changed():
    """What is as it was is the same object, also where it was looked at again."""
    sight, tiles = a_sight(), Tiles()
    first = tiles.of(sight)
    again = tiles.of(replace(sight, planned={name: Planned(*each) for name, each in sight.planned.items()}))
    assert all(again[name] is made for name, made in first.items())
    less = tiles.of(replace(sight, planned={"ill": sight.planned["ill"]}))
    assert (less["fine"]["health"], less["ill"] is first["ill"]) == ("Unknown", True)
    fragments = Fragments()
    assert fragments(first["ill"], is_live=True) is fragments(again["ill"], is_live=True)
    assert "Unknown" in fragments(less["fine"], is_live=True)


def test_what_is_gone_has_no_link():
    """Of an experiment that no file describes any more, its name is left."""
    sight = a_sight()
    gone = replace(sight, experiments={"fine": sight.experiments["fine"]})
    text = html(gone, page(gone, "holds/", {}, Sources(str)), root="../", is_live=True)
    assert "ill" in text
    assert "experiments/ill/" not in text


def test_pages_say_what_could_not_be_read():
    """A defect and broken records are told on each page, and are text."""
    sight = replace(a_sight(), defect=HOSTILE, unread={"fine": HOSTILE, "": "locked"})
    text = html(sight, page(sight, "queue/", {}, Sources(str)), root="../", is_live=True)
    assert "fine: its records cannot be read: <bdi>&lt;script&gt;" in text
    assert "The journal cannot be read: <bdi>locked</bdi>" in text
    assert "A defect of the runner keeps this page from being current: &lt;script" in text
