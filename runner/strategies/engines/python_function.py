"""Points that a function of the user gives.

It is given the history, what is varied, how many points are wanted, a seed, and the settings of the file, as
plain data. Numbers are called as in formulas: `omega[1]`. What calls it is handed over: here, nothing runs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from runner.domain.numerals import counted
from runner.domain.suggestions import readable, suggestion
from runner.errors import RunnerError
from runner.strategies.engines.equal_rounds import EqualRounds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from runner.domain.strategies import SearchDimension, Trial, Units
    from runner.strategies.engines.base import Round, Search

    # Gives what the function gives for some arguments, by name.
    CallFunction = Callable[[Mapping[str, object]], "Returned"]

MEND: Final = "mend it: then it is another strategy, and `reuse: true` lets it begin with what is measured"
_CLOSE: Final = 1e-9  # of the interval: how far a number may be outside, or beside a place
_SEEDS: Final = 2**53
_NOT_FINITE: Final = ("nan", "inf", "-inf")
_SHOWN_CHARACTERS: Final = 40


class Returned(NamedTuple):
    """What a function gave, as plain data, and where it is, for people: `specs/propose.py:7`."""

    value: object
    where: str


class PythonEngine(EqualRounds):
    """Asks a function for each round.

    Args:
        call: Calls it; None where that is not allowed.
    """

    def __init__(self, search: Search, call: CallFunction | None = None) -> None:
        super().__init__(search)
        self._call = call
        self._rounds: list[Round] = []
        self.end = "the function has no more points" if call else ""

    def tell(self, trials: Round) -> None:
        """Keep it for the history."""
        self._rounds.append(trials)

    def propose(self, rng: np.random.Generator) -> list[Units]:
        """What the function gives for all rounds so far; none where it gives none, or says why.

        Raises:
            RunnerError: It gives something else, or cannot be called.
        """
        if self._call is None:
            raise RunnerError("the function that proposes is not run here")
        given, where = self._call(
            {
                "history": [
                    self._told(number, trial) for number, some in enumerate(self._rounds) for trial in some
                ],
                "space": [_described(each) for each in self._search.space.dimensions],
                "ask": self._search.ask,
                "seed": int(rng.integers(_SEEDS)),
                **self._search.settings,
            }
        )
        if given is None or given == [] or isinstance(given, str):
            self.end = str(given or self.end)
            return []
        if not isinstance(given, list):
            said = 'points are a list of mappings, like [{"omega": 3.5}]; nothing, or why, ends it'
            message = f"what the function gave is no list of points ({where})"
            raise RunnerError(message, hint=f"{said}; {MEND}")
        if len(given) != self._search.ask:
            given_points = counted(len(given), "point")
            message = f"the function gave {given_points} for a round of {self._search.ask} ({where})"
            raise RunnerError(message, hint=f"give as many as `ask` says; {MEND}")
        return [self._point(number, each, where) for number, each in enumerate(given, 1)]

    def _told(self, number: int, trial: Trial) -> dict[str, object]:
        """A slot as the function is told of it."""
        dimensions, sign = self._search.space.dimensions, -1 if self._search.is_maximized else 1
        return {
            "round": number,
            "slot": trial.slot if trial.slot > 0 else None,
            "values": {
                each.name: each.value(unit) for each, unit in zip(dimensions, trial.units, strict=True)
            },
            "score": None if trial.loss is None else sign * trial.loss + 0.0,
            "error": trial.error,
        }

    def _point(self, number: int, said: object, where: str) -> Units:
        dimensions = self._search.space.dimensions
        fault, hint = _fault(dimensions, said)
        if isinstance(said, dict) and not fault:
            point = tuple(each.unit(float(said[each.name])) for each in dimensions)
            if self._search.allows(point):
                return point
            fault = "breaks a condition of `where`"
        raise RunnerError(f"point {number} {fault} ({where})", hint="; ".join(filter(None, (hint, MEND))))


def _fault(dimensions: Sequence[SearchDimension], said: object) -> tuple[str, str]:
    """Why something is no point of what is varied, and what to do; empty where it is one."""
    names = [each.name for each in dimensions]
    if not isinstance(said, dict):
        return "is no mapping", f"say all of {', '.join(names)}"
    if unknown := [name for name in said if name not in names]:
        return f"has {unknown[0]}, and that is not varied", suggestion(unknown[0], names, kind="names")
    if lacking := [name for name in names if name not in said]:
        return f"has no {lacking[0]}", ""
    misfits = (_misfit(each, said[each.name]) for each in dimensions)
    return next(filter(None, misfits), ""), ""


def _described(dimension: SearchDimension) -> dict[str, object]:
    """What is varied, as the function is told of it."""
    if dimension.choices:
        return {"name": dimension.name, "choices": list(dimension.choices)}
    return {
        "name": dimension.name,
        "low": dimension.low,
        "high": dimension.high,
        "step": dimension.step,
        "is_log": dimension.is_log,
    }


def _misfit(dimension: SearchDimension, value: object) -> str:
    """Why a number is none of what is varied; empty where it is."""
    name = dimension.name
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"has {_shown(value)} for {name}"
    if dimension.choices:
        known = any(math.isclose(value, each, rel_tol=_CLOSE) for each in dimension.choices)
        return "" if known else f"has {value:g} for {name}, which is one of {_listed(dimension.choices)}"
    margin = _CLOSE * (dimension.high - dimension.low)
    if not dimension.low - margin <= value <= dimension.high + margin:
        return f"has {value:g} for {name}, which goes from {dimension.low:g} to {dimension.high:g}"
    if dimension.step and abs(dimension.value(dimension.unit(value)) - value) > margin:
        return f"has {value:g} for {name}, which goes from {dimension.low:g} by steps of {dimension.step}"
    return ""


def _shown(value: object) -> str:
    """What is no number, or no finite one, which comes as text."""
    if not isinstance(value, str):
        return "no number"
    return value if value in _NOT_FINITE else f'the text "{readable(value, _SHOWN_CHARACTERS)}"'


def _listed(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{each:g}" for each in numbers)
