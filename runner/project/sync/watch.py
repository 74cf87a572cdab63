"""`watch`: one turn after another, until somebody ends it."""

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
from runner.project.sync.loop import Event, Meter, Surroundings, Turns
from runner.reconcile import Patience, Reconciler, Watch
from runner.reconcile.execute.change_events import Line, News, Pace, lines, pause_s
from runner.sequences.pulser_api.device_specs import is_current

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runner.project.config.targets import Connection
    from runner.project.experiments.loaded import Experiment
    from runner.project.project import Project
    from runner.reconcile import Context, Plan, TargetSettings


# Errors that no experiment is to blame for.
_OF_ALL: Final = (AuthenticationError, CloudUnavailableError, JournalError, LocalCloudError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a turn is done.

    Args:
        patience: How long it goes on.

        sees_removed: Whether it looks at experiments, too, that no file describes any more.

        verb: By which the journal knows it.
    """

    patience: Patience
    sees_removed: bool = False
    verb: str = "watch"


class Watcher:
    """Keeps reconciling the experiments at some paths.

    The lock of the checkout is held during a turn and not in the pause: people can decide what is held.

    Args:
        manner: By default a turn waits for what is being submitted, as long as a pause lasts.

        meter: Where figures are noted; by default one of its own.
    """

    def __init__(  # noqa: PLR0913  (what it is given, and how it goes about it)
        self,
        project: Project,
        paths: Sequence[Path],
        pace: Pace,
        around: Surroundings,
        *,
        manner: Manner | None = None,
        meter: Meter | None = None,
    ) -> None:
        self._project, self._pace, self._around = project, pace, around
        self._manner = manner or Manner(patience=Patience(timeout_s=pace.interval_s, until_done=False))
        self._files = Files(paths, project.load, self._is_current)
        self._plans: dict[str, Plan] = {}
        self._refused: dict[str, _Refused] = {}
        self._kept: Connection | None = None
        self._said: dict[str, set[Line]] = {}
        self._meter = meter or Meter(around)
        self._turns = Turns(self.turn, pace, around, self._meter)

    def go_on(self) -> None:
        """Goes on until `StopRequest` is raised by what surrounds it."""
        self._turns.go_on()

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
            self._tell("", Line(news=News.FILE, text=text))
        experiments = self._files.experiments
        names = {each.name for each in experiments}
        if not self._manner.sees_removed:
            self._plans = {name: each for name, each in self._plans.items() if name in names}
        self._refused = {name: each for name, each in self._refused.items() if name in names}
        try:
            if experiments or self._manner.sees_removed:
                self._reconcile(experiments)
        except _OF_ALL:
            self._kept = None
            raise
        finally:
            self._measure()

    def _reconcile(self, experiments: Sequence[Experiment]) -> None:
        with self._project.context(self._manner.verb, self._connection()) as (given, settings):
            client = given.client.counted(self._meter.requests)
            context = replace(given, client=client, sleep=self._around.wait, before_action=self._around.check)
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
        """What becomes of experiments that no file describes; None where nobody looks at them."""
        return Surplus(self._project.settings.removed) if self._manner.sees_removed else None

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
        return known.desired is not experiment.desired or known.retry_at_s <= self._around.seconds()

    def _alone(self, context: Context, settings: TargetSettings, experiment: Experiment) -> None:
        known = self._refused.get(experiment.name)
        try:
            self._run(context, settings, [experiment])
        except _OF_ALL:
            raise
        except RunnerError as error:
            failures = known.failures + 1 if known else 1
            retry_s = pause_s(self._pace, failures, self._around.jitter())
            retry_at_s = self._around.seconds() + retry_s
            self._refused[experiment.name] = _Refused(experiment.desired, str(error), failures, retry_at_s)
            if known is None or known.error != str(error):
                self._tell(experiment.name, Line(news=News.ERROR, text=str(error)))
        else:
            if self._refused.pop(experiment.name, None):
                self._tell(experiment.name, Line(news=News.RECOVERED, text="it works again"))

    def _run(self, context: Context, settings: TargetSettings, experiments: Sequence[Experiment]) -> None:
        watch = Watch(on_plans=self._on_plans, on_outage=_give_up)
        if experiments or settings.removed:
            snapshots = self._project.snapshots(experiments)
            Reconciler(context, settings, watch).run(snapshots, self._manner.patience)

    def _on_plans(self, plans: Sequence[Plan]) -> None:
        for plan in plans:
            for line in lines(self._plans.get(plan.experiment), plan):
                self._tell_unless_said(plan.experiment, line)
            self._plans[plan.experiment] = plan
        self._meter.one_pass()
        self._around.check()

    def _tell(self, experiment: str, line: Line) -> None:
        at = self._around.clock()
        self._around.tell(Event(at=at, event=line.news, experiment=experiment, text=line.text))

    def _tell_unless_said(self, experiment: str, line: Line) -> None:
        """Tells a line, unless the experiment is refused and it was told at an earlier attempt."""
        said = self._said.setdefault(experiment, set())
        if experiment not in self._refused:
            said.clear()
        if line not in said:
            self._tell(experiment, line)
        said.add(line)

    def _measure(self) -> None:
        figures = self._meter.figures
        self._meter.note(replace(figures, plans=dict(self._plans), broken_files=self._files.broken))

    def _count(self, context: Context) -> None:
        unknown, bought = context.journal.unclear(), context.journal.history.runs_bought()
        self._meter.note(replace(self._meter.figures, unknown=unknown, runs_bought=bought))


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
