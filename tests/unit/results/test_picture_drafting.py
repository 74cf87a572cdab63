"""Which picture results make, and what is on it."""

from __future__ import annotations

import math

import pytest
from builders import a_result, some_results
from scipy.stats import beta

from runner.errors import UsageError
from runner.results import ResultStatus, Sweep
from runner.results.plots.choose import Asked, picture
from runner.results.plots.curves import evenly
from runner.results.plots.labels import AxisQuantity, quantity_of, short, ticks
from runner.results.plots.picture import (
    Bar,
    Blockade,
    CurveLine,
    Curves,
    DrawnAtom,
    Heatmap,
    Histogram,
    Hole,
    Measured,
    MeasuredValue,
    PictureKind,
)

HALF = {"00": 50, "10": 50}
OCCUPATION = Measured(quantity=AxisQuantity("mean occupation ⟨n⟩"), low=0, high=1)


def a_share(hits, runs, low=0):
    """What is read off a share: Jeffreys' error and interval, which holds the share."""
    known = beta(hits + 0.5, runs - hits + 0.5, loc=low, scale=1 - low)
    value, (down, up) = low + (1 - low) * hits / runs, known.interval(math.erf(math.sqrt(0.5)))
    ends = pytest.approx((min(down, value), max(up, value)))
    return MeasuredValue(pytest.approx(value), pytest.approx(known.std()), ends)


def a_quarter():
    """What is read off HALF: the mean of two qubits of which one varies."""
    error = beta(50.5, 50.5).std() / 2
    both = 0.25 * 0.75 / error**2 - 1  # of a beta distribution with this mean and error
    ends = beta(0.25 * both, 0.75 * both).interval(math.erf(math.sqrt(0.5)))
    return MeasuredValue(0.25, pytest.approx(error), pytest.approx(ends))


def a_point(counts=HALF, **variables):
    """A job at a point."""
    return a_result(counts, variables=variables)


def a_grid(xs, ys, leave_out=()):
    """Jobs at all points of a grid but some."""
    return [a_point(y=y, x_ns=x) for y in ys for x in xs if (x, y) not in leave_out]


@pytest.mark.parametrize(
    ("jobs", "asked", "expected"),
    [
        ([a_point(t=1)], Asked(), Histogram),
        ([a_point(t=1), a_point(t=2)], Asked(), Curves),
        ([a_point(t=1), a_point(t=2)], Asked(job="t=2"), Histogram),
        (a_grid((1, 2, 3), (1, 2, 3)), Asked(), Heatmap),
        (a_grid((1, 2, 3), (1, 2)), Asked(), Curves),
        (a_grid((1, 2, 3), (1, 2)), Asked(y="y"), Heatmap),
        ([a_point(x=1, y=2, z=3), a_point(x=2, y=1, z=4), a_point(x=1, y=1, z=5)], Asked(), Curves),
        ([a_point(x=i, y=3 * i) for i in range(5)], Asked(), Curves),
    ],
    ids=["none", "one", "job", "two", "two values", "y", "three", "together"],
)
def test_the_kind_is_chosen_from_what_varies(jobs, asked, expected):
    """Nothing, one variable, or two that make a grid."""
    assert expected is type(picture("exp", jobs, asked).body)


def test_without_a_name_the_job_with_most_1s_is_drawn():
    """Per run and qubit, the first of several; a job without results is none of them."""
    jobs = [
        a_point({"00": 100}, t=1),
        a_point(None, t=2),
        a_point({"01": 40, "00": 40}, t=3),
        a_point({"10": 5, "01": 5, "00": 10}, t=4),
        a_point({"00": 1, "11": 0}, t=5),
    ]
    drawn = picture("exp", jobs, Asked(kind=PictureKind.HISTOGRAM))
    empty = picture("exp", [a_point(None, t=1), a_point(None, t=2)], Asked(kind=PictureKind.HISTOGRAM))

    assert ("exp: t=3", "of 5 jobs, the one with most 1s; choose another by its name") == (
        drawn.title,
        drawn.notes[0],
    )
    assert ("exp: t=1", "of 2 jobs, the first; choose another by its name") == (empty.title, empty.notes[0])


def test_a_blockade_is_drawn_on_a_register():
    """Which is the kind then; lines need a radius, and no other kind takes one."""
    job = a_result(
        {"01": 10}, sequence=lambda: {"register": [{"name": f"q{i}", "x": i, "y": 2} for i in (0, 1)]}
    )
    body = picture("exp", [job], Asked(blockade_radius_um=7.2, interaction_graph=True)).body

    assert Blockade(7.2, shows_radius=True, shows_graph=True) == body.blockade
    with pytest.raises(UsageError, match="an interaction graph needs a blockade radius"):
        picture("exp", [job], Asked(interaction_graph=True))
    with pytest.raises(UsageError, match="a histogram takes no choice of a blockade"):
        picture("exp", [job], Asked(kind=PictureKind.HISTOGRAM, blockade_radius_um=7.2))


def test_a_histogram_has_the_most_frequent_bitstrings_and_the_rest():
    """Each with its share, and Jeffreys' standard error and interval of it."""
    found = picture("exp", [a_result({"00": 60, "01": 20, "10": 15, "11": 5})], Asked(top=2))

    share = {hits / 100: a_share(hits, 100) for hits in (60, 20)}
    assert ("exp: t=1", "100 runs; bitstrings from q0 to q1") == (found.title, found.subtitle)
    assert (
        Bar("00", 60, share[0.6]),
        Bar("01", 20, share[0.2]),
        Bar("2 others", 20, share[0.2], is_rest=True),
    ) == found.body.bars


def test_a_curve_has_a_line_for_each_value_of_the_others():
    """By rising x, with a gap where a result is missing, which is said."""
    jobs = [a_point(t_ns=300, delta_rad_per_us=1.0), a_point(t_ns=100, delta_rad_per_us=1.0)]
    jobs += [
        a_point(None, t_ns=200, delta_rad_per_us=1.0),
        a_point({"11": 9}, t_ns=100, delta_rad_per_us=0.5),
    ]
    found = picture("exp", jobs, Asked())

    delta, quarter = AxisQuantity("δ", unit="rad/µs"), a_quarter()
    lines = (
        CurveLine(((delta, 0.5),), ((100, a_share(9, 9)),)),
        CurveLine(((delta, 1.0),), ((100, quarter), (200, None), (300, quarter))),
    )
    assert Curves(x=AxisQuantity("t", unit="ns"), y=OCCUPATION, lines=lines) == found.body
    assert ("no results yet: 1 of 4 jobs (t_ns=200,delta_rad_per_us=1.0)",) == found.notes
    assert "δ = 0.5 rad/µs" == lines[0].label


def test_jobs_of_the_same_point_are_added_up():
    """A point that the file repeats is one point of the curve."""
    jobs = [a_point({"00": 30}, t=1), a_point({"11": 10}, t=1), a_point({"11": 7}, t=2)]

    points = picture("exp", jobs, Asked()).body.lines[0].points
    assert [(1.0, 0.25), (2.0, 1.0)] == [(x, each.value) for x, each in points]


def test_runs_below_a_picture_are_those_of_a_point():
    """Of all jobs that measured it: a point that is repeated four times has four times as many."""
    jobs = [a_point({"00": 10}, x_ns=x, y=y) for x in (1, 2, 3) for y in (1, 2, 3) for _ in range(4)]
    found = [
        picture("exp", jobs, Asked(kind=kind)).subtitle for kind in (PictureKind.CURVE, PictureKind.HEATMAP)
    ]

    assert ["40 runs a point; error bars hold 68 %", "40 runs a point"] == found


def test_no_line_crosses_a_point_that_the_file_excludes():
    """There is a gap, but only in the line that the exclusion is about, and it is said why."""
    sweep = Sweep(0, (("omega",), ("t",)), ((("omega", 1), ("t", 2)), (("t", 4),)))
    asked = [(1, 1), (1, 3), (1, 5), (2, 1), (2, 2), (2, 3), (2, 5)]
    jobs = [a_result(HALF, variables={"omega": omega, "t": t}, sweep=sweep) for omega, t in asked]

    found = picture("exp", jobs, Asked(kind=PictureKind.CURVE, x="t"))
    there = [[(x, reading is not None) for x, reading in line.points] for line in found.body.lines]
    rest = [(3, True), (4, False), (5, True)]
    assert [[(1, True), (2, False), *rest], [(1, True), (2, True), *rest]] == there
    assert ("gaps: points that the file excludes",) == found.notes


def test_a_heatmap_tells_what_is_missing_from_what_was_not_asked_for():
    """Values rise along both axes, whatever the order of the jobs."""
    jobs = [*a_grid((2, 1), (1, 2, 3), leave_out=[(2, 3)]), a_point(None, x_ns=3, y=2)]
    found = picture("exp", jobs, Asked(kind=PictureKind.HEATMAP))

    there, no, gone = a_quarter(), Hole.ABSENT, Hole.MISSING
    assert ((1, 2, 3), (1, 2, 3)) == (found.body.xs, found.body.ys)
    assert ((there, there, no), (there, there, gone), (there, no, no)) == found.body.rows
    assert ("hatched: no result", "blank: not asked for") == found.notes[:2]


def test_a_register_has_each_atom_at_its_place():
    """With its own mean and error."""
    job = a_result(
        {"01": 10}, sequence=lambda: {"register": [{"name": f"q{i}", "x": i, "y": 2} for i in (0, 1)]}
    )
    body = picture("exp", [job], Asked(kind=PictureKind.REGISTER, observable="magnetization")).body

    assert (
        DrawnAtom("q0", (0.0, 2.0), a_share(0, 10, low=-1)),
        DrawnAtom("q1", (1.0, 2.0), a_share(10, 10, low=-1)),
    ) == body.atoms


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("occupation", 0.5),
        ("magnetization", 0.0),
        ("staggered_magnetization", 0.5),
        ("probability:10", 0.75),
        ("probability[10]", 0.75),
        ("q0", 0.75),
        ("occupation[q1]", 0.25),
    ],
)
def test_observables_have_their_value(name, expected):
    """Of 3 times 10 and once 01, by hand."""
    pair = {"register": [{"name": f"q{i}", "x": 5 * i, "y": 0} for i in range(2)]}
    jobs = [a_result({"10": 3, "01": 1}, variables={"t": 1}, sequence=lambda: pair), a_point(None, t=2)]

    assert expected == pytest.approx(
        picture("exp", jobs, Asked(observable=name)).body.lines[0].points[0][1].value
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"observable": "magnetisation"}, "did you mean magnetization"),
        ({"observable": "probability:012"}, "012 is no bitstring of 2 qubits"),
        ({"x": "s"}, "s does not vary"),
        ({"job": "no"}, "no job 'no'"),
        ({"kind": PictureKind.HEATMAP}, "needs two variables"),
        ({"kind": PictureKind.REGISTER}, "nobody knows where"),
        ({"kind": PictureKind.HISTOGRAM, "observable": "q0"}, "takes no choice of an observable"),
        ({"kind": PictureKind.CURVE, "job": "t=1"}, "takes no choice of a job"),
    ],
)
def test_what_cannot_be_drawn_is_refused(words, message):
    """With what there is instead."""
    with pytest.raises(UsageError, match=message):
        picture("exp", [a_point(t=1), a_point(t=2)], Asked(**words))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("t_ns", "t (ns)"),
        ("omega_max_rad_per_us", "Ω_max (rad/µs)"),
        ("omega_max", "Ω_max"),
        ("spacing_um", "spacing (µm)"),
        ("v[1]", "v_1"),
        ("qubits[left]", "trap of left"),
        ("temperature_uk", "temperature (µK)"),
    ],
)
def test_axes_are_labelled_as_in_papers(name, expected):
    """Letters for their names, and the unit that the name says."""
    assert expected == quantity_of(name).label


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "0"), (6.283185, "6.283"), (-0.5, "−0.5"), (4000, "4000"), (1.5e-5, "1.5e−5"), (2e6, "2e6")],
)
def test_numbers_are_short(number, expected):
    """Four digits, and a true minus sign."""
    assert expected == short(number)


def test_ticks_are_round_and_lines_are_chosen_evenly():
    """No more than there is room for."""
    assert [0.0, 0.5, 1.0] == ticks(-0.1, 1.2, 4)
    assert [3.0] == ticks(3.0, 3.0, 4)
    assert [0, 2, 5, 8, 10] == [round(each) for each in evenly(range(11), 5)]
    assert [1, 2] == evenly([1, 2], 5)


def test_nothing_yet_is_a_picture_too():
    """It says so."""
    results = some_results(a_point(None, t=1), a_result(None, variables={"t": 2}, status=ResultStatus.ERROR))
    found = picture("exp", results, Asked())

    assert (("no results yet: 1 of 2 jobs (t=1)", "failed: 1 of 2 jobs (t=2)"), "") == (
        found.notes,
        found.subtitle,
    )
    assert () == picture("exp", results, Asked(job="t=1")).body.bars
