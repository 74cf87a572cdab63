"""What a client meets on a real connection: lost answers and delays."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from http.client import HTTPConnection, RemoteDisconnected

import pytest
from local_fakes import FakeEngine, FakeSequences

from runner.local.protocol.configuration import Configuration
from runner.local.protocol.faults import WELL
from runner.local.protocol.messages import Answer
from runner.local.server.asgi import Front
from runner.local.server.local_cloud import LocalCloud
from runner.local.store.store import Store

BATCHES = "/api/v1/batches"
EMPTY = b'{"project_id": "p", "device_type": "EMU_FREE", "open": true}'
PATIENCE_S = 30.0


class ThreadedFront(Front):
    """A front that is not in the main thread, and leaves signals to who is."""

    def capture_signals(self):
        """No signals."""
        return contextlib.nullcontext()


@contextlib.contextmanager
def served(*faults):
    """Address of a cloud that makes these faults."""
    configuration = Configuration.model_validate({"faults": list(faults)})
    with contextlib.closing(Store(":memory:")) as store:
        cloud = LocalCloud(store, FakeEngine(), sequences=FakeSequences(), configuration=configuration)
        with listening(cloud.handle, cloud.treatment) as address:
            yield address


@contextlib.contextmanager
def listening(handle, treat=lambda _: WELL):
    """Address of a front over a function."""
    is_ready = threading.Event()
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        ThreadedFront(handle, is_ready.set, treat=treat) as front,
    ):
        thread = threading.Thread(target=lambda: asyncio.run(front.serve([listener])))
        thread.start()
        try:
            assert is_ready.wait(PATIENCE_S)
            yield listener.getsockname()
        finally:
            front.end()
            thread.join(PATIENCE_S)


def status(connection, method, body=None):
    """Status of an answer about batches."""
    connection.request(method, BATCHES, body)
    answer = connection.getresponse()
    return answer.status, answer.read().count(b'"id"')


@pytest.mark.parametrize(("when", "n"), [("before", 0), ("after", 1)])
def test_connection_is_closed_without_a_word(when, n, caplog):
    """The client gets nothing, the next request on a new connection is answered, and the log is quiet."""
    drop = {"effect": "drop", "when": when, "method": "POST", "times": 1}
    with served(drop) as address, contextlib.closing(HTTPConnection(*address, timeout=PATIENCE_S)) as one:
        with pytest.raises((RemoteDisconnected, ConnectionResetError)):
            status(one, "POST", EMPTY)
        found = status(one, "GET")

    assert (200, n) == found
    assert [] == caplog.messages


def test_only_the_connection_of_the_request_is_closed():
    """Another client's connection goes on."""
    drop = {"effect": "drop", "method": "POST", "times": 1}
    with (
        served(drop) as address,
        contextlib.closing(HTTPConnection(*address, timeout=PATIENCE_S)) as kept,
        contextlib.closing(HTTPConnection(*address, timeout=PATIENCE_S)) as lost,
    ):
        status(kept, "GET")
        before = kept.sock.getsockname()
        with pytest.raises((RemoteDisconnected, ConnectionResetError)):
            status(lost, "POST", EMPTY)
        found = status(kept, "GET")
        after = kept.sock.getsockname()

    assert ((200, 0), before) == (found, after)


@pytest.mark.parametrize("when", ["before", "after"])
def test_delayed_answer_is_late_and_true(when):
    """It takes at least as long as was asked for, and says what it would have said."""
    with (
        served({"effect": "delay", "when": when, "delay_s": 0.2, "times": 1}) as address,
        contextlib.closing(HTTPConnection(*address, timeout=PATIENCE_S)) as one,
    ):
        began = time.monotonic()
        found = status(one, "GET")
        took_s = time.monotonic() - began

    assert (200, 0) == found
    assert took_s >= 0.2


def test_delays_do_not_keep_others_waiting():
    """A request is answered while more are delayed than there are threads."""
    delays = {"effect": "delay", "when": "before", "method": "POST", "delay_s": PATIENCE_S}
    with served(delays) as address, contextlib.ExitStack() as stack:
        for _ in range(20):
            slow = stack.enter_context(contextlib.closing(HTTPConnection(*address, timeout=PATIENCE_S)))
            slow.request("POST", BATCHES, EMPTY)
        quick = stack.enter_context(contextlib.closing(HTTPConnection(*address, timeout=PATIENCE_S / 2)))

        assert (200, 0) == status(quick, "GET")


def test_what_is_quickly_told_waits_for_no_thread():
    """Status, link and result of a job are told while more requests are worked at than there are threads."""
    go_on = threading.Event()

    def handle(request, _):
        if request.method == "POST":
            assert go_on.wait(PATIENCE_S)
        return Answer(status=200, body=b'"id"')

    with listening(handle) as address, contextlib.ExitStack() as stack:
        for _ in range(20):
            slow = stack.enter_context(contextlib.closing(HTTPConnection(*address, timeout=PATIENCE_S)))
            slow.request("POST", BATCHES, EMPTY)
        stack.callback(go_on.set)
        quick = stack.enter_context(contextlib.closing(HTTPConnection(*address, timeout=PATIENCE_S / 2)))
        told = []
        for path in ("/api/v1/jobs/j/status", "/api/v1/jobs/j/results_link", "/results/link"):
            quick.request("GET", path)
            told.append(quick.getresponse().read())

    assert [b'"id"'] * 3 == told
