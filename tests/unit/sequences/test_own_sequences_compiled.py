"""Jobs with sequences of their own, compiled: what is sent, and by what it is known again."""

from __future__ import annotations

import json

from runner.domain import job_key, own_sequence_key, recipe_digest, repetition_key
from runner.errors import SpecError
from runner.sequences import compiled
from runner.spec import parse

HEAD = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: own}
spec:
  device_type: EMU_FREE
"""


def written(*qubits, duration_ns=500, device="AnalogDevice"):
    """A sequence over some qubits, 6 µm apart, on one line."""
    places = ", ".join(f"{qubit}: [{6 * i}, 0]" for i, qubit in enumerate(qubits))
    pulse = f"{{channel: ising, amplitude: 6, detuning: 0, duration_ns: {duration_ns}}}"
    return (
        f"{{device: {device}, register: {{coordinates_um: {{{places}}}}}, "
        f"channels: {{ising: rydberg_global}}, operations: [pulse: {pulse}]}}"
    )


def result_of(*jobs, shared=None):
    """What such a file compiles to."""
    lines = [f"    - {{{job}}}" for job in jobs]
    sequence = [f"  sequence: {shared}"] if shared else []
    return compiled(parse("\n".join([HEAD + "\n".join([*sequence, "  jobs:", *lines])]), path="x.yaml"))


def refused(*jobs, **more):
    """Why it does not compile, with lines."""
    try:
        result_of(*jobs, **more)
    except SpecError as error:
        return [(problem.line, problem.message) for problem in error.problems]
    return []


PAIR = f"runs: 100, name: pair, sequence: {written('a', 'b')}"
TRIPLE = f"runs: 50, name: triple, sequence: {written('x', 'y', 'z', duration_ns=700)}"


def test_each_job_has_its_sequence_its_qubits_and_its_duration():
    """And its key is the digest of its sequence."""
    found = result_of(TRIPLE, PAIR).experiment

    assert [("triple", ("x", "y", "z"), 700), ("pair", ("a", "b"), 500)] == [
        (job.name, job.qubit_ids, job.duration_ns) for job in found.jobs
    ]
    assert [own_sequence_key(job.sequence) for job in found.jobs] == [job.key for job in found.jobs]
    assert [["x", "y", "z"], ["a", "b"]] == [
        [atom["name"] for atom in json.loads(job.sequence)["register"]] for job in found.jobs
    ]


def test_a_file_without_a_sequence_has_a_recipe_that_no_job_changes():
    """So a job that is added is one job to buy."""
    one, two = (result_of(*jobs).experiment for jobs in ((PAIR,), (PAIR, TRIPLE)))

    assert ("", (), 2000) == (one.sequence, one.qubit_ids, one.max_runs)
    assert recipe_digest(device_type="EMU_FREE", sequence="") == one.recipe == two.recipe
    assert one.jobs == two.jobs[:1]


def test_jobs_with_and_without_a_sequence_stand_together():
    """The experiment's sequence and its qubits are those of the others."""
    found = result_of("runs: 10, name: plain", PAIR, shared=written("q")).experiment
    plain, pair = found.jobs

    assert (None, (), job_key({})) == (plain.sequence, plain.qubit_ids, plain.key)
    assert (("q",), ("a", "b")) == (found.qubit_ids_of(plain), found.qubit_ids_of(pair))
    assert (found.sequence, pair.sequence) == (found.sequence_of(plain), found.sequence_of(pair))
    assert recipe_digest(device_type="EMU_FREE", sequence=found.sequence) == found.recipe


def test_a_repeated_job_is_several_of_one_point():
    """The sequence's digest is the key of the point."""
    jobs = result_of(f"{PAIR}, repeat: 2").experiment.jobs
    point = own_sequence_key(jobs[0].sequence)

    assert [(point, point), (repetition_key(point, 2), point)] == [(job.key, job.point) for job in jobs]


def test_jobs_of_one_experiment_share_a_device():
    """A batch runs on one; the job that differs is named."""
    other = written("a", "b", device="MockDevice")
    message = "this sequence is for MockDevice, that of line 7 for AnalogDevice"

    assert [(8, message)] == refused(PAIR, f"runs: 1, sequence: {other}")


def test_the_same_sequence_is_not_asked_for_twice():
    """However it is written."""
    message = "the same sequence is asked for here and on line 7"

    assert [(8, message)] == refused(PAIR, f"runs: 1, sequence: {written('a', 'b', duration_ns='2 * 250')}")


def test_warnings_stand_at_the_job():
    """A duration that was rounded is told where it was written."""
    (warning,) = result_of(TRIPLE, f"runs: 1, sequence: {written('a', duration_ns=501)}").warnings

    assert (8, "/spec/jobs/1/sequence/operations/0") == (warning.line, warning.pointer)
