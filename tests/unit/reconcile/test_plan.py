"""The planner's table: what is wanted, what is seen → what is done next."""

from __future__ import annotations

import copy
import random
from dataclasses import replace

import pytest
from builders import (
    NOW,
    RECIPE,
    TERMS,
    a_batch,
    a_job,
    a_record,
    a_wanted_job,
    an_entry,
    an_experiment,
    at,
    plan,
    repeated,
    seen,
    tags_of,
)

from runner.domain import (
    BatchMode,
    BatchStatus,
    Budget,
    JobStatus,
    OnUnknown,
    Policy,
    Retry,
    RunsMode,
    Shortfall,
    Submission,
    Surplus,
)
from runner.reconcile import Health, Sync, WaitFor
from runner.reconcile.model.actions import (
    AddJobs,
    Adopt,
    CancelBatch,
    CancelJobs,
    Claim,
    CloseBatch,
    EndedJob,
    Fence,
    NewJob,
    RecordResults,
    Submit,
)
from runner.reconcile.model.entries import RequestKind, State
from runner.reconcile.model.plan import Cost
from runner.reconcile.model.result_fetches import FailedFetch
from runner.reconcile.model.snapshot import Sighting
from runner.reconcile.model.tags import submission_tag
from runner.reconcile.plan.dependencies import is_complete


def bought(t=1, runs=100, attempt=1, rerun=0):
    """A job that is bought."""
    job = a_wanted_job(t, runs)
    return NewJob(
        key=job.key, name=job.name, runs=runs, attempt=attempt, variables=job.variables, rerun=rerun
    )


def tag_of(experiment, *jobs):
    """The submission tag under which an experiment buys some jobs."""
    return submission_tag(experiment, jobs or (bought(),))


def actions(experiment, observed, settings=TERMS, now=NOW, **more):
    """The planned actions without their reasons, which are for people."""
    planned = plan(experiment, observed, settings, now, **more)
    assert all(action.reason for action in planned.actions), "every action has its reason"
    return [replace(action, reason="") for action in planned.actions]


def verbs(*arguments, **named):
    """The kinds of the planned actions."""
    return [type(action).__name__ for action in actions(*arguments, **named)]


EXPERIMENT = an_experiment()
TAG = tag_of(EXPERIMENT)
OURS = an_entry(submission=TAG)
OTHER_OURS = an_entry(submission="other", claim="y", batch_id="b0", seq=0)


def a_claim(batch_id="b1", claim="c", submission=TAG, **fields):
    """An open batch without jobs."""
    return a_batch(batch_id, open=True, tags=tags_of(submission, claim), **fields)


# Towards a submission


def test_what_nobody_holds_is_claimed():
    """The first step costs nothing, and says what it leads to."""
    planned = plan(EXPERIMENT, seen(), TERMS, NOW)

    assert [Claim(submission=TAG, jobs=(bought(),), reason="")] == actions(EXPERIMENT, seen())
    assert (Sync.OUT_OF_SYNC, Health.MISSING) == (planned.sync, planned.health)
    assert Cost(jobs=1, runs=100, qpu_s=0.0) == planned.cost


def test_qpu_time_is_estimated_for_a_qpu_only():
    """100 runs take about two minutes."""
    on_qpu = an_experiment(device_type="FRESNEL")

    assert plan(on_qpu, seen(), TERMS, NOW).cost.qpu_s == pytest.approx(120.0)


def test_our_settled_claim_is_bought_on():
    """All jobs go in one request."""
    observed = seen(a_claim(), entries=[OURS])

    assert [AddJobs(batch_id="b1", jobs=(bought(),), reason="")] == actions(EXPERIMENT, observed)


def test_a_claim_is_not_bought_on_before_lists_have_settled():
    """An older claim may not show yet."""
    settings = replace(TERMS, settle_s=15.0)

    planned = plan(EXPERIMENT, seen(a_claim(), entries=[OURS]), settings, NOW)

    assert ((), WaitFor.SUBMISSION, 5.0) == (planned.actions, planned.wait_for, planned.look_again_s)


def test_a_claim_whose_creation_was_never_confirmed_is_adopted_and_bought_on():
    """The nonce in its tags says that it is ours."""
    lost = an_entry(state=State.INTENDED, submission=TAG, batch_id=None)

    planned = actions(EXPERIMENT, seen(a_claim(), entries=[lost]))

    assert [
        Adopt(batch_id="b1", claim="c", reason=""),
        AddJobs(batch_id="b1", jobs=(bought(),), reason=""),
    ] == planned


def test_the_oldest_claim_wins_and_we_shut_our_own_younger_one():
    """Nobody else's claim is touched within its lease."""
    theirs = a_claim("b0", claim="x", created_at=at(-20))

    planned = plan(EXPERIMENT, seen(a_claim(), theirs, entries=[OURS]), TERMS, NOW)

    assert ["Fence b1"] == [f"{type(a).__name__} {a.batch_id}" for a in planned.actions]
    assert planned.wait_for is WaitFor.SUBMISSION


def test_we_buy_on_our_claim_when_it_is_the_oldest():
    """A younger claim of somebody else is theirs to shut."""
    theirs = a_claim("b2", claim="x", created_at=at(-5))

    assert [AddJobs(batch_id="b1", jobs=(bought(),), reason="")] == actions(
        EXPERIMENT, seen(theirs, a_claim(), entries=[OURS])
    )


def test_claims_of_the_same_moment_are_ordered_by_their_ids():
    """Two machines must come to the same winner."""
    theirs = a_claim("b0", claim="x", created_at=a_claim().created_at)

    assert ["Fence"] == verbs(EXPERIMENT, seen(a_claim(), theirs, entries=[OURS]))


def test_somebody_elses_claim_is_shut_after_its_lease():
    """Its runner is gone; the way is free at once."""
    theirs = a_claim("b0", claim="x", created_at=at(-61))

    assert ["Fence", "Claim"] == verbs(EXPERIMENT, seen(theirs))


def test_another_machines_claim_is_shut_before_anything_is_bought():
    """Its jobs may land while we shut it; they are seen in the next pass."""
    theirs = a_claim("b0", claim="x", submission="other")
    observed = seen(theirs, a_claim(), entries=[OURS])
    ours_only = seen(a_claim("b0", claim="y", submission="other"), a_claim(), entries=[OURS, OTHER_OURS])

    assert ["Fence"] == verbs(EXPERIMENT, observed)
    assert ["Fence", "AddJobs"] == verbs(EXPERIMENT, ours_only)


def test_a_claim_of_work_that_is_no_longer_wanted_is_shut():
    """The file has changed since."""
    observed = seen(a_claim(submission="other"), entries=[an_entry(submission="other")])

    assert [
        Fence(batch_id="b1", holds_jobs=False, reason=""),
        Claim(submission=TAG, jobs=(bought(),), reason=""),
    ] == actions(EXPERIMENT, observed)


@pytest.mark.parametrize("state", [State.INTENDED, State.UNKNOWN])
def test_a_purchase_without_a_clear_answer_is_fenced_and_nothing_else_is_done(state):
    """A late request must be refused before anything is decided."""
    tried = an_entry(RequestKind.ADD, state, seq=2, submission=TAG)

    planned = actions(EXPERIMENT, seen(a_claim(), entries=[OURS, tried]))

    assert [Fence(batch_id="b1", holds_jobs=False, reason="")] == planned


@pytest.mark.parametrize("state", [State.INTENDED, State.UNKNOWN])
def test_a_purchase_that_landed_without_an_answer_is_not_repeated(state):
    """The batch holds the jobs: it only has to be shut."""
    tried = an_entry(RequestKind.ADD, state, seq=2, submission=TAG)
    batch = a_batch("b1", a_job(), open=True, tags=tags_of(TAG))

    planned = actions(EXPERIMENT, seen(batch, entries=[OURS, tried]))

    assert [Fence(batch_id="b1", holds_jobs=True, reason="")] == planned


@pytest.mark.parametrize("state", [State.INTENDED, State.ACCEPTED, State.UNKNOWN, State.REJECTED])
@pytest.mark.parametrize("is_open", [False, True])
def test_what_came_twice_is_cancelled_whatever_its_answer_was(state, is_open):
    """Nobody else buys on our batches; around a purchase without a clear answer they are shut first."""
    tried = an_entry(RequestKind.ADD, state, seq=2, submission=TAG, jobs=((a_wanted_job().key, 100),))
    batch = a_batch("b1", a_job(), a_job("j2"), open=is_open, tags=tags_of(TAG))

    planned = actions(EXPERIMENT, seen(batch, entries=[OURS, tried]))

    twice = [CancelJobs(batch_id="b1", job_ids=("j2",), reason="")]
    if not is_open:
        assert twice == planned
    elif state is State.ACCEPTED:
        assert [*twice, CloseBatch(batch_id="b1", reason="")] == planned
    else:
        assert [Fence(batch_id="b1", holds_jobs=True, reason="")] == planned


def test_a_purchase_that_was_refused_leaves_its_claim_to_be_shut():
    """Nothing is ever sent twice on one claim; a part may have been taken, so it is looked at again."""
    tried = an_entry(RequestKind.ADD, State.REJECTED, seq=2, submission=TAG)

    assert ["Fence"] == verbs(EXPERIMENT, seen(a_claim(), entries=[OURS, tried]))


def test_an_accepted_purchase_counts_before_a_list_shows_it():
    """What the cloud has accepted is live from that moment."""
    added = an_entry(RequestKind.ADD, State.ACCEPTED, seq=2, submission=TAG, at=at(-1), jobs=(("k", 100),))
    settings = replace(TERMS, settle_s=5.0)

    planned = plan(EXPERIMENT, seen(a_claim(), entries=[OURS, added]), settings, NOW)

    assert ((), WaitFor.SIGHT) == (planned.actions, planned.wait_for)


def test_creations_without_a_clear_answer_are_repeated_ever_more_slowly():
    """A lost claim costs nothing; a cloud in trouble wants a pause."""
    lost = [
        an_entry(state=State.UNKNOWN, seq=n, at=at(-0.1), submission=TAG, claim=str(n), batch_id=None)
        for n in range(3)
    ]

    planned = plan(EXPERIMENT, seen(entries=lost), TERMS, NOW)

    assert () == planned.actions
    assert planned.look_again_s == pytest.approx(0.7)


def test_after_six_silences_a_person_is_asked():
    """It does not go on for ever."""
    lost = [
        an_entry(state=State.UNKNOWN, seq=n, at=at(-9), submission=TAG, claim=str(n), batch_id=None)
        for n in range(6)
    ]

    assert ["Hold"] == verbs(EXPERIMENT, seen(entries=lost))


def claims_that_ended(number, **last):
    """So many claims of ours that the cloud has ended, one after the other, and their rows."""
    rows = [
        an_entry(seq=n, submission=TAG, claim=str(n), batch_id=f"b{n}", at=at(-20 * (number - n)))
        for n in range(1, number + 1)
    ]
    claims = [
        replace(a_claim(f"b{n}", str(n)), status=BatchStatus.TIMED_OUT, open=False, created_at=at(-200 + n))
        for n in range(1, number + 1)
    ]
    if last:
        rows[-1] = replace(rows[-1], **last)
    return claims, rows


def test_after_six_claims_that_ended_before_a_purchase_a_person_is_asked():
    """A cloud that ends open batches sooner than a look takes would be asked for ever."""
    claims, rows = claims_that_ended(6)

    planned = plan(EXPERIMENT, seen(*claims, entries=rows), TERMS, NOW)

    (hold,) = planned.actions
    assert "6 open batches in a row" in hold.reason
    assert "submission: direct" in hold.how


@pytest.mark.parametrize(
    ("number", "last"),
    [
        pytest.param(5, {}, id="few"),
        pytest.param(7, {"kind": RequestKind.ADD, "batch_id": "b6"}, id="one was bought on"),
        pytest.param(6, {"at": at(-700)}, id="long ago"),
    ],
)
def test_claims_are_made_anew_otherwise(number, last):
    """A batch that timed out once, and what was tried long ago, are no reason to ask."""
    claims, rows = claims_that_ended(number, **last)

    assert "Claim" in verbs(EXPERIMENT, seen(*claims[:6], entries=rows))


def test_refused_purchases_between_claims_that_ended_change_nothing():
    """A purchase that comes a moment too late bought nothing."""
    claims, rows = claims_that_ended(6)
    late = an_entry(RequestKind.ADD, State.NOT_DONE, seq=7, submission=TAG, claim="6", batch_id="b6")

    assert ["Hold"] == verbs(EXPERIMENT, seen(*claims, entries=[*rows, late]))


def test_a_refused_claim_is_followed_by_direct_submission():
    """A cloud may not take batches without jobs."""
    refused = an_entry(state=State.REJECTED, submission=TAG, batch_id=None)

    assert [Submit(submission=TAG, jobs=(bought(),), reason="")] == actions(
        EXPERIMENT, seen(entries=[refused])
    )


# Direct submission

DIRECT = an_experiment(policy=Policy(submission=Submission.DIRECT))


def test_direct_submission_buys_at_once():
    """The file may ask for it."""
    assert ["Submit"] == verbs(DIRECT, seen())


def test_a_lost_direct_submission_that_is_held_is_not_claimed_anew():
    """A cloud may have refused empty batches for a while; each command made a claim, and shut it."""
    held = an_experiment(policy=Policy(on_unknown_submission=OnUnknown.HOLD))
    lost = an_entry(
        RequestKind.SUBMIT, State.UNKNOWN, submission=tag_of(held), claim="x", batch_id=None, at=at(-900)
    )

    assert ["Hold"] == verbs(held, seen(entries=[lost]))


def test_a_young_journal_waits_before_its_first_direct_submission():
    """A fresh machine does not know what an earlier one has sent a moment ago."""
    settings = replace(TERMS, settle_s=10.0)

    planned = plan(DIRECT, seen(remembered_s=4.0), settings, NOW)

    assert ((), 6.0) == (planned.actions, planned.look_again_s)
    assert [True] == [note.startswith("this machine's journal is new") for note in planned.notes]
    assert () == plan(DIRECT, seen(remembered_s=11.0), settings, NOW).notes


@pytest.mark.parametrize(
    ("device_type", "said", "expected"),
    [
        ("EMU_FREE", None, "Submit"),
        ("FRESNEL", None, "Hold"),
        ("EMU_FREE", OnUnknown.HOLD, "Hold"),
        ("FRESNEL", OnUnknown.RESUBMIT, "Submit"),
    ],
)
def test_a_lost_direct_submission_is_held_or_repeated(device_type, said, expected):
    """By default at most once where it costs money, at least once where it does not."""
    policy = Policy(submission=Submission.DIRECT, on_unknown_submission=said)
    experiment = an_experiment(device_type=device_type, policy=policy)
    lost = an_entry(RequestKind.SUBMIT, State.INTENDED, submission=tag_of(experiment), batch_id=None)

    assert [expected] == verbs(experiment, seen(entries=[lost]))


def test_a_lost_direct_submission_holds_back_whatever_would_buy_one_of_its_jobs_again():
    """Another job of the batch failed meanwhile, so that what is wanted now has another submission tag."""
    policy = Policy(submission=Submission.DIRECT, on_unknown_submission=OnUnknown.HOLD)
    experiment = an_experiment(a_wanted_job(1), a_wanted_job(2), policy=policy)
    jobs = ((a_wanted_job(2).key, 100),)
    lost = an_entry(RequestKind.SUBMIT, State.INTENDED, submission="another", batch_id=None, jobs=jobs)

    assert ["Hold"] == verbs(experiment, seen(entries=[lost]))
    assert ["Submit"] == verbs(replace(experiment, jobs=(a_wanted_job(1),)), seen(entries=[lost]))


def test_twins_are_reduced_to_the_oldest_while_the_other_is_pending():
    """Two batches bought the same work."""
    older = a_batch("b1", a_job("j1"), tags=tags_of(TAG, "c1"), created_at=at(-20))
    younger = a_batch("b2", a_job("j2", batch_id="b2"), tags=tags_of(TAG, "c2"))

    assert [CancelBatch(batch_id="b2", reason="", mark="fenced")] == actions(DIRECT, seen(older, younger))


def test_what_a_person_has_batched_again_is_no_twin():
    """It has the tags of the first batch, and somebody wants it."""
    older = a_batch("b1", a_job("j1"), tags=tags_of(TAG, "c1"), created_at=at(-20))
    again = a_batch("b2", a_job("j2", batch_id="b2"), tags=tags_of(TAG, "c1"), parent_id="b1")

    assert [] == actions(DIRECT, seen(older, again))


def test_as_much_work_as_an_older_batch_bought_is_not_cancelled_for_another_clone():
    """Its version of the file may ask for twice as many runs, which it buys in two halves."""
    older = a_batch("b1", a_job("j1"), tags=tags_of(TAG, "c1"), created_at=at(-20))
    younger = a_batch("b2", a_job("j2", batch_id="b2"), tags=tags_of(TAG, "c2"))

    assert [] == actions(DIRECT, seen(older, younger, ancestors=frozenset()))


# What there is


@pytest.mark.parametrize(
    ("batch_status", "job_status"),
    [
        (BatchStatus.PENDING, JobStatus.PENDING),
        (BatchStatus.RUNNING, JobStatus.RUNNING),
        (BatchStatus.PAUSED, JobStatus.PENDING),
        (BatchStatus.UNKNOWN, JobStatus.PENDING),
        (BatchStatus.RUNNING, JobStatus.UNKNOWN),
        (BatchStatus.RUNNING, JobStatus.CANCELING),
        (BatchStatus.CANCELED, JobStatus.RUNNING),
    ],
)
def test_work_under_way_is_waited_for(batch_status, job_status):
    """Statuses of tomorrow included: in progress, do not act."""
    batch = a_batch("b1", a_job(status=job_status), status=batch_status)

    planned = plan(EXPERIMENT, seen(batch), TERMS, NOW)

    assert ((), WaitFor.JOBS, TERMS.poll_s) == (planned.actions, planned.wait_for, planned.look_again_s)


def test_an_ended_job_is_recorded():
    """As soon as it has ended, and once."""
    batch = a_batch("b1", a_job(status=JobStatus.DONE), status=BatchStatus.DONE)
    key = a_wanted_job().key

    assert [
        RecordResults(batch_id="b1", jobs=(EndedJob(id="j1", key=key, attempt=1),), reason="")
    ] == actions(EXPERIMENT, seen(batch))
    assert [] == actions(EXPERIMENT, seen(batch, recorded=[a_record()]))


def test_a_recorded_result_is_never_bought_again():
    """Also when the cloud has forgotten the batch."""
    planned = plan(EXPERIMENT, seen(recorded=[a_record()]), TERMS, NOW)

    assert ((), Sync.SYNCED, Health.HEALTHY) == (planned.actions, planned.sync, planned.health)


def test_a_result_that_could_not_be_had_is_asked_for_again_in_the_next_command():
    """But not in every pass of this one: after pauses that double, three times at most."""
    batch = a_batch("b1", a_job(status=JobStatus.DONE), status=BatchStatus.DONE)

    def then(times, seconds):
        failed = {"j1": FailedFetch(times, at(-seconds))}
        planned = plan(
            EXPERIMENT, seen(batch, recorded=[a_record(counts={})], failed_fetches=failed), TERMS, NOW
        )
        return [type(a).__name__ for a in planned.actions], planned.look_again_s, planned.wait_for

    assert ["RecordResults"] == verbs(EXPERIMENT, seen(batch, recorded=[a_record(counts={})]))
    assert ([], 1.5, WaitFor.RESULTS) == then(1, 0.5)
    assert (["RecordResults"], 0.0, WaitFor.RESULTS) == then(1, 2)
    assert ([], 2.0, WaitFor.RESULTS) == then(2, 2)
    assert (["RecordResults"], 0.0, WaitFor.RESULTS) == then(2, 4)
    assert ([], None, WaitFor.NOTHING) == then(3, 1000)


def test_a_result_of_a_batch_that_is_not_seen_is_not_waited_for():
    """Nothing would ask for it, however often the cloud is looked at."""
    failed = {"j1": FailedFetch(1, at(0))}
    planned = plan(EXPERIMENT, seen(recorded=[a_record(counts={})], failed_fetches=failed), TERMS, NOW)

    assert ((), WaitFor.NOTHING, None) == (planned.actions, planned.wait_for, planned.look_again_s)


@pytest.mark.parametrize(
    ("gap_s", "wait_for", "n_holds"), [(119.0, WaitFor.SIGHT, 0), (120.0, WaitFor.NOTHING, 1)]
)
def test_work_that_may_never_be_seen_to_end_is_waited_for_only_so_long(gap_s, wait_for, n_holds):
    """Then a person is asked, although nothing is missing that would be bought."""
    sightings = {"b1": Sighting(gap="its job j1 was accepted and is not listed", gap_s=gap_s)}
    planned = plan(EXPERIMENT, seen(a_batch("b1", a_job()), sightings=sightings), TERMS, NOW)

    assert (wait_for, n_holds, 0) == (planned.wait_for, len(planned.holds), planned.cost.runs)


def test_an_experiment_that_is_held_waits_for_what_is_not_seen_whole():
    """Its results are recorded before the command ends."""
    sightings = {"b1": Sighting(gap="some may not be shown yet", gap_s=1.0)}
    past = an_experiment(policy=Policy(deadline=at(-1)))
    planned = plan(past, seen(a_batch("b1", status=BatchStatus.DONE), sightings=sightings), TERMS, NOW)

    assert (1, WaitFor.SIGHT) == (len(planned.holds), planned.wait_for)


@pytest.mark.parametrize(
    ("device_type", "shut_s", "expected"),
    [
        ("EMU_FREE", 4.0, []),
        ("EMU_FREE", 5.0, ["AddJobs"]),
        ("FRESNEL", 24.0, []),
        ("FRESNEL", 25.0, ["AddJobs"]),
    ],
)
def test_an_unclear_purchase_has_time_to_come_to_light_and_more_on_a_machine(device_type, shut_s, expected):
    """One settle window on an emulator, five where a second purchase costs money."""
    shut = a_batch("b0", status=BatchStatus.CANCELED, tags=tags_of(TAG, "y"), created_at=at(-900))
    unclear = an_entry(RequestKind.ADD, State.UNKNOWN, seq=2, batch_id="b0", claim="y", jobs=(("k", 100),))
    claim = a_claim(created_at=at(-100))
    sightings = {"b0": Sighting(shut_s=shut_s, ended_s=900.0)}
    observed = seen(shut, claim, entries=[OURS, OTHER_OURS, unclear], sightings=sightings)
    experiment = replace(EXPERIMENT, device_type=device_type)

    assert expected == verbs(experiment, observed, replace(TERMS, settle_s=5.0))


@pytest.mark.parametrize(("shut_s", "ended_s", "verb"), [(900.0, 4.0, []), (900.0, 5.0, ["RecordResults"])])
def test_a_cancelled_job_is_on_record_once_its_mark_had_time_to_show(shut_s, ended_s, verb):
    """Counted from the end: the batch may have been closed long before."""
    batch = a_batch("b1", a_job(status=JobStatus.CANCELED), status=BatchStatus.CANCELED)
    sightings = {"b1": Sighting(shut_s=shut_s, ended_s=ended_s)}
    planned = plan(EXPERIMENT, seen(batch, sightings=sightings), replace(TERMS, settle_s=5.0), NOW)

    assert verb == [type(action).__name__ for action in planned.actions]


@pytest.mark.parametrize("status", [BatchStatus.CANCELED, BatchStatus.CANCELING])
@pytest.mark.parametrize("policy", [Policy(), Policy(deadline=at(-1))], ids=["complete", "held"])
def test_a_cancelled_job_is_waited_for_until_it_is_known_why(policy, status):
    """Also one of an older version of the file, and where nothing more is bought."""
    old = a_batch("b9", a_job(status=JobStatus.CANCELED), status=status, tags=tags_of(recipe="0" * 16))
    done = a_batch("b1", a_job("j2", status=JobStatus.DONE), status=BatchStatus.DONE)
    observed = seen(old, done, recorded=[a_record("j2")], sightings={"b9": Sighting(ended_s=2.0)})
    planned = plan(an_experiment(policy=policy), observed, replace(TERMS, settle_s=5.0), NOW)

    assert (WaitFor.SIGHT, 3.0) == (planned.wait_for, planned.look_again_s)


@pytest.mark.parametrize(("idle_s", "verb"), [(20.0, []), (61.0, ["CloseBatch"])])
def test_an_open_batch_that_another_clone_left_is_waited_for_until_it_may_be_closed(idle_s, verb):
    """It keeps a device; nobody else may come to close it."""
    job = a_job(status=JobStatus.DONE)
    theirs = a_batch("b9", job, open=True, tags=tags_of(recipe="0" * 16), updated_at=at(-idle_s))
    ours = a_batch("b1", a_job("j2", status=JobStatus.DONE), status=BatchStatus.DONE)
    recorded = [a_record("j2"), a_record("j1", batch_id="b9", recipe="0" * 16)]
    observed = seen(ours, theirs, recorded=recorded, ancestors=frozenset())
    planned = plan(EXPERIMENT, observed, replace(TERMS, claim_ttl_s=60.0), NOW)

    assert verb == [type(action).__name__ for action in planned.actions]
    assert bool(verb) or planned.look_again_s == TERMS.poll_s


@pytest.mark.parametrize(("asked", "n_holds"), [(40, 0), (100, 1)])
def test_runs_that_nobody_knows_are_never_bought_again(asked, n_holds):
    """The cloud has forgotten how many a job had: only what it counts is sure, and a person decides."""
    recorded = [a_record(runs=0, counts={"0": 40})]
    experiment = an_experiment(a_wanted_job(runs=asked))
    planned = plan(experiment, seen(recorded=recorded), TERMS, NOW)

    assert (n_holds, 0) == (len(planned.holds), planned.cost.runs)
    assert all("ask for 40 runs" in hold.how for hold in planned.holds)


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ([a_record(counts={})], (100, 100, 0, "NO_RESULT")),
        ([a_record(counts={"0": 3})], (100, 97, 0, "PARTIAL")),
        ([a_record(runs=60), a_record("j2", runs=40, counts={})], (100, 40, 0, "PARTIAL")),
        ([a_record(runs=160, counts={"0": 159})], (160, 1, 0, "DONE")),
        ([a_record(), a_record("j2", counts={})], (200, 100, 0, "DONE")),
        ([a_record(counts={"01": 100})], (100, 100, 0, "NO_RESULT")),
        ([a_record(runs=60, counts={})], (60, 60, 40, "WANTED")),
    ],
)
def test_a_result_that_is_none_is_no_reason_to_buy(recorded, expected):
    """The job stays bought with the runs that were asked for; whether enough are counted is another thing."""
    (job,) = plan(EXPERIMENT, seen(recorded=recorded), TERMS, NOW).jobs

    assert expected == (job.done, job.uncounted, job.missing, job.status)


@pytest.mark.parametrize("counts", [{}, {"0": 3}])
def test_what_falls_short_is_synced_and_degraded(counts):
    """It is all bought, and a person should look; whoever waits for it does not go on."""
    planned = plan(EXPERIMENT, seen(recorded=[a_record(counts=counts)]), TERMS, NOW)

    assert (Sync.SYNCED, Health.DEGRADED, ()) == (planned.sync, planned.health, planned.actions)
    assert not is_complete(planned)
    assert planned.jobs[0].is_lost


def test_what_is_wrong_with_results_is_noted():
    """Job by job, the first few of many."""
    lost = a_record(counts={}, errors=("an earlier word", "the cloud has no result of it"))
    short = [a_record(f"s{n}", t=2, counts={"0": 60 + n}) for n in range(7)]
    planned = plan(an_experiment(a_wanted_job(1), a_wanted_job(2)), seen(recorded=[lost, *short]), TERMS, NOW)
    why = "the cloud has no result of it; apply asks for it again, and buys nothing"

    assert [
        f"t1, job j1 is done, and has no result: {why}",
        *(f"t2, job s{n}: {60 + n} of 100 runs are counted: {40 - n} shots are missing" for n in range(5)),
        "shots are missing in the results of 2 more jobs",
        "1 job has 600 runs more than the file asks for",
    ] == sorted(planned.notes, key=lambda note: "more than" in note)


@pytest.mark.parametrize(
    ("experiment", "record", "expected"),
    [
        (an_experiment(policy=Policy(shortfall=Shortfall.BUY)), a_record(counts={"0": 3}), (3, 97)),
        (an_experiment(policy=Policy(shortfall=Shortfall.BUY)), a_record(counts={}), (100, 0)),
        (an_experiment(), a_record(counts={"0": 3}), (100, 0)),
        (
            an_experiment(policy=Policy(shortfall=Shortfall.BUY, runs=RunsMode.EXACT)),
            a_record(counts={"0": 3}),
            (100, 0),
        ),
        (
            an_experiment(*repeated(1), policy=Policy(shortfall=Shortfall.BUY)),
            a_record(counts={"0": 3}),
            (100, 0),
        ),
    ],
)
def test_missing_shots_are_bought_where_the_policy_says_so(experiment, record, expected):
    """Of a result that is none, nothing is missing; where a job has exact runs, nothing can be added."""
    batch = a_batch("b1", a_job(status=JobStatus.DONE), status=BatchStatus.DONE)
    (alone,) = plan(experiment, seen(recorded=[record]), TERMS, NOW).jobs
    (beside,) = plan(experiment, seen(batch, recorded=[record]), TERMS, NOW).jobs

    assert expected == (alone.done, alone.missing)
    assert alone == beside


@pytest.mark.parametrize(("status", "expected"), [("RUNNING", []), ("CANCELED", ["RecordResults"])])
def test_a_cancelled_job_is_recorded_once_its_batch_has_ended(status, expected):
    """Jobs are read after their batch: of a live one it is not known yet who cancelled, a person or we."""
    jobs = (a_job("j1", status=JobStatus.CANCELED), a_job("j2", t=2, status=JobStatus.RUNNING))
    batch = a_batch("b1", *jobs, status=BatchStatus(status))
    experiment = an_experiment(a_wanted_job(1), a_wanted_job(2))

    assert expected == verbs(experiment, seen(batch))


def test_a_raised_number_of_runs_buys_the_difference():
    """500 done and 800 wanted buys 300."""
    experiment = an_experiment(a_wanted_job(runs=800))

    planned = plan(experiment, seen(recorded=[a_record(runs=500)]), TERMS, NOW)

    assert Cost(jobs=1, runs=300) == planned.cost


def test_exact_runs_are_bought_in_one_job():
    """500 done and 800 wanted buys 800."""
    experiment = an_experiment(a_wanted_job(runs=800), policy=Policy(runs=RunsMode.EXACT))

    assert Cost(jobs=1, runs=800) == plan(experiment, seen(recorded=[a_record(runs=500)]), TERMS, NOW).cost
    assert Cost() == plan(experiment, seen(recorded=[a_record(runs=800)]), TERMS, NOW).cost


def test_runs_above_the_devices_limit_are_split():
    """2000 runs on a device that takes 600 a job are four jobs."""
    experiment = an_experiment(a_wanted_job(runs=2000), max_runs=600)

    claim = plan(experiment, seen(), TERMS, NOW).actions[0]

    assert [600, 600, 600, 200] == [job.runs for job in claim.jobs]


def test_a_lowered_number_of_runs_sends_nothing_and_is_said():
    """A revert sends nothing either."""
    planned = plan(an_experiment(a_wanted_job(runs=50)), seen(recorded=[a_record()]), TERMS, NOW)

    assert () == planned.actions
    assert ("1 job has 50 runs more than the file asks for",) == planned.notes


def test_only_added_jobs_are_bought():
    """The rest is there."""
    experiment = an_experiment(a_wanted_job(1), a_wanted_job(2), a_wanted_job(3))

    claim = plan(experiment, seen(recorded=[a_record()]), TERMS, NOW).actions[0]

    assert (bought(2), bought(3)) == claim.jobs


def test_a_raised_rerun_asks_for_everything_again():
    """And says so in git."""
    again = an_experiment(rerun=1)

    assert ["Claim"] == verbs(again, seen(recorded=[a_record()]))
    assert [] == verbs(again, seen(recorded=[a_record(rerun=1)]))


ONE_AGAIN = an_experiment(a_wanted_job(1), a_wanted_job(2, rerun=1), a_wanted_job(3))
BOTH_MEASURED = [a_record("j1"), a_record("j2", t=2), a_record("j3", t=3)]
RERUN = tags_of("s2", "c2", RECIPE[:16], "rerun:1")


def test_a_raised_rerun_of_one_job_asks_for_that_job_alone():
    """Until it is measured; what is measured of the others counts as before."""
    (claim,) = plan(ONE_AGAIN, seen(recorded=BOTH_MEASURED), TERMS, NOW).actions
    again = a_record("j4", t=2, rerun=1)

    assert (bought(2, rerun=1),) == claim.jobs
    assert [] == verbs(ONE_AGAIN, seen(recorded=[*BOTH_MEASURED, again]))


def test_a_rerun_that_is_taken_back_buys_nothing():
    """The first measurement counts again."""
    back = an_experiment(a_wanted_job(1), a_wanted_job(2), a_wanted_job(3))

    assert [] == verbs(back, seen(recorded=[*BOTH_MEASURED, a_record("j4", t=2, rerun=1)]))


def test_remote_jobs_count_only_for_the_rerun_of_their_job():
    """Observed ones like recorded ones; a failure of the first round is no attempt of the second."""
    first = a_batch("b1", a_job("j1"), a_job("j2", t=2), a_job("j3", t=3))
    second = a_batch("b2", a_job("j4", t=2, batch_id="b2"), tags=RERUN)
    failed = a_batch("b1", a_job("j2", t=2, status=JobStatus.ERROR), status=BatchStatus.ERROR)
    measured = [BOTH_MEASURED[0], BOTH_MEASURED[2]]

    assert (bought(2, rerun=1),) == plan(ONE_AGAIN, seen(first), TERMS, NOW).actions[-1].jobs
    assert [] == verbs(ONE_AGAIN, seen(first, second))
    assert (bought(2, rerun=1),) == plan(ONE_AGAIN, seen(failed, recorded=measured), TERMS, NOW).actions[
        -1
    ].jobs


def test_attempts_are_counted_within_one_rerun():
    """On record, too."""
    failed = {"status": JobStatus.ERROR, "ended": -5}
    first = a_batch("b1", a_job("j1", t=2, **failed), status=BatchStatus.ERROR)
    second = a_batch("b2", a_job("j2", t=2, batch_id="b2", **failed), status=BatchStatus.ERROR, tags=RERUN)
    records = [a for a in actions(ONE_AGAIN, seen(first, second)) if isinstance(a, RecordResults)]

    assert [("j1", 1), ("j2", 1)] == [(job.id, job.attempt) for each in records for job in each.jobs]


def test_one_purchase_holds_jobs_of_one_rerun_in_file_order():
    """The others follow in a later pass."""
    there = seen(recorded=[a_record("j3", t=3)])
    first = plan(ONE_AGAIN, there, TERMS, NOW).actions
    second = plan(ONE_AGAIN, seen(a_batch("b1", a_job()), recorded=there.recorded), TERMS, NOW).actions

    assert [(bought(1),), (bought(2, rerun=1),)] == [claim.jobs for claim in (*first, *second)]


def test_jobs_are_added_only_to_an_open_batch_of_their_rerun():
    """A batch has one tag of it."""
    kept_open = replace(ONE_AGAIN, policy=Policy(batch=BatchMode.OPEN))
    first = a_batch("b1", a_job("j1"), a_job("j3", t=3), open=True, tags=tags_of("s", "c1"))
    second = a_batch(
        "b2",
        a_job("j2", t=2, runs=60, batch_id="b2"),
        open=True,
        tags=RERUN,
    )
    ours = [an_entry(claim="c1"), an_entry(seq=2, claim="c2", batch_id="b2")]

    assert ["Claim"] == verbs(kept_open, seen(first, entries=ours))
    assert [AddJobs(batch_id="b2", jobs=(bought(2, 40, rerun=1),), reason="")] == actions(
        kept_open, seen(first, second, entries=ours)
    )


def test_pending_jobs_of_an_earlier_rerun_are_pruned_and_no_other():
    """Where the policy says so; else they are measured."""
    first = a_batch("b1", a_job("j1"), a_job("j2", t=2), a_job("j3", t=3))
    second = a_batch("b2", a_job("j4", t=2, batch_id="b2"), tags=RERUN)
    pruning = replace(ONE_AGAIN, policy=Policy(prune=Surplus.CANCEL))

    assert [] == verbs(ONE_AGAIN, seen(first, second))
    assert [CancelJobs(batch_id="b1", job_ids=("j2",), reason="")] == actions(pruning, seen(first, second))


def test_a_batch_of_a_rerun_that_no_job_has_is_superseded():
    """The job was raised twice."""
    twice = an_experiment(a_wanted_job(1), a_wanted_job(2, rerun=2))
    old = a_batch("b2", a_job("j4", t=2, batch_id="b2"), tags=RERUN)
    there = seen(old, recorded=[a_record("j1"), a_record("j5", t=2, rerun=2)])

    assert [CancelBatch(batch_id="b2", reason="", mark="superseded")] == actions(twice, there)


def test_batches_of_another_recipe_do_not_count():
    """Counts are added up only within one recipe."""
    other = a_batch(
        "b1", a_job(status=JobStatus.DONE), status=BatchStatus.DONE, tags=tags_of(recipe="f" * 16)
    )

    assert ["RecordResults", "Claim"] == verbs(EXPERIMENT, seen(other))


# Failures


def failed(job_id="j1", t=1, ended=-100, **fields):
    """A job that ended badly some time ago."""
    return a_job(job_id, t=t, status=JobStatus.ERROR, ended=ended, **fields)


def recorded_failures(n):
    """As many failures on record."""
    return [a_record(f"j{i}", status=JobStatus.ERROR, ended_at=at(-100)) for i in range(n)]


def test_a_failed_job_is_sent_again_after_its_backoff():
    """As a further attempt."""
    planned = actions(EXPERIMENT, seen(recorded=recorded_failures(1)))

    assert (bought(attempt=2),) == planned[0].jobs


def test_a_failed_job_waits_for_its_backoff():
    """30 s by default."""
    recorded = [a_record(status=JobStatus.ERROR, ended_at=at(-10))]

    planned = plan(EXPERIMENT, seen(recorded=recorded), TERMS, NOW)

    assert ((), WaitFor.BACKOFF, 20.0) == (planned.actions, planned.wait_for, planned.look_again_s)


def test_a_job_that_failed_too_often_is_given_up():
    """Two retries are three attempts."""
    planned = plan(EXPERIMENT, seen(recorded=recorded_failures(3)), TERMS, NOW)

    assert ((), Health.DEGRADED, True) == (planned.actions, planned.health, planned.jobs[0].failed)


def test_a_failure_that_the_policy_does_not_name_is_for_good():
    """`retry.on` is empty."""
    experiment = an_experiment(policy=Policy(retry=Retry(on=())))

    assert plan(experiment, seen(recorded=recorded_failures(1)), TERMS, NOW).jobs[0].failed


def test_what_a_person_cancelled_is_not_bought_again():
    """Unless the policy says so."""
    recorded = [a_record(status=JobStatus.CANCELED)]
    asked = an_experiment(policy=Policy(retry=Retry(on=(JobStatus.ERROR, JobStatus.CANCELED))))

    planned = plan(EXPERIMENT, seen(recorded=recorded), TERMS, NOW)

    assert ((), Health.DEGRADED, 100) == (planned.actions, planned.health, planned.jobs[0].declined)
    assert ["Claim"] == verbs(asked, seen(recorded=recorded))


@pytest.mark.parametrize("mark", ["fenced", "superseded", "pruned"])
def test_what_we_cancelled_ourselves_counts_as_if_it_had_never_been(mark):
    """It is neither a failure nor a person's wish, and is not recorded."""
    tags = tags_of("s", "c", RECIPE[:16], mark)
    batch = a_batch("b1", a_job(status=JobStatus.CANCELED), status=BatchStatus.CANCELED, tags=tags)

    assert [Claim(submission=TAG, jobs=(bought(),), reason="")] == actions(EXPERIMENT, seen(batch))


@pytest.mark.parametrize(
    ("batch_status", "expected"),
    [(BatchStatus.ERROR, (1, 0)), (BatchStatus.TIMED_OUT, (1, 0)), (BatchStatus.CANCELED, (0, 100))],
)
def test_a_pending_job_of_a_batch_that_ended_never_runs(batch_status, expected):
    """It failed with its batch, or was cancelled with it."""
    job = plan(EXPERIMENT, seen(a_batch("b1", a_job(), status=batch_status)), TERMS, NOW).jobs[0]

    assert expected == (job.failures, job.declined)


# Beside the submission


def test_a_batch_with_all_its_jobs_is_closed():
    """The device is not kept for nothing."""
    batch = a_batch("b1", a_job(), open=True)

    assert [CloseBatch(batch_id="b1", reason="")] == actions(EXPERIMENT, seen(batch, entries=[OURS]))


OPEN = Policy(batch=BatchMode.OPEN)


def test_an_open_batch_is_kept_while_jobs_are_under_way():
    """The file asks for it."""
    assert [] == actions(an_experiment(policy=OPEN), seen(a_batch("b1", a_job(), open=True)))


def test_an_open_batch_of_ours_is_given_what_is_missing():
    """Without another claim."""
    experiment = an_experiment(a_wanted_job(1), a_wanted_job(2), policy=OPEN)
    batch = a_batch("b1", a_job(), open=True)

    assert [AddJobs(batch_id="b1", jobs=(bought(2),), reason="")] == actions(
        experiment, seen(batch, entries=[an_entry()])
    )


@pytest.mark.parametrize(("idle_s", "expected"), [(30, []), (90, ["Fence"])])
def test_somebody_elses_open_batch_is_shut_before_we_buy(idle_s, expected):
    """Its creator is its only writer; after its lease it is taken to be gone."""
    experiment = an_experiment(a_wanted_job(1), a_wanted_job(2), policy=OPEN)
    batch = a_batch("b1", a_job(), open=True, updated_at=at(-idle_s), tags=tags_of("s", "theirs"))

    assert expected == verbs(experiment, seen(batch))


def test_an_open_batch_is_closed_when_all_is_done():
    """Then the device is released."""
    batch = a_batch("b1", a_job(status=JobStatus.DONE), open=True, status=BatchStatus.RUNNING)

    assert ["CloseBatch"] == verbs(an_experiment(policy=OPEN), seen(batch, recorded=[a_record()]))


def test_an_open_batch_is_closed_although_a_job_runs_that_the_file_does_not_ask_for_any_more():
    """Nobody waits for that one, and nobody would close the batch when it ends."""
    wanted = a_wanted_job(1, runs=20, repetition=1)
    done = a_job("j1", runs=20, status=JobStatus.DONE)
    former = a_job("j2", runs=30, status=JobStatus.RUNNING)
    key = {"key": wanted.key}
    batch = a_batch("b1", replace(done, **key), replace(former, **key), open=True, status=BatchStatus.RUNNING)
    records = [a_record(runs=20, **key)]

    assert ["CloseBatch"] == verbs(an_experiment(wanted, policy=OPEN), seen(batch, recorded=records))


def old_batch(**fields):
    """A batch of an older recipe with a pending job."""
    return a_batch("b0", a_job("j0", batch_id="b0"), tags=tags_of("s", "c", "f" * 16), **fields)


def test_pending_work_of_an_older_recipe_is_cancelled():
    """Marked first, so that nobody takes it for a person's wish."""
    assert CancelBatch(batch_id="b0", reason="", mark="superseded") in actions(EXPERIMENT, seen(old_batch()))


@pytest.mark.parametrize(
    ("experiment", "settings"),
    [
        (an_experiment(policy=Policy(supersede=Surplus.KEEP)), TERMS),
        (EXPERIMENT, replace(TERMS, namespace=None)),
    ],
)
def test_pending_work_of_an_older_recipe_is_kept(experiment, settings):
    """When the file says so, or when nobody knows whose it is."""
    assert ["Claim"] == verbs(experiment, seen(old_batch()), settings)


@pytest.mark.parametrize(("ancestors", "expected"), [((), "Hold"), ((40 * "d",), "Claim")])
def test_what_a_newer_commit_has_cancelled_is_not_bought_anew(ancestors, expected):
    """Else two clones buy and cancel in turns; a checkout that has the commit asks for it again."""
    gone = a_job(status=JobStatus.CANCELED)
    tags = tags_of(TAG, "another", RECIPE[:16], "pruned", f"cancelled-for:{40 * 'd'}")
    batch = a_batch("b1", gone, status=BatchStatus.CANCELED, tags=tags)

    assert [expected] == verbs(EXPERIMENT, seen(batch, ancestors=frozenset(ancestors)))


def test_a_file_that_is_of_no_commit_cancels_nothing_that_others_bought():
    """An edit that nobody else has."""
    assert "CancelBatch" not in verbs(EXPERIMENT, seen(old_batch()), commit="")


def test_pending_jobs_that_the_file_no_longer_names_are_pruned():
    """Where the policy says so; by default they are kept."""
    batch = a_batch("b1", a_job("j1", t=1), a_job("j2", t=2), a_job("j3", t=3, status=JobStatus.RUNNING))
    pruning = an_experiment(policy=Policy(prune=Surplus.CANCEL))

    assert [CancelJobs(batch_id="b1", job_ids=("j2",), reason="")] == actions(pruning, seen(batch))
    assert [] == actions(EXPERIMENT, seen(batch))


def test_pruning_a_lowered_number_of_runs_keeps_what_is_wanted():
    """The youngest pending job goes, as far as enough is left."""
    batch = a_batch("b1", a_job("j1"), a_job("j2"), a_job("j3"))
    pruning = an_experiment(a_wanted_job(runs=150), policy=Policy(prune=Surplus.CANCEL))

    assert [CancelJobs(batch_id="b1", job_ids=("j3",), reason="")] == actions(pruning, seen(batch))


@pytest.mark.parametrize(
    ("said", "errors", "verb"),
    [
        ("RuntimeError: the atoms were lost", (), ["RecordResults", "Claim"]),
        ("ValueError: no such channel", (), ["RecordResults"]),
        ("ValueError: no such channel", ("channel",), ["RecordResults", "Claim"]),
    ],
)
def test_an_error_that_cannot_go_away_is_not_tried_again(said, errors, verb):
    """An emulator refuses the same each time, unless the file says that such errors are tried again."""
    trying = an_experiment(policy=Policy(retry=Retry(limit=2, errors=errors)))
    failed = a_job(status=JobStatus.ERROR, errors=(said,))
    planned = plan(trying, seen(a_batch("b1", failed, status=BatchStatus.DONE)), TERMS, NOW)

    assert verb == [type(action).__name__ for action in planned.actions]
    assert [len(verb) == 1] == [job.failed for job in planned.jobs]


def test_what_is_being_cancelled_is_nothing_to_spare():
    """It does not run: were it counted, the job that is wanted would be cancelled as well."""
    batch = a_batch("b1", a_job("j1"), a_job("j2", status=JobStatus.CANCELING))
    pruning = an_experiment(policy=Policy(prune=Surplus.CANCEL))

    assert [] == actions(pruning, seen(batch))


def test_a_plan_above_the_budget_is_held():
    """All runs that were ever bought count, those of older recipes too."""
    poor = an_experiment(a_wanted_job(1), a_wanted_job(2), policy=Policy(budget=Budget(runs=150)))
    rich = an_experiment(a_wanted_job(1), a_wanted_job(2), policy=Policy(budget=Budget(runs=200)))

    assert ["Hold"] == verbs(poor, seen(recorded=[a_record()]))
    assert ["Claim"] == verbs(rich, seen(recorded=[a_record()]))


# Properties


def crowded():
    """An observation with a bit of everything."""
    rng = random.Random(5)
    statuses, ends = list(JobStatus), list(BatchStatus)
    return [
        a_batch(
            f"b{n}",
            *(
                a_job(
                    f"j{n}.{i}", t=rng.randint(1, 4), status=rng.choice(statuses), batch_id=f"b{n}", ended=-99
                )
                for i in range(rng.randint(0, 3))
            ),
            status=rng.choice(ends),
            open=rng.random() < 0.5,
            created_at=at(-rng.randint(1, 99)),
            tags=tags_of("s", f"c{n}", rng.choice((RECIPE[:16], "f" * 16))),
        )
        for n in range(12)
    ]


def test_the_order_in_which_batches_are_listed_does_not_matter():
    """Only their age does."""
    batches = crowded()
    experiment = an_experiment(*(a_wanted_job(t) for t in (1, 2, 3)))
    expected = plan(experiment, seen(*batches), TERMS, NOW)
    for seed in range(10):
        random.Random(seed).shuffle(batches)

        assert expected == plan(experiment, seen(*batches), TERMS, NOW)


def test_planning_changes_none_of_its_arguments():
    """It is a function of values."""
    observed = seen(*crowded(), entries=[OURS], recorded=[a_record()])
    before = copy.deepcopy(observed)
    plan(EXPERIMENT, observed, TERMS, NOW)

    assert before == observed
