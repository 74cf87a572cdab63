"""What there is to tell of a turn, and what is said of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from builders import a_wanted_job, an_experiment

from runner.gitops import AppliedCommit
from runner.project.notify.events import Notice, NoticeState, notices, request_digest, state_of
from runner.project.notify.payloads import Whence, notice_id, payload
from runner.project.sync.status import SyncStatus
from runner.reconcile import Plan
from runner.reconcile.model.actions import CloseBatch, Hold
from runner.reconcile.model.plan import Health, PointProgress, Sync

SCHEMA = json.loads((Path(__file__).parents[4] / "schemas" / "notification.schema.json").read_text("utf-8"))
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMMIT, NEXT = "a" * 40, "b" * 40
DONE = PointProgress(key="k", name="a", runs=5, done=5)
ACTIVE = PointProgress(key="l", name="b", runs=5, active=5)
FAILED = PointProgress(key="m", name="c", runs=5, missing=5, failures=3, failed=True)
DROPPED = PointProgress(key="r", name="h", runs=5, failures=3, failed=True, dropped=True)
DECLINED = PointProgress(key="n", name="d", runs=5, declined=5)
SHORT = PointProgress(key="p", name="f", runs=5, done=5, uncounted=2)
WITHOUT = PointProgress(key="q", name="g", runs=5, done=5, uncounted=5)
WANTED = PointProgress(key="o", name="e", runs=5, missing=5)
HOLD = Hold(reason="one submission is lost", how="runner resolve exp absent")
CLOSE = CloseBatch(batch_id="b1", reason="all its jobs are added")
WHENCE = Whence(repository="https://ada:key@git.test/lab/x.git", branch="main", target="qpu", namespace="lab")


def a_plan(*jobs, actions=(), sync=Sync.SYNCED, health=Health.HEALTHY, **fields):
    """A plan of these jobs."""
    return Plan(experiment="exp", actions=actions, jobs=jobs, sync=sync, health=health, **fields)


def standing(plan=None, **fields):
    """How a repository of one experiment stands."""
    known = {"applied": AppliedCommit(url="u", branch="main", commit=COMMIT, names=("exp",))}
    plans = {"exp": plan} if plan else {}
    return SyncStatus(**(known | {"experiments": {"exp": an_experiment()}, "plans": plans} | fields))


@pytest.mark.parametrize(
    ("plan", "error", "expected"),
    [
        (a_plan(DONE, DONE), "", NoticeState.COMPLETE),
        (a_plan(DONE, actions=(CLOSE,), sync=Sync.OUT_OF_SYNC), "", NoticeState.PROGRESSING),
        (a_plan(DONE, look_again_s=1.0), "", NoticeState.PROGRESSING),
        (a_plan(DONE, sync=Sync.UNKNOWN), "", NoticeState.PROGRESSING),
        (a_plan(DONE, ACTIVE), "", NoticeState.PROGRESSING),
        (a_plan(WANTED), "", NoticeState.PROGRESSING),
        (None, "", NoticeState.PROGRESSING),
        (a_plan(DONE, ACTIVE, FAILED), "", NoticeState.FAILED),
        (a_plan(DONE, DECLINED), "", NoticeState.FAILED),
        (a_plan(DONE, DROPPED), "", NoticeState.COMPLETE),
        (a_plan(DONE, SHORT), "", NoticeState.FAILED),
        (a_plan(DONE, WITHOUT), "", NoticeState.FAILED),
        (a_plan(WANTED, FAILED, actions=(HOLD,)), "", NoticeState.HELD),
        (a_plan(WANTED, health=Health.SUSPENDED), "", NoticeState.SUSPENDED),
        (a_plan(DONE, health=Health.SUSPENDED), "", NoticeState.COMPLETE),
        (a_plan(DONE), "there is no such device", NoticeState.ERROR),
    ],
)
def test_an_experiment_has_one_state(plan, error, expected):
    """What needs a person goes before what goes on."""
    assert expected is state_of(plan, error)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (standing(a_plan(DONE)), [("complete", "exp", COMMIT, "1 job, 5 runs measured")]),
        (standing(a_plan(DONE, ACTIVE)), [("progressing", "exp", COMMIT, "2 jobs: 1 active, 1 done")]),
        (
            standing(a_plan(DONE, FAILED, DECLINED)),
            [("failed", "exp", COMMIT, "1 job of 3 failed for good: c; a person cancelled 1 job: d")],
        ),
        (
            standing(a_plan(DONE, FAILED, SHORT, WITHOUT)),
            [
                (
                    "failed",
                    "exp",
                    COMMIT,
                    "1 job of 4 failed for good: c; 2 jobs without a result, or with missing shots: f, g",
                )
            ],
        ),
        (
            standing(a_plan(WANTED, actions=(HOLD,))),
            [("held", "exp", COMMIT, "one submission is lost; runner resolve exp absent")],
        ),
        (
            standing(a_plan(DONE), errors={"exp": "no such device"}),
            [("error", "exp", COMMIT, "no such device")],
        ),
        (
            standing(a_plan(DONE), refused=NEXT, refusal="specs/a.yaml:1:1: no", is_invalid=True),
            [
                ("invalid", "", NEXT, "specs/a.yaml:1:1: no"),
                ("complete", "exp", COMMIT, "1 job, 5 runs measured"),
            ],
        ),
        (standing(refused=NEXT, refusal="rewritten"), [("refused", "", NEXT, "rewritten")]),
        (standing(a_plan(DONE), error="the cloud is away"), [("error", "", COMMIT, "the cloud is away")]),
        (
            standing(a_plan(DONE), unreachable="no branch main"),
            [
                ("error", "", COMMIT, "no branch main"),
                ("complete", "exp", COMMIT, "1 job, 5 runs measured"),
            ],
        ),
        (
            standing(
                a_plan(DONE), experiments={}, applied=AppliedCommit(url="u", branch="main", commit=NEXT)
            ),
            [],
        ),
        (
            standing(experiments={}),
            [
                (
                    "error",
                    "exp",
                    COMMIT,
                    "its file cannot be used with the target; the log of `runner sync` says why",
                )
            ],
        ),
        (standing(), []),
        (SyncStatus(), []),
    ],
    ids=[
        "complete",
        "progressing",
        "failed",
        "without results",
        "held",
        "refused by the cloud",
        "invalid",
        "refused",
        "a turn that went wrong says nothing of experiments: their plans may be old",
        "unreachable",
        "removed",
        "in the commit, and not to be used",
        "not yet planned",
        "nothing known",
    ],
)
def test_each_turn_gives_what_is_so(given, expected):
    """Of commits, of the turn, and of experiments."""
    told = notices(given, NOW)

    assert expected == [(n.state, n.experiment, n.commit, n.message) for n in told]


def test_the_digest_is_of_what_is_asked_for_alone():
    """Runs, reruns and the recipe count; order and names of jobs do not."""
    one, two = a_wanted_job(1), a_wanted_job(2)
    known = request_digest(an_experiment(one, two))
    same = [an_experiment(two, one), an_experiment(replace(one, name="other"), two)]
    others = [
        an_experiment(one),
        an_experiment(one, replace(two, runs=101)),
        an_experiment(one, replace(two, rerun=1)),
        replace(an_experiment(one, two), recipe="0" * 64),
    ]

    assert [known] * 2 == [request_digest(each) for each in same]
    assert known not in {request_digest(each) for each in others}


def ids(given, at=NOW, whence=WHENCE):
    """What the notices of a turn are known by."""
    return [notice_id(each, whence) for each in notices(given, at)]


def test_an_id_is_the_same_while_experiment_digest_and_state_are():
    """In any commit, clone and turn, and whoever's credentials are used."""
    before = ids(standing(a_plan(DONE)))
    later = standing(a_plan(DONE), applied=AppliedCommit(url="u", branch="main", commit=NEXT))
    other = standing(a_plan(DONE), experiments={"exp": an_experiment(a_wanted_job(9))})

    assert before == ids(later, NOW + timedelta(days=3))
    assert before == ids(
        standing(a_plan(DONE)), whence=replace(WHENCE, repository="https://git.test/lab/x.git")
    )
    assert before != ids(standing(a_plan(DONE, FAILED)))
    assert before != ids(other)


def test_an_error_of_a_turn_is_told_once_a_day_for_a_commit_whatever_its_numbers():
    """Ids and times in it make no other error of it."""
    first = ids(standing(error="batch 12ab-9 is away since 3 s"))

    assert first == ids(standing(error="batch 77cd-1 is away since 40 s"))
    assert first != ids(standing(error="the token is refused"))
    assert first != ids(standing(error="batch 12ab-9 is away since 3 s"), NOW + timedelta(days=1))


@pytest.mark.parametrize(
    "given",
    [
        standing(a_plan(DONE, ACTIVE, FAILED, actions=(HOLD,))),
        standing(errors={"exp": "no"}, refused=NEXT, refusal="rewritten"),
        standing(experiments={}),
        standing(unreachable="away", applied=AppliedCommit(url="u", branch="main")),
    ],
)
def test_payloads_are_as_their_schema_says(given):
    """Of experiments, commits and turns."""
    validator = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    found = [json.loads(json.dumps(payload(each, WHENCE, NOW))) for each in notices(given, NOW)]

    assert found
    assert [] == [error.message for each in found for error in validator.iter_errors(each)]


def test_a_payload_says_what_is_so_and_no_password():
    """Whole, of a notice that somebody would act on."""
    (notice,) = notices(standing(a_plan(DONE, ACTIVE, FAILED)), NOW)

    assert {
        "notification": "runner/notification/v1",
        "id": notice_id(notice, WHENCE),
        "at": "2026-03-01T12:00:00+00:00",
        "state": "failed",
        "experiment": "exp",
        "digest": request_digest(an_experiment()),
        "repository": "https://git.test/lab/x.git",
        "branch": "main",
        "commit": COMMIT,
        "target": "qpu",
        "namespace": "lab",
        "sync": "Synced",
        "health": "Healthy",
        "jobs": {"ACTIVE": 1, "DONE": 1, "FAILED": 1},
        "runs": {"wanted": 15, "done": 5, "active": 5, "missing": 5},
        "message": "1 job of 3 failed for good: c",
        "text": "exp failed: 1 job of 3 failed for good: c (x, main at aaaaaaaaaaaa)",
    } == payload(notice, WHENCE, NOW)


@pytest.mark.parametrize(
    ("notice", "expected"),
    [
        (
            Notice(state=NoticeState.INVALID, message="a.yaml:1:1: <!channel> @all\nno", commit=NEXT),
            "commit bbbbbbbbbbbb is invalid: a.yaml:1:1: ‹!channel› ＠all no (x, main)",
        ),
        (
            Notice(state=NoticeState.ERROR, message="https://ada:key@git.test: no", commit=""),
            "runner sync has an error: https://git.test: no (x, main)",
        ),
    ],
)
def test_the_text_mentions_nobody_and_is_one_line(notice, expected):
    """What files and servers say reaches chat services as words."""
    assert expected == payload(notice, WHENCE, NOW)["text"]
    assert len(payload(replace(notice, message="n" * 5000), WHENCE, NOW)["text"]) < 600
