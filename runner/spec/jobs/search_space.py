"""What a strategy varies: `over` held against the variables of the sequence."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from runner.domain.expressions.words import ExpressionError
from runner.domain.strategies import SearchDimension, SearchSpace
from runner.domain.suggestions import suggestion
from runner.spec.jobs.jobs import JobRequest
from runner.spec.jobs.strategy_value import STRATEGY
from runner.spec.models.strategy import Varied
from runner.spec.models.variables import fitted
from runner.spec.yaml_text.json_pointers import child
from runner.strategies.conditions import all_hold, condition
from runner.strategies.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.domain.expressions.tree import Tree
    from runner.domain.strategies import Strategy
    from runner.spec.models.strategy import DeclaredStrategy, Over
    from runner.spec.models.variables import Declared
    from runner.spec.yaml_text.document import Findings

_OVER: Final = child(STRATEGY, "over")
_WHERE: Final = child(STRATEGY, "where")
# Engines find what one of a thousand keeps: of ten times as many, some would keep it.
_DRAWN: Final = 10_000


def search_space(
    findings: Findings, strategy: DeclaredStrategy, declared: Mapping[str, Declared]
) -> SearchSpace:
    """What a strategy varies; what is wrong with it is noted.

    Args:
        declared: Variables of the sequence.
    """
    unknown = [name for name in strategy.over if name not in declared]
    free = [name for name in declared if name not in strategy.over]
    for name in unknown:
        hint = suggestion(name, free or declared, kind="variables")
        if (vector := name.partition("[")[0]) in declared and vector != name:
            hint = f"say {vector}, and a list: each a number or a rule"
        message = f"the sequence has no variable {name}"
        findings.note(child(_OVER, name), message, hint, of_key=True)
    if free and not unknown:
        message = f"over gives no value to {', '.join(free)}"
        findings.note(_OVER, message, "every variable of the sequence needs one", of_key=True)
    dimensions: list[SearchDimension] = []
    values: dict[str, float | tuple[float, ...]] = {}
    for name in (each for each in declared if each in strategy.over):
        variable = _Variable(findings, name, declared[name])
        values[name], varied = variable.split(strategy.over[name])
        dimensions += varied
    if not (dimensions or unknown or findings.problems):
        hint = "vary something: {uniform: [LEAST, GREATEST]}"
        findings.note(_OVER, "all values are numbers, and nothing is varied", hint, of_key=True)
    space = SearchSpace(dimensions=tuple(dimensions), values=values)
    if not findings.problems:
        _check_where(findings, strategy, space)
    return space


def probes(strategy: Strategy) -> tuple[JobRequest, ...]:
    """Jobs that are built to see whether the sequence takes what may be proposed; none of them is bought.

    The middle, and as far as conditions allow both ends of everything, and of whole numbers the second ones:
    steps that a device rounds may begin and end where it does not.
    """
    space = strategy.space
    places = {
        "the middle of over": [0.5 for _ in space.dimensions],
        "the least values of over": [0.0 for _ in space.dimensions],
        "the greatest values of over": [1.0 for _ in space.dimensions],
    }
    if any(each.step for each in space.dimensions):
        places["a step above the least values of over"] = [
            1.5 / each.n_values if each.step else 0.0 for each in space.dimensions
        ]
    drawn = {name: space.variables(units) for name, units in places.items()}
    middle = next(iter(drawn.values()))
    where = [condition(text, middle) for text in strategy.where]
    return tuple(
        JobRequest(name=name, runs=strategy.runs, variables=values, pointer=_OVER, repetition=1)
        for name, values in drawn.items()
        if values is middle or all_hold(where, values)
    )


@dataclass(frozen=True, slots=True)
class _Variable:
    """One variable of the sequence, and what the strategy says of it."""

    findings: Findings
    name: str
    kind: Declared

    @property
    def _place(self) -> str:
        return child(_OVER, self.name)

    def split(self, said: Over) -> tuple[float | tuple[float, ...], list[SearchDimension]]:
        """The value of the variable, with anything in the place of what is varied, and that."""
        if isinstance(said, tuple):
            return self._vector(said)
        if isinstance(said, Varied):
            if self.kind.size is not None:
                hint = f"it holds {self.kind.size}: say a list, each with a number or a rule"
                self.findings.note(self._place, f"{self.name} holds several numbers", hint)
                return (0.0,) * self.kind.size, []
            return 0.0, [*self._dimension(said, self._place, None)]
        return self._constant(said), []

    def _vector(
        self, said: tuple[float | Varied, ...]
    ) -> tuple[float | tuple[float, ...], list[SearchDimension]]:
        size = self.kind.size
        if size is not None and len(said) != size:
            message = f"{self.name} holds {size} numbers: expected a list of {size}, not of {len(said)}"
            self.findings.note(self._place, message)
            return (0.0,) * size, []
        plain = self._constant(tuple(0.0 if isinstance(each, Varied) else each for each in said))
        dimensions: list[SearchDimension] = []
        for i, each in enumerate(said):
            if isinstance(each, Varied):
                dimensions += self._dimension(each, child(self._place, i), i)
        return plain, dimensions

    def _constant(self, value: float | tuple[float, ...]) -> float | tuple[float, ...]:
        try:
            return fitted(self.name, value, self.kind)
        except ValueError as error:
            self.findings.note(self._place, str(error), self._as_ends(value))
            return value

    def _as_ends(self, value: float | tuple[float, ...]) -> str:
        """How to say two numbers that were meant as an interval; empty for what was not."""
        match value:
            case (float() | int() as low, float() | int() as high) if self.kind.size is None and low < high:
                rule = "int" if self.kind.whole else "uniform"
                return f"say {{{rule}: [{low:g}, {high:g}]}} to vary it"
        return ""

    def _dimension(self, said: Varied, place: str, element: int | None) -> Iterator[SearchDimension]:
        """The dimension that a rule makes; none if it makes none."""
        fault = _fault(said) or self._misfit(said)
        if fault:
            self.findings.note(place, fault)
            return
        if said.choice is not None:
            choices = tuple(int(each) if self.kind.whole else float(each) for each in said.choice)
            yield SearchDimension(variable=self.name, element=element, choices=choices)
            return
        low, high = said.uniform or said.log_uniform or said.int_ or (0.0, 1.0)
        step = (said.step or 1) if said.int_ else 0
        is_log = said.log_uniform is not None
        yield SearchDimension(
            variable=self.name, element=element, low=low, high=high, is_log=is_log, step=step
        )

    def _misfit(self, said: Varied) -> str:
        """Why a variable of whole numbers does not take a rule; empty if it does."""
        if not self.kind.whole or said.int_ is not None:
            return ""
        if said.choice is not None and all(float(each).is_integer() for each in said.choice):
            return ""
        return f"{self.name} is an int: say {{int: [LEAST, GREATEST]}}"


def _fault(said: Varied) -> str:
    """What is wrong with a rule by itself; empty if nothing is."""
    if said.choice is not None:
        return "a choice stands here twice" if len({*said.choice}) < len(said.choice) else ""
    low, high = said.uniform or said.log_uniform or said.int_ or (0.0, 1.0)
    if not low < high:
        return f"the least value comes first, and {low:g} is not below {high:g}"
    if said.log_uniform is not None and low <= 0:
        return "log_uniform has a logarithm, and needs values above 0"
    if said.step is not None and said.step > high - low:
        return f"a step of {said.step} does not fit between {low} and {high}"
    return ""


def _check_where(findings: Findings, strategy: DeclaredStrategy, space: SearchSpace) -> None:
    middle = space.variables([0.5] * len(space.dimensions))
    conditions: list[Tree] = []
    for i, text in enumerate(strategy.where):
        try:
            conditions.append(condition(text, middle))
        except ExpressionError as error:
            findings.note(child(_WHERE, i), error.message, error.hint)
    is_drawn = strategy.kind != "python"  # whose function may know which places keep them
    if is_drawn and len(conditions) == len(strategy.where):
        _check_kept(findings, strategy, space, conditions)


def _check_kept(
    findings: Findings, strategy: DeclaredStrategy, space: SearchSpace, conditions: Sequence[Tree]
) -> None:
    """Note conditions that nothing keeps of what is drawn: no round would find a point either.

    For a kind that begins in the middle, some are drawn close to it.
    """
    n, random = len(space.dimensions), Random(0)  # noqa: S311 (nothing is secret)
    kept = [False] * len(conditions)
    from_middle = strategy.first is None and KINDS[strategy.kind].starts_in_the_middle
    for draw in range(_DRAWN):
        width = 0.1 ** (draw % 3) if from_middle else 1.0
        values = space.variables([0.5 + width * (random.random() - 0.5) for _ in range(n)])
        now = [all_hold([each], values) for each in conditions]
        if all(now):
            return
        kept = [before or here for before, here in zip(kept, now, strict=True)]
    hint = f"of {_DRAWN:,} points drawn, none keeps it; widen it, or what is varied"
    for i, each in enumerate(kept):
        if not each:
            findings.note(child(_WHERE, i), "no point keeps this condition", hint)
    if all(kept):
        hint = hint.replace("keeps it; widen it", "keeps all; widen one")
        findings.note(_WHERE, "no point keeps all of these conditions", hint, of_key=True)
