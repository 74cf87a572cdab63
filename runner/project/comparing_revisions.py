"""`plan --rev A..B`: what B would buy and change, beside A.

B may be a stranger's: nothing of it is run or obeyed. Settings and records are those of A, and the
journal is that of the work tree. Nothing is changed.
"""

from __future__ import annotations

import tempfile
import tomllib
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runner.domain import Surplus
from runner.domain.plain import plain_differences
from runner.errors import ProjectError, SpecError, UsageError
from runner.project.changes import (
    Changes,
    ExperimentChange,
    Kind,
    changed_experiment,
    removed_experiment,
    renames,
)
from runner.project.compiled_cache import CompiledCache
from runner.project.declared import declared_names
from runner.project.experiments import experiment_files, load_experiments
from runner.project.inert_trees import write_tree
from runner.project.permitting import on_target
from runner.project.project import Project
from runner.project.selection import selected_names
from runner.project.settings import FILE_NAME, read_settings
from runner.reconcile import Journal, Reconciler, Terms, Tools, Wish, utc_now
from runner.results import Records
from runner.spec.factories import ALLOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.domain import DesiredExperiment
    from runner.errors import Problem
    from runner.project.experiments import Experiment
    from runner.project.revisions import Commit
    from runner.project.selection import Selection
    from runner.project.settings import Settings
    from runner.reconcile import Deed

NOT_PLANNED: Final = "its sequence comes from Python, which is never run for another revision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """What is compared, and how.

    Args:
        root: Where the repository of the work tree begins.

        prefix: The same from the top of its git repository; empty where it is that.

        paths: Files and folders that are meant, from `root`; none for all.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """The experiments of one revision.

    Args:
        invalid: Problems by the path of the file.

        unplanned: Files whose sequence comes from Python.
    """

    root: Path
    experiments: Mapping[str, Experiment]
    invalid: Mapping[str, tuple[Problem, ...]]
    unplanned: tuple[str, ...]

    @property
    def desired(self) -> dict[str, DesiredExperiment]:
        return {name: each.desired for name, each in self.experiments.items()}


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
        sides = [_side(project, root, how.paths) for root in roots]
        if how.paths and not any(each.experiments or each.invalid or each.unplanned for each in sides):
            raise UsageError("neither revision has an experiment file there")
        with _reconciler(project, sides, Path(folder), asks_cloud=how.asks_cloud) as reconciler:
            deeds = _looked(reconciler, sides[1])
        found = _chosen(_changes(sides, deeds, project.settings), how.selection)
        return Changes(experiments=found, notes=tuple(_settings_notes(*roots)), asked_cloud=how.asks_cloud)


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


def _side(project: Project, root: Path, paths: Sequence[Path]) -> _Side:
    """The experiments of a revision, each file by itself, so that one that is broken hides no other."""
    good: list[Experiment] = []
    bad: dict[str, tuple[Problem, ...]] = {}
    unplanned: list[str] = []
    for file in _files(root, paths or [Path(each) for each in project.settings.experiments]):
        shown = file.relative_to(root).as_posix()
        try:
            good += _loaded(project, root, [file])
        except SpecError as error:
            if all(problem.hint == ALLOW for problem in error.problems):
                unplanned.append(shown)
            else:
                bad[shown] = _told(error, root)
    return _Side(
        root=root,
        experiments=_by_name(good, bad, root, project.settings),
        invalid=bad,
        unplanned=tuple(unplanned),
    )


def _files(root: Path, paths: Sequence[Path]) -> list[Path]:
    """The experiment files of some places; none of a place that was not there, or held none."""
    found: dict[Path, None] = {}
    for path in paths:
        with suppress(UsageError):
            found |= dict.fromkeys(experiment_files([root / path]))
    return list(found)


def _loaded(project: Project, root: Path, files: Sequence[Path]) -> list[Experiment]:
    loaded = load_experiments(
        files,
        root=root,
        settings=project.settings,
        cache=CompiledCache(None, root=root, defaults={}),
        specifications=project.devices,
    )
    return [on_target(each, project.target_name, root, project.settings) for each in loaded]


def _by_name(
    some: Sequence[Experiment], bad: dict[str, tuple[Problem, ...]], root: Path, settings: Settings
) -> dict[str, Experiment]:
    """The experiments by their names; a file that takes a name a second time is a bad one."""
    found: dict[str, Experiment] = {}
    for each in some:
        other = found.setdefault(each.name, each)
        if other is not each:
            path, first = (Path(e.file.path).relative_to(root).as_posix() for e in (each, other))
            message = f"the name {each.name!r} is taken by {first}"
            problem = each.file.problem("/metadata/name", message, "", limits=settings.limits.as_limits())
            bad[path] = (replace(problem, path=path),)
    return found


def _told(error: SpecError, root: Path) -> tuple[Problem, ...]:
    """The problems, with paths from the root of the repository."""

    def bare(text: str) -> str:
        return text.replace(f"{root}/", "")

    return tuple(
        replace(each, path=bare(each.path), message=bare(each.message), hint=bare(each.hint))
        for each in error.problems
    )


@contextmanager
def _reconciler(
    project: Project, sides: Sequence[_Side], folder: Path, *, asks_cloud: bool
) -> Iterator[Reconciler]:
    """What looks at the target, with the records of A and the names of B."""
    before, after = sides
    records = Records(before.root / project.settings.results)
    removed = Surplus(project.settings.removed)
    with ExitStack() as stack:
        if asks_cloud:
            tools, terms = stack.enter_context(project.tools())
        else:
            journal = stack.enter_context(closing(Journal(folder / "journal.sqlite", utc_now)))
            namespace = project.namespace
            terms = Terms(namespace=namespace, settle_s=0.0)
            nothing: Any = _NoCloud()
            tools = Tools(client=nothing, journal=journal, records=records, namespace=namespace or "none")
        tools = replace(tools, records=records, declared=partial(_names, after.root, project.settings))
        yield Reconciler(tools, replace(terms, removed=removed))


class _NoCloud:
    """A cloud that nobody asks: it holds nothing that is not on record."""

    def get_batches(self, **_: object) -> list[dict[str, Any]]:
        """None."""
        return []


def _looked(reconciler: Reconciler, side: _Side) -> dict[str, Deed]:
    """What would be done for each experiment, and for those that were removed; held if they wait for none."""
    wishes = [Wish(desired=each) for each in side.desired.values()]
    return {deed.desired.name: deed for deed in reconciler.look(wishes)}


def _changes(sides: Sequence[_Side], deeds: Mapping[str, Deed], settings: Settings) -> list[ExperimentChange]:
    before, after = sides
    gone = _gone(before, after, settings)
    former = renames(before.desired, after.desired, gone)
    found = [
        changed_experiment(
            deeds[name],
            before.desired.get(former.get(name, name)),
            _new_warnings(experiment, before.experiments.get(former.get(name, name))),
        )
        for name, experiment in after.experiments.items()
    ]
    found += [
        removed_experiment(before.desired[name], deeds.get(name)) for name in gone - set(former.values())
    ]
    found += [
        ExperimentChange(name=path, kind=Kind.INVALID, problems=problems)
        for path, problems in after.invalid.items()
    ]
    found += [
        ExperimentChange(name=path, kind=Kind.NOT_PLANNED, warnings=(NOT_PLANNED,))
        for path in after.unplanned
    ]
    return sorted(found, key=lambda each: (each.name, each.kind))


def _gone(before: _Side, after: _Side, settings: Settings) -> set[str]:
    """Names that no file describes any more, as far as the files that cannot be read let one know."""
    names = _names(after.root, settings)
    if names is not None:
        return set(before.experiments.keys() - names - after.experiments.keys())
    return {
        name
        for name, each in before.experiments.items()
        if name not in after.experiments
        and not (after.root / Path(each.file.path).relative_to(before.root)).exists()
    }


def _names(root: Path, settings: Settings) -> frozenset[str] | None:
    """The names that the files of a revision describe; none where it has no folder of experiments."""
    there = tuple(each for each in settings.experiments if (root / each).is_dir())
    if not there:
        return frozenset()
    return declared_names(root, settings.model_copy(update={"experiments": there}))


def _new_warnings(experiment: Experiment, former: Experiment | None) -> list[str]:
    known = {each.message for each in former.warnings} if former else set()
    return [each.message for each in experiment.warnings if each.message not in known]


def _chosen(found: Sequence[ExperimentChange], selection: Selection) -> tuple[ExperimentChange, ...]:
    names = set(selected_names([each.name for each in found], selection))
    return tuple(each for each in found if each.name in names)


def _settings_notes(before: Path, after: Path) -> Iterator[str]:
    """Which keys of runner.toml differ; their values may be anybody's, and are not told."""
    try:
        one, other = (_settings(root) for root in (before, after))
    except (OSError, ValueError):
        yield f"{FILE_NAME} cannot be read after the change; this plan is by the settings before it"
        return
    keys = sorted({at for at, _, _ in plain_differences("", one, other)})
    if keys:
        said = ", ".join(key.lstrip(".") for key in keys)
        yield f"{FILE_NAME} differs in {said}; this plan is by the settings before the change"


def _settings(root: Path) -> dict[str, Any]:
    file = root / FILE_NAME
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
