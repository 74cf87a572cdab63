"""`runner sync` that tells a webhook and the host of the repository how things stand."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import jsonschema
import pytest
from followed import Process
from receiver import HANG, receiving

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "notification.schema.json").read_text("utf-8"))
SETTINGS = """\
namespace = "lab"
[[notifications]]
url = "{url}/hook"
secret_env = "RUNNER_WEBHOOK_SECRET"
[commit_status]
provider = "github"
url = "{url}"
repository = "lab/experiments"
token_env = "RUNNER_STATUS_TOKEN"
"""


@pytest.fixture
def lab(followed_lab):
    """The repository that is followed."""
    return followed_lab


def follow(lab, receiver, monkeypatch):
    """Has the repository name the receiver; answers the commit."""
    monkeypatch.setenv("RUNNER_WEBHOOK_SECRET", "hunter2")
    monkeypatch.setenv("RUNNER_STATUS_TOKEN", "ghp_hunter2")
    (lab.work / "runner.toml").write_text(SETTINGS.format(url=receiver.url), encoding="utf-8")
    return lab.push()


def test_what_was_merged_is_told_once_when_it_is_measured_or_refused(lab, monkeypatch):
    """Signed and as the schema says; a run later nothing is told again, and nothing if nobody is to be."""
    with receiving() as receiver:
        good = follow(lab, receiver, monkeypatch)
        codes = [lab.once("--no-notifications")[0] in {0, 5}, len(receiver.got)]
        codes += [lab.once("--wait")[0], lab.once("--wait")[0]]
        bad = lab.push(two="apiVersion: runner/v1\nkind: Experiment\n")
        codes += [lab.once()[0], lab.once()[0]]
    hooks = [got for got in receiver.got if got.path == "/hook"]
    states = [(got.path, got.value["state"]) for got in receiver.got if got.path != "/hook"]

    assert [True, 0, 0, 0, 1, 1] == codes
    assert [("complete", "pair", good), ("invalid", None, bad)] == [
        tuple(got.value[key] for key in ("state", "experiment", "commit")) for got in hooks
    ]
    assert [
        (f"/repos/lab/experiments/statuses/{good}", "success"),
        (f"/repos/lab/experiments/statuses/{bad}", "failure"),
    ] == states
    for got in hooks:
        jsonschema.validate(got.value, SCHEMA, format_checker=jsonschema.FormatChecker())
        signed = f"{got.headers['x-runner-timestamp']}.".encode() + got.body
        expected = hmac.new(b"hunter2", signed, hashlib.sha256).hexdigest()
        assert f"sha256={expected}" == got.headers["x-runner-signature-256"]


@pytest.mark.long
def test_sigterm_ends_a_sync_whose_receiver_hangs(lab, monkeypatch):
    """In order; what it could not tell is told by the next start."""
    with receiving(HANG) as receiver:
        follow(lab, receiver, monkeypatch)
        process = Process(lab)
        try:
            process.until(receiver.hung.is_set)
        finally:
            ended = process.end()
        code, _ = lab.once("--wait")
        told = [got.value["state"] for got in receiver.got[1:]]

    assert (0, "ended; nothing is lost: start it again to go on\n") == ended
    assert code == 0
    assert "complete" in told
