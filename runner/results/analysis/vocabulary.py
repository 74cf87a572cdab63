"""The vocabulary of observables: what each name means, for tables, pictures, fits and Python alike. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from runner.domain.matrices import square
from runner.domain.numerals import counted
from runner.errors import UsageError
from runner.results import analysis
from runner.results.analysis.estimates import UNKNOWN
from runner.results.analysis.many_body import costs, lattices, pairs, tails
from runner.results.analysis.many_body.sublattices import signs_of
from runner.results.analysis.named_observable import NamedObservable
from runner.results.analysis.names import UnknownQuantityError, known_qubit, near, numbers_of, split_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from runner.results.analysis.estimates import Estimate
    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.analysis.named_observable import PerBitstring

    Matrix = Sequence[Sequence[float]]
    ReadMatrix = Callable[[str], Matrix]

OCCUPATION: Final = "occupation"
MAGNETIZATION: Final = "magnetization"
STAGGERED: Final = "staggered_magnetization"
ABSOLUTE: Final = "abs_staggered_magnetization"
SQUARED: Final = "squared_staggered_magnetization"
PROBABILITY: Final = "probability"
STRUCTURE: Final = "structure_factor"
COST: Final = "cost"
EVALUATED: Final = "evaluated"
OBSERVABLES: Final = (
    OCCUPATION, MAGNETIZATION, STAGGERED, ABSOLUTE, SQUARED, pairs.CORRELATION, pairs.CORRELATION_AT,
    pairs.JOINT, pairs.JOINT_AT, STRUCTURE, PROBABILITY, COST, tails.CVAR, EVALUATED,
)  # fmt: skip


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
        elif name == tails.CVAR:
            inner = split_name(tails.split_tail(index or "")[2])
            found = tails.cvar(index or "", named_observable(*inner, some, read))
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
        _of_qubit(OCCUPATION, "occupation ⟨n⟩", (0.0, 1.0), known_qubit(index, jobs))
        if index
        else _PLAIN[OCCUPATION]
    )


def _magnetization_of(index: str, jobs: Sequence[MeasuredJob]) -> NamedObservable:
    if not index:
        return _PLAIN[MAGNETIZATION]
    return _of_qubit(MAGNETIZATION, "magnetization ⟨σz⟩", (-1.0, 1.0), known_qubit(index, jobs))


def _of_qubit(name: str, said: str, between: tuple[float, float], qubit: str) -> NamedObservable:
    def of(job: MeasuredJob) -> PerBitstring | None:
        if qubit not in job.qubit_ids:
            return None
        place = job.qubit_ids.index(qubit)
        return lambda bits: between[bits[place] == "1"]

    def at_hand(job: MeasuredJob) -> Estimate:
        return (job.occupation if name == OCCUPATION else job.magnetization).of(qubit)

    return NamedObservable(f"{name}[{qubit}]", f"{said} of {qubit}", *between, of, at_hand=at_hand)


def _probability(index: str, jobs: Sequence[MeasuredJob]) -> NamedObservable:
    lengths = tuple(dict.fromkeys(len(job.qubit_ids) for job in jobs))
    wanted = frozenset(each.strip() for each in index.split(",") if each.strip())
    wrong = [each for each in sorted(wanted) if each.strip("01") or len(each) not in lengths]
    if wrong or not wanted:
        there = (
            counted(lengths[0], "qubit") if len(lengths) == 1 else f"{' or '.join(map(str, lengths))} qubits"
        )
        message = f"{wrong[0]} is no bitstring of {there}" if wrong else "a probability is of a bitstring"
        example = ("01" * max(lengths, default=1))[: max(lengths, default=1)]
        raise UnknownQuantityError(message, f"say probability[{example}]")

    def of(job: MeasuredJob) -> PerBitstring | None:
        fits = any(len(each) == len(job.qubit_ids) for each in wanted)
        return (lambda bits: float(bits in wanted)) if fits else None

    shown = index.replace(" ", "")
    return NamedObservable(
        f"{PROBABILITY}[{shown}]", f"probability of {shown.replace(',', ' or ')}", 0, 1, of
    )


def _structure(index: str, jobs: Sequence[MeasuredJob]) -> NamedObservable:
    most = max((len(job.qubit_ids) for job in jobs), default=1)
    if index == "staggered":
        return NamedObservable(
            f"{STRUCTURE}[{index}]", "structure factor S, staggered", 0, most, _staggered_structure
        )
    k = numbers_of(index)
    if not 1 <= len(k) <= len("xyz"):
        raise UnknownQuantityError(
            "a structure factor is at a k (in rad/µm)", f"say {STRUCTURE}[pi/6] or {STRUCTURE}[staggered]"
        )

    def of(job: MeasuredJob) -> PerBitstring:
        return lattices.structure(lattices.places_of(job), k)

    return NamedObservable(f"{STRUCTURE}[{index}]", f"structure factor S(k), k = {index} rad/µm", 0, most, of)


def _staggered_structure(job: MeasuredJob) -> PerBitstring:
    signed, count = _staggered(job), sum(map(abs, signs_of(job)))
    return lambda bits: count * signed(bits) ** 2


def _cost(index: str, read: ReadMatrix) -> NamedObservable:
    if not index:
        raise UnknownQuantityError("a cost is of a matrix", "say cost[[-1, 2], [0, -1]], or cost[FILE]")
    matrix = costs.written(index) or square(read(index), index)
    value, (low, high) = costs.cost(matrix), costs.bounds(matrix)

    def of(job: MeasuredJob) -> PerBitstring:
        if len(job.qubit_ids) != len(matrix):
            there = counted(len(job.qubit_ids), "qubit")
            raise UsageError(
                f"the matrix has {counted(len(matrix), 'row')}, and {job.name} has {there}",
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
    pairs.CORRELATION: pairs.correlation,
    pairs.CORRELATION_AT: pairs.correlation_at,
    pairs.JOINT: pairs.joint_occupation,
    pairs.JOINT_AT: pairs.joint_occupation_at,
    STRUCTURE: _structure,
    EVALUATED: _evaluated,
}
