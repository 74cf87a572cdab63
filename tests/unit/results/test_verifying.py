"""Whether records still say what was recorded."""

from __future__ import annotations

import json

import pytest
from builders import RECIPE, SEQUENCE, a_record
from pulser.backend import Results

from runner.domain import JobStatus, digest
from runner.project import schema_text
from runner.results import Records
from runner.results.records.records import record_line
from runner.results.records.verify import Verdict, verified

MANIFEST = {"device_type": "EMU_FREE", "sequence": json.loads(SEQUENCE), "recipe": RECIPE}
COUNTS = {"0": 60, "1": 40}
SCHEMA = json.loads(schema_text("record"))


@pytest.fixture
def folder(tmp_path):
    """Records of two batches, with a manifest and what an emulator gave."""
    records = Records(tmp_path)
    job = a_record("j1", counts=COUNTS)
    records.add("exp", [job, a_record("j2", t=2, status=JobStatus.ERROR, errors=("lost",))])
    records.add("exp", [a_record("j3", t=3, batch_id="b2", counts={})])
    records.write_manifest("exp", RECIPE[:16], MANIFEST)
    given = Results.from_final_bitstrings(("q0",), 100, COUNTS).to_abstract_repr()
    records.add_serialised("exp", job, given)
    return tmp_path / "exp"


def told(folder):
    """What is wrong, with places from the folder of the recipe."""
    root = folder / RECIPE[:16]
    return [str(flaw).removeprefix(f"{root}/") for flaw in verified([folder], SCHEMA).flaws]


def changed(folder, name, change):
    """Changes the text of a file, which must change it."""
    path = folder / RECIPE[:16] / name
    before = path.read_text(encoding="utf-8")
    after = change(before)
    assert before != after
    path.write_text(after, encoding="utf-8")


def without_digest(text):
    """Lines as they were written before there were digests."""
    values = [json.loads(line) for line in text.splitlines()]
    return "".join(json.dumps({k: v for k, v in value.items() if k != "digest"}) + "\n" for value in values)


def test_what_was_recorded_is_found_in_order(folder):
    """Done, failed and lost jobs; written in another order of keys it is the same."""
    assert Verdict(lines=3, files=2, flaws=()) == verified([folder], SCHEMA)

    changed(folder, "b1.jsonl", lambda text: "".join(
        json.dumps(json.loads(line), sort_keys=True) + "\n" for line in text.splitlines()
    ))  # fmt: skip
    assert [] == told(folder)


def test_lines_without_a_digest_are_judged_by_their_key(folder):
    """Older ones."""
    changed(folder, "b1.jsonl", without_digest)
    assert [] == told(folder)

    changed(folder, "b1.jsonl", lambda text: text.replace('{"t": 1}', '{"t": 7}'))
    assert ["b1.jsonl:1: the key is not that of the variables"] == told(folder)


def test_missing_shots_are_a_flaw_where_no_digest_vouches_for_them(folder):
    """They may have been missing from the beginning."""
    line = record_line(a_record("j9", batch_id="b3", counts={"0": 99})) + "\n"
    path = folder / RECIPE[:16] / "b3.jsonl"
    path.write_text(line, encoding="utf-8")
    assert [] == told(folder)

    path.write_text(without_digest(line), encoding="utf-8")
    assert ["b3.jsonl:1: 99 runs are counted, and the job had 100"] == told(folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [('"t1"', '"t7"'), ('{"t": 2}', '{"t": 7}'), ('"runs": 100', '"runs": 100, "more": 1'), ("lost", "fine")],
)
def test_a_changed_line_is_found(folder, old, new):
    """Whatever of it was changed, added or taken away."""
    changed(folder, "b1.jsonl", lambda text: text.replace(old, new, 1))

    (said,) = told(folder)
    assert "the digest is not that of the line" in said


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (
            a_record("j9", batch_id="b3", counts={"01": 100}),
            'the result cannot be right: "01" does not fit 1 qubit',
        ),
        (
            a_record("j9", batch_id="b3", counts={"0": 101}),
            "the result cannot be right: 101 runs are counted, and 100 were asked for",
        ),
        (
            a_record("j9", batch_id="b3", counts={"0": -1, "1": 101}),
            'the result cannot be right: "0" is counted -1 times',
        ),
        (a_record("j9", batch_id="b4"), "the batch is b4, not that of the file"),
        (a_record("j9", batch_id="b3", recipe="f" * 16), f"the recipe is {'f' * 16}, not that of the folder"),
        (
            a_record("j3", batch_id="b3"),
            "job j3 is on record twice, with another `batch_id`: see b2.jsonl:1",
        ),
    ],
)
def test_a_line_that_contradicts_itself_or_its_place_is_found(folder, job, expected):
    """Though its digest is right."""
    path = folder / RECIPE[:16] / "b3.jsonl"
    path.write_text(record_line(job) + "\n", encoding="utf-8")

    assert [f"b3.jsonl:1: {expected}"] == told(folder)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"more": 1}, "Additional properties are not allowed ('more' was unexpected)"),
        ({"name": "t9", "key": "?"}, "`key`: '?' does not match '^[0-9a-f]{16}$'"),
    ],
)
def test_a_line_that_is_not_as_its_schema_says_is_found(folder, fields, expected):
    """Though its digest is right."""
    value = json.loads(record_line(a_record("j9", batch_id="b3"))) | fields
    del value["digest"]
    line = json.dumps({**value, "digest": digest(value)})
    (folder / RECIPE[:16] / "b3.jsonl").write_text(f"{line}\n", encoding="utf-8")

    assert [f"b3.jsonl:1: not as its schema says: {expected}"] == told(folder)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("variables", [1], "`variables` is [1]"),
        ("job_id", ["j9"], "`job_id` is ['j9']"),
        ("runs", "many", "`runs` is 'many'"),
        ("runs", None, "`runs` is None"),
        ("runs", -20, "`runs` is -20"),
        ("runs", True, "`runs` is True"),
        ("rerun", 1.0, "`rerun` is 1.0"),
        ("attempt", 0, "`attempt` is 0"),
        ("status", "SHINY", "`status` is 'SHINY', which is no end of a job"),
        ("status", "RUNNING", "`status` is 'RUNNING', which is no end of a job"),
        ("qubit_ids", "q0", "`qubit_ids` is 'q0'"),
        ("qubit_ids", [0], "`qubit_ids` is [0]"),
        ("errors", [None], "`errors` is [None]"),
        ("ended_at", 5, "fromisoformat: argument must be str"),
    ],
)
def test_a_line_that_nobody_could_reckon_with_is_found(folder, field, value, expected):
    """It ends nothing: the rest is judged."""
    line = json.dumps(json.loads(record_line(a_record("j9", batch_id="b3"))) | {field: value})
    (folder / RECIPE[:16] / "b3.jsonl").write_text(f"{line}\n", encoding="utf-8")

    assert [f"b3.jsonl:1: no record of a job: {expected}"] == told(folder)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (None, "the counts are null, not an object"),
        ({"0": "100"}, '"0" is counted "100" times'),
        ({"0": float("nan")}, '"0" is counted NaN times'),
        ({"x": 100}, '"x" is no bitstring'),
    ],
)
def test_counts_that_cannot_be_right_are_found_in_their_line(folder, counts, expected):
    """The digest tells, too, should somebody have changed them."""
    line = json.dumps(json.loads(record_line(a_record("j9", batch_id="b3"))) | {"counts": counts})
    (folder / RECIPE[:16] / "b3.jsonl").write_text(f"{line}\n", encoding="utf-8")

    assert [
        "b3.jsonl:1: the digest is not that of the line: it was changed after it was recorded",
        f"b3.jsonl:1: the result cannot be right: {expected}",
    ] == told(folder)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda text: text.replace('"q0"', '"q1"'), "device type and sequence make the recipe"),
        (lambda text: text.replace("EMU_FREE", "EMU_SV"), "device type and sequence make the recipe"),
        (lambda text: text.replace(RECIPE, "f" * 64), "device type and sequence make the recipe"),
        (lambda text: text.replace('"sequence"', '"sequel"'), "is no manifest: KeyError"),
        (lambda _: "{", "is no manifest: JSONDecodeError"),
        (lambda _: "[]", "is no manifest: TypeError"),
    ],
)
def test_a_changed_manifest_is_found(folder, change, expected):
    """It does not make its recipe any more."""
    changed(folder, "manifest.json", change)

    (said,) = told(folder)
    assert said.startswith(f"manifest.json: {expected}")


def test_what_is_missing_is_found(folder):
    """A manifest, and the line of what was kept beside it."""
    (folder / RECIPE[:16] / "manifest.json").unlink()
    (folder / RECIPE[:16] / "b1.jsonl").unlink()

    assert [
        "b1/j1.pulser.json: belongs to no job on record",
        "manifest.json: is missing: nobody can tell what was run",
    ] == told(folder)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda text: text.replace("60", "61"), "the bitstrings are not those on record"),
        (lambda text: text.replace('"q0"', '"q1"'), "the qubits are in another order than on record"),
        (lambda _: "{}", "these are no results of Pulser: KeyError: 'tagmap'"),
        (lambda _: "[]", "these are no results of Pulser: TypeError: "),
    ],
)
def test_serialised_results_that_say_otherwise_are_found(folder, change, expected):
    """They are held against the counts on record."""
    changed(folder, "b1/j1.pulser.json", change)

    (said,) = told(folder)
    assert said.startswith(f"b1/j1.pulser.json: {expected}")


@pytest.mark.parametrize("text", [b"{\n", b"\xff\n", b"[]\n"])
def test_what_cannot_be_read_is_told_and_the_rest_is_judged(folder, text):
    """One broken file hides no other."""
    (folder / RECIPE[:16] / "b0.jsonl").write_bytes(text)
    (folder / RECIPE[:16] / "manifest.json").unlink()

    changed(folder, "b2.jsonl", lambda text: text[:50] + "\n")

    assert ["b0.jsonl", "b2.jsonl", "manifest.json"] == [said.partition(":")[0] for said in told(folder)]


def test_what_belongs_to_a_broken_line_is_no_flaw_of_its_own(folder):
    """One broken line is told once."""
    changed(folder, "b1.jsonl", lambda text: "<<<<<<< HEAD\n" + text.partition("\n")[2])

    assert ["b1.jsonl:1: no record of a job, but '<<<<<<< HEAD': Expecting value"] == told(folder)


def test_flaws_are_told_of_the_jobs_that_they_concern(folder):
    """A line and what an emulator gave are of one job; a manifest, or a broken line, of all beside them."""
    jobs = {job.id: job for job in Records(folder.parent).of_experiment("exp")}

    def concerned():
        verdict = verified([folder], SCHEMA)
        return {name for name, job in jobs.items() if verdict.flaws_of(job)}

    assert concerned() == set()
    changed(folder, "b1.jsonl", lambda text: text.replace('"lost"', '"found"'))
    assert concerned() == {"j2"}
    changed(folder, "b1/j1.pulser.json", lambda _: "{}")
    assert concerned() == {"j1", "j2"}
    changed(folder, "b2.jsonl", lambda text: text + "{\n")
    assert concerned() == {"j1", "j2", "j3"}
    for name in ("b1.jsonl", "b2.jsonl", "b1/j1.pulser.json"):
        (folder / RECIPE[:16] / name).unlink()
    (folder / RECIPE[:16] / "manifest.json").unlink()
    assert concerned() == {"j1", "j2", "j3"}


def test_where_nothing_was_recorded_nothing_is_wrong(tmp_path):
    """There is nothing to judge."""
    assert Verdict(lines=0, files=0, flaws=()) == verified([tmp_path / "none"], SCHEMA)
