"""Results that come back: checked before they are believed, asked for again, and never bought twice."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from builders import a_wanted_job, an_experiment
from fakes import SEQUENCE, DiceEngine, LossyPort, MemoryCloud, VirtualClock

from runner.cloud import Answer
from runner.domain import Policy, Shortfall, recipe_digest
from runner.reconcile import (
    Context,
    End,
    Health,
    Journal,
    Patience,
    Reconciler,
    Snapshot,
    Sync,
    TargetSettings,
)
from runner.reconcile.plan.saved_plan import desired_facts
from runner.results import Records

GOOD = {"counter": {"0": 100}}
EXPERIMENT = an_experiment(
    a_wanted_job(1), sequence=SEQUENCE, recipe=recipe_digest(device_type="EMU_FREE", sequence=SEQUENCE)
)
TOPPED_UP = replace(EXPERIMENT, policy=Policy(shortfall=Shortfall.BUY))


class Bench:
    """A reconciler on a cloud in memory whose results are what the test says.

    Attributes:
        bodies: What stands behind the links, one after the other; the last one stays.

        fetched: When a result was asked for (in s).
    """

    def __init__(self, folder, *bodies):
        self.clock = VirtualClock()
        self.engine = DiceEngine(random.Random(1), failing=0.0, ending=1.0)
        self.cloud = MemoryCloud(self.clock, self.engine)
        self.journal = Journal(Path(":memory:"), self.clock)
        self.records = Records(folder)
        self.bodies, self.fetched = list(bodies), []
        self.port = LossyPort(self.cloud, self._fate)

    def _fate(self, request):
        if request.path.endswith("/results_link"):
            return self._linked
        return "answered"

    def _linked(self, carry_out):
        self.fetched.append((self.clock.now - VirtualClock().now).total_seconds())
        body = self.bodies.pop(0) if len(self.bodies) > 1 else self.bodies[0]
        if callable(body):
            return body(carry_out)
        self.port._fate = self._behind(body)
        return carry_out()

    def _behind(self, body):
        def fate(request):
            self.port._fate = self._fate
            return lambda _: body if isinstance(body, Answer) else Answer(200, {}, json.dumps(body).encode())

        return fate

    def sleep(self, seconds):
        """Lets time pass, and the cloud work."""
        self.clock.sleep(seconds)
        self.cloud.step()
        self.engine.tick()
        self.cloud.step()

    def run(self, experiment=EXPERIMENT, **patience):
        """One apply, as a fresh process does it."""
        context = Context(
            client=self.cloud.client(self.port),
            journal=self.journal,
            records=self.records,
            namespace="lab",
            clock=self.clock,
            sleep=self.sleep,
        )
        snapshot = Snapshot(desired=experiment)
        return Reconciler(context, TargetSettings(namespace="lab", poll_s=1.0)).run(
            [snapshot], Patience(**patience)
        )

    def runs_bought(self):
        """Of all remote jobs, in the order in which they were bought."""
        return [job["runs"] for job in sorted(self.cloud.jobs(), key=lambda job: job["creation_order"])]

    def close(self):
        """Lets go of everything."""
        self.journal.close()
        self.cloud.close()


@pytest.fixture
def bench(tmp_path):
    """Makes benches, and closes them."""
    made = []

    def make(*bodies):
        made.append(Bench(tmp_path / str(len(made)), *bodies))
        return made[-1]

    yield make
    for each in made:
        each.close()


def link(url):
    """An answer with another link than the cloud's."""
    answer = {"status": "success", "code": 200, "data": {"results_link": url}}
    return lambda _: Answer(200, {}, json.dumps(answer).encode())


WRONG = [
    ({"counter": {"0": "100"}}, 'cannot be right: "0" is counted "100" times'),
    ({"counter": {"0": 10.5}}, 'cannot be right: "0" is counted 10.5 times'),
    ({"counter": {"0": 50, "111": 50}}, 'cannot be right: "111" does not fit 1 qubit'),
    ({"counter": {"0": -5}}, 'cannot be right: "0" is counted -5 times'),
    ({"counter": {"0": 300}}, "cannot be right: 300 runs are counted, and 100 were asked for"),
    ({"counter": {}}, "cannot be right: no run is counted"),
    ({"counter": None}, "cannot be right: the counts are null, not an object"),
    ({"counter": [1]}, "cannot be right: the counts are a list, not an object"),
    ({}, "cannot be right: the counts are null, not an object"),
    ([], "cannot be had: the answer is no object"),
    (Answer(200, {}, b"<html>"), "cannot be had: the answer is not JSON"),
    (Answer(200, {}, b"[" * 200_000), "cannot be had: the answer is not JSON"),
    (Answer(404, {}, b""), "cannot be had: the result of job"),
    (Answer(403, {}, b"<Error>"), "cannot be had: the result of job"),
    (Answer(410, {}, b""), "cannot be had: the cloud answered HTTP 410"),
    (Answer(500, {}, b""), "cannot be had: the cloud answered HTTP 500"),
    (link(None), "the cloud has no result of it"),
    (link("http://["), "is none: Invalid IPv6 URL"),
]


@pytest.mark.parametrize(("body", "said"), WRONG)
def test_a_result_that_is_none_is_an_error_of_the_result(bench, body, said):
    """The apply ends; the job stays bought with its runs, and what is wrong is on record and noted."""
    lab = bench(body)
    outcome = lab.run()
    (record,) = lab.records.of_experiment("exp")
    (planned,) = outcome.plans

    assert (End.SETTLED, Sync.SYNCED, Health.DEGRADED) == (outcome.end, planned.sync, planned.health)
    assert ("NO_RESULT", True, 100) == (planned.jobs[0].status, planned.jobs[0].is_lost, planned.jobs[0].done)
    assert ({}, 100) == (record.counts, record.runs)
    assert said in record.errors[-1]
    assert said in planned.notes[0]
    assert [100] == lab.runs_bought()


@pytest.mark.parametrize("experiment", [EXPERIMENT, TOPPED_UP], ids=["keep", "buy"])
def test_the_next_apply_asks_again_and_buys_nothing(bench, experiment):
    """Whatever is to be done about missing shots; once the result is right, all is well."""
    lab = bench({"counter": {"0": "100"}})
    lab.run(experiment)
    lab.bodies = [GOOD]
    (planned,) = lab.run(experiment).plans
    (record,) = lab.records.of_experiment("exp")

    assert (Health.HEALTHY, "DONE", ()) == (planned.health, planned.jobs[0].status, planned.notes)
    assert ({"0": 100}, ()) == (record.counts, record.errors)
    assert [100] == lab.runs_bought()


def test_within_one_apply_a_result_is_asked_for_three_times(bench):
    """After pauses that double; a result that comes late is taken."""
    never, late = bench({"counter": {}}), bench({"counter": {}}, link(None), GOOD)
    never.run()
    (planned,) = late.run().plans

    assert [0.0, 1.0, 3.0] == [at - never.fetched[0] for at in never.fetched]
    assert (3, Health.HEALTHY) == (len(late.fetched), planned.health)


def test_a_link_that_leads_nowhere_is_asked_for_as_long_as_the_client_does(bench):
    """It has its own patience; that is not spent three times."""
    lab = bench(Answer(404, {}, b""))
    lab.run()

    assert 1 == len(lab.fetched)


def test_who_does_not_wait_asks_once(bench):
    """And is told."""
    lab = bench({"counter": {}})
    lab.run(until_done=False)
    lab.sleep(1)
    outcome = lab.run(until_done=False)

    assert (End.SUBMITTED, 1, "NO_RESULT") == (outcome.end, len(lab.fetched), outcome.plans[0].jobs[0].status)


def test_missing_shots_are_kept_and_shown(bench):
    """What is there counts with its number; nothing is bought, and nothing asked for again."""
    lab = bench({"counter": {"0": 1, "1": 2}})
    lab.run()
    (planned,) = lab.run().plans
    (record,) = lab.records.of_experiment("exp")

    assert (Sync.SYNCED, Health.DEGRADED, "PARTIAL") == (
        planned.sync,
        planned.health,
        planned.jobs[0].status,
    )
    assert (f"t1, job {record.id}: 3 of 100 runs are counted: 97 shots are missing",) == planned.notes
    assert ({"0": 1, "1": 2}, 100, ()) == (record.counts, record.runs, record.errors)
    assert (1, [100]) == (len(lab.fetched), lab.runs_bought())


def test_missing_shots_are_bought_where_the_policy_says_so(bench):
    """Until all are counted; applied once more, nothing is sent."""
    lab = bench({"counter": {"0": 3}}, {"counter": {"0": 90}}, {"counter": {"1": 7}})
    (planned,) = lab.run(TOPPED_UP).plans

    assert [100, 97, 7] == lab.runs_bought()
    assert (Sync.SYNCED, Health.HEALTHY, "DONE", 100) == (
        planned.sync,
        planned.health,
        planned.jobs[0].status,
        planned.jobs[0].done,
    )
    lab.run(TOPPED_UP)
    assert [100, 97, 7] == lab.runs_bought()


def test_a_result_of_an_older_recipe_is_held_against_its_manifest(bench):
    """Without one, only what all bitstrings have in common can be checked."""
    changed = replace(EXPERIMENT, recipe="f" * 64)
    told = []
    for manifest in ({"qubit_ids": ["q0"]}, {}):
        lab = bench({"counter": {"01": 100}})
        lab.run(replace(EXPERIMENT, policy=Policy()), until_done=False)
        lab.sleep(1)
        lab.records.write_manifest("exp", EXPERIMENT.recipe[:16], manifest)
        lab.run(replace(changed, jobs=(), policy=Policy()), timeout_s=60.0)
        told += lab.records.of_experiment("exp")

    assert [({}, ("q0",)), ({"01": 100}, ())] == [(job.counts, job.qubit_ids) for job in told]


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (GOOD | {"serialised_results": "{}"}, "{}"),
        (GOOD | {"serialised_results": {}}, None),
        (GOOD | {"serialised_results": "\ud800"}, None),
        ({"counter": {"0": -1}, "serialised_results": "{}"}, None),
    ],
)
def test_what_an_emulator_gave_is_kept_beside_counts_that_can_be_right(bench, body, kept):
    """As a text that a file can hold."""
    lab = bench(body)
    lab.run()
    (record,) = lab.records.of_experiment("exp")

    assert kept == lab.records.serialised("exp", record)


def test_saved_plans_of_before_there_was_a_policy_for_missing_shots_still_hold():
    """They say nothing of it, as files do that leave it out."""
    assert "shortfall" not in desired_facts(EXPERIMENT)["policy"]
    assert "buy" == desired_facts(TOPPED_UP)["policy"]["shortfall"]
