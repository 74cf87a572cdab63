"""Observables of pairs of qubits, by name: of two qubits, or of all pairs at a distance. Pure."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from runner.errors import UsageError
from runner.results.analysis import many_body
from runner.results.analysis.many_body.lattices import pairs_at, places_of, shells
from runner.results.analysis.named_observable import NamedObservable
from runner.results.analysis.names import UnknownQuantityError, known_qubit, listed, numbers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runner.results.analysis.counts import Counts
    from runner.results.analysis.estimates import Estimate
    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.analysis.named_observable import PerBitstring

    Pairs = list[tuple[int, int]]

CORRELATION: Final = "correlation"
CORRELATION_AT: Final = "correlation_at"
JOINT: Final = "joint_occupation"
JOINT_AT: Final = "joint_occupation_at"
SHELL: Final = "shell:"
_TOLERANCE: Final = 0.01  # of a distance
_TOLERANCE_UM: Final = 0.05  # of distances that are one
_PAIR: Final = 2
_MOST_CORRELATED: Final = 0.25


class ChosenPairs(NamedTuple):
    """Which pairs a name means.

    Args:
        said: In words.

        places: Gives their places in the bitstrings of a job.
    """

    said: str
    places: Callable[[MeasuredJob], Pairs]


def correlation(index: str, jobs: Sequence[MeasuredJob]) -> NamedObservable:
    """⟨n₀n₁⟩ − ⟨n₀⟩⟨n₁⟩ of two qubits.

    Raises:
        UnknownQuantityError: The index names no two qubits.
    """
    one, other, chosen = _two(CORRELATION, index, jobs)
    found = _connected(f"{CORRELATION}[{one},{other}]", chosen)
    return replace(found, at_hand=lambda job: job.correlations.of(one, other))


def correlation_at(index: str, _: Sequence[MeasuredJob]) -> NamedObservable:
    """Its mean over all pairs at a distance.

    Raises:
        UnknownQuantityError: The index is no distance.
    """
    return _connected(f"{CORRELATION_AT}[{index}]", _at(CORRELATION_AT, index))


def joint_occupation(index: str, jobs: Sequence[MeasuredJob]) -> NamedObservable:
    """⟨n₀n₁⟩ of two qubits.

    Raises:
        UnknownQuantityError: The index names no two qubits.
    """
    one, other, chosen = _two(JOINT, index, jobs)
    return _joint(f"{JOINT}[{one},{other}]", chosen)


def joint_occupation_at(index: str, _: Sequence[MeasuredJob]) -> NamedObservable:
    """Its mean over all pairs at a distance.

    Raises:
        UnknownQuantityError: The index is no distance.
    """
    return _joint(f"{JOINT_AT}[{index}]", _at(JOINT_AT, index))


def _connected(name: str, chosen: ChosenPairs) -> NamedObservable:
    def of(job: MeasuredJob) -> PerBitstring | None:
        return (lambda _: math.nan) if chosen.places(job) else None

    def statistic(job: MeasuredJob, counts: Counts) -> Estimate:
        return many_body.correlations.averaged(counts, chosen.places(job))

    def influence(job: MeasuredJob, counts: Counts) -> list[float]:
        return _products_apart(counts, chosen.places(job))

    label = f"correlation ⟨nn⟩ − ⟨n⟩⟨n⟩ {chosen.said}"
    return NamedObservable(name, label, -_MOST_CORRELATED, _MOST_CORRELATED, of, statistic, influence)


def _joint(name: str, chosen: ChosenPairs) -> NamedObservable:
    def of(job: MeasuredJob) -> PerBitstring | None:
        pairs = chosen.places(job)
        if not pairs:
            return None
        return lambda bits: sum(bits[i] == "1" == bits[j] for i, j in pairs) / len(pairs)

    return NamedObservable(name, f"joint occupation ⟨nn⟩ {chosen.said}", 0, 1, of)


def _products_apart(counts: Counts, pairs: Pairs) -> list[float]:
    """The mean over some pairs of (n_i - ⟨n_i⟩)(n_j - ⟨n_j⟩), of each different bitstring."""
    ones = [
        sum(count for bits, count in counts.items() if bits[place] == "1") for place in range(counts.n_qubits)
    ]
    apart = [(-one / counts.total, 1 - one / counts.total) for one in ones]
    return [
        math.fsum(apart[i][bits[i] == "1"] * apart[j][bits[j] == "1"] for i, j in pairs) / len(pairs)
        for bits in counts
    ]


def _two(name: str, index: str, jobs: Sequence[MeasuredJob]) -> tuple[str, str, ChosenPairs]:
    names = [each.strip() for each in index.split(",") if each.strip()]
    if len(names) != _PAIR:
        kind = name.replace("_", " ")
        raise UnknownQuantityError(f"a {kind} is of two qubits", f"say {name}[q0,q1]")
    one, other = (known_qubit(each, jobs) for each in names)

    def places(job: MeasuredJob) -> Pairs:
        there = {one, other} <= {*job.qubit_ids}
        return [(job.qubit_ids.index(one), job.qubit_ids.index(other))] if there else []

    return one, other, ChosenPairs(f"of {one} and {other}", places)


def _at(name: str, index: str) -> ChosenPairs:
    if index.startswith(SHELL):
        return _in_shell(name, index.removeprefix(SHELL))
    numbers = numbers_of(index)
    if not 1 <= len(numbers) <= _PAIR:
        kind = name.removesuffix("_at").replace("_", " ")
        hint = f"say {name}[6.0], or {name}[{SHELL}1] for neighbours"
        raise UnknownQuantityError(f"a {kind} is at a distance (in µm)", hint)
    distance, tolerance = (*numbers, _TOLERANCE * numbers[0])[:_PAIR]

    def places(job: MeasuredJob) -> Pairs:
        there = places_of(job)
        if found := pairs_at(there, distance, tolerance):
            return found
        known = [f"{each:g}" for each in shells(there, tolerance)]
        message = f"no two atoms are {distance:g} ± {tolerance:g} µm apart"
        raise UsageError(message, hint=_known_distances(known))

    return ChosenPairs(f"at {distance:g} µm", places)


def _known_distances(known: Sequence[str]) -> str:
    return f"distances are: {listed(known, 12)}" if known else "there is a single atom"


def _in_shell(name: str, number: str) -> ChosenPairs:
    """Pairs at one of the distances that a register has, the shortest of which is 1."""
    if not number.isdecimal() or int(number) < 1:
        raise UnknownQuantityError(f"{number} is no number of a distance", f"say {name}[{SHELL}1]")

    def places(job: MeasuredJob) -> Pairs:
        found = shells(places_of(job), _TOLERANCE_UM)
        if int(number) <= len(found):
            return list(found.values())[int(number) - 1]
        message = f"the atoms have no distance number {number}"
        raise UsageError(message, hint=_known_distances([f"{each:g}" for each in found]))

    return ChosenPairs(f"at distance {number}", places)
