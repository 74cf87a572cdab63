"""Models that results may be fitted with: what they say of x, and where a fit begins. Pure.

Ours are linear in amplitude and offset once the other parameters are given. A start is found by trying a grid
of those others, with the linear ones solved for: no guess of a person is needed, and no local minimum is met
that the grid can tell from the right one. Of a formula, the other parameters are tried at random.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from runner.domain.expressions.parser import FUNCTIONS, parsed
from runner.domain.expressions.values import Values, evaluated
from runner.domain.expressions.words import ExpressionError
from runner.domain.suggestions import suggestion
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.domain.expressions.tree import Expression
    from runner.results.analysis.estimates import Floats

    Function = Callable[[Floats, Floats], Floats]

_STEPS: Final = 25  # values of a width or of a time that are tried
_PER_SPAN: Final = 8  # frequencies that are tried for each cycle along x
_AT_ONCE: Final = 1_000  # curves that are compared at once
_DRAWN: Final = 2_000  # parameters of a formula that are tried at random
_BEST: Final = 12  # of these, from which a fit starts
_DECADES: Final = (-4.0, 4.0)
_PROBES: Final = 20  # of these, at which it is seen in which parameters a formula is linear
_WITHIN: Final = 8  # places between two points at which it is seen how often a curve turns
_FUNCTIONS: Final = {name: getattr(np, name) for name in FUNCTIONS}
_POSITIVE: Final = frozenset({"frequency", "decay_time", "width"})
# Cosine and sine: each other phase is a sum of both.
_QUADRATURES: Final = (0.0, -math.pi / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A family of curves.

    Args:
        name: One of ours, or the formula.

        parameters: Names, in the order in which `value` takes them.

        value: x and the parameters → y; shapes (points,) and (parameters,) → (points,), or of several
            curves (curves, points) and (parameters, curves, 1) → (curves, points).

        starts: x and y → parameters to begin with, the best of what was tried; shape (starts, parameters).

        positive: Parameters that are never below 0.
    """

    name: str
    parameters: tuple[str, ...]
    value: Function
    starts: Callable[[Floats, Floats], Floats]
    positive: frozenset[str] = frozenset()

    @property
    def is_known(self) -> bool:
        """Whether it is one of ours, the parameters of which have units."""
        return self.name in MODELS


def model(text: str, x: str) -> Model:
    """The model of this name, or the one that a formula says.

    Args:
        text: A name, or a formula over the variable along x and parameters with names of its own.

        x: The variable along x.

    Raises:
        UsageError: There is no such model, the formula cannot be read, or it has no x or no parameter.
    """
    if text in MODELS:
        return MODELS[text]
    if text.isidentifier():
        hint = suggestion(text, MODELS, kind="models") or f"models are: {', '.join(MODELS)}, or a formula"
        raise UsageError(f"there is no model {text!r}", hint=hint)
    return _formula(text, x)


def _formula(text: str, x: str) -> Model:
    try:
        expression = parsed(text)
    except ExpressionError as error:
        raise UsageError(f"the formula {text!r} can't be read: {error}") from error
    names = tuple(dict.fromkeys(each.name for each in expression.variables()))
    parameters = tuple(name for name in names if name not in {x, "x"})
    if names == parameters or not parameters:
        lacking = "x" if names == parameters else "parameter"
        hint = f"x, or {x}, is what varies; functions are: {', '.join(FUNCTIONS)}; pi is a number"
        raise UsageError(f"the formula {text!r} has no {lacking}", hint=hint)
    value = _value(expression, parameters, x)
    return Model(name=text, parameters=parameters, value=value, starts=_at_random(value, parameters))


def _value(expression: Expression, parameters: tuple[str, ...], x: str = "x") -> Function:
    """What a formula comes to."""

    def value(at: Floats, p: Floats) -> Floats:
        words = {**dict(zip(parameters, p, strict=True)), x: at, "x": at}
        with np.errstate(all="ignore"):
            found = evaluated(expression.tree, Values(variables=words, functions=_FUNCTIONS))
        curve: Floats = np.broadcast_to(np.asarray(found, float), np.shape(at))
        return curve

    return value


def _at_random(value: Function, parameters: tuple[str, ...]) -> Callable[[Floats, Floats], Floats]:
    """The best of many parameters of any size, the linear ones solved for; the same each time."""

    def starts(x: Floats, y: Floats) -> Floats:
        drawn = np.random.default_rng(1).uniform(*_DECADES, size=(_DRAWN, len(parameters)))
        tried = 10**drawn * np.random.default_rng(2).choice([1, 1, 1, -1], size=drawn.shape)
        with np.errstate(all="ignore"):
            linear = _linear(value, x, tried[:_PROBES])
            misfits = np.array([_solve(value, x, y, each, linear) for each in tried])
        inside = np.sort(np.random.default_rng(3).uniform(x.min(), x.max(), _WITHIN * len(x)))
        best: list[Floats] = []
        for place in np.argsort(misfits):
            if len(best) < _BEST and (_turns(value(inside, tried[place])) <= len(x) or not best):
                best.append(tried[place])
        return np.array(best)

    return starts


def _linear(value: Function, x: Floats, probes: Floats) -> list[int]:
    """Places of parameters in which a formula is linear, all of them together."""
    found: list[int] = []
    for place in range(probes.shape[1]):
        if all(_is_linear(value, x, [*found, place], each) for each in probes):
            found.append(place)
    return found


def _is_linear(value: Function, x: Floats, places: list[int], probe: Floats) -> bool:
    """Whether it is so for one set of parameters; a curve beyond all numbers does not speak against it."""
    base, columns = _columns(value, x, probe, places)
    curve, expected = value(x, probe), base + columns @ probe[places]
    if not (np.isfinite(curve).all() and np.isfinite(expected).all()):
        return True
    return bool(np.allclose(curve, expected, rtol=1e-6, atol=1e-6 * np.max(np.abs(columns), initial=1e-9)))


def _columns(value: Function, x: Floats, p: Floats, places: list[int]) -> tuple[Floats, Floats]:
    """The curve without the parameters at these places, and what one of each adds to it."""
    rest = p.copy()
    rest[places] = 0.0
    base = value(x, rest)
    added = [value(x, rest + one) - base for one in np.eye(len(p))[places]]
    return base, np.array(added).reshape(len(places), len(x)).T


def _solve(value: Function, x: Floats, y: Floats, p: Floats, linear: list[int]) -> float:
    """Set the linear parameters to the best there is; answers how far the curve is from the points."""
    base, columns = _columns(value, x, p, linear)
    if np.isfinite(columns).all() and np.isfinite(base).all():
        p[linear] = np.linalg.lstsq(columns, y - base, rcond=None)[0]
    return float(np.nan_to_num(np.sum((np.clip(value(x, p), -10, 10) - y) ** 2), nan=np.inf))


def _turns(curve: Floats) -> int:
    """How often a curve turns; more often than there are points, and the points can't tell it."""
    return int(np.count_nonzero(np.diff(np.sign(np.diff(curve)))))


def _ours(name: str, formula: str, *parameters: str) -> Model:
    """A model of ours, with amplitude and offset and a start from a grid of the other parameters."""
    value = _value(parsed(formula), parameters)
    tried = [each for each in parameters if each in _GRIDS]
    phases = _QUADRATURES if "phase" in parameters else (0.0,)

    def curves(x: Floats, known: Floats, phase: float) -> Floats:
        """Of amplitude 1 and offset 0, for each row of the other parameters; shape (rows, points)."""
        others = {"amplitude": 1.0, "phase": phase, "offset": 0.0}
        rows = [
            known[:, tried.index(p)] if p in tried else np.full(len(known), others[p]) for p in parameters
        ]
        return value(np.broadcast_to(x, (len(known), len(x))), np.array(rows)[:, :, None])

    def starts(x: Floats, y: Floats) -> Floats:
        misfit, best = math.inf, np.empty((0, len(parameters)))
        grid = np.array(list(product(*(_GRIDS[each](x) for each in tried))))
        for known in np.array_split(grid, math.ceil(len(grid) / _AT_ONCE)):
            weights, misfits = _weighed(np.stack([curves(x, known, phase) for phase in phases], axis=1), y)
            nearest = int(np.argmin(misfits))
            if misfits[nearest] < misfit:
                *waves, offset = weights[nearest]
                amplitude, phase = _wave(*waves)
                values = dict(zip(tried, known[nearest], strict=True))
                values |= {"amplitude": amplitude, "phase": phase, "offset": offset}
                misfit, best = misfits[nearest], np.array([[values[each] for each in parameters]])
        return best

    positive = _POSITIVE.intersection(parameters)
    return Model(name=name, parameters=parameters, value=value, starts=starts, positive=positive)


def _weighed(shapes: Floats, y: Floats) -> tuple[Floats, Floats]:
    """How much of each shape, and which offset, comes nearest to y; and how far that is from it.

    Args:
        shapes: Several sets of them; shape (sets, shapes, points).
    """
    middle = shapes.mean(axis=2, keepdims=True)
    centred = shapes - middle
    gram = centred @ centred.transpose(0, 2, 1)
    weights = np.linalg.pinv(gram, hermitian=True) @ (centred @ (y - y.mean()))[..., None]
    offsets = y.mean() - (weights * middle).sum(axis=1)
    misfits = (((weights * shapes).sum(axis=1) + offsets - y) ** 2).sum(axis=1)
    return np.concatenate([weights[..., 0], offsets], axis=1), misfits


def _wave(cosine: float, sine: float | None = None) -> tuple[float, float]:
    """Amplitude and phase of a wave, by how much of a cosine and of a sine it is; without a sine as it is."""
    return (cosine, 0.0) if sine is None else (math.hypot(cosine, sine), math.atan2(-sine, cosine))


def _span(x: Floats) -> float:
    return float(x.max() - x.min())


def _frequencies(x: Floats) -> Floats:
    """From a quarter of a cycle along x to the fastest that points so close can tell."""
    closest = float(np.diff(np.unique(x)).min())
    step = 1 / (_PER_SPAN * _span(x))
    return np.arange(2 * step, 0.5 / closest + step, step)


# What is tried of each parameter in which a model is not linear.
_GRIDS: Final[Mapping[str, Callable[[Floats], Floats]]] = {
    "frequency": _frequencies,
    "decay_time": lambda x: _span(x) * np.geomspace(0.02, 10, _STEPS),
    "center": lambda x: np.linspace(x.min(), x.max(), 4 * _STEPS),
    "width": lambda x: _span(x) * np.geomspace(0.02, 2, _STEPS),
}
_PEAK: Final = ("center", "width", "amplitude", "offset")
MODELS: Final[Mapping[str, Model]] = {
    each.name: each
    for each in (
        _ours("rabi", "offset + amplitude * sin(pi * frequency * x)**2", "frequency", "amplitude", "offset"),
        _ours(
            "ramsey",
            "offset + amplitude/2 * exp(-x / decay_time) * cos(2*pi * frequency * x + phase)",
            *("frequency", "decay_time", "amplitude", "phase", "offset"),
        ),
        _ours(
            "exponential", "offset + amplitude * exp(-x / decay_time)", "decay_time", "amplitude", "offset"
        ),
        _ours("lorentz", "offset + amplitude / (1 + (2 * (x - center) / width)**2)", *_PEAK),
        _ours("gauss", "offset + amplitude * exp(-4 * log(2) * ((x - center) / width)**2)", *_PEAK),
    )
}
