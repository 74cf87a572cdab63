"""Names of what an emulator evaluated: one number of an observable, of some atoms and at one time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from runner.results.analysis.estimates import Estimate
from runner.results.analysis.names import UnknownQuantityError, listed, near

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.results.analysis.job_result import MeasuredJob

_HINT: Final = "say evaluated[energy], evaluated[occupation,q0] or evaluated[energy@500], a time in ns"
_UNITS: Final = {"energy": "rad/µs", "energy_second_moment": "rad²/µs²", "energy_variance": "rad²/µs²"}
_PROBABILITIES: Final = ("occupation", "correlation_matrix", "fidelity")
_OF: Final = ("no atom", "one atom", "two atoms")


@dataclass(frozen=True, slots=True)
class EvaluatedName:
    """One number of an observable that an emulator evaluated, as people name it: `occupation,q0@500`.

    Args:
        qubits: The atoms that it is of; none for the mean over all, or for what is of none.

        time_ns: When (in ns); None for the end.
    """

    label: str
    qubits: tuple[str, ...] = ()
    time_ns: float | None = None

    @property
    def label_on_axis(self) -> str:
        """What it is, in words, with its unit."""
        of = f" of {' and '.join(self.qubits)}" if self.qubits else ""
        at = "" if self.time_ns is None else f" at {self.time_ns:g} ns"
        unit = f" ({_UNITS[self.label]})" if self.label in _UNITS else ""
        return f"{self.label.replace('_', ' ')}{of}{at}{unit}"

    def of(self, jobs: Iterable[MeasuredJob]) -> Estimate | None:
        """Its value of jobs that measured the same point, averaged by runs; None where it was not evaluated.

        The error is how their remote jobs differ; NaN of one.
        """
        some = [(found, job.runs.measured) for job in jobs if (found := self._of_job(job))]
        if not some:
            return None
        weights = [runs / sum(each for _, each in some) for _, runs in some]
        value = sum(each.value * weight for (each, _), weight in zip(some, weights, strict=True))
        if len(some) == 1:
            return Estimate(value, some[0][0].error)
        spread = np.std([each.value for each, _ in some], ddof=1)
        return Estimate(value, float(spread / len(some) ** 0.5))

    def _of_job(self, job: MeasuredJob) -> Estimate | None:
        found = job.evaluated.get(self.label)
        if found is None or not set(self.qubits) <= set(job.qubit_ids):
            return None
        try:
            value, error = found.at(self.time_ns)
            if not self.qubits:
                return Estimate(*found.mean_at(self.time_ns))
        except ValueError:
            return None
        place = tuple(job.qubit_ids.index(each) for each in self.qubits)
        return Estimate(float(value[place]), float(error[place]))

    def over_time(self, job: MeasuredJob) -> list[tuple[float, Estimate]]:
        """Its value of a job at each time (in ns)."""
        found = job.evaluated.get(self.label)
        times = () if found is None else map(float, found.times_ns)
        each = ((time, replace(self, time_ns=time).of([job])) for time in times)
        return [(time, value) for time, value in each if value is not None]


def evaluated_name(index: str, jobs: Sequence[MeasuredJob]) -> EvaluatedName:
    """What a name stands for in the results of some jobs.

    Args:
        index: What was evaluated, of which atoms, and when: `energy`, `occupation,q0`, `energy@500`.

    Raises:
        UnknownQuantityError: Nothing is called so, or it is of other atoms, or was not evaluated then.
    """
    named, _, time = index.partition("@")
    label, *qubits = (each.strip() for each in named.split(","))
    found = {name: each for job in jobs for name, each in job.evaluated.items()}
    if label not in found:
        raise UnknownQuantityError(f"no {label or 'such thing'} was evaluated", _nearest(label, found))
    known = dict.fromkeys(qubit for job in jobs for qubit in job.qubit_ids)
    unknown = next((each for each in qubits if each not in known), None)
    if unknown is not None:
        raise UnknownQuantityError(f"there is no qubit {unknown}", near(unknown, known, kind="qubits"))
    n_axes = found[label].values.ndim - 1
    if len(qubits) != n_axes and (qubits or n_axes > 1):
        raise UnknownQuantityError(f"{label} is of {_OF[n_axes]}", _HINT)
    name = EvaluatedName(label, tuple(qubits), _time_ns(time))
    if not any(name.of([job]) for job in jobs if label in job.evaluated):
        times = sorted(
            {float(each) for job in jobs if label in job.evaluated for each in job.evaluated[label].times_ns}
        )
        said = listed([f"{each:g}" for each in times], 12)
        raise UnknownQuantityError(f"{label} was not evaluated at {time} ns", f"times are (in ns): {said}")
    return name


def bounds(name: EvaluatedName, jobs: Iterable[MeasuredJob]) -> tuple[float, float]:
    """Least and greatest value that it can have; where that is not known, that it has at any time."""
    if name.label.startswith(_PROBABILITIES):
        return 0.0, 1.0
    values = [value.value for job in jobs for _, value in name.over_time(job)]
    return min(values, default=-1.0), max(values, default=1.0)


def _nearest(label: str, known: Iterable[str]) -> str:
    there = list(known)
    if not there:
        return "the file says what is evaluated: emulation.observables"
    return near(label, there)


def _time_ns(said: str) -> float | None:
    try:
        return float(said.strip().removesuffix("ns")) if said.strip() else None
    except ValueError as error:
        raise UnknownQuantityError(f"{said} is no time in ns", _HINT) from error
