"""Records: atomic, one file a batch, readable after years."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from builders import RECIPE, a_record, at
from hypothesis import given
from hypothesis import strategies as st

from runner.domain import JobStatus, digest
from runner.errors import RecordError
from runner.results import Records, read_record, record_line

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "schemas" / "record.schema.json").read_text(encoding="utf-8")
)


def test_what_is_put_on_record_is_read_back(tmp_path):
    """All of it, times and errors included."""
    records = Records(tmp_path)
    jobs = (
        a_record("j1", created_at=at(0), started_at=at(1), ended_at=at(2.5)),
        a_record("j2", t=2, status=JobStatus.ERROR, errors=("the atoms were lost",), attempt=2, rerun=1),
    )
    records.add("exp", jobs)

    assert jobs == records.of_experiment("exp")


def test_any_text_of_the_cloud_stays_on_its_line(tmp_path):
    """Also with what Python takes for the end of a line, and JSON does not."""
    job = a_record(status=JobStatus.ERROR, errors=("lost\x85at\u2028the\u2029end\x0b\r\n",))
    Records(tmp_path).add("exp", [job])

    assert (job,) == Records(tmp_path).of_experiment("exp")


def test_an_experiment_that_never_ran_has_no_records(tmp_path):
    """And no folder is made by looking."""
    assert () == Records(tmp_path / "results").of_experiment("exp")
    assert not (tmp_path / "results").exists()


def test_jobs_are_kept_in_the_order_in_which_they_were_added(tmp_path):
    """However they came in; one that comes again replaces the old line."""
    records = Records(tmp_path)
    records.add("exp", [a_record("j2", counts={})], order=["j1", "j2"])
    records.add("exp", [a_record("j1"), a_record("j2")], order=["j1", "j2"])

    assert (a_record("j1"), a_record("j2")) == records.of_experiment("exp")


def test_each_batch_has_a_file_of_its_own(tmp_path):
    """So that branches merge; nothing else is left behind."""
    records = Records(tmp_path)
    records.add("exp", [a_record("j1", batch_id="b1")])
    records.add("exp", [a_record("j2", batch_id="b2")])
    files = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())

    assert [f"exp/{RECIPE[:16]}/b1.jsonl", f"exp/{RECIPE[:16]}/b2.jsonl"] == files


@given(
    st.builds(
        a_record,
        counts=st.dictionaries(st.text("01", min_size=1, max_size=1), st.integers(1, 9)),
        errors=st.lists(st.text(max_size=9)).map(tuple),
        name=st.text(max_size=9),
        variables=st.dictionaries(
            st.text("ab", min_size=1), st.floats(allow_nan=False, allow_infinity=False)
        ),
        attempt=st.integers(1, 9),
        status=st.sampled_from([JobStatus.DONE, JobStatus.ERROR, JobStatus.CANCELED]),
    )
)
def test_every_line_is_one_line_valid_and_read_back(job):
    """Against the published schema."""
    line = record_line(job)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(line))

    value = json.loads(line)

    assert "\n" not in line
    assert job == read_record(line)
    assert value.pop("digest") == digest(value)


def test_a_line_of_before_there_were_digests_is_read():
    """Old records stay readable, and valid."""
    value = json.loads(record_line(a_record()))
    del value["digest"]

    assert a_record() == read_record(json.dumps(value))
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(value)


def test_lines_that_stay_are_not_written_anew(tmp_path):
    """So that their digests still tell what was recorded, and what another version added is kept."""
    records = Records(tmp_path)
    records.add("exp", [a_record("j1"), a_record("j2")])
    file = next(tmp_path.rglob("*.jsonl"))
    odd = json.dumps({**json.loads(record_line(a_record("j1"))), "later": "added"}, indent=None)
    file.write_text(odd + "\n" + record_line(a_record("j2")) + "\n", encoding="utf-8")
    records.add("exp", [a_record("j2", runs=7), a_record("j3")])

    expected = [odd, record_line(a_record("j2", runs=7)), record_line(a_record("j3"))]
    assert expected == file.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    "change", [{"runs": "many"}, {"status": "LOST"}, {"counts": {"0x": 1}}, {"extra": 1}]
)
def test_the_schema_refuses_what_is_no_record(change):
    """Wrong types, unknown statuses, what is no bitstring, unknown keys."""
    value = json.loads(record_line(a_record())) | change

    assert list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(value))


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"record": "runner/record/v9"}', '{"record": "runner/record/v1"}']
)
def test_a_broken_line_is_an_error_that_says_where(tmp_path, line):
    """File, line number, and what to do."""
    records = Records(tmp_path)
    records.add("exp", [a_record()])
    file = next(tmp_path.rglob("*.jsonl"))
    file.write_text(record_line(a_record()) + "\n" + line + "\n", encoding="utf-8")

    with pytest.raises(RecordError, match=r"b1\.jsonl:2: ") as caught:
        records.of_experiment("exp")
    assert "puts back what git has" in caught.value.hint


@pytest.mark.parametrize(
    ("counts", "problem"),
    [
        ({"0": "100"}, '"0" is counted "100" times'),
        ({"0": 10.5}, '"0" is counted 10.5 times'),
        ({"0": 10, "111": 10}, '"111" does not fit 1 qubit'),
        ({"0": -5}, '"0" is counted -5 times'),
        ({"0": 300}, "300 runs are counted, and 100 were asked for"),
        ({"0": 0}, "no run is counted"),
        ([], "the counts are a list, not an object"),
        (None, "the counts are null, not an object"),
    ],
)
def test_counts_that_cannot_be_right_are_an_error_of_their_job(tmp_path, counts, problem):
    """Older versions wrote them: the job stays on record without a result, and all others are read."""
    records = Records(tmp_path)
    records.add("exp", [a_record("j1", errors=("before",)), a_record("j2")])
    file = next(tmp_path.rglob("*.jsonl"))
    first, second = file.read_text(encoding="utf-8").splitlines()
    file.write_text(json.dumps(json.loads(first) | {"counts": counts}) + f"\n{second}\n", encoding="utf-8")
    wrong = f"the result on record cannot be right: {problem}"

    assert (
        a_record("j1", counts={}, errors=("before", wrong)),
        a_record("j2"),
    ) == records.of_experiment("exp")


def test_a_job_of_a_mappable_register_has_as_many_qubits_as_it_built():
    """Older versions wrote down all of the register's."""
    job = a_record(counts={"01": 100}, qubit_ids=("a", "b", "c"), variables={"qubits": {"a": 1, "c": 4}})

    assert job == read_record(record_line(job))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"runs": None}, "`runs` is None"),
        ({"runs": -1}, "`runs` is -1"),
        ({"runs": True}, "`runs` is True"),
        ({"attempt": 0}, "`attempt` is 0"),
        ({"rerun": -1}, "`rerun` is -1"),
        ({"status": "LOST"}, "`status` is 'LOST'"),
        ({"status": "PENDING"}, "`status` is 'PENDING'"),
        ({"variables": []}, r"`variables` is \[\]"),
        ({"variables": None}, "`variables` is None"),
        ({"qubit_ids": [1]}, r"`qubit_ids` is \[1\]"),
        ({"errors": "x"}, "`errors` is 'x'"),
        ({"created_at": "soon"}, "soon"),
        ({"created_at": 5}, "must be str"),
    ],
)
def test_what_nobody_could_reckon_with_is_an_error_that_names_its_line(tmp_path, change, said):
    """By a wrong number of runs, more would be bought; by a wrong status, it would be waited for ever."""
    records = Records(tmp_path)
    records.add("exp", [a_record()])
    file = next(tmp_path.rglob("*.jsonl"))
    file.write_text(json.dumps(json.loads(record_line(a_record())) | change) + "\n", encoding="utf-8")

    with pytest.raises(RecordError, match=rf"b1\.jsonl:1: .*{said}"):
        records.of_experiment("exp")


def test_a_line_nested_beyond_reading_is_an_error_that_names_it(tmp_path):
    """Python itself gives up on it."""
    records = Records(tmp_path)
    records.add("exp", [a_record()])
    next(tmp_path.rglob("*.jsonl")).write_text('{"variables": ' + "[" * 200_000 + "\n", encoding="utf-8")

    with pytest.raises(RecordError, match=r"b1\.jsonl:1: no record of a job: it is nested too deeply"):
        records.of_experiment("exp")


def test_a_time_without_a_zone_is_one_of_utc():
    """Else it could not be compared with others."""
    value = json.loads(record_line(a_record(created_at=at(0)))) | {"created_at": "2026-03-01T12:00:00"}

    assert at(0) == read_record(json.dumps(value)).created_at


def test_a_job_that_is_on_record_twice_counts_once(tmp_path):
    """As merged branches may leave it: with its result, wherever that stands, else as it stands last."""
    records = Records(tmp_path)
    records.add("exp", [a_record("j1"), a_record("j2", counts={})])
    file = next(tmp_path.rglob("*.jsonl"))
    more = [a_record("j1", counts={}), a_record("j2", counts={}, errors=("gone",))]
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "".join(record_line(job) + "\n" for job in more), encoding="utf-8")
    records.add("exp", [a_record("j1", attempt=2, batch_id="b2")])

    assert (
        a_record("j1", attempt=2, batch_id="b2"),
        a_record("j2", counts={}, errors=("gone",)),
    ) == records.of_experiment("exp")


@pytest.mark.parametrize("name", ["../b1", "/etc/passwd", "", ".hidden", "a/b"])
def test_an_id_cannot_lead_out_of_the_folder(tmp_path, name):
    """Ids come from the cloud."""
    with pytest.raises(RecordError, match="cannot be the name of a file"):
        Records(tmp_path / "in").add("exp", [a_record(batch_id=name)])
    assert [] == list(tmp_path.rglob("*.jsonl"))


def test_a_full_disk_is_an_error_and_the_old_record_stays(tmp_path, monkeypatch):
    """The new file is written aside."""
    records = Records(tmp_path)
    records.add("exp", [a_record("j1")])

    def no_space(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(RecordError, match="No space left"):
        records.add("exp", [a_record("j2")])

    assert (a_record("j1"),) == records.of_experiment("exp")


def test_a_record_is_completed_and_else_stays_as_it_was(tmp_path):
    """Its digest is that of the whole; a line that was changed since it was recorded is left alone."""
    records = Records(tmp_path)
    records.add("exp", [a_record(job_id, target="") for job_id in ("j1", "j2", "j3")])
    (file,) = tmp_path.rglob("*.jsonl")
    first, second, third = file.read_text(encoding="utf-8").splitlines()
    changed = second.replace('"runs": 100', '"runs": 101')
    file.write_text(f"{first}\n{changed}\n{third}\n", encoding="utf-8")
    records.complete("exp", [a_record("j1", target="cloud:a"), a_record("j2", target="cloud:a")])

    assert [record_line(a_record("j1", target="cloud:a")), changed, third] == file.read_text(
        encoding="utf-8"
    ).splitlines()


@pytest.mark.parametrize(
    ("said", "now", "expected"),
    [
        ("not:cloud:a", "cloud:b", "cloud:b"),
        ("not:cloud:a", "not:cloud:a,not:cloud:b", "not:cloud:a,not:cloud:b"),
        ("cloud:a", "not:cloud:a", "cloud:a"),
        ("cloud:a", "cloud:b", "cloud:a"),
    ],
)
def test_only_where_a_job_was_measured_stays_for_good(tmp_path, said, now, expected):
    """Where it was not measured is no answer yet."""
    records = Records(tmp_path)
    records.add("exp", [a_record("j1", target=said)])
    records.complete("exp", [a_record("j1", target=now)])

    assert (a_record("j1", target=expected),) == records.of_experiment("exp")
