"""Whether a submission is accepted: pure rules over its body and the facts of its sequences.

PCS checks a job when it is submitted, not when it runs. What Pulser lets pass too easily (unknown variables,
words and truth values as numbers, fractions for integers) is refused here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.local.rules.device_types import DEVICE_TYPES, DeviceType, served
from runner.local.rules.errors import InvalidRequestError, Problem
from runner.local.rules.job_costs import estimate_s, is_long
from runner.local.rules.records import NewBatch, NewJob
from runner.local.rules.webhook_policy import is_allowed
from runner.local.validation.emulator_options import Demands, Loc, demands, misfits
from runner.local.validation.sequence_facts import UnreadableSequenceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.local.protocol.request_models import BatchBody, JobBody
    from runner.local.rules.records import BatchRecord
    from runner.local.validation.sequence_facts import SequenceFacts, SequenceReader, Variable


def new_batch(
    body: BatchBody,
    sequences: SequenceReader,
    *,
    webhooks: Sequence[str] = (),
    devices: Mapping[str, DeviceType] = DEVICE_TYPES,
) -> NewBatch:
    """The batch that a create call asks for.

    Args:
        body: Body of the call.

        sequences: What knows sequences.

        webhooks: Addresses that may be told of its end.

        devices: The device types, with their limits.

    Raises:
        InvalidRequestError: With every fault that was found.
    """
    jobs = body.jobs or []
    _require([*_webhook_problems(body, webhooks), *_missing_jobs(body)])
    facts = _facts(body.sequence_builder, ("body", "sequence_builder"), sequences)
    device = _device(_device_name(body, jobs, facts, sequences), devices)
    asked = demands(device, body.configuration, body.backend_configuration, sequences)
    _require([] if facts is None else [*misfits(facts, asked, ("body", "sequence_builder"))])
    return NewBatch(
        project_id=body.project_id,
        device_type=device.name,
        sequence=body.sequence_builder,
        jobs=_new_jobs(jobs, _Setting(body.sequence_builder, facts, asked, ("body", "jobs")), sequences),
        open=body.open,
        tags=tuple(body.tags or ()),
        webhook=body.webhook,
        configuration=body.configuration,
        backend_configuration=body.backend_configuration,
    )


def new_jobs(
    jobs: Sequence[JobBody],
    batch: BatchRecord,
    sequences: SequenceReader,
    *,
    devices: Mapping[str, DeviceType] = DEVICE_TYPES,
) -> tuple[NewJob, ...]:
    """The jobs that an add call asks for in a batch.

    Raises:
        InvalidRequestError: With every fault that was found.
    """
    facts = _facts(batch.sequence, ("body",), sequences)
    device = devices[batch.state.device_type]
    asked = demands(device, batch.configuration, batch.backend_configuration, sequences)
    return _new_jobs(jobs, _Setting(batch.sequence, facts, asked, ("body",)), sequences)


@dataclass(frozen=True, slots=True)
class _Setting:
    sequence: str | None
    facts: SequenceFacts | None
    demands: Demands
    loc: Loc


@dataclass(frozen=True, slots=True)
class _JobCheck:
    """A job, with what is wrong with it before it is built; without a text it is not built."""

    job: JobBody
    loc: Loc
    problems: list[Problem]
    text: str | None = None


def _new_jobs(jobs: Sequence[JobBody], setting: _Setting, sequences: SequenceReader) -> tuple[NewJob, ...]:
    checked = [
        _job_check(job, (*setting.loc, position), setting, sequences) for position, job in enumerate(jobs)
    ]
    durations = iter(
        sequences.durations_ns([(each.text, each.job.variables or {}) for each in checked if each.text])
    )
    built = [(each, next(durations) if each.text else None) for each in checked]
    _require([problem for each, duration in built for problem in (*each.problems, *_unbuilt(each, duration))])
    return tuple(
        _new_job(each.job, duration, setting, sequences)
        for each, duration in built
        if isinstance(duration, int)
    )


def _unbuilt(checked: _JobCheck, duration_ns: int | UnreadableSequenceError | None) -> Iterator[Problem]:
    if isinstance(duration_ns, UnreadableSequenceError):
        yield Problem((*checked.loc, "variables"), str(duration_ns))


def _new_job(job: JobBody, duration_ns: int, setting: _Setting, sequences: SequenceReader) -> NewJob:
    """A job in which there is no fault."""
    facts, runs = _facts_of(job, setting, sequences), setting.demands.runs(job.runs) or 1
    cost_s = estimate_s(
        setting.demands.device.emulated_as(facts.n_qubits).name,
        facts.n_qubits,
        duration_ns,
        n_bases=len(facts.bases),
        n_trajectories=setting.demands.n_trajectories,
    )
    return NewJob(runs=runs, variables=job.variables, sequence=job.sequence, is_long=is_long(cost_s))


def _facts_of(job: JobBody, setting: _Setting, sequences: SequenceReader) -> SequenceFacts:
    """Those of its own sequence, or of the batch's."""
    if job.sequence is None and setting.facts is not None:
        return setting.facts
    return sequences.facts(job.sequence or setting.sequence or "")


def _job_check(job: JobBody, loc: Loc, setting: _Setting, sequences: SequenceReader) -> _JobCheck:
    """What is wrong with a job, and whether it is to be built."""
    if job.sequence is not None and job.variables:
        reason = "A job has either its own sequence or variables, not both."
        return _JobCheck(job, loc, [Problem((*loc, "variables"), reason)])
    text = job.sequence if job.sequence is not None else setting.sequence
    if text is None:
        reason = "Without a sequence of the batch every job needs its own."
        return _JobCheck(job, loc, [Problem((*loc, "sequence"), reason, "missing")])
    try:
        facts = _facts_of(job, setting, sequences)
    except UnreadableSequenceError as error:
        return _JobCheck(job, loc, [Problem((*loc, "sequence"), str(error))])
    problems = [*_run_problems(setting.demands.runs(job.runs), loc, facts)]
    if job.sequence is not None:
        problems += misfits(facts, setting.demands, (*loc, "sequence"))
    faults = list(_variable_problems(job.variables or {}, facts, (*loc, "variables")))
    return _JobCheck(job, loc, problems + faults, None if faults else text)


def _run_problems(runs: int | None, loc: Loc, facts: SequenceFacts) -> Iterator[Problem]:
    if runs is None:
        yield Problem((*loc, "runs"), "The number of runs is missing.", "missing")
    elif facts.max_runs is not None and runs > facts.max_runs:
        yield Problem(
            (*loc, "runs"), f"The device {facts.device} takes at most {facts.max_runs} runs in one job."
        )


def _variable_problems(given: Mapping[str, object], facts: SequenceFacts, loc: Loc) -> Iterator[Problem]:
    if given and not facts.variables and not facts.is_mappable:
        yield Problem(loc, "The sequence has no variables.")
        return
    for name, value in given.items():
        if name == "qubits" and facts.is_mappable:
            yield from _placement_problems(value, (*loc, name))
        elif name not in facts.variables:
            known = ", ".join(sorted(facts.variables)) or "no variables"
            yield Problem((*loc, name), f"The sequence does not declare this variable; it has {known}.")
        else:
            yield from _value_problems(value, facts.variables[name], (*loc, name))
    wanted = [*facts.variables, *(["qubits"] if facts.is_mappable else [])]
    for name in wanted:
        if name not in given:
            yield Problem((*loc, name), "The variable has no value.", "missing")


def _placement_problems(value: object, loc: Loc) -> Iterator[Problem]:
    if not isinstance(value, dict) or not all(type(trap) is int for trap in value.values()):
        yield Problem(loc, "Expected an object from qubit to number of its trap.", "type_error")


def _value_problems(value: object, variable: Variable, loc: Loc) -> Iterator[Problem]:
    values = value if isinstance(value, list) else [value]
    if len(values) != variable.size:
        yield Problem(loc, f"Expected {variable.size} value(s), not {len(values)}.")
    for each in values:
        if isinstance(each, bool) or not isinstance(each, int | float):
            yield Problem(loc, f"Expected a number, not {each!r}.", "type_error")
        elif not _is_finite(each):
            yield Problem(loc, "Expected a finite number.")
        elif variable.is_integer and each != int(each):
            yield Problem(loc, f"Expected an integer, not {each!r}.", "type_error")


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an integer that no float is as large as
        return False


def _facts(text: str | None, loc: Loc, sequences: SequenceReader) -> SequenceFacts | None:
    if text is None:
        return None
    try:
        return sequences.facts(text)
    except UnreadableSequenceError as error:
        raise InvalidRequestError(Problem(loc, str(error))) from error


_DEVICE_TYPE: Loc = ("body", "device_type")


def _device_name(
    body: BatchBody, jobs: Sequence[JobBody], facts: SequenceFacts | None, sequences: SequenceReader
) -> str:
    """The target: the one asked for, else the one that the (first) sequence was written for."""
    name = body.device_type
    if name is None:
        first = next((job.sequence for job in jobs if job.sequence is not None), None)
        facts = facts or _facts(first, ("body", "jobs"), sequences)
        name = facts.device if facts is not None else None
    if name is None:
        reason = "Neither a device type nor a sequence says where to run."
        raise InvalidRequestError(Problem(_DEVICE_TYPE, reason))
    return name


def _device(name: str, devices: Mapping[str, DeviceType]) -> DeviceType:
    device = devices.get(name)
    if device is None:
        known = ", ".join(each.name for each in served(devices.values()))
        reason = f"There is no device type {name} here; there are {known}."
        raise InvalidRequestError(Problem(_DEVICE_TYPE, reason))
    if device.missing:
        raise InvalidRequestError(Problem(_DEVICE_TYPE, f"{name}: {device.missing}"))
    return device


def _missing_jobs(body: BatchBody) -> Iterator[Problem]:
    if not body.jobs and not body.open:
        yield Problem(("body", "jobs"), "A batch without jobs has to be open.", "missing")


def _webhook_problems(body: BatchBody, allowed: Sequence[str]) -> Iterator[Problem]:
    if body.webhook is not None and not is_allowed(body.webhook, allowed):
        yield Problem(
            ("body", "webhook"),
            "The configuration of this cloud (webhooks.allow) does not allow this address.",
        )


def _require(problems: Sequence[Problem]) -> None:
    if problems:
        raise InvalidRequestError(*problems)
