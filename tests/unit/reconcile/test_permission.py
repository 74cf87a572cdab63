"""What a saved plan permits, and what makes it stale."""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from builders import (
    NOW,
    TERMS,
    a_batch,
    a_job,
    a_record,
    a_snapshot,
    a_wanted_job,
    an_entry,
    an_experiment,
    at,
    planned,
    seen,
    tags_of,
)
from fakes import SEQUENCE, CleanPort, DiceEngine, MemoryCloud, VirtualClock

from runner.domain import JobStatus, Policy, Submission, job_key, recipe_digest
from runner.domain.strategies import SearchDimension, SearchSpace, StopRules, Strategy
from runner.reconcile import Context, End, Journal, Patience, Reconciler, Snapshot, TargetSettings, WaitFor
from runner.reconcile.model.actions import (
    AddJobs,
    CancelBatch,
    CancelJobs,
    Claim,
    CloseBatch,
    Fence,
    Hold,
    NewJob,
    RecordResults,
)
from runner.reconcile.model.entries import RequestKind, State
from runner.reconcile.model.plan import Cost
from runner.reconcile.plan.saved_plan import Move, as_json, content_digest, moves, saved_experiment
from runner.reconcile.plan.saved_plan_limits import Amounts, limited, permitted, spent
from runner.results import Records

KEY = {t: job_key({"t": t}) for t in (1, 2, 3)}
TWO = an_experiment(a_wanted_job(1), a_wanted_job(2))
NOTHING = seen()


def a_deed(desired=TWO, there=NOTHING, now=NOW, settings=TERMS):
    """What is planned from what is there."""
    return planned(desired, there, settings, now)


def saved(desired=TWO, there=NOTHING):
    """A plan as it is saved."""
    return saved_experiment(a_deed(desired, there), "specs/exp.yaml")


def bought(*jobs):
    """What was bought, from (point, runs)."""
    return Amounts.of((KEY[t], runs) for t, runs in jobs)


def new(t, runs=100, attempt=1):
    """A job to be bought."""
    return NewJob(key=KEY[t], name=f"t{t}", runs=runs, attempt=attempt, variables={"t": t})


def with_actions(*actions, **fields):
    """A pass's plan with these actions."""
    causes = ((),) * len(actions)
    return replace(a_deed().plan, **{"actions": actions, "differences": causes, "jobs": ()} | fields)


def test_what_the_saved_plan_names_is_permitted_unchanged():
    """The plan itself passes."""
    planned = a_deed().plan

    assert planned == permitted(planned, saved(), Amounts())
    assert planned == limited(a_snapshot(TWO, NOTHING), saved(), planned)


def test_a_named_job_is_bought_once():
    """What was bought since is taken off; the rest stays."""
    claim = Claim(submission="s", jobs=(new(1), new(2)), reason="")

    assert (
        replace(claim, jobs=(new(2),), reason="1 of the 2 jobs that are wanted are in the saved plan"),
    ) == permitted(with_actions(claim), saved(), bought((1, 100))).actions
    assert () == permitted(with_actions(claim), saved(), bought((1, 100), (2, 100))).actions


@pytest.mark.parametrize(
    "job", [new(3), new(1, 101), new(1, 60)], ids=["another", "more runs", "the second part"]
)
def test_no_more_than_what_is_named_is_bought(job):
    """Neither another job, nor more runs, nor more jobs."""
    add = AddJobs(batch_id="b9", jobs=(new(2), new(2, 50), job), reason="")
    spent_before = bought((1, 50)) if job.runs == 60 else Amounts()

    assert [(new(2),)] == [each.jobs for each in permitted(with_actions(add), saved(), spent_before).actions]


def test_nothing_is_cancelled_or_shut_that_is_not_named():
    """But batches that were made while carrying it out, which may be shut."""
    there = seen(a_batch("b1", a_job("j1")))
    old = saved(TWO, there)
    unnamed = (
        CancelBatch(batch_id="b1", reason="r", mark="superseded"),
        CancelBatch(batch_id="b9", reason="r", mark="fenced"),
        CancelJobs(batch_id="b1", job_ids=("j1",), reason="r"),
        CloseBatch(batch_id="b1", reason="r"),
        Fence(batch_id="b1", holds_jobs=True, reason="r"),
    )
    new_ones = (CloseBatch(batch_id="b9", reason="r"), Fence(batch_id="b9", holds_jobs=False, reason="r"))
    cut = permitted(with_actions(*unnamed, *new_ones), old, Amounts())

    assert new_ones == cut.actions
    assert (
        tuple(
            f"not in the saved plan, so left out: {type(each).__name__} {each.batch_id}: r"
            for each in unnamed
        )
        == cut.notes
    )


def test_what_is_named_is_cancelled():
    """Of jobs, those that are named."""
    one = an_experiment(a_wanted_job(1), policy=Policy(prune="cancel"))
    there = seen(a_batch("b1", a_job("j1"), a_job("j2", t=2)))
    old = saved(one, there)
    wish = CancelJobs(batch_id="b1", job_ids=("j1", "j2"), reason="r")

    assert ["CancelJobs"] == [action.action for action in old.actions]
    assert (replace(wish, job_ids=("j2",)),) == permitted(with_actions(wish), old, Amounts()).actions


def test_records_and_holds_pass():
    """They cost nothing."""
    actions = (RecordResults(batch_id="b1", jobs=(), reason="r"), Hold(reason="r", how="h"))

    assert actions == permitted(with_actions(*actions), saved(), Amounts()).actions


def test_a_retry_is_not_bought_nor_waited_for_and_is_said():
    """Neither while its pause lasts nor after it."""
    failed = seen(a_batch("b1", a_job("j1", status=JobStatus.ERROR, ended=-5), a_job("j2", t=2)))
    done = seen(
        a_batch(
            "b1",
            a_job("j1", status=JobStatus.ERROR, ended=-5),
            a_job("j2", t=2, status=JobStatus.DONE, ended=-5),
        )
    )
    said = ("t1: 100 runs are missing and not bought: the retry of a failed job is not in the saved plan",)
    pausing, pause_over, under_way = (
        limited(a_snapshot(TWO, there), saved(), a_deed(TWO, there, now).plan)
        for there, now in ((done, NOW), (done, at(100)), (failed, at(100)))
    )

    assert [(RecordResults,)] * 2 == [tuple(map(type, each.actions)) for each in (pausing, pause_over)]
    assert (WaitFor.NOTHING, None) == (pausing.wait_for, pausing.look_again_s)
    assert (WaitFor.JOBS, 2.0) == (under_way.wait_for, under_way.look_again_s)
    assert [said] * 3 == [each.notes for each in (pausing, pause_over, under_way)]
    assert Cost() == pause_over.cost


def test_what_was_bought_since_is_counted_once_wherever_it_is_seen():
    """Observed or on record, by whomever; not what was there before, of another recipe, or fenced."""
    before = a_batch("b0", a_job("j0"))
    old = saved(TWO, seen(before))
    there = seen(
        before,
        a_batch("b1", a_job("j1"), a_job("j2", t=2, status=JobStatus.DONE)),
        a_batch("b2", a_job("j3"), tags=tags_of("s", "c", "0" * 16)),
        a_batch(
            "b3", a_job("j4", status=JobStatus.CANCELED), tags=tags_of("s", "c", TWO.recipe[:16], "fenced")
        ),
        a_batch("b4", a_job("j5"), tags=tags_of("s", "c", TWO.recipe[:16], "rerun:1")),
        recorded=[a_record("j2", t=2), a_record("j6", t=2, runs=7), a_record("j7", recipe="0" * 16)],
    )

    assert bought((1, 100), (2, 100), (2, 7)) == spent(old, there)


def test_what_was_bought_by_another_rerun_does_not_count():
    """Of each job by itself, and both ways."""
    tags = tags_of("s", "c", TWO.recipe[:16], "rerun:1")
    both = (a_job("j1"), a_job("j2", t=2))
    there = seen(
        a_batch("b1", *both),
        a_batch("b2", a_job("j3"), a_job("j4", t=2, runs=70), tags=tags),
        recorded=[a_record("j5", runs=7), a_record("j6", t=2), a_record("j7", t=2, runs=9, rerun=1)],
    )
    one_again = saved(an_experiment(a_wanted_job(1), a_wanted_job(2, rerun=1)))

    assert bought((1, 100), (2, 70), (1, 7), (2, 9)) == spent(one_again, there)


def test_a_direct_submission_that_may_have_been_accepted_counts_as_bought():
    """Else what was lost would be bought again; one that has shown up counts by its jobs."""
    direct = an_experiment(policy=Policy(submission=Submission.DIRECT))
    lost = an_entry(RequestKind.SUBMIT, State.UNKNOWN, batch_id=None, jobs=((KEY[1], 100),))
    refused = replace(lost, seq=2, claim="d", state=State.NOT_DONE)
    shown = seen(a_batch("b1", a_job("j1")), entries=[lost])

    assert bought((1, 100)) == spent(saved(direct), seen(entries=[lost, refused]))
    assert bought((1, 100)) == spent(saved(direct), shown)
    assert Amounts() == spent(saved(direct, seen(entries=[lost])), seen(entries=[lost]))


def test_what_was_accepted_and_cannot_be_seen_yet_counts_as_bought():
    """Until its batch shows jobs; a claim buys nothing."""
    claim = an_entry()
    accepted = an_entry(RequestKind.ADD, seq=2, jobs=((KEY[1], 100),))
    hidden = seen(a_batch("b1", open=True), entries=[claim, accepted])
    shown = seen(a_batch("b1", a_job("j1")), entries=[claim, accepted])
    recorded = seen(recorded=[a_record("j1")], entries=[claim, accepted])

    assert [bought((1, 100))] * 3 == [spent(saved(), there) for there in (hidden, shown, recorded)]


def test_time_alone_moves_nothing():
    """An hour later, with times of the cloud that are later too."""
    there = seen(a_batch("b1", a_job("j1")), entries=[an_entry()])
    later = seen(a_batch("b1", a_job("j1"), updated_at=at(5)), entries=[an_entry(at=at(5))])

    assert () == moves(saved(TWO, there), a_deed(TWO, later, at(3600)))


@pytest.mark.parametrize(
    ("desired", "there", "expected"),
    [
        (
            an_experiment(a_wanted_job(1, 150), a_wanted_job(2)),
            NOTHING,
            [Move(field="exp: file.jobs.t1.runs", planned=100, found=150)],
        ),
        (
            an_experiment(a_wanted_job(1), a_wanted_job(2, rerun=1)),
            NOTHING,
            [Move(field="exp: file.jobs.t2.rerun", planned=0, found=1)],
        ),
        (
            TWO,
            seen(recorded=[a_record("j1")]),
            [
                Move(
                    field="exp: world.recorded.j1",
                    planned=None,
                    found={
                        "batch_id": "b1",
                        "recipe": TWO.recipe[:16],
                        "key": KEY[1],
                        "status": "DONE",
                        "runs": 100,
                        "name": "t1",
                        "rerun": 0,
                        "attempt": 1,
                        "qubit_ids": ["q0"],
                        "errors": [],
                    },
                )
            ],
        ),
    ],
    ids=["runs", "rerun", "record"],
)
def test_what_has_moved_is_told_field_by_field(desired, there, expected):
    """What was, and what is."""
    assert expected == list(moves(saved(), a_deed(desired, there)))


def test_what_has_moved_of_a_strategy_is_told_field_by_field():
    """Also of what it is as one line: nobody compares two of them."""
    before, after = (
        Strategy(
            digest="5e" * 32,
            text=f'{{"kind":"sobol","runs":{runs}}}',
            kind="sobol",
            space=SearchSpace(dimensions=(SearchDimension(variable="t", high=10.0),)),
            runs=runs,
            objective={"maximize": "p", "let": {"p": "occupation"}},
            stop=StopRules(rounds=1),
        )
        for runs in (100, 90)
    )
    there = replace(TWO, strategy=before)
    assert ["exp: file.strategy.text.runs: was 100, is 90", "exp: file.strategy.runs: was 100, is 90"] == [
        str(move) for move in moves(saved(there), a_deed(replace(there, strategy=after), NOTHING))
    ]


def test_a_status_that_has_changed_is_a_move():
    """Of a job as of a batch."""
    before, after = (
        seen(a_batch("b1", a_job("j1", status=s))) for s in (JobStatus.PENDING, JobStatus.RUNNING)
    )

    assert ["exp: world.jobs.j1.status: was PENDING, is RUNNING"] == [
        str(move) for move in moves(saved(TWO, before), a_deed(TWO, after))
    ]


def test_time_that_changes_the_actions_moves_the_plan():
    """The pause before a retry has ended."""
    there = seen(
        a_batch("b1", a_job("j1", status=JobStatus.ERROR, ended=-5)),
        recorded=[a_record("j1", status=JobStatus.ERROR, ended_at=at(-5))],
    )
    one = an_experiment()

    assert ["exp: actions.1"] == [
        move.field for move in moves(saved(one, there), a_deed(one, there, at(100)))
    ]


def test_what_is_saved_carries_its_digest():
    """So that a change by hand is seen."""
    content = as_json(saved())

    assert content["digest"] == content_digest(content)
    assert content["digest"] != content_digest(content | {"path": "elsewhere"})


def test_under_a_guard_whole_passes_buy_what_is_named_and_end(tmp_path):
    """All jobs fail: each is bought once, recorded, and no retry is waited for."""
    clock, engine = VirtualClock(), DiceEngine(random.Random(1), failing=1.0, ending=1.0)
    cloud = MemoryCloud(clock, engine)
    recipe = recipe_digest(device_type="EMU_FREE", sequence=SEQUENCE)
    wanted = an_experiment(a_wanted_job(1), a_wanted_job(2), sequence=SEQUENCE, recipe=recipe)

    def sleep(seconds):
        clock.sleep(seconds)
        cloud.step()
        engine.tick()
        cloud.step()

    context = Context(
        client=cloud.client(CleanPort(cloud)),
        journal=Journal(Path(":memory:"), clock),
        records=Records(tmp_path),
        namespace="lab",
        clock=clock,
        sleep=sleep,
    )
    reconciler = Reconciler(context, TargetSettings(namespace="lab", poll_s=1.0))
    (found,) = reconciler.look([Snapshot(desired=wanted)])
    promise = saved_experiment(found, "specs/exp.yaml")
    snapshot = Snapshot(desired=wanted, promise=promise)
    with closing(cloud), closing(context.journal):
        outcome = reconciler.run([snapshot], Patience(timeout_s=600.0))
        jobs = cloud.jobs()

    assert End.SETTLED == outcome.end
    assert ["ERROR"] * 2 == [job["status"] for job in jobs]
    assert 2 == len(outcome.plans[0].notes)
