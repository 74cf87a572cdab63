"""A rule of a sweep → the values that it stands for; random ones are the same everywhere, and always.

Draw number i (from 0) of a variable is SHA-256 of the text `seed:variable:i` in UTF-8, read as a whole number
of 256 bits, the first byte highest. Values are made of it exactly, and rounded once.
"""

from __future__ import annotations

import hashlib
import itertools
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING

from runner.spec.values.csv_columns import Table, table_of
from runner.spec.values.referenced_files import CompanionError
from runner.spec.values.sweep_values import (
    DIGITS,
    SweepError,
    exact,
    exponent_between,
    geomspace_values,
    linspace_values,
    range_values,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.spec.models.sweep_rules import Csv, Random, Spread
    from runner.spec.values.referenced_files import Companions
    from runner.spec.yaml_text.limits import Limits


# Values over all rules, for every job that a file may ask for: sweeps have several variables.
_VALUES_A_JOB = 5


class Rules:
    """Spells rules out; a table that several of them name is read once.

    Args:
        limits: How many values a rule may give.
    """

    def __init__(self, companions: Companions, limits: Limits) -> None:
        self.limits = limits
        self._companions = companions
        self._tables: dict[str, Table] = {}
        self._given = 0

    def values(self, spread: Spread, variable: str) -> tuple[int | float, ...]:
        """The values that a rule gives a variable.

        Raises:
            SweepError: When the rule gives none, or too many; or all rules so far do.
        """
        if self._given > (most := _VALUES_A_JOB * self.limits.jobs):
            raise SweepError(f"the sweeps of this file have more than {most:,} values")
        values = self._values(spread, variable)
        self._given += len(values)
        return values

    def _values(self, spread: Spread, variable: str) -> tuple[int | float, ...]:
        most = self.limits.jobs
        if spread.range is not None:
            return range_values(*spread.range, most=most)
        if spread.linspace is not None:
            return linspace_values(*spread.linspace, most=most)
        if spread.geomspace is not None:
            return geomspace_values(*spread.geomspace, most=most)
        if spread.random is not None:
            return self._drawn(spread.random, variable)
        return self._column(spread.value)

    def _drawn(self, random: Random, variable: str) -> tuple[int | float, ...]:
        if random.count > self.limits.jobs:
            message = f"random gives at most {self.limits.jobs:,} values, not {random.count}"
            raise SweepError(message, key="count")
        return drawn_values(random, variable)

    def _column(self, said: Csv) -> tuple[int | float, ...]:
        if said.file not in self._tables:
            try:
                text = self._companions.text(said.file)
            except CompanionError as error:
                raise SweepError(error.message, error.hint, key="file") from error
            self._tables[said.file] = table_of(text, name=said.file, most=self.limits.jobs)
        return self._tables[said.file].numbers(said.column)


_BITS = 256


def drawn_values(random: Random, variable: str) -> tuple[int | float, ...]:
    """The values that `random` stands for.

    Raises:
        SweepError: When there are no such values.
    """
    draws = _draws(random.seed, variable)
    if random.uniform is not None:
        return _uniform(*random.uniform, itertools.islice(draws, random.count))
    if random.log_uniform is not None:
        return _log_uniform(*random.log_uniform, itertools.islice(draws, random.count))
    return _integers(*(random.integers or (0, 0)), random.count, draws)


def _draws(seed: int, variable: str) -> Iterator[int]:
    """Draws without end, each from 0 to 2^256 - 1."""
    for i in itertools.count():
        yield int.from_bytes(hashlib.sha256(f"{seed}:{variable}:{i}".encode()).digest(), "big")


def _uniform(least: float, most: float, draws: Iterator[int]) -> tuple[float, ...]:
    _check_order("uniform", least, most)
    low, width = exact(least), exact(most) - exact(least)
    return tuple(float(low + width * Fraction(draw, 2**_BITS)) for draw in draws)


def _log_uniform(least: float, most: float, draws: Iterator[int]) -> tuple[float, ...]:
    _check_order("log_uniform", least, most)
    if least <= 0:
        raise SweepError("log_uniform has a logarithm, and needs values above 0")
    between = exponent_between(least, most)
    with localcontext(prec=DIGITS):
        return tuple(between(Decimal(draw) / 2**_BITS) for draw in draws)


def _integers(least: int, most: int, count: int, draws: Iterator[int]) -> tuple[int, ...]:
    _check_order("integers", least, most)
    size = most - least + 1
    # Numbers that were drawn before are passed over: near the last ones, most are.
    if 2 * count > size + 1:
        raise SweepError(
            f"{count} of {size} whole numbers are too many to draw, for none comes twice", "use range"
        )
    values: dict[int, None] = {}
    while len(values) < count:
        values[least + next(draws) % size] = None
    return tuple(values)


def _check_order(kind: str, least: float, most: float) -> None:
    if not least < most:
        raise SweepError(
            f"{kind} goes from the smallest to the largest value, and {least} is not below {most}"
        )
