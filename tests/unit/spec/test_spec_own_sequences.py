"""Jobs with sequences of their own, as far as they can be judged without Pulser."""

from __future__ import annotations

import json

import pytest

from runner.errors import SpecError
from runner.spec import parse
from runner.spec.models.python_sequence import Made
from runner.spec.models.sequence import FileSequence, PythonSequence, WrittenSequence

HEAD = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: own}
spec:
  device_type: EMU_FREE
"""
WRITTEN = (
    "{device: MockDevice, register: {chain: {n_qubits: 2, spacing_um: 6}}, channels: {drive: rydberg_global},"
    " operations: [pulse: {channel: drive, amplitude: 6, detuning: 0, duration_ns: 500}]}"
)
SHARED = f"  sequence: {WRITTEN}\n"
WHOLE = {"device": {}, "operations": [], "variables": {}, "register": [{"name": "q0", "x": 0, "y": 0}]}
REPRESENTATION = json.dumps(WHOLE)


def parsed(*jobs, shared="", files=None, make=None):
    """What a file with some jobs says."""
    text = HEAD + shared + "  jobs:\n" + "".join(f"    - {{{job}}}\n" for job in jobs)
    known = {"make": make} if make else {}
    return parse(text, path="x.yaml", companion=(files or {}).__getitem__, **known)


def complaints(*jobs, **more):
    """What keeps such a file from being read, with its lines."""
    with pytest.raises(SpecError) as caught:
        parsed(*jobs, **more)
    return [(problem.line, problem.message) for problem in caught.value.problems]


def test_each_job_of_a_file_may_bring_its_sequence():
    """Then the file has none; each form of a sequence will do, and what stands behind it counts."""
    made = Made(text=REPRESENTATION, files={"a.py": "code"})
    file = parsed(
        f"runs: 1, sequence: {WRITTEN}",
        "runs: 2, sequence: {file: a.json}",
        "runs: 3, sequence: {python: 'a.py:f'}",
        files={"a.json": REPRESENTATION, "a.py": "code"},
        make=lambda _: made,
    )

    assert [WrittenSequence, FileSequence, PythonSequence] == [
        type(part.experiment.spec.sequence) for part in file.parts
    ]
    assert [None, REPRESENTATION, REPRESENTATION] == [part.sequence_text for part in file.parts]
    assert [None, None, made] == [part.made for part in file.parts]
    assert ("a.json", "a.py") == file.companions
    assert [["job-0"], ["job-1"], ["job-2"]] == [[job.name for job in part.jobs] for part in file.parts]


def test_other_jobs_play_the_sequence_of_the_file():
    """They are a part of their own, the first one."""
    file = parsed(f"runs: 1, name: own, repeat: 2, sequence: {WRITTEN}", "runs: 2, name: not", shared=SHARED)

    assert [["not"], ["own#1", "own#2"]] == [[job.name for job in part.jobs] for part in file.parts]
    assert ["own#1", "own#2", "not"] == [job.name for job in file.jobs]


def test_a_part_speaks_of_its_own_place():
    """What is said of the sequence is said where the job has it, and what of the jobs where they are."""
    file = parsed("runs: 2", f"runs: 1, sequence: {WRITTEN}", shared=SHARED)
    shared, own = file.parts

    assert (6, "/spec/sequence/device") == place_of(shared, "/spec/sequence/device")
    assert (9, "/spec/jobs/1/sequence/device") == place_of(own, "/spec/sequence/device")
    assert (8, "/spec/jobs/0") == place_of(own, "/spec/jobs/0")


def place_of(file, pointer):
    """Line and pointer of a problem with a value."""
    problem = file.problem(pointer, "x")
    return problem.line, problem.pointer


def test_the_whole_file_has_the_sequences_of_its_jobs():
    """Nothing of what is measured is left out of what is remembered."""
    jobs = parsed(
        "runs: 2", "runs: 1, sequence: {file: a.json}", shared=SHARED, files={"a.json": REPRESENTATION}
    )

    assert [
        {"name": "job-0", "runs": 2, "variables": {}},
        {"name": "job-1", "runs": 1, "variables": {}, "sequence": {"file": "a.json"}},
    ] == jobs.expanded()["spec"]["jobs"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("variables: {omega: 1}", "expected sequence or variables, not both"),
        ("sweep: {omega: [1, 2]}", "expected sequence or sweep, not both"),
        ("qubits: {q0: 1}", "expected sequence or qubits, not both"),
    ],
)
def test_a_job_has_values_or_a_sequence(more, message):
    """The cloud takes no job with both."""
    assert [(8, message)] == complaints(f"runs: 1, sequence: {WRITTEN}, {more}", shared=SHARED)


@pytest.mark.parametrize(
    ("representation", "message"),
    [
        (
            {"variables": {"t": {"type": "int", "value": [0]}}},
            "a job's own sequence has no variables, and this one has t",
        ),
        (
            {"register": [{"qid": "q0"}]},
            "the register of a job's own sequence can't be mappable",
        ),
    ],
)
def test_an_own_sequence_leaves_nothing_open(representation, message):
    """It is an error at the job that has it."""
    files = {"a.json": json.dumps(WHOLE | representation)}
    found = complaints("runs: 2", "runs: 1, sequence: {file: a.json}", shared=SHARED, files=files)

    assert [(9, message)] == found


def test_a_job_without_any_sequence_is_found():
    """Where no job has one, the file lacks it."""
    assert [(4, "the key sequence is missing")] == complaints("runs: 1", "runs: 2")
    assert [(8, "there is no sequence for this job")] == complaints(
        f"runs: 1, sequence: {WRITTEN}", "runs: 2"
    )
    assert [(7, "expected at least 1, not 0"), (8, "there is no sequence for this job")] == complaints(
        f"runs: 0, sequence: {WRITTEN}", "runs: 2"
    )
