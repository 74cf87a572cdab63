"""What one word of YAML means: the core schema of YAML 1.2, less its traps.

`on`, `off`, `yes`, `no`, dates and sexagesimal times are text; `1e3` is a number; numbers with leading zeros,
underscores, or in octal or hexadecimal stay text, so that none of them is silently another number. With an
exponent and no point, a number is whole if it is: `1e3` is 1000.
"""

from __future__ import annotations

import math
import re

Scalar = bool | int | float | str | None

_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]*)", re.ASCII)
_NUMBER = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_BEGINS_NUMBERS = frozenset("+-.0123456789")
EXACT = 2**53 - 1  # above it, JSON's numbers are no longer exact
_DIGITS = 400  # no number of a file needs more


class ScalarError(ValueError):
    """A word that looks like a number but can't be one here."""


def plain_scalar(word: str) -> Scalar:
    """Value of a word that stands without quotes.

    Raises:
        ScalarError: For NaN, infinity, and numbers that can't be kept.
    """
    if word in _NOTHING:
        return None
    if word in _BOOLEANS:
        return _BOOLEANS[word]
    if word[0] not in _BEGINS_NUMBERS:
        return word  # as most keys: no pattern has to say so
    if _NOT_FINITE.fullmatch(word):
        raise ScalarError(f"{word} is not a finite number")
    if _NUMBER.fullmatch(word):
        return _number(word)
    return word


def _number(word: str) -> int | float:
    if len(word) > _DIGITS:
        raise ScalarError(f"a number of {len(word)} characters is too long")
    if not _WHOLE.fullmatch(word):
        value = _finite(word)
        # What has an exponent and no point is as whole as it looks: 1e2 is 100.
        return int(value) if "." not in word and value.is_integer() and abs(value) <= EXACT else value
    if abs(value := int(word)) > EXACT:
        raise ScalarError(f"{word} is too large to be kept exactly: whole numbers stay below 2^53")
    return value


def _finite(word: str) -> float:
    if math.isinf(value := float(word)):
        raise ScalarError(f"{word} is too large for a number")
    return value
