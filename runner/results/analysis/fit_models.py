"""Models that results may be fitted with: what they say of x, and where a fit begins. Pure.

Each model is linear in some of its parameters once the others are given. A start is found by trying a grid of
those others, with the linear ones solved for: no guess of a person is needed, and no local minimum is met
that the grid can tell from the right one.
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

    from runner.results.analysis.estimates import Floats

    Function = Callable[[Floats, Floats], Floats]

_STEPS: Final = 25  # values of a width or of a time that are tried
_PER_SPAN: Final = 8  # frequencies that are tried for each cycle along x
_DRAWN: Final = 4_000  # parameters of a formula that are tried at random
_DECADES: Final = (-4.0, 4.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A family of curves.

    Args:
        formula: What it says, for people.

        parameters: Names, in the order in which `value` takes them.

        value: x and the parameters → y; shapes (points,) and (parameters,) → (points,).

        starts: x and y → parameters to begin with, the best of what was tried; shape (starts, parameters).

        positive: Parameters that are never below 0.
    """

    name: str
    formula: str
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
    functions = {name: getattr(np, name) for name in FUNCTIONS}

    def value(at: Floats, p: Floats) -> Floats:
        words = {**dict(zip(parameters, p, strict=True)), x: at, "x": at}
        with np.errstate(all="ignore"):
            found = evaluated(expression.tree, Values(variables=words, functions=functions))
        curve: Floats = np.broadcast_to(np.asarray(found, float), np.shape(at))
        return curve

    return Model(
        name=text, formula=text, parameters=parameters, value=value, starts=_at_random(value, parameters)
    )


def _at_random(
    value: Function, parameters: tuple[str, ...], most: int = 12
) -> Callable[[Floats, Floats], Floats]:
    """The best of many parameters of any size; the same each time."""

    def starts(x: Floats, y: Floats) -> Floats:
        drawn = np.random.default_rng(1).uniform(*_DECADES, size=(_DRAWN, len(parameters)))
        tried = 10**drawn * np.random.default_rng(2).choice([1, 1, 1, -1], size=drawn.shape)
        with np.errstate(all="ignore"):
            misfits = [np.sum((np.clip(value(x, each), -10, 10) - y) ** 2) for each in tried]
        best: Floats = tried[np.argsort(np.nan_to_num(misfits, nan=np.inf))[:most]]
        return best

    return starts


def _rabi(x: Floats, p: Floats) -> Floats:
    frequency, amplitude, offset = p
    curve: Floats = offset + amplitude * np.sin(math.pi * frequency * x) ** 2
    return curve


def _ramsey(x: Floats, p: Floats) -> Floats:
    frequency, decay_time, amplitude, phase, offset = p
    envelope = np.exp(-x / decay_time)
    curve: Floats = offset + amplitude / 2 * envelope * np.cos(2 * math.pi * frequency * x + phase)
    return curve


def _exponential(x: Floats, p: Floats) -> Floats:
    decay_time, amplitude, offset = p
    curve: Floats = offset + amplitude * np.exp(-x / decay_time)
    return curve


def _lorentz(x: Floats, p: Floats) -> Floats:
    center, width, amplitude, offset = p
    curve: Floats = offset + amplitude / (1 + (2 * (x - center) / width) ** 2)
    return curve


def _gauss(x: Floats, p: Floats) -> Floats:
    center, width, amplitude, offset = p
    curve: Floats = offset + amplitude * np.exp(-4 * math.log(2) * ((x - center) / width) ** 2)
    return curve


def _best(
    x: Floats,
    y: Floats,
    grids: Mapping[str, Floats],
    columns: Callable[..., tuple[Floats, ...]],
) -> tuple[tuple[float, ...], Floats]:
    """The values of a grid whose columns fit best, and how much of each column that takes."""
    found: tuple[float, tuple[float, ...], Floats] | None = None
    for values in product(*grids.values()):
        matrix = np.column_stack([*columns(x, *values), np.ones_like(x)])
        weights: Floats = np.linalg.lstsq(matrix, y, rcond=None)[0].astype(float)
        misfit = float(np.sum((matrix @ weights - y) ** 2))
        if found is None or misfit < found[0]:
            found = (misfit, values, weights)
    if found is None:
        raise ValueError("nothing to try")
    return found[1], found[2]


def _start_rabi(x: Floats, y: Floats) -> Floats:
    (frequency,), (amplitude, offset) = _best(
        x, y, {"frequency": _frequencies(x)}, lambda x, f: (np.sin(math.pi * f * x) ** 2,)
    )
    return np.array([[frequency, amplitude, offset]])


def _start_ramsey(x: Floats, y: Floats) -> Floats:
    def columns(x: Floats, frequency: float, decay_time: float) -> tuple[Floats, Floats]:
        envelope, angle = np.exp(-x / decay_time), 2 * math.pi * frequency * x
        return envelope * np.cos(angle), envelope * np.sin(angle)

    grids = {"frequency": _frequencies(x), "decay_time": _span(x) * np.geomspace(0.1, 10, 9)}
    (frequency, decay_time), (cosine, sine, offset) = _best(x, y, grids, columns)
    amplitude, phase = 2 * math.hypot(cosine, sine), math.atan2(-sine, cosine)
    return np.array([[frequency, decay_time, amplitude, phase, offset]])


def _start_exponential(x: Floats, y: Floats) -> Floats:
    (decay_time,), (amplitude, offset) = _best(
        x, y, {"decay_time": _span(x) * np.geomspace(0.02, 10, _STEPS)}, lambda x, t: (np.exp(-x / t),)
    )
    return np.array([[decay_time, amplitude, offset]])


def _start_peak(shape: Function) -> Callable[[Floats, Floats], Floats]:
    def start(x: Floats, y: Floats) -> Floats:
        grids = {
            "center": np.linspace(x.min(), x.max(), 4 * _STEPS),
            "width": _span(x) * np.geomspace(0.02, 2, _STEPS),
        }
        (center, width), (amplitude, offset) = _best(
            x, y, grids, lambda x, center, width: (shape(x, np.array([center, width, 1.0, 0.0])),)
        )
        return np.array([[center, width, amplitude, offset]])

    return start


def _span(x: Floats) -> float:
    return float(x.max() - x.min())


def _frequencies(x: Floats) -> Floats:
    """From a quarter of a cycle along x to the fastest that points so close can tell."""
    closest = float(np.diff(np.unique(x)).min())
    step = 1 / (_PER_SPAN * _span(x))
    return np.arange(2 * step, 0.5 / closest + step, step)


MODELS: Final[Mapping[str, Model]] = {
    each.name: each
    for each in (
        Model(
            name="rabi",
            formula="offset + amplitude * sin(pi * frequency * x)**2",
            parameters=("frequency", "amplitude", "offset"),
            value=_rabi,
            starts=_start_rabi,
            positive=frozenset({"frequency"}),
        ),
        Model(
            name="ramsey",
            formula="offset + amplitude/2 * exp(-x / decay_time) * cos(2*pi * frequency * x + phase)",
            parameters=("frequency", "decay_time", "amplitude", "phase", "offset"),
            value=_ramsey,
            starts=_start_ramsey,
            positive=frozenset({"frequency", "decay_time"}),
        ),
        Model(
            name="exponential",
            formula="offset + amplitude * exp(-x / decay_time)",
            parameters=("decay_time", "amplitude", "offset"),
            value=_exponential,
            starts=_start_exponential,
            positive=frozenset({"decay_time"}),
        ),
        Model(
            name="lorentz",
            formula="offset + amplitude / (1 + (2 * (x - center) / width)**2)",
            parameters=("center", "width", "amplitude", "offset"),
            value=_lorentz,
            starts=_start_peak(_lorentz),
            positive=frozenset({"width"}),
        ),
        Model(
            name="gauss",
            formula="offset + amplitude * exp(-4 * log(2) * ((x - center) / width)**2)",
            parameters=("center", "width", "amplitude", "offset"),
            value=_gauss,
            starts=_start_peak(_gauss),
            positive=frozenset({"width"}),
        ),
    )
}
