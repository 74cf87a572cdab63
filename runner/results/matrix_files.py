"""Matrices in files, as those of costs."""

from __future__ import annotations

from pathlib import Path

from runner.domain.matrices import rows_in
from runner.errors import UsageError


def matrix_in(name: str) -> list[list[float]]:
    """The rows of a matrix in a file.

    Raises:
        UsageError: There is no such file, or it holds no rows of numbers.
    """
    try:
        text = Path(name).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"{name}: the matrix cannot be read: {why}") from error
    return rows_in(name, text)
