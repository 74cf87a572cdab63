"""Numbers of things in words."""

from __future__ import annotations

import pytest

from runner.domain.numerals import counted


@pytest.mark.parametrize(
    ("number", "noun", "expected"),
    [
        (1, "job", "1 job"),
        (0, "job", "0 jobs"),
        (2, "run", "2 runs"),
        (1, "batch", "1 batch"),
        (3, "batch", "3 batches"),
    ],
)
def test_one_is_no_plural(number, noun, expected):
    """Nor is nothing a singular."""
    assert expected == counted(number, noun)
