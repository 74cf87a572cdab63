"""Fits of results: what they find, how often their intervals are right, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import a_result, some_results
from scipy.optimize import curve_fit
from scipy.stats import binom

from runner.errors import UsageError
from runner.results.analysis.fit_models import MODELS, model
from runner.results.analysis.fits import Tallies, fitted
from runner.results.plots.choose import Asked, picture

REPETITIONS = 200
TIMES_NS = np.linspace(20, 2000, 34)
DETUNINGS = np.linspace(-20, 20, 41)


def drawn(name, true, x, runs, seed):
    """What a model gives in so many runs at each x."""
    probability = np.clip(MODELS[name].value(x, np.array(true)), 0, 1)
    hits = np.random.default_rng(seed).binomial(runs, probability)
    return Tallies(x, hits.astype(float), np.full(len(x), float(runs)))


@pytest.mark.parametrize(
    ("name", "true", "x", "runs"),
    [
        pytest.param("rabi", (1 / 600, 1.0, 0.0), TIMES_NS, 100, marks=pytest.mark.long),
        ("rabi", (1 / 600, 0.9, 0.04), TIMES_NS, 100),
        pytest.param(
            "ramsey",
            (1 / 400, 1500.0, 0.9, 0.3, 0.5),
            np.linspace(0, 3000, 41),
            200,
            marks=pytest.mark.long,
        ),
        ("exponential", (500.0, 0.9, 0.05), TIMES_NS, 200),
        pytest.param("lorentz", (1.5, 6.0, 0.8, 0.05), DETUNINGS, 200, marks=pytest.mark.long),
        pytest.param("gauss", (1.5, 6.0, 0.8, 0.05), DETUNINGS, 200, marks=pytest.mark.long),
    ],
    ids=["rabi of full contrast", "rabi", "ramsey", "exponential", "lorentz", "gauss"],
)
def test_intervals_hold_the_truth_as_often_as_they_say(name, true, x, runs):
    """Of 200 seeded repetitions the interval of 95 % holds it in 180 to 198, for every parameter."""
    holds = dict.fromkeys(MODELS[name].parameters, 0)
    for seed in range(REPETITIONS):
        fit = fitted(MODELS[name], drawn(name, true, x, runs, seed))
        for parameter, value in zip(holds, true, strict=True):
            low, high = fit.interval(parameter)
            holds[parameter] += low <= value <= high

    assert {} == {parameter: n for parameter, n in holds.items() if not 180 <= n <= 198}


def test_points_where_all_runs_agree_count():
    """A scan of full contrast, in which every other point is 0 or 1 exactly."""
    x = np.arange(0, 2100, 150.0)
    hits = np.round(100 * np.sin(math.pi * x / 600) ** 2)
    fit = fitted(MODELS["rabi"], Tallies(x, hits, np.full(len(x), 100.0)))

    assert {"frequency": 1 / 600, "amplitude": 1.0, "offset": 0.0} == {
        name: pytest.approx(each.value, abs=1e-5) for name, each in fit.parameters.items()
    }
    assert fit.p_value > 0.99


def test_runs_that_all_agree_are_no_proof():
    """Of 30 runs a point at full contrast the amplitude is known to a percent, and not to a millionth."""
    x = np.arange(0, 2100, 100.0)
    hits = np.round(30 * np.sin(math.pi * x / 600) ** 2)
    fit = fitted(MODELS["rabi"], Tallies(x, hits, np.full(len(x), 30.0)))

    assert [0.005 < fit[name].error < 0.03 for name in ("amplitude", "offset")] == [True, True]


@pytest.mark.parametrize("seed", [69, 126, 164])
def test_a_fit_at_the_edge_is_no_worse_than_the_truth(seed):
    """At full contrast of 30 runs a point the solver is not stuck there; the curve stays a probability."""
    tallies = drawn("rabi", (1 / 600, 1.0, 0.0), TIMES_NS, 30, seed)
    fit = fitted(MODELS["rabi"], tallies)
    dense = fit(np.linspace(0, 2000, 4001))

    def likelihood(p):
        return binom.logpmf(tallies.hits, tallies.runs, p).sum()

    assert likelihood(np.sin(math.pi * TIMES_NS / 600) ** 2) <= likelihood(fit(TIMES_NS))
    assert [True, True] == [dense.min() >= 0, dense.max() <= 1]


def test_a_formula_is_a_model():
    """With parameters of its own names, it finds what the model of ours finds."""
    tallies = drawn("rabi", (1 / 600, 0.9, 0.04), TIMES_NS, 100, 0)
    ours = fitted(MODELS["rabi"], tallies)
    own = fitted(model("c + a * sin(b * t_ns / 2)**2", "t_ns"), tallies)

    assert [ours["offset"].value, ours["amplitude"].value] == pytest.approx([own["c"].value, own["a"].value])
    assert 2 * math.pi * ours["frequency"].value == pytest.approx(abs(own["b"].value))
    assert ours.deviance == pytest.approx(own.deviance)


def test_a_wrong_model_is_seen_to_be_wrong():
    """A straight line is no oscillation: such a deviance is improbable."""
    fit = fitted(model("a + b*x", "t_ns"), drawn("rabi", (1 / 600, 0.9, 0.04), TIMES_NS, 100, 0))

    assert fit.p_value < 1e-6
    assert str(fit).endswith("with 32 degrees of freedom: the model does not describe the points")


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_a_formula_of_many_parameters_finds_its_oscillation(seed):
    """A fringe that fades as a Gaussian, no faster one alike at the points, and the errors of SciPy."""
    x, truth = np.arange(100.0, 4901, 300), (0.5, 0.45, 3000.0, 5e-4, 0.7)
    chosen = model("c + a * exp(-(x / tau)**2) * cos(2 * pi * f * x + p)", "t_ns")
    hits = np.random.default_rng(seed).binomial(500, chosen.value(x, np.array(truth)))
    fit = fitted(chosen, Tallies(x, hits.astype(float), np.full(len(x), 500.0)))
    curve = chosen.value(x, np.array(truth))
    _, other = curve_fit(
        lambda x, *p: chosen.value(x, np.array(p)),
        x,
        curve,
        truth,
        sigma=np.sqrt(curve * (1 - curve) / 500),
        absolute_sigma=True,
        x_scale=truth,
        method="trf",
    )
    errors = dict(zip(chosen.parameters, np.sqrt(np.diag(other)), strict=True))

    assert fit.p_value > 1e-3
    assert errors == pytest.approx({name: fit[name].error for name in errors}, rel=0.2)
    assert [True, True] == [
        abs(abs(fit[name].value) - true) < 4 * errors[name] for name, true in (("f", 5e-4), ("tau", 3000))
    ]


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("rabbi", "there is no model 'rabbi'", "did you mean rabi?"),
        ("a + b", "the formula 'a + b' has no x", "x, or t_ns, is what varies"),
        ("sin(x)", "the formula 'sin(x)' has no parameter", "functions are: abs"),
        ("a*sin(", "the formula 'a*sin(' can't be read", ""),
    ],
)
def test_what_is_no_model_is_refused(name, said, hint):
    """With what there is."""
    with pytest.raises(UsageError) as caught:
        model(name, "t_ns")

    assert said in str(caught.value)
    assert hint in caught.value.hint


def a_scan(*, qubits=("q0",), times=range(0, 2100, 100), **others):
    """Jobs of a Rabi scan of 1.25 MHz, of so many atoms that do not see each other."""
    jobs = []
    for t_ns in times:
        ones = round(1000 * math.sin(math.pi * 1.25e-3 * t_ns) ** 2)
        counts = {"1" * len(qubits): ones, "0" * len(qubits): 1000 - ones}
        known = {bits: n for bits, n in counts.items() if n}
        jobs.append(a_result(known, qubit_ids=qubits, variables={"t_ns": t_ns, **others}))
    return jobs


@pytest.mark.parametrize(
    ("observable", "amplitude", "offset"),
    [("", 1.0, 0.0), ("probability[0]", -1.0, 1.0), ("magnetization", 2.0, -1.0)],
)
def test_results_are_fitted_in_units_of_the_field(observable, amplitude, offset):
    """Frequencies in MHz where the variable is in ns; amplitudes as the observable has them."""
    fit = some_results(*a_scan()).fit("rabi", observable=observable)

    assert "MHz" == fit.units["frequency"]
    assert [1.25, amplitude, offset] == pytest.approx(
        [fit[name].value for name in ("frequency", "amplitude", "offset")], abs=2e-3
    )
    assert 1.0 == pytest.approx(abs(fit(400.0) - fit(0.0)) / abs(amplitude), abs=2e-3)


def test_several_lines_are_not_fitted_as_one():
    """What varies besides is named."""
    jobs = [*a_scan(delta=1.0), *a_scan(delta=2.0)]

    with pytest.raises(UsageError, match=r"there are 2 lines to fit, for delta varies, too"):
        some_results(*jobs).fit("rabi", x="t_ns")


def test_each_line_of_a_picture_has_its_fit():
    """As a curve and in words below; the points stay."""
    found = picture("exp", [*a_scan(delta=1.0), *a_scan(delta=2.0)], Asked(x="t_ns", fit="rabi"))

    assert [400, 400] == [len(line.fit) for line in found.body.lines]
    assert [21, 21] == [len(line.points) for line in found.body.lines]
    assert [True, True] == [
        note.startswith(f"δ = {delta}: rabi: frequency = 1.25")
        for delta, note in zip((1, 2), found.notes, strict=False)
    ]


def test_too_few_points_are_refused():
    """Three parameters want three points."""
    with pytest.raises(UsageError, match="rabi has 3 parameters, and 2 points measured"):
        some_results(*a_scan(times=(0, 100))).fit("rabi")
