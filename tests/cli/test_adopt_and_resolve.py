"""`runner adopt` and `runner resolve`, on the local cloud."""

from __future__ import annotations

import json
from contextlib import closing

import commands
import pytest
from commands import said

from runner.cloud import Client
from runner.domain import job_key, repetition_key
from runner.project import Project
from runner.reconcile.model.entries import RequestKind, State

DIRECT = "  policy: {submission: direct, on_unknown_submission: hold}\n"


@pytest.fixture
def lab(tmp_path, monkeypatch, store):
    """A lab that is the working folder; its experiment is submitted directly, and lost ones are held."""
    lab = commands.a_neighbour(tmp_path / "lab", store, experiment=commands.EXPERIMENT + DIRECT)
    monkeypatch.chdir(lab)
    return lab


def planned(capsys):
    """The one plan, as data."""
    return json.loads(said(capsys, "plan", "specs", "-o", "json")[1])[0]


def constants_of(lab):
    """Digest of the constants of the device that its file asks for."""
    (experiment,) = Project.open(lab).load([lab / "specs"])
    return experiment.desired.constants


def a_foreign_batch(lab, *points, device_type="EMU_FREE", tags=("mine",), project_id=None):
    """A batch that another tool has created, in the target's project by default; its id."""
    project = Project.open(lab)
    (experiment,) = project.load([lab / "specs"])
    with project.context() as (context, _):
        payload = {
            "device_type": device_type,
            "sequence_builder": experiment.desired.sequence,
            "jobs": [{"runs": runs, "variables": {"t_ns": t}} for t, runs in points],
            "open": False,
            "tags": list(tags),
        }
        client = Client(
            endpoints=context.client.endpoints,
            project_id=project_id or context.client.project_id,
            tokens=context.client._exchange.tokens,
        )
        return client.send_batch(payload)["id"]


def tags_of(lab, batch_id):
    """The tags that a batch has now."""
    with Project.open(lab).context() as (context, _):
        return context.client.get_batch(batch_id)["tags"]


def lose_a_submission(capsys, lab, jobs=((100, 50), (200, 50), (300, 50)), keys=()):
    """Leaves the journal as a process does that dies while it buys; answers the submission."""
    submission = next(each["submission"] for each in planned(capsys)["actions"] if "submission" in each)
    with Project.open(lab).journal_locked("apply") as journal:
        journal.intend(
            RequestKind.SUBMIT,
            experiment="pair",
            submission=submission,
            claim="lost",
            jobs=tuple(keys) or tuple((job_key({"t_ns": t}), runs) for t, runs in jobs),
        )
    return submission


def test_an_adopted_batch_counts_and_only_the_rest_is_bought(capsys, lab):
    """Its results are recorded as if it had been ours from the beginning."""
    batch_id = a_foreign_batch(lab, (100, 50), (200, 20), (999, 5))
    before = planned(capsys)
    adopted = said(capsys, "adopt", "specs/pair.yaml", batch_id, "--yes")
    after = planned(capsys)
    applied = said(capsys, "apply", "specs")
    again = said(capsys, "adopt", "specs/pair.yaml", batch_id, "--yes")

    assert (0, 0, 64) == (adopted[0], applied[0], again[0]), adopted[2] + applied[2]
    assert (150, 80) == (before["cost"]["runs"], after["cost"]["runs"])
    assert "not asked for" in adopted[1]
    assert ["adopted", f"constants:{constants_of(lab)}", "mine"] == tags_of(lab, batch_id)[-3:]
    assert "it is this repository's already, of the experiment pair" in again[2]
    assert 2 == len(list(lab.glob("results/pair/*/*.jsonl")))
    assert "AdoptBatch" in said(capsys, "history", "pair")[1]


def test_jobs_that_look_the_same_become_one_repetition_after_the_other(capsys, lab):
    """Batch by batch, and a lost submission becomes what it was sent as."""
    repeated = "{runs: 50, repeat: 4, variables: {t_ns: 100}}"
    path = lab / "specs" / "pair.yaml"
    swept = "runs: 50\n      sweep: {t_ns: [100, 200, 300]}"
    path.write_text(path.read_text(encoding="utf-8").replace(swept, repeated), encoding="utf-8")
    first, second, third, fourth = (a_foreign_batch(lab, (100, 50)) for _ in range(4))
    codes = [said(capsys, "adopt", "specs", first, second, "--yes")[0]]
    codes.append(said(capsys, "adopt", "specs", third, "--yes")[0])
    lose_a_submission(capsys, lab, keys=[(repetition_key(job_key({"t_ns": 100}), 4), 50)])
    codes.append(said(capsys, "resolve", "pair", "adopt", fourth)[0])
    applied = said(capsys, "apply", "specs")

    assert [0, 0, 0, 0] == [*codes, applied[0]], applied[2]
    assert [[], ["repeat:2"], ["repeat:3"], ["repeat:4"]] == [
        [tag for tag in tags_of(lab, each) if tag.startswith("repeat:")]
        for each in (first, second, third, fourth)
    ]
    assert 4 == applied[1].count("50/50") == len(list(lab.glob("results/pair/*/*.jsonl")))


def test_a_batch_of_another_device_is_shown_refused_and_left_alone(capsys, lab):
    """Also with --yes, and together with one that could be adopted."""
    fine = a_foreign_batch(lab, (100, 50))
    other = a_foreign_batch(lab, (100, 50), device_type="EMU_FRESNEL")
    code, out, err = said(capsys, "adopt", "specs/pair.yaml", fine, other, "--yes", "-o", "json")

    assert (64, [0, 1]) == (code, [len(each["objections"]) for each in json.loads(out)])
    assert "its device type is EMU_FRESNEL, the file says EMU_FREE" in err
    assert (["mine"], ["mine"]) == (tags_of(lab, fine), tags_of(lab, other))


def test_a_batch_of_another_project_is_not_adopted(capsys, lab):
    """A token may see it by its id; taken over, it would count for the other one."""
    theirs = a_foreign_batch(lab, (100, 50), project_id="00000000-0000-4000-8000-00000000000b")
    code, _, err = said(capsys, "adopt", "specs/pair.yaml", theirs, "--yes")

    assert (1, ["mine"]) == (code, tags_of(lab, theirs))
    assert "is of the project 00000000-0000-4000-8000-00000000000b" in err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["adopt", "specs/pair.yaml", "00000000-0000-4000-8000-00000000dead"], (1, "the cloud has no batch")),
        (["resolve", "pair", "absent"], (64, "no submission is unknown")),
        (["resolve", "nobody", "absent"], (64, "no experiment of this repository has this name")),
        (["resolve", "pair", "adopt"], (64, "say `adopt BATCH` with the batch's id")),
        (["resolve", "pair", "absent", "b1"], (64, "say `adopt BATCH` with the batch's id")),
        (["resolve", "pair", "skip", "b1"], (64, "without one")),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_told_in_words(capsys, lab, words, expected):
    """Without a traceback."""
    code, out, err = said(capsys, *words)

    assert (expected[0], "", True) == (code, out, expected[1] in err), err


def test_a_held_submission_says_how_it_is_resolved_and_absent_buys_it(capsys, lab):
    """4: a person must decide; then everything is bought once."""
    submission = lose_a_submission(capsys, lab)
    held = said(capsys, "apply", "specs")
    resolved = said(capsys, "resolve", "pair", "absent")
    applied = said(capsys, "apply", "specs")

    assert (4, 0, 0) == (held[0], resolved[0], applied[0]), applied[2]
    assert "`runner resolve pair adopt BATCH`" in held[2]
    assert (
        f"pair: the submission {submission} (3 jobs, 150 runs) was never accepted; "
        "the next apply buys it again\n"
    ) == resolved[1]
    assert 3 == applied[1].count("DONE")


def test_a_held_submission_that_is_skipped_is_not_bought_until_rerun_is_raised(capsys, lab):
    """3: the jobs are not there, as a person wanted it; raising the counter asks for them after all."""
    submission = lose_a_submission(capsys, lab)
    resolved = said(capsys, "resolve", "pair", "skip")
    skipped = said(capsys, "apply", "specs")
    raised = said(capsys, "rerun", "specs/pair.yaml")
    applied = said(capsys, "apply", "specs")

    assert (0, 3, 0, 0) == (resolved[0], skipped[0], raised[0], applied[0]), applied[2]
    assert f"pair: the submission {submission} (3 jobs, 150 runs) is not to be bought" in resolved[1]
    assert (0, 3) == (skipped[1].count("DONE"), applied[1].count("DONE"))


def test_a_held_submission_that_is_found_is_not_bought_again(capsys, lab):
    """It gets our tags back, and the journal its id; another batch is refused with what differs."""
    submission = lose_a_submission(capsys, lab)
    other = a_foreign_batch(lab, (100, 50), (200, 50))
    found = a_foreign_batch(lab, (100, 50), (200, 50), (300, 50))
    wrong = said(capsys, "resolve", "pair", "adopt", other)
    right = said(capsys, "resolve", "specs/pair.yaml", "adopt", found, "-o", "json")
    applied = said(capsys, "apply", "specs")
    with closing(Project.open(lab).journal()) as journal:
        (entry,) = journal.entries("pair")

    assert (64, 0, 0) == (wrong[0], right[0], applied[0]), right[2] + applied[2]
    assert "it lacks 1 of the jobs that were sent" in wrong[2]
    assert [found] == [each["batch_id"] for each in json.loads(right[1])]
    assert (State.ACCEPTED, found) == (entry.state, entry.batch_id)
    assert {f"submission:{submission}", "claim:lost", "exp:pair", "mine"} <= set(tags_of(lab, found))
    assert ["mine"] == tags_of(lab, other)
    assert 3 == applied[1].count("DONE")
