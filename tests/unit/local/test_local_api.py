"""PCS's calls, without sockets."""

from __future__ import annotations

import gzip
import json
import logging
import sqlite3

import pytest
from local_fakes import HOST, a_sequence

from runner.local.rules.device_types import DEVICE_TYPES

BATCHES, JOBS = "/api/v1/batches", "/api/v2/jobs"
JOB = {"runs": 10, "variables": {"a": 1}}
TIME = "2026-03-01T12:00:00.000000+00:00"
PROJECT = "11111111-0000-4000-8000-000000000000"


def uid(number):
    """The n-th id that the cloud gave."""
    return f"00000000-0000-4000-8000-{number:012d}"


def item(**fields):
    """A batch of one pending job, as it stands in a list."""
    return {
        "id": uid(1),
        "project_id": PROJECT,
        "user_id": "local",
        "created_at": TIME,
        "updated_at": TIME,
        "open": False,
        "complete": True,
        "device_type": "EMU_FREE",
        "status": "PENDING",
        "jobs_count": 1,
        "jobs_count_per_status": {"PENDING": 1},
        "start_datetime": None,
        "end_datetime": None,
        "device_status": None,
        "webhook": None,
        "configuration": None,
        "backend_configuration": None,
        "tags": [],
        "parent_id": None,
    } | fields


def job(**fields):
    """That job, as it stands in a list."""
    return {
        "id": uid(2),
        "batch_id": uid(1),
        "project_id": PROJECT,
        "user_id": "local",
        "status": "PENDING",
        "runs": 10,
        "variables": {"a": 0},
        "created_at": TIME,
        "updated_at": TIME,
        "start_timestamp": None,
        "end_timestamp": None,
        "errors": [],
        "parent_id": None,
        "creation_order": 1,
    } | fields


def test_created_batch_is_answered_with_its_jobs(ask):
    """The answer to a create call has every field of the batch and of its jobs."""
    created = ask.create(tags=["x"])

    assert item(tags=["x"]) | {"sequence_builder": a_sequence(), "jobs": [job()]} == created


def test_batch_is_read_with_the_ids_of_its_jobs(ask):
    """The single batch has its sequence, and ids in place of jobs."""
    created = ask.create()

    expected = item() | {"sequence_builder": a_sequence(), "job_ids": [uid(2)]}
    assert expected == ask.data("GET", f"/api/v2/batches/{created['id']}")


def test_packed_body_is_accepted(ask):
    """The official SDK sends its bodies gzip'ed."""
    body = {"project_id": PROJECT, "device_type": "EMU_FREE", "open": True}
    headers = HOST | {"content-encoding": "gzip"}

    answer = ask.raw("POST", BATCHES, gzip.compress(json.dumps(body).encode()), headers=headers)

    assert answer.status == 200


def test_list_has_neither_sequences_nor_jobs(ask):
    """Items of a list carry the counts of their jobs, and the page says where it stands."""
    ask.create()

    status, envelope = ask("GET", BATCHES)

    assert (200, [item()], {"total": 1, "start": 0, "end": 1}) == (
        status,
        envelope["data"],
        envelope["pagination"],
    )


def test_pages_follow_each_other_to_the_end(ask):
    """A client that goes on at `end` until it is `total` sees every batch once."""
    created = [ask.create()["id"] for _ in range(5)]
    seen, end, total = [], 0, 1
    while end < total:
        _, page = ask("GET", BATCHES, query=[("offset", str(end)), ("limit", "2")])
        seen += [each["id"] for each in page["data"]]
        end, total = page["pagination"]["end"], page["pagination"]["total"]

    assert created[::-1] == seen


def test_page_behind_the_end_is_empty(ask):
    """An offset beyond the last batch is no error."""
    ask.create()

    _, page = ask("GET", BATCHES, query=[("offset", "7")])

    assert (page["data"], page["pagination"]) == ([], {"total": 1, "start": 7, "end": 7})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ([("tag", "x")], [0, 2]),
        ([("tag", "x"), ("open", "true")], [2]),
        ([("status", "PENDING"), ("device_type", "FRESNEL")], [1]),
        ([("device_type", "FRESNEL"), ("device_type", "EMU_FREE")], [0, 1, 2]),
        ([("project_id", PROJECT)], [0, 1, 2]),
        ([("project_id", "other")], []),
        ([("user_id", "local"), ("status", "DONE")], []),
        ([("start_date", "2026-03-01T12:00:30+00:00")], [1, 2]),
        ([("end_date", "2026-03-01T12:00:30")], [0]),
    ],
)
def test_batches_are_filtered(ask, clock, query, expected):
    """Different keys mean and, repeated ones mean one of."""
    created = [ask.create(tags=["x"])]
    clock.advance(minutes=1)
    created += [ask.create(device_type="FRESNEL", tags=["y"]), ask.create(open=True, tags=["x"])]

    found = [each["id"] for each in ask.data("GET", BATCHES, query=query)]

    assert [created[i]["id"] for i in reversed(expected)] == found


def test_batch_is_found_by_its_id(ask):
    """A list can be asked for single batches."""
    created = [ask.create()["id"] for _ in range(3)]

    found = ask.data("GET", BATCHES, query=[("id", created[0]), ("id", created[2])])

    assert [created[2], created[0]] == [each["id"] for each in found]


def test_status_says_what_a_waiting_client_asks(ask):
    """The short status has the batch's own and the numbers of its jobs."""
    created = ask.create(3)

    expected = {"status": "PENDING", "jobs_count_per_status": {"PENDING": 3}}
    assert expected == ask.data("GET", f"{BATCHES}/{created['id']}/status")


def test_added_jobs_are_answered_with_all_jobs_in_order(ask):
    """The answer to an addition has the jobs that were there and those that are new."""
    created = ask.create(open=True)

    batch = ask.data("POST", f"/api/v2/batches/{created['id']}/jobs", [JOB, JOB | {"runs": 20}])

    assert [each["runs"] for each in batch["jobs"]] == [10, 10, 20]


def test_added_jobs_may_bring_their_own_sequences(ask):
    """An open batch without a sequence takes jobs that have one."""
    created = ask.create(open=True, sequence_builder=None, jobs=[])
    own = a_sequence(variables={})

    batch = ask.data("POST", f"/api/v2/batches/{created['id']}/jobs", [{"runs": 1, "sequence": own}])

    assert own == ask.data("GET", f"{JOBS}/{batch['jobs'][0]['id']}")["sequence"]


@pytest.mark.parametrize("end", ["complete", "cancel"])
def test_late_addition_is_refused_without_effect(ask, end):
    """Jobs that come after a close or a cancel are refused, and the batch stays as it was."""
    created = ask.create(open=True)
    ask.data("PATCH", f"/api/v2/batches/{created['id']}/{end}")
    before = ask.data("GET", f"/api/v2/batches/{created['id']}")

    status, envelope = ask("POST", f"/api/v2/batches/{created['id']}/jobs", [JOB])

    assert (status, envelope["status"]) == (409, "fail")
    assert before == ask.data("GET", f"/api/v2/batches/{created['id']}")


def test_closing_twice_is_closing_once(ask):
    """A close that is repeated because its answer was lost is answered alike."""
    path = f"/api/v2/batches/{ask.create(open=True)['id']}/complete"
    first = ask.data("PATCH", path)

    assert (first, False, True) == (ask.data("PATCH", path), first["open"], first["complete"])


def test_canceled_batch_is_answered_with_its_jobs(ask):
    """A cancel shows at once: the batch is canceled and closed, and so are its pending jobs."""
    created = ask.create(open=True)

    first, second = (ask.data("PATCH", f"/api/v2/batches/{created['id']}/cancel") for _ in range(2))

    assert (
        first
        == second
        == item(status="CANCELED", jobs_count_per_status={"CANCELED": 1}, end_datetime=first["updated_at"])
        | {
            "updated_at": first["updated_at"],
            "sequence_builder": a_sequence(),
            "jobs": [
                job(status="CANCELED", updated_at=first["updated_at"], end_timestamp=first["updated_at"])
            ],
        }
    )


def test_several_batches_are_canceled_together(ask, cloud, engine):
    """For every batch that could not be canceled there is a reason."""
    done, pending = ask.create()["id"], ask.create()["id"]
    cloud.step()
    engine.finish(uid(2))
    cloud.step()

    answer = ask.data("PATCH", f"{BATCHES}/cancel", {"batch_ids": [done, pending, "nobody"]})

    assert [(pending, "CANCELED")] == [(each["id"], each["status"]) for each in answer["batches"]]
    assert {
        done: "The batch is DONE; it cannot be canceled any more.",
        "nobody": "There is no batch nobody.",
    } == answer["errors"]


def test_some_jobs_of_a_batch_are_canceled(ask):
    """Jobs are canceled by filters in the query."""
    created = ask.create(3)
    ids = [each["id"] for each in created["jobs"]]

    path = f"/api/v2/batches/{created['id']}/cancel/jobs"
    answer = ask.data("PATCH", path, query=[("id", ids[0]), ("id", ids[2])])

    assert ([ids[0], ids[2]], {}) == ([each["id"] for each in answer["jobs"]], answer["errors"])
    assert ask.data("GET", f"{BATCHES}/{created['id']}/status")["jobs_count_per_status"] == {
        "PENDING": 1,
        "CANCELED": 2,
    }


def test_tags_are_replaced(ask):
    """The new tags are the only ones, in the answer and in later lists."""
    created = ask.create(tags=["old"])

    tagged = ask.data("PATCH", f"{BATCHES}/{created['id']}/tags", ["new", "newer"])

    assert tagged["tags"] == ["new", "newer"]
    assert ask.data("GET", BATCHES, query=[("tag", "old")]) == []


def test_rebatch_repeats_the_selected_jobs_of_a_closed_batch(ask):
    """The new batch and its jobs know what they repeat."""
    parent = ask.create(2, tags=["x"])

    child = ask.data("POST", f"{BATCHES}/{parent['id']}/rebatch", query=[("id", parent["jobs"][1]["id"])])

    assert (parent["id"], ["x"], [({"a": 1}, parent["jobs"][1]["id"])]) == (
        child["parent_id"],
        child["tags"],
        [(each["variables"], each["parent_id"]) for each in child["jobs"]],
    )


def test_rebatch_of_an_open_batch_or_of_nothing_is_refused(ask):
    """Only a closed batch is repeated, and only with at least one job."""
    is_open, is_closed = ask.create(open=True)["id"], ask.create()["id"]

    statuses = [
        ask("POST", f"{BATCHES}/{is_open}/rebatch")[0],
        ask("POST", f"{BATCHES}/{is_closed}/rebatch", query=[("status", "DONE")])[0],
    ]

    assert statuses == [409, 422]


def test_jobs_of_a_batch_are_listed_in_order(ask):
    """The list that the official SDK asks for has a batch's jobs in the order of their addition."""
    ask.create()
    created = ask.create(3)
    query = [("batch_id", created["id"]), ("order_by", "creation_order"), ("order_by_direction", "ASC")]

    assert created["jobs"] == ask.data("GET", JOBS, query=query)
    assert created["jobs"][::-1] == ask.data("GET", JOBS, query=query[:1])


@pytest.mark.parametrize(
    ("query", "n"), [([("min_runs", "11")], 1), ([("max_runs", "10")], 2), ([("errors", "true")], 0)]
)
def test_jobs_are_filtered(ask, query, n):
    """Jobs are selected by their runs and errors."""
    ask.create(2)
    ask.create(jobs=[JOB | {"runs": 11}])

    assert n == len(ask.data("GET", JOBS, query=query))


def test_job_is_read_with_its_own_sequence(ask):
    """A job that runs its batch's sequence has none of its own."""
    created = ask.create()

    assert job() | {"sequence": None} == ask.data("GET", f"{JOBS}/{created['jobs'][0]['id']}")


def test_pending_job_is_canceled_and_its_batch_ends(ask):
    """The last job of a closed batch takes the batch with it."""
    created = ask.create()
    job_id = created["jobs"][0]["id"]

    canceled = ask.data("PATCH", f"{JOBS}/{job_id}/cancel")

    assert "CANCELED" == canceled["status"] == ask.data("GET", f"/api/v1/jobs/{job_id}/status")["status"]
    assert ask.data("GET", f"{BATCHES}/{created['id']}/status")["status"] == "DONE"


def test_running_job_is_not_canceled(ask, cloud):
    """A job that runs goes on, and who asked is told."""
    job_id = ask.create()["jobs"][0]["id"]
    cloud.step()

    assert ask("PATCH", f"{JOBS}/{job_id}/cancel")[0] == 409


def test_result_is_behind_a_link_on_the_host_that_was_asked(ask, cloud, engine):
    """Once a job is done its link leads to counter, raw and Pulser's results, without an envelope."""
    job_id = ask.create()["jobs"][0]["id"]
    path = f"/api/v1/jobs/{job_id}/results_link"
    before = ask.data("GET", path)["results_link"]
    cloud.step()
    engine.finish(job_id, {"00": 1, "11": 2})
    cloud.step()

    link = ask.data("GET", path)["results_link"]
    base, token = link.rsplit("/", 1)
    status, body = ask("GET", f"/results/{token}")

    assert (None, f"http://{HOST['host']}/results", 43) == (before, base, len(token))
    assert (status, body["counter"], body["serialised_results"]) == (200, {"00": 1, "11": 2}, "{}")
    assert sorted(body["raw"]) == ["00", "11", "11"]
    assert body == ask("GET", f"/results/{token}")[1]


def test_link_that_nobody_gave_leads_nowhere(ask):
    """A guessed link is a 404."""
    assert ask("GET", "/results/guess")[0] == 404


def test_devices_and_their_specifications(ask):
    """Devices are listed, with their specifications in PCS's three forms."""
    spec = '{"name": "EMU_FREE"}'

    assert (
        [{"device_type": "EMU_FREE", "status": "UP", "availability": "ACTIVE"}],
        {"EMU_FREE": spec},
        {"device_type": "EMU_FREE", "specs": spec},
        [{"device_type": "EMU_FREE", "specs": spec}],
        404,
    ) == (
        ask.data("GET", "/api/v1/devices", query=[("device_type", "EMU_FREE")]),
        ask.data("GET", "/api/v1/devices/specs"),
        ask.data("GET", "/api/v1/devices/specs/EMU_FREE"),
        ask.data("GET", "/api/v1/devices/public-specs"),
        ask("GET", "/api/v1/devices/specs/ORION")[0],
    )


def test_projects_are_the_local_one_and_those_that_were_used(ask):
    """A client that chooses its project by the list finds the one it sent batches for."""
    ask.create()

    found = ask.data("GET", "/api/v1/projects", query=[("project_status", "ACTIVE")])

    assert [each["id"] for each in found] == ["00000000-0000-4000-8000-000000000000", PROJECT]


def test_health_says_which_store_is_served(ask):
    """Who looks for the server of a store asks here."""
    assert ask("GET", "/health") == (200, {"store": "/somewhere", "pid": 1})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/api/v1/batches/", 404),
        ("GET", "/api/v3/batches", 404),
        ("GET", f"/api/v2/batches/{uid(9)}", 404),
        ("GET", f"/api/v1/batches/{uid(9)}/status", 404),
        ("PATCH", f"/api/v2/batches/{uid(9)}/cancel", 404),
        ("PATCH", f"/api/v2/batches/{uid(9)}/complete", 404),
        ("PATCH", f"/api/v2/batches/{uid(9)}/cancel/jobs", 404),
        ("GET", f"/api/v2/jobs/{uid(9)}", 404),
        ("GET", f"/api/v1/jobs/{uid(9)}/results_link", 404),
        ("DELETE", "/api/v1/batches", 405),
        ("GET", f"/api/v2/batches/{uid(9)}/jobs", 405),
        ("POST", "/api/v1/workloads", 501),
        ("GET", "/api/v2/workloads/7", 501),
        ("GET", "/api/v1/batches?", 404),
    ],
)
def test_what_is_not_there_is_refused_in_the_envelope(ask, method, path, status):
    """Unknown paths, methods, ids and calls have a status each, and a body that clients can read."""
    answer, envelope = ask(method, path)

    assert (status, "fail", status) == (answer, envelope["status"], envelope["code"])
    assert envelope["data"]["description"]


def test_wrong_method_names_the_right_ones(ask):
    """A 405 says what would be allowed."""
    assert ("allow", "POST, GET") in ask.raw("DELETE", BATCHES).headers


def test_unsupported_call_is_logged(ask, caplog):
    """Somebody who misses a call of PCS finds it in the log."""
    with caplog.at_level(logging.WARNING, "runner.local.api.health"):
        ask("POST", "/api/v1/workloads")
        ask("GET", "/api/v2/workloads/a\nb")

    assert [
        "POST '/api/v1/workloads' is not available on the local cloud",
        r"GET '/api/v2/workloads/a\nb' is not available on the local cloud",
    ] == caplog.messages


@pytest.mark.parametrize(
    ("body", "description"),
    [
        (b"{", "json_invalid"),
        (
            {"project_id": PROJECT, "colour": "red", "open": True, "device_type": "EMU_FREE"},
            "extra_forbidden",
        ),
        ({"open": True, "device_type": "EMU_FREE"}, "missing"),
    ],
)
def test_faults_of_a_body_are_described(ask, body, description):
    """A 422 says where, what, and by which rule."""
    status, envelope = ask("POST", BATCHES, body)

    assert (422, description) == (status, envelope["data"]["description"][0]["type"])
    assert {"loc", "msg", "type"} == set(envelope["data"]["description"][0])


def test_refused_batch_is_not_there(ask):
    """A create call that is refused has no effect."""
    ask("POST", BATCHES, {"project_id": PROJECT, "device_type": "EMU_FREE"})

    assert ask.data("GET", BATCHES) == []


def test_filter_that_is_not_known_is_refused(ask):
    """An unknown filter is a 422 and not a longer list."""
    assert ask("GET", BATCHES, query=[("colour", "red")])[0] == 422


def test_request_for_another_host_is_refused_before_anything_else(ask):
    """What a web page elsewhere made a browser send has no effect, whatever it asks for."""
    body = {"project_id": PROJECT, "device_type": "EMU_FREE", "open": True}

    answer = ask.raw("POST", BATCHES, body, headers={"host": "evil.com"})

    assert (answer.status, ask.data("GET", BATCHES)) == (421, [])


@pytest.mark.parametrize(
    ("error", "status"), [(sqlite3.OperationalError("disk full"), 503), (KeyError("bug"), 500)]
)
def test_failure_of_the_store_is_an_answer(ask, store, monkeypatch, error, status):
    """A store that cannot be used is a 503, a bug a 500; both are answers."""

    def fail(*_):
        raise error

    monkeypatch.setattr(store, "batches", fail)

    assert status == ask("GET", BATCHES)[0]


def test_every_batch_has_the_same_priority(ask):
    """There is one queue for each device, so a filter finds all batches or none."""
    batch = ask.create()
    found = [
        [item["id"] for item in ask.data("GET", "/api/v1/batches", query=[("queue_priority", word)])]
        for word in ("LOW", "MEDIUM", "HIGH")
    ]

    assert [[], [batch["id"]], []] == found


@pytest.mark.parametrize(("runs", "expected"), [(10.0, 200), (10.5, 422), (True, 422), ("10", 422)])
def test_runs_are_whole_however_they_are_written(ask, runs, expected):
    """JSON has one kind of numbers; words and truth values are none."""
    body = {
        "project_id": "p",
        "sequence_builder": a_sequence(),
        "jobs": [{"runs": runs, "variables": {"a": 1}}],
    }
    status, envelope = ask("POST", BATCHES, body)

    assert expected == status
    assert status != 200 or [10] == [job["runs"] for job in envelope["data"]["jobs"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ([], (200, 1)),
        ([("project_status", "ACTIVE")], (200, 1)),
        ([("project_status", "CLOSED")], (200, 0)),
        ([("project_status", "CLOSED"), ("project_status", "ACTIVE")], (200, 1)),
        ([("colour", "red")], (422, 1)),
    ],
)
def test_projects_are_filtered_by_their_status(ask, query, expected):
    """Every project here is active; another filter is refused, not ignored."""
    status, envelope = ask("GET", "/api/v1/projects", query=query)

    assert expected == (status, len(envelope["data"]))


def test_a_browser_is_told_what_this_is(ask):
    """What it is, its version, its calls, what each device type takes, its documentation, and its health."""
    answer = ask.raw("GET", "/")
    lines = answer.body.decode().splitlines()

    assert (200, ("content-type", "text/plain; charset=utf-8")) == (answer.status, answer.headers[0])
    beginnings = ("This is the local cloud", "Version: ", "Its calls stand", "Its device types")
    assert [*beginnings, "Documentation: ", "Whether it is"] == [
        line[: len(beginning)]
        for line, beginning in zip(
            [*lines[:4], *lines[-2:]], (*beginnings, "Documentation: ", "Whether it is"), strict=True
        )
    ]
    assert [f"  {device.said}" for device in DEVICE_TYPES.values() if not device.gone] == lines[4:-2]


@pytest.mark.parametrize("prefix", ["/core-fast", "/account"])
def test_paths_may_have_the_prefixes_of_the_services(ask, prefix):
    """Clients that have one address for all of PCS write them."""
    ask.create()

    assert ask.data("GET", BATCHES) == ask.data("GET", f"{prefix}{BATCHES}")
    assert [404, 404] == [ask("GET", path)[0] for path in (f"{prefix}{prefix}{BATCHES}", f"{prefix}/health")]


def test_results_of_a_batch_come_at_once(ask, engine, cloud):
    """Of those jobs that have one, by their ids."""
    batch = ask.create(2)
    cloud.step()
    first, _ = ask.data("GET", f"/api/v2/batches/{batch['id']}")["job_ids"]
    engine.finish(first, {"01": 2})
    cloud.step()
    found = ask.data("GET", f"{BATCHES}/{batch['id']}/full_results")

    assert {first: {"01": 2}} == {job_id: each["counter"] for job_id, each in found.items()}
