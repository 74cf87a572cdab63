"""Experiments and settings of a commit that is not trusted: nothing of it is run or obeyed."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from runner.domain.json_values import plain_differences
from runner.errors import Problem, SpecError, UsageError
from runner.project.cache.compiled_cache import CompiledCache
from runner.project.config.settings import FILE_NAME, settings_data
from runner.project.experiments.file_checks import on_target
from runner.project.experiments.loader import experiment_files, load_experiments
from runner.project.experiments.names import circle_among, declared_names, in_circle
from runner.spec.models.python_sequence import ALLOW

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from runner.domain import DesiredExperiment
    from runner.project.config.settings import Settings
    from runner.project.experiments.loaded import Experiment
    from runner.project.project import Project

_MOST_KEYS: Final = 6
_MOST_OF_A_KEY: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
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
        """What they ask for, by their names."""
        return {name: each.desired for name, each in self.experiments.items()}


def read_side(
    project: Project, root: Path, paths: Sequence[Path], only: Container[str] | None = None
) -> Side:
    """The experiments of a revision, each file by itself, so that one that is broken hides no other.

    Args:
        paths: Files and folders, from `root`; none for all that the settings name.

        only: Of these, the files that are read, from `root`; None for each of them.
    """
    good: list[Experiment] = []
    bad: dict[str, tuple[Problem, ...]] = {}
    unplanned: list[str] = []
    for file in _files(root, paths or [Path(each) for each in project.settings.experiments]):
        shown = os.fsencode(file.relative_to(root)).decode("utf-8", "backslashreplace")
        if only is not None and shown not in only:
            continue
        try:
            good += _loaded(project, root, [file])
        except UsageError:
            bad[shown] = (Problem(shown, 1, 1, "", "the name of the file is not UTF-8"),)
        except SpecError as error:
            if all(problem.hint == ALLOW for problem in error.problems):
                unplanned.append(shown)
            else:
                bad[shown] = _told(error, root)
    return Side(
        root=root,
        experiments=_out_of_circles(_by_name(good, bad, root, project.settings), bad, root, project.settings),
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
            problem = each.problem("/metadata/name", message, settings=settings)
            bad[path] = (replace(problem, path=path),)
    return found


def _out_of_circles(
    some: Mapping[str, Experiment], bad: dict[str, tuple[Problem, ...]], root: Path, settings: Settings
) -> dict[str, Experiment]:
    """Those that do not wait for each other; the files of the others are bad ones."""
    left = dict(some)
    while circle := circle_among(left):
        for each in [left.pop(name) for name in circle[1:]]:
            path = Path(each.file.path).relative_to(root).as_posix()
            problem = each.problem("/spec/policy/depends_on", in_circle(circle), settings=settings)
            bad[path] = (replace(problem, path=path),)
    return left


def _told(error: SpecError, root: Path) -> tuple[Problem, ...]:
    """The problems, with paths from the root of the repository."""

    def bare(text: str) -> str:
        return text.replace(f"{root}/", "")

    return tuple(
        replace(each, path=bare(each.path), message=bare(each.message), hint=bare(each.hint))
        for each in error.problems
    )


def names_in(root: Path, settings: Settings) -> frozenset[str] | None:
    """The names that the files of a revision describe; none where it has no folder of experiments."""
    there = tuple(each for each in settings.experiments if (root / each).is_dir())
    if not there:
        return frozenset()
    return declared_names(root, settings.model_copy(update={"experiments": there}))


def settings_notes(before: Path, after: Path) -> Iterator[str]:
    """Which keys of runner.toml differ; their values are not trusted, and not shown."""
    try:
        one, other = (_settings(root) for root in (before, after))
    except (OSError, ValueError):
        yield f"{FILE_NAME} cannot be read after the change; this plan is by the settings before it"
        return
    keys = sorted({at.lstrip(".") for at, _, _ in plain_differences("", one, other)})
    if keys:
        yield f"{FILE_NAME} differs in {_listed(keys)}; this plan is by the settings before the change"


def _listed(keys: Sequence[str]) -> str:
    """The first of some keys, each cut where it is long, and how many more there are."""
    said = [key if len(key) <= _MOST_OF_A_KEY else f"{key[:_MOST_OF_A_KEY]}…" for key in keys[:_MOST_KEYS]]
    more = f" and {len(keys) - _MOST_KEYS} more" if len(keys) > _MOST_KEYS else ""
    return ", ".join(said) + more


def _settings(root: Path) -> dict[str, object]:
    """The settings as data.

    Raises:
        OSError: They cannot be read.

        ValueError: They are no TOML, or larger than real settings.
    """
    file = root / FILE_NAME
    return settings_data(file) if file.is_file() else {}
