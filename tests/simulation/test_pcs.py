"""The simulated cloud, held against what the reference says of batches, jobs, lists and errors."""

from __future__ import annotations

import ast
import gzip
import json
import random
from pathlib import Path

import pytest
from agenda import Agenda
from pcs import Pcs
from pcs_http import START, PcsHttp, counts_of
from pcs_nature import VIEWS, Lag, Nature, nature

PROJECT, OTHER = "p1", "p2"
SEQUENCE = json.dumps({"variables": {"t": {"type": "int"}}, "recipe": 0})
JOB = {"runs": 20, "variables": {"t": 1}}


class Moment:
    """A clock that the agenda moves."""

    now = START


class Cloud:
    """A cloud, asked as a client asks it; `later` lets time pass."""

    def __init__(self, projects=(PROJECT, OTHER), **given):
        self.agenda = Agenda(Moment())
        plain = {"queue_s": 2.0}
        self.pcs = Pcs(Nature(**plain | given), self.agenda, lambda *what: random.Random(f"{what}"))
        self.http = PcsHttp(self.pcs, projects)

    def later(self, seconds):
        """Lets time pass, and what is due happen."""
        self.agenda.after(seconds, "now")
        self.agenda._go_on("now")

    def ask(self, method, path, body=None, query=(), headers=None):
        """Status and envelope."""
        data = b"" if body is None else json.dumps(body).encode()
        status, _, said = self.http.answer(method, path, query, headers or {}, data)
        return status, json.loads(said)

    def get(self, path, *query):
        """The data of a read that succeeds."""
        status, said = self.ask("GET", path, query=query)
        assert status == 200, said
        return said["data"]

    def create(self, *jobs, is_open=False, **fields):
        """The answer to a new batch."""
        body = {"project_id": PROJECT, "sequence_builder": SEQUENCE, "jobs": list(jobs), "open": is_open}
        status, said = self.ask("POST", "/api/v1/batches", body | fields)
        assert status == 200, said
        return said["data"]

    def refused(self, method, path, body=None):
        """Status of a request that is refused."""
        status, said = self.ask(method, path, body)
        assert said["status"] == "fail"
        return status

    def status(self, batch_id):
        """Status of a batch."""
        return self.get(f"/api/v1/batches/{batch_id}/status")["status"]


@pytest.mark.parametrize("module", ["pcs", "pcs_http", "pcs_nature", "reference_world", "reference_judge"])
def test_the_cloud_and_its_judge_know_nothing_of_the_product(module):
    """Else they would share its assumptions."""
    tree = ast.parse(Path(__file__).with_name(f"{module}.py").read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert set() == {name.split(".")[0] for name in names} & {"runner", "builders", "fakes", "crew", "world"}


def test_a_closed_batch_runs_its_jobs_and_is_done():
    """PENDING, RUNNING, DONE; its results add up to the runs."""
    cloud = Cloud()
    batch = cloud.create(JOB, JOB)
    before = cloud.status(batch["id"])
    cloud.later(2.1)
    during = cloud.status(batch["id"])
    cloud.later(20)
    job = batch["jobs"][0]
    link = cloud.get(f"/api/v1/jobs/{job['id']}/results_link")["results_link"]
    _, _, body = cloud.http.answer("GET", "/results/" + link.rpartition("/")[2])

    assert ("PENDING", "RUNNING", "DONE") == (before, during, cloud.status(batch["id"]))
    assert sum(json.loads(body)["counter"].values()) == 20
    assert json.loads(body)["counter"] == counts_of({"runs": 20}, cloud.pcs.luck("result", job["id"]))


def test_an_open_batch_takes_jobs_until_it_is_closed():
    """And a closed one refuses them."""
    cloud = Cloud()
    batch = cloud.create(is_open=True)
    path = f"/api/v2/batches/{batch['id']}"
    _, said = cloud.ask("POST", f"{path}/jobs", [JOB])
    cloud.later(20)
    open_still = cloud.status(batch["id"])
    cloud.ask("PATCH", f"{path}/complete")

    assert [job["runs"] for job in said["data"]["jobs"]] == [20]
    assert open_still == "RUNNING"
    assert cloud.status(batch["id"]) == "DONE"
    assert cloud.refused("POST", f"{path}/jobs", [JOB]) == 409


def test_an_open_batch_with_nothing_to_run_times_out():
    """Unless a job came in time."""
    cloud = Cloud(idle_patience_s=30.0)
    idle, used = cloud.create(is_open=True), cloud.create(is_open=True)
    cloud.later(29)
    cloud.ask("POST", f"/api/v2/batches/{used['id']}/jobs", [JOB])
    cloud.later(2)
    early = (cloud.status(idle["id"]), cloud.status(used["id"]))
    cloud.later(60)

    assert early == ("TIMED_OUT", "RUNNING")
    assert cloud.status(used["id"]) == "TIMED_OUT"


def test_cancelling_a_batch_cancels_what_waits_and_leaves_what_runs():
    """A running job is not interrupted."""
    cloud = Cloud(is_one_by_one=True)
    batch = cloud.create(JOB, JOB)
    cloud.later(2.1)
    _, said = cloud.ask("PATCH", f"/api/v2/batches/{batch['id']}/cancel")
    cloud.later(20)
    jobs = cloud.get("/api/v2/jobs", ("batch_id", batch["id"]))

    assert [job["status"] for job in said["data"]["jobs"]] == ["RUNNING", "CANCELED"]
    assert [job["status"] for job in jobs] == ["DONE", "CANCELED"]
    assert cloud.status(batch["id"]) == "CANCELED"


def test_what_is_cancelled_may_be_canceling_first():
    """For as long as the nature of the cloud says."""
    cloud = Cloud(canceling_s=3.0)
    batch = cloud.create(JOB)
    cloud.ask("PATCH", f"/api/v2/batches/{batch['id']}/cancel")
    first = cloud.status(batch["id"])
    cloud.later(4)

    assert (first, cloud.status(batch["id"])) == ("CANCELING", "CANCELED")


def test_a_machine_runs_one_batch_at_a_time_and_waits_for_an_open_one():
    """No other batch gets the device until all jobs are terminal and the batch is closed."""
    cloud = Cloud(is_one_by_one=True)
    first, second = cloud.create(JOB, is_open=True), cloud.create(JOB)
    cloud.later(40)
    waiting = cloud.status(second["id"])
    cloud.ask("PATCH", f"/api/v2/batches/{first['id']}/complete")
    cloud.later(20)

    assert (waiting, cloud.status(second["id"])) == ("PENDING", "DONE")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"jobs": [], "open": False}, "a closed batch without jobs"),
        ({"jobs": [{"runs": 0, "variables": {"t": 1}}]}, "no runs"),
        ({"jobs": [{"runs": 20, "variables": {"u": 1}}]}, "another variable"),
        ({"jobs": [{"runs": 20}]}, "a variable is missing"),
        ({"jobs": [JOB | {"sequence": SEQUENCE}]}, "variables and a sequence"),
        ({"jobs": [JOB], "sequence_builder": None}, "no sequence at all"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_cannot_be_run_is_refused_when_it_is_submitted(body, why):
    """With 422, and nothing is there."""
    cloud = Cloud()
    sent = {"project_id": PROJECT, "sequence_builder": SEQUENCE, "jobs": [], "open": True} | body

    assert cloud.refused("POST", "/api/v1/batches", sent) == 422, why
    assert cloud.get("/api/v1/batches") == []


def test_batches_are_listed_newest_first_in_pages_without_sequence_and_jobs():
    """At most a hundred a page; the envelope says how many there are."""
    cloud = Cloud()
    ids = [cloud.create(JOB)["id"] for _ in range(103)]
    status, said = cloud.ask("GET", "/api/v1/batches", query=(("offset", "100"), ("limit", "100")))

    assert (status, said["pagination"]) == (200, {"total": 103, "start": 100, "end": 103})
    assert [item["id"] for item in said["data"]] == ids[2::-1]
    assert {"sequence_builder", "jobs"}.isdisjoint(said["data"][0])
    assert said["data"][0]["jobs_count"] == 1


def test_lists_show_all_projects_of_the_token_unless_one_is_asked_for():
    """And a token sees nothing of a project that is not its own."""
    cloud = Cloud()
    mine, other = cloud.create(JOB), cloud.create(JOB, project_id=OTHER)
    stranger = PcsHttp(cloud.pcs, [OTHER])
    _, _, body = stranger.answer("GET", "/api/v1/batches")

    assert [item["id"] for item in cloud.get("/api/v1/batches")] == [other["id"], mine["id"]]
    assert [item["id"] for item in cloud.get("/api/v1/batches", ("project_id", PROJECT))] == [mine["id"]]
    assert [item["id"] for item in json.loads(body)["data"]] == [other["id"]]


def test_filters_of_one_name_mean_one_of_and_of_several_names_mean_and():
    """Tags are searched one at a time."""
    cloud = Cloud()
    one = cloud.create(JOB, tags=["a", "b"])["id"]
    two = cloud.create(JOB, tags=["b"])["id"]
    cloud.ask("PATCH", f"/api/v2/batches/{two}/cancel")

    def ids(*query):
        return [item["id"] for item in cloud.get("/api/v1/batches", *query)]

    assert ids(("tag", "b")) == [two, one]
    assert ids(("tag", "a")) == [one]
    assert ids(("status", "PENDING"), ("status", "CANCELED")) == [two, one]
    assert ids(("tag", "b"), ("status", "CANCELED")) == [two]


def test_tags_are_replaced_as_a_whole():
    """By a bare list."""
    cloud = Cloud()
    batch = cloud.create(JOB, tags=["a", "b"])
    _, said = cloud.ask("PATCH", f"/api/v1/batches/{batch['id']}/tags", ["c"])

    assert said["data"]["tags"] == ["c"]


def test_a_compressed_body_is_read():
    """As the official SDK sends it."""
    cloud = Cloud()
    body = {"project_id": PROJECT, "sequence_builder": SEQUENCE, "jobs": [JOB]}
    packed = gzip.compress(json.dumps(body).encode())
    status, _, _ = cloud.http.answer("POST", "/api/v1/batches", (), {"Content-Encoding": "gzip"}, packed)

    assert status == 200


def test_a_rebatch_copies_jobs_of_a_closed_batch_and_names_their_parents():
    """An open one is refused."""
    cloud = Cloud()
    batch, opened = cloud.create(JOB, JOB), cloud.create(JOB, is_open=True)
    first = batch["jobs"][0]["id"]
    _, said = cloud.ask("POST", f"/api/v1/batches/{batch['id']}/rebatch", query=(("id", first),))
    again = said["data"]

    assert (again["parent_id"], [job["parent_id"] for job in again["jobs"]]) == (batch["id"], [first])
    assert cloud.refused("POST", f"/api/v1/batches/{opened['id']}/rebatch") == 409


def test_a_job_tells_its_own_sequence_only_when_it_is_asked_for_alone():
    """In lists neither its sequence nor variables are seen."""
    cloud = Cloud()
    batch = cloud.create({"runs": 20, "sequence": SEQUENCE}, sequence_builder=None)
    job_id = batch["jobs"][0]["id"]
    listed = cloud.get("/api/v2/jobs", ("batch_id", batch["id"]))[0]

    assert "sequence" not in listed
    assert listed["variables"] is None
    assert cloud.get(f"/api/v2/jobs/{job_id}")["sequence"] == SEQUENCE


def test_repeating_a_close_or_a_cancellation_may_be_refused():
    """As the cloud is."""
    fine, strict = Cloud(), Cloud(repeat="refused")
    for cloud in (fine, strict):
        cloud.create(JOB)
        cloud.ask("PATCH", "/api/v2/batches/b0001/cancel")

    assert fine.ask("PATCH", "/api/v2/batches/b0001/cancel")[0] == 200
    assert strict.refused("PATCH", "/api/v2/batches/b0001/cancel") == 409


def test_an_addition_that_is_refused_may_have_taken_a_part():
    """The first half of the jobs."""
    cloud = Cloud(takes_part=True, refusing=1.0)
    cloud.pcs.calm_s = 100.0
    batch = cloud.create(is_open=True)

    assert cloud.refused("POST", f"/api/v2/batches/{batch['id']}/jobs", [JOB, JOB, JOB]) == 422
    assert len(cloud.get("/api/v2/jobs", ("batch_id", batch["id"]))) == 2


@pytest.mark.parametrize("kind", ["monotone", "replicas", "objects"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_lags_by_itself_and_no_further_than_it_may(view, kind):
    """It shows something that was true within its lag, and the truth once nothing changes any more."""
    cloud = Cloud(lags={view: Lag(most_s=5.0, kind=kind)})
    cloud.create(JOB, tags=["old"])
    cloud.ask("PATCH", "/api/v1/batches/b0001/tags", ["new"])
    truths, wrong = [_truth(cloud)], []
    for _ in range(12):
        shown, truth = _shown(cloud), _truth(cloud)
        truths.append(truth)
        others = {name: shown[name] for name in shown if name != view}
        # A batch that no list shows yet has no count and no tags there.
        if view != "batches" and others != {name: truth[name] for name in others}:
            wrong.append((others, truth))
        if shown[view] not in (_UNSEEN[view], *(each[view] for each in truths)):
            wrong.append((view, shown[view]))
        cloud.later(1.0)
    cloud.later(30)

    assert [] == wrong
    assert _shown(cloud) == _truth(cloud)


def test_a_lagging_view_is_seen_to_lag():
    """A job that was just added is not listed yet, while its batch counts it."""
    cloud = Cloud(lags={"jobs": Lag(most_s=5.0, kind="objects")})
    batches = [cloud.create(JOB)["id"] for _ in range(20)]
    listed = [len(cloud.get("/api/v2/jobs", ("batch_id", each))) for each in batches]

    assert {0, 1} == set(listed)
    assert {1} == {item["jobs_count"] for item in cloud.get("/api/v1/batches")}


# What a view shows of what it does not know yet.
_UNSEEN = {
    "batches": 0,
    "jobs": 0,
    "counts": 0,
    "statuses": "PENDING",
    "tags": ["old"],
    "single": "PENDING",
    "results": False,
}


def _shown(cloud):
    listed = cloud.get("/api/v1/batches")
    jobs = cloud.get("/api/v2/jobs", ("batch_id", "b0001"))
    first = listed[0] if listed else {}
    one = cloud.ask("GET", "/api/v2/jobs/j00001")[1]["data"] or {}
    link = cloud.get("/api/v1/jobs/j00001/results_link")["results_link"]
    return {
        "batches": len(listed),
        "jobs": len(jobs),
        "counts": first.get("jobs_count"),
        "statuses": cloud.get("/api/v1/jobs/j00001/status")["status"],
        "tags": first.get("tags"),
        "single": one.get("status"),
        "results": link is not None,
    }


def _truth(cloud):
    job, batch = cloud.pcs.jobs["j00001"].now, cloud.pcs.batches["b0001"].now
    return {
        "batches": 1,
        "jobs": 1,
        "counts": 1,
        "statuses": job["status"],
        "tags": batch["tags"],
        "single": job["status"],
        "results": job["status"] == "DONE",
    }


def test_natures_differ_and_are_the_same_for_the_same_seed():
    """So that a schedule is a value."""
    drawn = [nature(random.Random(seed), 6.0) for seed in range(200)]

    assert drawn == [nature(random.Random(seed), 6.0) for seed in range(200)]
    assert {view for each in drawn for view in each.lags} == set(VIEWS)
    assert {each.repeat for each in drawn} == {"fine", "refused"}
    assert {each.takes_empty for each in drawn} == {True, False}
