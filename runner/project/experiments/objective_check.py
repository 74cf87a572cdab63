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
    """That the objective of a strategy names what no job of it has, as an atom that is not there.

    Names that its formula does not take are looked at, too: tables have them.
    """
    strategy, drawn = experiment.desired.strategy, with_example(experiment.desired)
    if strategy is None:
        return
    (job,) = gathered(drawn, ())
    let = strategy.objective["let"]
    for name in let:
        try:
            late_imports.score({"maximize": name, "let": let}, job)
        except UsageError as error:
            place = f"/spec/strategy/objective/let/{name}"
            yield experiment.problem(place, error.message, error.hint, settings=settings)
