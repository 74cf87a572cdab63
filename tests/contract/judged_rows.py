"""The orders that two clients carry out, and answers written by hand for what the local cloud never says."""

from __future__ import annotations

from judged_orders import order
from judged_world import VALUES, jobs
from recording_server import failure, success

B1, B2 = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
J1, J2 = "33333333-0000-4000-8000-000000000001", "33333333-0000-4000-8000-000000000002"
PROJECT, USER = "22222222-0000-4000-8000-000000000000", "auth0|0123456789abcdef"
THEN, NOW = "2026-03-01T12:00:00.000000+00:00", "2026-03-01T12:05:00.000000+00:00"
LONG_AGO, NEVER = "2026-01-01T00:00:00+00:00", "2099-12-31T23:59:59.5+02:00"


def create(world, *runs, **fields):
    """An order to create a batch."""
    values = {"serialized_sequence": world.text, "jobs": jobs(*runs), "device_type": "FRESNEL"} | fields
    read = values.pop("read", ["sequence_builder", *(["ordered_jobs"] if values["jobs"] else [])])
    return order("create_batch", read=read, **values)


ON_BATCHES = {
    "create a closed batch": lambda w: create(w, 10, 20),
    "create an open batch": lambda w: create(w, 10, 20, open=True),
    "create an open batch without jobs": lambda w: create(w, open=True),
    "create, and look for jobs that are not there": lambda w: create(w, open=True, read=["ordered_jobs"]),
    "create a batch with tags": lambda w: create(w, 10, tags=["a", "exp:b"]),
    "create a batch with an empty list of tags": lambda w: create(w, 10, tags=[]),
    "create a batch with options": lambda w: create(
        w,
        open=True,
        device_type="EMU_FREE",
        configuration={"strict_validation": False, "result_types": None, "with_noise": False},
    ),
    "create a batch of jobs with sequences": lambda w: create(
        w,
        serialized_sequence=None,
        jobs=[{"runs": 20, "serialized_sequence": text} for text in w.built],
        device_type="EMU_FREE",
        read=["sequence_builder", "ordered_jobs"],
    ),
    "create a batch that is refused": lambda w: create(w, 10**9),
    "create a batch without device type": lambda w: create(w, 10, device_type=None),
    "get a batch": lambda w: order("get_batch", id=w.an_id(1, 2), read=["sequence_builder", "job_ids"]),
    "get a batch and its jobs": lambda w: order("get_batch", id=w.an_id(1, 2), read=["ordered_jobs"]),
    "get a batch and its jobs by id": lambda w: order("get_batch", id=w.an_id(1, 2), read=["jobs"]),
    "get a batch that is done": lambda w: order("get_batch", id=w.finished(), read=["ordered_jobs"]),
    "get a batch that is not there": lambda w: order("get_batch", id=B1),
    "status of a batch": lambda w: order("get_batch_status", id=w.an_id(1)),
    "add jobs": lambda w: order(
        "add_jobs", batch_id=w.an_id(1, open=True), jobs=jobs(2, 3), read=["ordered_jobs"]
    ),
    "add jobs to a closed batch": lambda w: order(
        "get_batch", ["add_jobs", {"jobs": jobs(2)}], id=w.an_id(1)
    ),
    "add jobs with sequences, in place": lambda w: order(
        "get_batch",
        ["add_jobs", {"jobs": [{"runs": 2, "serialized_sequence": w.built[0]}]}],
        id=w.an_id(1, open=True),
        read=["ordered_jobs"],
    ),
    "close": lambda w: order("close_batch", batch_id=w.an_id(1, open=True), read=["sequence_builder"]),
    "close in place": lambda w: order("get_batch", "close", id=w.an_id(1, open=True)),
    "close by the deprecated name": lambda w: order(
        "get_batch", "declare_complete", id=w.an_id(1, open=True)
    ),
    "cancel a batch": lambda w: order("cancel_batch", id=w.an_id(1, 2), read=["ordered_jobs"]),
    "cancel a batch in place": lambda w: order(
        "get_batch", "cancel", id=w.an_id(1, 2), read=["ordered_jobs"]
    ),
    "cancel a batch that is not there": lambda w: order("cancel_batches", batch_ids=[B1]),
    "cancel batches": lambda w: order("cancel_batches", batch_ids=[w.an_id(1), B1, w.an_id(2)]),
    "refresh in place": lambda w: order("get_batch", "refresh", id=w.an_id(1), read=["sequence_builder"]),
    "set tags": lambda w: order("set_batch_tags", batch_id=w.an_id(1), tags=["c", "d"]),
    "set tags in place": lambda w: order("get_batch", ["set_tags", {"tags": ["c"]}], id=w.an_id(1)),
    "remove all tags": lambda w: order("set_batch_tags", batch_id=w.an_id(1, tags=["a"]), tags=[]),
    "rebatch": lambda w: order("rebatch", id=w.finished(), read=["ordered_jobs"]),
    "rebatch with one filter": lambda w: order(
        "rebatch", id=w.finished(), min_runs=35, read=["ordered_jobs"]
    ),
    "rebatch with all filters": lambda w: order(
        "rebatch",
        id=w.finished(),
        status=["DONE", "ERROR"],
        min_runs=1,
        max_runs=100,
        start_date="2026-01-01T00:00:00+00:00",
        end_date="2099-01-01T00:00:00.5+02:00",
        read=["ordered_jobs"],
    ),
    "rebatch an open batch": lambda w: order("rebatch", id=w.an_id(1, open=True)),
}
ON_JOBS = {
    "get a job": lambda w: order("get_job", id=w.job_ids(w.an_id(7))[0], read=["sequence"]),
    "get a job that is not there": lambda w: order("get_job", id=J1),
    "a job's own sequence": lambda w: order(
        "get_batch",
        id=w.an_id(sequence_builder=None, jobs=[{"runs": 2, "sequence": w.built[0]}]),
        read=["sequence_builder", "ordered_jobs.0.sequence"],
    ),
    "status of a job": lambda w: order("get_job_status", id=w.job_ids(w.an_id(7))[0]),
    "cancel a job": lambda w: order("cancel_job", id=w.job_ids(w.an_id(7, 8))[0], read=["sequence"]),
    "cancel a job in place": lambda w: order("get_job", "cancel", id=w.job_ids(w.an_id(7, 8))[0]),
    "cancel a job that is done": lambda w: order("get_job", "cancel", id=w.job_ids(w.finished())[0]),
    "cancel all jobs of a batch": lambda w: order("cancel_jobs", batch_id=w.an_id(7, 8)),
    "cancel jobs with filters": lambda w: order(
        "cancel_jobs",
        batch_id=w.an_id(7, 8, 9),
        min_runs=8,
        max_runs=8,
        start_date="2026-01-01T00:00:00+00:00",
        end_date="2099-01-01T00:00:00+00:00",
    ),
    "cancel jobs that are done": lambda w: order("cancel_jobs", batch_id=w.finished()),
    "a result": lambda w: order("get_job", id=w.job_ids(w.finished())[1], read=["result", "full_result"]),
    "a result that is not there yet": lambda w: order(
        "get_job", id=w.job_ids(w.an_id(7))[0], read=["result", "full_result"]
    ),
    "the results of a batch": lambda w: order(
        "get_batch", id=w.finished(), read=["ordered_jobs.0.result", "ordered_jobs.1.full_result"]
    ),
}
ON_OTHERS = {
    "devices, with a token": lambda w: order("get_device_specs_dict"),
    "devices, without a token": lambda w: order("get_device_specs_dict", token=False),
    "devices for everybody, with a token": lambda w: order(
        "raw", method="get_public_device_specs", arguments=[]
    ),
    "projects": lambda w: order("get_all_projects"),
}
ORDERS = ON_BATCHES | ON_JOBS | ON_OTHERS

# Filters of lists; each row is narrowed further by a tag, or by the batch.
BATCH_FILTERS = {
    "a tag": lambda b: {},
    "an id": lambda b: {"id": b},
    "several ids": lambda b: {"id": [b, B1]},
    "a project": lambda b: {"project_id": PROJECT},
    "a user": lambda b: {"user_id": USER},
    "several users": lambda b: {"user_id": [USER, "somebody"]},
    "a device": lambda b: {"device_type": "FRESNEL"},
    "several devices": lambda b: {"device_type": ["FRESNEL", "EMU_FREE"]},
    "a status": lambda b: {"status": "PENDING"},
    "several statuses": lambda b: {"status": ["PENDING", "TIMED_OUT", "DONE"]},
    "open": lambda b: {"open": True},
    "closed": lambda b: {"open": False},
    "dates": lambda b: {"start_date": LONG_AGO, "end_date": NEVER},
    "a priority": lambda b: {"queue_priority": "HIGH"},
    "several priorities": lambda b: {"queue_priority": ["HIGH", "LOW"]},
    "all together": lambda b: {"id": b, "status": ["PENDING"], "open": False, "start_date": LONG_AGO},
}
JOB_FILTERS = {
    "a batch": lambda b, j: {},
    "several batches": lambda b, j: {"batch_id": [b, B1]},
    "an id": lambda b, j: {"id": j},
    "several ids": lambda b, j: {"id": [j, J1]},
    "a project": lambda b, j: {"project_id": PROJECT},
    "several projects": lambda b, j: {"project_id": [PROJECT, B1]},
    "a user": lambda b, j: {"user_id": USER},
    "a status": lambda b, j: {"status": "PENDING"},
    "several statuses": lambda b, j: {"status": ["PENDING", "CANCELED"]},
    "fewest runs": lambda b, j: {"min_runs": 8},
    "most runs": lambda b, j: {"max_runs": 8},
    "errors": lambda b, j: {"errors": True},
    "no errors": lambda b, j: {"errors": False},
    "dates": lambda b, j: {"start_date": LONG_AGO, "end_date": NEVER},
    "all together": lambda b, j: {"min_runs": 7, "max_runs": 8, "status": "PENDING", "errors": False},
}
RAW_CALLS = {
    "send_batch": lambda w: [{"sequence_builder": w.text, "jobs": jobs(1), "device_type": "FRESNEL"}],
    "get_batch": lambda w: [w.an_id(1, 2)],
    "get_batch_status": lambda w: [w.an_id(1, 2)],
    "add_jobs": lambda w: [w.an_id(1, open=True), jobs(2)],
    "close_batch": lambda w: [w.an_id(1, open=True)],
    "cancel_batch": lambda w: [w.an_id(1, 2)],
    "cancel_batches": lambda w: [[w.an_id(1, 2), B1]],
    "set_batch_tags": lambda w: [w.an_id(1, 2), ["a"]],
    "get_batch_jobs": lambda w: [w.an_id(1, 2)],
    "get_job": lambda w: [w.job_ids(w.an_id(1))[0]],
    "get_job_status": lambda w: [w.job_ids(w.an_id(1))[0]],
    "cancel_job": lambda w: [w.job_ids(w.an_id(1))[0]],
    "get_job_results": lambda w: [w.job_ids(w.finished())[0]],
    "get_device_specs_dict": lambda w: [],
    "get_public_device_specs": lambda w: [],
    "get_all_active_projects": lambda w: [],
}


def a_batch(**fields):
    """A batch as the cloud writes it, with the fewest fields that there may be."""
    return {
        "id": B1,
        "user_id": USER,
        "project_id": PROJECT,
        "created_at": THEN,
        "updated_at": NOW,
        "open": False,
        "complete": True,
        "device_type": "FRESNEL",
        "status": "DONE",
    } | fields


def a_job(**fields):
    """A job as the cloud writes it, with the fewest fields that there may be."""
    return {
        "id": J1,
        "batch_id": B1,
        "project_id": PROJECT,
        "status": "DONE",
        "runs": 100,
        "created_at": THEN,
        "updated_at": NOW,
    } | fields


FULL_JOB = a_job(
    id=J2,
    status="ERROR",
    variables=VALUES | {"qubits": {"q0": 3}},
    errors=["the laser is off", "so are we"],
    start_timestamp=THEN,
    end_timestamp=NOW,
    parent_id=J1,
    creation_order=2,
)
FULL_BATCH = a_batch(
    sequence_builder="{}",
    jobs=[FULL_JOB, a_job(creation_order=1)],
    jobs_count=2,
    jobs_count_per_status={"DONE": 1, "ERROR": 1, "PENDING": 0},
    start_datetime=THEN,
    end_datetime=NOW,
    device_status="UP",
    webhook="https://example.org/hook",
    backend_configuration='{"observables": []}',
    tags=["a", "b"],
    parent_id=B2,
    shelf=[1, {"two": None}],
)
DONE = {"status": "DONE", "jobs_count_per_status": {"DONE": 1}}
NO_LINK = success({"results_link": None})
# An order for a result, and the answers up to it; LINK stands for an address on the server that answers.
RESULT = (
    order("get_job", id=J1, read=["result", "full_result"]),
    success(a_job()),
    success({"results_link": "LINK"}),
)


def reading(*read, then=(), **fields):
    """An order to get a batch that has these fields, and its answer."""
    return order("get_batch", *then, id=B1, read=read), success(a_batch(**fields))


def configured(device_type, *names):
    """The options of an emulator, as attributes."""
    options = {"with_noise": True, "result_types": ["counter"], "dt": 5.0, "max_bond_dim": 7, "mine": 1}
    paths = [f"configuration.{name}" for name in names]
    return reading(*paths, device_type=device_type, configuration=options)


ANSWERED = {
    "a batch with the fewest fields": reading("configuration"),
    "a batch with all fields": (
        order("get_batch", id=B1, read=["sequence_builder", "ordered_jobs", "jobs", "shelf"]),
        success(FULL_BATCH),
    ),
    "a job with the fewest fields": (order("get_job", id=J1), success(a_job())),
    "a job with all fields": (
        order("get_job", id=J2, read=["sequence", "creation_order"]),
        success(FULL_JOB | {"sequence": "{}"}),
    ),
    "a job without runs": (order("get_job", id=J1), success(a_job(runs=None))),
    "a paused batch": reading(status="PAUSED", open=True, complete=False),
    "a batch on a device of tomorrow": reading("configuration", status="TELEPORTED", device_type="FRESNEL_9"),
    "options of EMU_FREE": configured(
        "EMU_FREE", "with_noise", "result_types", "strict_validation", "extra_config"
    ),
    "options of EMU_TN": configured(
        "EMU_TN", "dt", "precision", "max_bond_dim", "result_types", "extra_config"
    ),
    "options of FRESNEL": configured("FRESNEL", "result_types", "strict_validation", "extra_config"),
    **{
        f"options of {name}": reading("configuration", device_type=name, configuration={"dt": 5.0})
        for name in ("EMU_FRESNEL", "EMU_MPS", "EMU_SV")
    },
    "jobs without pagination": (*reading("ordered_jobs"), success([a_job(), FULL_JOB])),
    "an empty list of jobs": (*reading("ordered_jobs", jobs=[]), success([])),
    "a refresh without jobs": (
        order("get_batch", "refresh", id=B1, read=["ordered_jobs"]),
        success(a_batch(jobs=[a_job(status="RUNNING")])),
        success(a_batch()),
        success([a_job(), FULL_JOB]),
    ),
    "a refresh with fewer fields": (
        order("get_batch", "refresh", id=B1),
        success(FULL_BATCH),
        success(a_batch(jobs=[a_job()])),
    ),
    "a sequence that comes later": (
        *reading("sequence_builder"),
        success(a_batch(sequence_builder="{}")),
    ),
    "a batch without sequence": reading("sequence_builder", sequence_builder=None),
    "a result": (
        *RESULT,
        b'{"counter": {"01": 60, "10": 40}, "raw": ["01", "10"], "serialised_results": "{}", "more": [1]}',
    ),
    "a result with counts alone": (*RESULT, b'{"counter": {"01": 60, "10": 40}}'),
    "a result without counts": (*RESULT, b'{"raw": null, "serialised_results": "{}"}'),
    "no result, asked for twice": (*RESULT[:2], NO_LINK, NO_LINK),
    "a cancelled job without status": (
        order("get_job", "cancel", id=J1),
        success(a_job(status="RUNNING")),
        success({}),
    ),
    "a job with a known sequence, tried again": (
        order("get_batch", ["retry", {"job": "@ordered_jobs.0"}], id=B1, read=["ordered_jobs"]),
        success(a_batch(jobs=[a_job(variables=VALUES, sequence=None)])),
        success(a_batch(jobs=[a_job(variables=VALUES), FULL_JOB])),
    ),
    "a job with its own sequence, tried again": (
        order("get_batch", ["retry", {"job": "@ordered_jobs.0"}], id=B1, read=["ordered_jobs"]),
        success(a_batch(jobs=[a_job(sequence="{}")])),
        success(a_batch(jobs=[a_job(), FULL_JOB])),
    ),
    "a list of batches": (
        order("get_batches", tag="é & =/+?#", open=False),
        success([a_batch(), FULL_BATCH], pagination={"total": 2, "start": 0, "end": 2}),
    ),
    "a list without pagination": (order("get_jobs", batch_id=B1), success([FULL_JOB])),
}
# Waiting ends at once. The SDK asks for a status since 0.24.
_STATUS_AND_BATCH = (success(DONE), success(a_batch()))
WAITED = {
    **{
        f"{method} with {arguments}": (
            order("get_batch", [method, arguments], id=B1),
            *(success(a_batch()), success(a_batch()), *_STATUS_AND_BATCH),
        )
        for method, arguments in (
            ("close", {"wait": True}),
            ("close", {"fetch_results": True}),
            ("declare_complete", {"wait": True}),
            ("add_jobs", {"jobs": jobs(1), "wait": True}),
        )
    },
    "create_batch with wait": (
        order("create_batch", serialized_sequence="{}", jobs=jobs(1), wait=True),
        *(success(a_batch()), *_STATUS_AND_BATCH),
    ),
}
REFUSED = {
    **{
        f"{path} is refused with {status}": (
            order("get_batch", [path, arguments], id=B1),
            success(a_batch(jobs=[a_job(sequence=None)])),
            failure(status),
        )
        for status in (403, 404, 409, 422)
        for path, arguments in {
            "add_jobs": {"jobs": jobs(1)},
            "retry": {"job": "@ordered_jobs.0"},
            "close": {},
            "declare_complete": {},
            "cancel": {},
            "refresh": {},
            "set_tags": {"tags": ["a"]},
            "ordered_jobs.0.cancel": {},
        }.items()
    },
    **{
        f"{call} is refused": (order(call, **arguments), failure(422))
        for call, arguments in {
            "create_batch": {
                "serialized_sequence": "{}",
                "jobs": jobs(1),
                "open": False,
                "device_type": "EMU_FREE",
            },
            "get_batch": {"id": B1},
            "get_batches": {"tag": "a"},
            "cancel_batches": {"batch_ids": [B1]},
            "rebatch": {"id": B1},
            "get_jobs": {"batch_id": B1},
            "get_job": {"id": J1},
        }.items()
    },
}
