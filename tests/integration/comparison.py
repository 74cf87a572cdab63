"""Do two samples of bitstrings come from the same distribution?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Mapping

# Two samples of one distribution fall below this once in a million comparisons, whatever they measure: a test
# that makes a dozen of them and can't fix its seeds fails by chance once in a hundred thousand runs. Samples
# of different physics fall far below it.
SAME = 1e-6

_EXPECTED = 5  # below this many expected counts, the chi-square distribution no longer describes a bin


def p_value(first: Mapping[str, int], second: Mapping[str, int]) -> float:
    """How probable two samples at least this different are, if both come from one distribution.

    A chi-square test of homogeneity. Bitstrings that are too rare to count on their own share a bin, which is
    chosen by the sum of both samples, so that it does not depend on how they differ.

    Args:
        first: Bitstring counts.

        second: Bitstring counts; the number of runs may be another one.
    """
    table = _pooled(first, second)
    if table.shape[1] == 1:
        return 1.0  # both samples hold the same single bitstring
    return float(stats.chi2_contingency(table, correction=False).pvalue)


def _pooled(first: Mapping[str, int], second: Mapping[str, int]) -> np.ndarray:
    """Two rows of counts; what is expected less often than five times, in either row, is added up."""
    bitstrings = sorted(first.keys() | second.keys())
    table = np.array(
        [[counts.get(each, 0) for each in bitstrings] for counts in (first, second)], dtype=float
    )
    table = table[:, table.sum(axis=0) > 0]
    smaller = table.sum(axis=1).min() / table.sum()
    rare = table.sum(axis=0) * smaller < _EXPECTED
    if not rare.any():
        return table
    return np.hstack([table[:, ~rare], table[:, rare].sum(axis=1, keepdims=True)])
