"""Tokens, and projects that do not see each other."""

from __future__ import annotations

import json
import logging

import pytest
from local_fakes import HOST, FakeSequences, a_sequence

from runner.errors import LocalCloudError
from runner.local.api.auth import Tokens
from runner.local.protocol.configuration import Configuration
from runner.local.protocol.messages import Request
from runner.local.server.local_cloud import LocalCloud
from runner.local.server.server import ServerSettings, require_guarded, serve

OURS, THEIRS = "11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000"
TOKENS = {OURS: "ours-0123456789abcdef", THEIRS: "theirs-0123456789abcdef"}
GUARD = "guard-0123456789abcdef"
BATCHES, JOBS = "/api/v1/batches", "/api/v2/jobs"
JOB = {"runs": 10, "variables": {"a": 1}}


class Client:
    """Asks with a token."""

    def __init__(self, cloud, token=None, host=HOST):
        self._cloud = cloud
        self._headers = host | ({} if token is None else {"authorization": f"Bearer {token}"})

    def __call__(self, method, path, body=None, query=()):
        """Status and JSON body."""
        plain = b"" if body is None else json.dumps(body).encode()
        answer = self._cloud.handle(
            Request(method=method, path=path, query=tuple(query), headers=self._headers, body=plain)
        )
        return answer.status, json.loads(answer.body)

    def create(self, project, **fields):
        """Status and data of a create call."""
        body = {
            "project_id": project,
            "device_type": "EMU_FREE",
            "sequence_builder": a_sequence(),
            "jobs": [JOB],
        }
        status, envelope = self("POST", BATCHES, body | fields)
        return status, envelope["data"]


@pytest.fixture
def guarded(store, engine):
    """A cloud with two projects, and control."""
    configuration = Configuration.model_validate(
        {"tokens": TOKENS, "control": {"enabled": True, "token": GUARD}}
    )
    return LocalCloud(store, engine, sequences=FakeSequences(), configuration=configuration)


@pytest.fixture
def ours(guarded):
    """A client of one project."""
    return Client(guarded, TOKENS[OURS])


@pytest.fixture
def theirs(guarded):
    """A client of the other."""
    return Client(guarded, TOKENS[THEIRS])


@pytest.mark.parametrize(
    "token", [None, "", "wrong", TOKENS[OURS] + "x", TOKENS[OURS][:-1], GUARD, "schlüssel"]
)
@pytest.mark.parametrize(
    "path", [BATCHES, JOBS, "/api/v1/devices/specs", "/api/v1/projects", "/api/v1/queues"]
)
def test_call_without_the_right_token_is_refused(guarded, caplog, token, path):
    """401 in the envelope, that says nothing of what was sent; nor does the log."""
    with caplog.at_level(logging.DEBUG):
        status, envelope = Client(guarded, token)("GET", path)

    assert (401, "fail", 401) == (status, envelope["status"], envelope["code"])
    assert not token or token not in json.dumps(envelope) + caplog.text


def test_refusal_names_the_scheme(guarded):
    """A 401 says which kind of token is wanted."""
    answer = guarded.handle(Request(method="GET", path=BATCHES, headers=HOST))

    assert ("www-authenticate", "Bearer") in answer.headers


def test_public_calls_need_no_token(guarded):
    """Who is there, and which devices there are, is told to everybody."""
    nobody = Client(guarded)

    assert [200, 200] == [nobody("GET", path)[0] for path in ("/health", "/api/v1/devices/public-specs")]


def test_only_a_token_is_told_what_the_server_is(store, engine):
    """Path and process are nobody's business; that it is there is."""
    about = {"store": "/home/me/lab", "pid": 7, "version": "1", "instance": "i"}
    configuration = Configuration.model_validate({"tokens": TOKENS})
    cloud = LocalCloud(store, engine, sequences=FakeSequences(), configuration=configuration, about=about)
    told = [Client(cloud, token)("GET", "/health") for token in (None, "wrong", TOKENS[OURS])]

    public = {"version": "1", "instance": "i"}
    assert [(200, public), (200, public), (200, about)] == told


def test_queues_name_the_projects_own_and_count_the_others(store, engine, ours, theirs):
    """Who has a token sees that others are before them, and not who; without tokens all are named."""
    ours.create(OURS)
    theirs.create(THEIRS)
    theirs.create(THEIRS)
    told = [client("GET", "/api/v1/queues")[1]["data"] for client in (ours, theirs)]

    assert [([OURS], 2), ([THEIRS], 1)] == [
        ([each["project_id"] for each in said["queues"]], said["others"]["pending"]) for said in told
    ]
    everybody = Client(LocalCloud(store, engine, sequences=FakeSequences()))
    said = everybody("GET", "/api/v1/queues")[1]["data"]
    assert {OURS: 1, THEIRS: 2} == {each["project_id"]: each["pending"] for each in said["queues"]}
    assert ({"pending": 0, "running": 0}, engine.workers()) == (said["others"], said["workers"])


def test_batch_is_created_in_the_project_of_the_token_only(ours):
    """A project_id that is not the token's is refused, without effect."""
    refused, _ = ours.create(THEIRS)
    accepted, batch = ours.create(OURS)

    assert (403, 200, OURS) == (refused, accepted, batch["project_id"])
    assert [batch["id"]] == [each["id"] for each in ours("GET", BATCHES)[1]["data"]]


@pytest.mark.parametrize(
    "query", [(), (("project_id", OURS),), (("project_id", OURS), ("project_id", THEIRS))]
)
def test_lists_have_the_projects_own_only(ours, theirs, query):
    """Whatever is asked for, nothing of another project is listed or counted."""
    ours.create(OURS)

    for path in (BATCHES, JOBS):
        _, envelope = theirs("GET", path, query=query)
        assert ([], 0) == (envelope["data"], envelope["pagination"]["total"])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v2/batches/{batch}", None),
        ("GET", "/api/v1/batches/{batch}/status", None),
        ("POST", "/api/v2/batches/{batch}/jobs", [JOB]),
        ("PATCH", "/api/v2/batches/{batch}/complete", None),
        ("PATCH", "/api/v2/batches/{batch}/cancel", None),
        ("PATCH", "/api/v2/batches/{batch}/cancel/jobs", None),
        ("PATCH", "/api/v1/batches/{batch}/tags", ["x"]),
        ("POST", "/api/v1/batches/{batch}/rebatch", None),
        ("GET", "/api/v2/jobs/{job}", None),
        ("GET", "/api/v1/jobs/{job}/status", None),
        ("GET", "/api/v1/jobs/{job}/results_link", None),
        ("PATCH", "/api/v2/jobs/{job}/cancel", None),
    ],
)
def test_foreign_id_is_answered_as_one_that_does_not_exist(ours, theirs, method, path, body):
    """404 in the same words, and nothing has happened to the other's batch."""
    _, batch = ours.create(OURS, open=not path.endswith("rebatch"))
    ids = {"batch": batch["id"], "job": batch["jobs"][0]["id"]}
    nowhere = dict.fromkeys(ids, "nowhere")
    before = ours("GET", f"/api/v2/batches/{batch['id']}"), ours("GET", JOBS)

    foreign = theirs(method, path.format(**ids), body)
    unknown = theirs(method, path.format(**nowhere), body)

    def blurred(answer, names):
        text = json.dumps(answer)
        for name in names.values():
            text = text.replace(name, "…")
        return text

    assert 404 == foreign[0]
    assert blurred(unknown, nowhere) == blurred(foreign, ids)
    assert before == (ours("GET", f"/api/v2/batches/{batch['id']}"), ours("GET", JOBS))


def test_foreign_batch_is_not_canceled_among_others(ours, theirs):
    """A call that cancels several has no effect on those of another project."""
    _, batch = ours.create(OURS)
    _, own = theirs.create(THEIRS)

    _, envelope = theirs("PATCH", f"{BATCHES}/cancel", {"batch_ids": [batch["id"], own["id"]]})

    assert [own["id"]] == [each["id"] for each in envelope["data"]["batches"]]
    assert {batch["id"]: f"There is no batch {batch['id']}."} == envelope["data"]["errors"]
    assert "PENDING" == ours("GET", f"{BATCHES}/{batch['id']}/status")[1]["data"]["status"]


def test_project_is_the_only_one_there_is(ours, theirs):
    """The list of projects has that of the token."""
    ours.create(OURS)

    assert [THEIRS] == [each["id"] for each in theirs("GET", "/api/v1/projects")[1]["data"]]


@pytest.mark.parametrize(("token", "status"), [(GUARD, 200), (TOKENS[OURS], 401), (None, 401)])
def test_control_has_a_token_of_its_own(guarded, token, status):
    """A project's token does not change how the cloud behaves for others."""
    assert status == Client(guarded, token)("GET", "/control/faults")[0]


def test_server_with_tokens_answers_under_any_name(guarded):
    """Another machine knows it under another name, and result links are built from that."""
    away = Client(guarded, TOKENS[OURS], host={"host": "lab-server:8000"})

    assert 200 == away("GET", BATCHES)[0]


def test_request_without_host_is_refused(guarded):
    """Links are built from the host, so there has to be one."""
    assert 400 == Client(guarded, TOKENS[OURS], host={})("GET", BATCHES)[0]


def test_without_tokens_any_token_will_do(ask):
    """As before: on loopback nobody is asked who they are."""
    headers = HOST | {"authorization": "Bearer whatever"}

    assert [200, 200] == [ask.raw("GET", BATCHES, headers=each).status for each in (HOST, headers)]


def test_tokens_are_never_shown():
    """Neither by the configuration nor by what is kept of it."""
    configuration = Configuration.model_validate(
        {"tokens": TOKENS, "control": {"enabled": True, "token": GUARD}}
    )
    tokens = Tokens.of(configuration.tokens)
    shown = f"{configuration!r} {configuration} {configuration.model_dump_json()} {tokens!r} {tokens}"

    assert [] == [token for token in (*TOKENS.values(), GUARD) if token in shown]


def test_server_without_tokens_says_how_to_be_reached(tmp_path):
    """A host other than loopback is refused, with what to do about it."""
    with pytest.raises(LocalCloudError, match="loopback only") as refused:
        serve(ServerSettings(store=tmp_path / "store", host="0.0.0.0"))

    assert "[tokens]" in refused.value.hint


def test_server_with_tokens_may_be_reached_by_others(tmp_path):
    """Then every request has to say who it is from."""
    configuration = Configuration.model_validate({"tokens": TOKENS})

    assert (
        require_guarded(ServerSettings(store=tmp_path, host="0.0.0.0", configuration=configuration)) is None
    )
