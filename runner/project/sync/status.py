"""The status of a followed repository after a turn, and its reporters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from runner.errors import RunnerError
from runner.reconcile.execute.change_events import News

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.domain import DesiredExperiment
    from runner.gitops import AppliedCommit
    from runner.project.project import Project
    from runner.project.sync.loop import LoopContext
    from runner.reconcile import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncStatus:
    """How things stand after a turn, for reporters.

    Args:
        applied: The commit in force, and what was followed; None before anything is known of the branch.

        refused: The newest commit, where it did not come into force; else empty.

        refusal: Why it did not.

        experiments: What the files in force ask for, by name; none that was removed.

        plans: The newest plan of each experiment, by name, also of those that were removed.

        error: Why the turn did not go well; empty if it did.

        is_invalid: Whether it was refused for what its files say.

        unreachable: Why the branch could not be followed; empty if it could.

        errors: Why the cloud refuses an experiment, by name.

        project: By the settings of the commit in force; None while none is.
    """

    applied: AppliedCommit | None = None
    refused: str = ""
    refusal: str = ""
    experiments: Mapping[str, DesiredExperiment] = field(default_factory=dict)
    plans: Mapping[str, Plan] = field(default_factory=dict)
    error: str = ""
    is_invalid: bool = False
    unreachable: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    project: Project | None = None


class Reporter(Protocol):
    """Tells others how things stand, at the end of each turn; asked again after the next where it fails."""

    @property
    def name(self) -> str:
        """What it does, as in "records cannot be pushed"; errors are told under it."""

    def __call__(self, status: SyncStatus) -> None:
        """Tells it.

        Raises:
            RunnerError: It cannot be told now.
        """


class Reporters:
    """All reporters, one after the other; the failure of one is told once."""

    def __init__(self, reporters: Sequence[Reporter], context: LoopContext) -> None:
        self._reporters, self._context = reporters, context
        self._errors: dict[str, str] = {}

    @property
    def are_in_order(self) -> bool:
        """Whether the last report of each went well."""
        return not self._errors

    def tell(self, status: SyncStatus) -> None:
        """Has each of them tell how things stand."""
        for reporter in self._reporters:
            self._context.check()
            try:
                reporter(status)
            except RunnerError as error:
                self._failed(reporter.name, str(error))
            else:
                self._went_well(reporter.name)

    def _failed(self, name: str, error: str) -> None:
        if error != self._errors.get(name):
            self._context.report(News.ERROR, f"{name}: {error}")
        self._errors[name] = error

    def _went_well(self, name: str) -> None:
        if self._errors.pop(name, None) is not None:
            self._context.report(News.RECOVERED, f"{name}: it works again")
