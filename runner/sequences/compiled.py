"""What comes out of a compilation, and what is known of jobs built before. Light: no Pulser here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.domain import DesiredExperiment
    from runner.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """An experiment file whose every job was built.

    Args:
        warnings: What is not wrong, but not as it stands in the file either.

        consulted: Digests of the target's specifications that this depends on, by device type; empty for
            one that was not to be had.
    """

    experiment: DesiredExperiment
    warnings: tuple[Problem, ...] = ()
    consulted: Mapping[str, str] = field(default_factory=dict)


class Built(NamedTuple):
    """A job that was built, and can be run.

    Args:
        duration_ns: How long it takes (in ns).

        warned: The kind of what Pulser warned of, see `job_check.kind_of`; empty if there
            was nothing to say.
    """

    duration_ns: int
    warned: str = ""


class Former(Protocol):
    """Remembers jobs that were built and are in order, until Pulser or the runner is another one."""

    def jobs(self, text: str) -> Mapping[str, Built]:
        """Jobs of a sequence, by key.

        Args:
            text: Abstract representation of the sequence; its device is a part of it.
        """

    def keep(self, text: str, jobs: Mapping[str, Built]) -> None:
        """Remembers the jobs of a sequence, and no others of it."""


class Nothing:
    """Remembers nothing."""

    def jobs(self, text: str) -> Mapping[str, Built]:
        """No job was built before."""
        del text
        return {}

    def keep(self, text: str, jobs: Mapping[str, Built]) -> None:
        """Forgets at once."""
