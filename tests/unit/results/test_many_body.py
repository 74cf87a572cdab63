"""Quantities of many bodies, each against numpy on single shots, by another route than ours."""

from __future__ import annotations

import json
import math
from itertools import product

import numpy as np
import pytest
from builders import a_result, some_results

from runner.errors import UsageError
from runner.results import Counts
from runner.results.analysis.columns import Quantities
from runner.results.analysis.many_body.correlations import averaged, correlations
from runner.results.analysis.observables import share
from runner.results.export.sheets import Errors, chosen_columns, wide_sheet, with_errors
from runner.results.matrix_files import matrix_in
from runner.results.plots.choose import Asked, picture
from runner.results.plots.picture import PictureKind

SPACING_UM = 6.0
LATTICES = {
    "chain": [(SPACING_UM * x, 0.0) for x in range(8)],
    "square": [(SPACING_UM * x, SPACING_UM * y) for y in range(3) for x in range(3)],
    "cube": [tuple(SPACING_UM * each for each in place) for place in product(range(2), repeat=3)],
}


def a_lattice(name, shots=400, seed=5):
    """A job with shots that have something to do with each other, and the shots themselves."""
    places, rng = LATTICES[name], np.random.default_rng(seed)
    signs = np.array([(-1) ** round(sum(place) / SPACING_UM) for place in places])
    order = rng.choice([-1, 1], (shots, 1)) * signs
    spins = np.where(rng.random((shots, len(places))) < 0.15, -order, order)
    ones = (spins + 1) // 2
    counts = {}
    for row in ones:
        bits = "".join(map(str, row))
        counts[bits] = counts.get(bits, 0) + 1
    ids = tuple(f"q{i}" for i in range(len(places)))
    register = [
        {"name": q, **dict(zip("xyz", place, strict=False))} for q, place in zip(ids, places, strict=True)
    ]
    return a_result(counts, qubit_ids=ids, sequence=lambda: {"register": register}), ones, np.array(places)


@pytest.mark.parametrize("name", LATTICES)
def test_correlations_by_distance_are_those_of_all_pairs_at_it(name):
    """Against numpy's covariances, pair by pair, in one, two and three dimensions."""
    job, ones, places = a_lattice(name)
    covariance = np.cov(ones.T, bias=True)
    expected = {}
    for i in range(len(places)):
        for j in range(i):
            distance = round(float(np.linalg.norm(places[i] - places[j])), 6)
            expected.setdefault(distance, []).append(covariance[i, j])

    found = job.correlations_by_distance()
    assert sorted(expected) == list(found)
    assert [np.mean(expected[at]) for at in found] == pytest.approx([each.value for each in found.values()])
    assert [each.value for each in found.values()] == pytest.approx(
        [job.observable(f"correlation_at[{at}]").value for at in found]
    )


@pytest.mark.parametrize("name", LATTICES)
def test_errors_of_correlations_by_distance_are_those_of_many_repetitions(name):
    """Of 300 more measurements: the spread of the values."""
    job, _, _ = a_lattice(name)
    found = job.correlations_by_distance()
    again = [a_lattice(name, seed=1000 + n)[0].correlations_by_distance() for n in range(300)]

    for at, each in found.items():
        assert np.std([some[at].value for some in again]) == pytest.approx(each.error, rel=0.3), at


def test_the_mean_over_one_pair_is_its_correlation():
    """With the same error and interval."""
    counts = Counts({"00": 36, "01": 24, "10": 24, "11": 16})
    one, pair = averaged(counts, [(0, 1)]), correlations(counts, ("a", "b"))["a", "b"]

    assert (one.value, one.error, *one.interval()) == pytest.approx(
        (pair.value, pair.error, *pair.interval())
    )


def test_the_structure_factor_of_a_chain_is_its_fourier_transform():
    """Against numpy's FFT of each shot, at the k that it has."""
    job, ones, places = a_lattice("chain")
    n = len(places)
    power = np.mean(np.abs(np.fft.fft(2 * ones - 1, axis=1)) ** 2, axis=0) / n

    for m, expected in enumerate(power):
        k = 2 * math.pi * m / (n * SPACING_UM)
        assert expected == pytest.approx(job.structure_factor(k).value)
        assert expected == pytest.approx(job.observable(f"structure_factor[{2 * m} * pi / 48, 0]").value)


@pytest.mark.parametrize("name", ["square", "cube"])
def test_the_structure_factor_is_the_transform_of_all_correlations(name):
    """Σ cos(k·(r_i - r_j)) ⟨σ_i σ_j⟩ / n, pair by pair."""
    job, ones, places = a_lattice(name)
    spins, k = 2 * ones - 1, np.array([0.3, 0.2, 0.1])[: places.shape[1]]
    apart = places[:, None] - places[None]
    expected = np.sum(np.cos(apart @ k) * (spins.T @ spins / len(spins))) / len(places)

    assert expected == pytest.approx(job.structure_factor(tuple(k)).value)


@pytest.mark.parametrize("name", LATTICES)
def test_the_staggered_structure_factor_is_that_at_the_corner(name):
    """K = π/a in each direction; n times the mean of m_st²."""
    job, _, places = a_lattice(name)
    corner = (math.pi / SPACING_UM,) * (1 if name == "chain" else places.shape[1])
    found = job.observable("structure_factor[staggered]")

    assert job.structure_factor(corner).value == pytest.approx(found.value)
    squared = job.observable("squared_staggered_magnetization")
    assert (len(places) * squared.value, len(places) * squared.error) == pytest.approx(
        (found.value, found.error)
    )


def test_the_signed_mean_cancels_and_the_absolute_does_not():
    """Both orders are as frequent; single shots say so, each by itself."""
    job, ones, _ = a_lattice("chain")
    staggered = np.array([np.mean(row[::2]) - np.mean(row[1::2]) for row in ones])
    names = ("staggered_magnetization", "abs_staggered_magnetization", "squared_staggered_magnetization")
    found = [job.observable(name) for name in names]

    expected = [abs(staggered.mean()), np.abs(staggered).mean(), np.mean(staggered**2)]
    assert expected == pytest.approx([abs(found[0].value), found[1].value, found[2].value])
    assert 0.1 > expected[0] < expected[1] > 0.6
    for each, some in zip(found, (staggered, np.abs(staggered), staggered**2), strict=True):
        assert some.std() / math.sqrt(len(some)) == pytest.approx(each.error, rel=0.02)


@pytest.mark.parametrize("name", LATTICES)
def test_distances_have_numbers_from_the_shortest(name):
    """The pairs at them are those at so many µm."""
    job, _, _ = a_lattice(name)

    for kind, (i, at) in product(
        ("correlation_at", "joint_occupation_at"), enumerate(job.correlations_by_distance())
    ):
        assert job.observable(f"{kind}[{at}]") == job.observable(f"{kind}[shell:{i + 1}]")


def test_a_joint_occupation_is_the_share_of_runs_with_both():
    """Of a pair Jeffreys' error of that share; at a distance the mean over its pairs."""
    job, ones, _ = a_lattice("chain")
    both = np.array([ones[:, i] * ones[:, i + 1] for i in range(7)])
    pair, neighbours = job.observable("joint_occupation[q2,q3]"), job.observable("joint_occupation_at[6.0]")

    expected = share(int(both[2].sum()), 400)
    assert (expected.value, expected.error) == pytest.approx((pair.value, pair.error))
    assert both.mean() == pytest.approx(neighbours.value)
    assert both.mean(axis=0).std() / 20 == pytest.approx(neighbours.error, rel=0.02)


def test_a_cvar_is_the_mean_over_a_part_of_the_runs():
    """The lowest or the highest, by sorting single shots; of all runs it is the mean."""
    job, ones, _ = a_lattice("chain")
    ordered = np.sort(2 * ones.mean(axis=1) - 1)
    names = ("cvar[0.2,magnetization]", "cvar[1/8, highest, magnetization]", "cvar[1,magnetization]")
    found = [job.observable(name) for name in names]

    assert [ordered[:80].mean(), ordered[-50:].mean(), ordered.mean()] == pytest.approx(
        [each.value for each in found]
    )
    assert job.observable("magnetization") == found[2]
    assert all(-1 <= each.low < each.value < each.high <= 1 for each in found)


def test_a_tail_in_which_all_runs_agree_is_not_sure():
    """That the lowest fifth has cost -2 is known within a run or so of what else it can be."""
    q = "cost[[-1,2,0],[0,-1,2],[0,0,-1]]"
    found = a_result({"101": 500, "000": 500}, qubit_ids=("a", "b", "c")).observable(f"cvar[0.2,{q}]")

    assert -2 == found.value
    assert 0.001 < found.error < 0.02


Q = [[-1.0, 2.0, 0.5], [0.0, -2.0, 0.0], [0.25, 3.0, 1.0]]


def test_a_cost_adds_up_all_entries_of_its_matrix():
    """Term by term, of each shot; off the diagonal both entries of a pair count."""
    counts = {"000": 5, "101": 20, "110": 30, "011": 45}
    job = a_result(counts, qubit_ids=("a", "b", "c"))
    shots = [bits for bits, n in counts.items() for _ in range(n)]
    costs = [
        sum(Q[i][j] for i, j in product(range(3), repeat=2) if bits[i] == bits[j] == "1") for bits in shots
    ]
    found = [job.cost(Q), job.observable(f"cost{json.dumps(Q)}")]

    assert [np.mean(costs)] * 2 == pytest.approx([each.value for each in found])
    assert [np.std(costs) / 10] * 2 == pytest.approx([each.error for each in found], rel=0.03)
    assert (-3.0, 6.75) == found[0].between


@pytest.mark.parametrize(
    ("name", "text"), [("q.json", json.dumps(Q)), ("q.csv", "-1,2,0.5\n0,-2,0\n\n.25,3,1\n")]
)
def test_a_matrix_may_be_in_a_file(tmp_path, monkeypatch, name, text):
    """As JSON or as CSV; the column is called after it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text, encoding="utf-8")
    job = a_result({"110": 3, "001": 1}, qubit_ids=("a", "b", "c"))
    sheet = wide_sheet([job], chosen_columns([f"cost[{name}]"], Quantities([job], matrix_in)))

    assert (f"cost[{name}]",) == sheet.names
    assert -0.5 == sheet.rows[0][0].value
    assert -0.5 == some_results(job).to_pandas(observables={"E": f"cost[{name}]"})["E"][0]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("q.json", "[[1, 2],\n [3, x]]", "q.json:2:6: Expecting value"),
        ("q.csv", "1,2\n3,x\n", "q.csv:2: 'x' is no number"),
        ("q.csv", "1,2\n", "q.csv is no square matrix: row 1 has 2 numbers, and rows are 1"),
        ("q.csv", "1,nan\n2,3\n", "q.csv is no matrix of finite numbers: see row 1"),
        ("q.csv", "1\n", "the matrix has 1 row, and t=1 has 2 qubits"),
        ("other", "", "q.csv: the matrix cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_holds_no_such_matrix_is_refused(tmp_path, monkeypatch, name, text, said):
    """With its place."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text, encoding="utf-8")
    asked = name if name.startswith("q") else "q.csv"

    with pytest.raises(UsageError) as caught:
        chosen_columns([f"cost[{asked}]"], Quantities([a_result({"01": 1})], matrix_in))
    assert f"--columns cost[{asked}]: {said}" == caught.value.message


def test_a_probability_is_of_any_of_some_bitstrings():
    """Jeffreys' error of the sum of their counts."""
    job = a_result({"00": 60, "01": 25, "10": 15})

    assert (
        job.observable("probability[01,10]") == a_result({"1": 40, "0": 60}, qubit_ids=("q",)).occupation["q"]
    )
    assert 0.4 == job.observable("probability[01, 10, 11]").value


def test_tables_pictures_and_python_have_the_same_values():
    """And the same errors, for every name."""
    job, _, _ = a_lattice("square")
    jobs = some_results(job, a_result(variables={"t": 2}, qubit_ids=job.qubit_ids, sequence=job.sequence))
    zeros = "0" * len(job.qubit_ids)
    names = [
        "magnetization[q3]", "staggered_magnetization", "abs_staggered_magnetization", "correlation[q0,q4]",
        "correlation_at[6.0]", "correlation_at[8.5,0.1]", "structure_factor[pi/6,0]", f"probability[{zeros}]",
        "joint_occupation_at[shell:1]", "cvar[0.2,magnetization]",
        "cvar[0.1,highest,structure_factor[staggered]]",
    ]  # fmt: skip
    sheet = with_errors(wide_sheet(jobs, chosen_columns(names, Quantities(jobs))), Errors.COLUMNS)
    frame = jobs.to_pandas(observables={name: name for name in names})
    arrays = jobs.to_xarray(observables={name: name for name in names})

    for place, name in enumerate(names):
        one = job.observable(name)
        expected = (one.value, one.error, one.low, one.high)
        drawn = picture("exp", jobs, Asked(observable=name)).body.lines[0].points[0][1]
        columns = [name, *(f"{name}_{part}" for part in ("error", "low", "high"))]
        assert expected == pytest.approx(sheet.rows[0][4 * place : 4 * place + 4])
        assert expected == pytest.approx(tuple(frame.loc[0, columns]))
        assert expected == pytest.approx(tuple(float(arrays[column][0]) for column in columns))
        assert expected == pytest.approx((drawn.value, drawn.error, drawn.low, drawn.high))
        assert expected[:2] == pytest.approx((jobs.observable(name).value[0], jobs.observable(name).error[0]))


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("correlation_at[7]", "no two atoms are 7 ± 0.07 µm apart", "6, 8.48528"),
        ("correlation_at", "a correlation is at a distance (in µm)", "correlation_at[6.0]"),
        ("correlation_at[shell:99]", "the atoms have no distance number 99", "distances are: 6, 8.48528"),
        ("correlation_at[shell:x]", "x is no number of a distance", "correlation_at[shell:1]"),
        ("joint_occupation[q0]", "a joint occupation is of two qubits", "joint_occupation[q0,q1]"),
        ("joint_occupation_at", "a joint occupation is at a distance (in µm)", "joint_occupation_at[6.0]"),
        (
            "cvar",
            "a CVaR is of a part of the runs, above 0 and at most 1, and of what",
            "cvar[0.2,cost:q.csv]",
        ),
        ("cvar[0,magnetization]", "a CVaR is of a part of the runs, above 0 and at most 1", "highest"),
        ("cvar[0.2,correlation[q0,q1]]", "correlation[q0,q1] has no value of each run", "a mean over runs"),
        ("cvar[0.2,magnetisation]", "there is no observable magnetisation", "did you mean magnetization?"),
        ("structure_factor[1e99]", "k is too large: an angle of 6e+99 rad has no cos", ""),
        ("structure_factor", "a structure factor is at a k (in rad/µm)", "structure_factor[staggered]"),
        ("structure_factor[1,1,1]", "this register has 2 dimensions, and k has 3", ""),
        ("structure_factor[abc]", "abc is no number", "pi/6"),
        (
            "staggered_magnetization[q0]",
            "staggered_magnetization takes no index",
            "say staggered_magnetization",
        ),
        ("magnetization[q99]", "there is no qubit q99", "q0"),
        ("cost", "a cost is of a matrix", "cost[FILE]"),
        ("cost[[1, 2]]", "no square matrix", "[[-1, 2], [0, -1]]"),
        ("cost[[1,]]", "is no matrix", "[[-1, 2], [0, -1]]"),
        ("cost[q.json]", "there is no matrix q.json", "say its rows"),
        ("entropy", "there is no observable entropy", ""),
    ],
)
def test_what_is_no_observable_is_refused(name, said, hint):
    """With what there is, or how to say it."""
    job, _, _ = a_lattice("square")

    with pytest.raises(UsageError) as caught:
        job.observable(name)
    assert said in caught.value.message
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize("name", ["correlation_at[6]", "structure_factor[1]", "staggered_magnetization"])
def test_without_places_there_is_no_such_observable(name):
    """The sequence is asked for them."""
    with pytest.raises(UsageError, match="the sequence does not tell where the atoms are"):
        a_result({"01": 4}).observable(name)


def test_correlations_are_drawn_by_distance():
    """One line, with the same values as in Python."""
    job, _, _ = a_lattice("square")
    found = picture("exp", [job], Asked(kind=PictureKind.CORRELATIONS))
    ((line,), expected) = (found.body.lines, job.correlations_by_distance())

    assert list(expected) == [x for x, _ in line.points]
    assert [each.low for each in expected.values()] == pytest.approx([each.low for _, each in line.points])
    assert ("distance (µm)", "400 runs; means over pairs; error bars hold 68 %") == (
        found.body.x.label, found.subtitle,
    )  # fmt: skip


def test_correlations_cannot_be_fitted():
    """They are no hits among runs."""
    job, _, _ = a_lattice("chain")
    others = [
        a_result(job.counts, qubit_ids=job.qubit_ids, sequence=job.sequence, variables={"t": t})
        for t in (1, 2, 3)
    ]

    with pytest.raises(UsageError, match="is no mean over runs, and cannot be fitted"):
        some_results(*others).fit("exponential", observable="correlation_at[6]")


def test_colours_of_costs_are_those_of_what_was_measured():
    """Penalties make what is possible far wider; of an occupation they are those of 0 to 1."""
    counts = {(1, 1): {"10": 4}, (2, 1): {"00": 4}, (1, 2): {"10": 1, "00": 3}, (2, 2): {"01": 4}}
    jobs = [a_result(some, variables={"a": a, "b": b}) for (a, b), some in counts.items()]

    def bounds(name):
        shown = picture("exp", jobs, Asked(kind=PictureKind.HEATMAP, observable=name)).body.shown
        return shown.low, shown.high

    assert ((-1.0, 0.0), (0, 1)) == (bounds("cost[[-1,100],[0,-1]]"), bounds("occupation"))


def test_intervals_of_many_bodies_hold_the_truth():
    """Of 300 repetitions of 200 shots in 90 to 99 of 100: a chain in either order, with flips of 15 %."""
    n, order = 8, (1 - 2 * 0.15) ** 2
    found = {
        "correlation_at[6]": -order / 4,
        "correlation_at[12]": order / 4,
        "structure_factor[staggered]": 1 + (n - 1) * order,
    }
    held = dict.fromkeys(found, 0)
    for seed in range(300):
        job, _, _ = a_lattice("chain", shots=200, seed=seed)
        for name, truth in found.items():
            low, high = job.observable(name).interval()
            held[name] += low <= truth <= high

    assert all(270 <= count <= 297 for count in held.values()), held
