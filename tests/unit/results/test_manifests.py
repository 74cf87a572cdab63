"""Manifests of a recipe that is bought again."""

from __future__ import annotations

import json

from builders import RECIPE

from runner.results import Records
from runner.results.records.manifest_history import following

FIRST = {"commit": "a", "dirty": False, "written_at": "t1", "sequence": {"version": "1"}}
SECOND = {**FIRST, "commit": "b", "written_at": "t2"}
THIRD = {**SECOND, "dirty": True, "versions": {"pulser": "2"}, "written_at": "t3"}


def test_the_first_manifest_is_kept_as_it_is():
    """There is nothing before it."""
    assert FIRST == following(FIRST, None)


def test_what_was_otherwise_before_is_not_lost():
    """Each time only that, oldest first, with the time at which it was written."""
    one = following(SECOND, FIRST)
    other = following(THIRD, one)

    assert {**SECOND, "earlier": [{"written_at": "t1", "commit": "a"}]} == one
    earlier = [{"written_at": "t1", "commit": "a"}, {"written_at": "t2", "dirty": False}]
    assert {**THIRD, "earlier": earlier} == other


def test_buying_the_same_again_changes_nothing():
    """But for the time there is nothing new to say."""
    before = following(SECOND, FIRST)

    assert before == following({**SECOND, "written_at": "t9"}, before)


def test_a_manifest_of_before_there_were_times_is_followed():
    """Old ones stay readable."""
    old = {"commit": "a"}

    assert {**SECOND, "earlier": [{"commit": "a"}]} == following(SECOND, old)


def test_the_file_is_written_only_when_there_is_something_to_say(tmp_path):
    """Who has it in git sees no change for nothing."""
    records = Records(tmp_path)
    path = tmp_path / "exp" / RECIPE[:16] / "manifest.json"
    seen = []
    for manifest in (FIRST, {**FIRST, "written_at": "t9"}, SECOND):
        records.write_manifest("exp", RECIPE[:16], manifest)
        seen.append(path.stat().st_ino)

    assert seen[0] == seen[1]
    assert seen[1] != seen[2]
    assert following(SECOND, FIRST) == json.loads(path.read_text(encoding="utf-8"))
