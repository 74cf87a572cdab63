"""Which experiments are meant: by options, by a file, or by a name."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from runner.domain.suggestions import suggestion
from runner.errors import UsageError
from runner.project.experiments.names import experiments_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.project.experiments.loaded import Experiment
    from runner.project.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Names of experiments, or patterns of them: * and ? stand for any letters.

    Args:
        only: Those that are meant; all when there are none.

        exclude: Those that are not, whatever `only` says.
    """

    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.only or self.exclude)


def selected(experiments: Sequence[Experiment], selection: Selection) -> list[Experiment]:
    """The experiments that are meant, in their order.

    Raises:
        UsageError: A pattern matches nothing, or nothing is left.
    """
    chosen = set(selected_names([each.name for each in experiments], selection))
    return [each for each in experiments if each.name in chosen]


def selected_names(names: Sequence[str], selection: Selection) -> list[str]:
    """The names that are meant, in their order.

    Raises:
        UsageError: A pattern matches nothing, or nothing is left.
    """
    for option, patterns in (("--only", selection.only), ("--exclude", selection.exclude)):
        for pattern in patterns:
            if not _matching(names, (pattern,)):
                raise _nothing_called(pattern, names, option)
    chosen = _matching(names, selection.only or ("*",))
    left = [name for name in chosen if name not in _matching(names, selection.exclude)]
    if selection and not left:
        raise UsageError("--only and --exclude leave no experiment")
    return left


def _nothing_called(pattern: str, names: Sequence[str], option: str) -> UsageError:
    hint = suggestion(pattern, names, kind="experiments")
    return UsageError(f"{option} {pattern}: no experiment is called so", hint=hint)


def _matching(names: Sequence[str], patterns: Sequence[str]) -> list[str]:
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]


def names_meant(project: Project, words: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the experiments that are meant; a name may be one that no file has any more.

    Raises:
        SpecError: A file cannot be read.
    """
    found: list[str] = []
    for word in words:
        is_file = Path(word).exists()
        found += [each.name for each in project.load([Path(word)])] if is_file else [word]
    return tuple(found)


def experiment_meant(project: Project, word: str) -> Experiment:
    """The one experiment that is meant; of a name, the files of the whole repository are searched.

    Raises:
        UsageError: No file has this name, or the word means several experiments.

        SpecError: Its file cannot be read.
    """
    found = (
        project.load([Path(word)])
        if Path(word).exists()
        else list(experiments_named(word, project.all_files(), project.load))
    )
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(each.name for each in found)
        raise UsageError(f"{word}: several experiments are meant: {names}", hint="name one of them")
    raise UsageError(
        f"{word}: no experiment of this repository has this name, and no file",
        hint="`runner validate` tells whether its file can be read",
    )
