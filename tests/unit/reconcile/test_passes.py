"""Whole passes against the cloud in memory: act does what the plan says, and the next plan agrees."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from builders import a_record, a_wanted_job, an_experiment
from fakes import SEQUENCE, DiceEngine, LossyPort, MemoryCloud, VirtualClock

from runner.cloud import NotSentError, Request
from runner.domain import BatchMode, JobStatus, Policy, Retry, Submission, Surplus, recipe_digest
from runner.errors import CloudUnavailableError, JobCreationError, JournalError
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
    Watch,
)
from runner.results import Records

TERMS = TargetSettings(namespace="lab", poll_s=1.0)
A_BAD_REQUEST = Request("POST", "http://127.0.0.1:1/api/v1/batches", body=b"[]")


class Bench:
    """A reconciler on a cloud in memory; the cloud works while the reconciler sleeps."""

    def __init__(self, folder, *, failing=0.0, ending=1.0, max_runs=None):
        self.clock = VirtualClock()
        self.engine = DiceEngine(random.Random(1), failing=failing, ending=ending)
        self.cloud = MemoryCloud(self.clock, self.engine, max_runs=max_runs)
        self.journal = Journal(Path(":memory:"), self.clock)
        self.records = Records(folder)
        self.fate = lambda request: "answered"
        self.port = LossyPort(self.cloud, self._current_fate)
        self.outages = []

    def _current_fate(self, request):
        return self.fate(request)

    def close(self):
        """Lets go of everything."""
        self.journal.close()
        self.cloud.close()

    def sleep(self, seconds):
        """Lets time pass, and the cloud work."""
        self.clock.sleep(seconds)
        self.cloud.step()
        self.engine.tick()
        self.cloud.step()

    def reconciler(self, settings=TERMS, declared=None):
        """A fresh process on the same machine; `declared` are the names in all files, if anybody knows."""
        context = Context(
            client=self.cloud.client(self.port),
            journal=self.journal,
            records=self.records,
            namespace="lab",
            declared=lambda: declared,
            clock=self.clock,
            sleep=self.sleep,
        )
        return Reconciler(context, settings, Watch(on_outage=self.outages.append))

    def run(self, experiment, **patience):
        """Applies an experiment."""
        return self.reconciler().run([Snapshot(desired=experiment)], Patience(timeout_s=600.0, **patience))

    def posts(self):
        """How many POSTs were sent."""
        return sum(method == "POST" for method, _ in self.port.sent)

    def bought(self):
        """Runs on the cloud by the point `t`, cancelled jobs left out."""
        runs = Counter()
        for job in self.cloud.jobs():
            runs[job["variables"]["t"]] += job["runs"] * (job["status"] != JobStatus.CANCELED)
        return dict(runs)


@pytest.fixture
def bench(tmp_path):
    """A bench on which everything goes well."""
    bench = Bench(tmp_path / "results")
    yield bench
    bench.close()


def the_experiment(*jobs, **fields):
    """An experiment that the cloud in memory can run; by default two points."""
    recipe = recipe_digest(device_type=fields.get("device_type", "EMU_FREE"), sequence=SEQUENCE)
    wanted = jobs or (a_wanted_job(1), a_wanted_job(2))
    return an_experiment(*wanted, **{"sequence": SEQUENCE, "recipe": recipe} | fields)


def test_an_experiment_is_bought_closed_and_recorded(bench):
    """The whole path."""
    outcome = bench.run(the_experiment())

    assert (End.SETTLED, Sync.SYNCED, Health.HEALTHY) == (
        outcome.end,
        outcome.plans[0].sync,
        outcome.plans[0].health,
    )
    assert {1: 100, 2: 100} == bench.bought()
    assert [{"0": 100}, {"0": 100}] == [dict(job.counts) for job in bench.records.of_experiment("exp")]
    assert [("DONE", False)] == [(b["status"], b["open"]) for b in bench.cloud.client().get_batches()]


def test_applying_again_sends_nothing(bench):
    """With one request, which only reads."""
    bench.run(the_experiment())
    bench.port.sent.clear()
    bench.run(the_experiment())

    assert [("GET", "/api/v1/batches")] == bench.port.sent


def test_two_jobs_more_send_those_two(bench):
    """And nothing else."""
    bench.run(the_experiment())
    bench.run(the_experiment(*(a_wanted_job(t) for t in (1, 2, 3, 4))))

    assert {1: 100, 2: 100, 3: 100, 4: 100} == bench.bought()


def test_raising_runs_buys_the_difference_and_a_revert_sends_nothing(bench):
    """500, then 800, then 500 again."""
    bench.run(the_experiment(a_wanted_job(1, 500)))
    bench.run(the_experiment(a_wanted_job(1, 800)))
    posts = bench.posts()
    bench.run(the_experiment(a_wanted_job(1, 500)))

    assert [500, 300] == [job.runs for job in bench.records.of_experiment("exp")]
    assert posts == bench.posts()


def test_raising_the_rerun_of_one_job_buys_it_once_and_a_revert_sends_nothing(bench):
    """The other jobs of its batch are left alone; both measurements stay on record."""
    before, again = the_experiment(), the_experiment(a_wanted_job(1), a_wanted_job(2, rerun=1))
    bench.run(before)
    bench.run(again)
    posts = bench.posts()
    outcomes = [bench.run(each) for each in (again, before, again)]

    assert [Sync.SYNCED] * 3 == [outcome.plans[0].sync for outcome in outcomes]
    assert [("t1", 0), ("t2", 0), ("t2", 1)] == sorted(
        (job.name, job.rerun) for job in bench.records.of_experiment("exp")
    )
    assert ({1: 100, 2: 200}, posts) == (bench.bought(), bench.posts())


def test_jobs_of_several_reruns_are_bought_in_a_batch_for_each(bench):
    """What is new beside what is measured again; the tags say which is which."""
    bench.run(the_experiment())
    bench.run(the_experiment(a_wanted_job(1, rerun=2), a_wanted_job(2), a_wanted_job(3), a_wanted_job(4, 50)))
    batches = sorted(bench.cloud.client().get_batches(), key=lambda batch: batch["created_at"])
    reruns = [[tag for tag in batch["tags"] if tag.startswith("rerun:")] for batch in batches]

    assert [[], ["rerun:2"], []] == reruns
    assert [2, 1, 2] == [batch["jobs_count"] for batch in batches]
    assert {1: 200, 2: 100, 3: 100, 4: 50} == bench.bought()


def test_records_alone_are_enough_when_the_cloud_has_forgotten(bench, tmp_path):
    """Nobody pays twice for what is on record."""
    bench.run(the_experiment())
    fresh = Bench(tmp_path / "elsewhere")
    fresh.records = bench.records
    fresh.run(the_experiment())
    posts = fresh.posts()
    fresh.close()

    assert posts == 0


def test_the_cloud_alone_is_enough_when_the_machine_has_forgotten(bench, tmp_path):
    """A fresh clone finds the batches by their tags, and records them."""
    bench.run(the_experiment())
    posts = bench.posts()
    bench.journal.close()
    bench.journal = Journal(Path(":memory:"), bench.clock)
    bench.records = Records(tmp_path / "fresh")
    bench.run(the_experiment())

    assert posts == bench.posts()
    assert len(bench.records.of_experiment("exp")) == 2


def test_an_open_batch_is_kept_extended_and_closed(bench):
    """One batch for all, retries included."""
    open_policy = Policy(batch=BatchMode.OPEN)
    bench.run(the_experiment(a_wanted_job(1), policy=open_policy), until_done=False)
    bench.run(the_experiment(policy=open_policy))
    batches = list(bench.cloud.client().get_batches())

    assert [(2, False, "DONE")] == [(b["jobs_count"], b["open"], b["status"]) for b in batches]


def test_failed_jobs_are_retried_up_to_the_limit(tmp_path):
    """Two retries are three attempts; then it is said, and the passes end."""
    bench = Bench(tmp_path, failing=1.0)
    outcome = bench.run(the_experiment(a_wanted_job(1)))
    attempts = [job.attempt for job in sorted(bench.records.of_experiment("exp"), key=lambda j: j.created_at)]
    spent_s = (bench.clock() - bench.journal.created_at).total_seconds()
    bench.close()

    assert (End.SETTLED, Health.DEGRADED, True) == (
        outcome.end,
        outcome.plans[0].health,
        outcome.plans[0].jobs[0].failed,
    )
    assert [1, 2, 3] == attempts
    assert spent_s >= 60  # two backoffs of 30 s


def test_runs_above_the_limit_of_the_device_are_bought_in_parts(tmp_path):
    """2000 runs on a device that takes 600 a job."""
    bench = Bench(tmp_path, max_runs=600)
    bench.run(the_experiment(a_wanted_job(1, 2000), max_runs=600))
    runs = [job.runs for job in bench.records.of_experiment("exp")]
    bench.close()

    assert [600, 600, 600, 200] == runs


def test_a_changed_recipe_cancels_what_is_pending_and_its_return_buys_it(bench):
    """What we cancelled ourselves is no person's wish."""
    keep_pending = Patience(timeout_s=0.0)
    first, second = the_experiment(), the_experiment(device_type="EMU_FRESNEL")
    for _ in range(3):  # claim, buy, close
        bench.reconciler().run([Snapshot(desired=first)], keep_pending)
    bench.run(second)
    cancelled = [b["status"] for b in bench.cloud.client().get_batches(device_type="EMU_FREE")]
    bench.run(first)

    assert ["CANCELED"] == cancelled
    assert {1: 200, 2: 200} == bench.bought()


def test_pruned_jobs_come_back_when_the_file_asks_again(bench):
    """Cancelled while pending, bought when they are wanted."""
    pruning = Policy(prune=Surplus.CANCEL)
    both, one = the_experiment(policy=pruning), the_experiment(a_wanted_job(1), policy=pruning)
    for _ in range(3):
        bench.reconciler().run([Snapshot(desired=both)], Patience(timeout_s=0.0))
    bench.run(one)
    after_pruning = bench.bought()
    bench.run(both)

    assert ({1: 100, 2: 0}, {1: 100, 2: 100}) == (after_pruning, bench.bought())


def test_what_a_person_cancels_stays_cancelled(bench):
    """Until the file's policy says otherwise."""
    for _ in range(3):
        bench.reconciler().run([Snapshot(desired=the_experiment())], Patience(timeout_s=0.0))
    cancelled = bench.reconciler().cancel([Snapshot(desired=the_experiment())])
    outcome = bench.run(the_experiment())
    after = bench.bought()
    bench.run(the_experiment(policy=Policy(retry=Retry(on=(JobStatus.CANCELED,), backoff_s=0.0))))

    assert ["2 of its 2 jobs are pending"] == [action.reason for action in cancelled]
    assert (Health.DEGRADED, {1: 0, 2: 0}) == (outcome.plans[0].health, after)
    assert {1: 100, 2: 100} == bench.bought()


def cancel_by_hand(bench, t):
    """A person cancels the job of a point, as in the cloud's portal."""
    (job_id,) = [job["id"] for job in bench.cloud.jobs() if job["variables"]["t"] == t]
    bench.cloud.client().cancel_job(job_id)


@pytest.mark.parametrize("forgets", [False, True], ids=["same machine", "another machine"])
def test_a_job_that_a_person_cancelled_stays_so_in_a_batch_that_is_pruned(bench, tmp_path, forgets):
    """What is pruned comes back when the file asks again; what the person cancelled does not."""
    pruning = Policy(prune=Surplus.CANCEL)
    jobs = [a_wanted_job(t) for t in (1, 2, 3)]
    for _ in range(3):
        bench.reconciler().run(
            [Snapshot(desired=the_experiment(*jobs, policy=pruning))], Patience(timeout_s=0.0)
        )
    cancel_by_hand(bench, 1)
    bench.run(the_experiment(*jobs[:2], policy=pruning))
    pruned = bench.bought()
    if forgets:
        bench.journal.close()
        bench.journal = Journal(Path(":memory:"), bench.clock)
        bench.records = Records(tmp_path / "fresh")
    outcome = bench.run(the_experiment(*jobs, policy=pruning))

    assert ({1: 0, 2: 100, 3: 0}, {1: 0, 2: 100, 3: 100}) == (pruned, bench.bought())
    assert [100, 0, 0] == [job.declined for job in outcome.plans[0].jobs]


def test_what_we_said_of_a_batch_is_said_again_where_a_late_change_took_it_away(bench, tmp_path):
    """A change of tags that arrives once more replaces those that came since; why we cancelled is kept."""
    pruning = Policy(prune=Surplus.CANCEL)
    both, one = the_experiment(policy=pruning), the_experiment(a_wanted_job(1), policy=pruning)
    process = bench.reconciler(replace(TERMS, settle_s=2.0))
    for _ in range(4):
        process.run([Snapshot(desired=both)], Patience(timeout_s=0.0))
        bench.clock.sleep(2.5)
    (batch,) = bench.cloud.client().get_batches()
    process.run([Snapshot(desired=one)], Patience(timeout_s=0.0))
    said = bench.cloud.client().get_batch(batch["id"])["tags"]
    bench.cloud.client().set_batch_tags(batch["id"], batch["tags"])
    process.run([Snapshot(desired=one)], Patience(timeout_s=0.0))
    bench.clock.sleep(2.5)
    process.run([Snapshot(desired=one)], Patience(timeout_s=600.0))
    again = bench.cloud.client().get_batch(batch["id"])["tags"]
    bench.records = Records(tmp_path / "another machine")
    bench.run(both)

    assert "pruned" in set(said) - set(batch["tags"])
    assert sorted(said) == sorted(again)
    assert {1: 100, 2: 100} == bench.bought()


def test_tags_that_may_only_not_be_shown_yet_are_not_said_again(bench):
    """Views of a batch lag; a person may also look at its history and wonder."""
    pruning = Policy(prune=Surplus.CANCEL)
    process = bench.reconciler(replace(TERMS, settle_s=600.0, poll_s=1.0))
    both, one = the_experiment(policy=pruning), the_experiment(a_wanted_job(1), policy=pruning)
    for _ in range(4):
        process.run([Snapshot(desired=both)], Patience(timeout_s=0.0))
        bench.clock.sleep(601)
    (batch,) = bench.cloud.client().get_batches()
    process.run([Snapshot(desired=one)], Patience(timeout_s=0.0))
    bench.cloud.client().set_batch_tags(batch["id"], batch["tags"])
    bench.port.sent.clear()
    process.run([Snapshot(desired=one)], Patience(timeout_s=300.0))

    assert [] == [path for method, path in bench.port.sent if method == "PATCH" and path.endswith("/tags")]


def test_what_a_person_cancels_by_the_runner_stays_so_in_a_batch_that_was_pruned(bench):
    """`runner cancel` after the file asked for less; nothing of it is taken for ours."""
    pruning = Policy(prune=Surplus.CANCEL)
    both, one = the_experiment(policy=pruning), the_experiment(a_wanted_job(1), policy=pruning)
    for experiment in (both, both, both, one):
        bench.reconciler().run([Snapshot(desired=experiment)], Patience(timeout_s=0.0))
    bench.reconciler().cancel([Snapshot(desired=one)])
    bench.run(both)

    assert {1: 0, 2: 100} == bench.bought()


def test_a_job_that_a_person_cancelled_stays_so_in_a_batch_that_is_superseded(bench):
    """After the file has come back to what it was."""
    first, second = the_experiment(), the_experiment(device_type="EMU_FRESNEL")
    for _ in range(3):
        bench.reconciler().run([Snapshot(desired=first)], Patience(timeout_s=0.0))
    cancel_by_hand(bench, 1)
    bench.run(second)
    bench.run(first)

    assert {1: 100, 2: 200} == bench.bought()


def test_what_was_recorded_as_done_by_a_wrong_list_is_bought_once_we_have_cancelled_it(bench):
    """Records without results do not stand against the cloud, neither when it is bought nor afterwards."""
    for _ in range(3):
        bench.reconciler().run([Snapshot(desired=the_experiment())], Patience(timeout_s=0.0))
    (batch,) = bench.cloud.client().get_batches()
    keys = [wanted.key for wanted in the_experiment().jobs]
    of_batch = {"batch_id": batch["id"], "recipe": the_experiment().recipe[:16], "counts": {}}
    wrong = [a_record(j["id"], key=key, **of_batch) for j, key in zip(bench.cloud.jobs(), keys, strict=True)]
    bench.records.add("exp", wrong)
    bench.cloud.client().set_batch_tags(batch["id"], [*batch["tags"], "fenced"])
    bench.cloud.client().cancel_batch(batch["id"])
    outcome = bench.run(the_experiment())

    assert ({1: 100, 2: 100}, Health.HEALTHY) == (bench.bought(), outcome.plans[0].health)
    assert [{"0": 100}, {"0": 100}] == [dict(job.counts) for job in bench.records.of_experiment("exp")]


def test_no_wait_returns_once_everything_is_submitted(bench):
    """Nothing has run yet."""
    outcome = bench.run(the_experiment(), until_done=False)

    assert (End.SUBMITTED, {"PENDING"}) == (outcome.end, {job["status"] for job in bench.cloud.jobs()})


def test_patience_ends_while_jobs_are_under_way(tmp_path):
    """Jobs that never end."""
    bench = Bench(tmp_path, ending=0.0)
    outcome = bench.run(the_experiment())
    bench.close()

    assert (End.PATIENCE, Health.PROGRESSING) == (outcome.end, outcome.plans[0].health)


@pytest.mark.parametrize("fate", ["lost before", "lost after"])
@pytest.mark.parametrize("number", range(6))
def test_each_request_may_fail_once(bench, fate, number):
    """Whichever one it is, everything is bought once."""
    count = iter(range(10_000))
    bench.fate = lambda request: fate if next(count) == number else "answered"
    outcome = bench.run(the_experiment())

    assert (End.SETTLED, {1: 100, 2: 100}) == (outcome.end, bench.bought())


@pytest.mark.parametrize("fate", ["lost before", "lost after"])
@pytest.mark.parametrize("number", range(4))
def test_each_request_of_a_direct_submission_may_fail_once(bench, fate, number):
    """On an emulator, with lists that do not lag."""
    count = iter(range(10_000))
    bench.fate = lambda request: fate if next(count) == number else "answered"
    bench.run(the_experiment(policy=Policy(submission=Submission.DIRECT)))

    assert {1: 100, 2: 100} == bench.bought()


def test_a_cloud_that_refuses_batches_without_jobs_is_bought_from_directly(bench):
    """One POST buys at once."""

    def refuse_claims(request):
        return refuse if request.path == "/api/v1/batches" and is_claim(request) else "answered"

    def is_claim(request):
        return request.method == "POST" and b'"jobs":[]' in request.body

    def refuse(carry_out):
        del carry_out
        return replace(bench.cloud.answer(A_BAD_REQUEST))

    bench.fate = refuse_claims
    bench.run(the_experiment())

    assert {1: 100, 2: 100} == bench.bought()


def test_an_outage_is_waited_for(bench):
    """And told; then the work goes on."""
    count = iter(range(10_000))

    def out_for_a_while(request):
        return no_connection if next(count) < 5 else "answered"

    def no_connection(carry_out):
        raise NotSentError("refused")

    bench.fate = out_for_a_while
    bench.run(the_experiment())

    assert {1: 100, 2: 100} == bench.bought()
    assert len(bench.outages) == 5


def test_an_outage_of_ten_minutes_is_an_error(bench):
    """Nothing is lost."""

    def no_connection(carry_out):
        raise NotSentError("refused")

    bench.fate = lambda request: no_connection

    with pytest.raises(CloudUnavailableError, match="cannot be reached"):
        bench.reconciler().run([Snapshot(desired=the_experiment())], Patience())


def test_refused_jobs_are_an_error_and_leave_no_claim(bench):
    """The cloud says why; nothing is left open."""
    impossible = the_experiment(replace(a_wanted_job(1), runs=0))
    wrong = replace(impossible, jobs=(replace(a_wanted_job(1), variables={"t": 1.5}),))

    with pytest.raises(JobCreationError, match="the cloud refused 1 job"):
        bench.run(wrong)

    assert ["CANCELED"] == [batch["status"] for batch in bench.cloud.client().get_batches()]


def several(n, **policy):
    """As many experiments of one job each."""
    return [
        Snapshot(desired=the_experiment(a_wanted_job(1), name=f"exp-{i}", policy=Policy(**policy)))
        for i in range(n)
    ]


def purchases_of_each_pass(bench, snapshots):
    """How many batches each pass bought."""
    bought = []
    reconciler = bench.reconciler()
    for _ in range(12):
        before = len(bench.cloud.jobs())
        reconciler.one_pass(snapshots)
        bought.append(len(bench.cloud.jobs()) - before)
        bench.sleep(1.0)
    return [n for n in bought if n]


def test_purchases_begin_with_one_and_double(bench):
    """A mistake that every experiment has costs one batch."""
    assert [1, 2, 4, 3] == purchases_of_each_pass(bench, several(10))


def test_a_lost_answer_makes_purchases_slow_again(bench):
    """The second purchase of three is never answered."""
    lost = iter((False, False, True))
    bench.fate = lambda request: (
        "lost after"
        if request.path.endswith("/jobs") and request.method == "POST" and next(lost, False)
        else "answered"
    )

    assert [1, 2, 1, 2, 2] == purchases_of_each_pass(bench, several(8))


def test_a_refused_purchase_stops_all_others(tmp_path):
    """The same mistake is not made again with the next batch."""
    bench = Bench(tmp_path / "results", max_runs=100)
    wrong = [Snapshot(desired=the_experiment(a_wanted_job(1, 500), name=f"exp-{i}")) for i in range(4)]
    with pytest.raises(JobCreationError):
        bench.reconciler().run(wrong, Patience(timeout_s=60.0))
    left = bench.cloud.jobs()
    bench.close()

    assert [] == left
    assert 1 == sum(path.endswith("/jobs") and method == "POST" for method, path in bench.port.sent)


def test_a_sweep_of_many_batches_is_bought_in_order(bench):
    """Five jobs, two to a batch."""
    jobs = [a_wanted_job(t) for t in (5, 4, 3, 2, 1)]
    outcome = bench.run(the_experiment(*jobs, policy=Policy(max_jobs_per_batch=2)))

    assert Health.HEALTHY is outcome.plans[0].health
    in_order = sorted(bench.cloud.jobs(), key=lambda job: job["id"])
    assert [5, 4, 3, 2, 1] == [job["variables"]["t"] for job in in_order]
    assert [2, 2, 1] == sorted((b["jobs_count"] for b in bench.cloud.client().get_batches()), reverse=True)


def test_an_experiment_is_bought_after_what_it_depends_on_is_complete(bench):
    """In one apply of both, whatever their order."""
    first = the_experiment(a_wanted_job(1), name="first")
    second = the_experiment(a_wanted_job(2), name="second", policy=Policy(depends_on=("first",)))
    outcome = bench.reconciler().run(
        [Snapshot(desired=second), Snapshot(desired=first)], Patience(timeout_s=600.0)
    )

    assert ["second", "first"] == [plan.experiment for plan in outcome.plans]
    (one,), (two,) = (bench.records.of_experiment(name) for name in ("first", "second"))
    assert one.ended_at <= two.created_at


def test_a_dependency_that_is_not_applied_is_left_alone(bench):
    """It is looked at, and a person is asked to apply it."""
    first = the_experiment(a_wanted_job(1), name="first")
    second = the_experiment(a_wanted_job(2), name="second", policy=Policy(depends_on=("first",)))
    outcome = bench.reconciler().run(
        [Snapshot(desired=second), Snapshot(desired=first, is_applied=False)], Patience(timeout_s=600.0)
    )

    assert ["second"] == [plan.experiment for plan in outcome.plans]
    assert 1 == len(outcome.plans[0].holds)
    assert {} == bench.bought()


def test_history_tells_what_was_done_and_why(bench):
    """Every action of every pass, in order; a claim buys nothing yet."""
    bench.run(the_experiment())
    claim, add, *rest = bench.journal.history.of("exp")
    (batch,) = bench.cloud.client().get_batches()

    assert ["CloseBatch", "RecordResults"] == [each.action for each in rest]
    assert [("Claim", 0, 0), ("AddJobs", 2, 200)] == [(e.action, e.jobs, e.runs) for e in (claim, add)]
    assert {(batch["id"], "done")} == {(e.batch_id, e.outcome) for e in (claim, add, *rest)}
    assert "2 jobs with 200 runs are wanted and not there" == add.reason
    assert 200 == bench.journal.history.runs_bought()


def test_history_counts_one_job_as_one(bench):
    """In its words, too."""
    bench.run(the_experiment(a_wanted_job(1, 1)))
    claim, *_ = bench.journal.history.of("exp")

    assert "1 job with 1 run is wanted and not there" == claim.reason


@pytest.mark.parametrize("number", [1, 3], ids=["claim", "purchase"])
def test_history_tells_what_nobody_knows(bench, number):
    """A lost answer is no purchase."""
    count = iter(range(10_000))
    bench.fate = lambda request: "lost before" if next(count) == number else "answered"
    bench.run(the_experiment())
    happened = bench.journal.history.of("exp")

    assert "unknown" in [each.outcome for each in happened]
    assert 200 == bench.journal.history.runs_bought()


def test_history_tells_what_failed(bench):
    """With the error."""
    with bench.journal.locked("apply"):
        bench.journal._lock.release()
        with pytest.raises(JournalError):
            bench.run(the_experiment())
    (failed,) = bench.journal.history.of("exp")

    assert ("Claim", None, 0) == (failed.action, failed.batch_id, failed.runs)
    assert failed.outcome.startswith("failed: this runner has lost the lock")
    assert bench.posts() == 0


def test_a_pass_can_be_ended_between_two_actions(bench):
    """What is under way is finished; what comes after it is not begun."""

    class EndedError(Exception):
        pass

    def end_after_the_claim():
        if bench.journal.history.of("exp"):
            raise EndedError

    reconciler = bench.reconciler()
    reconciler._executor._before_action = end_after_the_claim
    with pytest.raises(EndedError):
        reconciler.run([Snapshot(desired=the_experiment())], Patience())

    assert ["Claim"] == [each.action for each in bench.journal.history.of("exp")]


def test_a_renamed_experiment_buys_nothing_again(bench):
    """What was measured under its former name counts, on the cloud and on record."""
    bench.run(the_experiment(name="old"))
    renamed = the_experiment(a_wanted_job(1), a_wanted_job(2), a_wanted_job(3), name="new")
    reconciler = bench.reconciler(declared=frozenset({"new"}))
    outcome = reconciler.run([Snapshot(desired=renamed)], Patience(timeout_s=600.0))

    assert (Sync.SYNCED, Health.HEALTHY) == (outcome.plans[0].sync, outcome.plans[0].health)
    assert {1: 100, 2: 100, 3: 100} == bench.bought()


def test_a_renamed_experiment_is_remembered_when_the_cloud_has_forgotten_it(bench):
    """Records are enough."""
    bench.run(the_experiment(name="old"))
    bench.cloud.close()
    bench.cloud = MemoryCloud(bench.clock, bench.engine)
    bench.port = LossyPort(bench.cloud, bench._current_fate)
    reconciler = bench.reconciler(declared=frozenset({"new"}))
    (planned,) = reconciler.one_pass([Snapshot(desired=the_experiment(name="new"))])

    assert ((), Sync.SYNCED, Health.HEALTHY) == (planned.actions, planned.sync, planned.health)


def test_heirs_count_the_same_work_also_beside_each_other(bench):
    """It does not matter which of them are looked at, nor whose records hold it."""
    bench.run(the_experiment(name="old"))
    declared = frozenset({"new", "newer"})
    new, newer = (Snapshot(desired=the_experiment(name=name)) for name in ("new", "newer"))
    for snapshots in ([new], [new, newer], [newer]):
        outcome = bench.reconciler(declared=declared).run(snapshots, Patience(timeout_s=600.0))

        assert {Health.HEALTHY} == {planned.health for planned in outcome.plans}
    assert {1: 100, 2: 100} == bench.bought()


def test_an_experiment_with_the_same_recipe_in_another_file_is_its_own(bench):
    """Only a name that is gone has an heir."""
    bench.run(the_experiment(name="one"))
    reconciler = bench.reconciler(declared=frozenset({"one", "two"}))
    reconciler.run([Snapshot(desired=the_experiment(name="two"))], Patience(timeout_s=600.0))

    assert {1: 200, 2: 200} == bench.bought()


def another(name):
    """An experiment of another recipe."""
    sequence = SEQUENCE.replace("q0", "q1")
    recipe = recipe_digest(device_type="EMU_FREE", sequence=sequence)
    return the_experiment(name=name, sequence=sequence, recipe=recipe)


@pytest.mark.parametrize(
    ("removed", "statuses"),
    [(Surplus.KEEP, {"PENDING"}), (Surplus.CANCEL, {"CANCELED"}), (None, {"PENDING"})],
)
def test_pending_work_of_a_removed_experiment_is_kept_or_cancelled(bench, removed, statuses):
    """As the repository says, once all its files are applied."""
    bench.engine._capacity = 0
    bench.reconciler().run([Snapshot(desired=another("gone"))], Patience(until_done=False))
    reconciler = bench.reconciler(replace(TERMS, removed=removed), frozenset({"kept"}))
    plans = reconciler.one_pass([Snapshot(desired=the_experiment(name="kept"))])

    assert ["kept", *(["gone"] if removed else [])] == [each.experiment for each in plans]
    assert statuses == {j["status"] for j in bench.cloud.jobs() if j["variables"]["t"] in {1, 2}}


def test_what_a_name_has_beside_the_work_of_its_heir_changes_nothing(bench):
    """As a recipe that its file had before: each purchase counts once, though two look at the name."""
    bench.run(the_experiment(name="old"))
    bench.run(another("old"))
    reconciler = bench.reconciler(replace(TERMS, removed=Surplus.KEEP), frozenset({"new"}))
    (new, old) = reconciler.one_pass([Snapshot(desired=the_experiment(name="new"))])

    assert ("new", (), (), Sync.SYNCED, Health.HEALTHY) == (
        new.experiment,
        new.actions,
        new.notes,
        new.sync,
        new.health,
    )
    assert ("old", ()) == (old.experiment, old.actions)


def test_results_of_a_removed_experiment_are_recorded(bench):
    """They were paid for."""
    bench.reconciler().run([Snapshot(desired=another("gone"))], Patience(until_done=False))
    bench.sleep(1.0)
    bench.sleep(1.0)
    reconciler = bench.reconciler(replace(TERMS, removed=Surplus.KEEP), frozenset({"kept"}))
    reconciler.run([Snapshot(desired=the_experiment(name="kept"))], Patience(timeout_s=60.0))

    assert ["DONE", "DONE"] == [str(job.status) for job in bench.records.of_experiment("gone")]


def test_a_claim_does_not_settle_while_a_list_is_under_way(bench):
    """A list that was asked for too early may lack an older claim, however late it arrives."""

    def slowly(request):
        if request.method == "GET":
            bench.clock.sleep(5)
        return "answered"

    bench.fate = slowly
    reconciler, snapshots = (
        bench.reconciler(TargetSettings(namespace="lab", settle_s=1.0)),
        [Snapshot(desired=the_experiment())],
    )
    planned = []
    for pause_s in (0, 0, 1):
        bench.clock.sleep(pause_s)
        planned.append([type(each).__name__ for each in reconciler.one_pass(snapshots)[0].actions])

    assert [["Claim"], [], ["AddJobs"]] == planned


def test_a_retry_that_waits_keeps_the_cloud_of_this_machine(tmp_path):
    """A cloud that ends when nothing is asked of it for 30 s is asked again in time."""
    pauses = []

    class Dozing(Bench):
        def sleep(self, seconds):
            pauses.append(seconds)
            super().sleep(seconds)

    with closing(Dozing(tmp_path / "results", failing=1.0)) as bench:
        bench.run(the_experiment(policy=Policy(retry=Retry(limit=1, backoff_s=60.0))))
    assert 10.0 < max(pauses) <= 15.0
