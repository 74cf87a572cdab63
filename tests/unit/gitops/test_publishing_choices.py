"""Which records go to a branch, given what the branch holds, what we hold, and what we pushed before."""

from __future__ import annotations

import json

import pytest

from runner.errors import UsageError
from runner.gitops.publish.choose_records import (
    Destination,
    RecordChoice,
    Sides,
    are_records,
    choice,
    destination,
    is_record,
    message,
    obstacle,
)


def lines(**jobs):
    """A record: a line a job, with what was counted."""
    return "".join(json.dumps({"job_id": job, "counted": count}) + "\n" for job, count in jobs.items())


A, AB, B = lines(a=1), lines(a=1, b=1), lines(b=1)


@pytest.mark.parametrize(
    ("ours", "theirs", "before", "expected"),
    [
        (AB, None, None, RecordChoice(text=AB, is_ours=True, jobs=2)),
        (AB, AB, None, RecordChoice()),
        (AB, "", None, RecordChoice(text=AB, is_ours=True, jobs=2)),
        (AB, A, None, RecordChoice(text=AB, is_ours=True, jobs=1)),
        (A, AB, None, RecordChoice()),
        (A, B, None, RecordChoice(text=lines(b=1, a=1), jobs=1)),
        (lines(a=2), A, None, RecordChoice(left="has 1 job recorded otherwise")),
        (lines(a=2), A, A, RecordChoice(text=lines(a=2), is_ours=True, jobs=1)),
        (A, lines(a=2), A, RecordChoice(left="has 1 job recorded otherwise")),
        (
            lines(a=2, b=1),
            lines(a=1, c=1),
            None,
            RecordChoice(text=lines(a=1, c=1, b=1), jobs=1, left="has 1 job recorded otherwise"),
        ),
        (lines(a=2, b=2), AB, None, RecordChoice(left="has 2 jobs recorded otherwise")),
        (AB, None, AB, RecordChoice(left="was taken away")),
        (AB, None, A, RecordChoice(text=AB, is_ours=True, jobs=2)),
        (lines(a=1, b=1, c=1), A, AB, RecordChoice(text=lines(a=1, c=1), jobs=1)),
        (A, "good data\n", None, RecordChoice(left="is no record of jobs")),
        (A, "[]\n", None, RecordChoice(left="is no record of jobs")),
        (A, '{"job_id": 1}\n', None, RecordChoice(left="is no record of jobs")),
        (AB, A + A, None, RecordChoice(left="is no record of jobs")),
        ("broken", A, None, RecordChoice(left="is none here that can be read")),
    ],
    ids=[
        "new",
        "same",
        "empty",
        "older",
        "theirs knows more",
        "union",
        "edited",
        "ours changed since",
        "theirs changed since",
        "union but for one",
        "all otherwise",
        "taken away",
        "taken away and more came",
        "line taken away",
        "text",
        "list",
        "number",
        "twice",
        "ours broken",
    ],
)
def test_jobs_that_others_recorded_stay_and_ours_are_added(ours, theirs, before, expected):
    """Job by job: what is there as we pushed it is ours to replace, all else stays."""
    sides = Sides(path="pair/12/b.jsonl", ours=ours, theirs=theirs, before=before)

    assert expected == choice(sides)


@pytest.mark.parametrize("path", ["pair/12/manifest.json", "pair/12/b/j.pulser.json"])
@pytest.mark.parametrize(
    ("theirs", "before", "expected"),
    [
        (None, None, RecordChoice(text="2", is_ours=True)),
        ("2", None, RecordChoice()),
        ("1", "1", RecordChoice(text="2", is_ours=True)),
        ("1", None, RecordChoice(left="was written elsewhere")),
        ("1", "0", RecordChoice(left="was written elsewhere")),
        (None, "2", RecordChoice(left="was taken away")),
        (None, "1", RecordChoice(text="2", is_ours=True)),
    ],
)
def test_the_first_manifest_of_a_branch_stays_unless_it_was_ours(path, theirs, before, expected):
    """So do Pulser's own results."""
    assert expected == choice(Sides(path=path, ours="2", theirs=theirs, before=before))


def test_pushing_the_same_again_changes_nothing():
    """What was written is what is there, for whoever merges it next."""
    first = choice(Sides(path="x.jsonl", ours=A, theirs=B)).text

    assert [RecordChoice(), RecordChoice()] == [
        choice(Sides(path="x.jsonl", ours=each, theirs=first, before=each)) for each in (A, B)
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("pair/12/b.jsonl", True),
        ("pair/12/manifest.json", True),
        ("pair/12/b/j.pulser.json", True),
        ("README.md", False),
        ("pair/notes.jsonl", False),
        ("pair/12/notes.md", False),
        ("pair/12/b/j.jsonl", False),
        ("pair/12/.b.jsonl.x1", False),
        ("../12/b.jsonl", False),
        ("pair/12/b/c/j.pulser.json", False),
    ],
)
def test_only_what_a_runner_writes_is_a_record(path, expected):
    """Nothing else is read from the folder, and nothing else is written to the branch."""
    assert expected is is_record(path)


@pytest.mark.parametrize(
    ("folder", "paths", "expected"),
    [
        ("results", ["results/pair/12/b.jsonl", "results/pair/12/manifest.json"], True),
        ("results", ["results/pair/12/b.jsonl", "results/notes.md"], False),
        ("results", ["pair/12/b.jsonl"], False),
        (".", ["pair/12/b.jsonl"], True),
        (".", ["specs/pair.yaml"], False),
    ],
)
def test_a_commit_is_of_records_when_all_that_it_changes_is(folder, paths, expected):
    """Whatever the folder is, a change of an experiment file is somebody's."""
    assert expected is are_records(paths, folder)


@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        ({}, ""),
        ({"results/a/b.jsonl": "100755"}, ""),
        ({"results": "100644"}, "cannot be there: results is no folder"),
        ({"results/a": "120000"}, "cannot be there: results/a is no folder"),
        ({"results/a/b.jsonl": "120000"}, "is no file"),
        ({"results/a/b.jsonl/c": "100644"}, "is no file"),
    ],
)
def test_a_file_in_the_place_of_a_folder_or_a_link_stays(modes, expected):
    """Nothing is written through it or instead of it."""
    folders = {"results/a/b.jsonl"} if "results/a/b.jsonl/c" in modes else {"results", "results/a"}

    assert expected == obstacle("results/a/b.jsonl", modes, folders)


def test_the_message_is_the_same_for_the_same_records():
    """Whatever order they came in; on the followed branch it tells CI to pass it by."""
    one = "Record results of pair\n\npair: 1 job recorded\n\n[skip ci]\n"
    two = "Record results of 2 experiments\n\nchain: 0 jobs recorded\npair: 3 jobs recorded\n"

    assert one == message({"pair": 1}, skips_ci=True)
    assert [two, two] == [
        message(jobs, skips_ci=False) for jobs in ({"pair": 3, "chain": 0}, {"chain": 0, "pair": 3})
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("results", Destination("results")),
        ("lab/records:data/2026", Destination("lab/records", "data/2026")),
        ("main:.", Destination("main", ".")),
    ],
)
def test_a_destination_is_a_branch_and_a_folder(text, expected):
    """The root of the branch is one, too."""
    assert expected == destination(text)


@pytest.mark.parametrize(
    "text", ["", ":x", "-x", "a b", "a..b", "a.lock", "a:", "a:/x", "a:../x", "a:.git/x", "a:b/.runner"]
)
def test_what_can_be_no_branch_or_folder_is_a_usage_error(text):
    """Nothing has been looked at then."""
    with pytest.raises(UsageError, match="--records"):
        destination(text)
