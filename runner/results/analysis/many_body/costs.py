"""Costs of bitstrings: zᵀQz, where z_i is 1 or 0 as qubit i was measured. Pure.

All entries of Q count: off the diagonal, Q_ij and Q_ji are added. An upper triangular Q says each pair once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Matrix = Sequence[Sequence[float]]


def square(rows: object, of: str = "Q") -> tuple[tuple[float, ...], ...]:
    """A square matrix of numbers.

    Raises:
        UsageError: It is none.
    """
    try:
        matrix = np.array(rows, dtype=float)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{of} is no matrix of numbers", hint="say its rows: [[-1, 2], [0, -1]]") from error
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():  # noqa: PLR2004
        raise UsageError(
            f"{of} is no square matrix of finite numbers", hint="say its rows: [[-1, 2], [0, -1]]"
        )
    return tuple(tuple(row) for row in matrix.tolist())


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
    """zᵀQz of a bitstring."""
    q = np.array(matrix, dtype=float)

    def of(bits: str) -> float:
        z = np.array([bit == "1" for bit in bits], dtype=float)
        return float(z @ q @ z)

    return of


def bounds(matrix: Matrix) -> tuple[float, float]:
    """Between which no cost can lie outside: the sums of all that lowers it, and of all that raises it."""
    q = np.array(matrix, dtype=float)
    terms = np.concatenate([np.diag(q), (q + q.T)[np.triu_indices(len(q), 1)]])
    return float(np.minimum(terms, 0).sum()), float(np.maximum(terms, 0).sum())
