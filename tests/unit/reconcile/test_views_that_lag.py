"""Passes over a cloud whose views lag, are short, or are wrong: one purchase is one purchase."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builders import a_wanted_job, an_experiment
from fakes import SEQUENCE, DiceEngine, MemoryCloud, VirtualClock

from runner.cloud import Answer
from runner.domain import (
    BatchMode,
    Budget,
    JobStatus,
    Policy,
    Retry,
    RunsMode,
    Submission,
    Surplus,
    recipe_digest,
)
from runner.errors import CloudError, JobCreationError
from runner.reconcile import (
    CloudMemory,
    Context,
    End,
    Journal,
    Patience,
    Reconciler,
    Snapshot,
    TargetSettings,
)
from runner.results import Records

BATCHES, JOBS = "/api/v1/batches", "/api/v2/jobs"
RECIPE = recipe_digest(device_type="EMU_FREE", sequence=SEQUENCE)
_RUNS = re.compile(rb'"runs": ?[0-9]+')
TWO = (a_wanted_job(1), a_wanted_job(2))


def wanted(*jobs, **fields):
    """An experiment that the cloud in memory can run."""
    return an_experiment(*(jobs or (a_wanted_job(),)), sequence=SEQUENCE, recipe=RECIPE, **fields)


class Lab:
    """A cloud in memory, a port that shows it as the test wants it, and machines."""

    def __init__(self, folder):
        self.folder, self.clock = folder, VirtualClock()
        self.engine = DiceEngine(random.Random(1), failing=0.0, ending=1.0)
        self.cloud = MemoryCloud(self.clock, self.engine)
        self.shown = lambda _request, answer: answer
        self.sent = []
        self._journals = {}

    def send(self, request):
        """The port: the cloud's answer, as it is shown."""
        self.sent.append((request.method, request.path))
        answer = self.cloud.answer(request)
        if request.method != "GET" or answer.status != 200:
            return answer
        said = self.shown(request, json.loads(answer.body))
        return Answer(answer.status, answer.headers, json.dumps(said).encode())

    def lag(self, *, batches_s=0.0, jobs_s=0.0):
        """From now on lists show only what is older."""

        def shown(request, said):
            lag_s = {BATCHES: batches_s, JOBS: jobs_s}.get(request.path, 0.0)
            until = (self.clock.now - timedelta(seconds=lag_s)).isoformat()
            if lag_s:
                said["data"] = [each for each in said["data"] if each["created_at"] <= until]
            return said

        self.shown = shown

    def tamper(self, change):
        """From now on each job in a list is changed, or left out where nothing is answered."""

        def shown(request, said):
            if request.path == JOBS:
                said["data"] = [each for each in map(change, said["data"]) if each]
            return said

        self.shown = shown

    def forget_runs(self):
        """From now on the cloud does not say how many runs a job had that has ended."""
        answer = self.cloud.answer
        self.tamper(lambda job: job if job["status"] in {"PENDING", "RUNNING"} else job | {"runs": None})

        def forgetful(request):
            said = answer(request)
            is_job = request.method == "GET" and request.path.startswith("/api/v2/jobs/")
            return replace(said, body=_RUNS.sub(b'"runs": null', said.body)) if is_job else said

        self.cloud.answer = forgetful

    def sleep(self, seconds):
        """Lets time pass, and the cloud work."""
        self.clock.sleep(seconds)
        self.cloud.step()
        self.engine.tick()
        self.cloud.step()

    def journal(self, machine):
        """What a machine has tried."""
        if machine not in self._journals:
            self._journals[machine] = Journal(Path(":memory:"), self.clock)
        return self._journals[machine]

    def reconciler(self, machine="mine", *, sleep=None, **settings):
        """A new process on a machine."""
        context = Context(
            client=self.cloud.client(self),
            journal=self.journal(machine),
            records=Records(self.folder / machine),
            namespace="lab",
            clock=self.clock,
            sleep=sleep or self.sleep,
        )
        return Reconciler(
            context,
            TargetSettings(
                **{"namespace": "lab", "poll_s": 1.0, "settle_s": 5.0, "claim_ttl_s": 30.0} | settings
            ),
        )

    def run(self, desired, machine="mine", timeout_s=300.0, **more):
        """Applies an experiment, in a new process."""
        snapshot = Snapshot(desired=desired)
        return self.reconciler(machine, **more).run([snapshot], Patience(timeout_s=timeout_s))

    def bought(self):
        """Runs of each job on the cloud that was not cancelled."""
        return sorted(job["runs"] for job in self.cloud.jobs() if job["status"] != JobStatus.CANCELED)

    def purchases(self):
        """How many requests bought."""
        return sum(method == "POST" and path.endswith("/jobs") for method, path in self.sent)

    def close(self):
        """Lets go of everything."""
        for journal in self._journals.values():
            journal.close()
        self.cloud.close()


@pytest.fixture
def lab(tmp_path):
    """A lab that sees all as it is."""
    made = Lab(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize(
    "policy", [Policy(), Policy(budget=Budget(runs=100, jobs=1)), Policy(batch=BatchMode.OPEN)]
)
@pytest.mark.parametrize(
    ("batches_s", "jobs_s"), [(0.0, 0.3), (4.0, 4.0), (8.0, 8.0), (0.0, 60.0), (60.0, 0.0), (60.0, 60.0)]
)
def test_lists_that_lag_buy_nothing_twice(lab, policy, batches_s, jobs_s):
    """Each list by itself, by less or more than the settle window."""
    lab.lag(batches_s=batches_s, jobs_s=jobs_s)

    outcome = lab.run(wanted(policy=policy))

    assert (End.SETTLED, (), 1, [100]) == (outcome.end, outcome.plans[0].holds, lab.purchases(), lab.bought())


def test_lists_that_lag_buy_nothing_twice_in_one_process_after_another(lab):
    """What the first was told stands in the journal."""
    lab.lag(batches_s=60.0, jobs_s=60.0)
    for _ in range(8):
        lab.run(wanted(*TWO), timeout_s=8.0)
    outcome = lab.run(wanted(*TWO))

    assert (End.SETTLED, 1, [100, 100]) == (outcome.end, lab.purchases(), lab.bought())


@pytest.mark.parametrize(
    "change",
    [
        lambda job: None,
        lambda job: job | {"runs": -20},
        lambda job: job | {"runs": None},
        lambda job: job | {"runs": 0},
        lambda job: job | {"status": "ERROR"},
        lambda job: job | {"status": "CANCELED"},
        lambda job: job | {"runs": "100"},
        lambda job: job | {"variables": None},
        lambda job: job | {"variables": "t"},
        lambda job: job | {"status": None},
        lambda job: job | {"created_at": 7},
        lambda job: "a job",
    ],
    ids=[
        "no job",
        "minus",
        "null",
        "none",
        "failed",
        "cancelled",
        "text",
        "no variables",
        "odd variables",
        "no status",
        "a number",
        "odd",
    ],
)
@pytest.mark.parametrize("machine", ["mine", "another"])
def test_jobs_that_are_shown_wrong_are_not_bought_again(lab, machine, change):
    """Neither by the machine that bought them nor by another; in the end a person is told which batch."""
    lab.run(wanted(), timeout_s=7.0)
    (batch,) = {job["batch_id"] for job in lab.cloud.jobs()}
    lab.tamper(change)
    outcome = lab.run(wanted(), machine)

    holds = outcome.plans[0].holds
    assert (1, [100]) == (lab.purchases(), lab.bought())
    assert holds == () or batch in holds[0].reason


def test_fewer_runs_than_were_bought_are_no_reason_to_buy(lab):
    """The journal knows better than a list."""
    lab.run(wanted(), timeout_s=7.0)
    lab.tamper(lambda job: job | {"runs": 5})
    outcome = lab.run(wanted())

    assert (1, [100]) == (lab.purchases(), lab.bought())
    assert ["5 runs, and 100 were bought" in hold.reason for hold in outcome.plans[0].holds] in ([], [True])


def test_a_batch_that_is_not_seen_whole_is_told_and_then_asked_about(lab):
    """First a note that says since when, after a while a Hold that names the batch."""
    lab.run(wanted(), timeout_s=7.0)
    lab.tamper(lambda job: None)
    lab.shown, blind = (lambda _r, said: said), lab.shown
    lab.shown = blind
    reconciler = lab.reconciler("another")
    early = reconciler.one_pass([Snapshot(desired=wanted())])[0]
    for _ in range(130):
        lab.sleep(1.0)
    late = reconciler.one_pass([Snapshot(desired=wanted())])[0]

    assert ((), True) == (early.holds, any("is not seen whole" in note for note in early.notes))
    assert ["is not seen whole" in hold.reason for hold in late.holds] == [True]


def test_an_open_batch_is_closed_although_its_jobs_are_not_seen(lab):
    """It holds a machine."""
    lab.tamper(lambda job: None)
    lab.run(wanted(), timeout_s=7.0)
    lab.run(wanted(), "another", timeout_s=20.0)

    assert {False} == {batch["open"] for batch in lab.cloud.client().get_batches()}


@pytest.mark.parametrize("machine", ["mine", "another"])
def test_what_is_on_record_needs_no_list(lab, machine):
    """Also when the cloud has forgotten the jobs."""
    lab.run(wanted(), machine)
    lab.tamper(lambda job: None)
    lab.sent.clear()
    outcome = lab.run(wanted(), machine)

    assert (End.SETTLED, [("GET", BATCHES)]) == (outcome.end, lab.sent)


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_a_batch_that_was_bought_and_is_shown_nowhere_is_not_bought_again(lab, is_forgotten):
    """Its id is in the journal; nothing is bought until somebody knows what became of it."""
    lab.engine._capacity = 0
    lab.run(wanted(), timeout_s=7.0)
    lab.engine._capacity = 8
    lab.shown = lambda request, said: said | {"data": []} if request.path == BATCHES else said
    if is_forgotten:
        answer = lab.cloud.answer
        lab.cloud.answer = lambda request: (
            Answer(404, {}, b"{}") if request.path.startswith("/api/v2/batches/") else answer(request)
        )
    outcome = lab.run(wanted())

    assert (1, is_forgotten) == (lab.purchases(), bool(outcome.plans[0].holds))


def test_a_purchase_that_arrives_twice_is_noticed_and_what_is_pending_of_it_cancelled(lab):
    """A proxy repeated it, before the batch was closed; one of the two counts."""
    answer = lab.cloud.answer

    def twice(request):
        if request.method == "POST" and request.path.endswith("/jobs"):
            answer(request)
        return answer(request)

    lab.cloud.answer = twice
    outcome = lab.run(wanted(*TWO))

    assert (End.SETTLED, [100, 100]) == (outcome.end, lab.bought())
    assert Counter({"CANCELED": 2, "DONE": 2}) == Counter(job["status"] for job in lab.cloud.jobs())


def test_no_planner_buys_twice(lab, monkeypatch):
    """One that always wants what the file asks for is stopped by the guard; a person is asked, once."""
    wants = "runner.reconcile.plan.job_states._missing"
    monkeypatch.setattr(wants, lambda job, *_: job.runs)
    outcome = lab.run(wanted())

    (hold,) = outcome.plans[0].holds
    assert (1, [100]) == (lab.purchases(), lab.bought())
    assert "100 more runs of t1 would make 200, and 100 are justified" in hold.reason
    assert set() == {batch["id"] for batch in lab.cloud.client().get_batches() if batch["open"]}


def test_two_clones_with_two_versions_of_a_file_both_get_what_they_ask_for(lab):
    """The larger one buys the difference; nobody shuts the other's claim."""
    clones = {machine: lab.reconciler(machine, sleep=lambda _: None) for machine in ("small", "large")}
    files = {
        "small": wanted(a_wanted_job(runs=20)),
        "large": wanted(a_wanted_job(runs=30), a_wanted_job(2)),
    }
    for _ in range(60):
        for machine, clone in clones.items():
            clone.one_pass([Snapshot(desired=files[machine])])
        lab.sleep(1.0)
    counts = Counter()
    for job in lab.cloud.jobs():
        counts[job["variables"]["t"]] += job["runs"]

    assert Counter({1: 30, 2: 100}) == counts
    assert 8 >= len(list(lab.cloud.client().get_batches()))


@pytest.mark.parametrize(("is_ours", "expected"), [(True, "CANCELED"), (False, "DONE")])
def test_only_what_this_machine_bought_is_superseded(lab, is_ours, expected):
    """Another clone's file may still ask for it; it is named."""
    lab.engine._ending = 0.0
    lab.engine._capacity = 0
    first = wanted(policy=Policy(supersede=Surplus.CANCEL))
    lab.run(first, timeout_s=7.0)
    second = replace(first, recipe="f" * 64)
    machine = "mine" if is_ours else "another"
    plan = lab.reconciler(machine).one_pass([Snapshot(desired=second)])[0]
    lab.engine._ending, lab.engine._capacity = 1.0, 8
    for _ in range(5):
        lab.sleep(1.0)

    assert [expected] == [job["status"] for job in lab.cloud.jobs()]
    assert is_ours != any("left alone" in note for note in plan.notes)


@pytest.mark.parametrize("jump_s", [-600.0, 600.0])
def test_a_clock_that_is_set_changes_no_wait(lab, jump_s):
    """Time-outs and settling go by seconds that only grow; the jump is told."""
    seconds = {"now": 0.0}

    def sleep(s):
        seconds["now"] += s
        lab.sleep(s)

    reconciler = lab.reconciler(sleep=sleep)
    context = replace(reconciler._context, kept_memory=CloudMemory(lambda: seconds["now"]))
    reconciler = Reconciler(context, TargetSettings(namespace="lab", poll_s=1.0, settle_s=5.0))
    lab.engine._capacity = 0
    plans = []
    snapshot = Snapshot(desired=wanted())
    plans.append(reconciler.one_pass([snapshot])[0])
    lab.clock.now += timedelta(seconds=jump_s)
    outcome = reconciler.run([snapshot], Patience(timeout_s=30.0))

    assert (End.PATIENCE, 30.0) == (outcome.end, seconds["now"])
    assert any("clock was set" in note for note in outcome.plans[0].notes)
    assert [100] == lab.bought()


def test_a_new_journal_settles_although_the_clock_was_set_back(lab):
    """It would be as old as nothing until the clock has caught up."""
    lab.journal("mine")
    lab.clock.now -= timedelta(seconds=600)
    lab.run(wanted(policy=Policy(submission=Submission.DIRECT)), timeout_s=30.0)

    assert [100] == lab.bought()


@pytest.mark.parametrize("age_s", [4.9, 5.1])
def test_a_row_is_as_old_as_the_look_that_found_it(lab, age_s):
    """Not as old as the answers that came after: a claim would settle too early by as long as they took."""
    lab.run(wanted(), timeout_s=0.0)
    lab.sleep(age_s - (lab.clock.now - lab.journal("mine").entries("exp")[0].at).total_seconds())
    slow = lab.shown

    def shown(request, said):
        lab.clock.sleep(0.3)
        return slow(request, said)

    lab.shown = shown
    (planned,) = lab.reconciler().one_pass([Snapshot(desired=wanted())])

    assert (age_s > 5.0) == bool(planned.cost.runs and lab.purchases())


@pytest.mark.parametrize(("machine", "runs"), [("mine", 100), ("another", 0)])
@pytest.mark.parametrize("policy", [Policy(), Policy(runs=RunsMode.EXACT)])
def test_runs_that_a_cloud_has_forgotten_are_not_bought_again(lab, machine, runs, policy):
    """Of a job that has ended it may say null: the journal tells, else all that is wanted was counted."""
    lab.forget_runs()
    lab.run(wanted(policy=policy), timeout_s=7.0)
    outcome = lab.run(wanted(policy=policy), machine)
    (record,) = Records(lab.folder / machine).of_experiment("exp")

    assert (End.SETTLED, 1, runs, {"0": 100}) == (
        outcome.end,
        lab.purchases(),
        record.runs,
        dict(record.counts),
    )


def test_exact_runs_that_are_asked_for_anew_are_not_pruned_as_surplus(lab):
    """Jobs of other runs count for nothing: neither as there nor as too much."""
    policy = Policy(runs=RunsMode.EXACT, prune=Surplus.CANCEL)
    lab.run(wanted(a_wanted_job(runs=150), policy=policy))
    outcome = lab.run(wanted(a_wanted_job(runs=20), policy=policy))

    assert (End.SETTLED, 2, [20, 150]) == (outcome.end, lab.purchases(), lab.bought())


def test_a_batch_that_another_runner_has_just_shut_is_no_error(lab):
    """The next pass looks, and buys on another claim."""
    answer, shut = lab.cloud.answer, []

    def shutting(request):
        if request.method == "POST" and request.path.endswith("/jobs") and not shut:
            shut.append(request.path)
            return Answer(409, {}, b'{"status": "fail", "message": "closed", "code": 409, "data": {}}')
        return answer(request)

    lab.cloud.answer = shutting
    outcome = lab.run(wanted())

    assert (End.SETTLED, [100]) == (outcome.end, lab.bought())


@pytest.mark.parametrize(("n_shut", "bought"), [(3, [100, 100]), (4, [])])
def test_batches_that_are_found_shut_are_an_error_only_in_a_row(lab, n_shut, bought):
    """Before each purchase so many claims end early; what was bought begins a new row."""
    answer, shut = lab.cloud.answer, []

    def shutting(request):
        if request.method == "POST" and request.path.endswith("/jobs") and len(shut) < n_shut:
            shut.append(request.path)
            return Answer(409, {}, b'{"status": "fail", "message": "closed", "code": 409, "data": {}}')
        if request.method == "POST" and request.path.endswith("/jobs"):
            shut.clear()
        return answer(request)

    lab.cloud.answer = shutting
    with nullcontext() if bought else pytest.raises(JobCreationError, match="closed"):
        lab.run(wanted(*TWO, policy=Policy(max_jobs_per_batch=1)))

    assert bought == lab.bought()


@pytest.mark.parametrize("lag_s", [0.0, 4.0])
def test_claims_that_time_out_again_and_again_are_no_error(lab, lag_s):
    """Each ends right before it gets its jobs, and says all the same that it is open; views may lag."""
    answer, shut = lab.cloud.answer, {}

    def shutting(request):
        if request.method == "POST" and request.path.endswith("/jobs") and len(shut) < 5:
            shut[request.path.split("/")[-2]] = lab.clock.now + timedelta(seconds=lag_s)
            return Answer(409, {}, b'{"status": "fail", "message": "ended", "code": 409, "data": {}}')
        said = answer(request)
        if request.method != "GET" or "/batches" not in request.path or not shut:
            return said
        body = json.loads(said.body)
        listed = body["data"] if isinstance(body["data"], list) else [body["data"]]
        for batch in listed:
            if batch.get("id") in shut and shut[batch["id"]] <= lab.clock.now:
                batch["status"] = "TIMED_OUT"
        return replace(said, body=json.dumps(body).encode())

    lab.cloud.answer = shutting
    outcome = lab.run(wanted())

    assert (End.SETTLED, 5, [100]) == (outcome.end, len(shut), lab.bought())


def test_a_refused_purchase_says_what_was_taken_of_it(lab):
    """An answer that refuses may hide that the jobs are there."""
    answer = lab.cloud.answer

    def refusing(request):
        said = answer(request)
        if request.method == "POST" and request.path.endswith("/jobs"):
            return Answer(422, {}, b'{"status": "fail", "message": "no", "code": 422, "data": {}}')
        return said

    lab.cloud.answer = refusing
    with pytest.raises(JobCreationError) as caught:
        lab.run(wanted())
    lab.cloud.answer = answer
    outcome = lab.run(wanted())

    assert "has 1 job:" in caught.value.hint
    assert (End.SETTLED, [100]) == (outcome.end, lab.bought())


def test_a_purchase_without_a_clear_answer_is_read_back_by_its_jobs(lab):
    """The count of its batch lags far behind; it is 0 although the jobs have run."""
    answer = lab.cloud.answer
    shut = {"status": "CANCELED", "open": False, "jobs_count": 0, "jobs_count_per_status": {}}

    def losing(request):
        said = answer(request)
        is_purchase = request.method == "POST" and request.path.endswith("/jobs")
        return Answer(502, {}, b"<html>") if is_purchase and lab.purchases() == 1 else said

    def shown(request, said):
        if request.path == BATCHES:
            said["data"] = [each | shut if each["jobs_count"] else each for each in said["data"]]
        return said

    lab.cloud.answer, lab.shown = losing, shown
    lab.run(wanted())

    assert (1, [100]) == (lab.purchases(), lab.bought())


def test_variables_that_only_an_older_answer_tells_are_kept(lab):
    """The list is ahead of the answer for a single job, and has lost its variables, which never change."""
    lab.run(wanted(*TWO))
    lab.tamper(lambda job: job | {"variables": None})
    answer = lab.cloud.answer

    def late(request):
        said = answer(request)
        is_job = request.method == "GET" and request.path.startswith("/api/v2/jobs/")
        if not is_job:
            return said
        body = json.loads(said.body)
        body["data"] |= {"status": "RUNNING", "sequence": SEQUENCE}
        return replace(said, body=json.dumps(body).encode())

    lab.cloud.answer = late
    outcome = lab.run(wanted(*TWO), "another")

    assert (1, [100, 100], ()) == (lab.purchases(), lab.bought(), outcome.plans[0].holds)


def test_a_job_that_only_an_answer_told_of_is_not_bought_again_when_its_batch_ends(lab):
    """It was pending when it was accepted; no list shows it, and it may have run since."""

    def shown(request, said):
        if request.path == JOBS:
            return said | {"data": []}
        if request.path == BATCHES:
            ended = {"status": "TIMED_OUT", "open": False, "jobs_count_per_status": None}
            said["data"] = [each | ended if each["jobs_count"] else each for each in said["data"]]
        return said

    lab.shown = shown
    outcome = lab.run(wanted(policy=Policy(batch=BatchMode.OPEN)))

    assert (1, [100]) == (lab.purchases(), lab.bought())
    assert ["was accepted and is not listed" in hold.reason for hold in outcome.plans[0].holds] == [True]


def test_a_result_is_asked_for_again_although_its_batch_has_lost_its_tags(lab):
    """The journal has its id; where the cloud has forgotten the batch, nothing more is to come."""
    desired, answer = wanted(), lab.cloud.answer
    lab.cloud.answer = lambda request: (
        Answer(404, {}, b"{}") if request.path.endswith("/results_link") else answer(request)
    )
    lab.run(desired)
    (before,) = Records(lab.folder / "mine").of_experiment("exp")
    lab.cloud.answer = answer
    lab.shown = lambda request, said: said | {"data": []} if request.path == BATCHES else said
    outcome = lab.run(desired)
    (after,) = Records(lab.folder / "mine").of_experiment("exp")

    assert (End.SETTLED, 1) == (outcome.end, lab.purchases())
    assert ({}, {"0": 100}) == (dict(before.counts), dict(after.counts))


def test_a_result_of_a_job_that_came_twice_is_asked_for_again_without_tags(lab):
    """No row of the journal names it; all that the rows name is measured."""
    desired, answer = wanted(), lab.cloud.answer

    def twice(request):
        said = answer(request)
        if request.method == "POST" and request.path.endswith("/jobs"):
            answer(request)
            lab.sleep(1.0)
        is_of_twin = request.path.endswith("/results_link") and request.path.split("/")[4] not in named()
        return Answer(404, {}, b"{}") if is_of_twin else said

    def named():
        return {job_id for row in lab.journal("mine").of_recipe(RECIPE[:16]) for job_id in row.job_ids}

    lab.cloud.answer = twice
    lab.run(desired)
    before = Records(lab.folder / "mine").of_experiment("exp")
    lab.cloud.answer = answer
    lab.shown = lambda request, said: said | {"data": []} if request.path == BATCHES else said
    outcome = lab.run(desired)
    after = Records(lab.folder / "mine").of_experiment("exp")

    assert (End.SETTLED, 1, 1) == (outcome.end, lab.purchases(), len(named()))
    assert [{}, {"0": 100}] == sorted((dict(job.counts) for job in before), key=len)
    assert [{"0": 100}, {"0": 100}] == [dict(job.counts) for job in after]


def test_a_result_of_a_batch_that_is_gone_is_waited_for_by_nobody(lab):
    """It is told that there is none; nothing is held up, and nothing bought."""
    desired, answer = wanted(), lab.cloud.answer
    lab.cloud.answer = lambda request: (
        Answer(404, {}, b"{}") if request.path.endswith("/results_link") else answer(request)
    )
    lab.run(desired)
    lab.shown = lambda request, said: said | {"data": []} if request.path == BATCHES else said
    lab.cloud.answer = lambda request: (
        Answer(404, {}, b"{}") if request.path.startswith("/api/v2/batches/") else answer(request)
    )
    outcome = lab.run(desired)

    assert (End.SETTLED, 1, ()) == (outcome.end, lab.purchases(), outcome.plans[0].holds)
    assert any("has no result" in note for note in outcome.plans[0].notes)


def test_runs_that_nobody_remembers_are_recorded_as_unknown(lab):
    """Neither what the file asks for by now nor what was counted: the one may be more, the other less."""
    lab.run(wanted(a_wanted_job(runs=40)), timeout_s=7.0)
    for _ in range(5):
        lab.sleep(1.0)
    lab.forget_runs()
    outcome = lab.run(wanted(), "another")
    (record,) = Records(lab.folder / "another").of_experiment("exp")

    assert (1, [40]) == (lab.purchases(), lab.bought())
    assert (0, {"0": 40}) == (record.runs, dict(record.counts))
    assert [
        "is forgotten by the cloud: 40 are counted" in hold.reason for hold in outcome.plans[0].holds
    ] == [True]


def test_runs_that_a_person_cancelled_are_those_of_their_own_experiment(lab):
    """The cloud has forgotten them; another experiment with the same sequence asks for fewer."""
    lab.engine._capacity = 0
    lab.run(wanted(a_wanted_job(runs=90)), timeout_s=7.0)
    (job,) = lab.cloud.jobs()
    lab.cloud.client().cancel_job(job["id"])
    lab.sleep(1.0)
    lab.forget_runs()
    both = (wanted(a_wanted_job(runs=90)), replace(wanted(a_wanted_job(runs=20)), name="other"))
    reconciler = lab.reconciler("another")
    for _ in range(8):
        reconciler.one_pass([Snapshot(desired=each) for each in both])
        lab.sleep(1.0)
    (record,) = Records(lab.folder / "another").of_experiment("exp")

    assert (JobStatus.CANCELED, 90) == (record.status, record.runs)


def test_failures_of_which_the_runs_are_forgotten_cannot_be_counted_by_a_budget(lab):
    """A person decides; without a budget they are bought again as ever."""
    lab.engine.failing = 1.0
    never = Policy(retry=Retry(limit=0))
    lab.run(wanted(a_wanted_job(runs=90), policy=never), timeout_s=7.0)
    lab.sleep(1.0)
    lab.forget_runs()
    lab.engine.failing = 0.0
    limited = lab.run(wanted(policy=Policy(budget=Budget(runs=150))), "another")
    unlimited = lab.run(wanted(), "another")

    assert ["cannot be counted" in hold.reason for hold in limited.plans[0].holds] == [True]
    assert (End.SETTLED, [90, 100]) == (unlimited.end, lab.bought())


def test_runs_that_cannot_be_right_are_forgotten():
    """Told again as null, they are unknown, not what was told first."""
    memory = CloudMemory(lambda: 0.0)
    memory.jobs("b1", [{"id": "j1", "status": "PENDING", "runs": -20, "variables": {"t": 1}}])
    (job,) = memory.jobs("b1", [{"id": "j1", "status": "ERROR", "runs": None, "variables": None}])

    expected = {"id": "j1", "batch_id": "b1", "status": "ERROR", "runs": None, "variables": {"t": 1}}
    assert expected == job


def is_purchase(request):
    """Whether a request adds jobs to a batch."""
    return request.method == "POST" and request.path.endswith("/jobs")


def only(n_jobs, request, said):
    """What is read, as if each batch had so many jobs at most."""
    if request.path == JOBS:
        return said | {"data": said["data"][:n_jobs]}
    for each in said["data"] if request.path == BATCHES else [said.get("data") or {}]:
        if each.get("jobs_count"):
            ids = (each.get("job_ids") or [])[:n_jobs]
            each |= {"jobs_count": n_jobs, "jobs_count_per_status": None, "job_ids": ids}
    return said


def test_a_purchase_of_which_a_part_is_shown_is_not_made_again_before_the_rest_may_show(lab):
    """It had no clear answer: its batch is shut, and a view of it lags longer than the settle window."""
    answer, bought_at = lab.cloud.answer, []

    def unclear(request):
        said = answer(request)
        if not is_purchase(request):
            return said
        bought_at.append(lab.clock.now)
        return Answer(200, {}, b"<html>")

    def shown(request, said):
        is_late = bought_at and lab.clock.now < bought_at[0] + timedelta(seconds=15)
        return only(1, request, said) if is_late else said

    lab.cloud.answer, lab.shown = unclear, shown
    outcome = lab.run(wanted(*TWO))

    assert (End.SETTLED, 1, [100, 100]) == (outcome.end, lab.purchases(), lab.bought())


def refuse_what_is_taken(lab):
    """A purchase is refused and taken all the same, and the process ends before it can shut its claim."""
    answer = lab.cloud.answer

    def refusing(request):
        said = answer(request)
        if is_purchase(request):
            return Answer(422, {}, b'{"status": "fail", "message": "no", "code": 422, "data": {}}')
        is_read = request.method == "GET" and request.path.startswith("/api/v2/batches/")
        return Answer(403, {}, b"<html>") if is_read else said

    lab.cloud.answer = refusing
    with pytest.raises(CloudError):
        lab.run(wanted())
    lab.cloud.answer = answer


def test_what_was_refused_and_taken_is_known_although_a_person_takes_its_tags(lab):
    """The journal has its batch, which no list shows any more."""
    lab.engine._capacity = 0
    refuse_what_is_taken(lab)
    lab.run(wanted(), timeout_s=7.0)
    (batch,) = {job["batch_id"] for job in lab.cloud.jobs()}
    lab.cloud.client().set_batch_tags(batch, [])
    lab.sleep(100.0)
    lab.engine._capacity = 8
    outcome = lab.run(wanted())

    assert (End.SETTLED, 1, [100]) == (outcome.end, lab.purchases(), lab.bought())


def test_a_batch_that_was_shown_with_a_job_is_not_taken_to_be_empty(lab):
    """Another answer, of a replica that is behind, does not know of the job yet."""
    refuse_what_is_taken(lab)
    looked_at = []

    def shown(request, said):
        if request.path == BATCHES:
            looked_at.append(lab.clock.now)
        is_late = lab.clock.now < looked_at[0] + timedelta(seconds=20)
        is_counted = request.path == BATCHES and len(looked_at) == 1
        return only(0, request, said) if is_late and not is_counted else said

    lab.shown = shown
    outcome = lab.run(wanted())

    assert (End.SETTLED, 1, [100]) == (outcome.end, lab.purchases(), lab.bought())


def test_what_a_look_finds_is_as_old_as_its_answer(lab):
    """Not as the look: what was cancelled meanwhile would be a person's wish before its tag shows."""
    lab.engine._capacity = 0
    lab.run(wanted(), timeout_s=7.0)
    (batch,) = {job["batch_id"] for job in lab.cloud.jobs()}
    answer, cancelled_at = lab.cloud.answer, []

    def cancelling(request):
        if request.path == BATCHES and not cancelled_at:
            lab.clock.sleep(3.0)
            cancelled_at.append(lab.clock.now)
            lab.cloud.answer = answer
            tags = [tag for each in lab.cloud.client().get_batches() for tag in each["tags"]]
            lab.cloud.client().set_batch_tags(batch, [*tags, "fenced"])
            lab.cloud.client().cancel_batch(batch)
        return answer(request)

    def shown(request, said):
        if request.path == BATCHES and lab.clock.now < cancelled_at[0] + timedelta(seconds=5):
            said["data"] = [each | {"tags": each["tags"][:-1]} for each in said["data"]]
        return said

    lab.cloud.answer, lab.shown = cancelling, shown
    another = lab.reconciler("another")
    for _ in range(4):
        another.one_pass([Snapshot(desired=wanted())])
        lab.sleep(2.0)

    assert () == tuple(Records(lab.folder / "another").of_experiment("exp"))


@pytest.mark.parametrize(("first", "recorded"), [(50, 0), (20, 20)])
def test_what_a_person_cancelled_is_not_bought_by_a_file_that_asked_for_other_runs_before(
    lab, first, recorded
):
    """Its runs are forgotten: the tag of its batch tells if they are the file's; else they are unknown."""
    exactly = Policy(runs=RunsMode.EXACT)
    lab.engine._capacity = 0
    lab.run(wanted(a_wanted_job(runs=20), policy=exactly), timeout_s=7.0)
    (job,) = lab.cloud.jobs()
    lab.cloud.client().cancel_job(job["id"])
    lab.sleep(1.0)
    lab.forget_runs()
    lab.run(wanted(a_wanted_job(runs=first), policy=exactly), "another")
    (record,) = Records(lab.folder / "another").of_experiment("exp")
    outcome = lab.run(wanted(a_wanted_job(runs=20), policy=exactly), "another")

    assert (JobStatus.CANCELED, recorded) == (record.status, record.runs)
    assert (End.SETTLED, 1) == (outcome.end, lab.purchases())
