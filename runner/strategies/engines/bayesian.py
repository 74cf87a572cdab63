"""Bayesian optimization: the place whose improvement on the best is expected to be the greatest.

D. R. Jones et al., Efficient global optimization of expensive black-box functions, Journal of Global
Optimization 13, 455 (1998). With errors, the best is the least mean of the model, and not the least score:
V. Picheny et al., Structural and Multidisciplinary Optimization 48, 607 (2013). Of several places in a round,
each is chosen as if what the model expects at those before were measured: D. Ginsbourger et al., Kriging is
well-suited to parallelize optimization, Springer 2010.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import special

from runner.strategies.engines.base import in_cube, loss_of
from runner.strategies.engines.equal_rounds import EqualRounds
from runner.strategies.engines.gaussian_process import one_thread, score_model
from runner.strategies.engines.sobol import sobol_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from runner.domain.strategies import Trial, Units
    from runner.strategies.engines.base import Round, Search
    from runner.strategies.engines.gaussian_process import ScoreModel

    Vector = NDArray[np.float64]

_LEARNT: Final = 400  # scores: a model of twice as many takes eight times as long
_SPREAD_OUT: Final = 1000  # places all over the cube
_KEPT: Final = 5  # of them, around which it looks closer
_AROUND: Final = 40  # places around each
_WIDTHS: Final = (0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4)
_FAR: Final = -1.0  # deviations below the best, from where logarithms of differences lose their digits
_FARTHER: Final = -1e3  # from where these logarithms are that of a power
_LEAST_DEVIATION: Final = 1e-12


class BayesianEngine(EqualRounds):
    """Learns a model of all scores, and asks where it promises most."""

    end = ""

    def __init__(self, search: Search) -> None:
        super().__init__(search)
        self._trials: list[Trial] = []

    def tell(self, trials: Round) -> None:
        """Keep the scores."""
        self._trials += trials

    def propose(self, rng: np.random.Generator) -> list[Units]:
        """The most promising places; those of a Sobol sequence while there is too little to learn from."""
        known = [trial for trial in self._trials if trial.loss is not None]
        if len(known) <= self._search.n:
            skipped = sum(trial.slot > 0 for trial in self._trials)
            return sobol_points(self._search, skipped, self._search.ask)
        if len(known) > _LEARNT:
            best = sorted(known[: -_LEARNT // 2], key=lambda trial: (loss_of(trial), trial.slot))
            known = best[: _LEARNT // 2] + known[-_LEARNT // 2 :]
        with one_thread():
            return self._learned(known, rng)

    def _learned(self, known: list[Trial], rng: np.random.Generator) -> list[Units]:
        places = [trial.units for trial in known]
        losses, errors = [loss_of(trial) for trial in known], [trial.error for trial in known]
        model = score_model(self._search.space, places, losses, errors, rng)
        # What failed is no score, but going there again would be no use.
        model = model.believed([trial.units for trial in self._trials if trial.loss is None])
        chosen: list[Units] = []
        for _ in range(self._search.ask):
            chosen.append(self._promising(model.believed(chosen), rng))
        return chosen

    def _promising(self, model: ScoreModel, rng: np.random.Generator) -> Units:
        """The place with the greatest expected improvement: the best of many, and of many around the best."""
        n, least = self._search.n, model.least() - self._search.settings["xi"]
        best = [model.places[i] for i in np.argsort(model.predicted(model.places)[0])[:_KEPT]]
        places = self._allowed(rng.random((_SPREAD_OUT, n))) or [
            self._search.drawn(lambda: rng.random(n).tolist())
        ]
        places += best
        for width in _WIDTHS:
            order = np.argsort(-log_improvement(*model.predicted(places), least), kind="stable")
            kept = [places[i] for i in order[:_KEPT]]
            cloud = np.repeat(kept, _AROUND, axis=0) + rng.normal(0.0, width, (_AROUND * len(kept), n))
            places = kept + self._allowed(cloud)
        return places[int(np.argmax(log_improvement(*model.predicted(places), least)))]

    def _allowed(self, places: Vector) -> list[Units]:
        return [place for place in map(in_cube, places) if self._search.allows(place)]


def log_improvement(mean: Vector, deviation: Vector, least: float) -> Vector:
    """Logarithm of the expected improvement on a loss, with digits also where there is hardly any.

    S. Ament et al., Unexpected improvements to expected improvement, NeurIPS 2023.
    """
    deviation = np.maximum(deviation, _LEAST_DEVIATION)
    z = (least - mean) / deviation
    near = np.maximum(z, _FAR)
    far = np.minimum(z, _FAR)
    density = -(far**2) / 2 - np.log(2 * np.pi) / 2
    scaled = special.erfcx(-far / np.sqrt(2)) * np.sqrt(np.pi / 2)
    tail = density + np.where(far < _FARTHER, -2 * np.log(-far), np.log1p(far * scaled))
    body = np.log(np.exp(-(near**2) / 2) / np.sqrt(2 * np.pi) + near * special.ndtr(near))
    value: Vector = np.where(z > _FAR, body, tail) + np.log(deviation)
    return value
