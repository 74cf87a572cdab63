"""An experiment file → the desired experiment, with every job built once by Pulser."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runner.domain import DesiredExperiment, DesiredJob, RunsMode, job_key, recipe_digest, repetition_key
from runner.sequences.compiled import Compiled
from runner.sequences.drafting import Draft, Said, drafted
from runner.sequences.grouping import capped
from runner.sequences.judging import durations_of_jobs
from runner.sequences.live_checks import check_live, live_device
from runner.sequences.remarks import Remark, message_of, recorded_warnings
from runner.sequences.representation import written_down
from runner.sequences.specifications import is_emulator
from runner.sequences.targets import is_machine, most_qubits
from runner.spec.pointers import child

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.sequences.former import Former
    from runner.sequences.live_checks import Live
    from runner.sequences.specifications import Specifications
    from runner.spec import ExperimentFile
    from runner.spec.findings import Findings


_SPREAD = "policy.runs: top-up spreads them over several jobs"
_ONE_JOB = "a repetition is one job: ask for more of them, with fewer runs each"


def compiled(file: ExperimentFile, specifications: Specifications, former: Former) -> Compiled:
    """What a file asks for, with every job built by Pulser.

    Args:
        file: What was read.

        specifications: What the target's device types can do.

        former: Remembers jobs that were built before.

    Raises:
        SpecError: With every problem of the sequence and of the jobs, each at its place in the file.
    """
    said = Said(file, specifications)
    with recorded_warnings() as messages:
        experiment = _experiment(said, former)
    for message in messages:  # those of no operation and no job
        said.warnings.take(None, Remark(None, message, fixed=True))
    warnings = tuple(capped(said.warnings.problems(), file))
    return Compiled(experiment=experiment, warnings=warnings, consulted=said.live.digests)


def _experiment(said: Said, former: Former) -> DesiredExperiment:
    file, draft, live = said.file, drafted(said), live_device(said)
    _check_target(said.findings, draft, file.experiment.spec.device_type, live)
    _check_runs(said.findings, _takers(draft, live), file)
    text = _sent(said, draft)
    durations = durations_of_jobs(draft, text, said, former)
    said.refuse_if_faulty()
    if live and text:
        check_live(said, draft, text, live)
        said.refuse_if_faulty()
    experiment = _desired(draft, text or "", file, durations)
    return experiment if live is None else _bounded(experiment, draft, live)


def _sent(said: Said, draft: Draft) -> str | None:
    """The sequence as it is sent; None if it can't be, and `said` says why."""
    if said.faults.problems():
        return None
    try:
        return written_down(draft.sequence, name=said.file.experiment.metadata.name)
    except Exception as error:  # noqa: BLE001  (Pulser fails with many kinds, and all of them are problems)
        said.findings.note(draft.operations, f"the sequence can't be written down: {message_of(error)}")
        return None


def _takers(draft: Draft, live: Live | None) -> dict[str, int]:
    """How many runs a job may have, by whom it is that says so."""
    devices = [draft.sequence.device, *([live.device] if live else [])]
    return {device.name: device.max_runs for device in devices if device.max_runs is not None}


def _bounded(experiment: DesiredExperiment, draft: Draft, live: Live) -> DesiredExperiment:
    """The same within what the device takes as the target has it now."""
    takers = _takers(draft, live)
    is_other = live.is_machine and draft.sequence.device != live.device
    return replace(
        experiment,
        max_runs=min(takers.values(), default=None),
        live_device=live.text if is_other else "",
    )


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


def _desired(
    draft: Draft, text: str, file: ExperimentFile, durations: Sequence[int | None]
) -> DesiredExperiment:
    spec = file.experiment.spec
    jobs = tuple(
        DesiredJob(
            key=repetition_key(point, job.repetition or 1),
            name=job.name,
            runs=job.runs,
            variables=job.variables,
            duration_ns=duration_ns,
            rerun=spec.rerun_of(job.name),
            repetition=job.repetition,
            point=point if job.repetition else "",
        )
        for job, duration_ns in zip(file.jobs, durations, strict=True)
        for point in (job_key(job.variables),)
    )
    return DesiredExperiment(
        name=file.experiment.metadata.name,
        device_type=spec.device_type,
        sequence=text,
        recipe=recipe_digest(device_type=spec.device_type, sequence=text),
        jobs=jobs,
        policy=spec.policy.as_desired(),
        max_runs=draft.sequence.device.max_runs,
        qubit_ids=tuple(str(each) for each in draft.sequence.get_register(include_mappable=True).qubit_ids),
        tags=spec.tags,
    )
