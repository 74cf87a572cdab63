"""Observables by name, read off the results of jobs. Pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from runner.errors import UsageError
from runner.results import analysis
from runner.results.analysis.counts import Counts
from runner.results.plots.labels import AxisQuantity
from runner.results.plots.picture import Measured, MeasuredValue
from runner.results.plots.sublattices import named_signs, signs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runner.results.analysis.estimates import Estimate
    from runner.results.analysis.job_result import MeasuredJob

    PerBitstring = Callable[[str], float]

OCCUPATION: Final = "occupation"
MAGNETIZATION: Final = "magnetization"
STAGGERED: Final = "staggered_magnetization"
_PROBABILITY: Final = "probability"
_WORDS: Final = (OCCUPATION, f"{OCCUPATION}[QUBIT]", MAGNETIZATION, STAGGERED, f"{_PROBABILITY}[BITSTRING]")
# As `runner results` has it: `occupation[q0]`, `probability[01]`, and `probability:01` for shells.
_INDEXED: Final = re.compile(rf"({OCCUPATION}|{_PROBABILITY})(?:\[([^\]]*)\]|:(.*))")


@dataclass(frozen=True, slots=True)
class Observable:
    """What is read off a job.

    Args:
        of: Gives for a job what to average over its runs; None when the job has no such thing.
    """

    measured: Measured
    of: Callable[[MeasuredJob], PerBitstring | None]

    def read(self, jobs: Sequence[MeasuredJob]) -> MeasuredValue | None:
        """Its value over all runs of jobs that measured the same point; None when there are none."""
        counts, fn = self._of_point(jobs)
        between = (self.measured.low, self.measured.high)
        return reading(analysis.observables.expectation(counts, fn, between)) if fn else None

    def tally(self, jobs: Sequence[MeasuredJob]) -> tuple[float, float] | None:
        """Hits and runs of jobs that measured the same point, as if each run were a hit or none.

        Where a run may be something between, as the mean over several qubits is, they are those of a
        binomial with the same mean and standard error.
        """
        counts, fn = self._of_point(jobs)
        if not counts or not fn:
            return None
        low, high = self.measured.low, self.measured.high
        mean, variance = analysis.observables.mean_and_variance(counts, fn)
        share, variance = (mean - low) / (high - low), variance / (high - low) ** 2
        is_either = not variance > 0 or all(fn(bits) in {low, high} for bits in counts)
        runs = counts.total if is_either else share * (1 - share) / variance * (counts.total - 1)
        return share * runs, float(runs)

    def _of_point(self, jobs: Sequence[MeasuredJob]) -> tuple[Counts | None, PerBitstring | None]:
        same = [job for job in jobs if job.counts and job.qubit_ids == jobs[0].qubit_ids]
        counts = Counts.added(job.counts for job in same if job.counts)
        return counts, self.of(jobs[0]) if counts else None


def reading(estimate: Estimate) -> MeasuredValue | None:
    """An estimate as a plain value; None when nothing was measured."""
    if math.isnan(estimate.value):
        return None
    if math.isnan(estimate.error):
        return MeasuredValue(estimate.value)
    return MeasuredValue(estimate.value, estimate.error, (estimate.low, estimate.high), estimate.said)


def observable(name: str, jobs: Sequence[MeasuredJob]) -> Observable:
    """The observable of this name.

    `occupation` and `magnetization` are means over all qubits, `staggered_magnetization` one with the signs
    of two sublattices, `probability[0101]` is of a bitstring, `occupation[q0]` of a qubit; any other name is
    a qubit's, whose occupation is meant.

    Raises:
        UsageError: There is no such thing; says what there is.
    """
    qubits = tuple(dict.fromkeys(qubit for job in jobs for qubit in job.qubit_ids))
    indexed = _INDEXED.fullmatch(name)
    if indexed and indexed[1] == _PROBABILITY:
        return _probability(indexed[2] or indexed[3] or "", jobs)
    if name in _KNOWN:
        return _KNOWN[name]
    qubit = (indexed[2] or indexed[3] or "") if indexed else name
    if qubit in qubits:
        return _of_qubit(qubit)
    near = get_close_matches(name, (*_WORDS, *qubits), n=1)
    known = f"observables are: {', '.join(_WORDS)}, or a qubit: {_some(qubits)}"
    raise UsageError(
        f"there is no observable {name!r}" + (f"; did you mean {near[0]}?" if near else ""), hint=known
    )


def _some(qubits: tuple[str, ...], most: int = 12) -> str:
    return ", ".join(qubits[:most]) + (", …" if len(qubits) > most else "")


def _occupation(_: MeasuredJob) -> PerBitstring:
    return lambda bits: bits.count("1") / len(bits)


def _magnetization(_: MeasuredJob) -> PerBitstring:
    return lambda bits: 2 * bits.count("1") / len(bits) - 1


def _staggered(job: MeasuredJob) -> PerBitstring:
    named = job.sublattices
    sign = named_signs(job.qubit_ids, named) if named else signs(job.qubit_ids, job.positions_um)
    count = sum(map(abs, sign))
    return lambda bits: sum(s if bit == "1" else -s for s, bit in zip(sign, bits, strict=True)) / count


_KNOWN: Final = {
    OCCUPATION: Observable(
        Measured(quantity=AxisQuantity("mean occupation ⟨n⟩"), low=0, high=1), _occupation
    ),
    MAGNETIZATION: Observable(
        Measured(quantity=AxisQuantity("mean magnetization ⟨σz⟩"), low=-1, high=1), _magnetization
    ),
    STAGGERED: Observable(
        Measured(quantity=AxisQuantity("staggered magnetization ⟨±σz⟩"), low=-1, high=1), _staggered
    ),
}


def _of_qubit(qubit: str) -> Observable:
    def of(job: MeasuredJob) -> PerBitstring | None:
        if qubit not in job.qubit_ids:
            return None
        place = job.qubit_ids.index(qubit)
        return lambda bits: float(bits[place] == "1")

    return Observable(Measured(quantity=AxisQuantity(f"occupation ⟨n⟩ of {qubit}"), low=0, high=1), of)


def _probability(bitstring: str, jobs: Sequence[MeasuredJob]) -> Observable:
    lengths = {len(job.qubit_ids) for job in jobs}
    if not bitstring or bitstring.strip("01") or len(bitstring) not in lengths:
        wanted = " or ".join(map(str, sorted(lengths)))
        raise UsageError(
            f"{bitstring!r} is none of the bitstrings",
            hint=f"they have {wanted} characters, each 0 or 1: probability[{'0' * min(lengths)}]",
        )

    def of(job: MeasuredJob) -> PerBitstring | None:
        return (lambda bits: float(bits == bitstring)) if len(job.qubit_ids) == len(bitstring) else None

    return Observable(Measured(quantity=AxisQuantity(f"probability of {bitstring}"), low=0, high=1), of)
