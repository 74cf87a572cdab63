"""Experiment files of a repository: found, read, built; all their problems at once."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from runner.domain.strategies import with_functions
from runner.errors import Problem, ProjectError, SpecError, UsageError
from runner.project import late_imports
from runner.project.cache.source_file import Source
from runner.project.experiments.file_checks import doubt, excessive, is_certain, unpermitted
from runner.project.experiments.loaded import Experiment
from runner.project.experiments.objective_check import unmeasurable
from runner.sequences import compiled as compile_file
from runner.sequences.pulser_api.device_specs import NoSpecifications, is_current

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runner.domain import DesiredExperiment
    from runner.project.cache.compiled_cache import CompiledCache
    from runner.project.config.settings import Settings
    from runner.sequences import Compiled
    from runner.sequences.pulser_api.device_specs import Specifications
    from runner.spec.models.python_sequence import MakeFor

_ENDINGS: Final = (".yaml", ".yml")
_NO_TARGET: Final = NoSpecifications()
_WORDS: Final = tuple(
    word.encode(code) for word in ("apiVersion", "Experiment") for code in ("utf-8", "utf-16-le", "utf-16-be")
)


def experiment_files(paths: Sequence[Path]) -> list[Path]:
    """The experiment files that some paths name; a folder stands for all in it and below, in order.

    YAML files of other kinds are passed by in folders, and taken where they are named.

    Raises:
        UsageError: A path does not exist, or a folder holds no experiment file.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _files_of(path):
            found.setdefault(file.resolve(), file)
    return list(found.values())


def experiment_folders(root: Path, settings: Settings) -> tuple[Path, ...]:
    """The folders that hold all experiments of a repository: its root, unless runner.toml names others.

    Raises:
        ProjectError: One is not there, so that the experiments are not known.
    """
    folders = tuple(root / name for name in settings.experiments)
    for name, folder in zip(settings.experiments, folders, strict=True):
        if not folder.is_dir():
            raise ProjectError(
                f"runner.toml: `experiments` names {name}, and there is no such folder",
                hint="mend runner.toml, or make the folder (git keeps none that is empty)",
            )
    return folders


def all_files(root: Path, settings: Settings) -> list[Path]:
    """All experiment files of a repository.

    Raises:
        UsageError: There is none.

        ProjectError: A folder that runner.toml names is not there.
    """
    folders = experiment_folders(root, settings)
    return experiment_files([each for each in folders if _holds_any(each)] or folders[:1])


def _holds_any(folder: Path) -> bool:
    return next(_below(folder), None) is not None


def _files_of(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        what = "is neither a file nor a folder" if path.exists() else "no such file or folder"
        raise UsageError(f"{path}: {what}")
    files = sorted(_below(path))
    if not files:
        raise UsageError(
            f"{path}: no experiment file (*.yaml) in this folder", hint="`runner init` writes one"
        )
    return files


def _below(folder: Path) -> Iterator[Path]:
    """Experiment files in a folder and below; what is hidden, or vanishes meanwhile, is passed by."""
    for top, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files = (Path(top, name) for name in names if not name.startswith("."))
        yield from (file for file in files if file.suffix in _ENDINGS and file.is_file() and _may_be(file))


def _may_be(file: Path) -> bool:
    """Whether a YAML file may be an experiment: others, as of CI or of an environment, say no word of it.

    What is empty or cannot be read was perhaps one, and is for the reader to complain of.
    """
    try:
        text = file.read_bytes()
    except OSError:
        return True
    return not text or any(word in text for word in _WORDS)


def load_experiments(
    files: Sequence[Path],
    *,
    root: Path,
    settings: Settings,
    cache: CompiledCache,
    specifications: Specifications = _NO_TARGET,
) -> list[Experiment]:
    """The experiments of some files, with the repository's defaults and within its caps.

    Args:
        cache: What they were compiled to before; those that are as they were are not compiled again.

        specifications: What the target's device types can do.

    Raises:
        SpecError: Problems in any of them, all at once.
        UsageError: The name of a file is no text.
    """
    _must_have_names(files)
    experiments: list[Experiment] = []
    problems: list[Problem] = []
    for path in files:
        try:
            experiments.append(_load(path, root, settings, cache, specifications))
        except SpecError as error:
            problems += error.problems
    cache.tidy()
    doubts = {
        i: found for i, one in enumerate(experiments) if (found := doubt(one, settings, specifications))
    }
    certain = {i for i in doubts if is_certain(experiments[i], root, settings, specifications)}
    problems += _twice(experiments, settings)
    problems += (each for one in experiments for each in unpermitted(one, root, settings))
    problems += (each for one in experiments for each in unmeasurable(one, settings))
    problems += (doubts[i] for i in certain)
    if problems:
        raise SpecError(problems)
    for i, one in enumerate(experiments):
        said = (*((doubts[i],) if i in doubts else ()), *excessive(one, settings))
        experiments[i] = replace(one, warnings=(*one.warnings, *said)) if said else one
    return experiments


def _must_have_names(files: Iterable[Path]) -> None:
    for path in files:
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        if shown != str(path):
            raise UsageError(f"{shown}: the name is not UTF-8", hint="rename the file")


def allowed_code(root: Path, settings: Settings) -> MakeFor | None:
    """What runs the functions in Python that files name; None where that is not allowed."""
    if not settings.allow_python:
        return None
    return late_imports.Factories(
        root=root,
        timeout_s=settings.python_timeout_s,
        memory_gb=settings.python_memory_gb,
        limits=settings.limits.as_limits(),
    ).made


def _load(
    path: Path, root: Path, settings: Settings, cache: CompiledCache, specifications: Specifications
) -> Experiment:
    kept = cache.find(path)
    if kept is None or not is_current(kept[1].consulted, specifications):
        kept = _compiled(path, root, settings, cache, specifications)
    source, compiled = kept
    policy = settings.caps.bound(compiled.experiment.policy)
    experiment = replace(_rooted(compiled.experiment, path, root), policy=policy)
    return Experiment(source, experiment, compiled.warnings, compiled.consulted)


def _rooted(experiment: DesiredExperiment, path: Path, root: Path) -> DesiredExperiment:
    """The same experiment, whose strategy calls its functions in Python by their paths from the root."""
    if experiment.strategy is None:
        return experiment

    def named(name: str) -> str:
        file, _, function = name.rpartition(":")
        place = (path.parent / file).resolve().relative_to(root.resolve())
        return f"{place.as_posix()}:{function}"

    return replace(experiment, strategy=with_functions(experiment.strategy, named))


def _compiled(
    path: Path, root: Path, settings: Settings, cache: CompiledCache, specifications: Specifications
) -> tuple[Source, Compiled]:
    make = allowed_code(root, settings)
    file = late_imports.load(path, root=root, limits=settings.limits.as_limits(), make=make)
    policy = settings.defaults.as_policy()
    file = file if policy is None else file.with_defaults(policy)
    source, compiled = Source.of(file), compile_file(file, specifications, cache.known_jobs)
    cache.keep(path, source, compiled)
    return source, compiled


def _twice(experiments: Iterable[Experiment], settings: Settings) -> list[Problem]:
    first: dict[str, Experiment] = {}
    problems = []
    for experiment in experiments:
        other = first.setdefault(experiment.name, experiment)
        if other is not experiment:
            message = f"the name {experiment.name!r} is taken by {other.file.path}"
            hint = "names are unique in a repository, since results and batches are found by them"
            problems.append(experiment.problem("/metadata/name", message, hint, settings=settings))
    return problems
