"""`JobResult`: what is known of one job of a file, its remote jobs added up."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from runner.domain.matrices import square
from runner.errors import RecordError, UsageError
from runner.results import analysis
from runner.results.analysis.estimates import UNKNOWN
from runner.results.analysis.geometry import basis_of, places_um

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import numpy as np

    from runner.domain import RecordedJob
    from runner.results.analysis.counts import Counts
    from runner.results.analysis.estimates import Bootstrap, Estimate, Estimates
    from runner.results.analysis.evaluated import Evaluated
    from runner.results.analysis.geometry import SequenceParts
    from runner.results.analysis.points import Sweep
    from runner.results.records.counted_jobs import ResultStatus


class Runs(NamedTuple):
    """Repetitions of a job.

    Args:
        wanted: As the file asks; 0 for what it does not ask for.

        measured: Runs behind the counts; may be more than wanted.
    """

    wanted: int
    measured: int

    def __str__(self) -> str:
        return f"{self.measured}/{self.wanted}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFigures:
    """What a job of a strategy is to it.

    Args:
        slot: Its number, or that of the slot that it confirms.

        round: Number of its round; None of a job that confirms.

        objective: What it is about, with its error; NaN where it has none.

        best: The best objective of all slots up to this one; NaN where there is none, and of fresh jobs.

        values: What each name of the objective's `let` comes to.
    """

    slot: int
    round: int | None
    objective: Estimate
    best: Estimate
    values: Mapping[str, Estimate]

    @property
    def round_name(self) -> str | None:
        """What people call its round: the first points come before round 1, as in the file."""
        return None if self.round is None else str(self.round or "first")

    @property
    def is_fresh(self) -> bool:
        """Whether the job confirms a slot."""
        return self.round is None


def _nothing_kept(job: RecordedJob) -> str | None:
    del job
    return None


def _no_sequence() -> SequenceParts:
    return {}


@dataclass(frozen=True, kw_only=True)
class MeasuredJob:
    """One job of an experiment and what came back of it.

    A job of which nothing was measured yet is there as well: its counts are None, and what would be made of
    them is NaN.

    Args:
        name: What people call the job.

        key: Digest of its point, 16 hexadecimal digits.

        variables: Value of every variable of the sequence; numbers or lists of numbers.

        counts: Added up over the remote jobs; None when nothing was measured.

        qubit_ids: Order of the qubits in every bitstring, and along every axis of qubits.

        remote_jobs: The jobs on the cloud behind it that ended, each with its own counts, in the order in
            which they were recorded; failed ones too.

        experiment: Name of the experiment.

        recipe: Digest of device type and sequence, 16 hexadecimal digits.

        device_type: The cloud's name of what ran it; empty when no manifest tells.

        rerun: Counter of the file that it belongs to.

        duration_ns: How long the sequence takes (in ns); None when it is not known.

        sweep: The sweep of the file that it came from; None for a point that is written out.

        serialised: Gives Pulser's own serialised results of a remote job, None where none were kept.

        sequence: Gives the abstract representation of its sequence, empty when it is not known.

        sublattices: Qubits that count with + and with - in a staggered magnetization, as the file names them;
            empty where it does not.

        observables: What each observable beside the bitstrings is called, by its id.

        slot: Which one it is of a strategy, `12`, or `12x2` for the second job that confirms slot 12; empty
            without a strategy.

        figures: Its round and its objective; None without a strategy.

    Raises:
        RecordError: The bitstrings are longer or shorter than there are qubits.
    """

    name: str
    key: str
    variables: Mapping[str, object]
    runs: Runs
    status: ResultStatus
    counts: Counts | None = None
    qubit_ids: tuple[str, ...] = ()
    remote_jobs: tuple[RecordedJob, ...] = ()
    experiment: str = ""
    recipe: str = ""
    device_type: str = ""
    rerun: int = 0
    duration_ns: int | None = None
    sweep: Sweep | None = None
    serialised: Callable[[RecordedJob], str | None] = field(default=_nothing_kept, repr=False, compare=False)
    sequence: Callable[[], SequenceParts] = field(default=_no_sequence, repr=False, compare=False)
    sublattices: tuple[tuple[str, ...], ...] = ()
    observables: Mapping[str, str] = field(default_factory=dict, repr=False)
    slot: str = ""
    figures: SlotFigures | None = field(default=None, repr=False, compare=False)

    @property
    def target(self) -> str:
        """Where it was measured, as `emulated:local`; empty where nothing was, or nothing says it."""
        return ", ".join(dict.fromkeys(job.target for job in self.remote_jobs if job.target))

    def __post_init__(self) -> None:
        if self.counts and self.counts.n_qubits != len(self.qubit_ids):
            raise RecordError(
                f"{self.name or self.key}: the bitstrings have {self.counts.n_qubits} characters,"
                f" and there are {len(self.qubit_ids)} qubits"
            )

    @property
    def is_wanted(self) -> bool:
        """Whether the file asks for it; else it is only on record."""
        return self.runs.wanted > 0

    @cached_property
    def positions_um(self) -> dict[str, tuple[float, ...]]:
        """Place (x and y, or x, y and z, in µm) of each atom by qubit id; empty when unknown."""
        return places_um(self.sequence(), self.variables)

    @cached_property
    def basis(self) -> str:
        """What is measured: `ground-rydberg`, `digital` or `XY`, each with a 1 of its own; may be empty."""
        return basis_of(self.sequence())

    @cached_property
    def evaluated(self) -> dict[str, Evaluated]:
        """What the emulator evaluated beside the bitstrings, by the names of the observables in the file."""
        return analysis.evaluated.evaluated(self.remote_jobs, self.observables)

    @property
    def probabilities(self) -> dict[str, float] | None:
        """Share of each measured bitstring; None when nothing was measured."""
        return None if self.counts is None else self.counts.probabilities

    def expectation(
        self, fn: Callable[[str], float], *, between: tuple[float, float] | None = None
    ) -> Estimate:
        """The mean of a function of the bitstring over all runs, with its error and its interval.

        Args:
            fn: Takes a bitstring, character i of which is qubit i of `qubit_ids`.

            between: Least and greatest value that it can give; by default found by trying some bitstrings
                where all runs agree, and as measured where they do not.
        """
        return analysis.observables.expectation(self.counts, fn, between)

    @cached_property
    def occupation(self) -> Estimates:
        """⟨n_i⟩, the share of runs in which qubit i was measured as 1; between 0 and 1, shape (qubits,)."""
        return analysis.observables.occupation(self.counts, self.qubit_ids)

    @cached_property
    def magnetization(self) -> Estimates:
        """⟨σz_i⟩ = 2⟨n_i⟩ - 1 of each qubit; between -1 and 1, no unit, shape (qubits,).

        +1 is what is measured as 1, -1 what is measured as 0: the Rydberg and the ground state in the
        ground-rydberg basis, |h⟩ and |g⟩ in the digital one, the spin states |1⟩ and |0⟩ in XY; see `basis`.
        """
        return analysis.observables.magnetization(self.occupation)

    @cached_property
    def correlations(self) -> Estimates:
        """Connected correlations ⟨n_i n_j⟩ - ⟨n_i⟩⟨n_j⟩; between -1/4 and 1/4, shape (qubits, qubits).

        On the diagonal is the variance of one qubit, ⟨n_i⟩(1 - ⟨n_i⟩).
        """
        return analysis.many_body.correlations.correlations(self.counts, self.qubit_ids)

    def correlations_by_distance(self, tolerance_um: float = 0.05) -> dict[float, Estimate]:
        """Connected correlations by distance (in µm), averaged over all pairs of atoms at it; nearest first.

        Args:
            tolerance_um: Distances that differ by no more are one.

        Raises:
            UsageError: The sequence does not tell where the atoms are.
        """
        counts, places = self.counts, analysis.many_body.lattices.places_of(self)
        return {
            distance: analysis.many_body.correlations.averaged(counts, pairs) if counts else UNKNOWN
            for distance, pairs in analysis.many_body.lattices.shells(places, tolerance_um).items()
        }

    def structure_factor(self, k_rad_per_um: float | Sequence[float]) -> Estimate:
        """⟨|Σ σz_j exp(i k·r_j)|²⟩ / n over the n atoms; 1 where they have nothing to do with each other.

        Args:
            k_rad_per_um: Along x, or along each direction.

        Raises:
            UsageError: The sequence does not tell where the atoms are.
        """
        k = (k_rad_per_um,) if isinstance(k_rad_per_um, float | int) else tuple(k_rad_per_um)
        fn = analysis.many_body.lattices.structure(analysis.many_body.lattices.places_of(self), k)
        return self.expectation(fn, between=(0.0, float(len(self.qubit_ids))))

    def cost(self, matrix: Sequence[Sequence[float]]) -> Estimate:
        """⟨zᵀQz⟩, where z_i is 1 or 0 as qubit i of `qubit_ids` was measured; all entries of Q count.

        Args:
            matrix: Q, with a row and a column for each qubit.

        Raises:
            UsageError: It is no such matrix.
        """
        rows = square(matrix)
        if len(rows) != len(self.qubit_ids):
            raise UsageError(f"Q has {len(rows)} rows, and {self.name} has {len(self.qubit_ids)} qubits")
        return self.expectation(
            analysis.many_body.costs.cost(rows), between=analysis.many_body.costs.bounds(rows)
        )

    def observable(self, name: str) -> Estimate:
        """An observable by its name, as `runner results --columns` has it: `structure_factor[staggered]`.

        Raises:
            UsageError: There is no such thing.
        """
        return analysis.vocabulary.of_jobs(name, [self])[0]

    def bootstrap(
        self, fn: Callable[[Counts], float], n: int = 1000, seed: int | np.random.Generator = 0
    ) -> Bootstrap:
        """Any statistic of the counts, with error and interval by resampling the runs with replacement.

        Args:
            fn: Takes `Counts`.

            n: How many times the runs are resampled.

            seed: The same seed gives the same samples, with the same numpy.
        """
        return analysis.observables.bootstrap(self.counts, fn, n, seed)

    @property
    def created_at(self) -> datetime | None:
        """When the cloud took the first of its remote jobs; None while none has ended."""
        return min((job.created_at for job in self.remote_jobs if job.created_at), default=None)

    @property
    def started_at(self) -> datetime | None:
        """When the first of its remote jobs began to run."""
        return min((job.started_at for job in self.remote_jobs if job.started_at), default=None)

    @property
    def ended_at(self) -> datetime | None:
        """When the last of its remote jobs ended."""
        return max((job.ended_at for job in self.remote_jobs if job.ended_at), default=None)

    @property
    def lacks_result(self) -> bool:
        """Whether a remote job of it is done, and its result could not be had or cannot be right."""
        return any(job.lacks_result for job in self.remote_jobs)

    @property
    def errors(self) -> tuple[str, ...]:
        """What went wrong with its remote jobs, or with their results; shots that are missing included."""
        return tuple(problem for job in self.remote_jobs for problem in job.problems)

    def __str__(self) -> str:
        return f"{self.name}: {self.status}, {self.runs} runs"

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={value!r}" for name, value in self.variables.items())
        seen = f", {len(self.counts)} different bitstrings" if self.counts else ""
        return f"<JobResult {self.name!r}: {said or 'no variables'}; {self.status}, {self.runs} runs{seen}>"
