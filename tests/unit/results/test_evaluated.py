"""What an emulator evaluated, from records to arrays."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from builders import a_record, a_wanted_job, an_experiment

from runner.domain.evaluations import Evaluation
from runner.errors import UsageError
from runner.project.report.collect import figures
from runner.results import Records
from runner.results.analysis.columns import Quantities
from runner.results.analysis.estimates import Estimate
from runner.results.analysis.names import UnknownQuantityError, split_name
from runner.results.export.compare import difference, significance
from runner.results.gather import gathered
from runner.results.plots.choose import Asked, picture
from runner.results.plots.curves import together
from runner.results.plots.evolutions import over_time
from runner.results.plots.picture import MeasuredValue, PictureKind

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


@pytest.mark.parametrize(("other", "error"), [((0.4, 0.4), 0.1), ((0.4, 0.0), 0.0), ((0.4, 0.2), 0.05)])
def test_the_error_of_a_mean_over_atoms_is_how_the_means_of_jobs_differ(other, error):
    """Noise of a laser shifts all atoms alike: of atoms on their own it would be 0.071 at most."""
    both = [
        a_record(job_id, t=1, runs=100, counts={"00": 100}, qubit_ids=("a", "b"), observables=found)
        for job_id, values in (("a", (0.2, 0.2)), ("b", other))
        for found in [{ENERGY: Evaluation("n", (100.0,), (values,))}]
    ]
    wanted = replace(an_experiment(a_wanted_job(1)), observables={ENERGY: "occupation"}, qubit_ids=("a", "b"))
    jobs = gathered(wanted, both)

    found = Quantities(jobs).found(*split_name("evaluated[occupation]")).of(jobs[0])
    assert ((0.2 + np.mean(other)) / 2, error) == pytest.approx((found.value, found.error))


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


@pytest.mark.parametrize(
    "edited",
    [
        {"values": [0.5]},
        {"values": [0.5, "x"]},
        {"times_ns": [100.0, 50.0]},
        {"times_ns": 7},
        {"values": None},
    ],
)
def test_what_a_person_broke_on_record_loses_only_itself(tmp_path, edited):
    """The job stays bought, with its counts, and says what is wrong."""
    Records(tmp_path).add("exp", [evaluated("a", 1, 0.25)])
    (path,) = tmp_path.glob("*/*/*.jsonl")
    value = json.loads(path.read_text())
    value["observables"][0] |= edited
    path.write_text(json.dumps(value) + "\n")
    (job,) = Records(tmp_path).of_experiment("exp")

    assert {ENERGY: Evaluation("e"), PAIRS: evaluated("a", 1, 0.25).observables[PAIRS]} == job.observables
    assert job.counts
    assert job.errors[0].startswith("the e on record cannot be right: ")


def test_jobs_whose_runs_a_cloud_has_forgotten_count_by_their_results():
    """As they do for bitstrings."""
    one, two = evaluated("a", 1, 0.0, 100), replace(evaluated("b", 1, 0.4, 300), runs=0)

    assert [0.3, 0.6] == pytest.approx([*results(one, two)[0].evaluated["energy"].values])


def test_a_name_is_one_number_at_one_time():
    """Of the end by default; of a matrix both atoms are said."""
    jobs = results(evaluated("a", 1, 0.5), evaluated("b", 2, 0.25))

    said = ("evaluated[energy]", "evaluated[energy@50]", "evaluated[correlation_matrix,q0,q0]")
    assert [[1.0, 0.5], [0.5, None], [0.5, 0.25]] == [
        [
            value and value.value
            for value in (Quantities(jobs).found(*split_name(name)).of(job) for job in jobs)
        ]
        for name in said
    ]


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("evaluated[enrgy]", "no enrgy was evaluated", "did you mean energy?"),
        ("evaluated", "no such thing was evaluated", "names are: energy, correlation_matrix"),
        ("evaluated[energy@70]", "energy was not evaluated at 70 ns", "times are (in ns): 50, 100, 200"),
        ("evaluated[energy@soon]", "soon is no time in ns", "say evaluated[energy]"),
        ("evaluated[energy,q0]", "energy is of no atom", "say evaluated[energy]"),
        ("evaluated[correlation_matrix]", "correlation_matrix is of two atoms", "say evaluated[energy]"),
        ("evaluated[correlation_matrix,q0,q9]", "there is no qubit q9", "qubits are: q0"),
    ],
)
def test_a_name_that_cannot_be_is_told(name, message, hint):
    """With what can be."""
    jobs = results(evaluated("a", 1, 0.5), evaluated("b", 2, 0.25))
    with pytest.raises(UnknownQuantityError) as caught:
        Quantities(jobs).found(*split_name(name))

    assert message == caught.value.message
    assert hint in caught.value.hint


def test_an_evolution_has_a_line_for_each_job():
    """At the times of that job, without error bars that nobody knows."""
    drawn = results(evaluated("a", 1, 0.5), evaluated("b", 2, 0.25))
    body = picture("exp", tuple(drawn), Asked(kind=PictureKind.EVOLUTION)).body

    assert ("t (ns)", "energy (rad/µs)") == (body.x.label, body.y.quantity.label)
    assert [
        ("t = 1", [(50.0, MeasuredValue(0.5)), (100.0, MeasuredValue(1.0))]),
        ("t = 2", [(100.0, MeasuredValue(0.25)), (200.0, MeasuredValue(0.5))]),
    ] == [(line.label, [*line.points]) for line in body.lines]


def test_lines_of_jobs_that_no_variable_tells_apart_have_the_names_of_these():
    """As of repetitions, and of jobs with sequences of their own."""
    both = [
        replace(each, variables={"t": 1}) for each in results(evaluated("a", 1, 0.5), evaluated("b", 2, 1.0))
    ]
    body = picture("exp", tuple(both), Asked(kind=PictureKind.EVOLUTION)).body

    assert [job.name for job in both] == [line.label for line in body.lines]


def test_an_evolution_needs_times():
    """What the file has to say is told."""
    with pytest.raises(UsageError, match="nothing was evaluated over time"):
        picture("exp", tuple(results(a_record("a"))), Asked(kind=PictureKind.EVOLUTION))


def test_what_was_evaluated_is_drawn_over_a_variable():
    """Of jobs that measured the same point, the mean; it is no mean over runs, so that nothing is fitted."""
    drawn = tuple(results(evaluated("a", 1, 0.5, 100), evaluated("b", 1, 0.1, 300), evaluated("c", 2, 0.25)))
    body = picture("exp", drawn, Asked(kind=PictureKind.CURVE, observable="evaluated[energy]")).body

    assert [1.0, 2.0] == [x for x, _ in body.lines[0].points]
    assert [0.4, 0.5] == pytest.approx([value.value for _, value in body.lines[0].points])
    with pytest.raises(UsageError, match="is no mean over runs"):
        picture("exp", drawn, Asked(kind=PictureKind.CURVE, observable="evaluated[energy]", fit="rabi"))


def drawn(title, jobs, **asked):
    """A picture."""
    return picture(title, tuple(jobs), Asked(**asked))


def test_several_experiments_are_drawn_together():
    """Each line with its experiment, on axes that hold all of them."""
    one, other = results(evaluated("a", 1, 0.5)), results(evaluated("b", 1, 4.0))
    both = together(
        [drawn(name, jobs, kind=PictureKind.EVOLUTION) for name, jobs in (("clean", one), ("noisy", other))]
    )

    assert ("clean, noisy", ["clean: t = 1", "noisy: t = 1"]) == (
        both.title,
        [line.label for line in both.body.lines],
    )
    assert (0.5, 8.0) == (both.body.y.low, both.body.y.high)


def test_only_curves_along_the_same_axes_are_drawn_together():
    """What differs is told."""
    jobs = results(evaluated("a", 1, 0.5), evaluated("b", 2, 0.25))
    curve, evolution = (drawn("x", jobs, kind=kind) for kind in (PictureKind.CURVE, PictureKind.EVOLUTION))

    with pytest.raises(UsageError, match="these are different axes"):
        together([curve, evolution])
    with pytest.raises(UsageError, match="only curves and evolutions are drawn together"):
        together([curve, drawn("y", jobs, kind=PictureKind.HISTOGRAM)])


def test_a_report_draws_what_was_evaluated_over_time():
    """Beside the pictures of the bitstrings; what is of two atoms is drawn where they are named."""
    pytest.importorskip("matplotlib")
    jobs = results(evaluated("a", 1, 0.5), evaluated("b", 2, 0.25))
    pairs = {PAIRS: Evaluation("c", (50.0, 100.0), (((0.5,),), ((0.5,),)))}
    pairs[ENERGY] = Evaluation("e", (100.0,), (0.5,))
    only_pairs = results(a_record("a", t=1, observables=pairs))

    assert ["evaluated[energy]"] == over_time(jobs)
    assert [] == over_time(only_pairs)
    assert 1 + len(figures("x", only_pairs, "t1")) == len(figures("x", jobs, "t1"))


def test_a_difference_of_what_has_no_error_has_none():
    """And is no number of standard errors from 0."""
    apart = difference(Estimate(0.25, math.nan), Estimate(0.5, 0.125), runs=(100, 100), shared=0)

    assert ("0.25", None) == (str(apart), significance(apart))
