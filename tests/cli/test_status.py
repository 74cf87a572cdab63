"""`runner status`: conditions, and what was removed from the repository."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import commands
import jsonschema
import pytest
from builders import a_batch, a_snapshot, an_experiment, seen
from commands import said

from runner.cli.commands import status
from runner.domain import BatchStatus
from runner.reconcile.model.observation import Sighting

PUBLISHED = Path(__file__).parents[2] / "schemas" / "status.schema.json"
SCHEMA = json.loads(PUBLISHED.read_text(encoding="utf-8"))


@pytest.fixture
def lab(tmp_path, monkeypatch, store):
    """A lab of two experiments that is the working folder."""
    lab = commands.a_neighbour(tmp_path / "lab", store)
    text = commands.EXPERIMENT.replace("name: pair", "name: gone").replace("[100, 200, 300]", "[100]")
    text = text.replace("value: 6.28", "value: 3.14")
    (lab / "specs" / "gone.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(lab)
    return lab


def test_conditions_that_want_a_look_are_shown_and_json_has_all(capsys, lab):
    """Before anything is bought, and after."""
    before = said(capsys, "status", "specs/pair.yaml")
    said(capsys, "apply", "specs/pair.yaml")
    after = said(capsys, "status", "specs/pair.yaml")
    (as_data,) = json.loads(said(capsys, "status", "specs/pair.yaml", "-o", "json")[1])

    assert (0, 0) == (before[0], after[0])
    assert "Submitted  False   RunsMissing     150 runs of 3 jobs are not bought" in before[1]
    assert "condition" not in after[1]
    assert 9 == len(as_data["conditions"])
    jsonschema.validate([as_data], SCHEMA)


def test_batches_of_removed_experiments_are_listed_at_the_end(capsys, lab):
    """Without FILE: with one, nobody knows what the repository declares."""
    said(capsys, "apply", "specs")
    (lab / "specs" / "gone.yaml").unlink()
    whole = said(capsys, "status")
    named = said(capsys, "status", "specs")
    chosen = said(capsys, "status", "--only", "pair")
    as_data = json.loads(said(capsys, "status", "-o", "json")[1])

    assert (0, 0, 0) == (whole[0], named[0], chosen[0])
    assert whole[1].startswith("pair: Synced, Healthy\n")
    title, _, row = whole[1].splitlines()[-3:]
    assert "gone: removed; no file of the repository declares it" == title
    assert ["DONE", "closed", "1"] == row.split()[1:]
    assert ["removed" in each[1] for each in (named, chosen)] == [False, False]
    assert [("pair", False, 1), ("gone", True, 1)] == [
        (each["experiment"], each["removed"], len(each["batches"])) for each in as_data
    ]
    jsonschema.validate(as_data, SCHEMA)


def test_results_of_a_renamed_experiment_are_shown(capsys, lab):
    """They were measured under its former name, and nothing is bought again."""
    said(capsys, "apply", "specs/pair.yaml")
    path = lab / "specs" / "pair.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("name: pair", "name: renamed"), encoding="utf-8")
    applied = said(capsys, "apply", "specs/pair.yaml")
    listed = json.loads(said(capsys, "results", "specs/pair.yaml", "-o", "json")[1])

    assert (0, 3) == (applied[0], applied[1].count("DONE"))
    assert ["pair"] == [path.name for path in (lab / "results").iterdir()]
    assert 150 == sum(sum(row["counts"].values()) for row in listed["renamed"])


@pytest.mark.parametrize(("gap", "said_of_it"), [("", "2, all on record"), ("1 is not", "2, not seen whole")])
def test_jobs_of_a_batch_that_is_not_seen_whole_are_not_on_record(capsys, gap, said_of_it):
    """None of them is known, and so none was asked for; that is no proof that all are on record."""
    batch = a_batch("b1", jobs_count=2, status=BatchStatus.DONE)
    observed = replace(seen(batch), sightings={"b1": Sighting(gap=gap)})
    status._print_batches([batch], a_snapshot(an_experiment(), observed))
    assert said_of_it in capsys.readouterr().out
