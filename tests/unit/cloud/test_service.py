"""`Cloud`: the client for daily use, against the local cloud in memory."""

from __future__ import annotations

import random
import sys
import types

import pytest
from fakes import SEQUENCE, DiceEngine, LossyPort, MemoryCloud, VirtualClock

from runner.cloud import Client, Cloud, Credentials, Retrying
from runner.cloud.wait import pause_s, why_over
from runner.errors import (
    AuthenticationError,
    BatchCreationError,
    BatchFetchingError,
    CloudError,
    RebatchError,
)

JOBS = [{"runs": 10, "variables": {"t": t}} for t in (1, 2, 3)]


class World:
    """A cloud in memory that works while its client sleeps."""

    def __init__(self, **dice):
        self.clock = VirtualClock()
        self.engine = DiceEngine(random.Random(1), **{"failing": 0.0, "ending": 1.0} | dice)
        self.cloud = MemoryCloud(self.clock, self.engine)

    def sleep(self, seconds):
        """Lets time pass, and the cloud work."""
        self.clock.sleep(seconds)
        self.cloud.step()
        self.engine.tick()
        self.cloud.step()

    def seconds(self):
        """The time as a number."""
        return self.clock.now.timestamp()

    def service(self, port=None):
        """The cloud for daily use; its clock is the world's."""
        plain = self.cloud.client(port)
        retrying = Retrying(
            budget_s=0.0,
            clock=self.seconds,
            sleep=self.sleep,
            jitter=lambda bound: bound,
        )
        return Cloud(
            Client(
                endpoints=plain.endpoints,
                project_id=plain.project_id,
                port=port or plain._exchange._port,
                retrying=retrying,
            )
        )


@pytest.fixture
def world():
    """A world in which jobs end well at the next tick."""
    world = World()
    yield world
    world.cloud.close()


def create(service, **fields):
    """A closed batch of three jobs."""
    return service.create_batch(SEQUENCE, JOBS, device_type="EMU_FREE", **fields)


def test_a_batch_is_created_waited_for_and_read(world):
    """The whole day's work."""
    service = world.service()
    batch = create(service, tags=["mine"], wait=True)
    results = service.results(batch.ordered_jobs)

    assert ("DONE", ["mine"], 3) == (batch.status, batch.tags, batch.jobs_count)
    assert [{"0": 10}] * 3 == [results[job.id]["counter"] for job in batch.ordered_jobs]
    assert [{"0": 10}] * 3 == [job.result for job in batch.ordered_jobs]


def test_lists_are_batches_and_jobs(world):
    """Lazily, and narrowed by filters."""
    service = world.service()
    first, second = create(service, tags=["a"]), create(service, tags=["b"])

    assert [second.id, first.id] == [batch.id for batch in service.batches()]
    assert [first.id] == [batch.id for batch in service.batches(tag="a")]
    assert [3, 3] == [len(list(service.jobs(batch_id=batch.id))) for batch in (first, second)]
    assert first.ordered_jobs[0].id == service.get_job(first.ordered_jobs[0].id).id


def test_several_batches_are_cancelled_with_one_request(world):
    """One that is not there does not hinder the others."""
    service = world.service()
    batch = create(service)
    unknown = "00000000-0000-4000-8000-999999999999"
    cancelled = service.cancel_batches([batch.id, unknown])

    assert ([batch.id], [unknown]) == ([each.id for each in cancelled.batches], list(cancelled.errors))


def test_a_closed_batch_is_batched_again(world):
    """Its failed jobs, as a new batch that names its parent."""
    service = world.service()
    batch = create(service, wait=True)
    again = service.rebatch(batch.id, status="DONE")

    assert (batch.id, 3) == (again.parent_id, again.jobs_count)
    with pytest.raises(RebatchError):
        service.rebatch("00000000-0000-4000-8000-999999999999")


def test_a_wait_ends_with_the_batch_and_says_why(world):
    """Whatever the end."""
    service = world.service()
    done = service.wait(create(service).id)
    batch = create(service)
    batch.cancel()
    cancelled = service.wait(batch.id)

    assert (True, "DONE", "the batch is DONE, its jobs: 3 DONE") == (done.is_over, done.status, done.reason)
    assert (True, "the batch is CANCELED, its jobs: 3 CANCELED") == (cancelled.is_over, cancelled.reason)


def test_a_wait_on_an_open_batch_ends_when_no_job_is_under_way(world):
    """It would stay open for minutes."""
    service = world.service()
    waited = service.wait(create(service, open=True).id)

    assert waited.reason.startswith("no job is under way, the batch is ")


def test_a_wait_has_an_end_even_when_the_jobs_have_none():
    """And says what is still under way."""
    world = World(ending=0.0)
    service = world.service()
    waited = service.wait(create(service).id, timeout_s=100.0)
    world.cloud.close()

    assert (False, 100.0) == (waited.is_over, pytest.approx(waited.waited_s))
    assert waited.reason == "patience of 100 s ended: RUNNING, its jobs: 3 RUNNING"


@pytest.mark.parametrize(
    ("status", "jobs", "is_over"),
    [
        ("PENDING", {"PENDING": 1}, False),
        ("RUNNING", {"RUNNING": 1, "DONE": 5}, False),
        ("RUNNING", {"CANCELING": 1}, False),
        ("RUNNING", {"TELEPORTED": 1}, False),
        ("TELEPORTED", {"PENDING": 1}, False),
        ("PAUSED", {"PENDING": 1}, False),
        ("RUNNING", {"DONE": 5, "PENDING": 0}, True),
        ("DONE", {"DONE": 5}, True),
        ("CANCELED", {"RUNNING": 1}, True),
        ("TIMED_OUT", {}, True),
        ("ERROR", {"PENDING": 2}, True),
    ],
)
def test_every_terminal_status_ends_a_wait_and_no_other(status, jobs, is_over):
    """Statuses of tomorrow are in progress."""
    assert is_over == bool(why_over({"status": status, "jobs_count_per_status": jobs}))


def test_an_end_is_noticed_within_two_seconds_or_a_tenth_of_the_time():
    """And never later than 30 s."""
    moment_s = 0.0
    while moment_s < 1000:
        pause = pause_s(moment_s)
        assert pause <= min(30.0, max(2.0, 0.1 * moment_s))
        moment_s += pause


def test_a_lost_creation_can_be_looked_up(world):
    """By the error that says that nobody knows."""
    service = world.service()
    losing = world.service(LossyPort(world.cloud, lambda _: "lost after"))
    create(service, tags=["mine"])
    with pytest.raises(BatchCreationError) as caught:
        create(losing, tags=["mine", "lost"])

    lost = caught.value.__cause__
    lost.sent_at = world.clock()
    found = service.look_up(lost)

    assert [["mine", "lost"]] == [batch.tags for batch in found]


def test_a_lost_addition_can_be_looked_up(world):
    """In its batch."""
    service = world.service()
    batch = create(service, open=True)
    with pytest.raises(CloudError) as caught:
        world.service(LossyPort(world.cloud, lambda _: "lost before")).client.add_jobs(batch.id, JOBS)

    assert [3] == [found.jobs_count or len(found.ordered_jobs) for found in service.look_up(caught.value)]


def test_what_is_not_there_is_an_error_that_says_what_was_done(world):
    """Read, in this case."""
    with pytest.raises(BatchFetchingError, match="batch could not be read"):
        world.service().get_batch("00000000-0000-4000-8000-999999999999")


class Mine:
    """Somebody's own provider."""

    def get_token(self):
        """A token."""
        return "mine"


def test_any_object_with_get_token_is_a_provider():
    """And nothing else."""
    cloud = Cloud.connect(project_id="p", credentials=Credentials(provider=Mine()))

    assert cloud.client._exchange.tokens.get_token() == "mine"
    with pytest.raises(TypeError, match=r"object has no get_token\(\)"):
        Cloud.connect(credentials=Credentials(provider=object()))


def test_credentials_come_from_the_environment(monkeypatch):
    """A ready token wins."""
    monkeypatch.setenv("PASQAL_USERNAME", "ada")
    monkeypatch.setenv("PASQAL_PASSWORD", "x")
    grant = Cloud.connect(region="sa").client._exchange.tokens
    monkeypatch.setenv("PASQAL_TOKEN", "ready")
    ready = Cloud.connect(region="sa").client._exchange.tokens

    assert ("PasswordGrant", "ready") == (type(grant).__name__, ready.get_token())


def test_a_region_without_credentials_says_what_to_set():
    """Before anything is sent; a cloud of one's own needs none."""
    with pytest.raises(AuthenticationError, match="no credentials"):
        Cloud.connect()
    assert Cloud.connect(url="http://127.0.0.1:9/").client.endpoints.core == "http://127.0.0.1:9"


def test_a_password_may_stay_in_the_systems_keyring(monkeypatch):
    """With the extra `[keyring]`; a locked keyring is as good as none."""

    class LockedError(Exception):
        """As the library's KeyringError."""

    def kept(service, username):
        if username == "eve":
            raise LockedError
        return {("pulser-runner", "ada"): "from-the-keyring"}.get((service, username))

    errors = types.ModuleType("keyring.errors")
    errors.KeyringError = LockedError
    keyring = types.ModuleType("keyring")
    keyring.get_password = kept
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)

    grant = Cloud.connect(credentials=Credentials(username="ada")).client._exchange.tokens
    assert grant._password == "from-the-keyring"
    for username in ("bob", "eve"):
        with pytest.raises(AuthenticationError, match=f"no password for {username}"):
            Cloud.connect(credentials=Credentials(username=username))


def test_without_the_extra_a_missing_password_is_an_error(monkeypatch):
    """That says what to set."""
    monkeypatch.setitem(sys.modules, "keyring", None)

    with pytest.raises(AuthenticationError, match="no password for ada"):
        Cloud.connect(credentials=Credentials(username="ada"))
