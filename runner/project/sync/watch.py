"""`watch`: one turn after another, until a request to stop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from runner.domain import Surplus
from runner.errors import (
    AuthenticationError,
    CloudUnavailableError,
    JournalError,
    LocalCloudError,
    RunnerError,
)
from runner.project.sync.file_watcher import Files
from runner.project.sync.loop import Loop, LoopContext
from runner.reconcile import Patience, Reconciler, Watch
from runner.reconcile.execute.change_events import ChangeLine, News, lines, pause_s
from runner.sequences.pulser_api.device_specs import is_current

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runner.project.config.targets import Connection
    from runner.project.experiments.loaded import Experiment
    from runner.project.project import Project
    from runner.reconcile import Context, Plan, Planned, TargetSettings


# Errors that no experiment is to blame for.
_OF_ALL: Final = (AuthenticationError, CloudUnavailableError, JournalError, LocalCloudError)


class Watcher:
    """Keeps reconciling the experiments at some paths.

    The lock of the checkout is held during a turn and not in the pause: people can decide what is held.
    """

    def __init__(self, project: Project, paths: Sequence[Path], context: LoopContext) -> None:
        self._project, self._loop_context = project, context
        self._files = Files(paths, project.load, self._is_current)
        self._plans: dict[str, Plan] = {}
        self._refused: dict[str, _Refused] = {}
        self._kept: Connection | None = None
        self._said: dict[str, set[ChangeLine]] = {}
        self._loop = Loop(self.turn, context)

    def go_on(self) -> None:
        """Goes on until `StopRequest` is raised by what surrounds it."""
        self._loop.go_on()

    def follow(self, project: Project, paths: Sequence[Path]) -> None:
        """From now on it is about these files and settings; what was told of experiments stays told."""
        self._project, self._kept = project, None
        self._files = Files(paths, project.load, self._is_current)

    @property
    def experiments(self) -> Sequence[Experiment]:
        """The experiments of the files, as they were last read."""
        return self._files.experiments

    @property
    def plans(self) -> Sequence[Plan]:
        """The newest plan of each experiment."""
        return tuple(self._plans.values())

    @property
    def errors(self) -> dict[str, str]:
        """Why the cloud refuses an experiment, by name."""
        return {name: each.error for name, each in self._refused.items()}

    @property
    def project(self) -> Project:
        """What it is about."""
        return self._project

    @property
    def is_in_order(self) -> bool:
        """Whether no file is broken, and the cloud refuses no experiment."""
        return not self._files.broken and not self._refused

    def turn(self) -> None:
        """Reads what has changed, and reconciles it all once.

        Raises:
            RunnerError: It cannot be done, and no single experiment is to blame.
        """
        for text in self._files.refresh():
            self._loop_context.report(News.FILE, text)
        experiments = self._files.experiments
        names = {each.name for each in experiments}
        if not self._loop_context.sees_removed:
            self._plans = {name: each for name, each in self._plans.items() if name in names}
        self._refused = {name: each for name, each in self._refused.items() if name in names}
        try:
            if experiments or self._loop_context.sees_removed:
                self._reconcile(experiments)
        except _OF_ALL:
            self._kept = None
            raise
        finally:
            self._measure()

    def _reconcile(self, experiments: Sequence[Experiment]) -> None:
        loop = self._loop_context
        with self._project.context(loop.verb, self._connection()) as (given, settings):
            client = given.client.counted(loop.requests)
            context = replace(given, client=client, sleep=loop.wait, before_action=loop.check)
            alone = [each for each in experiments if self._is_due(each)]
            try:
                known = replace(settings, removed=self._removed())
                self._run(context, known, [each for each in experiments if each.name not in self._refused])
            except _OF_ALL:
                raise
            except RunnerError:  # of one of them: the others go on without it
                alone += [each for each in experiments if each.name not in self._refused]
            for each in alone:
                self._alone(context, settings, each)
            self._count(context)

    def _removed(self) -> Surplus | None:
        """What becomes of experiments that no file describes; None where they are not looked at."""
        return Surplus(self._project.settings.removed) if self._loop_context.sees_removed else None

    def _connection(self) -> Connection | None:
        """The connection that is kept, and its token with it; none to this machine's cloud.

        That one ends when it has nothing to do, and listens elsewhere when it is started again.
        """
        if self._project.target.is_local:
            return None
        self._kept = self._kept or self._project.connection()
        return self._kept

    def _is_current(self, experiment: Experiment) -> bool:
        """Whether the devices that a file was checked against are as they were."""
        return is_current(experiment.consulted, self._project.devices)

    def _is_due(self, experiment: Experiment) -> bool:
        """Whether a refused experiment may be tried again: its file has changed, or time has passed."""
        known = self._refused.get(experiment.name)
        if known is None:
            return False
        return known.desired is not experiment.desired or known.retry_at_s <= self._loop_context.seconds()

    def _alone(self, context: Context, settings: TargetSettings, experiment: Experiment) -> None:
        known = self._refused.get(experiment.name)
        try:
            self._run(context, settings, [experiment])
        except _OF_ALL:
            raise
        except RunnerError as error:
            failures = known.failures + 1 if known else 1
            retry_s = pause_s(self._loop_context.pace, failures, self._loop_context.jitter())
            retry_at_s = self._loop_context.seconds() + retry_s
            self._refused[experiment.name] = _Refused(experiment.desired, str(error), failures, retry_at_s)
            if known is None or known.error != str(error):
                self._loop_context.report(News.ERROR, str(error), experiment.name)
        else:
            if self._refused.pop(experiment.name, None):
                self._loop_context.report(News.RECOVERED, "it works again", experiment.name)

    def _run(self, context: Context, settings: TargetSettings, experiments: Sequence[Experiment]) -> None:
        watch = Watch(on_plans=self._on_plans, on_outage=_give_up, on_looked=self._on_looked)
        if experiments or settings.removed:
            by_default = Patience(timeout_s=self._loop_context.pace.interval_s, until_done=False)
            snapshots = self._project.snapshots(experiments)
            Reconciler(context, settings, watch).run(snapshots, self._loop_context.patience or by_default)

    def _on_plans(self, plans: Sequence[Plan]) -> None:
        for plan in plans:
            for line in lines(self._plans.get(plan.experiment), plan):
                self._tell_unless_said(plan.experiment, line)
            self._plans[plan.experiment] = plan
        self._loop_context.one_pass()
        self._loop_context.check()

    def _on_looked(self, planned: Sequence[Planned]) -> None:
        self._loop_context.show(self._project, self._files.paths, planned)

    def _tell_unless_said(self, experiment: str, line: ChangeLine) -> None:
        """Tells a line, unless the experiment is refused and it was told at an earlier attempt."""
        said = self._said.setdefault(experiment, set())
        if experiment not in self._refused:
            said.clear()
        if line not in said:
            self._loop_context.report(line.news, line.text, experiment)
        said.add(line)

    def _measure(self) -> None:
        figures = self._loop_context.figures
        plans, broken = dict(self._plans), self._files.broken
        self._loop_context.note(replace(figures, plans=plans, broken_files=broken))

    def _count(self, context: Context) -> None:
        unknown, bought = context.journal.unclear(), context.journal.history.runs_bought()
        self._loop_context.note(replace(self._loop_context.figures, unknown=unknown, runs_bought=bought))


@dataclass(frozen=True, slots=True)
class _Refused:
    """What the cloud refuses to do for an experiment as its file stands, and when to try again."""

    desired: object
    error: str
    failures: int
    retry_at_s: float


def _give_up(error: CloudUnavailableError) -> None:
    """An outage ends the turn: the pauses between turns grow, those within one do not."""
    raise error
