"""Sweeps: values by a rule, and the points that they span. Exact: no sums of floats."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.spec.experiment import Spread

MAX_POINTS = 100_000

Value = int | float | tuple[int | float, ...]


class SweepError(ValueError):
    """A rule that gives no values.

    Args:
        message: What is wrong.

        hint: What to do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def spread_values(spread: Spread) -> tuple[int | float, ...]:
    """The values that `range` or `linspace` stand for.

    Raises:
        SweepError: When the rule gives none, or too many.
    """
    if spread.range is not None:
        return range_values(*spread.range)
    return linspace_values(*spread.value)


def range_values(start: float, stop: float, step: float) -> tuple[int | float, ...]:
    """Values from start to stop in equal steps, both ends included; whole numbers give whole numbers.

    Raises:
        SweepError: When the steps do not lead from start to stop exactly.
    """
    if step == 0:
        raise SweepError("the step of a range can't be 0")
    steps = (exact(stop) - exact(start)) / exact(step)
    if steps < 0:
        raise SweepError(f"a step of {step} does not lead from {start} to {stop}", f"use {-step}")
    if steps + 1 > MAX_POINTS:
        raise SweepError(f"a range has at most {MAX_POINTS} values")
    last = exact(start) + math.floor(steps) * exact(step)
    if last != exact(stop):
        raise SweepError(
            f"steps of {step} do not lead from {start} to {stop}; the last value would be {number(last)}",
            f"end the range at {number(last)}, or use linspace",
        )
    return _numbers((exact(start) + i * exact(step) for i in range(int(steps) + 1)), (start, stop, step))


def linspace_values(start: float, stop: float, count: int) -> tuple[int | float, ...]:
    """Evenly spread values, both ends included; whole numbers if all of them are.

    Raises:
        SweepError: When fewer than two values are asked for, or too many.
    """
    if not 2 <= count <= MAX_POINTS:  # noqa: PLR2004  (two ends)
        raise SweepError(f"linspace gives from 2 to {MAX_POINTS} values, not {count}")
    width = exact(stop) - exact(start)
    return _numbers((exact(start) + width * i / (count - 1) for i in range(count)), (start, stop))


def exact(value: float) -> Fraction:
    """The decimal number that stands in the file, and not the binary one nearest to it."""
    return Fraction(repr(value))


def number(value: Fraction) -> int | float:
    """A whole number if it is one, else a float."""
    return int(value) if value.denominator == 1 else float(value)


def _numbers(values: Iterator[Fraction], given: Sequence[float]) -> tuple[int | float, ...]:
    exactly = tuple(values)
    whole = all(isinstance(each, int) for each in given) and all(each.denominator == 1 for each in exactly)
    return tuple(int(each) if whole else float(each) for each in exactly)


def moving_together(columns: Mapping[str, Sequence[Value]]) -> tuple[dict[str, Value], ...]:
    """Points of one axis: its variables element by element; one that has a single value keeps it.

    Raises:
        SweepError: When the variables have different numbers of values.
    """
    lengths = {name: len(values) for name, values in columns.items() if len(values) != 1}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise SweepError(f"variables that move together need equally many values: {listed}")
    length = next(iter(lengths.values()), 1)
    return tuple(
        {name: values[i if len(values) > 1 else 0] for name, values in columns.items()} for i in range(length)
    )


def product(axes: Sequence[Sequence[Mapping[str, Value]]]) -> Iterator[dict[str, Value]]:
    """Every combination of one point of each axis, the first axis outermost."""
    for points in itertools.product(*axes):
        combined: dict[str, Any] = {}
        for point in points:
            combined |= point
        yield combined
