"""What functions in Python give for a strategy: asked where that is allowed, and kept."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from runner.domain.digests import digest
from runner.domain.json_values import plain
from runner.domain.slot_jobs import with_example
from runner.domain.suggestions import HintedError
from runner.errors import RunnerError
from runner.project import late_imports
from runner.project.cache.kept_answers import KeptAnswers
from runner.project.config.settings import Settings
from runner.results.analysis.counts import Counts
from runner.strategies.engines.python_function import MEND, Returned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from runner.domain import DesiredExperiment
    from runner.domain.strategies import NamedFunction, Strategy
    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.analysis.objectives.readings import AskedRuns
    from runner.results.analysis.objectives.scores import Answers
    from runner.sequences.python_functions.function_calls import FunctionCalls

    Asked = tuple[MeasuredJob, AskedRuns]

_FORMAT: Final = "runner/answers/v1"
_AT_ONCE: Final = 16  # jobs that one process scores
_TRIED_RUNS: Final = 100
_NOT_FINITE: Final = ("nan", "inf", "-inf")


@dataclass(frozen=True, slots=True)
class Answered:
    """What functions gave for the counts of some jobs.

    Args:
        fault: Why there is nothing of some of them; None where nothing is missing.
    """

    answers: Answers
    fault: RunnerError | None = None


@dataclass(frozen=True, kw_only=True)
class StrategyFunctions:
    """The functions of a repository's strategies.

    Args:
        root: Where the repository begins.

        kept: What they gave before.
    """

    root: Path = field(default_factory=Path)
    settings: Settings = field(default_factory=Settings)
    kept: KeptAnswers = field(default_factory=lambda: KeptAnswers(None))

    def returned(self, function: NamedFunction, keywords: Mapping[str, object]) -> Returned:
        """What a function gives for some arguments.

        Raises:
            RunnerError: It gives nothing, or may not be run.
        """
        question = _question(function, "points", keywords)
        if known := self.kept.answer(question):
            return Returned(known[0], function.name)
        try:
            given = self._calls_of(function).value(function, keywords)
        except HintedError as error:
            raise _mending(error) from error
        self.kept.keep({question: given.values[0]})
        return Returned(given.values[0], given.where)

    def answered(self, strategy: Strategy, jobs: Iterable[MeasuredJob]) -> Answered:
        """What the functions of an objective give for measured jobs, as far as they give something."""
        found: dict[tuple[str, str], tuple[float, ...]] = {}
        measured = [job for job in jobs if job.counts]
        try:
            for function in dict.fromkeys(strategy.scorers.values()):
                left = []
                for job in measured:
                    known = self.kept.answer(_question(function, "score", job.variables, _counts(job)))
                    if known and isinstance(known[0], list):
                        found[function.name, job.key] = _floats(known[0])
                    else:
                        left.append(job)
                for some in _batches(left):
                    found |= self._asked(function, some)
        except RunnerError as error:
            return Answered(found, error)
        return Answered(found)

    def try_out(self, desired: DesiredExperiment) -> None:
        """Score coin flips in place of a job, before the first one is bought.

        Raises:
            RunnerError: A function gives nothing, or may not be run.
        """
        strategy = desired.strategy
        functions = dict.fromkeys(strategy.scorers.values()) if strategy else ()
        if not functions:
            return
        job = with_example(desired).jobs[0]
        counts = coin_flips(len(desired.qubit_ids_of(job)))
        asked = late_imports.AskedRuns(tuple(counts), (tuple(counts.values()),))
        for function in functions:
            question = _question(function, "tried", job.variables, counts)
            if self.kept.answer(question) is None:
                numbers = self._numbers(function, [(asked, job.variables)])
                self.kept.keep({question: [*map(_finite, numbers)]})

    def _asked(
        self, function: NamedFunction, jobs: Sequence[MeasuredJob]
    ) -> dict[tuple[str, str], tuple[float, ...]]:
        """What a function gives for some jobs, and keep it."""
        found = self._of_each(function, jobs, [late_imports.asked_first(_counts(job)) for job in jobs])
        then = [late_imports.asked_then(_counts(job), each) for job, each in zip(jobs, found, strict=True)]
        open_ones = [(place, asked) for place, asked in enumerate(then) if asked]
        more = self._of_each(
            function,
            [jobs[place] for place, _ in open_ones],
            [asked for _, asked in open_ones],
            is_tolerant=True,
        )
        for (place, _), some in zip(open_ones, more, strict=True):
            found[place] += some
        both = list(zip(jobs, found, strict=True))
        self.kept.keep(
            {
                _question(function, "score", job.variables, _counts(job)): [*map(_finite, each)]
                for job, each in both
            }
        )
        return {(function.name, job.key): each for job, each in both}

    def _of_each(
        self,
        function: NamedFunction,
        jobs: Sequence[MeasuredJob],
        asked: Sequence[AskedRuns],
        *,
        is_tolerant: bool = False,
    ) -> list[tuple[float, ...]]:
        """Numbers for each job, one for each row that is asked of it."""
        pairs = [(each, job.variables) for each, job in zip(asked, jobs, strict=True)]
        numbers = iter(self._numbers(function, pairs, is_tolerant=is_tolerant) if pairs else ())
        return [tuple(islice(numbers, len(each.rows))) for each in asked]

    def _numbers(
        self,
        function: NamedFunction,
        asked: Sequence[tuple[AskedRuns, Mapping[str, object]]],
        *,
        is_tolerant: bool = False,
    ) -> list[float]:
        scored = [
            late_imports.ScoredCounts(bitstrings=each.bitstrings, rows=each.rows, variables=variables)
            for each, variables in asked
        ]
        try:
            given = self._calls_of(function).scores(function, scored, is_tolerant=is_tolerant)
        except HintedError as error:
            raise _mending(error) from error
        return [_number(each, function, given.where, is_tolerant) for each in given.values]

    def _calls_of(self, function: NamedFunction) -> FunctionCalls:
        if not self.settings.allow_python:
            message = f"{function.path} is Python code, and running it is not allowed"
            raise RunnerError(message, hint=late_imports.ALLOW)
        return self._calls

    @cached_property
    def _calls(self) -> FunctionCalls:
        said = self.settings
        return late_imports.FunctionCalls(
            root=self.root,
            timeout_s=said.python_timeout_s,
            memory_gb=said.python_memory_gb,
            limits=said.limits.as_limits(),
        )


def coin_flips(n_qubits: int) -> Counts:
    """Counts as of a register that nothing has been done to but toss each qubit; always the same ones."""
    coin, counts = Random(n_qubits), dict[str, int]()  # noqa: S311  (nothing is to be secret)
    for _ in range(_TRIED_RUNS):
        bits = f"{coin.getrandbits(n_qubits):0{n_qubits}b}"
        counts[bits] = counts.get(bits, 0) + 1
    return Counts(counts)


def _question(function: NamedFunction, *asked: object) -> str:
    """Digest of what a function is asked: the text of its file, and its arguments."""
    return digest([_FORMAT, function.digest, function.function, plain(asked)])


def _counts(job: MeasuredJob) -> Counts:
    return job.counts or Counts({})


def _batches(jobs: Sequence[MeasuredJob]) -> Iterator[Sequence[MeasuredJob]]:
    return (jobs[start : start + _AT_ONCE] for start in range(0, len(jobs), _AT_ONCE))


def _number(value: object, function: NamedFunction, where: str, is_tolerant: bool) -> float:
    """What a function gave as a number; NaN where it may fail and did."""
    if (value is None and is_tolerant) or (isinstance(value, str) and value in _NOT_FINITE):
        return math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return math.nan
    message = f"{function.function} gave {_kind(value)}, not a number ({where})"
    raise RunnerError(message, hint=f"end it with return and a number; {MEND}")


def _kind(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case {"": str(name)}:
            return f"an object of type {name}"
        case bool():
            return str(value)
        case str():
            return "text"
    return "a mapping" if isinstance(value, dict) else "a list"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _floats(kept: Iterable[object]) -> tuple[float, ...]:
    return tuple(float(each) if isinstance(each, int | float) else math.nan for each in kept)


def _mending(error: HintedError) -> RunnerError:
    mend = MEND if isinstance(error, late_imports.FunctionFaultError) else ""
    return RunnerError(error.message, hint="; ".join(filter(None, (error.hint, mend))))
