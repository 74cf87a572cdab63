"""Whose work is whose, where no file has its experiment's name any more: renamed, or removed. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.domain import DesiredExperiment, Policy
from runner.reconcile.model.tags import SHORT, read_marks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.cloud import Payload
    from runner.domain import Surplus

    Words = frozenset[str] | set[str]
    Recipes = Mapping[str, Words]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Under which names there is work of ours, and whose it is.

    Args:
        wanted: Experiments that are looked at because a file asks for them.

        removed: Those that are looked at because no file describes them any more.

        new_owners: Of each previous name, and each recipe under it, the experiments that it counts for now.
    """

    wanted: frozenset[str]
    removed: tuple[str, ...] = ()
    new_owners: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def owners(self, name: str, recipe: str) -> tuple[str, ...]:
        """The experiments that work under a name counts for; none if none of them is looked at."""
        if name in self.wanted:
            return (name,)
        return self.new_owners.get((name, recipe)) or ((name,) if name in self.removed else ())

    def previous_names(self, name: str) -> tuple[str, ...]:
        """Names that an experiment had before, as far as there is work under them."""
        return tuple(sorted({old for (old, _), owners in self.new_owners.items() if name in owners}))

    def shared_names(self, name: str) -> frozenset[str]:
        """Those of its previous names that are those of another experiment that is looked at, too."""
        some = [(old, owners) for (old, _), owners in self.new_owners.items() if name in owners]
        return frozenset(old for old, owners in some if len(owners) > 1)

    def by_owner(self, payloads: Iterable[Payload], names: Iterable[str]) -> dict[str, list[Payload]]:
        """The batches of each of some experiments; several may share one."""
        owned: dict[str, list[Payload]] = {name: [] for name in names}
        for payload in payloads:
            marks = read_marks(payload.get("tags") or ())
            for owner in self.owners(marks.experiment, marks.recipe):
                owned.get(owner, []).append(payload)
        return owned


def ownership(
    wanted: Iterable[DesiredExperiment], others: Recipes, on_cloud: Words, declared: Words
) -> Ownership:
    """Whose work is whose.

    Work of a name that no file has is of its new owners: the experiments that run the same, each of them for
    itself, so that it does not matter which are looked at together. Removed experiments, which have none, are
    looked at only together with all that the repository has.

    Args:
        others: Recipes under all names with work of ours that are not looked at by their own name.

        on_cloud: Those of the names that have batches.

        declared: Names in all files of the repository.
    """
    by_recipe: dict[str, list[str]] = {}
    for each in wanted:
        by_recipe.setdefault(each.recipe[:SHORT], []).append(each.name)
    here = frozenset(name for names in by_recipe.values() for name in names)
    gone = {name: recipes for name, recipes in others.items() if name not in declared | here}
    new_owners = {
        (name, recipe): tuple(by_recipe[recipe])
        for name, recipes in gone.items()
        for recipe in recipes
        if recipe in by_recipe
    }
    lone = {name for name, recipes in gone.items() if any((name, each) not in new_owners for each in recipes)}
    removed = tuple(sorted(lone & on_cloud)) if declared <= here else ()
    return Ownership(wanted=here, removed=removed, new_owners=new_owners)


def recipes_of_others(payloads: Iterable[Payload], here: Words) -> dict[str, set[str]]:
    """Recipes of the batches under each name that is not among some names."""
    others: dict[str, set[str]] = {}
    for marks in (read_marks(payload.get("tags") or ()) for payload in payloads):
        if marks.experiment and marks.experiment not in here:
            others.setdefault(marks.experiment, set()).add(marks.recipe)
    return others


def removed_experiment(name: str, pending: Surplus) -> DesiredExperiment:
    """An experiment that was removed from the repository: it wants no jobs.

    What is under way is recorded when it ends, and nothing is added to it.

    Args:
        pending: What happens to its pending jobs.
    """
    return DesiredExperiment(
        name=name, device_type="", sequence="", recipe="", jobs=(), policy=Policy(supersede=pending)
    )
