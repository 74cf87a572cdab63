"""What is on record in a repository, as far as it counts at a target. Asks no cloud."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from runner.domain.observed import own_first
from runner.errors import ProjectError
from runner.project.config.published_schemas import schema_text
from runner.project.strategies.earlier import earlier_experiments, earlier_points
from runner.reconcile.model.tags import SHORT
from runner.results import verified
from runner.results.records.counted_jobs import each_once
from runner.results.records.sites import elsewhere, says_where, was_here, with_constants

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from runner.domain import DesiredExperiment, RecordedJob
    from runner.project.experiments.loaded import Experiment
    from runner.results import JobResult, Records, Verdict
    from runner.results.records.sites import Site


@dataclass(frozen=True, kw_only=True)
class RecordedJobs:
    """The records of a repository, as its experiments may use them.

    Args:
        folder: Where they are.

        site: The service that measures.

        declared: Names that files describe; None where a file keeps its own to itself.
    """

    folder: Path
    records: Records
    site: Site
    declared: Callable[[], frozenset[str] | None]

    def of(self, experiment: Experiment) -> list[RecordedJob]:
        """The jobs that may count for an experiment; see `asked_by`."""
        return self.asked_by(experiment.desired)

    def earlier(self, desired: DesiredExperiment) -> tuple[JobResult, ...]:
        """What earlier strategies of an experiment measured, if its own counts that as history."""
        if desired.strategy is None or not desired.strategy.reuse:
            return ()
        recorded = self.asked_by(desired)
        recipes = dict.fromkeys(job.recipe for job in recorded)
        manifests = {each: self.records.manifest(desired.name, each) for each in recipes}
        known = list(earlier_experiments(desired, recorded, manifests))
        own = [job for job in recorded if desired.recipe.startswith(job.recipe)]
        return earlier_points(desired, own, [(each, self.asked_by(each)) for each in known])

    def asked_by(self, desired: DesiredExperiment) -> list[RecordedJob]:
        """The jobs that may count for an experiment.

        Those that were measured at the target, as far as their records or manifests say it.

        Raises:
            ProjectError: The project of the target is not known, and there are results of several.
        """
        manifests: dict[tuple[str, str], Mapping[str, object] | None] = {}
        found = []
        for job in self._at_all_targets(desired):
            place = (job.experiment, job.recipe)
            if place not in manifests:
                manifests[place] = self.records.manifest(*place)
            if was_here(job, manifests[place], self.site, trusts_names=True):
                whole = replace(job, target=job.target if says_where(job.target) else self._known_target)
                found.append(with_constants(desired, whole, manifests[place]))
        several = sorted({job.target for job in found if job.target} - {self.site.target, *self.site.also})
        if len(several) > 1:
            hint = "say which with PASQAL_PROJECT_ID, or `project_id` in runner.toml"
            raise ProjectError(f"there are results of {' and '.join(several)}", hint=hint)
        return found

    @property
    def _known_target(self) -> str:
        """The target; empty where its project is not known."""
        return "" if self.site.target.endswith("/") else self.site.target

    def elsewhere(self, experiment: Experiment) -> dict[str, int]:
        """How many jobs of the same experiment were measured at each other target.

        Those that do not say where, and of which their manifest does not prove it, stand under no name.
        """
        recipe, site = experiment.desired.recipe[:SHORT], self.site
        same = [job for job in self._at_all_targets(experiment.desired) if job.recipe == recipe]
        names = {job.experiment for job in same}
        manifests = {name: self.records.manifest(name, recipe) for name in names}
        unproved = sum(was_here(j, manifests[j.experiment], site, trusts_names=True) is None for j in same)
        return elsewhere(same, site) | ({"": unproved} if unproved else {})

    def _at_all_targets(self, desired: DesiredExperiment) -> tuple[RecordedJob, ...]:
        """The jobs of an experiment.

        Its own come first; after them those of experiments that are gone and that ran the same recipe.
        """
        recipe = desired.recipe[:SHORT]
        former = (job for name in self._former.get(recipe, ()) for job in self.records.of_experiment(name))
        own = self.records.of_experiment(desired.name)
        known = each_once([*(job for job in former if job.recipe == recipe), *own])
        return own_first(desired.name, known)

    def look_again(self) -> None:
        """Forgets which names are former ones, as files or folders of records may have come or gone since.

        It is remembered, for it is asked for each experiment, and all files are read for it.
        """
        self.__dict__.pop("_former", None)

    def verdict(self, experiment: Experiment) -> Verdict:
        """Whether what is on record for an experiment is as it was recorded."""
        return verified(self.folders(experiment), json.loads(schema_text("record")))

    def folders(self, experiment: Experiment) -> list[Path]:
        """Where there may be records of an experiment: under its own name first, then under former ones."""
        names = dict.fromkeys((experiment.name, *self._former.get(experiment.desired.recipe[:SHORT], ())))
        return [self.folder / name for name in names]

    @cached_property
    def _former(self) -> dict[str, list[str]]:
        """Names that have records and that no file has any more, by the recipes they ran."""
        recipes = self.records.recipes()
        declared = self.declared() if recipes else None
        former: dict[str, list[str]] = {}
        for name in sorted(recipes.keys() - declared) if declared is not None else ():
            for recipe in recipes[name]:
                former.setdefault(recipe, []).append(name)
        return former
