"""An observable over time, as the emulator evaluated it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from runner.errors import UsageError
from runner.results.analysis.evaluated_names import bounds, evaluated_name
from runner.results.analysis.names import UnknownQuantityError, split_name
from runner.results.analysis.vocabulary import EVALUATED
from runner.results.plots.curves import LINES, evenly
from runner.results.plots.labels import AxisQuantity
from runner.results.plots.missing_jobs import said_below
from runner.results.plots.observables import reading
from runner.results.plots.picture import CurveLine, Curves, Measured, Picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.results.analysis.evaluated_names import EvaluatedName
    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.plots.axes import Points
    from runner.results.plots.picture import MeasuredValue

_TIME: Final = AxisQuantity("t", unit="ns")
_HINT: Final = (
    "the file says what is evaluated, and when: emulation: {observables: [{occupation: {every_ns: 100}}]}"
)


def evolution(title: str, known: Points, observable: str, job: MeasuredJob | None) -> Picture:
    """A line for each job; of one job, and an observable of each atom, a line for each atom.

    Args:
        observable: What is drawn, as `evaluated[energy]`; empty for the first that was evaluated at several
            times.

        job: The one that is drawn alone; None for all.

    Raises:
        UsageError: Nothing was evaluated over time, or not this.
    """
    jobs = [each for some in known.jobs.values() for each in some]
    name = _named(observable, jobs if job is None else [job])
    alone = job or (jobs[0] if len(jobs) == 1 else None)
    lines = _by_atom(name, alone) if alone and _is_of_atoms(name, alone) else _by_job(name, known, alone)
    drawn = evenly(lines, LINES)
    notes = [f"{len(drawn)} of {len(lines)} lines are drawn"] if len(drawn) < len(lines) else []
    return Picture(
        title=title,
        subtitle=f"{alone.name}, as it was evaluated" if alone and job else "as it was evaluated",
        body=Curves(x=_TIME, y=_measured(name, [job] if job else jobs), lines=tuple(drawn)),
        notes=(*notes, *said_below(jobs if job is None else [job])),
    )


def over_time(jobs: Iterable[MeasuredJob]) -> list[str]:
    """Names of what was evaluated at several times, but for what is of two atoms, which have to be named."""
    found = (
        f"{EVALUATED}[{label}]"
        for job in jobs
        for label, each in job.evaluated.items()
        if len(each.times_ns) > 1 and each.values.ndim <= len("ti")
    )
    return list(dict.fromkeys(found))


def _named(observable: str, jobs: Sequence[MeasuredJob]) -> EvaluatedName:
    base, index = split_name(observable or next(iter(over_time(jobs)), ""))
    said = index if base == EVALUATED else base
    if not said:
        raise UsageError("nothing was evaluated over time", hint=_HINT)
    try:
        return evaluated_name(said, jobs)
    except UnknownQuantityError as error:
        raise UsageError(error.message, hint=error.hint) from error


def _measured(name: EvaluatedName, jobs: Sequence[MeasuredJob]) -> Measured:
    low, high = bounds(name, jobs)
    return Measured(quantity=AxisQuantity(name.label_on_axis), low=low, high=high)


def _is_of_atoms(name: EvaluatedName, job: MeasuredJob) -> bool:
    return not name.qubits and job.evaluated[name.label].values.ndim > 1


def _by_atom(name: EvaluatedName, job: MeasuredJob) -> list[CurveLine]:
    return [
        CurveLine((), _points(replace(name, qubits=(qubit,)), job), name=qubit) for qubit in job.qubit_ids
    ]


def _by_job(name: EvaluatedName, known: Points, alone: MeasuredJob | None) -> list[CurveLine]:
    if alone:
        return [CurveLine((), _points(name, alone))]
    quantities = [axis.quantity for axis in known.axes]
    lines = [
        CurveLine(
            tuple(zip(quantities, at, strict=True)),
            _points(name, job),
            name="" if quantities and len(jobs) == 1 else job.name,
        )
        for at, jobs in known.jobs.items()
        for job in jobs
    ]
    return [line for line in lines if line.points]


def _points(name: EvaluatedName, job: MeasuredJob) -> tuple[tuple[float, MeasuredValue | None], ...]:
    return tuple((time_ns, reading(value)) for time_ns, value in name.over_time(job))
