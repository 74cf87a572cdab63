"""Faults on demand: which apply is a decision over values, and what they do to an answer."""

from __future__ import annotations

import json

import pytest
from local_fakes import Asker, FakeEngine, FakeSequences
from pydantic import TypeAdapter

from runner.local.protocol import faults
from runner.local.protocol.configuration import Configuration
from runner.local.protocol.faults import Rule, Tally
from runner.local.server.local_cloud import LocalCloud

BATCHES = "/api/v1/batches"
RULES = TypeAdapter(list[Rule])


def rules(*some):
    """Rules as a configuration file has them."""
    return tuple(RULES.validate_python(list(some)))


def fired(n, **rule):
    """Which of n GET requests a delay of one second is applied to."""
    made = rules({"effect": "delay", "delay_s": 1.0} | rule)
    tallies, delays = (Tally(),), []
    for _ in range(n):
        treatment, tallies = faults.treated(made, tallies, "GET", BATCHES)
        delays.append(treatment.delay_after_s)
    return [position for position, delay in enumerate(delays) if delay]


@pytest.fixture
def faulty(store, engine):
    """Gives a client of a cloud that makes these faults, and has the control."""

    def made(*some, **fields):
        configuration = {"faults": some, "control": {"enabled": True}} | fields
        configured = Configuration.model_validate(json.loads(json.dumps(configuration)))
        return Asker(LocalCloud(store, engine, sequences=FakeSequences(), configuration=configured))

    return made


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, [0, 1, 2, 3]),
        ({"times": 2}, [0, 1]),
        ({"skip": 1, "times": 2}, [1, 2]),
        ({"method": "POST"}, []),
        ({"path": "/api/*/batches"}, [0, 1, 2, 3]),
        ({"path": "/api/v2/*"}, []),
        ({"probability": 0.0}, []),
    ],
)
def test_rule_says_which_requests_it_is_about(rule, expected):
    """By method and path, after the first `skip` ones, `times` times."""
    assert expected == fired(4, **rule)


def test_probable_fault_is_the_same_with_the_same_seed():
    """A probability with a seed is a fixed choice; another seed is another one of about the same size."""
    one, again, other = (fired(400, probability=0.25, seed=seed) for seed in (1, 1, 2))

    assert one == again != other
    assert 70 < len(one) < 130


def test_nothing_applies_to_health_and_control():
    """Whoever makes the faults must be able to end them."""
    made = rules({"effect": "drop", "path": "*"})
    seen = [faults.treated(made, (Tally(),), "GET", path)[0] for path in ("/health", "/control/faults")]

    assert [faults.WELL, faults.WELL] == seen


def test_first_ending_counts_and_delays_add_up():
    """A request has one end, and as many delays as there are rules."""
    made = rules(
        {"effect": "delay", "delay_s": 1.0, "when": "before"},
        {"effect": "drop", "when": "after"},
        {"effect": "error", "when": "before"},
        {"effect": "delay", "delay_s": 2.0, "when": "before"},
    )

    treatment, tallies = faults.treated(made, (Tally(),) * 4, "GET", BATCHES)

    assert faults.Treatment(delay_before_s=3.0, afterwards=faults.DROPPED) == treatment
    assert (Tally(1, 1),) * 4 == tallies


@pytest.mark.parametrize(
    "rule",
    [
        {"effect": "fly"},
        {"effect": "drop", "delay_s": 1.0},
        {"effect": "drop", "times": 0},
        {"effect": "error", "status": 200},
        {"effect": "delay"},
        {"effect": "delay", "delay_s": 1e9},
        {"effect": "lag", "lag_s": "1"},
        {"effect": "lag", "lag_s": 1e11},
        {"effect": "drop", "times": 1.5},
        {"effect": "drop", "probability": 2},
    ],
)
def test_rule_that_makes_no_sense_is_refused(faulty, rule):
    """By the control's call, with the place, and the rules in force stay."""
    ask = faulty({"effect": "drop", "path": "/nowhere"})
    before = ask.data("GET", "/control/faults")

    status, envelope = ask("PUT", "/control/faults", [rule])

    assert (422, 0) == (status, envelope["data"]["description"][0]["loc"][1])
    assert before == ask.data("GET", "/control/faults")


@pytest.mark.parametrize("effect", ["error", "drop"])
@pytest.mark.parametrize(("when", "n"), [("before", 0), ("after", 1)])
def test_lost_answer_says_nothing_of_what_was_done(faulty, effect, when, n):
    """The request is not carried out before, is carried out after, and both look the same."""
    ask = faulty({"effect": effect, "when": when, "method": "POST", "times": 1})
    body = {"project_id": "p", "device_type": "EMU_FREE", "open": True}

    lost = ask.raw("POST", BATCHES, body)
    listed = ask.data("GET", BATCHES)

    assert ((503, False) if effect == "error" else (0, True)) == (lost.status, lost.is_dropped)
    assert n == len(listed)


def test_error_may_be_a_page(faulty):
    """As a proxy before the cloud would answer."""
    ask = faulty({"effect": "error", "status": 502, "html": True})

    answer = ask.raw("GET", BATCHES)

    assert (502, ("content-type", "text/html"), b"<html>") == (
        answer.status,
        answer.headers[0],
        answer.body[:6],
    )


def test_too_many_requests_says_when_to_come_back(faulty):
    """429 with Retry-After, once; then the request is carried out."""
    ask = faulty({"effect": "too_many_requests", "retry_after_s": 7, "times": 1})

    first, second = (ask.raw("GET", BATCHES) for _ in range(2))

    assert first.status == 429
    assert ("retry-after", "7") in first.headers
    assert second.status == 200


def test_result_link_is_dead(faulty, engine):
    """The link is given, and leads nowhere as often as was said."""
    ask = faulty({"effect": "dead_link", "times": 1})
    job_id = ask.create()["jobs"][0]["id"]
    ask.cloud.step()
    engine.finish(job_id)
    ask.cloud.step()
    link = ask.data("GET", f"/api/v1/jobs/{job_id}/results_link")["results_link"]
    path = "/results/" + link.rsplit("/", 1)[1]

    assert [404, 200] == [ask("GET", path)[0] for _ in range(2)]


def test_job_ends_in_error_without_the_engine(faulty, engine):
    """The second job that starts fails with the message, the others run."""
    ask = faulty({"effect": "job_error", "skip": 1, "times": 1, "message": "The atoms were lost."})
    first, second, third = (job["id"] for job in ask.create(3)["jobs"])

    ask.cloud.step()
    ask.cloud.step()

    failed = ask.data("GET", f"/api/v2/jobs/{second}")
    assert [first, third] == [job_id for job_id, _, _ in engine.submitted]
    assert ("ERROR", ["FaultOnDemandError: The atoms were lost."]) == (failed["status"], failed["errors"])


def test_lists_lag_behind(faulty, clock):
    """What is young is found by its id and not in lists, until it is old enough."""
    ask = faulty({"effect": "lag", "lag_s": 10.0})
    batch = ask.create()

    def n_listed():
        return len(ask.data("GET", BATCHES)), len(ask.data("GET", "/api/v2/jobs"))

    young = n_listed()
    found = ask.data("GET", f"/api/v2/batches/{batch['id']}")["id"]
    clock.advance(seconds=10)

    assert ((0, 0), batch["id"], (1, 1)) == (young, found, n_listed())


def test_open_batch_without_jobs_is_refused(faulty):
    """A client that claims first has to do without; a batch with a job is accepted."""
    ask = faulty({"effect": "refuse_empty_batch"})
    body = {"project_id": "p", "device_type": "EMU_FREE", "open": True}

    assert 422 == ask("POST", BATCHES, body)[0]
    assert 1 == len(ask.create(open=True)["jobs"])


def test_control_replaces_the_rules_and_tells_what_was_counted(faulty):
    """Rules are put in place of those in force; an empty list ends all faults."""
    ask = faulty()
    ask.data("PUT", "/control/faults", [{"effect": "error", "times": 1}])
    statuses = [ask("GET", BATCHES)[0] for _ in range(2)]
    (told,) = ask.data("GET", "/control/faults")

    assert ([503, 200], 2, 1, "error") == (statuses, told["seen"], told["fired"], told["rule"]["effect"])
    assert [] == ask.data("PUT", "/control/faults", [])


def test_whole_number_may_have_a_point(faulty):
    """JSON has one kind of numbers."""
    ask = faulty()
    (told,) = ask.data("PUT", "/control/faults", [{"effect": "error", "times": 2.0, "status": 500.0}])

    assert (2, 500) == (told["rule"]["times"], told["rule"]["status"])


def test_control_is_there_only_when_enabled(ask):
    """By default its path is like any other that does not exist."""
    assert [404, 404] == [ask(method, "/control/faults")[0] for method in ("GET", "PUT")]


def test_cloud_without_rules_makes_no_faults(store):
    """The default is to treat everybody well."""
    cloud = LocalCloud(store, FakeEngine(), sequences=FakeSequences())

    assert faults.WELL == cloud.treatment(type("Any", (), {"method": "GET", "path": BATCHES}))
