"""What can be measured: figures in Prometheus' format, liveness, and the server of both."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from fakes import VirtualClock
from patience import PATIENCE_S

from runner.cloud import Answer, NoAnswerError, Request
from runner.cloud.wire.request_counts import CountedPort, RequestCounts
from runner.errors import CloudUnavailableError, UsageError
from runner.project.sync.loop import Figures, Followed, Loop, LoopContext, StopRequest
from runner.project.sync.metrics import FiguresServer, Liveness, address, exposition, liveness, page
from runner.reconcile import Health, Plan, Sync

PLAN = Plan(experiment="a", actions=(), jobs=(), sync=Sync.SYNCED, health=Health.HEALTHY)
THEN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = THEN + timedelta(seconds=90)
FIGURES = Figures(
    plans={"a": PLAN, "b": PLAN, "c": replace(PLAN, health=Health.DEGRADED)},
    turns=7,
    failed_turns=2,
    passes=9,
    requests={("GET", "2xx"): 40, ("POST", "none"): 1},
    unknown=1,
    runs_bought=1500,
    succeeded_at=THEN,
    alive_until=NOW,
    followed=Followed(
        branch='a"b\\c', commit="c" * 40, is_refused=True, is_in_reach=False, reports_in_order=True
    ),
)
SAMPLES = {
    ("runner_turns_total",): 7,
    ("runner_failed_turns_total",): 2,
    ("runner_passes_total",): 9,
    ("runner_requests_total", ("method", "GET"), ("outcome", "2xx")): 40,
    ("runner_requests_total", ("method", "POST"), ("outcome", "none")): 1,
    ("runner_broken_files",): 0,
    ("runner_unknown_submissions",): 1,
    ("runner_runs_bought_total",): 1500,
    ("runner_last_success_timestamp_seconds",): 1767225600,
    ("runner_last_success_age_seconds",): 90,
    ("runner_commit_info", ("branch", 'a"b\\c'), ("commit", "c" * 40)): 1,
    ("runner_refused_commit",): 1,
    ("runner_repository_in_reach",): 0,
    ("runner_reports_in_order",): 1,
}


def test_figures_are_read_by_the_parser_of_prometheus():
    """Every sample has its value, its type and a text; every combination of sync and health is there."""
    parser = pytest.importorskip("prometheus_client.parser")
    families = list(parser.text_string_to_metric_families(exposition(FIGURES, NOW)))
    samples = {
        (each.name, *sorted(each.labels.items())): each.value
        for family in families
        for each in family.samples
    }
    experiments = {key: n for key, n in samples.items() if key[0] == "runner_experiments"}

    assert {key: n for key, n in samples.items() if key not in experiments} == SAMPLES
    assert (len(Sync) * len(Health), 3) == (len(experiments), sum(experiments.values()))
    assert 2 == experiments["runner_experiments", ("health", "Healthy"), ("sync", "Synced")]
    assert {"counter", "gauge"} == {family.type for family in families}
    assert all(family.documentation for family in families)
    assert all(
        (family.type == "counter") == name.endswith("_total")
        for family in families
        for name in _names(family)
    )


def _names(family):
    return {each.name for each in family.samples}


def test_figures_are_lines_of_text():
    """Labels are escaped; what has no value yet is infinite, or not there."""
    lines = exposition(FIGURES, NOW).splitlines()
    first = exposition(Figures(), NOW).splitlines()

    assert rf'runner_commit_info{{commit="{"c" * 40}",branch="a\"b\\c"}} 1' in lines
    assert 'runner_experiments{sync="Synced",health="Healthy"} 2' in lines
    assert "runner_last_success_age_seconds +Inf" in first
    assert not [line for line in first if "commit" in line or line.startswith("runner_runs_bought_total")]


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        (Figures(), Liveness(is_alive=True, last_success_age_s=None, commit="")),
        (FIGURES, Liveness(is_alive=True, last_success_age_s=90.0, commit="c" * 40)),
        (
            replace(FIGURES, alive_until=NOW - timedelta(seconds=1), succeeded_at=NOW + timedelta(seconds=5)),
            Liveness(is_alive=False, last_success_age_s=0.0, commit="c" * 40),
        ),
    ],
)
def test_who_does_its_turns_is_alive(figures, expected):
    """Also before the first, and whatever became of them."""
    assert expected == liveness(figures, NOW)


def test_a_turn_that_fails_is_a_sign_of_life_and_one_that_hangs_is_none():
    """The pause, however long it has become, is known; a turn has an hour from pass to pass."""
    clock, seen = VirtualClock(), []

    def wait(seconds):
        clock.sleep(seconds)
        seen.append(liveness(context.figures, clock()).is_alive)
        if len(seen) == 12:
            raise StopRequest

    def turn():
        context.one_pass()
        clock.sleep(3600)
        seen.append(liveness(context.figures, clock()).is_alive)
        context.one_pass()
        clock.sleep(3601)
        seen.append(liveness(context.figures, clock()).is_alive)
        raise CloudUnavailableError("out of reach")

    context = LoopContext(
        tell=lambda _: None,
        check=lambda: None,
        wait=wait,
        jitter=lambda: 1.0,
        clock=clock,
    )
    with pytest.raises(StopRequest):
        Loop(turn, context).go_on()

    assert [True, False, True] * 4 == seen
    assert (4, 4, 8, None) == (
        context.figures.turns,
        context.figures.failed_turns,
        context.figures.passes,
        context.figures.succeeded_at,
    )


class Answers:
    """A port that answers as the test says."""

    def __init__(self, *answers):
        self._answers = list(answers)

    def send(self, _request):
        """The next one; an error is raised."""
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_requests_are_counted_by_method_and_outcome():
    """Those without an answer, too; what the caller sees is the same."""
    counts, lost = RequestCounts(), NoAnswerError("lost")
    port = CountedPort(
        Answers(Answer(200, {}, b""), Answer(204, {}, b""), Answer(503, {}, b""), lost), counts
    )
    got = [port.send(Request("GET", "http://cloud.test/")).status for _ in range(3)]
    with pytest.raises(NoAnswerError) as caught:
        port.send(Request("POST", "http://cloud.test/"))

    assert [200, 204, 503] == got
    assert caught.value is lost
    assert {("GET", "2xx"): 2, ("GET", "5xx"): 1, ("POST", "none"): 1} == counts.so_far()


def asked(server, method, path):
    """Status, type and text of an answer."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=PATIENCE_S)
    connection.request(method, path)
    answer = connection.getresponse()
    found = answer.status, answer.headers["Content-Type"], answer.read().decode()
    connection.close()
    return found


def test_figures_and_health_are_served_and_nothing_else_is():
    """On loopback where no host is named; also while another client is slow; to HEAD without a body."""
    text = "text/plain; version=0.0.4; charset=utf-8"
    with FiguresServer(*address(":0"), clock=lambda: NOW) as server:
        host, port = urlsplit(server.url).netloc.split(":")
        first = asked(server, "GET", "/healthz")
        server.show(FIGURES)
        with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as slow:
            slow.sendall(b"GET /met")
            found = [
                asked(server, *words)
                for words in (("GET", "/metrics?a=b"), ("HEAD", "/metrics"), ("GET", "/secrets"))
            ]
            status, _, health = asked(server, "GET", "/healthz")

    assert (200, {"status": "ok", "last_success_age_s": None, "commit": None}) == (
        first[0],
        json.loads(first[2]),
    )
    assert [
        (200, text, exposition(FIGURES, NOW)),
        (200, text, ""),
        (404, "text/plain; charset=utf-8", "see /metrics and /healthz\n"),
    ] == found
    assert (200, {"status": "ok", "last_success_age_s": 90.0, "commit": "c" * 40}) == (
        status,
        json.loads(health),
    )
    assert "127.0.0.1" == host


def test_who_is_stuck_is_to_be_restarted():
    """503, which a kubelet understands."""
    found = page("/healthz", FIGURES, NOW + timedelta(seconds=1))

    assert (503, "stuck") == (found.status, json.loads(found.text)["status"])


@pytest.mark.parametrize("text", ["", "localhost", "127.0.0.1:", "127.0.0.1:99999", "here:x"])
def test_an_address_has_a_port(text):
    """It is a usage error otherwise."""
    with pytest.raises(UsageError, match="no address"):
        address(text)


def test_an_address_that_is_taken_is_told():
    """It is a usage error too."""
    with FiguresServer("127.0.0.1", 0) as first, pytest.raises(UsageError, match="cannot be listened on"):
        FiguresServer("127.0.0.1", urlsplit(first.url).port)
