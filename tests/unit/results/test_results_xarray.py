"""Results as labelled arrays: dimensions, coordinates and holes."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import xarray as xr
from builders import a_result, some_results

from runner.errors import UsageError
from runner.results import Sweep
from runner.results.analysis.grids import file_order

GRID = Sweep(0, (("omega_rad_per_us",), ("t_ns",)))
HALF = {"01": 30, "11": 10}


def a_point(counts=HALF, *, sweep=GRID, **variables):
    """A job of a sweep."""
    return a_result(counts, variables=variables, sweep=sweep)


def a_grid(*, leave_out=()):
    """Results of a sweep over two variables, neither of which is sorted."""
    points = [point for point in product((6.0, 3.0), (300, 100, 200)) if point not in leave_out]
    return some_results(*(a_point(omega_rad_per_us=omega, t_ns=t) for omega, t in points))


def plain(array):
    """An array as nested lists, NaN as a word."""
    return np.where(np.isnan(array), np.inf, array).tolist()


def test_dimensions_and_coordinates_are_in_file_order():
    """Neither sorted nor turned; units are those that the names say."""
    found = a_grid().to_xarray()

    assert {"omega_rad_per_us": 2, "t_ns": 3, "qubit": 2} == dict(found.sizes)
    assert ("omega_rad_per_us", "t_ns", "qubit") == found["occupation"].dims
    assert ([6.0, 3.0], [300, 100, 200]) == (
        found["omega_rad_per_us"].values.tolist(),
        found["t_ns"].values.tolist(),
    )
    assert ("rad/µs", "ns") == (found["omega_rad_per_us"].attrs["units"], found["t_ns"].attrs["units"])
    assert ["q0", "q1"] == found["qubit"].values.tolist()
    assert {"experiment": "exp", "recipe": found.attrs["recipe"], "device_type": "EMU_FREE"} == found.attrs


def test_every_number_lies_at_its_point():
    """Whatever the order of the jobs."""
    points = [(6.0, 1), (6.0, 2), (3.0, 1), (3.0, 2)]
    jobs = [
        a_point({"00": 9 - i, "10": 1 + i}, omega_rad_per_us=o, t_ns=t) for i, (o, t) in enumerate(points)
    ]
    found = some_results(*jobs).to_xarray(observables={"ones": lambda bitstring: bitstring.count("1")})

    for i, (omega, t) in enumerate(points):
        assert (1 + i) / 10 == pytest.approx(found["ones"].sel(omega_rad_per_us=omega, t_ns=t).item())
    assert found["occupation"].sel(omega_rad_per_us=3.0, t_ns=2, qubit="q0").item() == pytest.approx(0.4)


def test_points_that_are_left_out_or_missing_are_holes_with_a_status():
    """NaN, 0 runs measured, and never moved."""
    jobs = list(a_grid(leave_out=[(6.0, 300)]))
    jobs[0] = a_point(None, **jobs[0].variables)
    found = some_results(*jobs).to_xarray(
        observables={"ones": lambda bitstring: bitstring.count("1")}, counts=True
    )

    assert [300, 100, 200] == found["t_ns"].values.tolist()
    assert [["ABSENT", "MISSING", "DONE"], ["DONE"] * 3] == found["status"].values.tolist()
    assert [[0, 100, 40], [40, 40, 40]] == found["runs"].values.tolist()
    assert [[0, 0, 40], [40, 40, 40]] == found["measured"].values.tolist()
    assert [[np.inf, np.inf, 1.25], [1.25] * 3] == plain(found["ones"])
    assert [[True, True, False], [False] * 3] == np.isnan(found["magnetization"]).all("qubit").values.tolist()
    assert [[np.inf, np.inf], [np.inf, np.inf], [30.0, 10.0]] == plain(found["counts"][0])
    assert "" == found["job"].values[0, 0]


def test_variables_that_move_together_share_a_dimension():
    """Called after the first of them; a variable with one value is a number."""
    sweep = Sweep(0, (("t_ns", "phi"),))
    jobs = [a_point(t_ns=t, phi=phi, omega=6.0, sweep=sweep) for t, phi in ((2, 0.1), (1, 0.1), (3, 0.3))]
    found = some_results(*jobs).to_xarray()

    assert {"t_ns": 3, "qubit": 2} == dict(found.sizes)
    assert (("t_ns",), [0.1, 0.1, 0.3]) == (found["phi"].dims, found["phi"].values.tolist())
    assert ((), 6.0) == (found["omega"].dims, found["omega"].item())


def test_a_variable_of_several_numbers_has_a_coordinate_for_each():
    """Called as expressions in a file call them."""
    jobs = [a_point(deltas=deltas, sweep=Sweep(0, (("deltas",),))) for deltas in ([1.0, 2.0], [3.0, 4.0])]
    found = some_results(*jobs).to_xarray()

    assert {"deltas": 2, "qubit": 2} == dict(found.sizes)
    assert ([1.0, 3.0], [2.0, 4.0]) == (
        found["deltas[0]"].values.tolist(),
        found["deltas[1]"].values.tolist(),
    )


def test_what_is_included_beside_the_sweep_lies_along_all_dimensions():
    """As it has no axis of its own; NaN where there is no job."""
    jobs = [a_point(omega_rad_per_us=o, t_ns=t, phi=o * t) for o, t in ((1.0, 1), (1.0, 2), (2.0, 1))]
    found = some_results(*jobs).to_xarray()

    assert ("omega_rad_per_us", "t_ns") == found["phi"].dims
    assert [[1.0, 2.0], [2.0, np.inf]] == plain(found["phi"])


def test_a_repeated_point_takes_a_dimension_more():
    """With as many places as the point has jobs."""
    jobs = [a_point({"00": n}, omega_rad_per_us=1.0, t_ns=t) for t, n in ((1, 5), (1, 6), (2, 7))]
    found = some_results(*jobs).to_xarray()

    assert ("omega_rad_per_us", "t_ns", "repeat") == found["measured"].dims
    assert [[[5, 6], [7, 0]]] == found["measured"].values.tolist()
    assert [0, 1] == found["repeat"].values.tolist()


@pytest.mark.parametrize("sweeps", [(None, None), (GRID, None), (GRID, Sweep(1, GRID.axes))])
def test_jobs_of_no_common_sweep_lie_one_behind_the_other(sweeps):
    """Along `job`, with their variables beside them; axes may be named all the same."""
    points = [{"omega_rad_per_us": 2.0, "t_ns": 7}, {"omega_rad_per_us": 1.0, "t_ns": 7}]
    results = some_results(*(a_point(sweep=s, **p) for s, p in zip(sweeps, points, strict=True)))
    found = results.to_xarray()

    assert {"job": 2, "qubit": 2} == dict(found.sizes)
    assert ["omega_rad_per_us=2.0,t_ns=7", "omega_rad_per_us=1.0,t_ns=7"] == found["job"].values.tolist()
    assert (("job",), [2.0, 1.0]) == (
        found["omega_rad_per_us"].dims,
        found["omega_rad_per_us"].values.tolist(),
    )
    named = results.to_xarray(axes=["t_ns", ("omega_rad_per_us",)])
    assert {"t_ns": 1, "omega_rad_per_us": 2, "qubit": 2} == dict(named.sizes)


def test_jobs_without_a_variable_have_none_there():
    """NaN, as no number is known."""
    jobs = (a_point(sweep=None, a=1, b=2), a_point(sweep=None, a=3))

    assert [2.0, np.inf] == plain(some_results(*jobs).to_xarray()["b"])


def test_jobs_with_other_qubits_have_holes_along_them():
    """Qubits come in the order in which they come first."""
    jobs = (a_result({"01": 4}, qubit_ids=("a", "b")), a_result({"10": 4}, qubit_ids=("b", "c")))
    found = some_results(*jobs).to_xarray()

    assert ["a", "b", "c"] == found["qubit"].values.tolist()
    assert [[0.0, 1.0, np.inf], [np.inf, 1.0, 0.0]] == plain(found["occupation"])


def test_variables_called_like_ours_have_a_mark():
    """Nothing is overwritten, neither along an axis nor beside it."""
    jobs = [a_point(runs=r, status=1, sweep=Sweep(0, (("runs",),))) for r in (3, 4)]
    found = some_results(*jobs).to_xarray()

    assert {"runs_": 2, "qubit": 2} == dict(found.sizes)
    assert ([3, 4], [40, 40], 1) == (
        found["runs_"].values.tolist(),
        found["runs"].values.tolist(),
        found["status_"].item(),
    )


def test_counts_lie_along_the_bitstrings_that_were_measured():
    """In lexical order; 0 where another job alone measured it."""
    jobs = [
        a_point({"11": 1, "00": 2}, omega_rad_per_us=1.0, t_ns=1),
        a_point({"01": 3}, omega_rad_per_us=1.0, t_ns=2),
    ]
    found = some_results(*jobs).to_xarray(counts=True)

    assert ["00", "01", "11"] == found["bitstring"].values.tolist()
    assert [[[2.0, 0.0, 1.0], [0.0, 3.0, 0.0]]] == plain(found["counts"])


def test_it_is_kept_in_a_file_and_read_back(tmp_path):
    """In netCDF, holes and texts included."""
    found = a_grid(leave_out=[(6.0, 300)]).to_xarray(counts=True)
    found.to_netcdf(tmp_path / "results.nc")

    with xr.open_dataset(tmp_path / "results.nc") as read:
        xr.testing.assert_identical(found, read.load())


def test_nothing_is_an_empty_array():
    """As `where` may leave it."""
    assert {"job": 0, "qubit": 0} == dict(some_results().to_xarray().sizes)


@pytest.mark.parametrize(
    "words",
    [
        {"axes": ["tt"]},
        {"axes": ["t_ns", "t_ns"]},
        {"axes": [()]},
        {"observables": {"runs": len}},
        {"observables": {"occupation": len}},
    ],
)
def test_what_cannot_be_laid_out_is_refused(words):
    """Unknown axes, the same axis twice, names that are taken."""
    with pytest.raises(UsageError):
        a_grid().to_xarray(**words)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["123", "123"], "123"),
        (["23", "123"], "123"),
        (["13", "123"], "123"),
        (["12", "123"], "123"),
        (["13", "14"], "134"),
        (["3", "1", "312"], "312"),
        (["21", "12"], "21"),
    ],
)
def test_the_order_of_an_axis_is_put_together_from_its_rows(rows, expected):
    """Whatever was left out of which row; where rows contradict each other the first counts."""
    points = [((row_number,), (label,)) for row_number, row in enumerate(rows) for label in row]

    assert expected == "".join(label for (label,) in file_order(points, 1))
