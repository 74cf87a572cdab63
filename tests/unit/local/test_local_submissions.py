"""Whether a submission is accepted."""

from __future__ import annotations

import json

import pytest
from local_fakes import START, FakeSequences, a_sequence

from runner.local.protocol import request_models
from runner.local.rules.device_types import served
from runner.local.rules.errors import InvalidRequestError, Problem
from runner.local.rules.records import BatchRecord, NewBatch, NewJob
from runner.local.rules.state_machine import created
from runner.local.validation import submission


def a_body(**fields):
    """A valid body, but for the fields that are given; None takes a field out."""
    plain = {
        "project_id": "p",
        "sequence_builder": a_sequence(),
        "device_type": "EMU_FREE",
        "jobs": [{"runs": 10, "variables": {"a": 1}}],
    }
    return {key: value for key, value in (plain | fields).items() if value is not None}


def accepted(**fields):
    """The batch that becomes of a body."""
    return submission.new_batch(
        request_models.read_model(request_models.BATCH, a_body(**fields)), FakeSequences()
    )


def refused(**fields):
    """Place and message of everything that is wrong with a body."""
    with pytest.raises(InvalidRequestError) as refusal:
        accepted(**fields)
    return [(".".join(map(str, problem.loc)), problem.msg) for problem in refusal.value.problems]


def a_record(**fields):
    """An open batch as the store has it."""
    state = created("b", "EMU_FREE", is_open=True, n_jobs=0, now=START)
    return BatchRecord(
        **{"state": state, "project_id": "p", "user_id": "u", "sequence": a_sequence()} | fields
    )


def one_job(**fields):
    """The jobs of a body: one, with these fields changed."""
    return [{"runs": 10, "variables": {"a": 1}} | fields]


def test_body_becomes_a_batch():
    """Everything that was asked for is in the batch."""
    own = a_sequence(variables={})

    batch = accepted(
        jobs=[{"runs": 10, "variables": {"a": 1.5}}, {"runs": 5, "sequence": own}],
        tags=["x", "y"],
        open=True,
        configuration={"with_noise": False, "result_types": None},
    )

    assert batch == NewBatch(
        project_id="p",
        device_type="EMU_FREE",
        sequence=a_sequence(),
        jobs=(NewJob(runs=10, variables={"a": 1.5}), NewJob(runs=5, sequence=own)),
        open=True,
        tags=("x", "y"),
        configuration={"with_noise": False, "result_types": None},
    )


def test_open_batch_may_begin_without_jobs():
    """An open batch without jobs is how work is claimed before it is bought."""
    assert accepted(open=True, jobs=None).jobs == ()


def test_device_type_is_that_of_the_sequence_if_none_is_given():
    """Without a device type the batch goes where its sequence was written for."""
    assert accepted(device_type=None, sequence_builder=a_sequence(device="FRESNEL")).device_type == "FRESNEL"


def test_device_type_is_that_of_the_jobs_if_the_batch_has_no_sequence():
    """Also the sequence of a job says where a batch is to run."""
    jobs = [{"runs": 1, "sequence": a_sequence(device="FRESNEL", variables={})}]

    assert accepted(device_type=None, sequence_builder=None, jobs=jobs).device_type == "FRESNEL"


@pytest.mark.parametrize(
    ("variables", "declared"),
    [
        pytest.param({"a": 1}, {"a": "int"}, id="integer"),
        pytest.param({"a": 2.0}, {"a": "int"}, id="integral"),
        pytest.param({"a": [1]}, {"a": "float"}, id="list of one"),
        pytest.param({"a": [1, 2.5]}, {"a": "pair"}, id="list of two"),
        pytest.param({}, {}, id="none"),
        pytest.param(None, {}, id="null"),
    ],
)
def test_values_that_fit_their_variables_are_accepted(variables, declared):
    """Numbers and lists of numbers of the declared size are values."""
    sequence = a_sequence(variables=declared)

    batch = accepted(sequence_builder=sequence, jobs=one_job(variables=variables))

    assert variables == batch.jobs[0].variables


@pytest.mark.parametrize(
    ("variables", "place", "message"),
    [
        ({}, "a", "The variable has no value."),
        ({"a": 1, "b": 2}, "b", "The sequence does not declare this variable; it has a."),
        ({"a": "1"}, "a", "Expected a number, not '1'."),
        ({"a": True}, "a", "Expected a number, not True."),
        ({"a": None}, "a", "Expected a number, not None."),
        ({"a": [1, 2]}, "a", "Expected 1 value(s), not 2."),
        ({"a": []}, "a", "Expected 1 value(s), not 0."),
        ({"a": [[1]]}, "a", "Expected a number, not [1]."),
        ({"a": float("nan")}, "a", "Expected a finite number."),
        ({"a": 10**400}, "a", "Expected a finite number."),
        ({"a": 1.5}, "a", "Expected an integer, not 1.5."),
        ({"a": 1, "qubits": {"q0": 0}}, "qubits", "The sequence does not declare this variable; it has a."),
    ],
)
def test_values_that_pulser_would_let_pass_are_refused(variables, place, message):
    """Unknown and missing variables, words, truth values, fractions and what is not finite are said."""
    sequence = a_sequence(variables={"a": "int"})

    assert [(f"body.jobs.0.variables.{place}", message)] == refused(
        sequence_builder=sequence, jobs=one_job(variables=variables)
    )


def test_variables_of_a_sequence_without_any_are_refused():
    """A sequence that is not parametrised takes no variables."""
    assert refused(sequence_builder=a_sequence(variables={})) == [
        ("body.jobs.0.variables", "The sequence has no variables.")
    ]


def test_mappable_register_needs_its_qubits_placed():
    """A job of a sequence whose qubits are not placed yet says where they are."""
    sequence = a_sequence(variables={}, is_mappable=True)

    assert (
        refused(sequence_builder=sequence, jobs=one_job(variables={})),
        refused(sequence_builder=sequence, jobs=one_job(variables={"qubits": {"q0": "3"}})),
        accepted(sequence_builder=sequence, jobs=one_job(variables={"qubits": {"q0": 3}})).jobs[0].variables,
    ) == (
        [("body.jobs.0.variables.qubits", "The variable has no value.")],
        [("body.jobs.0.variables.qubits", "Expected an object from qubit to number of its trap.")],
        {"qubits": {"q0": 3}},
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(
            {"jobs": None}, [("body.jobs", "A batch without jobs has to be open.")], id="closed without jobs"
        ),
        pytest.param({"jobs": []}, [("body.jobs", "A batch without jobs has to be open.")], id="empty"),
        pytest.param(
            {"sequence_builder": None},
            [("body.jobs.0.sequence", "Without a sequence of the batch every job needs its own.")],
            id="no sequence at all",
        ),
        pytest.param(
            {"jobs": one_job(sequence=a_sequence())},
            [("body.jobs.0.variables", "A job has either its own sequence or variables, not both.")],
            id="own sequence and variables",
        ),
        pytest.param(
            {"sequence_builder": "no"},
            [("body.sequence_builder", "This is no sequence.")],
            id="unreadable sequence",
        ),
        pytest.param(
            {"jobs": [{"runs": 1, "sequence": "no"}]},
            [("body.jobs.0.sequence", "This is no sequence.")],
            id="unreadable sequence of a job",
        ),
        pytest.param(
            {"jobs": one_job(variables={"a": -1})},
            [("body.jobs.0.variables", "The amplitude is negative.")],
            id="sequence that cannot be built",
        ),
        pytest.param(
            {"jobs": one_job(runs=None)},
            [("body.jobs.0.runs", "The number of runs is missing.")],
            id="no runs",
        ),
        pytest.param(
            {"sequence_builder": a_sequence(max_runs=9)},
            [("body.jobs.0.runs", "The device EMU_FREE takes at most 9 runs in one job.")],
            id="too many runs",
        ),
        pytest.param(
            {"sequence_builder": a_sequence(n_qubits=13)},
            [("body.sequence_builder", "EMU_FREE takes at most 12 qubits here, not 13.")],
            id="too many qubits",
        ),
        pytest.param(
            {"jobs": [{"runs": 1, "sequence": a_sequence(n_qubits=13, variables={})}]},
            [("body.jobs.0.sequence", "EMU_FREE takes at most 12 qubits here, not 13.")],
            id="too many qubits in a job",
        ),
        pytest.param(
            {"device_type": "FRESNEL", "sequence_builder": a_sequence(is_virtual=True)},
            [("body.sequence_builder", "EMU_FREE is a virtual device; FRESNEL takes real ones only.")],
            id="virtual device on a QPU",
        ),
        pytest.param(
            {"device_type": "EMU_TN"},
            [("body.device_type", "EMU_TN: It is deprecated, and not available on the local cloud.")],
            id="known device that is not served",
        ),
        pytest.param(
            {"device_type": "ORION"},
            [
                (
                    "body.device_type",
                    (
                        "There is no device type ORION here; there are "
                        + ", ".join(each.name for each in served())
                        + "."
                    ),
                )
            ],
            id="unknown device",
        ),
        pytest.param(
            {"device_type": None, "sequence_builder": None, "open": True, "jobs": None},
            [("body.device_type", "Neither a device type nor a sequence says where to run.")],
            id="no device",
        ),
        pytest.param(
            {"webhook": "http://localhost"},
            [
                (
                    "body.webhook",
                    "The configuration of this cloud (webhooks.allow) does not allow this address.",
                )
            ],
            id="webhook",
        ),
    ],
)
def test_submission_that_cannot_be_served_is_refused(fields, expected):
    """What will not run as it was meant is refused when it is submitted, at its place."""
    assert expected == refused(**fields)


def test_all_faulty_jobs_are_told_at_once():
    """Whoever submits many jobs learns of every one that is wrong."""
    jobs = [*one_job(runs=None), *one_job(), *one_job(variables={"a": -1})]

    assert [place for place, _ in refused(jobs=jobs)] == ["body.jobs.0.runs", "body.jobs.2.variables"]


def test_added_jobs_are_checked_like_the_first_ones():
    """An addition is checked against the sequence and the device of its batch."""
    jobs = request_models.read_model(request_models.JOBS, [{"runs": 10, "variables": {"b": 1}}])

    with pytest.raises(InvalidRequestError) as refusal:
        submission.new_jobs(jobs, a_record(), FakeSequences())

    assert (
        Problem(("body", 0, "variables", "b"), "The sequence does not declare this variable; it has a."),
        Problem(("body", 0, "variables", "a"), "The variable has no value.", "missing"),
    ) == refusal.value.problems


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"project_id": 7}, "body.project_id"),
        ({"colour": "red"}, "body.colour"),
        ({"open": "yes"}, "body.open"),
        ({"tags": ["x", "x"]}, "body.tags"),
        ({"tags": [""]}, "body.tags.0"),
        ({"tags": ["\ud800"]}, "body.tags.0"),
        ({"project_id": "\ud800"}, "body.project_id"),
        ({"jobs": one_job(runs=10**30)}, "body.jobs.0.runs"),
        ({"tags": "x"}, "body.tags"),
        ({"jobs": {}}, "body.jobs"),
        ({"jobs": one_job(runs=0)}, "body.jobs.0.runs"),
        ({"jobs": one_job(runs=True)}, "body.jobs.0.runs"),
        ({"jobs": one_job(runs="10")}, "body.jobs.0.runs"),
        ({"jobs": one_job(runs=1.5)}, "body.jobs.0.runs"),
        ({"jobs": one_job(name="first")}, "body.jobs.0.name"),
    ],
)
def test_shape_of_a_body_is_exact(fields, place):
    """Wrong types are not converted, and fields that PCS does not have are not dropped."""
    assert place in [place for place, _ in refused(**fields)]


def test_body_that_is_no_object_is_refused():
    """A list in place of an object is a 422."""
    with pytest.raises(InvalidRequestError):
        request_models.read_model(request_models.BATCH, json.loads("[]"))
