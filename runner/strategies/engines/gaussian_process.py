"""What is known of a score everywhere, from where it was measured, with the errors of these measurements.

C. E. Rasmussen and C. K. I. Williams, Gaussian Processes for Machine Learning, MIT Press 2006. The kernel is
Matérn's with ν = 5/2 and a length for each number; lengths and size are those that make the scores likeliest.
scikit-learn (BSD-3-Clause) does it.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from runner.optional_packages import needed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from types import ModuleType

    from numpy.typing import NDArray

    from runner.domain.strategies import SearchSpace, Units

    Vector = NDArray[np.float64]

_LENGTHS: Final = (0.05, 10.0)  # of the unit cube: shorter ones would make every score a surprise
_SIZES: Final = (0.05, 50.0)  # of the scores' variance
_LEAST_VARIANCE: Final = 1e-6  # of the scores' variance: without any error, two equal places have no solution
_RESTARTS: Final = 2
_SEEDS: Final = 2**31


@dataclass(frozen=True, slots=True)
class ScoreModel:
    """Mean and standard deviation of the score without noise, at any place.

    Args:
        places: Where it was measured, or is thought to have been.

        losses: What was measured, in standard deviations from the mean of all.

        variances: Of these.
    """

    space: SearchSpace
    process: Any
    places: tuple[Units, ...]
    losses: tuple[float, ...]
    variances: tuple[float, ...]

    def predicted(self, places: Sequence[Units]) -> tuple[Vector, Vector]:
        """Mean and standard deviation at some places."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a variance that is negative by rounding is taken for none
            mean, deviation = self.process.predict(features(self.space, places), return_std=True)
        return mean, deviation

    def believed(self, places: Sequence[Units]) -> ScoreModel:
        """A model that takes what it expects at some places for measured; with the same lengths."""
        if not places:
            return self
        mean = self.predicted(places)[0]
        variances = (*self.variances, *(float(np.median(self.variances)),) * len(places))
        everywhere = (*self.places, *places)
        losses = (*self.losses, *mean.tolist())
        process = _process(self.process.kernel_, variances, optimizer=None)
        return ScoreModel(
            self.space, process.fit(features(self.space, everywhere), losses), everywhere, losses, variances
        )

    def least(self) -> float:
        """The least mean of all places that were measured: single scores may be good by chance."""
        return float(self.predicted(self.places)[0].min())


def score_model(
    space: SearchSpace,
    places: Sequence[Units],
    losses: Sequence[float],
    errors: Sequence[float],
    rng: np.random.Generator,
) -> ScoreModel:
    """The likeliest model of some scores.

    Raises:
        RunnerError: scikit-learn is not installed.
    """
    kernels = _needed("sklearn.gaussian_process.kernels")
    scale = float(np.std(losses)) or 1.0
    measured = tuple(((np.asarray(losses) - np.mean(losses)) / scale).tolist())
    variances = tuple(((believable(errors) / scale) ** 2 + _LEAST_VARIANCE).tolist())
    x = features(space, places)
    matern = kernels.Matern(np.full(x.shape[1], 0.5), _LENGTHS, nu=2.5)
    process = _process(
        kernels.ConstantKernel(1.0, _SIZES) * matern,
        variances,
        n_restarts_optimizer=_RESTARTS,
        random_state=int(rng.integers(_SEEDS)),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lengths at their bounds are as meant
        process.fit(x, measured)
    return ScoreModel(space, process, tuple(places), measured, variances)


def believable(errors: Sequence[float]) -> Vector:
    """Errors of scores; one of 0, which is not known or too good, is as usual among the others.

    Where all are 0, as of what an emulator evaluated, they stay.
    """
    said = np.asarray(errors, dtype=float)
    known = said[said > 0]
    return np.where(said > 0, said, np.median(known)) if known.size else said


def features(space: SearchSpace, places: Sequence[Units]) -> Vector:
    """Places as the model sees them: whole numbers as they would be bought, choices without an order."""
    columns = []
    for dimension, column in zip(space.dimensions, np.asarray(places, dtype=float).T, strict=True):
        count = dimension.n_values
        if not count:
            columns.append(column[:, None])
            continue
        index = np.minimum((column * count).astype(int), count - 1)
        columns.append(np.eye(count)[index] if dimension.choices else ((index + 0.5) / count)[:, None])
    return np.hstack(columns)


def one_thread() -> AbstractContextManager[Any]:
    """What keeps linear algebra on one thread: several are slower for a few hundred scores.

    Raises:
        RunnerError: scikit-learn, which brings it, is not installed.
    """
    _needed("sklearn")
    limits: AbstractContextManager[Any] = _needed("threadpoolctl").threadpool_limits(1)
    return limits


def _needed(package: str) -> ModuleType:
    return needed(package, "a strategy of kind bayesian", extra="bayes")


def _process(kernel: Any, variances: Sequence[float], **said: Any) -> Any:
    module = _needed("sklearn.gaussian_process")
    return module.GaussianProcessRegressor(kernel, alpha=np.asarray(variances), **said)
