"""Entries under `jobs`: the values of each variable spelled out, and held against its declaration."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.domain.suggestions import suggestion
from runner.spec.jobs import job_names
from runner.spec.jobs.matrix import Combination
from runner.spec.models.sweep_rules import Spread
from runner.spec.models.variables import Declared, fitted
from runner.spec.values.sweep_values import SweepError, Value, moving_together
from runner.spec.yaml_text.json_pointers import child, parent, steps_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from runner.spec.jobs.rule_values import Rules
    from runner.spec.models.experiment import Combinations, Job, SweepValues
    from runner.spec.yaml_text.document import Findings


@dataclass(frozen=True, slots=True)
class Column:
    """A variable and the values it takes.

    Args:
        places: Pointer of each value, or one pointer for all of them.

        is_known: Whether these are the values; else something stands in for what is broken and reported.
    """

    name: str
    values: tuple[Value, ...]
    places: tuple[str, ...]
    is_known: bool = True

    def place(self, i: int) -> str:
        """Pointer of the value number i."""
        return self.places[i if len(self.places) > 1 else 0]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry under `jobs`, with the values of its variables spelled out, axis by axis."""

    pointer: str
    job: Job
    axes: tuple[tuple[Column, ...], ...]
    excluded: tuple[Combination, ...] = ()
    included: tuple[Combination, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """All variables, in file order."""
        return tuple(column for axis in self.axes for column in axis)

    @property
    def varying(self) -> tuple[str, ...]:
        """Names of the variables that a name of a job should mention."""
        explicit = self.job.sweep is None
        return tuple(column.name for column in self.columns if explicit or len(column.values) > 1)

    @property
    def points(self) -> int:
        """How many jobs the entry asks for at most, if nothing is excluded."""
        swept = math.prod(max(len(column.values) for column in axis) for axis in self.axes)
        return (swept + len(self.included)) * self.job.repeat


def entry_of(
    findings: Findings, pointer: str, job: Job, *, declared: Mapping[str, Declared] | None, rules: Rules
) -> Entry:
    """An entry with its values spelled out; what is wrong with it is noted.

    Args:
        declared: Variables of the sequence; None if they can't be known.
    """
    axes = tuple(_axes(findings, pointer, job, rules))
    _check_repetition(findings, axes)
    if declared is not None:
        _check_names(findings, pointer, axes, declared, job)
        axes = tuple(tuple(_fitted(findings, column, declared) for column in axis) for axis in axes)
    for axis in axes:
        _check_lengths(findings, axis)
    excluded = _combinations(findings, child(pointer, "exclude"), job.exclude, declared)
    included = _combinations(findings, child(pointer, "include"), job.include, declared)
    named = [column.name for axis in axes for column in axis] + [
        name for each in included for name in each.values
    ]
    _check_template(findings, pointer, job, list(dict.fromkeys(named)))
    return Entry(pointer, job, axes, excluded, included)


def _axes(findings: Findings, pointer: str, job: Job, rules: Rules) -> Iterator[tuple[Column, ...]]:
    """The axes of an entry; those of a mapping hold one variable each."""
    for name, value in (job.variables or {}).items():
        place = child(child(pointer, "variables"), name)
        yield (Column(name, (value,), (place,)),)
    place = child(pointer, "sweep")
    match job.sweep:
        case dict() as sweep:
            for name, values in sweep.items():
                yield (_column(findings, child(place, name), values, rules),)
        case tuple() as sweeps:
            for i, axis in enumerate(sweeps):
                at = child(place, i)
                yield tuple(
                    _column(findings, child(at, name), values, rules) for name, values in axis.items()
                )


def _column(findings: Findings, place: str, values: SweepValues, rules: Rules) -> Column:
    name = steps_of(place)[-1]
    match values:
        case tuple():
            return Column(name, values, tuple(child(place, i) for i in range(len(values))))
        case Spread():
            return _spread(findings, place, values, rules)
        case _:
            return Column(name, (values,), (place,))


def _spread(findings: Findings, place: str, spread: Spread, rules: Rules) -> Column:
    name = steps_of(place)[-1]
    try:
        return Column(name, rules.values(spread, name), (place,))
    except SweepError as error:
        at = child(place, spread.chosen)
        findings.note(child(at, error.key) if error.key else at, error.message, error.hint)
        return Column(name, (0,), (place,), is_known=False)


def _combinations(
    findings: Findings,
    pointer: str,
    items: Combinations | None,
    declared: Mapping[str, Declared] | None,
) -> tuple[Combination, ...]:
    """Items of `exclude` or `include`, held against the declaration."""
    found = []
    for i, item in enumerate(items or ()):
        place = child(pointer, i)
        columns = [Column(name, (value,), (child(place, name),)) for name, value in item.items()]
        if declared is not None:
            _check_known(findings, columns, declared)
            columns = [_fitted(findings, column, declared) for column in columns]
        found.append(Combination(place, {column.name: column.values[0] for column in columns}))
    return tuple(found)


def _check_repetition(findings: Findings, axes: Sequence[Sequence[Column]]) -> None:
    seen: set[str] = set()
    for column in (column for axis in axes for column in axis):
        if column.name in seen:
            findings.note(_place_of(column), f"{column.name} is swept twice", of_key=True)
        seen.add(column.name)


def _check_names(
    findings: Findings,
    pointer: str,
    axes: Sequence[Sequence[Column]],
    declared: Mapping[str, Declared],
    job: Job,
) -> None:
    given = {column.name: column for axis in axes for column in axis}
    unknown = _check_known(findings, given.values(), declared)
    missing = [name for name in declared if name not in given]
    # A misspelt name and the lack of the right one are one mistake; what is included may fill the gap.
    if missing and not unknown and not job.include:
        message = f"the job gives no value to {', '.join(missing)}"
        findings.note(pointer, message, "every variable of the sequence needs one")


def _check_known(findings: Findings, columns: Collection[Column], declared: Mapping[str, Declared]) -> bool:
    """Whether there are variables that the sequence does not have; each is noted."""
    given = {column.name for column in columns}
    unknown = [column for column in columns if column.name not in declared]
    free = [each for each in declared if each not in given]
    for column in unknown:
        if findings.is_full:
            break
        hint = suggestion(column.name, free or declared, kind="variables")
        message = f"the sequence has no variable {column.name}"
        findings.note(_place_of(column), message, hint, of_key=True)
    return bool(unknown)


_WHOLE = "range: [FIRST, LAST, STEP] gives whole numbers, if these are"


def _place_of(column: Column) -> str:
    place = column.places[0]
    return place if steps_of(place)[-1] == column.name else parent(place)


def _fitted(findings: Findings, column: Column, declared: Mapping[str, Declared]) -> Column:
    if column.name not in declared or not column.is_known:
        return column
    values = []
    for i, value in enumerate(column.values):
        try:
            values.append(fitted(column.name, value, declared[column.name]))
        except ValueError as error:
            is_linspace = findings.has(child(column.place(i), "linspace"))
            findings.note(column.place(i), str(error), _WHOLE if is_linspace else "")
            if len(column.places) == 1:
                break  # all values stand in one place: one problem is enough
    return Column(column.name, tuple(values) or column.values[:1], column.places)


def _check_lengths(findings: Findings, axis: Sequence[Column]) -> None:
    if len(axis) == 1:
        return  # alone, it is in step with itself
    try:
        moving_together({column.name: range(len(column.values)) for column in axis})
    except SweepError as error:
        findings.note(parent(_place_of(axis[0])), error.message, error.hint)


def _check_template(findings: Findings, pointer: str, job: Job, variables: list[str]) -> None:
    if job.name is not None and (fault := job_names.template_fault(job.name, variables)):
        findings.note(child(pointer, "name"), *fault)
