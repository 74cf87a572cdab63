"""Strategies as data: what is varied, what is wanted of it, and what came back. Pure, without NumPy.

A strategy asks for jobs by slots, numbered from 1 in the order in which they are asked for. A slot is a job
for ever: its values are those that were bought, however they would be proposed today.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from runner.domain.digests import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from runner.domain.json_values import JobValues

    Units = tuple[float, ...]

_KEY_CHARACTERS: Final = 16
_CONFIRMED: Final = "x"


class OnFailed(StrEnum):
    """What a job that failed for good counts as in the rounds after it."""

    DROP = "drop"
    WORST = "worst"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDimension:
    """One number that a strategy varies.

    Args:
        variable: Of the sequence.

        element: Which one of a vector, from 0; None for a plain number.

        low: Least value.

        high: Greatest value.

        is_log: Whether logarithms are evenly likely.

        step: Distance of whole numbers, counted from the least; 0 for any number between.

        choices: Values in place of an interval.
    """

    variable: str
    element: int | None = None
    low: float = 0.0
    high: float = 1.0
    is_log: bool = False
    step: int = 0
    choices: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """As a formula has it."""
        return self.variable if self.element is None else f"{self.variable}[{self.element}]"

    @property
    def n_values(self) -> int:
        """How many values it can have; 0 for any number of an interval."""
        if self.choices:
            return len(self.choices)
        return int((self.high - self.low) // self.step) + 1 if self.step else 0

    def value(self, unit: float) -> float:
        """The value at a place from 0 to 1, both included; outside, that of the nearer end."""
        unit = min(max(unit, 0.0), 1.0)
        if self.n_values:
            place = min(int(unit * self.n_values), self.n_values - 1)
            return self.choices[place] if self.choices else int(self.low) + place * self.step
        if self.is_log:
            low, high = math.log(self.low), math.log(self.high)
            return min(max(math.exp(low + (high - low) * unit), self.low), self.high)
        return min(max(self.low + (self.high - self.low) * unit, self.low), self.high)

    def unit(self, value: float) -> float:
        """The place of a value, from 0 to 1; of one among several the middle of what is nearest to it."""
        if self.choices:
            place = min(range(len(self.choices)), key=lambda i: abs(self.choices[i] - value))
            return (place + 0.5) / len(self.choices)
        if self.step:
            return min(max((value - self.low) / self.step + 0.5, 0.5), self.n_values - 0.5) / self.n_values
        if self.is_log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSpace:
    """What a strategy varies, and what stays.

    Args:
        dimensions: In the order of the file.

        values: Value of every variable of the sequence; of what is varied, anything.
    """

    dimensions: tuple[SearchDimension, ...]
    values: Mapping[str, float | tuple[float, ...]] = field(default_factory=dict)

    def variables(self, units: Sequence[float]) -> JobValues:
        """Value of every variable at a place, each unit from 0 to 1; in the order of their declaration."""
        said: dict[str, float | list[float] | dict[str, int]] = {
            name: list(each) if isinstance(each, tuple) else each for name, each in self.values.items()
        }
        for dimension, unit in zip(self.dimensions, units, strict=True):
            several = said.get(dimension.variable)
            if dimension.element is not None and isinstance(several, list):
                several[dimension.element] = dimension.value(unit)
            else:
                said[dimension.variable] = dimension.value(unit)
        return said

    def units(self, variables: Mapping[str, object]) -> Units:
        """The place of some values.

        Raises:
            KeyError, TypeError, IndexError: They are no values of this space.
        """
        found = []
        for dimension in self.dimensions:
            value = variables[dimension.variable]
            if dimension.element is not None:
                value = value[dimension.element]  # type: ignore[index]
            found.append(dimension.unit(float(value)))  # type: ignore[arg-type]
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRules:
    """When a strategy is done; None for never. Kinds that converge end by themselves, too.

    Args:
        target: The objective must reach it, by two standard errors.

        rounds: Most rounds, `first` not counted.

        stall_rounds: So many rounds without a gain of more than `stall_by`.

        spread: The scores that its kind compares are within it.
    """

    target: float | None = None
    rounds: int | None = None
    stall_rounds: int | None = None
    stall_by: float = 0.0
    spread: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Fresh jobs at the winners, once a strategy is done.

    Args:
        best: How many winners.

        repeat: Jobs of each.
    """

    best: int
    runs: int
    repeat: int


@dataclass(frozen=True, slots=True)
class NamedFunction:
    """A function in Python that a file names.

    Args:
        name: Path of its file and the function: `specs/score.py:score`; from where the experiment file
            stands, or from the root once it is loaded.

        digest: Of the text of its file.
    """

    name: str
    digest: str

    @property
    def path(self) -> str:
        """The file."""
        return self.name.rpartition(":")[0]

    @property
    def function(self) -> str:
        """Name of the function in it."""
        return self.name.rpartition(":")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """What a file asks for in place of jobs.

    Args:
        digest: Of all that makes its slots what they are, 64 hexadecimal digits: the recipe's.

        text: What counts of it, JSON text; it is a part of the recipe.

        kind: Of the engine: `sobol`, `cma-es`, ….

        settings: Those of its kind, as the file has them.

        where: Conditions between variables that every job keeps.

        runs: Of each job.

        first: Points of a Sobol sequence before the first round; 0 for none.

        ask: Jobs of a round; None leaves it to the kind.

        objective: As the file has it, plain data; a function in Python is a mapping of `function` and
            `digest`, see `NamedFunction`.

        python: What proposes, of the kind `python`; None of others.

        reuse: Whether what earlier strategies of the experiment measured is known from the beginning.

        think_limit_s: For how long (in s) an open batch is kept while no job of it is under way; None for a
            batch a round.

        rerun: Counter of the file.
    """

    digest: str
    text: str
    kind: str
    space: SearchSpace
    runs: int
    seed: int = 0
    settings: Mapping[str, float | bool] = field(default_factory=dict)
    where: tuple[str, ...] = ()
    first: int = 0
    ask: int | None = None
    objective: Mapping[str, Any] = field(default_factory=dict)
    python: NamedFunction | None = None
    reuse: bool = False
    stop: StopRules = field(default_factory=StopRules)
    confirm: Confirmation | None = None
    on_failed: OnFailed = OnFailed.DROP
    think_limit_s: float | None = None
    rerun: int = 0

    @property
    def is_maximized(self) -> bool:
        """Whether more of the objective is better."""
        return "maximize" in self.objective

    @property
    def drops_failed(self) -> bool:
        """Whether it goes on without slots that failed for good."""
        return self.on_failed is not OnFailed.STOP

    def trial(
        self, slot: int, variables: Mapping[str, object], value: float, error: float, *, is_measured: bool
    ) -> Trial:
        """A slot that has ended, as engines see it.

        Args:
            value: Its objective; NaN where it has none.

            error: One standard error of it; NaN where that is not known.

            is_measured: Whether anything was measured, also where the objective has no value for it.
        """
        units = self.space.units(variables)
        if math.isnan(value):
            return Trial(slot, units, None, is_measured=is_measured)
        return Trial(slot, units, -value if self.is_maximized else value, 0.0 if math.isnan(error) else error)

    @property
    def scorers(self) -> dict[str, NamedFunction]:
        """The functions in Python that its objective names, by the names of `let`."""
        let = self.objective.get("let", {})
        return {
            name: NamedFunction(said["python"]["function"], said["python"]["digest"])
            for name, said in let.items()
            if isinstance(said, dict) and isinstance(said.get("python"), dict)  # else its file is not there
        }

    @property
    def short(self) -> str:
        """As the tag of a batch has its digest."""
        return self.digest[:_KEY_CHARACTERS]


@dataclass(frozen=True, slots=True)
class Trial:
    """One slot and what came of it, as engines see it.

    Args:
        slot: Its number; of an earlier strategy one below 1.

        units: The place of the values that were bought.

        loss: What is to be small: the objective, negative where it is maximized. None where the job
            failed, or the objective has no value for it.

        error: One standard error of it.

        is_measured: Of a job without a loss, whether it was measured, and the objective has no value for it.
    """

    slot: int
    units: Units
    loss: float | None
    error: float = 0.0
    is_measured: bool = False


def by_score(trials: Iterable[Trial]) -> list[Trial]:
    """Those that have a score, best first; of equal ones the earlier."""
    known = [(trial.loss, trial.slot, trial) for trial in trials if trial.loss is not None]
    return [trial for _, _, trial in sorted(known, key=lambda each: each[:2])]


def with_functions(strategy: Strategy, named: Callable[[str], str]) -> Strategy:
    """The same strategy, its functions under other names.

    Args:
        named: Gives the new name of an old one.
    """
    let = strategy.objective.get("let", {}) | {
        name: {"python": {"function": named(each.name), "digest": each.digest}}
        for name, each in strategy.scorers.items()
    }
    objective = {**strategy.objective, "let": let} if strategy.scorers else strategy.objective
    own = strategy.python
    return replace(strategy, objective=objective, python=replace(own, name=named(own.name)) if own else None)


@lru_cache(maxsize=100_000)  # each pass asks for those of all slots several times
def slot_key(strategy: str, label: str) -> str:
    """Key of a job of a strategy: 16 hexadecimal digits.

    Args:
        strategy: Short digest of it.

        label: The number of the slot, or `12x2` for the second job that confirms slot 12.
    """
    return digest({"strategy": strategy, "slot": label})[:_KEY_CHARACTERS]


def confirming_label(slot: int, repetition: int) -> str:
    """Label of a job that confirms a slot; repetitions are counted from 1."""
    return f"{slot}{_CONFIRMED}{repetition}"


def confirmed_slot(label: str) -> int:
    """The slot that a label is of, or that its job confirms."""
    return int(label.partition(_CONFIRMED)[0])


def is_confirming(label: str) -> bool:
    """Whether the job of a label confirms a slot."""
    return _CONFIRMED in label
