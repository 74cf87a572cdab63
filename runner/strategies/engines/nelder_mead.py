"""Nelder and Mead's simplex: one job a round, without slopes.

J. A. Nelder and R. Mead, A simplex method for function minimization, The Computer Journal 7, 308 (1965), in
the form of J. C. Lagarias et al., SIAM Journal on Optimization 9, 112 (1998); adaptive parameters are those
of F. Gao and L. Han, Computational Optimization and Applications 51, 259 (2012). Noise is not thought of:
what was measured once stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from runner.strategies.engines.base import UnkeptError, in_cube, loss_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from runner.domain.strategies import Units
    from runner.strategies.engines.base import Round, Search

    Vertex = tuple[float, Units]


class NelderMeadEngine:
    """Goes by the losses from one simplex to the next; which step comes is what they say."""

    end = "the simplex has shrunk to a point"

    def __init__(self, search: Search) -> None:
        self._search = search
        self._first: Round | None = None
        self._corners: list[Vertex] = []  # sorted
        self._reflected: Vertex | None = None
        self._step = "begin"
        n = search.n if search.settings["adaptive"] else 2
        self._expansion, self._contraction, self._shrinkage = 1 + 2 / n, 0.75 - 1 / (2 * n), 1 - 1 / n
        if n == 1:  # these would make points of lines
            self._expansion, self._contraction, self._shrinkage = 2.0, 0.5, 0.5

    def size(self) -> int:
        """One, but for a new simplex."""
        if self._step == "begin":
            return self._search.n + (not self._corners)
        return self._search.n if self._step == "shrink" else 1

    def most(self, rounds: int) -> int:
        """Shrinking all the time; once, perhaps, with the first corner of a simplex."""
        return rounds * self._search.n + (self._first is None and rounds > 0)

    def tell(self, trials: Round) -> None:
        """Take the step that the losses ask for."""
        if self._first is None:
            self._first = trials
            known = [(trial.loss, trial.units) for trial in trials if trial.loss is not None]
            self._corners = _sorted(known)[:1]
            return
        told = [(loss_of(trial), trial.units) for trial in trials]
        if self._step in {"begin", "shrink"}:
            self._corners = _sorted([*self._corners[:1], *told])
            self._step = "reflect"
        else:
            self._judge(told[0])

    def _judge(self, new: Vertex) -> None:
        """What comes after a single job."""
        loss, reflected = new[0], self._reflected
        if reflected is None:
            if self._corners[0][0] <= loss < self._corners[-2][0]:
                self._accept(new)
            else:
                self._reflected = new
                is_better = loss < self._corners[-1][0]
                self._step = "contract" if is_better else "contract inside"
                if loss < self._corners[0][0]:
                    self._step = "expand"
        elif self._step == "expand":
            self._accept(new if loss < reflected[0] else reflected)
        elif loss <= reflected[0] if self._step == "contract" else loss < self._corners[-1][0]:
            self._accept(new)
        else:
            self._step, self._reflected = "shrink", None

    def _accept(self, vertex: Vertex) -> None:
        """Put a vertex in place of the worst."""
        self._corners = _sorted([*self._corners[:-1], vertex])
        self._step, self._reflected = "reflect", None

    def compared(self) -> list[float]:
        """The losses of the simplex; none before it is whole, and within a step."""
        return [loss for loss, _ in self._corners] if self._step == "reflect" else []

    def propose(self, rng: np.random.Generator) -> list[Units]:
        """The points of the next step."""
        if self._step == "begin":
            return self._simplex(rng)
        corners = np.asarray([units for _, units in self._corners])
        if np.abs(corners[1:] - corners[0]).max() < self._search.settings["smallest"]:
            return []
        if self._step == "shrink":
            points = corners[0] + self._shrinkage * (corners[1:] - corners[0])
            return [self._search.pulled(corners[0], point) for point in points]
        return [self._search.pulled(corners[0], self._single(corners))]

    def _single(self, corners: NDArray[np.float64]) -> Units:
        """The point of a step that takes one."""
        middle = corners[:-1].sum(0) / self._search.n
        factor = {
            "reflect": 1.0,
            "expand": self._expansion,
            "contract": self._contraction,
            "contract inside": -self._contraction,
        }[self._step]
        return in_cube((1 + factor) * middle - factor * corners[-1])

    def _simplex(self, rng: np.random.Generator) -> list[Units]:
        """A start, unless it is measured already, and its neighbours along each axis, on the roomier side."""
        start = self._search.start(self._first or (), rng)
        size, middle = self._search.settings["size"], 0.5
        steps = np.diag([size if each <= middle else -size for each in start])
        corners = [self._corner(start, step) for step in steps]
        return corners if self._corners else [start, *corners]

    def _corner(self, start: Units, step: NDArray[np.float64]) -> Units:
        """A neighbour of the start; where conditions pull it back to there, the one on the other side.

        Raises:
            UnkeptError: Neither is apart from the start: no simplex could move along this axis.
        """
        for each in (step, -step):
            corner = self._search.pulled(start, in_cube(np.asarray(start) + each))
            if np.abs(np.subtract(corner, start)).max() >= self._search.settings["smallest"]:
                return corner
        raise UnkeptError("along an axis, all on either side of the start break it")


def _sorted(corners: list[Vertex]) -> list[Vertex]:
    return sorted(corners, key=lambda vertex: vertex[0])
