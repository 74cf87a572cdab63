"""Planted secrets are found nowhere: not in repr, logs, errors, tracebacks, journal, records or plan."""

from __future__ import annotations

import json
import logging
import traceback
from pathlib import Path

import pytest
from builders import a_wanted_job, an_experiment

from runner.cloud import (
    Answer,
    Client,
    Credentials,
    Endpoints,
    NoAnswerError,
    PasswordGrant,
    ReadyToken,
    Retrying,
)
from runner.cloud.wire.endpoints import region_login
from runner.errors import RunnerError
from runner.reconcile import Context, Journal, Patience, Reconciler, Snapshot, TargetSettings, utc_now
from runner.results import Records

TOKEN, PASSWORD = "planted-token-7f3a", "planted-password-91bc"
LOGIN = region_login("fr")


class TokenThen:
    """Hands out the planted token, and then does what the test says."""

    def __init__(self, then):
        self._then = then

    def send(self, request):
        """A token for a login, else what the test says."""
        if request.url == LOGIN.token_endpoint:
            return Answer(200, {}, json.dumps({"access_token": TOKEN, "expires_in": 3600}).encode())
        if isinstance(self._then, Exception):
            raise self._then
        return self._then


def a_client(then):
    """A client that has logged in with the planted password."""
    port = TokenThen(then)
    tokens = PasswordGrant("ada", PASSWORD, login=LOGIN, port=port)
    endpoints = Endpoints(core="https://pcs.test", account="https://pcs.test")
    return Client(
        endpoints=endpoints, project_id="p", tokens=tokens, port=port, retrying=Retrying(budget_s=0.0)
    )


def shown(error):
    """All that Python can show of an error, the values of local variables included."""
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(whole.format()) + str(error) + repr(error) + repr(vars(error))


TROUBLES = [NoAnswerError("reset"), Answer(401, {}, b"no"), Answer(500, {}, b"<html>"), Answer(200, {}, b"{")]


@pytest.mark.parametrize("then", TROUBLES, ids=["no answer", "401", "500", "cut"])
def test_no_secret_is_in_an_error_or_its_traceback(then, caplog):
    """Whatever goes wrong, with every logger at its loudest."""
    caplog.set_level(logging.DEBUG)
    client = a_client(then)
    for call in (lambda: client.get_batch("b"), lambda: client.send_batch({"jobs": []})):
        with pytest.raises(RunnerError) as caught:
            call()
        text = shown(caught.value) + caplog.text

        assert TOKEN not in text
        assert PASSWORD not in text


@pytest.mark.parametrize(
    "thing",
    [
        Credentials(username="ada", password=PASSWORD, token=TOKEN),
        ReadyToken(TOKEN),
        PasswordGrant("ada", PASSWORD, login=LOGIN, port=TokenThen(NoAnswerError("x"))),
        a_client(NoAnswerError("x")),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_no_secret_is_in_a_repr(thing):
    """Nor in that of what it holds."""
    text = repr(thing) + (repr(vars(thing)) if isinstance(thing, Client) else "")

    assert TOKEN not in text
    assert PASSWORD not in text


def test_no_secret_is_in_journal_records_or_plan(tmp_path):
    """What a runner writes down of a purchase that nobody answered."""
    folder = tmp_path / "state"
    journal = Journal(folder / "journal.sqlite", utc_now)
    listed = Answer(200, {}, b'{"status": "success", "data": []}')
    context = Context(
        client=a_client(listed), journal=journal, records=Records(folder / "results"), namespace="lab"
    )
    reconciler = Reconciler(context, TargetSettings(namespace="lab"))
    snapshot = Snapshot(desired=an_experiment(a_wanted_job()), manifest={"experiment": "exp"})
    plan = reconciler.look([snapshot])[0].plan
    reconciler.run([snapshot], Patience(timeout_s=0.2))
    rows = journal.entries("exp")
    journal.close()
    written = b"".join(path.read_bytes() for path in Path(folder).rglob("*") if path.is_file())

    assert rows
    assert TOKEN.encode() not in written
    assert PASSWORD.encode() not in written
    assert TOKEN not in repr(plan) + repr(rows)
