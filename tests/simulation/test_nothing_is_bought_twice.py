"""Whole reconcilers against the local cloud's state machine: virtual time, faults, crashes, races, seeds.

Every schedule is one seed. A request may be lost before or after it is carried out, or land long after its
answer was given up; a runner may die around any POST, with or without its memory, or stall between deciding
and sending while the world goes on; lists may lag behind. At the end nothing may be bought twice, and all
that can be finished must be.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from builders import a_wanted_job, an_experiment
from fakes import SEQUENCE, DiceEngine, MemoryCloud, VirtualClock

from runner.cloud import Answer, NoAnswerError
from runner.domain import BatchMode, JobStatus, Policy, Retry, Submission, job_key, recipe_digest
from runner.errors import CloudError
from runner.reconcile import Journal, Reconciler, Terms, Tools, Wish
from runner.results import Records

SCHEDULES = 25
ATTEMPTS = 3
FAULTY_TICKS = 120
TICKS = 400
POINTS = {job_key({"t": t}): runs for t, runs in ((1, 100), (2, 100), (3, 250))}


class CrashError(BaseException):
    """The process is gone."""


class World:
    """A cloud, some runners, and what may go wrong between them."""

    def __init__(self, seed, *, runners, lag, keeps_memory, folder, policy):
        self.rng = random.Random(seed)
        self.clock = VirtualClock()
        self.engine = DiceEngine(self.rng)
        self.cloud = MemoryCloud(self.clock, self.engine, max_runs=100)
        self.lag, self.keeps_memory, self.policy = lag, keeps_memory, policy
        self.late, self.visible, self.busy = [], {}, set()
        self.faulty = True
        self.ticks = 0
        self.crew = [Crewman(self, folder / str(number)) for number in range(runners)]

    def tick(self):
        """A second passes: late requests land, jobs end, some runners take a turn."""
        self.ticks += 1
        self.faulty = self.ticks < FAULTY_TICKS
        self.clock.sleep(1)
        for due, send in [each for each in self.late if each[0] <= self.ticks]:
            self.late.remove((due, send))
            send()
        self.engine.tick()
        self.cloud.step()
        for crewman in self.rng.sample(self.crew, len(self.crew)):
            if crewman not in self.busy and self.rng.random() < 0.5:
                crewman.turn()

    def stall(self, crewman):
        """The world goes on while one runner stands still."""
        self.busy.add(crewman)
        for _ in range(self.rng.randint(1, 40)):
            self.tick()
        self.busy.discard(crewman)

    def is_visible(self, batch_id):
        """Whether lists show a batch yet."""
        due = self.visible.setdefault(batch_id, self.ticks + self.rng.randint(0, self.lag))
        return due <= self.ticks


class Crewman:
    """One runner: a machine with a journal and records, and a connection on which things get lost."""

    def __init__(self, world, folder):
        self.world, self.folder = world, folder
        self.lives = 0
        self.journal = None
        self.is_held = False
        self.boot(forget=True)

    def boot(self, *, forget):
        """Starts the process again, on the same machine or on a fresh one."""
        if forget:
            self.lives += 1
            if self.journal:
                self.journal.close()
            self.journal = Journal(Path(":memory:"), self.world.clock)
            self.records = Records(self.folder / str(self.lives))
        terms = Terms(namespace="lab", settle_s=self.world.lag + 1, lease_s=24.0, poll_s=1.0)
        tools = Tools(
            client=self.world.cloud.client(self),
            journal=self.journal,
            records=self.records,
            namespace="lab",
            clock=self.world.clock,
            sleep=self.world.clock.sleep,
        )
        self.reconciler = Reconciler(tools, terms)

    def turn(self):
        """One pass; a process that dies is started again."""
        experiment = an_experiment(
            *(a_wanted_job(t, runs) for t, runs in ((1, 100), (2, 100), (3, 250))),
            sequence=SEQUENCE,
            recipe=recipe_digest(device_type="EMU_FREE", sequence=SEQUENCE),
            max_runs=100,
            policy=self.world.policy,
        )
        try:
            plans = self.reconciler.one_pass([Wish(desired=experiment)])
            self.is_held = any(plan.holds for plan in plans)
        except CloudError:
            self.boot(forget=False)
        except CrashError:
            self.boot(forget=not self.world.keeps_memory)

    def send(self, request):
        """The port: an answer, or what fate has instead."""
        if request.method == "GET" and request.path == "/api/v1/batches":
            return self.lagging(self.world.cloud.answer(request))
        if not self.world.faulty or request.method == "GET":
            return self.world.cloud.answer(request)
        if request.method == "POST" and self.world.rng.random() < 0.2:
            self.world.stall(self)
        return self.fated(request, self.world.rng.random())

    def fated(self, request, x):
        """A change, answered or lost."""
        if x < 0.06:
            raise CrashError
        if x < 0.14:
            raise NoAnswerError("lost on its way")
        if x < 0.24:
            due = self.world.ticks + self.world.rng.randint(1, 30)
            self.world.late.append((due, lambda: self.world.cloud.answer(request)))
            raise NoAnswerError("given up")
        answer = self.world.cloud.answer(request)
        if x < 0.34:
            raise NoAnswerError("the answer was lost")
        if x < 0.40:
            raise CrashError
        return answer

    def lagging(self, answer):
        """A list without the batches that it does not show yet."""
        said = json.loads(answer.body)
        shown = [batch for batch in said["data"] if self.world.is_visible(batch["id"])]
        return Answer(answer.status, answer.headers, json.dumps(said | {"data": shown}).encode())


def outcome(seed, **conditions):
    """What was bought in one schedule: runs done and failures by point, and whether a person is asked for."""
    world = World(seed, **conditions)
    while world.ticks < TICKS:
        world.tick()
    jobs = world.cloud.jobs()
    world.cloud.close()
    for crewman in world.crew:
        crewman.journal.close()
    done, failed = Counter(), Counter()
    for job in jobs:
        key = job_key(job["variables"])
        done[key] += job["runs"] * (job["status"] == JobStatus.DONE)
        failed[key] += job["status"] == JobStatus.ERROR
    return done, failed, any(crewman.is_held for crewman in world.crew)


CONDITIONS = [(1, 0, True), (1, 5, True), (1, 5, False), (2, 0, True), (2, 5, True), (3, 5, False)]
CLAIM = Policy(retry=Retry(limit=ATTEMPTS - 1, backoff_s=0.0))
KEPT_OPEN = replace(CLAIM, batch=BatchMode.OPEN)


@pytest.mark.parametrize(
    ("policy", "runners", "lag", "keeps_memory"),
    [*((CLAIM, *each) for each in CONDITIONS), (KEPT_OPEN, 2, 5, True)],
)
def test_claiming_first_never_buys_twice_and_always_finishes(tmp_path, policy, runners, lag, keeps_memory):
    """Over seeded schedules, no point gets more runs than wanted, and each gets all of them or has failed.

    After six silences within ten minutes a runner stops to ask: by chance that happens, and rarely.
    """
    wrong, asked = [], 0
    for seed in range(SCHEDULES):
        conditions = {"runners": runners, "lag": lag, "keeps_memory": keeps_memory}
        done, failed, is_held = outcome(seed, folder=tmp_path / str(seed), policy=policy, **conditions)
        asked += is_held
        for key, runs in POINTS.items():
            if done[key] > runs:
                wrong.append((seed, "bought twice", key, done[key]))
            if done[key] < runs and failed[key] < ATTEMPTS and not is_held:
                wrong.append((seed, "unfinished", key, done[key]))

    assert wrong == []
    assert asked <= SCHEDULES / 5


def test_the_simulation_sees_what_direct_submission_buys_twice(tmp_path):
    """The same schedules catch a protocol that buys with its first request: the judge is not blind."""
    policy = replace(CLAIM, submission=Submission.DIRECT)
    twice = 0
    for seed in range(SCHEDULES):
        done, _, _ = outcome(
            seed, runners=3, lag=5, keeps_memory=False, folder=tmp_path / str(seed), policy=policy
        )
        twice += any(done[key] > runs for key, runs in POINTS.items())

    assert twice > 0
