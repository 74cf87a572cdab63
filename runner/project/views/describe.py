"""What an experiment file means, for people: facts, and what one of its jobs plays."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from runner.domain.qpu_time import is_emulator, qpu_seconds
from runner.domain.slot_jobs import with_example
from runner.domain.suggestions import suggested_job
from runner.errors import UsageError
from runner.project import late_imports
from runner.project.drawings.blockade_choice import AskedBlockade, blockade
from runner.project.drawings.panels import Plays

if TYPE_CHECKING:
    from runner.domain import Budget, DesiredExperiment, DesiredJob
    from runner.project.experiments.loaded import Experiment
    from runner.results.plots.picture import Blockade
    from runner.sequences.samples import Played
    from runner.strategies.standing import StrategyLeft

_LOOKED_AT: Final = 20  # jobs: each has to be built
NO_BLOCKADE: Final = AskedBlockade()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An experiment, and what one of its jobs plays.

    Args:
        qpu_s: Estimated time on a QPU that all jobs take (in s); 0 on an emulator.

        job: The one that is played.

        frequencies: What the file says in MHz, and what it comes to, with the lines.

        emulation: How it is emulated, in a line; see `emulation_said`.

        strategy: How much its strategy asks for at most; None without one. Its jobs are those on record.
    """

    name: str
    description: str
    device_type: str
    recipe: str
    budget: Budget
    runs: int
    qpu_s: float
    jobs: tuple[DesiredJob, ...]
    job: DesiredJob
    played: Played
    frequencies: tuple[tuple[int, str], ...] = ()
    emulation: str = ""
    strategy: AskingStrategy | None = None


@dataclass(frozen=True, slots=True)
class AskingStrategy:
    """What asks for jobs, and for how much at most from beginning to end."""

    kind: str
    most: StrategyLeft

    def __str__(self) -> str:
        return f"at most {self.most}" if str(self.most) else "no bound on its rounds"


def _asking(desired: DesiredExperiment) -> AskingStrategy | None:
    strategy = desired.strategy
    if strategy is None:
        return None
    kind = f"{strategy.kind}, {strategy.python.name}" if strategy.python else strategy.kind
    return AskingStrategy(
        kind, late_imports.left_of(strategy, late_imports.bound(strategy, {}), desired.device_type)
    )


def emulation_said(desired: DesiredExperiment) -> str:
    """How an experiment is emulated, and what is evaluated, in a line; empty where the file says neither."""
    asked = json.loads(desired.emulation) if desired.emulation else {}
    flat = asked.pop("noise_model", {}) | asked
    said = [
        f"{name} {value:g}" if type(value) in {int, float} else name for name, value in sorted(flat.items())
    ]
    evaluated = [f"evaluates {', '.join(desired.observables.values())}"] if desired.observables else []
    return "; ".join(filter(None, [", ".join(said), *evaluated]))


def shown(experiment: Experiment, job_name: str | None = None) -> Shown:
    """An experiment with one of its jobs, the first one with a pulse if none is named.

    Raises:
        UsageError: There is no such job.
    """
    desired, job = experiment.desired, chosen_job(experiment, job_name)
    runs = sum(each.runs for each in desired.jobs)
    return Shown(
        name=desired.name,
        description=experiment.file.content["metadata"].get("description", ""),
        device_type=desired.device_type,
        recipe=desired.recipe,
        budget=desired.policy.budget,
        runs=runs,
        qpu_s=qpu_seconds(desired.device_type, runs),
        jobs=desired.jobs,
        job=job,
        played=played_of(experiment, job),
        frequencies=experiment.file.frequencies,
        emulation=emulation_said(desired),
        strategy=_asking(desired),
    )


def picture_of(
    experiment: Experiment, job_name: str | None, *, form: str, asked: AskedBlockade = NO_BLOCKADE
) -> bytes:
    """A picture of register and pulses; the same bytes for the same file.

    Args:
        form: png, svg or pdf.

    Raises:
        UsageError: There is no such job, or it has no blockade radius.
    """
    job = chosen_job(experiment, job_name)
    title, known = f"{experiment.name}: {job.name}", played_of(experiment, job)
    plays = plays_of(experiment, is_emulated=is_emulator(experiment.desired.device_type))
    drawn = late_imports.whole_figure(title, known, plays, blockade(known, asked))
    return late_imports.content(drawn, form)


def blockade_of(experiment: Experiment, job_name: str, asked: AskedBlockade) -> Blockade | None:
    """The blockade of a job; None where none is asked for.

    Raises:
        UsageError: There is no such job, or it has no blockade radius.
    """
    return blockade(played_of(experiment, chosen_job(experiment, job_name)), asked)


def drawings_of(experiment: Experiment, job: DesiredJob, plays: Plays) -> tuple[bytes, bytes]:
    """Register, and pulses of a job, as two SVG documents; the same bytes for the same file."""
    known = played_of(experiment, job)
    drawn = late_imports.register_figure(known), late_imports.pulses_figure(known, plays)
    register, pulses = (late_imports.content(each, "svg") for each in drawn)
    return register, pulses


def played_of(experiment: Experiment, job: DesiredJob) -> Played:
    """What is played for a job."""
    return late_imports.played(experiment.desired.sequence_of(job), job.variables)


def plays_of(experiment: Experiment, *, is_emulated: bool) -> Plays:
    """What reaches the atoms: a machine plays what its modulators give, an emulator where it is told so."""
    told = json.loads(experiment.desired.configuration or "{}")
    is_modulated = not is_emulated or bool(told.get("with_modulation"))
    return Plays.OUTPUT if is_modulated else Plays.PROGRAMMED


def chosen_job(experiment: Experiment, name: str | None) -> DesiredJob:
    """The job of a name; where there is none, the first one that plays a pulse.

    Raises:
        UsageError: There is no such job.
    """
    jobs = {job.name: job for job in with_example(experiment.desired).jobs}
    if name is None:
        return _first_with_pulse(experiment)
    if name not in jobs:
        raise UsageError(f"{experiment.name} has no job {name}", hint=suggested_job(name, jobs))
    return jobs[name]


def _first_with_pulse(experiment: Experiment) -> DesiredJob:
    """The first job whose amplitude is not 0 throughout, as it is where a sweep begins; else the first."""
    jobs = with_example(experiment.desired).jobs
    some = islice(jobs, _LOOKED_AT)
    return next((job for job in some if _has_pulse(played_of(experiment, job))), jobs[0])


def _has_pulse(known: Played) -> bool:
    return any(any(channel.amplitude_rad_per_us) for channel in known.channels)
