"""`runner.load`: one experiment file in Python, with what can be asked of it and done with it."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from runner.domain.numerals import counted
from runner.errors import UsageError
from runner.project.answers import Applied, ShownPlan, Standing
from runner.project.experiments.loader import experiment_files
from runner.project.progress_line import ProgressLine, is_interactive
from runner.project.project import Project
from runner.reconcile import Patience, Watch
from runner.reconcile.plan.conditions import conditions
from runner.results import Kept, Records, Results, Sweep, gathered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runner.domain import DesiredJob, RecordedJob
    from runner.errors import Problem
    from runner.project.experiments.loaded import Experiment
    from runner.reconcile import Plan, Planned


@dataclass(frozen=True)
class Declared:
    """One experiment file, bound to a target: what `runner.load` gives.

    Nothing is connected before `plan`, `apply` or `status` ask the cloud; `results` never does. A file that
    was edited is loaded again.
    """

    project: Project = field(repr=False)
    experiment: Experiment = field(repr=False)

    @property
    def name(self) -> str:
        """Its name in the repository."""
        return self.experiment.name

    @property
    def target(self) -> str:
        """Where its results were measured: the kind and the name of the target, as `emulated:local`."""
        return self.project.site.target

    @property
    def jobs(self) -> tuple[DesiredJob, ...]:
        """The jobs that the file asks for, in file order."""
        return self.experiment.desired.jobs

    @property
    def qubit_ids(self) -> tuple[str, ...]:
        """Order of the qubits in every bitstring; a job with its own sequence has its own."""
        return self.experiment.desired.qubit_ids

    @property
    def sequence(self) -> str:
        """Abstract representation of the sequence, JSON text; empty where every job has its own."""
        return self.experiment.desired.sequence

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is odd in the file but no error."""
        return self.experiment.warnings

    def plan(self) -> ShownPlan:
        """What `apply` would do, why, and what it would cost; changes nothing.

        Raises:
            CloudError: The cloud is out of reach.
        """
        return ShownPlan.of(self._look().plan)

    def status(self) -> Standing:
        """How the experiment stands on the cloud; changes nothing.

        Raises:
            CloudError: The cloud is out of reach.
        """
        found = self._look()
        return Standing(
            sync=found.plan.sync,
            health=found.plan.health,
            conditions=tuple(conditions(*found)),
            jobs=found.plan.jobs,
            batches=found.snapshot.observed.batches,
            strategy=found.plan.strategy,
        )

    def _look(self) -> Planned:
        try:
            return self.project.look([self.experiment])[0]
        except KeyboardInterrupt:
            # A new one, for the frames of the old one tell nothing of what was interrupted.
            raise KeyboardInterrupt("interrupted while looking at the cloud") from None

    def apply(
        self,
        *,
        timeout_s: float | None = None,
        wait: bool = True,
        tell: Callable[[Plan], None] | None = None,
        shows_progress: bool | None = None,
    ) -> Applied:
        """Makes the cloud match the file, waits for the jobs, and records what comes back.

        It spends on the target without asking: look at `plan()` first. It may be interrupted at any moment
        and called again. Jobs that fail for good and decisions that a person must take are in the plan.

        Args:
            timeout_s: Longest wait (in s); what is under way then goes on. None for no limit.

            wait: False ends as soon as everything is submitted.

            tell: Called with the plan of each pass, before it is performed.

            shows_progress: Whether a line on standard output tells how far it has come. None for where a
                person types: in a notebook, and at a prompt of Python.

        Raises:
            KeyboardInterrupt: It was interrupted. What was bought goes on.

            JournalError: Another runner works in this checkout.

            CloudError: The cloud refused something, or was out of reach for too long.
        """
        patience = Patience(timeout_s=timeout_s, until_done=wait)
        shows = is_interactive() if shows_progress is None else shows_progress
        with ProgressLine(sys.stdout) if shows else nullcontext() as line:
            watch = _watch(line.watch if line else Watch(), tell, self.name)
            try:
                outcome = self.project.apply([self.experiment], patience, watch)
            except KeyboardInterrupt:
                words = "interrupted; nothing is lost: what was bought goes on, and apply() again records it"
                raise KeyboardInterrupt(words) from None
        plan = next(plan for plan in outcome.plans if plan.experiment == self.name)
        return Applied(end=outcome.end, plan=ShownPlan.of(plan), results=self.results())

    def results(self, *, beyond_file: bool = False) -> Results:
        """What came back from the target, by the records in the repository; asks no cloud.

        Args:
            beyond_file: Whether what is on record and the file does not ask for any more, as of another
                sequence, of points that were taken out, or of an earlier rerun, comes behind the jobs of
                the file.

        Raises:
            RecordError: A record cannot be read; says which line.
        """
        recorded = self.project.recorded.of(self.experiment)
        folder = self.project.root / self.project.settings.results
        serialised = _Serialised(folder, {job.id: job.experiment for job in recorded})
        found = gathered(
            self.experiment.desired,
            recorded,
            sweeps=_sweeps(self.experiment),
            kept=Kept(serialised=serialised, manifest=partial(self.project.records.manifest, self.name)),
            beyond_file=beyond_file,
        )
        return self.project.proposals.scored(self.experiment.desired, found)

    def __repr__(self) -> str:
        where = f"{self.experiment.file.path}, target {self.project.target_name}"
        jobs = counted(len(self.jobs), "job")
        return f"<experiment {self.name!r}: {jobs} on {self.experiment.desired.device_type}; {where}>"


def load(
    file: str | Path, *, target: str | None = None, root: str | Path | None = None, allow_python: bool = False
) -> Declared:
    """One experiment file, read and built; connects to nothing.

    Args:
        file: The experiment file.

        target: Cloud to use: `local`, a target of runner.toml, or a URL; by default as runner.toml says,
            else the local one.

        root: A place in the repository whose runner.toml and records count; by default the file's own.

        allow_python: Whether a function in Python is run that the file names, even if runner.toml does not
            allow it: its code can do whatever you can do.

    Raises:
        UsageError: There is no such file, or it is a folder.

        SpecError: Every problem in the file.

        ProjectError: The settings cannot be read, or there is no such target.
    """
    path = Path(file)
    if path.is_dir():
        hint = "runner.project.Project.load reads all files of a folder"
        raise UsageError(f"{path}: is a folder; name one experiment file", hint=hint)
    experiment_files([path])  # says what is wrong with the name
    project = Project.open(path if root is None else Path(root), target, allow_python=allow_python)
    return Declared(project, project.load([path])[0])


@dataclass(frozen=True, slots=True)
class _Serialised:
    """Reads what an emulator gave, on demand; a value, so that results can go to other processes.

    Args:
        names: Under which name each remote job is recorded, by its id.
    """

    folder: Path
    names: Mapping[str, str]

    def __call__(self, job: RecordedJob) -> str | None:
        return Records(self.folder).serialised(self.names[job.id], job)


def _sweeps(experiment: Experiment) -> tuple[Sweep | None, ...]:
    """Where each wanted job came from."""
    source = experiment.file
    both = enumerate(zip(source.axes, source.excluded, strict=True))
    sweeps = [None if axes is None else Sweep(entry, axes, excluded) for entry, (axes, excluded) in both]
    return tuple(sweeps[entry] for entry in source.entries)


def _watch(watch: Watch, tell: Callable[[Plan], None] | None, name: str) -> Watch:
    """The same watch, which also tells the plans of one experiment."""
    if tell is None:
        return watch

    def on_plans(plans: Sequence[Plan]) -> None:
        watch.on_plans(plans)
        for plan in plans:
            if plan.experiment == name:
                tell(plan)

    return replace(watch, on_plans=on_plans)
