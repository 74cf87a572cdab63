"""An experiment file → the desired experiment, with every job built once by Pulser."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.domain import (
    BatchMode,
    DesiredExperiment,
    DesiredJob,
    DeviceSource,
    Policy,
    RunsMode,
    canonical_json,
    constants_of,
    job_key,
    own_sequence_key,
    recipe_digest,
    repetition_key,
)
from runner.domain.suggestions import suggestion
from runner.errors import SpecError
from runner.sequences.check.emulation import check_atoms, check_bases, check_durations
from runner.sequences.check.emulation_config import EmulationRequest, emulation_request
from runner.sequences.check.jobs import durations_of_jobs
from runner.sequences.check.live_device import check_live, live_device
from runner.sequences.compiled import Compiled
from runner.sequences.construction.devices import device_source, said_constants
from runner.sequences.construction.draft import Draft, Said, draft_of
from runner.sequences.construction.grouped_problems import first_problems
from runner.sequences.pulser_api.abstract_repr import written_down
from runner.sequences.pulser_api.device_limits import is_machine, most_qubits
from runner.sequences.pulser_api.device_specs import Consulted, is_emulator
from runner.sequences.pulser_api.pulser_messages import Remark, attempt, recorded_warnings
from runner.spec.validate.reference_checks import SEQUENCE
from runner.spec.yaml_text.json_pointers import child, pointer_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.errors import Problem
    from runner.sequences.check.live_device import Live
    from runner.sequences.compiled import Former
    from runner.sequences.pulser_api.device_specs import Specifications
    from runner.spec import ExperimentFile, JobRequest
    from runner.spec.yaml_text.document import Findings


SUBLATTICES = pointer_of("spec", "sublattices")
_SPREAD = "policy.runs: top-up spreads them over several jobs"
_ASKED_TWICE = "raise runs, or say repeat, to measure it more often"
_ONE_NAME = "of a device only the name tells jobs apart: put them into experiments of their own"
_ONE_CONFIGURATION = "a batch has one configuration: atoms and durations have to be alike, or say less"
_ONE_JOB = "a repetition is one job: ask for more of them, with fewer runs each"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One sequence of a file, with the jobs that play it.

    Args:
        text: The sequence, as it is sent.

        durations: How long each job takes (in ns).

        key: Of the point that it is, if it is a job's own; empty of the experiment's.

        request: What is asked of the emulator beside it.
    """

    said: Said
    draft: Draft
    text: str
    live: Live | None
    durations: Sequence[int | None]
    key: str
    request: EmulationRequest

    @property
    def takers(self) -> dict[str, int]:
        """How many runs a job may have, by whom it is that says so."""
        return _takers(self.draft, self.live)

    @property
    def said_constants(self) -> tuple[str, ...]:
        """Constants of its device that the file says itself, whatever Pulser or the target says."""
        return said_constants(self.said.file.experiment.spec.sequence)

    @property
    def device_source(self) -> DeviceSource:
        """Where the others come from."""
        return device_source(self.said.file.experiment.spec.sequence)

    @property
    def qubit_ids(self) -> tuple[str, ...]:
        """Order of the qubits in every bitstring."""
        register = self.draft.sequence.get_register(include_mappable=True)
        return tuple(str(each) for each in register.qubit_ids)


def compiled(file: ExperimentFile, specifications: Specifications, former: Former) -> Compiled:
    """What a file asks for, with every job built by Pulser.

    Raises:
        SpecError: With every problem of the sequences and of the jobs, each at its place in the file.
    """
    consulted = Consulted(specifications)
    parts: list[_Part] = []
    problems: list[Problem] = []
    for each in file.parts:
        try:
            parts.append(_part(Said(each, consulted), former))
        except SpecError as error:
            problems += error.problems
    if problems or (problems := [*_beside_each_other(parts), *_unknown_atoms(parts, file)]):
        raise SpecError(problems)
    warnings = tuple(
        each for part in parts for each in first_problems(part.said.warnings.once(), part.said.file)
    )
    return Compiled(experiment=_desired(parts, file), warnings=warnings, consulted=consulted.digests)


def _part(said: Said, former: Former) -> _Part:
    """A sequence, and every job that plays it, built and in order."""
    with recorded_warnings() as messages:
        part = _built(said, former)
    for message in messages:  # those of no operation and no job
        said.warnings.take(None, Remark(None, message, fixed=True))
    return part


def _built(said: Said, former: Former) -> _Part:
    file, draft, live = said.file, draft_of(said), live_device(said)
    device_type = file.experiment.spec.device_type
    _check_target(said.findings, draft, device_type, live)
    check_atoms(said, draft, device_type)
    check_bases(said, draft, device_type)
    _check_runs(said.findings, _takers(draft, live), file)
    text = _sent(said, draft)
    durations = durations_of_jobs(draft, text, said, former)
    check_durations(said, durations, device_type)
    request = emulation_request(said, draft, durations)
    said.refuse_if_faulty()
    if live and text:
        check_live(said, draft, text, live)
        said.refuse_if_faulty()
    key = own_sequence_key(text) if text and file.document.grafts else ""
    return _Part(
        said=said,
        draft=draft,
        text=text or "",
        live=live,
        durations=durations,
        key=key,
        request=request,
    )


def _beside_each_other(parts: Sequence[_Part]) -> Iterator[Problem]:
    """What is wrong with sequences that are fine each for itself: one batch runs on one device."""
    first: dict[str, _Part] = {}
    for part in parts:
        name, expected = part.draft.sequence.device.name, parts[0].draft.sequence.device.name
        if name != expected:
            line = parts[0].said.findings.line(parts[0].draft.device)
            message = f"this sequence is for {name}, that of line {line} for {expected}"
            yield part.said.file.problem(part.draft.device, message, "jobs of one experiment share a device")
        if part.request != parts[0].request:
            line = parts[0].said.findings.line(SEQUENCE)
            message = f"emulation means something else for the sequence of line {line}"
            yield part.said.file.problem(SEQUENCE, message, _ONE_CONFIGURATION)
        same = first.setdefault(part.key, part)
        if same is not part:
            yield _asked_twice(part, same)


def _asked_twice(part: _Part, same: _Part) -> Problem:
    line = same.said.findings.line(SEQUENCE)
    if constants_of(part.text) != constants_of(same.text):
        message = f"this differs from the sequence of line {line} in constants of its device alone"
        return part.said.file.problem(SEQUENCE, message, _ONE_NAME)
    message = f"the same sequence is asked for here and on line {line}"
    return part.said.file.problem(SEQUENCE, message, _ASKED_TWICE)


def _unknown_atoms(parts: Sequence[_Part], file: ExperimentFile) -> Iterator[Problem]:
    """What is wrong with the sublattices that the file names."""
    known = dict.fromkeys(qubit for part in parts for qubit in part.qubit_ids)
    seen: set[str] = set()
    for i, some in enumerate(file.experiment.spec.sublattices or ()):
        for j, name in enumerate(some):
            place = child(child(SUBLATTICES, i), j)
            if name not in known:
                hint = suggestion(name, known, kind="atoms")
                yield file.problem(place, f"the register has no atom {name}", hint)
            elif name in seen:
                yield file.problem(place, f"the atom {name} stands here twice")
            seen.add(name)


def _sent(said: Said, draft: Draft) -> str | None:
    """The sequence as it is sent; None if it can't be, and `said` says why."""
    if said.faults.problems():
        return None

    def refuse(message: str) -> None:
        said.findings.note(draft.operations, f"the sequence can't be written down: {message}")

    return attempt(lambda: written_down(draft.sequence, name=said.file.experiment.metadata.name), refuse)


def _takers(draft: Draft, live: Live | None) -> dict[str, int]:
    """How many runs a job may have, by whom it is that says so."""
    devices = [draft.sequence.device, *([live.device] if live else [])]
    return {device.name: device.max_runs for device in devices if device.max_runs is not None}


def _check_target(findings: Findings, draft: Draft, device_type: str, live: Live | None) -> None:
    """Does the device type take such a sequence?"""
    device, register = draft.sequence.device, draft.sequence.get_register(include_mappable=True)
    most, count = most_qubits(device_type), len(register.qubit_ids)
    if live and not live.is_machine and live.device.max_atom_num is not None:
        most = live.device.max_atom_num
    if most is not None and count > most:
        findings.note(draft.register, f"{device_type} takes at most {most} qubits, not {count}")
    if is_emulator(device_type):
        return
    if not is_machine(device):
        hint = "use an emulator as device_type, for example EMU_FREE"
        findings.note(draft.device, f"{device.name} is no machine: {device_type} can't be like it", hint)
    elif device.requires_layout and register.layout is None:
        findings.note(draft.register, f"{device.name} needs atoms that sit in the traps of a layout")


def _check_runs(findings: Findings, takers: Mapping[str, int], file: ExperimentFile) -> None:
    """One remote job can't have more runs than the device takes; several can, if the policy lets them."""
    is_exact = file.experiment.spec.policy.as_desired().runs is RunsMode.EXACT
    if not takers:
        return
    name, most = min(takers.items(), key=lambda each: each[1])
    asked = dict.fromkeys((job.pointer, job.runs, job.repetition is not None) for job in file.jobs)
    for pointer, runs, is_repeated in asked:
        if runs > most and (is_exact or is_repeated):
            message = f"{name} takes at most {most} runs a job, not {runs}"
            findings.note(child(pointer, "runs"), message, _ONE_JOB if is_repeated else _SPREAD)


def _desired(parts: Sequence[_Part], file: ExperimentFile) -> DesiredExperiment:
    spec = file.experiment.spec
    shared = next((part for part in parts if not part.key), None)
    text = shared.text if shared else ""
    request = parts[0].request
    emulation = canonical_json(request.physics).decode() if request.physics else ""
    by_name = {
        job.name: _desired_job(part, job, duration_ns)
        for part in parts
        for job, duration_ns in zip(part.said.file.jobs, part.durations, strict=True)
    }
    asked = file.strategy.text if file.strategy else ""
    recipe = recipe_digest(device_type=spec.device_type, sequence=text, emulation=emulation, strategy=asked)
    return DesiredExperiment(
        name=file.experiment.metadata.name,
        device_type=spec.device_type,
        sequence=text,
        recipe=recipe,
        jobs=tuple(by_name[job.name] for job in file.jobs),
        policy=_policy(file),
        max_runs=min((most for part in parts for most in part.takers.values()), default=None),
        qubit_ids=shared.qubit_ids if shared else (),
        said_constants=shared.said_constants if shared else (),
        device_source=shared.device_source if shared else DeviceSource.PULSER,
        tags=spec.tags,
        live_device=_live_text(parts[0]),
        sublattices=spec.sublattices or (),
        emulation=emulation,
        configuration=request.configuration,
        observables=request.observables,
        strategy=replace(file.strategy, digest=recipe) if file.strategy else None,
    )


def _policy(file: ExperimentFile) -> Policy:
    """How the file wants to be reconciled; a strategy says itself in which batches it buys."""
    policy = file.experiment.spec.policy.as_desired()
    if file.strategy is None:
        return policy
    is_held = file.strategy.think_limit_s is not None
    return replace(policy, batch=BatchMode.OPEN if is_held else BatchMode.CLOSED)


def _live_text(part: _Part) -> str:
    """The device as the target has it now, where the sequence says another one."""
    live = part.live
    return live.text if live and live.is_machine and part.draft.sequence.device != live.device else ""


def _desired_job(part: _Part, job: JobRequest, duration_ns: int | None) -> DesiredJob:
    point = part.key or job_key(job.variables)
    return DesiredJob(
        key=repetition_key(point, job.repetition or 1),
        name=job.name,
        runs=job.runs,
        variables=job.variables,
        duration_ns=duration_ns,
        rerun=part.said.file.experiment.spec.rerun_of(job.name),
        repetition=job.repetition,
        point=point if job.repetition else "",
        sequence=part.text if part.key else None,
        qubit_ids=part.qubit_ids if part.key else (),
        said_constants=part.said_constants if part.key else (),
        device_source=part.device_source if part.key else DeviceSource.PULSER,
    )
