"""The jobs that a file asks for: every point once, every name once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.domain import job_key
from runner.spec.jobs import job_names
from runner.spec.jobs.entries import Entry, entry_of
from runner.spec.jobs.expansion import spots_of
from runner.spec.jobs.trap_assignment import JOBS, with_places
from runner.spec.models.variables import plain
from runner.spec.yaml_text.document import Findings
from runner.spec.yaml_text.json_pointers import child

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.domain.json_values import JobValues
    from runner.errors import Problem
    from runner.spec.jobs.matrix import Spot
    from runner.spec.jobs.rule_values import Rules
    from runner.spec.models.experiment import Job
    from runner.spec.models.variables import Declared
    from runner.spec.values.sweep_values import Value
    from runner.spec.yaml_text.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """One point that is to be measured.

    Args:
        name: Unique in the file.

        runs: How often it is measured.

        variables: Value of every variable, in the order of their declaration; under `qubits`, the traps of a
            mappable register's atoms, as the cloud wants them.

        pointer: Entry of the file that asks for it.

        repetition: Which one it is of its point, from 1; None if the file does not repeat the point.
    """

    name: str
    runs: int
    variables: JobValues
    pointer: str
    repetition: int | None = None


@dataclass(frozen=True, slots=True)
class _Point:
    """One point, or one repetition of it, with the entry that asks for it."""

    entry: Entry
    position: int  # of the entry in the file
    spot: Spot
    key: str
    repetition: int | None = None

    @property
    def repetitions(self) -> Sequence[_Point]:
        """Every job that the entry asks for here."""
        repeat = self.entry.job.repeat
        return [self] if repeat == 1 else [replace(self, repetition=n) for n in range(1, repeat + 1)]

    @property
    def values(self) -> Mapping[str, Value]:
        """Value of every variable."""
        return self.spot.values

    @property
    def varying(self) -> list[str]:
        """Variables that a name of the job should mention, in the order of their declaration."""
        said = {*self.entry.varying, *self.spot.included}
        return [variable for variable in self.values if variable in said]


def job_requests(
    document: Document, jobs: Sequence[Job | None], declared: Mapping[str, Declared] | None, rules: Rules
) -> tuple[tuple[JobRequest, ...], tuple[Problem, ...]]:
    """The jobs that a file asks for, and what is wrong with them.

    Args:
        jobs: Its entries; None stands for one that is broken and already reported.

        declared: Variables of the experiment's sequence; None if they can't be known, or there is none.
    """
    findings = Findings(document)
    entries: list[Entry] = []
    points_asked = 0
    for i, job in enumerate(jobs):
        if findings.is_full or points_asked > rules.limits.jobs:
            break  # what follows would be read for nothing
        if job is not None:
            kinds = _declared_for(job, declared)
            entries.append(entry_of(findings, child(JOBS, i), job, declared=kinds, rules=rules))
            points_asked += entries[-1].points
    if points_asked > rules.limits.jobs:
        findings.note(JOBS, f"the file asks for more than {rules.limits.jobs:,} jobs")
    if findings.problems or any(_declared_for(entry.job, declared) is None for entry in entries):
        return (), findings.problems
    points = [
        _Point(entry, position, spot, _key(entry, spot))
        for position, entry in enumerate(entries)
        for spot in spots_of(findings, entry, _declared_for(entry.job, declared) or {})
    ]
    if findings.problems:
        return (), findings.problems
    if not document.problems:  # something stands in for what could not be read
        _check_points(findings, points)
    asked = [each for point in points for each in point.repetitions]
    names = _names(findings, asked)
    return tuple(_request(point, name) for point, name in zip(asked, names, strict=True)), findings.problems


def _declared_for(job: Job, declared: Mapping[str, Declared] | None) -> Mapping[str, Declared] | None:
    """Variables that a job gives values to; a job with its own sequence has none."""
    return declared if job.sequence is None else {}


def _key(entry: Entry, spot: Spot) -> str:
    """What no other point has; only Pulser can tell whether two own sequences are the same."""
    if entry.job.sequence is not None:
        return entry.pointer
    return job_key(with_places(plain(spot.values), entry.job))


def _request(point: _Point, name: str) -> JobRequest:
    return JobRequest(
        name=name,
        runs=point.entry.job.runs,
        variables=with_places(plain(point.values), point.entry.job),
        pointer=point.spot.pointer,
        repetition=point.repetition,
    )


def _check_points(findings: Findings, points: Iterable[_Point]) -> None:
    """The same point twice is a mistake, and is reported once for each pair of entries."""
    first: dict[str, _Point] = {}
    reported: set[tuple[str, str]] = set()
    for point in points:
        earlier = first.setdefault(point.key, point)
        pair = (earlier.spot.pointer, point.spot.pointer)
        if earlier is not point and pair not in reported:
            reported.add(pair)
            _note_same_point(findings, earlier, point)


def _note_same_point(findings: Findings, earlier: _Point, point: _Point) -> None:
    said = job_names.derived(point.values, point.values) or "this job"
    where = (
        "twice in this entry"
        if earlier.spot.pointer == point.spot.pointer
        else f"here and on line {findings.line(earlier.spot.pointer)}"
    )
    findings.note(
        point.spot.pointer,
        f"{said} is asked for {where}",
        "raise runs, or say repeat, to measure it more often",
    )


def _names(findings: Findings, points: Sequence[_Point]) -> tuple[str, ...]:
    """A name for each point; names that the file gives are never changed."""
    given = [
        point.entry.job.name and job_names.named(point.entry.job.name, point.values, point.repetition)
        for point in points
    ]
    taken: dict[str, _Point] = {}
    for name, point in zip(given, points, strict=True):
        if name and (earlier := taken.setdefault(name, point)) is not point:
            _note_same_name(findings, earlier, point, name)
    names = job_names.Names(taken)
    return tuple(name or _derived_name(point, names) for name, point in zip(given, points, strict=True))


def _note_same_name(findings: Findings, earlier: _Point, point: _Point, name: str) -> None:
    place = child(point.entry.pointer, "name")
    if any(problem.pointer == place for problem in findings.problems):
        return  # one problem for each name in the file
    if earlier.entry is not point.entry:
        line = findings.line(child(earlier.entry.pointer, "name"))
        findings.note(place, f"two jobs are called {name}: here and on line {line}")
    else:
        variable = next(iter(point.entry.varying), "variable")
        findings.note(place, f"several jobs of this sweep are called {name}", f"say {name}-{{{variable}}}")


def _derived_name(point: _Point, names: job_names.Names) -> str:
    """The variables that vary; all of them where that name is taken already."""
    name = job_names.derived(point.values, point.varying) or f"job-{point.position}"
    if job_names.numbered(name, point.repetition) in names:
        name = job_names.derived(point.values, point.values) or name
    return names.take(job_names.numbered(name, point.repetition))
