"""The official SDK as a judge: for the same orders, ours asks the same of the cloud and reads the same.

The SDK speaks first, to a local cloud behind a server that writes everything down. Then ours hears the very
same answers, so that ids and times are the same for both. Where a row is about answers that the local cloud
never gives, they are written by hand, and both hear those.
"""

from __future__ import annotations

import contextlib
import os
import uuid

import pytest
from filelock import FileLock
from judged_orders import order
from judged_rows import ANSWERED, BATCH_FILTERS, JOB_FILTERS, ORDERS, RAW_CALLS, REFUSED, WAITED
from judged_sides import SdkProcess, install, our_client, we_read
from judged_world import World, jobs
from recording_server import Heard, RecordingServer, Said, shortened

import runner
from runner.cloud import Client

INSTALLED = "0.24.0"
# Calls that came with 0.24.
NEW_CALLS = {"get_batch_status", "get_job_status"}


@pytest.fixture(scope="session", params=["0.23.0", INSTALLED])
def sdk(request, tmp_path_factory):
    """The SDK in each of its versions; one that cannot be installed is left out, and why is shown."""
    folder = tmp_path_factory.mktemp("sdk")
    site, reason = None, ""
    if request.param != INSTALLED:
        # By the first of the test processes, for pip takes seconds of a processor.
        base = tmp_path_factory.getbasetemp()
        site = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"sdk-{request.param}"
        with FileLock(f"{site}.lock"):
            if not site.is_dir() and not (reason := install(request.param, folder / "site")):
                (folder / "site").rename(site)
    if reason:
        pytest.skip(f"THE SDK {request.param} JUDGES NOTHING HERE, it cannot be installed: {reason}")
    with contextlib.closing(SdkProcess(folder / "errors.txt", site)) as process:
        assert request.param == process.version
        yield process


@pytest.fixture(scope="module")
def recorder():
    """What stands in front of the cloud."""
    with contextlib.closing(RecordingServer()) as server:
        yield server


@pytest.fixture(scope="module")
def world(local_server):
    """One world for all orders: each makes the batches that it changes."""
    with our_client(local_server.url) as client:
        yield World(client, local_server.url)


def the_sdk(sdk, recorder, world, order):
    """The tape of what the SDK and the local cloud say to each other, and what the SDK reads."""
    with recorder.in_front_of(world.url) as tape:
        they_read = sdk.read(recorder.url, order)
    return tape, they_read


def ours(recorder, order, answers, asked=None):
    """What our side asks when it hears these answers, and what it reads."""
    with recorder.saying(answers, asked) as tape:
        read = we_read(recorder.url, order)
    return tape.heard, read


def both(sdk, recorder, world, order):
    """What each side asks and reads: theirs, ours."""
    tape, they_read = the_sdk(sdk, recorder, world, order)
    return (tape.heard, they_read), ours(recorder, order, tape.said, tape.heard)


def both_hear(sdk, recorder, order, *answers):
    """What each side asks and reads when it hears answers that are written by hand: theirs, ours."""
    linked = [_linked(answer, f"{recorder.url}/results/1") for answer in answers]
    with recorder.saying(linked) as tape:
        they_read = sdk.read(recorder.url, order)
    return (tape.heard, they_read), ours(recorder, order, linked)


def _linked(answer, link):
    body = answer if isinstance(answer, bytes) else answer.body
    return Said(200 if isinstance(answer, bytes) else answer.status, body.replace(b"LINK", link.encode()))


def skip_unless_known(sdk, call):
    """Leaves out what an older SDK cannot do."""
    if call in NEW_CALLS - sdk.calls:
        pytest.skip(f"the SDK {sdk.version} has no {call}")


@pytest.mark.parametrize("name", ORDERS)
def test_the_same_is_asked_and_the_same_is_read(sdk, recorder, world, name):
    """Method, path, query, body and token of each request, and each field of what comes back."""
    order = ORDERS[name](world)
    skip_unless_known(sdk, order["call"])

    theirs, mine = both(sdk, recorder, world, order)

    assert theirs[0] == mine[0]
    assert theirs[1] == mine[1]


@pytest.mark.parametrize("call", RAW_CALLS)
def test_payloads_are_the_same(sdk, recorder, world, call):
    """One method an endpoint, by the same name: the payload as the cloud wrote it."""
    skip_unless_known(sdk, call)

    theirs, mine = both(sdk, recorder, world, order("raw", method=call, arguments=RAW_CALLS[call](world)))

    assert theirs[0] == mine[0]
    assert theirs[1] == mine[1]


@pytest.mark.parametrize("name", BATCH_FILTERS)
def test_lists_of_batches_are_filtered_alike(sdk, recorder, world, name):
    """By each filter there is, and by several."""
    tag = f"tag:{uuid.uuid4().hex} é & =/+?#"
    filters = BATCH_FILTERS[name](world.an_id(1, tags=[tag]))
    world.batch(1, 2, tags=[tag], open=True)

    theirs, mine = both(sdk, recorder, world, order("get_batches", tag=tag, **filters))

    assert theirs[0] == mine[0]
    assert theirs[1] == mine[1]


@pytest.mark.parametrize("name", JOB_FILTERS)
def test_lists_of_jobs_are_filtered_alike(sdk, recorder, world, name):
    """By each filter there is, and by several."""
    batch_id = world.an_id(7, 8, 9)
    filters = JOB_FILTERS[name](batch_id, world.job_ids(batch_id)[1])

    theirs, mine = both(sdk, recorder, world, order("get_jobs", **{"batch_id": batch_id} | filters))

    assert theirs[0] == mine[0]
    assert theirs[1] == mine[1]


@pytest.mark.parametrize("name", ANSWERED)
def test_the_same_answers_are_read_alike(sdk, recorder, name):
    """Those that the local cloud never gives: all fields, few fields, fields and statuses of tomorrow."""
    theirs, mine = both_hear(sdk, recorder, *ANSWERED[name])

    assert theirs[0] == mine[0]
    assert theirs[1] == mine[1]


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_are_told_by_the_same_names(sdk, recorder, name):
    """The name of the error says what the user was doing."""
    theirs, mine = both_hear(sdk, recorder, *REFUSED[name])

    assert theirs[0] == mine[0]
    assert theirs[1] == mine[1]


@pytest.mark.parametrize("name", WAITED)
def test_waiting_asks_the_light_question(sdk, recorder, name):
    """And reads the batch once, when nothing is left to wait for."""
    if sdk.version == "0.23.0":
        pytest.skip("the SDK 0.23.0 reads all jobs each time")

    theirs, mine = both_hear(sdk, recorder, *WAITED[name])

    assert theirs[0] == mine[0]
    assert theirs[1] == mine[1]


def test_jobs_of_a_batch_are_read_page_by_page_in_their_order(sdk, recorder, world):
    """The pages are asked for by the same requests; on purpose, ours asks for them at the same time."""
    wanted = order("get_batch", id=world.many(), read=["ordered_jobs"])

    theirs, mine = both(sdk, recorder, world, wanted)

    assert list(range(1, 202)) == [job["runs"] for job in mine[1]["read"]["ordered_jobs"]]
    assert sorted(theirs[0], key=repr) == sorted(mine[0], key=repr)
    assert theirs[1] == mine[1]


def test_lists_go_on_where_the_sdk_is_asked_for_the_next_page(sdk, recorder, world):
    """On purpose, ours gives all pages one after the other; the SDK gives the page it is asked for."""
    pages = [
        the_sdk(sdk, recorder, world, order("get_jobs", batch_id=world.many(), offset=offset))
        for offset in (0, 100, 200)
    ]
    asked = [heard for tape, _ in pages for heard in tape.heard]
    said = [said for tape, _ in pages for said in tape.said]

    heard, read = ours(recorder, order("get_jobs", batch_id=world.many()), said)

    assert asked == heard
    assert [job for _, page in pages for job in page["read"]] == read["read"]


def test_a_job_is_tried_again_with_its_own_sequence(sdk, recorder, world):
    """On purpose, ours looks for the sequence first; the SDK would send the job without it."""
    batch_id = world.an_id(jobs=[{"runs": 2, "sequence": world.built[0]}], open=True)
    (job_id,) = world.job_ids(batch_id)
    again = order("get_batch", ["retry", {"job": "@ordered_jobs.0"}], id=batch_id, read=["ordered_jobs"])

    tape, they_read = the_sdk(sdk, recorder, world, again)
    with recorder.in_front_of(world.url) as our_tape:
        read = we_read(recorder.url, again)

    expected = [
        *tape.heard[:2],
        Heard("GET", f"/api/v2/jobs/{job_id}", token="Bearer token"),
        Heard(
            "POST",
            f"/api/v2/batches/{batch_id}/jobs",
            body=[{"runs": 2, "variables": None, "sequence": shortened(world.built[0])}],
            token="Bearer token",
        ),
    ]
    assert "JobRetryError" == they_read["read"]
    assert expected == our_tape.heard
    assert [2, 2] == [job["runs"] for job in read["read"]["ordered_jobs"]]


def test_only_the_wording_of_a_request_differs(sdk, recorder, world):
    """On purpose: who speaks, and that a small body is not compressed."""
    small = order("add_jobs", batch_id=world.an_id(1, open=True), jobs=jobs(1))
    large = order("add_jobs", batch_id=world.an_id(1, open=True), jobs=jobs(*range(1, 50)))
    plain = order("get_batch", id=world.an_id(1))
    worded = []
    for wanted in (small, large, plain):
        theirs, mine = both(sdk, recorder, world, wanted)
        worded.append([_wording(heard) for heard in (theirs[0][0], mine[0][0])])

    agents = (f"PasqalCloudSDK/{sdk.version}", f"pulser-runner/{runner.__version__}")
    json = "application/json"
    assert [
        [(agents[0], json, "gzip"), (agents[1], json, None)],
        [(agents[0], json, "gzip"), (agents[1], json, "gzip")],
        [(agents[0], json, None), (agents[1], None, None)],
    ] == worded


def _wording(heard):
    return tuple(heard.headers.get(name) for name in ("user-agent", "content-type", "content-encoding"))


def test_every_call_of_the_sdk_is_one_of_ours(sdk):
    """By the same name; workloads are no part of what we do."""
    foreign = {"send_workload", "get_workload", "cancel_workload", "user_token", "unknown_endpoint_message"}

    assert set() == sdk.calls - foreign - {"project_id"} - set(dir(Client))
    assert (NEW_CALLS if sdk.version == "0.23.0" else set()) == NEW_CALLS - sdk.calls
