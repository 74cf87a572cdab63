"""Sweeps: values by a rule, and the points that they span. Exact: no sums of floats."""

from __future__ import annotations

import itertools
import math
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING

from runner.domain.suggestions import HintedError
from runner.spec.yaml_text.limits import LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

DIGITS = 34  # of logarithms: twice those of a float, which is then the same on every machine
_ENDS = 2

Value = int | float | tuple[int | float, ...]


class SweepError(HintedError):
    """A rule that gives no values.

    Args:
        key: Which key of the rule is at fault; empty for all of it.
    """

    def __init__(self, message: str, hint: str = "", *, key: str = "") -> None:
        super().__init__(message, hint)
        self.key = key


def range_values(
    start: float, stop: float, step: float, *, most: int = LIMITS.jobs
) -> tuple[int | float, ...]:
    """Values from start to stop in equal steps, both ends included; whole numbers give whole numbers.

    Raises:
        SweepError: When the steps do not lead from start to stop exactly.
    """
    if step == 0:
        raise SweepError("the step of a range can't be 0")
    steps = (exact(stop) - exact(start)) / exact(step)
    if steps < 0:
        raise SweepError(f"a step of {step} does not lead from {start} to {stop}", f"use {-step}")
    if steps + 1 > most:
        raise SweepError(f"a range has at most {most:,} values")
    last = exact(start) + math.floor(steps) * exact(step)
    if last != exact(stop) and (count := _rounded_steps(start, stop, step)):
        return _evenly(exact(start), (exact(stop) - exact(start)) / count, count + 1, whole=False)
    if last != exact(stop):
        raise SweepError(
            f"steps of {step} do not lead from {start} to {stop}; the last value would be {number(last)}",
            f"end the range at {number(last)}, or use linspace",
        )
    return _evenly(exact(start), exact(step), int(steps) + 1, whole=_whole(start, stop, step))


def _rounded_steps(start: float, stop: float, step: float) -> int:
    """How many steps lead from start to stop but for rounding, as those of pi / 7; 0 if none do."""
    count = round((exact(stop) - exact(start)) / exact(step))
    off = abs(exact(start) + count * exact(step) - exact(stop))
    rounding = (math.ulp(start) + math.ulp(stop) + count * math.ulp(step)) / 2
    return count if off <= rounding else 0


def linspace_values(
    start: float, stop: float, count: int, *, most: int = LIMITS.jobs
) -> tuple[int | float, ...]:
    """Evenly spread values, both ends included; whole numbers if all of them are.

    Raises:
        SweepError: When fewer than two values are asked for, or too many.
    """
    _check_count("linspace", count, most)
    width = exact(stop) - exact(start)
    return _evenly(exact(start), width / (count - 1), count, whole=_whole(start, stop))


def geomspace_values(start: float, stop: float, count: int, *, most: int = LIMITS.jobs) -> tuple[float, ...]:
    """Values of which each is the same multiple of the one before, both ends included exactly.

    Raises:
        SweepError: When fewer than two values are asked for, or too many, or the ends have no ratio above 0.
    """
    _check_count("geomspace", count, most)
    if not (start > 0 < stop or start < 0 > stop):
        raise SweepError("both ends of a geomspace are above 0, or both below it", "use linspace")
    between = exponent_between(start, stop)
    with localcontext(prec=DIGITS):
        inner = tuple(between(Decimal(i) / (count - 1)) for i in range(1, count - 1))
    return (float(start), *inner, float(stop))


def exponent_between(start: float, stop: float) -> Callable[[Decimal], float]:
    """What gives the value at a fraction of the way, on a logarithmic scale; both ends are of one sign.

    To be called within a decimal context of `DIGITS`: powers of floats differ between platforms.
    """
    with localcontext(prec=DIGITS):
        first, last = abs(Decimal(repr(start))).ln(), abs(Decimal(repr(stop))).ln()
    sign = 1 if start > 0 else -1
    return lambda fraction: sign * float((first + (last - first) * fraction).exp())


def _check_count(rule: str, count: int, most: int) -> None:
    if not _ENDS <= count <= most:
        raise SweepError(f"{rule} gives from {_ENDS} to {most:,} values, not {count}")


def exact(value: float) -> Fraction:
    """The decimal number that stands in the file, and not the binary one nearest to it."""
    return Fraction(repr(value))


def number(value: Fraction) -> int | float:
    """A whole number if it is one, else a float."""
    return int(value) if value.denominator == 1 else float(value)


def _whole(*given: float) -> bool:
    return all(isinstance(each, int) for each in given)


def _evenly(first: Fraction, step: Fraction, count: int, *, whole: bool) -> tuple[int | float, ...]:
    """Values in equal steps; whole numbers if they may be and all are.

    Counted in whole numbers over one denominator, and divided once: as exact as fractions, and far quicker.
    """
    below = math.lcm(first.denominator, step.denominator)
    start, width = int(first * below), int(step * below)
    if whole and below == 1:
        return tuple(start + i * width for i in range(count))
    return tuple((start + i * width) / below for i in range(count))


def moving_together(columns: Mapping[str, Sequence[Value]]) -> tuple[dict[str, Value], ...]:
    """Points of one axis: its variables element by element; one that has a single value keeps it.

    Raises:
        SweepError: When the variables have different numbers of values.
    """
    if len(columns) == 1:
        ((name, values),) = columns.items()
        return tuple({name: value} for value in values)
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
        combined: dict[str, Value] = {}
        for point in points:
            combined |= point
        yield combined
