"""What each kind of strategy takes: the checks of a file and the table of the page go by it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from runner.domain.suggestions import suggestion
from runner.optional_packages import needed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from runner.domain.strategies import SearchDimension, Strategy
    from runner.strategies.engines.base import Search, SearchEngine


# What a function that proposes is always given.
ARGUMENTS: Final = ("history", "space", "ask", "seed")


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSetting:
    """One setting of a kind.

    Args:
        default: What it is if the file does not say it.

        low: Least value; itself only if `has_low`.

        is_flag: Whether it is true or false.
    """

    meaning: str
    default: float
    low: float = 0.0
    high: float = 1e9
    has_low: bool = True
    is_flag: bool = False

    def allows(self, value: object) -> bool:
        """Whether a value of the file can be it."""
        if isinstance(value, bool) or self.is_flag:
            return isinstance(value, bool) and self.is_flag
        if not isinstance(value, int | float):
            return False
        return self.low <= value <= self.high and (self.has_low or value != self.low)

    @property
    def expected(self) -> str:
        """Which values it can have, for people."""
        if self.is_flag:
            return "true or false"
        return f"a number {'from' if self.has_low else 'above'} {self.low:g} up to {self.high:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyKind:
    """What a kind of strategy takes.

    Args:
        engine: Module and class that propose, as `module:Class`.

        version: Of how it proposes. It grows with every change that asks for other points, and is a part of
            the recipe: a changed engine is another strategy.

        ask: Jobs of a round that varies so many numbers, if the file does not say it; None where the kind
            always says it itself.

        least_ask: Fewest jobs of a round.

        ask_step: The jobs of a round are a multiple of it.

        has_choices: Whether a variable can be one of several values.

        most_dimensions: How many numbers it can vary.

        where: What becomes of a point that breaks a condition.

        starts_in_the_middle: Whether it starts there, if conditions allow it and `first` says nothing else.

        spread: The scores that `stop.spread` compares; empty where it refuses this rule, as how close scores
            are says nothing of its end.

        compares: Whether its engine says itself which these are; else those of the last round.

        ranks: Whether its engine says itself which jobs are best.

        takes_any_setting: Whether settings are what the user makes of them.

        noise: What it does about the errors of scores.

        package: What it imports beside the runner's own needs; empty for nothing.

        extra: What installs it.
    """

    name: str
    engine: str
    version: int = 1
    ask: Callable[[int], int] | None
    least_ask: int = 1
    ask_step: int = 1
    has_choices: bool = False
    most_dimensions: int | None = None
    where: str = "drawn again"
    starts_in_the_middle: bool = False
    spread: str = ""
    compares: bool = False
    ranks: bool = False
    takes_any_setting: bool = False
    noise: str = ""
    package: str = ""
    extra: str = ""
    settings: Mapping[str, KindSetting] = field(default_factory=dict)

    def check_package(self) -> None:
        """Raise RunnerError where what it imports is not installed; it is not imported for that."""
        if self.package and find_spec(self.package) is None:
            needed(self.package, f"a strategy of kind {self.name}", extra=self.extra)

    def search_engine(self, search: Search) -> SearchEngine:
        """An engine that is told nothing yet."""
        module, name = self.engine.split(":")
        engine: SearchEngine = getattr(import_module(module), name)(search)
        return engine

    def jobs_of_a_round(self, said: int | None, n: int) -> int | None:
        """What a file asks for, or what is usual for so many numbers; None where the kind says it itself."""
        return said or (self.ask(n) if self.ask else None)

    def values(self, said: Mapping[str, float | bool]) -> dict[str, float]:
        """Value of each setting, with those of a file."""
        if self.takes_any_setting:
            return {name: value if isinstance(value, bool) else float(value) for name, value in said.items()}
        return {name: float(said.get(name, each.default)) for name, each in self.settings.items()}


KINDS: Final[Mapping[str, StrategyKind]] = {
    kind.name: kind
    for kind in (
        StrategyKind(
            name="bayesian",
            engine="runner.strategies.engines.bayesian:BayesianEngine",
            ask=lambda _: 1,
            has_choices=True,
            noise="known: the model takes each score with its error",
            package="sklearn",
            extra="bayes",
            settings={
                "xi": KindSetting(
                    meaning="improvement that does not count, in standard deviations of all scores",
                    default=0.0,
                ),
            },
        ),
        StrategyKind(
            name="sobol",
            engine="runner.strategies.engines.sobol:SobolEngine",
            ask=lambda _: 8,
            has_choices=True,
            noise="none needed: no point depends on a score",
        ),
        StrategyKind(
            name="refine",
            engine="runner.strategies.engines.refine:RefineEngine",
            ask=lambda _: 5,
            least_ask=3,
            most_dimensions=1,
            where="pulled back",
            spread="its round",
            noise="known: a bracket stays as wide as the errors of its scores ask for",
            ranks=True,
            settings={
                "precision": KindSetting(
                    meaning="standard error of the optimum at the end, in parts of the interval",
                    default=1e-3,
                    high=0.1,
                    has_low=False,
                ),
            },
        ),
        StrategyKind(
            name="spsa",
            engine="runner.strategies.engines.spsa:SpsaEngine",
            ask=lambda _: 2,
            least_ask=2,
            ask_step=2,
            starts_in_the_middle=True,
            noise="meant for it; more pairs of a round are averaged",
            settings={
                "a": KindSetting(meaning="gain of the steps; 0 finds it by step", default=0.0),
                "A": KindSetting(meaning="rounds in which steps hardly get shorter", default=10.0),
                "alpha": KindSetting(meaning="how fast steps get shorter", default=0.602, high=1.0),
                "c": KindSetting(meaning="distance of both jobs", default=0.1, high=0.5, has_low=False),
                "gamma": KindSetting(meaning="how fast the distance gets shorter", default=0.101, high=1.0),
                "step": KindSetting(meaning="length of the first step", default=0.1, high=1.0, has_low=False),
            },
        ),
        StrategyKind(
            name="cma-es",
            engine="runner.strategies.engines.cma_es:CmaEngine",
            ask=lambda n: 4 + int(3 * math.log(max(n, 1))),
            least_ask=4,
            starts_in_the_middle=True,
            spread="its generation",
            noise="outlived: a generation is ranked, and the next draws around the better half",
            package="cmaes",
            extra="cma",
            settings={
                "sigma": KindSetting(
                    meaning="standard deviation of the first generation", default=0.3, high=1.0, has_low=False
                ),
            },
        ),
        StrategyKind(
            name="nelder-mead",
            engine="runner.strategies.engines.nelder_mead:NelderMeadEngine",
            version=2,
            ask=None,
            where="pulled back",
            starts_in_the_middle=True,
            spread="its simplex",
            compares=True,
            noise="not thought of: what was measured once stands",
            settings={
                "adaptive": KindSetting(
                    meaning="steps that depend on the number of variables", default=0.0, is_flag=True
                ),
                "size": KindSetting(
                    meaning="edges of the first simplex", default=0.2, high=0.5, has_low=False
                ),
                "smallest": KindSetting(meaning="edges of the last one", default=1e-3, high=0.5),
            },
        ),
        StrategyKind(
            name="python",
            engine="runner.strategies.engines.python_function:PythonEngine",
            ask=lambda _: 1,
            has_choices=True,
            where="an error",
            spread="its round",
            noise="as the function has it",
            takes_any_setting=True,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class KindProblem:
    """What a kind does not take.

    Args:
        place: Key of the strategy, and one below it: `("settings", "c")`, or `("over", "omega[1]")`.
    """

    place: tuple[str, ...]
    message: str
    hint: str = ""


def problems(strategy: Strategy) -> Iterator[KindProblem]:
    """Everything of a strategy that its kind does not take."""
    kind = KINDS.get(strategy.kind)
    if kind is None:
        hint = suggestion(strategy.kind, list(KINDS), kind="kinds")
        yield KindProblem(("kind",), f"there is no kind of strategy {strategy.kind}", hint)
        return
    yield from _ask_problems(kind, strategy.ask)
    yield from _spread_problems(kind, strategy)
    yield from _setting_problems(kind, strategy.settings)
    yield from _dimension_problems(kind, strategy.space.dimensions)


def _ask_problems(kind: StrategyKind, ask: int | None) -> Iterator[KindProblem]:
    if ask is None:
        return
    if kind.ask is None:
        yield KindProblem(("ask",), f"{kind.name} says itself how many jobs a round has", "leave ask out")
    elif ask < kind.least_ask or ask % kind.ask_step:
        what = "an even number" if kind.ask_step > 1 else "a number"
        yield KindProblem(
            ("ask",), f"{kind.name} asks for {what} of jobs from {kind.least_ask} on, not {ask}"
        )


def _spread_problems(kind: StrategyKind, strategy: Strategy) -> Iterator[KindProblem]:
    if strategy.stop.spread is None:
        return
    place, jobs = ("stop", "spread"), kind.jobs_of_a_round(strategy.ask, len(strategy.space.dimensions))
    if not kind.spread:
        able = ", ".join(each.name for each in KINDS.values() if each.spread)
        message = f"how close the scores of {kind.name} are says nothing of its end"
        yield KindProblem(place, message, f"say `stall` in its place; kinds that have a spread: {able}")
    elif jobs == 1:
        hint = "say `stall` in its place, or a higher `ask`"
        yield KindProblem(place, "a round of one job has no spread", hint)


def _setting_problems(kind: StrategyKind, settings: Mapping[str, object]) -> Iterator[KindProblem]:
    if kind.takes_any_setting:
        yield from (
            KindProblem(("settings", name), f"{name} can't be a setting: the function has it already")
            for name in settings
            if name in ARGUMENTS
        )
        return
    for name, value in settings.items():
        setting = kind.settings.get(name)
        if setting is None:
            hint = suggestion(name, list(kind.settings), kind="settings") if kind.settings else ""
            yield KindProblem(("settings", name), f"{kind.name} has no setting {name}", hint)
        elif not setting.allows(value):
            yield KindProblem(("settings", name), f"{name} is {setting.expected}, not {value}")


def _dimension_problems(kind: StrategyKind, dimensions: tuple[SearchDimension, ...]) -> Iterator[KindProblem]:
    most = kind.most_dimensions
    if most is not None and len(dimensions) > most:
        yield KindProblem(("over",), f"{kind.name} varies one number, not {len(dimensions)}")
    if kind.has_choices:
        return
    able = ", ".join(each.name for each in KINDS.values() if each.has_choices)
    for dimension in dimensions:
        if dimension.choices:
            message = f"{kind.name} cannot choose between values"
            yield KindProblem(("over", dimension.name), message, f"what can: {able}")
