"""An experiment file, read and built."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from runner.project import late_imports

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.domain import DesiredExperiment
    from runner.errors import Problem
    from runner.project.cache.source_file import Source
    from runner.project.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment file, read and built.

    Args:
        warnings: What is odd but no error.

        consulted: Digests of the target's specifications that it was checked against, by device type; empty
            for one that was not to be had.
    """

    file: Source
    desired: DesiredExperiment
    warnings: tuple[Problem, ...] = ()
    consulted: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name in the repository."""
        return self.desired.name

    def problem(self, pointer: str, message: str, hint: str = "", *, settings: Settings) -> Problem:
        """A problem with a value of the file, at its place; the file is read again to find it.

        Args:
            pointer: The value.

            message: What is wrong with it.

            hint: What to do.

        Raises:
            SpecError: It cannot be read any more.
        """
        document = late_imports.document_at(Path(self.file.path), settings.limits.as_limits())
        return document.problem(pointer, message, hint)
