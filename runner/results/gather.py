"""What a file asks for beside what is on record, as `Results`. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from runner.domain import JobStatus, built_qubits
from runner.domain.slot_jobs import with_recorded_slots
from runner.results.analysis.counts import Counts
from runner.results.analysis.geometry import Written, of_json
from runner.results.analysis.job_result import Runs
from runner.results.api import JobResult, Results
from runner.results.records.counted_jobs import behind, measured_runs, status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from runner.domain import DesiredExperiment, DesiredJob, RecordedJob
    from runner.results.analysis.geometry import SequenceParts
    from runner.results.analysis.points import Sweep


def _nothing(*_: object) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept beside the lines of the records.

    Args:
        serialised: Gives Pulser's own serialised results of a remote job; None where none are kept.

        manifest: Gives what is known of a recipe, by its 16 digits; None when nothing is.
    """

    serialised: Callable[[RecordedJob], str | None] = field(default=_nothing)
    manifest: Callable[[str], Mapping[str, object] | None] = field(default=_nothing)


class _Origin(NamedTuple):
    """Where a wanted job came from."""

    sweep: Sweep | None
    sequence: Callable[[], SequenceParts]


def gathered(
    desired: DesiredExperiment,
    recorded: Iterable[RecordedJob],
    *,
    sweeps: Sequence[Sweep | None] = (),
    kept: Kept | None = None,
    beyond_file: bool = False,
) -> Results:
    """The results of an experiment.

    Args:
        recorded: What is on record, in the order in which it was recorded.

        sweeps: Where each wanted job came from; none where that is not known.

        beyond_file: Whether what is on record and the file does not ask for, as of another recipe or of an
            earlier rerun, comes behind the jobs of the file.
    """
    known, jobs_recorded = kept or Kept(), tuple(recorded)
    desired = desired if desired.jobs else with_recorded_slots(desired, jobs_recorded)
    by_key = behind(desired, jobs_recorded)
    of_sweeps = sweeps if len(sweeps) == len(desired.jobs) else (None,) * len(desired.jobs)
    jobs = [
        _wanted(desired, job, by_key.get(job.key, ()), _Origin(sweep, _sequence(desired, job)), kept=known)
        for job, sweep in zip(desired.jobs, of_sweeps, strict=True)
    ]
    if beyond_file:
        used = {id(job) for some in by_key.values() for job in some}
        jobs += _others(desired, [job for job in jobs_recorded if id(job) not in used], known)
    return Results(desired.name, jobs)


def _sequence(desired: DesiredExperiment, job: DesiredJob) -> Written:
    return Written(job.sequence or desired.sequence)


def _wanted(
    desired: DesiredExperiment,
    job: DesiredJob,
    remote: Sequence[RecordedJob],
    origin: _Origin,
    *,
    kept: Kept,
) -> JobResult:
    counts = _counts(remote)
    return JobResult(
        name=job.name,
        key=job.key,
        variables=job.variables,
        runs=Runs(job.runs, measured_runs(remote)),
        status=status_of(job.runs, remote),
        counts=counts,
        qubit_ids=_qubit_ids(counts, [desired.qubit_ids_of(job), *(each.qubit_ids for each in remote)]),
        remote_jobs=tuple(remote),
        experiment=desired.name,
        recipe=desired.recipe[:16],
        device_type=desired.device_type,
        rerun=job.rerun,
        duration_ns=job.duration_ns,
        sweep=origin.sweep,
        serialised=kept.serialised,
        sequence=origin.sequence,
        sublattices=desired.sublattices,
        observables=desired.observables,
        slot=job.slot,
    )


def _counts(remote: Sequence[RecordedJob]) -> Counts | None:
    measured = [job.counts for job in remote if job.status is JobStatus.DONE and job.counts]
    if not measured:
        return None
    return (Counts(measured[0]) if len(measured) == 1 else Counts.added(measured)) or None


def _qubit_ids(counts: Counts | None, known: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The first order of qubits that the bitstrings fit; their places where none is known."""
    if not counts:
        return known[0]
    n_qubits = counts.n_qubits
    for ids in known:
        if len(ids) == n_qubits:
            return ids
    return tuple(str(place) for place in range(n_qubits))


def _others(desired: DesiredExperiment, recorded: Sequence[RecordedJob], kept: Kept) -> list[JobResult]:
    """What the file does not ask for: a result for each point of each recipe and rerun."""
    groups: dict[tuple[str, int, str], list[RecordedJob]] = {}
    for job in recorded:
        groups.setdefault((job.recipe, job.rerun, job.key), []).append(job)
    manifests = {recipe: kept.manifest(recipe) or {} for recipe, _, _ in groups}
    return [
        _other(desired.name, remote, manifests[recipe], kept) for (recipe, _, _), remote in groups.items()
    ]


def _manifested(manifest: Mapping[str, object], job: RecordedJob) -> tuple[str, ...]:
    """Order of a job's qubits, as a manifest has it; empty where it does not tell."""
    ids = manifest.get("qubit_ids")
    return built_qubits(tuple(map(str, ids)) if isinstance(ids, list) else (), job.variables)


def _n_qubits(known: Sequence[tuple[str, ...]], remote: Sequence[RecordedJob]) -> int:
    """How many qubits a point has: as many as are known, else as its first result has; 0 without one."""
    lengths = (len(bitstring) for job in remote for bitstring in job.counts)
    return next((len(ids) for ids in known if ids), next(lengths, 0))


def _other(
    experiment: str, remote: Sequence[RecordedJob], manifest: Mapping[str, object], kept: Kept
) -> JobResult:
    known = [*(job.qubit_ids for job in remote if job.qubit_ids), _manifested(manifest, remote[-1])]
    remote = [job.fitted(_n_qubits(known, remote)) for job in remote]
    last, counts = remote[-1], _counts(remote)
    return JobResult(
        name=last.name,
        key=last.key,
        variables=last.variables,
        runs=Runs(0, measured_runs(remote)),
        status=status_of(1, remote),
        counts=counts,
        qubit_ids=_qubit_ids(counts, known),
        remote_jobs=tuple(remote),
        experiment=experiment,
        recipe=last.recipe,
        device_type=str(manifest.get("device_type", "")),
        rerun=last.rerun,
        serialised=kept.serialised,
        sequence=lambda: of_json(manifest.get("sequence")),
        observables={each: found.name for job in remote for each, found in job.observables.items()},
    )
