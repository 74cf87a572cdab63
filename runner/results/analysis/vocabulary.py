"""The vocabulary of observables: what each name means, for tables, pictures, fits and Python alike. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from runner.domain.expressions.constants import constant
from runner.domain.expressions.words import ExpressionError
from runner.errors import UsageError
from runner.results import analysis
from runner.results.analysis import many_body
from runner.results.analysis.estimates import UNKNOWN
from runner.results.analysis.many_body.sublattices import signs_of
from runner.results.analysis.names import UnknownQuantityError, listed, near, split_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from runner.results.analysis.counts import Counts
    from runner.results.analysis.estimates import Estimate
    from runner.results.analysis.job_result import MeasuredJob

    PerBitstring = Callable[[str], float]
    Matrix = Sequence[Sequence[float]]
    ReadMatrix = Callable[[str], Matrix]

OCCUPATION: Final = "occupation"
MAGNETIZATION: Final = "magnetization"
STAGGERED: Final = "staggered_magnetization"
ABSOLUTE: Final = "abs_staggered_magnetization"
SQUARED: Final = "squared_staggered_magnetization"
PROBABILITY: Final = "probability"
CORRELATION: Final = "correlation"
CORRELATION_AT: Final = "correlation_at"
STRUCTURE: Final = "structure_factor"
COST: Final = "cost"
EVALUATED: Final = "evaluated"
OBSERVABLES: Final = (
    OCCUPATION, MAGNETIZATION, STAGGERED, ABSOLUTE, SQUARED, CORRELATION, CORRELATION_AT, STRUCTURE,
    PROBABILITY, COST, EVALUATED,
)  # fmt: skip
_TOLERANCE: Final = 0.01  # of a distance
_PAIR: Final = 2
_MOST_CORRELATED: Final = 0.25


@dataclass(frozen=True, slots=True)
class NamedObservable:
    """What a name means.

    Args:
        name: As it heads a column.

        label: As it stands along an axis.

        low: Least value that it can have, of any job.

        high: Greatest value that it can have.

        of: Gives for a job what to average over its runs; None when the job has no such thing.

        statistic: Gives it for a job and counts where it is no mean over runs.

        at_hand: Gives it for a job more quickly, if there is such a way.

        is_wide: Whether values are mostly in a small part of what is possible.

        evaluated: Gives it for jobs that measured the same point where it is not read off bitstrings.
    """

    name: str
    label: str
    low: float
    high: float
    of: Callable[[MeasuredJob], PerBitstring | None]
    statistic: Callable[[MeasuredJob, Counts], Estimate] | None = None
    at_hand: Callable[[MeasuredJob], Estimate] | None = field(default=None, compare=False)
    is_wide: bool = False
    evaluated: Callable[[Sequence[MeasuredJob]], Estimate | None] | None = None

    def estimate(self, job: MeasuredJob, counts: Counts | None = None) -> Estimate | None:
        """Its value; None when the job has no such thing, NaN when nothing was measured.

        Args:
            counts: Those of all jobs that measured the same point; by default those of the job.
        """
        if self.evaluated:
            return self.evaluated([job])
        try:
            fn = self.of(job)
        except UsageError:
            return None
        if fn is None:
            return None
        if counts is None and self.at_hand:
            return self.at_hand(job)
        measured = job.counts if counts is None else counts
        if self.statistic and measured:
            return self.statistic(job, measured)
        return analysis.observables.expectation(measured, fn, (self.low, self.high))


def inline_only(name: str) -> Matrix:
    """Refuses to read a matrix."""
    raise UsageError(f"there is no matrix {name}", hint="say its rows: cost[[-1, 2], [0, -1]]")


def named_observable(
    name: str, index: str | None, jobs: Iterable[MeasuredJob], read: ReadMatrix = inline_only
) -> NamedObservable:
    """The observable of a name.

    Args:
        index: What stands in brackets behind it; None without brackets.

        jobs: Those of which it is to be an observable.

        read: Gives the matrix of a cost that is in a file.

    Raises:
        UnknownQuantityError: Nothing is called so, or it is an observable of none of the jobs.
    """
    some = tuple(jobs)
    try:
        if name in _PLAIN and index is None:
            found = _PLAIN[name]
        elif name in _INDEXED:
            found = _INDEXED[name](index or "", some)
        elif name == COST:
            found = _cost(index or "", read)
        elif name in _PLAIN:
            raise UnknownQuantityError(f"{name} takes no index", f"say {name}")
        else:
            raise UnknownQuantityError(f"there is no observable {name}", near(name, OBSERVABLES))
        _check(found, some)
    except UsageError as error:
        raise UnknownQuantityError(error.message, error.hint or "") from error
    return found


def of_jobs(name: str, jobs: Sequence[MeasuredJob], read: ReadMatrix = inline_only) -> list[Estimate]:
    """An observable by its name with its index, of each job; NaN where one has no such thing.

    Raises:
        UsageError: There is no such thing.
    """
    try:
        found = named_observable(*split_name(name), jobs, read)
    except UnknownQuantityError as error:
        raise UsageError(error.message, hint=error.hint) from error
    return [found.estimate(job) or UNKNOWN for job in jobs]


def _check(found: NamedObservable, jobs: Sequence[MeasuredJob]) -> None:
    """Refuses what no job has for a reason."""
    refusal: UsageError | None = None
    for job in jobs:
        try:
            found.of(job)
        except UsageError as error:
            refusal = refusal or error
        else:
            return
    if refusal:
        raise refusal


def _occupation(_: MeasuredJob) -> PerBitstring:
    return lambda bits: bits.count("1") / len(bits)


def _magnetization(_: MeasuredJob) -> PerBitstring:
    return lambda bits: 2 * bits.count("1") / len(bits) - 1


def _staggered(job: MeasuredJob) -> PerBitstring:
    sign = signs_of(job)
    count = sum(map(abs, sign))
    return lambda bits: sum(s if bit == "1" else -s for s, bit in zip(sign, bits, strict=True)) / count


def _absolute(job: MeasuredJob) -> PerBitstring:
    signed = _staggered(job)
    return lambda bits: abs(signed(bits))


def _squared(job: MeasuredJob) -> PerBitstring:
    signed = _staggered(job)
    return lambda bits: signed(bits) ** 2


_PLAIN: Final[Mapping[str, NamedObservable]] = {
    each.name: each
    for each in (
        NamedObservable(OCCUPATION, "mean occupation ⟨n⟩", 0, 1, _occupation),
        NamedObservable(MAGNETIZATION, "mean magnetization ⟨σz⟩", -1, 1, _magnetization),
        NamedObservable(STAGGERED, "staggered magnetization ⟨±σz⟩", -1, 1, _staggered),
        NamedObservable(ABSOLUTE, "staggered magnetization ⟨|m_st|⟩", 0, 1, _absolute),
        NamedObservable(SQUARED, "staggered magnetization ⟨m_st²⟩", 0, 1, _squared),
    )
}


def _occupation_of(index: str, jobs: Sequence[MeasuredJob]) -> NamedObservable:
    return (
        _of_qubit(OCCUPATION, "occupation ⟨n⟩", (0.0, 1.0), _qubit(index, jobs))
        if index
        else _PLAIN[OCCUPATION]
    )


def _magnetization_of(index: str, jobs: Sequence[MeasuredJob]) -> NamedObservable:
    if not index:
        return _PLAIN[MAGNETIZATION]
    return _of_qubit(MAGNETIZATION, "magnetization ⟨σz⟩", (-1.0, 1.0), _qubit(index, jobs))


def _of_qubit(name: str, said: str, between: tuple[float, float], qubit: str) -> NamedObservable:
    def of(job: MeasuredJob) -> PerBitstring | None:
        if qubit not in job.qubit_ids:
            return None
        place = job.qubit_ids.index(qubit)
        return lambda bits: between[bits[place] == "1"]

    def at_hand(job: MeasuredJob) -> Estimate:
        return (job.occupation if name == OCCUPATION else job.magnetization).of(qubit)

    return NamedObservable(f"{name}[{qubit}]", f"{said} of {qubit}", *between, of, at_hand=at_hand)


def _qubit(name: str, jobs: Sequence[MeasuredJob]) -> str:
    known = tuple(dict.fromkeys(qubit for job in jobs for qubit in job.qubit_ids))
    if name not in known:
        raise UnknownQuantityError(f"there is no qubit {name}", near(name, known, kind="qubits"))
    return name


def _probability(index: str, jobs: Sequence[MeasuredJob]) -> NamedObservable:
    lengths = tuple(dict.fromkeys(len(job.qubit_ids) for job in jobs))
    wanted = frozenset(each.strip() for each in index.split(",") if each.strip())
    wrong = [each for each in sorted(wanted) if each.strip("01") or len(each) not in lengths]
    if wrong or not wanted:
        qubits = " or ".join(map(str, lengths))
        message = (
            f"{wrong[0]} is no bitstring of {qubits} qubits" if wrong else "a probability is of a bitstring"
        )
        example = ("01" * max(lengths, default=1))[: max(lengths, default=1)]
        raise UnknownQuantityError(message, f"say probability[{example}]")

    def of(job: MeasuredJob) -> PerBitstring | None:
        fits = any(len(each) == len(job.qubit_ids) for each in wanted)
        return (lambda bits: float(bits in wanted)) if fits else None

    shown = index.replace(" ", "")
    return NamedObservable(
        f"{PROBABILITY}[{shown}]", f"probability of {shown.replace(',', ' or ')}", 0, 1, of
    )


def _correlation(index: str, jobs: Sequence[MeasuredJob]) -> NamedObservable:
    names = [each.strip() for each in index.split(",") if each.strip()]
    if len(names) != _PAIR:
        raise UnknownQuantityError("a correlation is of two qubits", "say correlation[q0,q1]")
    one, other = (_qubit(each, jobs) for each in names)

    def places(job: MeasuredJob) -> list[tuple[int, int]]:
        there = {one, other} <= {*job.qubit_ids}
        return [(job.qubit_ids.index(one), job.qubit_ids.index(other))] if there else []

    def at_hand(job: MeasuredJob) -> Estimate:
        return job.correlations.of(one, other)

    found = _correlated(
        f"{CORRELATION}[{one},{other}]", f"correlation ⟨nn⟩ − ⟨n⟩⟨n⟩ of {one} and {other}", places
    )
    return replace(found, at_hand=at_hand)


def _correlated(
    name: str, label: str, places: Callable[[MeasuredJob], list[tuple[int, int]]]
) -> NamedObservable:
    def of(job: MeasuredJob) -> PerBitstring | None:
        return (lambda _: math.nan) if places(job) else None

    def statistic(job: MeasuredJob, counts: Counts) -> Estimate:
        return many_body.correlations.averaged(counts, places(job))

    return NamedObservable(name, label, -_MOST_CORRELATED, _MOST_CORRELATED, of, statistic)


def _correlation_at(index: str, _: Sequence[MeasuredJob]) -> NamedObservable:
    numbers = _numbers(index)
    if not 1 <= len(numbers) <= _PAIR:
        raise UnknownQuantityError("a correlation is at a distance (in µm)", "say correlation_at[6.0]")
    distance, tolerance = (*numbers, _TOLERANCE * numbers[0])[:_PAIR]

    def places(job: MeasuredJob) -> list[tuple[int, int]]:
        there = many_body.lattices.places_of(job)
        found = many_body.lattices.pairs_at(there, distance, tolerance)
        if not found:
            known = [f"{each:g}" for each in many_body.lattices.shells(there, tolerance)]
            message = f"no two atoms are {distance:g} ± {tolerance:g} µm apart"
            raise UsageError(message, hint=f"distances are: {listed(known, 12)}")
        return found

    return _correlated(f"{CORRELATION_AT}[{index}]", f"correlation ⟨nn⟩ − ⟨n⟩⟨n⟩ at {distance:g} µm", places)


def _structure(index: str, jobs: Sequence[MeasuredJob]) -> NamedObservable:
    most = max((len(job.qubit_ids) for job in jobs), default=1)
    if index == "staggered":
        return NamedObservable(
            f"{STRUCTURE}[{index}]", "structure factor S, staggered", 0, most, _staggered_structure
        )
    k = _numbers(index)
    if not 1 <= len(k) <= len("xyz"):
        raise UnknownQuantityError(
            "a structure factor is at a k (in rad/µm)", f"say {STRUCTURE}[pi/6] or {STRUCTURE}[staggered]"
        )

    def of(job: MeasuredJob) -> PerBitstring:
        return many_body.lattices.structure(many_body.lattices.places_of(job), k)

    return NamedObservable(f"{STRUCTURE}[{index}]", f"structure factor S(k), k = {index} rad/µm", 0, most, of)


def _staggered_structure(job: MeasuredJob) -> PerBitstring:
    signed, count = _staggered(job), sum(map(abs, signs_of(job)))
    return lambda bits: count * signed(bits) ** 2


def _numbers(index: str) -> list[float]:
    try:
        return [constant(each) for each in index.split(",") if each.strip()]
    except ExpressionError as error:
        raise UnknownQuantityError(f"{index} is no number: {error}", "say numbers, as 6.0 or pi/6") from error


def _cost(index: str, read: ReadMatrix) -> NamedObservable:
    if not index:
        raise UnknownQuantityError("a cost is of a matrix", "say cost[[-1, 2], [0, -1]], or cost[FILE]")
    matrix = many_body.costs.written(index) or many_body.costs.square(read(index), index)
    value, (low, high) = many_body.costs.cost(matrix), many_body.costs.bounds(matrix)

    def of(job: MeasuredJob) -> PerBitstring:
        if len(job.qubit_ids) != len(matrix):
            raise UsageError(
                f"the matrix has {len(matrix)} rows, and {job.name} has {len(job.qubit_ids)} qubits",
                hint="a row and a column for each qubit, in the order of the bitstrings",
            )
        return value

    return NamedObservable(f"{COST}[{index}]", "cost zᵀQz", low, high, of, is_wide=True)


def _evaluated(index: str, jobs: Sequence[MeasuredJob]) -> NamedObservable:
    name = analysis.evaluated_names.evaluated_name(index, jobs)
    low, high = analysis.evaluated_names.bounds(name, jobs)

    def of(job: MeasuredJob) -> PerBitstring | None:
        return (lambda _: math.nan) if name.of([job]) else None

    return NamedObservable(
        f"{EVALUATED}[{index}]", name.label_on_axis, low, high, of, is_wide=True, evaluated=name.of
    )


_INDEXED: Final[Mapping[str, Callable[[str, Sequence[MeasuredJob]], NamedObservable]]] = {
    OCCUPATION: _occupation_of,
    MAGNETIZATION: _magnetization_of,
    PROBABILITY: _probability,
    CORRELATION: _correlation,
    CORRELATION_AT: _correlation_at,
    STRUCTURE: _structure,
    EVALUATED: _evaluated,
}
