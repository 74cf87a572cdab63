"""Addresses of results: unguessable, and only for a while."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from local_fakes import HOST, START, Asker, FakeSequences

from runner.local.protocol import result_links
from runner.local.protocol.configuration import Configuration
from runner.local.protocol.messages import Request
from runner.local.server.local_cloud import LocalCloud

UNTIL = START + timedelta(minutes=1)
TICK = timedelta(microseconds=1)
ADDRESS = result_links.issued("secret", 7, UNTIL)


@pytest.mark.parametrize(
    ("secret", "now", "expected"),
    [
        ("secret", START, True),
        ("secret", UNTIL - TICK, True),
        ("secret", UNTIL, False),
        ("another", START, False),
    ],
)
def test_address_is_good_up_to_its_end_and_with_its_secret(secret, now, expected):
    """It says which job it is of, and that is true for who has the secret, before its end."""
    link = result_links.read(ADDRESS)

    assert (7, expected) == (link.order, result_links.is_good(link, secret, now))


@pytest.mark.parametrize("position", range(32))
def test_changed_address_is_not_good(position):
    """Neither its job nor its end nor its signature can be changed by a bit."""
    plain = bytearray(base64.urlsafe_b64decode(ADDRESS + "="))
    plain[position] ^= 1
    link = result_links.read(base64.urlsafe_b64encode(plain).decode().rstrip("="))

    assert not result_links.is_good(link, "secret", START)


@pytest.mark.parametrize("address", ["", "guess", "ä", "%00", "A" * 4000, ADDRESS[:-4], ADDRESS + "AAAA"])
def test_guess_is_no_address_or_not_a_good_one(address):
    """Whatever is asked for, it leads nowhere."""
    link = result_links.read(address)

    assert link is None or not result_links.is_good(link, "secret", START)


def test_number_that_no_job_can_have_leads_nowhere(ask):
    """A store cannot even be asked for it."""
    assert 404 == ask("GET", f"/results/{'_' * 43}")[0]


def finished(ask, engine):
    """A job with a result."""
    job_id = ask.create()["jobs"][0]["id"]
    ask.cloud.step()
    engine.finish(job_id)
    ask.cloud.step()
    return job_id


def path_of(ask, job_id):
    """A new address of a job's result."""
    link = ask.data("GET", f"/api/v1/jobs/{job_id}/results_link")["results_link"]
    return "/results/" + link.rsplit("/", 1)[1]


def test_expired_address_is_dead_and_a_new_one_is_had(ask, engine, clock):
    """After a quarter of an hour the address is a 404; who asks again gets a new one, for the same result."""
    job_id = finished(ask, engine)
    old = path_of(ask, job_id)
    clock.advance(minutes=14, seconds=59)
    alive = ask("GET", old)
    clock.advance(seconds=1)

    assert (200, 404, alive) == (alive[0], ask("GET", old)[0], ask("GET", path_of(ask, job_id)))


def test_life_of_an_address_is_configured(store, engine, clock):
    """It is as long as the configuration says."""
    configuration = Configuration.model_validate({"results": {"link_lifetime_s": 2}})
    ask = Asker(LocalCloud(store, engine, sequences=FakeSequences(), configuration=configuration))
    path = path_of(ask, finished(ask, engine))
    clock.advance(seconds=2)

    assert 404 == ask("GET", path)[0]


def test_address_is_on_the_host_that_was_asked(ask, cloud, engine):
    """A client that knows the server under another name is led there."""
    path = f"/api/v1/jobs/{finished(ask, engine)}/results_link"
    hosts = [HOST["host"], "localhost:9", "[::1]:9"]

    answers = [cloud.handle(Request(method="GET", path=path, headers={"host": host})) for host in hosts]
    addresses = [json.loads(answer.body)["data"]["results_link"] for answer in answers]

    assert [f"http://{host}/results" for host in hosts] == [each.rsplit("/", 1)[0] for each in addresses]
