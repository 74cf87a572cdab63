"""Whether the objective of a strategy can be read off its jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.domain.slot_jobs import with_example
from runner.errors import UsageError
from runner.project import late_imports
from runner.results.gather import gathered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.errors import Problem
    from runner.project.config.settings import Settings
    from runner.project.experiments.loaded import Experiment


def unmeasurable(experiment: Experiment, settings: Settings) -> Iterator[Problem]:
    """That the objective of a strategy names what no job of it has, as an atom that is not there."""
    strategy, drawn = experiment.desired.strategy, with_example(experiment.desired)
    if strategy is None:
        return
    let = strategy.objective["let"]
    functions = [name for name, said in let.items() if _is_function(said)] if isinstance(let, dict) else []
    for name in functions:
        hint = "say a formula over quantities that have names"
        message = "a function in Python does not score the jobs of a strategy yet"
        yield experiment.problem(
            f"/spec/strategy/objective/let/{name}/python", message, hint, settings=settings
        )
    if functions:
        return
    (job,) = gathered(drawn, ())
    try:
        late_imports.score(strategy.objective, job)
    except UsageError as error:
        yield experiment.problem("/spec/strategy/objective", error.message, error.hint, settings=settings)


def _is_function(said: object) -> bool:
    return isinstance(said, dict) and "python" in said
