"""`MeasuredJobs`: what came back of an experiment, a job after the other, in file order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Self, TypeVar, overload

from runner.domain.numerals import counted
from runner.domain.strategies import OnFailed
from runner.errors import UnknownJobError, UsageError
from runner.results import analysis
from runner.results.analysis.geometry import convention
from runner.results.analysis.names import near
from runner.results.records.counted_jobs import ResultStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.results.analysis.estimates import Estimates
    from runner.results.analysis.job_result import MeasuredJob
    from runner.strategies.standing import StrategyStanding


J_co = TypeVar("J_co", bound="MeasuredJob", covariant=True)


class MeasuredJobs(Sequence[J_co]):
    """The jobs of an experiment with what came back of each: an immutable sequence in file order.

    Taken by place (`results[0]`), by name (`results["reference"]`) or as a slice, which is `Results` again.

    Args:
        experiment: Name of the experiment.

        jobs: Those of the file, in its order, whether anything came back or not; behind them what is only
            on record, if it was asked for.

        strategy: How the strategy stands, by what is on record; None without one. Of a part of the jobs, too,
            it is that of all.
    """

    __slots__ = ("_jobs", "experiment", "strategy")

    def __init__(
        self, experiment: str, jobs: Iterable[J_co], strategy: StrategyStanding | None = None
    ) -> None:
        self.experiment = experiment
        self.strategy = strategy
        self._jobs = tuple(jobs)

    def _part(self, jobs: Iterable[J_co]) -> Self:
        return type(self)(self.experiment, jobs, self.strategy)

    @overload
    def __getitem__(self, which: int | str) -> J_co: ...
    @overload
    def __getitem__(self, which: slice) -> Self: ...
    def __getitem__(self, which: int | str | slice) -> J_co | Self:
        if isinstance(which, slice):
            return self._part(self._jobs[which])
        return self._named(which) if isinstance(which, str) else self._jobs[which]

    def _named(self, name: str) -> J_co:
        for job in self._jobs:
            if job.name == name:
                return job
        hint = near(name, [job.name for job in self._jobs], kind="jobs")
        raise UnknownJobError(f"{self.experiment} has no job {name!r}", hint=hint)

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[J_co]:
        return iter(self._jobs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MeasuredJobs) and (self.experiment, self._jobs) == (
            other.experiment,
            other._jobs,
        )

    def __hash__(self) -> int:
        return hash((self.experiment, tuple((job.recipe, job.key, job.runs) for job in self._jobs)))

    @property
    def is_complete(self) -> bool:
        """Whether all wanted runs of all jobs of the file are measured, and a strategy is done.

        Slots that a strategy has dropped, as its file says, lack nothing.
        """
        is_over = self.strategy is None or self.strategy.done
        return is_over and all(
            job.status is ResultStatus.DONE or is_dropped(job, self.strategy)
            for job in self._jobs
            if job.is_wanted
        )

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of all variables, in the order in which they come first."""
        return tuple(dict.fromkeys(name for job in self._jobs for name in job.variables))

    def where(self, claim: Callable[[J_co], bool] | None = None, /, **variables: object) -> Self:
        """The jobs for which all of it holds, in their order; may be none.

        Args:
            claim: Says of a job whether it is meant.

            variables: A value for a variable, or a function of its value that says whether it is meant:
                `where(omega_max=6.28)`, `where(t_sweep_ns=lambda t: t > 1000)`. Floats are compared to one
                part in 10⁹, so that 0.3 is 3 · 0.1.

        Raises:
            UsageError: No job has a variable of this name.
        """
        for name in variables:
            if self._jobs and name not in self.variables:
                known = ", ".join(self.variables) or "none"
                raise UsageError(f"there is no variable {name}", hint=f"variables are: {known}")
        return self._part(job for job in self._jobs if chosen(job, claim, variables))

    def with_status(self, *statuses: ResultStatus | str) -> Self:
        """The jobs of some statuses, in their order: `with_status("DONE", "PARTIAL")`.

        Raises:
            UsageError: There is no such status.
        """
        try:
            wanted = {ResultStatus(status) for status in statuses}
        except ValueError as error:
            raise UsageError(str(error), hint=f"statuses are: {', '.join(ResultStatus)}") from error
        return self._part(job for job in self._jobs if job.status in wanted)

    def expectation(self, fn: Callable[[str], float]) -> Estimates:
        """The mean of a function of the bitstring, of every job; shape (jobs,), NaN where nothing came back.

        Args:
            fn: Takes a bitstring, character i of which is qubit i of the job's `qubit_ids`.
        """
        return analysis.observables.expectations(
            tuple(job.name for job in self), [job.counts for job in self], fn
        )

    def observable(self, name: str) -> Estimates:
        """An observable by its name, of every job, as `runner results --columns` has it; shape (jobs,).

        Args:
            name: As `staggered_magnetization`, `correlation_at[6.0]` or `structure_factor[pi/6]`.

        Raises:
            UsageError: There is no such thing.
        """
        found = analysis.vocabulary.of_jobs(name, self._jobs)
        return analysis.observables.gathered(found, tuple(job.name for job in self))

    def __repr__(self) -> str:
        by_status = Counter(job.status for job in self._jobs)
        said = ", ".join(f"{by_status[status]} {status}" for status in ResultStatus if status in by_status)
        jobs = counted(len(self), "job")
        return f"<Results of {self.experiment}: {jobs}{f', {said}' if said else ''}>"


_CLOSE = 1e-9

J = TypeVar("J", bound="MeasuredJob")


def chosen(job: J, claim: Callable[[J], bool] | None, variables: Mapping[str, object]) -> bool:
    """Whether a claim holds of a job, and each of its variables is as it is wanted; see `Results.where`."""
    return (claim is None or claim(job)) and all(
        name in job.variables and _fits(job.variables[name], wanted) for name, wanted in variables.items()
    )


def _fits(value: object, wanted: object) -> bool:
    if callable(wanted):
        return bool(wanted(value))
    if isinstance(value, list | tuple) and isinstance(wanted, list | tuple):
        return len(value) == len(wanted) and all(map(_fits, value, wanted))
    if isinstance(value, float) or isinstance(wanted, float):
        if not isinstance(value, int | float) or not isinstance(wanted, int | float):
            return False
        return math.isclose(value, wanted, rel_tol=_CLOSE)
    return bool(value == wanted)


def is_dropped(job: MeasuredJob, strategy: StrategyStanding | None) -> bool:
    """Whether a strategy that is done went on without a job, as its file says.

    Args:
        strategy: How it stands; None without one.
    """
    if strategy is None or not strategy.done or strategy.on_failed == OnFailed.STOP:
        return False
    is_slot = job.figures is not None and not job.figures.is_fresh
    return is_slot and job.status in {ResultStatus.ERROR, ResultStatus.CANCELED}


def conventions(jobs: Iterable[MeasuredJob]) -> tuple[str, ...]:
    """The conventions of what was measured, each once."""
    bases = dict.fromkeys(job.basis for job in jobs if job.counts)
    return tuple(filter(None, map(convention, bases)))
