"""Observables that an emulator evaluated, over the remote jobs of a point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from runner.domain.evaluations import averaged, standard_error, together

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.domain import RecordedJob
    from runner.domain.evaluations import Evaluation
    from runner.results.analysis.estimates import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """An observable of one point, as its emulator evaluated it; averaged by runs over its remote jobs.

    Args:
        name: What the file calls it.

        times_ns: When it was evaluated (in ns), shape (times,).

        values: No unit, but for energies (in rad/µs) and their squares; shape (times,), (times, qubits) for
            occupations or (times, qubits, qubits) for correlations.

        errors: One standard error of each, from how the remote jobs differ; NaN where there is only one.

        mean_errors: The same of the mean over all atoms at each time, shape (times,): what shifts one atom
            may shift all of them.
    """

    name: str
    times_ns: Floats
    values: Floats
    errors: Floats
    mean_errors: Floats

    def plain(self) -> dict[str, object]:
        """The same as plain data for JSON; no errors where none is known."""
        errors = None if np.isnan(self.errors).all() else self.errors.tolist()
        return {"times_ns": self.times_ns.tolist(), "values": self.values.tolist(), "errors": errors}

    def at(self, time_ns: float | None = None) -> tuple[Floats, Floats]:
        """Values and errors at a time, the end by default.

        Raises:
            ValueError: It was not evaluated then.
        """
        place = self._place(time_ns)
        return self.values[place], self.errors[place]

    def mean_at(self, time_ns: float | None = None) -> tuple[float, float]:
        """The mean over all atoms at a time, the end by default, and its error.

        Raises:
            ValueError: It was not evaluated then.
        """
        place = self._place(time_ns)
        values = self.values[place]
        return math.fsum(values.flat) / values.size, float(self.mean_errors[place])

    def _place(self, time_ns: float | None) -> int:
        if time_ns is None:
            return len(self.times_ns) - 1
        nearest = int(np.argmin(np.abs(self.times_ns - time_ns)))
        if not np.isclose(self.times_ns[nearest], time_ns):
            said = ", ".join(f"{each:g}" for each in self.times_ns)
            raise ValueError(f"{self.name} was evaluated at {said} ns, not at {time_ns:g} ns")
        return nearest


def evaluated(remote: Iterable[RecordedJob], names: Mapping[str, str]) -> dict[str, Evaluated]:
    """What was evaluated of a point, by the names of the observables; without those of which nothing came.

    Args:
        names: What each observable is called, by its id.
    """
    jobs = [job for job in remote if job.counts]
    found = {}
    for observable, name in names.items():
        some = together(
            (job.observables[observable], sum(job.counts.values()))
            for job in jobs
            if observable in job.observables
        )
        mean = averaged(some, name)
        if mean.values:
            found[name] = _evaluated(mean, [each for each, _ in some])
    return found


def _evaluated(mean: Evaluation, remote: Sequence[Evaluation]) -> Evaluated:
    values, errors = np.array(mean.values), standard_error(remote)
    over_atoms = [np.array(each.values).reshape(len(each.times_ns), -1).mean(axis=1) for each in remote]
    is_alone = errors is None
    return Evaluated(
        mean.name,
        np.array(mean.times_ns),
        values,
        np.full(values.shape, np.nan) if is_alone else np.array(errors),
        np.full(len(values), np.nan) if is_alone else np.std(over_atoms, axis=0, ddof=1) / len(remote) ** 0.5,
    )
