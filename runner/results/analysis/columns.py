"""What can be said of a job in one cell: fields, variables and observables, found by the names people type.

A name may have an index behind it: `v[0]` of a variable that holds several values, `occupation[q3]` of one
qubit, `probability[0101]` of one bitstring. Nothing of a name is ever run as code.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from runner.results.analysis.names import UnknownQuantityError, listed, near, split_name
from runner.results.analysis.points import columns_of, free_name, unit_of
from runner.results.analysis.vocabulary import OBSERVABLES, inline_only, named_observable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.analysis.vocabulary import ReadMatrix

    Of = Callable[[MeasuredJob], object]

VARIABLES: Final = "variables"
EVERY: Final = "*"
_SHOWN: Final = 3


class ValueKind(StrEnum):
    """What the values of a quantity are."""

    TEXT = "text"
    NUMBER = "number"
    ESTIMATE = "estimate"
    SEVERAL = "several values"
    MOMENT = "a moment"


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that every job has a value of, or None.

    Args:
        name: What it is called, as the heading of a column.

        of: Gives its value of a job.
    """

    name: str
    kind: ValueKind
    of: Of

    @property
    def unit(self) -> str | None:
        """The unit that its name says; None for none."""
        return unit_of(self.name)


def _fields() -> dict[str, Quantity]:
    text: dict[str, Of] = {
        "experiment": lambda job: job.experiment,
        "job": lambda job: job.name,
        "key": lambda job: job.key,
        "status": lambda job: str(job.status),
        "device_type": lambda job: job.device_type,
        "basis": lambda job: job.basis,
        "recipe": lambda job: job.recipe,
        "target": lambda job: job.target,
    }
    numbers: dict[str, Of] = {
        "runs": lambda job: job.runs.wanted,
        "measured": lambda job: job.runs.measured,
        "rerun": lambda job: job.rerun,
        "duration_ns": lambda job: job.duration_ns,
        "n_qubits": lambda job: len(job.qubit_ids),
    }
    several: dict[str, Of] = {
        "counts": lambda job: dict(job.counts or {}),
        "most_frequent": lambda job: job.counts.most_frequent(_SHOWN) if job.counts else [],
        "qubit_ids": lambda job: list(job.qubit_ids),
        "job_ids": lambda job: [remote.id for remote in job.remote_jobs],
        "batch_ids": lambda job: list(dict.fromkeys(remote.batch_id for remote in job.remote_jobs)),
        "errors": lambda job: list(job.errors),
    }
    moments: dict[str, Of] = {
        "created_at": lambda job: job.created_at,
        "started_at": lambda job: job.started_at,
        "ended_at": lambda job: job.ended_at,
    }
    kinds = {
        ValueKind.TEXT: text,
        ValueKind.NUMBER: numbers,
        ValueKind.SEVERAL: several,
        ValueKind.MOMENT: moments,
    }
    return {name: Quantity(name, kind, of) for kind, some in kinds.items() for name, of in some.items()}


FIELDS: Final = _fields()
SLOT, ROUND, OBJECTIVE, BEST = "slot", "round", "objective", "best"
_ALIASES: Final = {"name": "job", "bitstrings": "most_frequent"}


def _of_strategy(jobs: Sequence[MeasuredJob], taken: Iterable[str]) -> dict[str, Quantity]:
    """What jobs of a strategy have beside; none where there is none.

    Args:
        taken: What names of an objective's `let` may not be called.
    """
    figures = [job.figures for job in jobs if job.figures]
    if not figures:
        return {}
    kinds: dict[str, tuple[ValueKind, Of]] = {
        SLOT: (ValueKind.NUMBER, lambda job: job.figures and job.figures.slot),
        ROUND: (ValueKind.NUMBER, lambda job: job.figures and job.figures.round),
        OBJECTIVE: (ValueKind.ESTIMATE, lambda job: job.figures and job.figures.objective),
        BEST: (ValueKind.ESTIMATE, lambda job: job.figures and job.figures.best),
    }
    names = {*taken, *kinds}
    for name in dict.fromkeys(name for each in figures for name in each.values):
        kinds[free_name(name, names)] = (ValueKind.ESTIMATE, _named_value(name))
    return {name: Quantity(name, kind, of) for name, (kind, of) in kinds.items()}


def _named_value(name: str) -> Of:
    return lambda job: job.figures and job.figures.values.get(name)


class Quantities:
    """What some jobs have values of.

    A variable that is called like a field or an observable has a `_` behind it. Of a strategy there are also
    slot, round, objective, the best so far, and the names of the objective's `let`.

    Args:
        jobs: Those whose variables and qubits count.

        read: Gives the matrix of a cost that is in a file.
    """

    def __init__(self, jobs: Iterable[MeasuredJob], read: ReadMatrix = inline_only) -> None:
        self._jobs, self._read = tuple(jobs), read
        some = self._jobs
        taken = {*FIELDS, *_ALIASES, *OBSERVABLES, VARIABLES}
        self._of_strategy = _of_strategy(some, taken)
        taken |= self._of_strategy.keys()
        self._variables: dict[str, Quantity] = {}
        self._parts: dict[str, list[str]] = {}
        for name in dict.fromkeys(name for job in some for name in job.variables):
            columns = dict.fromkeys(c for job in some for c in columns_of(_one(job.variables, name)))
            shown = free_name(name, taken)
            parts = [shown + column.removeprefix(name) for column in columns]
            self._parts[shown] = parts
            for part, column in zip(parts, columns, strict=True):
                self._variables[part] = Quantity(part, ValueKind.NUMBER, _variable(name, column))
        self.qubit_ids = tuple(dict.fromkeys(qubit for job in some for qubit in job.qubit_ids))

    @property
    def variables(self) -> tuple[Quantity, ...]:
        """A quantity for each number of each variable, in the order in which they come first."""
        return tuple(self._variables.values())

    @property
    def names(self) -> tuple[str, ...]:
        """What can be said without an index, and variables with theirs."""
        return (*self._parts, *self._of_strategy, *FIELDS, *_ALIASES, *OBSERVABLES)

    def chosen(self, name: str) -> tuple[Quantity, ...]:
        """The columns that a name stands for: one, or several for a variable that holds several values.

        Raises:
            UnknownQuantityError: Nothing is called so.
        """
        base, index = split_name(name)
        if base == VARIABLES and index is None:
            return self.variables
        if index == EVERY and base in {"occupation", "magnetization"}:
            return tuple(self.found(base, qubit) for qubit in self.qubit_ids)
        if base in self._parts and index in {None, EVERY}:
            return tuple(self._variables[part] for part in self._parts[base])
        return (self.found(base, index),)

    def found(self, name: str, index: str | None = None) -> Quantity:
        """The one quantity of a name.

        Args:
            index: What stands in brackets behind it; None without brackets.

        Raises:
            UnknownQuantityError: Nothing is called so, or a variable holds several values.
        """
        name = _ALIASES.get(name, name)
        if name in self._of_strategy and index is None:
            return self._of_strategy[name]
        if name in OBSERVABLES:
            try:
                return self._observable(name, index)
            except UnknownQuantityError as error:
                if index is not None or f"{name}_" not in self._of_strategy:
                    raise
                raise UnknownQuantityError(
                    error.message, f"the {name} of `let` is {name}_; or {error.hint}"
                ) from error
        if name in FIELDS and index is None:
            return FIELDS[name]
        if name in self._parts:
            return self._variable(name, index)
        if index is not None and name in {*FIELDS, *self._of_strategy}:
            raise UnknownQuantityError(f"{name} takes no index", f"say {name}")
        raise UnknownQuantityError(f"nothing is called {name}", near(name, self.names))

    def _variable(self, name: str, index: str | None) -> Quantity:
        parts = self._parts[name]
        wanted = name if index is None else f"{name}[{index}]"
        if wanted in self._variables:
            return self._variables[wanted]
        if parts == [name]:
            raise UnknownQuantityError(f"{name} holds one value, and takes no index", f"say {name}")
        if index is None:
            raise UnknownQuantityError(f"{name} holds several values", f"say which: {listed(parts)}")
        raise UnknownQuantityError(f"there is no {wanted}", f"there are: {listed(parts)}")

    def _observable(self, name: str, index: str | None) -> Quantity:
        found = named_observable(name, index, self._jobs, self._read)
        return Quantity(found.name, ValueKind.ESTIMATE, found.estimate)


def _one(variables: Mapping[str, object], name: str) -> dict[str, object]:
    return {name: variables[name]} if name in variables else {}


def _variable(name: str, column: str) -> Of:
    return lambda job: columns_of(_one(job.variables, name)).get(column)
