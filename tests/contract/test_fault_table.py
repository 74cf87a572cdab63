"""The fault table, on real sockets: what arrives at the server, and what the caller is told."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest
from faulty_server import (
    OK,
    FaultyServer,
    hang_up,
    keep_silent,
    nobody,
    reset,
    reset_read,
    reset_unread,
    say,
)

from runner.cloud import Client, Endpoints, RequestsPort, Retrying
from runner.errors import CloudError, CloudUnavailableError, UnknownOutcomeError, WireFormatError

# Waits of 0.25, 0.5 and 1 s fit a budget of 2 s; the next one, of 2 s, would not.
BUDGET_S = 2.0
PATIENT = 4
ONCE = 1
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"

# What the server does, how often a safe request arrives, and what its caller is told in the end.
FAULTS = {
    "reset before it is read": (reset_unread, PATIENT, CloudUnavailableError),
    "reset after it was read": (reset_read, PATIENT, CloudUnavailableError),
    "hung up after it was read": (hang_up, PATIENT, CloudUnavailableError),
    "read timeout": (keep_silent, PATIENT, CloudUnavailableError),
    "408": (say(408), PATIENT, CloudUnavailableError),
    "425": (say(425), PATIENT, CloudUnavailableError),
    "429": (say(429), PATIENT, CloudUnavailableError),
    # A wait of 1 s, twice; a third one would be over the budget.
    "429 for 1 s": (say(429, Retry_After="1"), 3, CloudUnavailableError),
    # A wait that does not fit the budget is not begun.
    "429 for an hour": (say(429, Retry_After="3600"), ONCE, CloudUnavailableError),
    "429 until 2099": (say(429, Retry_After="Thu, 01 Jan 2099 00:00:00 GMT"), ONCE, CloudUnavailableError),
    # A date that has passed asks for no wait.
    "429 until 2015": (say(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), PATIENT, CloudUnavailableError),
    "500": (say(500), PATIENT, CloudUnavailableError),
    "502 with HTML": (say(502, HTML, Content_Type="text/html"), PATIENT, CloudUnavailableError),
    "503": (say(503), PATIENT, CloudUnavailableError),
    "503 for 1 s": (say(503, Retry_After="1"), 3, CloudUnavailableError),
    "504": (say(504), PATIENT, CloudUnavailableError),
    "200 with a cut body": (say(200, OK[:20], length=len(OK)), PATIENT, CloudUnavailableError),
    # These answers came whole, and would come again.
    "200 with broken JSON": (say(200, OK[:20]), ONCE, WireFormatError),
    "200 with HTML": (say(200, HTML), ONCE, WireFormatError),
    "200 with nothing": (say(200, b""), ONCE, WireFormatError),
    "200 without data": (say(200, b'{"status":"success"}'), ONCE, WireFormatError),
}
SAFE_CALLS = {
    "GET": (lambda client: client.get_batch("b"), ("GET", "/api/v2/batches/b")),
    "PATCH": (lambda client: client.close_batch("b"), ("PATCH", "/api/v2/batches/b/complete")),
}
POST_CALLS = {
    "POST create": (
        lambda client: client.send_batch({"open": True, "jobs": []}),
        ("POST", "/api/v1/batches"),
    ),
    "POST add": (lambda client: client.add_jobs("b", [{"runs": 1}]), ("POST", "/api/v2/batches/b/jobs")),
    "POST rebatch": (lambda client: client.rebatch("b"), ("POST", "/api/v1/batches/b/rebatch")),
}


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self):
        self.now = 0.0

    def sleep(self, seconds):
        """Lets time pass."""
        self.now += seconds


@contextlib.contextmanager
def a_client(url, *, read_timeout_s=30.0):
    """A client of a server, with full jitter at its upper bound, in virtual time."""
    port, time = RequestsPort(timeout_s=(30.0, read_timeout_s)), Time()
    retrying = Retrying(
        budget_s=BUDGET_S, clock=lambda: time.now, sleep=time.sleep, jitter=lambda bound: bound
    )
    with contextlib.closing(port):
        yield Client(endpoints=Endpoints(core=url, account=url), project_id="p", port=port, retrying=retrying)


def met(fault, call):
    """What arrived at a server with that fault, and the type of the error that the caller met."""
    # Only the silence is long enough for a timeout; every other answer comes long before it.
    read_timeout_s = 0.1 if fault is keep_silent else 30.0
    with (
        FaultyServer(fault) as server,
        a_client(server.url, read_timeout_s=read_timeout_s) as client,
        pytest.raises(CloudError) as told,
    ):
        call(client)
    return server.heard, type(told.value)


@pytest.mark.parametrize("name", SAFE_CALLS)
@pytest.mark.parametrize("trouble", FAULTS)
def test_a_safe_request_arrives_as_often_as_the_budget_allows(trouble, name):
    """And then its caller is told that the cloud is away, or what the answer lacks."""
    fault, times, error = FAULTS[trouble]
    call, request = SAFE_CALLS[name]

    assert ([request] * times, error) == met(fault, call)


@pytest.mark.parametrize("name", POST_CALLS)
@pytest.mark.parametrize("trouble", FAULTS)
def test_a_post_arrives_once_and_its_outcome_is_unknown(trouble, name):
    """Whatever happens to it."""
    call, request = POST_CALLS[name]

    assert ([request], UnknownOutcomeError) == met(FAULTS[trouble][0], call)


@pytest.mark.parametrize(
    ("name", "waited_s"),
    [*((name, 0.25 + 0.5 + 1.0) for name in SAFE_CALLS), *((name, 0.0) for name in POST_CALLS)],
)
def test_a_refused_connection_is_known_to_have_sent_nothing(name, waited_s):
    """A safe request is tried again; a POST is not, but whoever sent it knows that it may be."""
    call, _ = (SAFE_CALLS | POST_CALLS)[name]

    with nobody() as url, a_client(url) as client, pytest.raises(CloudError) as told:
        call(client)

    assert (CloudUnavailableError, waited_s) == (type(told.value), client.retrying.clock())


@pytest.mark.parametrize("name", POST_CALLS)
@pytest.mark.parametrize("leave", [socket.socket.close, reset], ids=["closed", "reset"])
def test_an_idle_connection_that_the_server_has_ended_carries_no_post(name, leave):
    """It arrives once, on a new connection: one that meets the ending would be of unknown outcome."""
    call, request = POST_CALLS[name]
    answer, has_left = say(200, OK, Connection="keep-alive"), threading.Event()

    def answer_and_leave(connection, heard):
        answer(connection, heard)
        leave(connection)
        has_left.set()

    with FaultyServer(answer_and_leave) as server, a_client(server.url) as client:
        client.get_batch("b")
        assert has_left.wait(30)
        call(client)

    assert [("GET", "/api/v2/batches/b"), request] == server.heard
