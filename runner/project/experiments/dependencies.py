"""Experiments that others depend on, found in the repository by their names."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final, NoReturn

from runner.errors import ProjectError, SpecError, UsageError
from runner.project.experiments.loader import all_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from runner.project.config.settings import Settings
    from runner.project.experiments.loaded import Experiment

    Load = Callable[[Sequence[Path]], list[Experiment]]

_OF_CIRCLES: Final = "take one out of `policy.depends_on`"


def dependencies(
    experiments: Sequence[Experiment], *, root: Path, settings: Settings, load: Load
) -> list[Experiment]:
    """The experiments that some depend on, directly or not, and that are not among them.

    Args:
        load: Gives the experiments of some files.

    Raises:
        ProjectError: No file of the repository describes one, or experiments depend on each other.
    """
    known = {each.name: each for each in experiments}
    waiting = list(experiments)
    while waiting:
        dependent = waiting.pop()
        for name in dependent.desired.policy.depends_on:
            if name not in known:
                found = _named(name, _files_that_say(name, root, settings), load)
                known[name] = found or _refuse(name, dependent)
                waiting.append(known[name])
    _refuse_circles(known)
    given = {each.name for each in experiments}
    return [each for name, each in known.items() if name not in given]


def _named(name: str, files: Iterable[Path], load: Load) -> Experiment | None:
    for file in files:
        try:
            (found,) = load([file])
        except SpecError:
            continue  # of another name, or broken: then it is reported where it is applied
        if found.name == name:
            return found
    return None


def _refuse(name: str, dependent: Experiment) -> NoReturn:
    raise ProjectError(
        f"{dependent.file.path}: {dependent.name} depends on {name}, and no valid file of the repository has"
        " that name",
        hint="mend `policy.depends_on`, or `runner validate` the file that is meant",
    )


def _files_that_say(word: str, root: Path, settings: Settings) -> Iterator[Path]:
    """Files that may describe an experiment of a name; most need not be parsed to be passed over."""
    try:
        files = all_files(root, settings)
    except UsageError:
        return
    for file in files:
        try:
            if word.encode() in file.read_bytes():
                yield file
        except OSError:
            continue


def _refuse_circles(known: Mapping[str, Experiment]) -> None:
    """No order would ever satisfy experiments that wait for each other."""
    if circle := circle_among(known):
        raise ProjectError(in_circle(circle), hint=_OF_CIRCLES)


def circle_among(known: Mapping[str, Experiment]) -> tuple[str, ...]:
    """Experiments that wait for each other, the first one again at the end; empty where none do. Pure."""
    try:
        TopologicalSorter({name: each.desired.policy.depends_on for name, each in known.items()}).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()


def in_circle(names: Sequence[str]) -> str:
    """What is wrong with them."""
    return f"experiments depend on each other: {' → '.join(names)}"
