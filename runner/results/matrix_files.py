"""Matrices in files, as those of costs: JSON (a list of rows) or CSV."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from runner.errors import UsageError


def matrix_in(name: str) -> list[list[float]]:
    """The rows of a matrix in a file.

    Raises:
        UsageError: There is no such file, or it holds no rows of numbers.
    """
    path = Path(name)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"{name}: the matrix cannot be read: {why}") from error
    return _json(name, text) if path.suffix.lower() == ".json" else _csv(name, text)


def _json(name: str, text: str) -> list[list[float]]:
    try:
        rows: list[list[float]] = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"{name}:{error.lineno}:{error.colno}: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name}: this is no JSON that can be read") from error
    return rows


def _csv(name: str, text: str) -> list[list[float]]:
    rows = []
    for number, row in enumerate(csv.reader(text.splitlines()), 1):
        try:
            rows.append([float(cell) for cell in row])
        except ValueError as error:
            hint = "a line for each row, with commas between its numbers; or a .json file"
            raise UsageError(f"{name}:{number}: {error}", hint=hint) from error
    return [row for row in rows if row]
