"""Which jobs are long, and how many of them may run."""

from __future__ import annotations

import pytest

from runner.local.rules.job_costs import estimate_s, is_long, most_long


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        pytest.param(("EMU_FREE", 6, 4000), False, id="a common sweep"),
        pytest.param(("EMU_FREE", 12, 4000), False, id="the largest of PCS's state vector"),
        pytest.param(("FRESNEL", 16, 1000), True, id="16 atoms: 135 s were measured"),
        pytest.param(("EMU_MPS", 5, 1000), False, id="5 atoms of EMU_MPS: 10 s"),
        pytest.param(("EMU_MPS", 16, 1000), True, id="16 atoms of EMU_MPS: 72 s"),
        pytest.param(("EMU_MPS", 25, 300), True, id="25 atoms of EMU_MPS"),
        pytest.param(("EMU_SV", 12, 4000), False, id="12 atoms of EMU_SV"),
        pytest.param(("EMU_SV", 25, 500), True, id="25 atoms of EMU_SV"),
    ],
)
def test_minutes_are_told_from_seconds(job, expected):
    """The estimate is right about what was measured."""
    assert expected is is_long(estimate_s(*job))


def test_more_of_anything_costs_more():
    """Atoms, time, states of an atom, and trajectories of noise."""
    plain = estimate_s("EMU_FREE", 8, 1000)

    assert 2 * plain == estimate_s("EMU_FREE", 8, 2000) == estimate_s("EMU_FREE", 8, 1000, n_trajectories=2)
    for name in ("EMU_FREE", "EMU_SV", "EMU_MPS"):
        costs = [estimate_s(name, n, 1000) for n in (2, 8, 20)]
        assert sorted(set(costs)) == costs
        assert estimate_s(name, 8, 1000, n_bases=2) > estimate_s(name, 8, 1000)


def test_workers_are_kept_for_short_jobs():
    """One by default, as many as configured; never so many that long jobs never run."""
    assert [1, 1, 1, 2, 15] == [most_long(n) for n in (0, 1, 2, 3, 16)]
    assert [2, 1, 1] == [most_long(2, kept) for kept in (0, 1, 9)]
