"""Observables that an emulator evaluated, over the remote jobs of a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from runner.domain.evaluations import averaged, standard_error, together

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.domain import RecordedJob
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
    """

    name: str
    times_ns: Floats
    values: Floats
    errors: Floats

    def plain(self) -> dict[str, object]:
        """The same as plain data for JSON; no errors where none is known."""
        errors = None if np.isnan(self.errors).all() else self.errors.tolist()
        return {"times_ns": self.times_ns.tolist(), "values": self.values.tolist(), "errors": errors}

    def at(self, time_ns: float | None = None) -> tuple[Floats, Floats]:
        """Values and errors at a time, the end by default.

        Raises:
            ValueError: It was not evaluated then.
        """
        near = np.flatnonzero(np.isclose(self.times_ns, self.times_ns[-1] if time_ns is None else time_ns))
        if not near.size:
            said = ", ".join(f"{each:g}" for each in self.times_ns)
            raise ValueError(f"{self.name} was evaluated at {said} ns, not at {time_ns:g} ns")
        return self.values[near[0]], self.errors[near[0]]


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
            values = np.array(mean.values)
            errors = standard_error([each for each, _ in some])
            missing = np.full(values.shape, np.nan)
            found[name] = Evaluated(
                name, np.array(mean.times_ns), values, missing if errors is None else np.array(errors)
            )
    return found
