"""An objective and a job → its score, and the values of its names. Pure, and the same on every machine."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from runner.domain.expressions.parser import parsed
from runner.errors import UsageError
from runner.results.analysis.estimates import UNKNOWN
from runner.results.analysis.objectives.error_propagation import of_formula
from runner.results.analysis.objectives.quantities import quantity
from runner.results.analysis.objectives.readings import reading, reading_of_function
from runner.results.analysis.vocabulary import inline_only

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.domain.expressions.tree import Expression
    from runner.results.analysis.estimates import Estimate
    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.analysis.objectives.readings import Reading
    from runner.results.analysis.vocabulary import ReadMatrix

    # What functions in Python gave for `asked_first` and `asked_then`, by name and key of the job.
    Answers = Mapping[tuple[str, str], Sequence[float]]

_NONE: Final[Answers] = MappingProxyType({})


def score(
    objective: Mapping[str, Any],
    job: MeasuredJob,
    *,
    read: ReadMatrix = inline_only,
    answers: Answers = _NONE,
) -> Estimate | None:
    """What an objective comes to in a job, as it is: large is good of one that is to be maximized.

    None where nothing was measured, where the emulator did not evaluate what it names, and where the formula
    has no value, as where it divides by 0. An error of NaN is not known.

    Args:
        objective: As plain data: `maximize` or `minimize`, and `let`.

        read: Gives the matrix of a cost that is in a file.

        answers: What functions in Python gave for the counts of the job.

    Raises:
        UsageError: It is none of this job, as where it names an atom that the job does not have; also where
            nothing was measured yet.
    """
    formula, let = _parsed(objective.get("maximize") or objective["minimize"]), objective["let"]
    names = dict.fromkeys(variable.name for variable in formula.variables())
    found: dict[str, Reading] = {}
    for name in names:
        each = _reading(let[name], objective, job, read, answers)
        if each is not None:
            found[name] = each
    if not job.counts or len(found) < len(names):
        return None
    return of_formula(formula.tree, found, job.counts)


def named_values(
    objective: Mapping[str, Any],
    job: MeasuredJob,
    *,
    answers: Answers = _NONE,
) -> dict[str, Estimate]:
    """What each name of an objective comes to in a job; NaN where it was not measured, or not evaluated.

    Raises:
        UsageError: See `score`.
    """
    let = objective["let"]
    found = {name: _reading(said, objective, job, inline_only, answers) for name, said in let.items()}
    return {name: each.estimate if each else UNKNOWN for name, each in found.items()}


@lru_cache(maxsize=64)
def _parsed(text: str) -> Expression:
    return parsed(text)


def _reading(
    said: Any, objective: Mapping[str, Any], job: MeasuredJob, read: ReadMatrix, answers: Answers
) -> Reading | None:
    """What a quantity comes to; None where that is not known of the job."""
    match said:
        case {"python": {"function": name}} | {"python": str(name)}:
            if not job.counts:
                return None
            if (name, job.key) not in answers:
                raise UsageError(f"{name} is Python code, and it was not run")
            return reading_of_function(answers[name, job.key], job.counts)
        case {"observable": name} if _label(name) not in job.evaluated:
            return None
    observable = quantity(said, objective["let"], job, read)
    return reading(observable, job, job.counts) if job.counts else None


def _label(name: str) -> str:
    return name.partition("@")[0].partition(",")[0].strip()
