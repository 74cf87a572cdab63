"""Which of the experiments that some files describe are meant. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from runner.domain.suggestions import suggestion
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.project.experiments.loaded import Experiment


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
