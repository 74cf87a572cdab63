"""Costs of bitstrings: zᵀQz, where z_i is 1 or 0 as qubit i was measured. Pure.

All entries of Q count: off the diagonal, Q_ij and Q_ji are added. An upper triangular Q says each pair once.
"""

from __future__ import annotations

import json
import math
from itertools import chain, compress
from typing import TYPE_CHECKING

from runner.domain.matrices import square
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Matrix = Sequence[Sequence[float]]


def written(text: str) -> tuple[tuple[float, ...], ...] | None:
    """A matrix as its rows are written in brackets; None for what is something else, as the name of a file.

    Raises:
        UsageError: It begins like a matrix and is none.
    """
    if not text.lstrip().startswith("["):
        return None
    try:
        return square(json.loads(f"[{text}]"))
    except ValueError as error:
        raise UsageError(f"cost[{text}] is no matrix", hint="say cost[[-1, 2], [0, -1]]") from error


def cost(matrix: Matrix) -> Callable[[str], float]:
    """zᵀQz of a bitstring, rounded once: the same on every machine."""

    def of(bits: str) -> float:
        ones = [bit == "1" for bit in bits]
        return math.fsum(chain.from_iterable(compress(row, ones) for row in compress(matrix, ones)))

    return of


def bounds(matrix: Matrix) -> tuple[float, float]:
    """Between which no cost can lie outside: the sums of all that lowers it, and of all that raises it."""
    n = len(matrix)
    terms = [matrix[i][j] + matrix[j][i] for i in range(n) for j in range(i)]
    terms += [matrix[i][i] for i in range(n)]
    return math.fsum(min(term, 0.0) for term in terms), math.fsum(max(term, 0.0) for term in terms)
