"""What there is on the cloud, and what is already recorded."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from runner.domain.counts_check import checked_counts
from runner.domain.statuses import JobStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.domain.evaluations import Evaluation
    from runner.domain.statuses import BatchStatus


_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedJob:
    """One remote job.

    Args:
        qubit_ids: Order of the qubits of its own sequence; empty for a job that plays its batch's.

        constants: Digest of the constants of the device of its own sequence; empty without one.

        parent_id: The job that it repeats, in a batch that was batched again; empty for none.
    """

    id: str
    batch_id: str
    key: str
    status: JobStatus
    runs: int
    variables: Mapping[str, object] = field(default_factory=dict)
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    errors: tuple[str, ...] = ()
    qubit_ids: tuple[str, ...] = ()
    constants: str = ""
    parent_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedBatch:
    """One remote batch.

    Args:
        jobs: In creation order; empty where all of them are on record, so that nobody had to ask.

        jobs_count: How many jobs the cloud says it has.

        constants: Digest of the constants of the device of its sequence; empty where nothing is known that
            would tell them apart.

        observables: Ids of what is evaluated beside the bitstrings.

        parent_id: The batch that somebody has batched again as this one, tags and all; empty for none.
    """

    id: str
    status: BatchStatus
    open: bool
    created_at: datetime
    updated_at: datetime
    tags: tuple[str, ...] = ()
    jobs: tuple[ObservedJob, ...] = ()
    jobs_count: int = 0
    constants: str = ""
    observables: frozenset[str] = frozenset()
    parent_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedJob:
    """One job whose end is on record; the cloud may have forgotten it.

    Args:
        recipe: Digest of the experiment it ran for, 16 hexadecimal digits.

        runs: As they were bought; 0 where the cloud has forgotten them and nothing else tells.

        counts: Bitstring counts, in the order of `qubit_ids`; empty while the result could not be had, or
            where what came cannot be right.

        errors: What went wrong with it, or with its result.

        target: Where it was measured, as `emulated:local`; empty in records of older versions.

        constants: Digest of the constants of the device that its sequence used; empty where it is not known.

        observables: What was evaluated beside the bitstrings, by the ids of the observables.

        experiment: The name that it is on record under, which may be a former one; empty where it is not yet.
            Copies under several names are the same job.
    """

    id: str
    batch_id: str
    recipe: str
    key: str
    status: JobStatus
    runs: int
    name: str = ""
    variables: Mapping[str, object] = field(default_factory=dict)
    rerun: int = 0
    attempt: int = 1
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    qubit_ids: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    target: str = ""
    constants: str = ""
    observables: Mapping[str, Evaluation] = field(default_factory=dict)
    experiment: str = field(default="", compare=False)

    @property
    def lacks_result(self) -> bool:
        """Whether it is done, and its result could not be had or cannot be right."""
        return self.status is JobStatus.DONE and not self.counts

    @property
    def least_runs(self) -> int:
        """Runs that it had at least: as bought, or, where that is forgotten, as its result counts."""
        return self.runs or sum(self.counts.values())

    @property
    def missing_shots(self) -> int:
        """Runs that were bought and that its result does not count; 0 without a result."""
        if self.status is not JobStatus.DONE or not self.counts:
            return 0
        return max(0, self.runs - sum(self.counts.values()))

    @property
    def problems(self) -> tuple[str, ...]:
        """What went wrong with it, or with its result, shots that are missing included."""
        missing = self.missing_shots
        if not missing:
            return self.errors
        counted = f"{self.runs - missing} of {self.runs} runs are counted: {missing} shots are missing"
        return (*self.errors, counted)

    def fitted(self, n_qubits: int) -> RecordedJob:
        """The same job; without its result, should the bitstrings not be those of so many qubits.

        Args:
            n_qubits: Of what the job ran; 0 where nobody knows.
        """
        if not n_qubits or not self.counts or len(next(iter(self.counts))) == n_qubits:
            return self  # all are of one length, as they were checked when they were read
        problem = checked_counts(dict(self.counts), n_qubits=n_qubits, runs=self.runs or None).problem
        return replace(self, counts={}, errors=(*self.errors, f"the result cannot be right: {problem}"))


def own_first(name: str, jobs: Iterable[RecordedJob]) -> tuple[RecordedJob, ...]:
    """Jobs of an experiment, those of former names behind its own; see `names_in_order`."""
    known = tuple(jobs)
    if all(job.experiment in {"", name} for job in known):
        return known
    names = names_in_order(name, ((job.experiment or name, job.created_at) for job in known))
    return tuple(sorted(known, key=lambda job: names.index(job.experiment or name)))


def names_in_order(name: str, bought: Iterable[tuple[str, datetime | None]]) -> list[str]:
    """The names under which jobs of an experiment were bought: its own first, then what was bought last.

    Args:
        bought: Name and moment of each job.
    """
    latest: dict[str, datetime] = {}
    for each, moment in bought:
        latest[each] = max(moment or _LONG_AGO, latest.get(each, _LONG_AGO))
    return sorted(latest, key=lambda each: (each == name, latest[each]), reverse=True)
