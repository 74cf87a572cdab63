"""What an experiment file asks for, once it is read and its sequence is built."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from runner.domain.counts import built_qubits
from runner.domain.digests import job_key
from runner.domain.identity import measured_constants
from runner.domain.statuses import JobStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from runner.domain.observed import RecordedJob
    from runner.domain.strategies import Strategy


class RunsMode(StrEnum):
    """How a raised number of runs is bought."""

    TOP_UP = "top-up"
    EXACT = "exact"


class BatchMode(StrEnum):
    """Whether the device is kept until all jobs are done."""

    CLOSED = "closed"
    OPEN = "open"


class Surplus(StrEnum):
    """What happens to pending work that the file no longer asks for."""

    KEEP = "keep"
    CANCEL = "cancel"


class Shortfall(StrEnum):
    """What follows when a result counts fewer runs than were bought."""

    KEEP = "keep"
    BUY = "buy"


class OnDeviceChange(StrEnum):
    """What follows when constants of a device have changed that the file does not say itself; emulated."""

    HOLD = "hold"
    MEASURE = "measure"


class DeviceSource(StrEnum):
    """Where the constants of a device come from that the file does not say itself."""

    PULSER = "pulser"
    TARGET = "target"
    PYTHON = "python"


class Submission(StrEnum):
    """How a batch comes to be: claimed first, or bought with one POST."""

    CLAIM = "claim"
    DIRECT = "direct"


class OnUnknown(StrEnum):
    """What follows a direct submission that nobody can find again."""

    HOLD = "hold"
    RESUBMIT = "resubmit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Which failed jobs are sent again.

    Args:
        limit: How many times a point is tried again.

        on: Statuses that count as a failure to be retried.

        errors: Regular expressions; a failed job is tried again only if one is found in its error messages.
            None of them: whatever the message says.

        backoff_s: Time between a failure and its retry (in s).
    """

    limit: int = 2
    on: tuple[JobStatus, ...] = (JobStatus.ERROR,)
    errors: tuple[str, ...] = ()
    backoff_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What an experiment may cost at most; a plan that would bring it above is refused. None for no limit.

    Args:
        runs: Repetitions, over all remote jobs ever bought for the experiment.

        jobs: Remote jobs.

        qpu_s: Estimated time on a QPU (in s).
    """

    runs: int | None = None
    jobs: int | None = None
    qpu_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How the file wants to be reconciled; the defaults are those of the file format.

    Args:
        on_unknown_submission: None leaves it to the device: hold on a QPU, resubmit on an emulator.

        shortfall: Whether shots that are missing in a result are bought; not where a job has exactly the runs
            that the file asks for, as nothing can be added to it.

        on_device_change: What follows when constants of the device are others than those that were measured,
            and the file does not say which; only where it is emulated.

        deadline: Nothing is bought after it, and what is pending then is no longer asked for; with a time
            zone.

        suspend: Nothing is bought while it is set; what is under way goes on, and is recorded.

        depends_on: Names of experiments that must be complete before anything is bought.

        max_failed: Once so many remote jobs have failed, nothing more is bought; None for no limit.

        max_jobs_per_batch: More jobs are bought in several batches, one after the other; None for no limit.
    """

    runs: RunsMode = RunsMode.TOP_UP
    batch: BatchMode = BatchMode.CLOSED
    retry: Retry = field(default_factory=Retry)
    prune: Surplus = Surplus.KEEP
    supersede: Surplus = Surplus.CANCEL
    submission: Submission = Submission.CLAIM
    on_unknown_submission: OnUnknown | None = None
    shortfall: Shortfall = Shortfall.KEEP
    on_device_change: OnDeviceChange = OnDeviceChange.HOLD
    budget: Budget = field(default_factory=Budget)
    deadline: datetime | None = None
    suspend: bool = False
    depends_on: tuple[str, ...] = ()
    max_failed: int | None = None
    max_jobs_per_batch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredJob:
    """One point of the experiment and how often it is to be measured.

    Args:
        key: Digest of the point and of the repetition, see `runner.domain.digests`.

        name: What people call the job; unique in its experiment.

        runs: Wanted repetitions, over all remote jobs of this point.

        variables: Value of every variable of the sequence; numbers or lists of numbers.

        duration_ns: How long the built sequence takes (in ns).

        rerun: Counter of the file for this job; with a higher one, what was bought before counts no more.

        repetition: Which one of its point's repetitions it is, from 1: then it is one remote job of exactly
            `runs`. None where the file does not repeat the point: then runs add up.

        point: Key of the point; empty where it is the job's.

        sequence: The job's own sequence in place of the experiment's, JSON text as it is sent; such a job has
            no variables.

        qubit_ids: Order of the qubits of its own sequence in every bitstring; empty without one.

        said_constants: Constants of the device of its own sequence that the file says itself, see
            `DesiredExperiment`.

        device_source: Where the others come from.

        slot: Label of what it is for a strategy, see `runner.domain.strategies.slot_key`; else empty.

        strangers: Former names of its experiment whose strategy went another way before this slot: what was
            bought for it there counts for nothing, whatever its values.
    """

    key: str
    name: str
    runs: int
    variables: Mapping[str, object]
    duration_ns: int | None = None
    rerun: int = 0
    repetition: int | None = None
    point: str = ""
    sequence: str | None = None
    qubit_ids: tuple[str, ...] = ()
    said_constants: tuple[str, ...] = ()
    device_source: DeviceSource = DeviceSource.PULSER
    slot: str = ""
    strangers: tuple[str, ...] = ()

    @property
    def of_point(self) -> str:
        """Key of the point; its first repetition has the same."""
        return self.point or self.key

    def counts(
        self,
        *,
        rerun: int,
        runs: int,
        counted: int = 0,
        variables: Mapping[str, object] | None = None,
        under: str = "",
    ) -> bool:
        """Whether a remote job of the same recipe and key is of what is asked for now.

        Args:
            rerun: The counter that it was bought by.

            runs: Its runs; 0 where nobody knows.

            counted: As many as its result counts it had at least.

            variables: Its values, which the key of a slot does not tell; nothing where nobody knows.

            under: The name of the experiment that it was bought under; empty where that makes no difference.
        """
        may_be = runs == self.runs or (not runs and counted <= self.runs)
        is_same = rerun == self.rerun and (self.repetition is None or may_be)
        return is_same and not self.is_elsewhere(under, variables)

    def is_elsewhere(self, under: str, variables: Mapping[str, object] | None) -> bool:
        """Whether what was bought for the same slot under some name is another point: see `counts`."""
        if under in self.strangers:
            return True
        if not self.slot or not variables or variables == self.variables:
            return False
        return job_key(variables) != job_key(self.variables)

    def counts_record(self, record: RecordedJob) -> bool:
        """The same of a job of the recipe that is on record."""
        return self.counts(
            rerun=record.rerun,
            runs=record.runs,
            counted=record.least_runs,
            variables=record.variables,
            under=record.experiment,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredExperiment:
    """Everything that the reconciler needs to know of one experiment file.

    Args:
        name: Name in the repository, see the tag `exp:`.

        device_type: PCS's name of the target.

        sequence: Abstract representation, JSON text, as it is sent; empty where every job has its own.

        recipe: Digest of device type and sequence, 64 hexadecimal digits.

        jobs: Wanted jobs, in file order; none of an experiment that was removed from the repository.

        max_runs: Most runs that the device takes in one job; None for no limit.

        qubit_ids: Order of the qubits in every bitstring; a job with its own sequence has its own.

        tags: The file's own tags, put after ours on every batch.

        live_device: Specification of the device type that the jobs were checked against, as the target serves
            it; empty where it is that of the sequence, or not known.

        forbidden: Why nothing may be bought for it on the target, as the repository says; empty if it may.

        sublattices: Names of the atoms of both, as the file names them; empty where it does not.

        said_constants: Constants of the device that the file says itself, by their paths; `*` for all.

        device_source: Where the others come from.

        emulated: Whether the target emulates it, so that what is measured depends on these constants.

        emulation: What counts of how it is emulated, JSON text; a part of the recipe, empty without.

        configuration: What the emulator is told, abstract representation of an `EmulationConfig`, JSON text
            as it is sent; empty where the file says nothing of it.

        observables: What is evaluated beside the bitstrings: what each is called, by its id.

        strategy: What asks for jobs by what came back; None where the file lists them. Then `jobs` are those
            that it has asked for so far.
    """

    name: str
    device_type: str
    sequence: str
    recipe: str
    jobs: tuple[DesiredJob, ...]
    policy: Policy = field(default_factory=Policy)
    max_runs: int | None = None
    qubit_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    live_device: str = ""
    forbidden: str = ""
    sublattices: tuple[tuple[str, ...], ...] = ()
    said_constants: tuple[str, ...] = ()
    device_source: DeviceSource = DeviceSource.PULSER
    emulated: bool = False
    emulation: str = ""
    configuration: str = ""
    observables: Mapping[str, str] = field(default_factory=dict)
    strategy: Strategy | None = None

    @property
    def constants(self) -> str:
        """Digest of the constants of the device with which the shared sequence is measured; empty without."""
        return measured_constants(self.sequence, self.device_type)

    def constants_for(self, job: DesiredJob | None) -> str:
        """The same of what a job plays."""
        return self.constants if job is None else measured_constants(self.sequence_of(job), self.device_type)

    def takes_constants(self, have: str, job: DesiredJob | None = None) -> bool:
        """Whether a measurement with some constants counts: on a machine any does.

        Args:
            have: Their digest; empty where nothing is known that would tell them apart.

            job: What was measured; None for what all jobs share.
        """
        wanted = self.constants_for(job)
        return not (self.emulated and wanted and have) or have == wanted

    def takes_evaluations(self, have: Collection[str]) -> bool:
        """Whether all that is to be evaluated is among some observables, by their ids."""
        return self.observables.keys() <= set(have)

    @property
    def is_removed(self) -> bool:
        """Whether no file describes it any more."""
        return not self.jobs and self.strategy is None

    def sequence_of(self, job: DesiredJob) -> str:
        """What a job plays: its own sequence, or the experiment's, JSON text."""
        return self.sequence if job.sequence is None else job.sequence

    def qubit_ids_of(self, job: DesiredJob) -> tuple[str, ...]:
        """Order of the qubits in a job's bitstrings; of a mappable register those that the job builds."""
        return built_qubits(self.qubit_ids if job.sequence is None else job.qubit_ids, job.variables)

    @property
    def rerun_counters(self) -> frozenset[int]:
        """Rerun counters of all that it asks for, or may ask for."""
        counters = frozenset(job.rerun for job in self.jobs)
        return counters if self.strategy is None else counters | {self.strategy.rerun}

    @property
    def reruns(self) -> dict[str, int]:
        """Rerun counter of each wanted job, by its key."""
        return {job.key: job.rerun for job in self.jobs}
