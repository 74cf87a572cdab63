"""`plan --rev A..B`: what B would buy and change, beside A.

B is not trusted: nothing of it is run or obeyed. Settings and records are those of A, and the
journal is that of the work tree. Nothing is changed.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, cast

from runner.domain import Surplus
from runner.errors import NotFoundError, ProjectError, UsageError
from runner.project.config.settings import FILE_NAME, read_settings
from runner.project.project import Project
from runner.project.revisions.changes import (
    ChangeKind,
    Changes,
    ExperimentChange,
    changed_experiment,
    removed_experiment,
    renames,
)
from runner.project.revisions.commit_experiments import names_in, read_side, settings_notes
from runner.project.revisions.untrusted_files import write_tree
from runner.project.views.selection import selected_names
from runner.reconcile import Context, Journal, Reconciler, Snapshot, TargetSettings, utc_now
from runner.results import Records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.cloud import Client
    from runner.project.config.settings import Settings
    from runner.project.experiments.loaded import Experiment
    from runner.project.revisions.commit_experiments import Side
    from runner.project.revisions.commit_files import Commit
    from runner.project.views.selection import Selection
    from runner.reconcile import Planned


NOT_PLANNED: Final = "its sequence comes from Python, which is never run for another revision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """What is compared, and how.

    Args:
        root: Where the repository of the work tree begins.

        prefix: The same from the top of its git repository; empty where it is that.

        paths: Files and folders that are meant, from `root`; none for all.

        only: Of these, the files that are read, from `root`; None for each of them.

        target: By default the one that A names.

        asks_cloud: False goes by the records alone, and needs no secrets.
    """

    root: Path
    prefix: str
    paths: tuple[Path, ...]
    selection: Selection
    target: str | None
    environ: Mapping[str, str]
    asks_cloud: bool
    only: frozenset[str] | None = None


def compared(before: Commit, after: Commit, how: Comparing) -> Changes:
    """What one commit changes of another; changes nothing on the cloud or in the work tree.

    Raises:
        ProjectError: The files of a commit cannot be had, or the settings of the first one cannot be read.

        UsageError: A path or pattern names nothing in either.

        CloudError: The cloud is out of reach.
    """
    with tempfile.TemporaryDirectory(prefix="runner-rev-") as folder:
        trees = [Path(folder).resolve() / side for side in ("before", "after")]
        for commit, tree in zip((before, after), trees, strict=True):
            write_tree(how.root, commit.digest, tree)
        roots = [tree / how.prefix for tree in trees]
        project = _project(roots[0], how)
        sides = [read_side(project, root, how.paths, how.only) for root in roots]
        if how.paths and not any(each.experiments or each.invalid or each.unplanned for each in sides):
            raise UsageError("neither revision has an experiment file there")
        with reconciler_of(project, sides, Path(folder), asks_cloud=how.asks_cloud) as reconciler:
            planned = looked_at(reconciler, sides[1])
        found = _chosen(_changes(sides, planned, project.settings), how.selection)
        return Changes(experiments=found, notes=tuple(settings_notes(*roots)), asked_cloud=how.asks_cloud)


def _project(root: Path, how: Comparing) -> Project:
    """The work tree with the settings of A; no Python is run, whatever they say."""
    try:
        settings = read_settings(root / FILE_NAME)
    except ProjectError as error:
        raise ProjectError(str(error).replace(f"{root}/", "A:"), hint=error.hint) from error
    name = how.target or settings.target
    settings.target_named(name)
    return Project(
        root=how.root,
        settings=settings.model_copy(update={"allow_python": False}),
        target_name=name,
        environ=how.environ,
        asks_cloud=how.asks_cloud,
    )


def _changes(
    sides: Sequence[Side], planned: Mapping[str, Planned], settings: Settings
) -> list[ExperimentChange]:
    before, after = sides
    gone = _gone(before, after, settings)
    former = renames(before.desired, after.desired, gone)
    found = [
        changed_experiment(
            planned[name],
            before.desired.get(former.get(name, name)),
            _new_warnings(experiment, before.experiments.get(former.get(name, name))),
        )
        for name, experiment in after.experiments.items()
    ]
    found += [
        removed_experiment(before.desired[name], planned.get(name)) for name in gone - set(former.values())
    ]
    found += [
        ExperimentChange(name=path, kind=ChangeKind.INVALID, problems=problems)
        for path, problems in after.invalid.items()
    ]
    found += [
        ExperimentChange(name=path, kind=ChangeKind.NOT_PLANNED, warnings=(NOT_PLANNED,))
        for path in after.unplanned
    ]
    return sorted(found, key=lambda each: (each.name, each.kind))


def _gone(before: Side, after: Side, settings: Settings) -> set[str]:
    """Names that no file describes any more, as far as the files that cannot be read let one know."""
    names = names_in(after.root, settings)
    if names is not None:
        return set(before.experiments.keys() - names - after.experiments.keys())
    return {
        name
        for name, each in before.experiments.items()
        if name not in after.experiments
        and not (after.root / Path(each.file.path).relative_to(before.root)).exists()
    }


def _new_warnings(experiment: Experiment, former: Experiment | None) -> list[str]:
    known = {each.message for each in former.warnings} if former else set()
    return [each.message for each in experiment.warnings if each.message not in known]


def _chosen(found: Sequence[ExperimentChange], selection: Selection) -> tuple[ExperimentChange, ...]:
    names = set(selected_names([each.name for each in found], selection))
    return tuple(each for each in found if each.name in names)


@contextmanager
def reconciler_of(
    project: Project, sides: Sequence[Side], folder: Path, *, asks_cloud: bool
) -> Iterator[Reconciler]:
    """What looks at the target, with the records of A and the names of B."""
    before, after = sides
    records = Records(before.root / project.settings.results)
    removed = Surplus(project.settings.removed)
    with ExitStack() as stack:
        if asks_cloud:
            context, target_settings = stack.enter_context(project.context())
            context = replace(context, propose=project.proposals.without_code)
        else:
            journal = stack.enter_context(closing(Journal(folder / "journal.sqlite", utc_now)))
            namespace = project.namespace
            per_day = project.settings.budget_per_day.as_budget()
            target_settings = TargetSettings(namespace=namespace, settle_s=0.0, per_day=per_day)
            context = Context(
                client=cast("Client", _NoCloud()),
                journal=journal,
                records=records,
                namespace=namespace or "none",
                propose=project.proposals.bound,
            )
        context = replace(context, records=records, declared=partial(names_in, after.root, project.settings))
        yield Reconciler(context, replace(target_settings, removed=removed))


class _NoCloud:
    """A cloud that is not asked: it holds nothing that is not on record."""

    project_id = None

    def server_time(self) -> None:
        """It has no clock."""

    def get_batches(self, **_: object) -> list[dict[str, object]]:
        """None."""
        return []

    def get_batch(self, batch_id: str) -> NoReturn:
        """It knows no batch, which proves nothing of those on record; nor their jobs.

        Raises:
            NotFoundError: Always.
        """
        raise NotFoundError(f"{batch_id}: no cloud is asked here")

    get_batch_jobs = get_job = get_batch


def looked_at(reconciler: Reconciler, side: Side) -> dict[str, Planned]:
    """What would be done for each experiment, and for those that were removed; held if they wait for none."""
    snapshots = [Snapshot(desired=each) for each in side.desired.values()]
    return {each.plan.experiment: each for each in reconciler.look_whole(snapshots)}
