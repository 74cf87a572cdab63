"""The proxy that misbehaves on demand: what each of its faults is, and that it ends."""

from __future__ import annotations

import json
import threading
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from fault_rules import PAGE, Draws, Rule
from patience import PATIENCE_S
from proxied import FaultProxy

PATH = "/api/v2/batches/b/jobs"
LIST = "/api/v2/jobs?batch_id=b"
JOBS = [{"runs": 20, "variables": {"t_ns": 100}}]


class Counting(BaseHTTPRequestHandler):
    """Answers each request with how many there were, as an item of a list and as a number."""

    def answer(self):
        """Says the same for every method."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.heard.append(self.command)
        n = len(self.server.heard)
        body = json.dumps({"data": [{"runs": n}] * n, "counter": {"0": n}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = answer  # noqa: N815

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture
def server():
    """A server that counts what it hears."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    server.heard = []
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join(60)
    server.server_close()


@pytest.fixture
def proxy(server):
    """A proxy to it."""
    with FaultProxy(f"http://127.0.0.1:{server.server_port}") as proxy:
        yield proxy


def said(proxy, method="GET", path=LIST, body=None):
    """Status and what is said of the answer to a request; `lost` for none."""
    connection = HTTPConnection(urlsplit(proxy.url).netloc, timeout=PATIENCE_S)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, HTTPException):
        return "lost"
    finally:
        connection.close()
    return answer.status, text if text == PAGE else json.loads(text)


def answered(n, **changes):
    """What the server says when it has heard n requests."""
    return 200, {"data": [{"runs": n}] * n, "counter": {"0": n}} | changes


@pytest.mark.parametrize(
    ("rule", "expected", "heard"),
    [
        ({"fault": "drop"}, "lost", 0),
        ({"fault": "drop", "when": "after"}, "lost", 1),
        ({"fault": "status", "status": 404}, (404, PAGE), 0),
        ({"fault": "status", "status": 500, "when": "after"}, (500, PAGE), 1),
        ({"fault": "wait", "wait_s": 0.01}, answered(1), 1),
        ({"fault": "wait", "wait_s": 0.01, "when": "after"}, answered(1), 1),
        ({"fault": "twice"}, answered(1), 2),
        ({"fault": "cut"}, "lost", 1),
        ({"fault": "stale"}, answered(1), 1),
        ({"fault": "short"}, answered(1, data=[]), 1),
        ({"fault": "change", "field": "runs", "value": None}, answered(1, data=[{"runs": None}]), 1),
        ({"fault": "change", "field": "counter", "value": {}}, answered(1), 1),
        ({"fault": "change", "value": None}, answered(1, data=None), 1),
        ({"fault": "drop", "method": "POST"}, answered(1), 1),
        ({"fault": "drop", "path": "/api/v1/*"}, answered(1), 1),
        ({"fault": "drop", "skip": 1}, answered(1), 1),
        ({"fault": "drop", "probability": 0.0}, answered(1), 1),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else None,
)
def test_a_fault_is_what_it_says(server, proxy, rule, expected, heard):
    """What the client is answered, and how often the server is asked."""
    proxy.behave(rule)

    assert (expected, heard) == (said(proxy), len(server.heard))


def test_an_answer_can_be_one_of_earlier(server, proxy):
    """Of the same address only, and no older than it may be."""
    said(proxy)
    proxy.behave()
    first = said(proxy)
    proxy.behave({"fault": "stale"})
    answers = [said(proxy), said(proxy, path="/api/v2/jobs"), said(proxy, path="/api/v2/jobs")]

    assert [answered(2), answered(3), answered(4), answered(4)] == [first, *answers]
    assert ["GET"] * 4 == server.heard


def test_a_late_request_reaches_the_server_after_its_answer(server, proxy):
    """An error page at once, and the purchase later; the log says what became of it."""
    proxy.behave({"fault": "late", "status": 504, "wait_s": 0.3})
    answer, before = said(proxy, "POST", PATH, JOBS), list(server.heard)
    proxy.behave()
    while not server.heard:
        said(proxy, "PATCH")

    assert ((504, PAGE), []) == (answer, before)
    assert [20, {"t_ns": 100}] == proxy.log()[0]["bought"][0]


def test_what_is_bought_stands_in_the_log(proxy):
    """How often the server has accepted it, and under which fault."""
    proxy.behave({"fault": "twice"})
    said(proxy, "POST", PATH, JOBS)

    (asked,) = proxy.log()
    assert asked.pop("at_s") >= 0
    assert {
        "method": "POST",
        "path": PATH,
        "query": "",
        "bought": [[20, {"t_ns": 100}]],
        "fault": "twice",
        "accepted": 2,
        "status": 200,
    } == asked


@pytest.mark.parametrize(
    ("moment", "forward", "expected"),
    [
        ("before", True, (answered(2), 2)),
        ("before", False, ("lost", 1)),
        ("after", True, (answered(2), 2)),
        ("after", False, ("lost", 2)),
    ],
)
def test_a_request_can_be_made_to_wait(server, proxy, moment, forward, expected):
    """The n-th that changes something; it then goes on, or is lost."""
    answers = []
    proxy.stop(0, changes=True, moment=moment)
    assert said(proxy) == answered(1)
    thread = threading.Thread(target=lambda: answers.append(said(proxy, "PATCH")))
    thread.start()
    has_come = proxy.stopped(60)
    proxy.go(forward=forward)
    thread.join(60)

    assert (True, *expected) == (has_come, *answers, len(server.heard))


def test_the_same_requests_meet_the_same_faults():
    """Whatever the ids are, and whatever is asked of others in between."""
    rules = [Rule(fault="drop", method="GET", probability=0.5), Rule(fault="cut", probability=0.2)]
    ids = ["0b0c0d0e-0000-4000-8000-000000000000", "1b0c0d0e-0000-4000-8000-000000000000"]
    one, other = (Draws(rules, seed=5) for _ in ids)
    met = [one.next("GET", f"/api/v2/jobs/{ids[0]}") for _ in range(50)]
    mixed = [(other.next("GET", f"/api/v2/jobs/{ids[1]}"), other.next("GET", "/x"))[0] for _ in range(50)]

    assert met == mixed
    assert {None, *rules} == set(met)


def test_faults_cease():
    """After so many, all is well."""
    draws = Draws([Rule(fault="drop")], most=3)

    assert [True] * 3 + [False] * 2 == [draws.next("GET", "/") is not None for _ in range(5)]
