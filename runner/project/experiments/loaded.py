"""An experiment file, read and built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.domain import DesiredExperiment
    from runner.errors import Problem
    from runner.project.cache.source_file import Source


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
