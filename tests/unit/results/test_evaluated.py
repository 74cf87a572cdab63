"""What an emulator evaluated, from records to arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import a_record, a_wanted_job, an_experiment

from runner.domain.evaluations import Evaluation
from runner.results import Records
from runner.results.gather import gathered

ENERGY, PAIRS = "aaaaaaaa", "bbbbbbbb"
NAMES = {ENERGY: "energy", PAIRS: "correlation_matrix"}


def evaluated(job_id, t, energy, runs=100):
    """A job on record with two observables."""
    found = {
        ENERGY: Evaluation("e", (50.0 * t, 100.0 * t), (energy, 2 * energy)),
        PAIRS: Evaluation("c", (100.0 * t,), (((energy,),),)),
    }
    return a_record(job_id, t=t, runs=runs, observables=found)


def results(*jobs):
    """Of two points; the file calls the observables otherwise than when they were bought."""
    experiment = replace(an_experiment(a_wanted_job(1), a_wanted_job(2)), observables=NAMES)
    return gathered(experiment, jobs)


def test_jobs_of_a_point_are_averaged_by_runs_with_an_error():
    """Of one job there is no error."""
    one, two = results(evaluated("a", 1, 0.0, 100), evaluated("b", 1, 0.4, 300), evaluated("c", 2, 1.0))

    energy = one.evaluated["energy"]
    assert ([50.0, 100.0], [0.3, 0.6]) == ([*energy.times_ns], pytest.approx([*energy.values]))
    assert [0.2, 0.4] == pytest.approx([*energy.errors])
    assert np.isnan(two.evaluated["energy"].errors).all()
    assert (0.6, 0.3) == pytest.approx((energy.at()[0], energy.at(50)[0]))
    with pytest.raises(ValueError, match="energy was evaluated at 50, 100 ns, not at 70 ns"):
        energy.at(70)


def test_arrays_have_a_dimension_of_time():
    """NaN where a point was not evaluated at another's time."""
    xarray = pytest.importorskip("xarray")
    data = results(evaluated("a", 1, 0.5), evaluated("b", 2, 1.0)).to_xarray()

    expected = xarray.DataArray(
        [[0.5, 1.0, np.nan], [np.nan, 1.0, 2.0]],
        coords={"time_ns": [50.0, 100.0, 200.0]},
        dims=("job", "time_ns"),
    )
    xarray.testing.assert_allclose(
        expected, data["evaluated_energy"].drop_vars(["job", "t"]), check_dim_order=True
    )
    assert ("job", "time_ns", "qubit", "qubit_2") == data["evaluated_correlation_matrix"].dims


def test_records_keep_what_was_evaluated(tmp_path):
    """Written and read again, it is the same; what has no values yet as well."""
    jobs = (evaluated("a", 1, 0.25), a_record("b", t=2, observables={ENERGY: Evaluation("e")}))
    records = Records(tmp_path)
    records.add("exp", jobs)

    assert jobs == Records(tmp_path).of_experiment("exp")
