"""Webhooks: who may be told, how often it is tried, and a real receiver."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from local_fakes import Asker, FakeSequences
from patience import PATIENCE_S

from runner.local.protocol.configuration import Configuration, WebhookSettings
from runner.local.rules import webhook_policy
from runner.local.server.local_cloud import LocalCloud
from runner.local.server.webhook_sender import WebhookSender

ALLOWED = ["http://127.0.0.1:9000/hooks", "https://lab.example"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:9000/hooks", True),
        ("http://127.0.0.1:9000/hooks/a?b=c", True),
        ("HTTP://127.0.0.1:9000/hooks", True),
        ("https://lab.example", True),
        ("https://LAB.example:443/x", True),
        ("http://127.0.0.1:9000/hooksandmore", False),
        ("http://127.0.0.1:9000/", False),
        ("http://127.0.0.1:9000/hooks/../x", False),
        ("http://127.0.0.1:9000/hooks/%2e%2e/x", False),
        ("http://127.0.0.1:9001/hooks", False),
        ("https://127.0.0.1:9000/hooks", False),
        ("http://lab.example", False),
        ("https://lab.example.evil.com", False),
        ("https://lab.example@evil.com", False),
        ("https://user@lab.example", False),
        ("https://lab.example/\r\nX: y", False),
        ("https://lab.example:port", False),
        ("ftp://lab.example", False),
        ("", False),
        ("[", False),
    ],
)
def test_only_allowed_addresses_are_told(url, expected):
    """The same scheme, host and port, and a path that is the allowed one or below it."""
    assert expected is webhook_policy.is_allowed(url, ALLOWED)


def test_waits_double_and_tries_end():
    """After the last try there is no further one."""
    waits = [webhook_policy.next_try(n, most=4, first_wait_s=0.5) for n in (1, 2, 3, 4)]

    assert [timedelta(seconds=0.5), timedelta(seconds=1), timedelta(seconds=2), None] == waits


class Receiver(ThreadingHTTPServer):
    """Answers one status after the other, the last one for ever, and keeps what it was told."""

    def __init__(self, *statuses):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses, self.told, self.is_told = list(statuses), [], threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hooks"

    def next_status(self):
        """The status of the next answer."""
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.told.append((self.path, body["id"], body["status"]))
        self.send_response(self.server.next_status())
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.is_told.set()

    def log_message(self, *_):
        """Nothing."""


@contextlib.contextmanager
def receiving(*statuses):
    """A receiver that listens."""
    with Receiver(*statuses) as receiver:
        thread = threading.Thread(target=receiver.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join(PATIENCE_S)


@pytest.fixture
def told_by(store, engine):
    """Gives a client and a courier of a cloud that may tell an address."""

    def made(url, tries=3):
        settings = WebhookSettings(allow=[url], tries=tries, first_wait_s=1.0, timeout_s=5.0)
        cloud = LocalCloud(
            store, engine, sequences=FakeSequences(), configuration=Configuration(webhooks=settings)
        )
        return Asker(cloud), WebhookSender(store, settings)

    return made


def test_webhook_is_told_once_when_the_batch_has_ended(told_by, engine):
    """Not before, and not again after it was told."""
    with receiving(200) as receiver:
        ask, courier = told_by(receiver.url)
        batch = ask.create(webhook=receiver.url + "/mine?a=1")
        courier.go_round()
        ask.cloud.step()
        engine.finish(batch["jobs"][0]["id"])
        ask.cloud.step()
        courier.go_round()
        courier.go_round()

    assert [("/hooks/mine?a=1", batch["id"], "DONE")] == receiver.told
    assert receiver.url + "/mine?a=1" == batch["webhook"]


@pytest.mark.parametrize("status", [500, 404, 302])
def test_webhook_that_does_not_listen_is_tried_again_later(told_by, clock, status):
    """After a wait, up to the first 2xx; a redirection is no success and is not followed."""
    with receiving(status, 204) as receiver:
        ask, courier = told_by(receiver.url)
        batch = ask.create(webhook=receiver.url)
        ask.data("PATCH", f"/api/v2/batches/{batch['id']}/cancel")
        numbers = []
        for _ in range(4):
            courier.go_round()
            numbers.append(len(receiver.told))
            clock.advance(seconds=0.5)

    assert [1, 1, 2, 2] == numbers
    assert {("/hooks", batch["id"], "CANCELED")} == set(receiver.told)


def test_tries_are_bounded(told_by, clock, store, caplog):
    """Nobody there: it is given up after the last try, and the log says so."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        ask, courier = told_by(url, tries=2)
        batch = ask.create(webhook=url)
        ask.data("PATCH", f"/api/v2/batches/{batch['id']}/cancel")
        due = []
        for _ in range(3):
            due.append(len(store.due_webhooks()))
            courier.go_round()
            clock.advance(hours=1)

    assert [1, 1, 0] == due
    assert [f"the webhook of batch {batch['id']} was not told: 2 tries failed"] == caplog.messages


def test_courier_tells_by_itself(told_by):
    """Its thread finds what has ended, and ends with its server."""
    with receiving(200) as receiver:
        ask, courier = told_by(receiver.url)
        with courier:
            batch = ask.create(webhook=receiver.url)
            ask.data("PATCH", f"/api/v2/batches/{batch['id']}/cancel")
            assert receiver.is_told.wait(PATIENCE_S)

    assert [("/hooks", batch["id"], "CANCELED")] == receiver.told


def test_webhook_is_refused_unless_it_is_allowed(ask):
    """By default no address is, and a batch with a webhook is a 422 at its place."""
    body = {"project_id": "p", "device_type": "EMU_FREE", "open": True, "webhook": "http://127.0.0.1:9000"}

    status, envelope = ask("POST", "/api/v1/batches", body)

    assert (422, ["body", "webhook"]) == (status, envelope["data"]["description"][0]["loc"])
