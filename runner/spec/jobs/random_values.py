"""Random values of a sweep: the same on every machine, in every version, in any language.

Draw number i (from 0) of a variable is SHA-256 of the text `seed:variable:i` in UTF-8, read as a whole number
of 256 bits, the first byte highest. Values are made of it exactly, and rounded once.
"""

from __future__ import annotations

import hashlib
import itertools
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING

from runner.spec.values.sweep_values import DIGITS, SweepError, exact, exponent_between

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.spec.models.sweep_rules import Random

_BITS = 256


def drawn_values(random: Random, variable: str) -> tuple[int | float, ...]:
    """The values that `random` stands for.

    Args:
        random: What the file says.

        variable: Whose values they are.

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
