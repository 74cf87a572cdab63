"""What is made of where atoms are: pairs by distance, and the structure factor. Pure."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import combinations
from operator import mul
from typing import TYPE_CHECKING

from runner.domain.expressions.constants import calculated
from runner.domain.expressions.tree import Call, Number
from runner.domain.expressions.words import ExpressionError
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runner.results.analysis.job_result import MeasuredJob

    Pair = tuple[int, int]


def places_of(job: MeasuredJob) -> list[tuple[float, ...]]:
    """Where the atoms of a job are (in µm), in the order of the bitstrings.

    Raises:
        UsageError: Its sequence does not tell.
    """
    known = job.positions_um
    if not job.qubit_ids or not all(qubit in known for qubit in job.qubit_ids):
        raise UsageError(
            f"{job.name}: the sequence does not tell where the atoms are",
            hint="it is that of the file, or of the manifest beside the records",
        )
    return [known[qubit] for qubit in job.qubit_ids]


def shells(places: Sequence[tuple[float, ...]], tolerance_um: float) -> dict[float, list[Pair]]:
    """Pairs by distance (in µm), the nearest first; those that differ by less than a tolerance together."""
    apart = sorted((math.dist(places[i], places[j]), (i, j)) for i, j in combinations(range(len(places)), 2))
    found: list[tuple[float, list[tuple[float, Pair]]]] = []
    for distance, pair in apart:
        if not found or distance - found[-1][0] > tolerance_um:
            found.append((distance, []))
        found[-1][1].append((distance, pair))
    return {
        round(sum(distance for distance, _ in some) / len(some), 6): [pair for _, pair in some]
        for _, some in found
    }


def pairs_at(places: Sequence[tuple[float, ...]], distance_um: float, tolerance_um: float) -> list[Pair]:
    """Pairs at a distance, within a tolerance."""
    return [
        (i, j)
        for i, j in combinations(range(len(places)), 2)
        if abs(math.dist(places[i], places[j]) - distance_um) <= tolerance_um
    ]


def structure(places: Sequence[tuple[float, ...]], k_rad_per_um: Sequence[float]) -> Callable[[str], float]:
    """|Σ σz_j exp(i k·r_j)|² / n of a bitstring of n atoms, the same on every machine.

    Raises:
        UsageError: k has a direction that the register does not have.
    """
    dimensions = len(places[0])
    if any(k_rad_per_um[dimensions:]):
        raise UsageError(f"this register has {dimensions} dimensions, and k has {len(k_rad_per_um)}")
    angles = [math.fsum(map(mul, k_rad_per_um, place)) for place in places]
    cosines, sines = ([_exactly(function, angle) for angle in angles] for function in ("cos", "sin"))

    def of(bits: str) -> float:
        real, imaginary = (
            math.fsum(each if bit == "1" else -each for each, bit in zip(parts, bits, strict=True))
            for parts in (cosines, sines)
        )
        return (real**2 + imaginary**2) / len(bits)

    return of


@lru_cache(maxsize=10_000)
def _exactly(function: str, angle: float) -> float:
    try:
        return calculated(Call(function, Number(angle)))
    except ExpressionError as error:
        raise UsageError(f"k is too large: an angle of {angle:g} rad has no {function}") from error
