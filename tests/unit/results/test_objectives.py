"""Scores of objectives and their errors, each against a closed formula, single shots or a simulation."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from builders import a_record, a_result, a_wanted_job, an_experiment
from scipy.stats import beta

from runner.domain.evaluations import Evaluation
from runner.errors import UsageError
from runner.results.analysis.objectives.readings import asked_first, asked_then
from runner.results.analysis.objectives.scores import named_values, score
from runner.results.gather import gathered

IDS = ("q0", "q1", "q2")
REGISTER = [{"name": name, "x": 6.0 * i, "y": 0.0} for i, name in enumerate(IDS)]
Q = [[-1.0, 2.0, 0.5], [0.0, -2.0, 0.0], [0.25, 3.0, 1.0]]
LET = {
    "p": {"probability": ["101", "010"]},
    "n0": {"occupation": "q0"},
    "n1": {"occupation": "q1"},
    "m": "magnetization",
    "neel": {"structure_factor": {"signs": "checkerboard"}},
    "s": {"structure_factor": {"k_rad_per_um": [0.3]}},
    "c": {"correlation": {"qubits": ["q0", "q1"]}},
    "near": {"correlation": {"distance": 1}},
    "far": {"correlation": {"distance_um": 12.0, "connected": False}},
    "cost": {"qubo": {"rows": Q}},
    "low": {"cvar": {"of": "cost", "fraction": 0.3}},
    "top": {"cvar": {"of": "m", "fraction": 0.25, "tail": "highest"}},
    "z": {"python": "f.py:second"},
}
BITS = ["".join(each) for each in product("01", repeat=3)]
SHARES = np.array([0.3, 0.1, 0.05, 0.15, 0.1, 0.12, 0.08, 0.1])


def a_job(counts):
    """A chain of three atoms with these counts."""
    return a_result(counts, qubit_ids=IDS, sequence=lambda: {"register": REGISTER})


def second(counts):
    """Share of runs in which the second atom is 1."""
    return sum(runs for bits, runs in counts.items() if bits[1] == "1") / sum(counts.values())


def answers(job, of=second):
    """What a function in Python gives for all that it is asked of a job."""
    if not job.counts:
        return {}
    first = given(of, asked_first(job.counts))
    then = asked_then(job.counts, first)
    return {("f.py:second", job.key): [*first, *(given(of, then) if then else ())]}


def given(of, asked):
    """What a function gives for each row of some runs."""
    rows = (dict(zip(asked.bitstrings, row, strict=True)) for row in asked.rows)
    return [of({bits: runs for bits, runs in row.items() if runs}) for row in rows]


def scored(formula, job, way="maximize", of=second):
    """What a formula comes to."""
    return score({way: formula, "let": LET}, job, answers=answers(job, of))


def drawn(runs, times, seed=5):
    """Jobs of so many runs each, by the shares."""
    some = np.random.default_rng(seed).multinomial(runs, SHARES, size=times)
    return [a_job(dict(zip(BITS, map(int, row), strict=True))) for row in some]


JOB = drawn(500, 1)[0]
SHOTS = np.array([[int(bit) for bit in bits] for bits, n in JOB.counts.items() for _ in range(n)])
COSTS = np.einsum("si,ij,sj->s", SHOTS, np.array(Q), SHOTS)


@pytest.mark.parametrize("hits", [0, 1, 37, 100])
def test_a_probability_has_the_error_of_its_posterior_distribution(hits):
    """Jeffreys', as everywhere; a formula that is a straight line stretches error and interval."""
    job = a_job({"101": hits, "000": 100 - hits})
    posterior = beta(hits + 0.5, 100 - hits + 0.5)
    found, stretched = scored("p", job), scored("3 - 2 * p", job, "minimize")

    assert (hits / 100, posterior.std()) == pytest.approx((found.value, found.error))
    assert job.observable("probability[101,010]") == found
    assert (3 - hits / 50, 2 * posterior.std()) == pytest.approx((stretched.value, stretched.error))
    assert (3 - 2 * found.high, 3 - 2 * found.low) == pytest.approx((stretched.low, stretched.high))


def test_values_are_those_of_all_shots():
    """Each by numpy, over single shots."""
    spins = 2 * SHOTS - 1
    staggered = spins @ np.array([1, -1, 1]) / 3
    covariance = np.cov(SHOTS.T, bias=True)
    expected = {
        "p": np.mean([tuple(row) in {(1, 0, 1), (0, 1, 0)} for row in SHOTS]),
        "n0": SHOTS[:, 0].mean(),
        "n1": SHOTS[:, 1].mean(),
        "m": spins.mean(),
        "neel": 3 * np.mean(staggered**2),
        "s": np.mean(np.abs(spins @ np.exp(0.3j * 6 * np.arange(3))) ** 2) / 3,
        "c": covariance[0, 1],
        "near": (covariance[0, 1] + covariance[1, 2]) / 2,
        "far": np.mean(SHOTS[:, 0] * SHOTS[:, 2]),
        "cost": COSTS.mean(),
        "low": np.sort(COSTS)[:150].mean(),
        "top": np.sort(spins.mean(axis=1))[-125:].mean(),
        "z": SHOTS[:, 1].mean(),
    }
    found = named_values({"maximize": "p", "let": LET}, JOB, answers=answers(JOB))

    assert expected == pytest.approx({name: each.value for name, each in found.items()})
    assert COSTS.std() / math.sqrt(500) == pytest.approx(found["cost"].error, rel=0.02)
    assert {name: scored(name, JOB) for name in LET} == found


@pytest.mark.parametrize("fraction", [0.0005, 0.11, 0.2, 0.333, 0.75, 1.0])
@pytest.mark.parametrize("tail", ["lowest", "highest"])
def test_a_cvar_is_the_mean_of_sorted_shots(fraction, tail):
    """The last one counts in part."""
    ordered = np.sort(COSTS)[:: -1 if tail == "highest" else 1]
    wanted = fraction * len(ordered)
    weights = np.clip(wanted - np.arange(len(ordered)), 0, 1)
    said = {"cvar": {"of": "cost", "fraction": fraction, "tail": tail}}
    found = score({"minimize": "t", "let": {**LET, "t": said}}, JOB)

    assert weights @ ordered / wanted == pytest.approx(found.value)
    assert found == JOB.observable(f"cvar[{fraction},{tail},cost{Q}]")


def test_values_are_the_same_on_every_machine():
    """To the last bit: sums are exact and rounded once, functions are calculated with many digits."""
    found = {name: scored(name, JOB).value.hex() for name in ("s", "neel", "cost", "low", "near")}
    exact = sum(Fraction(float(each)) for each in COSTS) / 500

    assert float(exact).hex() == found["cost"]
    assert SAME == found
    assert SAME_FORMULA == scored("exp(-s) * tanh(cost) / 3", JOB).value.hex()


SAME = {
    "s": "0x1.a0a02b698cbcap-1",
    "neel": "0x1.a06d3a06d3a07p-1",
    "cost": "0x1.2c8b439581062p-1",
    "low": "-0x1.b4e81b4e81b4fp-1",
    "near": "0x1.8f9b13165d39bp-5",
}
SAME_FORMULA = "0x1.3f5827b975ab0p-4"


@pytest.mark.parametrize(
    "formula",
    [
        "p",
        "cost",
        "n0 / n1",
        "c",
        "c - n0 / 10",
        "sqrt(p)",
        "p * n0 - cost / 10",
        "neel / 3 + m",
        "near * cost",
    ],
)
def test_two_of_three_intervals_hold_the_truth(formula):
    """As one standard error does of a normal distribution, also where names go together."""
    truth = scored(
        formula, a_job(dict(zip(BITS, (SHARES * 10**8).round().astype(int).tolist(), strict=True)))
    )
    some = [scored(formula, job) for job in drawn(200, 300)]

    held = sum(each.low <= truth.value <= each.high for each in some)
    assert 0.6 * 300 <= held <= 0.76 * 300
    spread = np.std([each.value for each in some])
    assert spread == pytest.approx(np.mean([each.error for each in some]), rel=0.1)


@pytest.mark.parametrize("formula", ["low", "top", "cost - low", "low / p"])
def test_errors_of_tails_are_rather_too_large_than_too_small(formula):
    """Where values repeat, it is not known which of them is the quantile."""
    truth = scored(
        formula, a_job(dict(zip(BITS, (SHARES * 10**8).round().astype(int).tolist(), strict=True)))
    )
    some = [scored(formula, job) for job in drawn(200, 200)]

    held = sum(each.low <= truth.value <= each.high for each in some)
    assert 0.62 * 200 <= held <= 0.9 * 200
    spread = np.std([each.value for each in some])
    assert 0.9 * spread <= np.mean([each.error for each in some]) <= 1.6 * spread


def test_the_error_of_a_tail_of_many_values_is_its_spread():
    """Of ten atoms with costs that all differ."""
    rng = np.random.default_rng(3)
    q, ids = np.triu(rng.normal(size=(10, 10))), tuple(f"q{i}" for i in range(10))
    said = {
        "minimize": "t",
        "let": {"c": {"qubo": {"rows": q.tolist()}}, "t": {"cvar": {"of": "c", "fraction": 0.2}}},
    }
    some = []
    for _ in range(100):
        counts = {}
        for row in (rng.random((200, 10)) < 0.4).astype(int):
            bits = "".join(map(str, row))
            counts[bits] = counts.get(bits, 0) + 1
        some.append(score(said, a_result(counts, qubit_ids=ids)))

    assert np.std([each.value for each in some]) == pytest.approx(np.mean([e.error for e in some]), rel=0.2)


def test_a_ratio_has_the_error_of_a_simulation():
    """Of two means over the same runs, which go together; apart, the error would be another."""
    shares = (
        np.random.default_rng(8).multinomial(500, np.array(list(JOB.counts.values())) / 500, size=20_000)
        / 500
    )
    ones = np.array([[int(bit) for bit in bits] for bits in JOB.counts])
    means = shares @ np.column_stack([ones[:, 0] + 0.0, ones.max(axis=1)])
    found = score(
        {"maximize": "a / b", "let": {"a": {"occupation": "q0"}, "b": {"probability": BITS[1:]}}}, JOB
    )

    assert np.std(means[:, 0] / means[:, 1]) == pytest.approx(found.error, rel=0.02)
    apart = np.hypot(means[:, 0].std() / means[:, 0].mean(), means[:, 1].std() / means[:, 1].mean())
    assert apart * found.value > 1.2 * found.error


def test_at_the_top_of_a_parabola_the_second_order_is_left():
    """Where half of the runs give 1, the slope of (n - 1/2)² is 0: its error is √2 σ², not 0."""
    job = a_job({"100": 200, "000": 200})
    found, sigma = scored("(n0 - 0.5) ** 2", job), scored("n0", job).error

    assert (0.0, math.sqrt(2) * sigma**2) == pytest.approx((found.value, found.error))


@pytest.mark.parametrize("name", [name for name in LET if name != "z"])
def test_where_all_runs_agree_the_error_is_that_of_the_vocabulary(name):
    """It is not 0, and a formula of it has none either."""
    job = a_job({"101": 50})
    found = scored(name, job)

    assert (
        0 < found.error == named_values({"maximize": "p", "let": LET}, job, answers=answers(job))[name].error
    )
    assert 0 < scored(f"{name} / 9 + p ** 2", job).error < found.error + 1


@pytest.mark.parametrize(
    "formula", ["n0 * n1", "n0 ** 2", "z", "z + p", "exp(-cost)", "abs(m + 1)", "n0 - n1"]
)
def test_no_formula_claims_to_be_sure(formula):
    """Also where its slopes are 0 at what was measured: of 50 runs, a share is known to about 1/50."""
    assert 0 < scored(formula, a_job({"000": 50})).error < 0.3


def test_what_no_run_contradicts_is_no_certainty():
    """Two atoms that agree in every run: the difference of their occupations is 0 within a run or so."""
    found = scored("n0 - n1", a_job({"000": 50, "111": 50}))

    assert 0 == found.value
    assert 1 / 200 < found.error < 1 / 50


def test_a_function_in_python_has_the_error_of_what_it_gives():
    """That of a share, and it goes together with the other names."""
    same, joined = scored("n1", JOB), scored("z + n1", JOB)

    assert (same.value, same.error) == pytest.approx(
        (scored("z", JOB).value, scored("z", JOB).error), rel=0.15
    )
    assert 2 * same.error == pytest.approx(joined.error, rel=0.15)
    assert scored("z - n1", JOB).error < 0.2 * same.error


def test_nothing_comes_of_what_was_not_measured_or_has_no_value():
    """Division by 0, a logarithm of 0, a root of a negative number."""
    sure = a_job({"000": 10})

    assert [None] * 4 == [scored(each, sure) for each in ("1 / p", "log(n0)", "sqrt(m)", "m ** 0.5")]
    assert scored("p", a_job(None)) is None
    values = named_values({"maximize": "p", "let": LET}, a_job(None))
    assert list(LET) == list(values)
    assert all(math.isnan(each.value) for each in values.values())


def test_what_no_function_has_answered_is_no_score():
    """Nothing is made up."""
    said = {"maximize": "x", "let": {"x": {"python": "g.py:g"}}}
    with pytest.raises(UsageError, match=r"g.py:g is Python code, and it was not run"):
        score(said, JOB)
    assert score(said, a_job(None)) is None


def test_where_a_function_gives_the_same_for_all_runs_a_run_is_replaced():
    """No finite number of runs is sure; it need not know what was not measured."""

    def knows_two(counts):
        known = {"101": 1.0, "111": 0.0}
        return sum(known.get(bits, math.nan) * runs for bits, runs in counts.items()) / 50

    found = scored("z", a_job({"101": 50}), of=knows_two)
    assert (1.0, True) == (found.value, 0.005 < found.error < 0.05)
    assert scored("z", JOB, of=lambda _: math.nan) is None
    assert math.isnan(
        scored("z", JOB, of=lambda counts: 1.0 if counts == dict(JOB.counts) else math.nan).error
    )


@pytest.mark.parametrize("counts", [{"101": 5}, None], ids=["measured", "not yet"])
@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"occupation": "q9"}, "there is no qubit q9"),
        ({"correlation": {"qubits": ["q0", "a"]}}, "there is no qubit a"),
        ({"correlation": {"distance": 3}}, "the atoms have no distance number 3"),
        ({"correlation": {"distance_um": 7.0}}, "no two atoms are 7 ± 0.07 µm apart"),
        ({"probability": ["01"]}, "01 is no bitstring of 3 qubits"),
        ({"qubo": {"rows": [[1]]}}, "the matrix has 1 row, and"),
        ({"qubo": {"rows": [[1, 2]]}}, "no square matrix: row 1 has 2 numbers, and rows are 1"),
        ({"qubo": {"file": "q.csv"}}, "there is no matrix q.csv"),
        ({"cvar": {"of": "c", "fraction": 0.2}}, "has no value of each run"),
        ({"entropy": 1}, "an objective has no quantity {'entropy': 1}"),
    ],
)
def test_an_objective_of_other_jobs_is_refused(counts, said, message):
    """Before anything is bought, too."""
    with pytest.raises(UsageError) as caught:
        score({"maximize": "x", "let": {**LET, "x": said}}, a_job(counts))
    assert message in str(caught.value)


def test_a_matrix_may_be_read_elsewhere():
    """What reads it is handed over."""
    said = {"minimize": "x", "let": {"x": {"qubo": {"file": "q.csv"}}}}

    assert scored("cost", JOB) == score(said, JOB, read={"q.csv": Q}.__getitem__)


def test_what_an_emulator_evaluated_counts_beside_the_counts():
    """At the end; its error is how jobs of a point differ, and not known of one."""
    energies = [Evaluation("e", (50.0, 100.0), (9.0, each)) for each in (1.0, 2.0)]
    jobs = [a_record(str(i), t=1, runs=100, observables={"x" * 8: each}) for i, each in enumerate(energies)]
    experiment = replace(an_experiment(a_wanted_job(1)), observables={"x" * 8: "energy"})
    said = {"minimize": "e + 2 * n", "let": {"e": {"observable": "energy"}, "n": {"occupation": "q0"}}}
    (both,), (one,) = gathered(experiment, jobs), gathered(experiment, jobs[:1])
    share = both.observable("occupation[q0]")

    found = score(said, both)
    assert 1.5 + 2 * share.value == found.value
    assert math.hypot(0.5, 2 * share.error) == pytest.approx(found.error)
    assert math.isnan(score(said, one).error)
    assert score({**said, "let": {**said["let"], "e": {"observable": "fidelity"}}}, both) is None
