"""What comes out of a compilation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.domain import DesiredExperiment
    from runner.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """An experiment file whose every job was built.

    Args:
        experiment: What the file asks for, ready to be reconciled.

        warnings: What is not wrong, but not as it stands in the file either.

        consulted: Digests of the target's specifications that this depends on, by device type; empty for
            one that was not to be had.
    """

    experiment: DesiredExperiment
    warnings: tuple[Problem, ...] = ()
    consulted: Mapping[str, str] = field(default_factory=dict)
