"""What can be said of a job in one cell: fields, variables and observables, found by the names people type.

A name may have an index behind it: `v[0]` of a variable that holds several values, `occupation[q3]` of one
qubit, `probability[0101]` of one bitstring. Nothing of a name is ever run as code.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from runner.results.analysis.points import columns_of, free_name, unit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from runner.results.analysis.estimates import Estimate
    from runner.results.analysis.job_result import MeasuredJob

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


class UnknownQuantityError(ValueError):
    """Nothing is called so.

    Args:
        hint: What is, or how to say what is meant.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


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
_ALIASES: Final = {"name": "job", "bitstrings": "most_frequent"}
OBSERVABLES: Final = ("occupation", "magnetization", "correlation", "probability")


class Quantities:
    """What some jobs have values of.

    A variable that is called like a field or an observable has a `_` behind it.

    Args:
        jobs: Those whose variables and qubits count.
    """

    def __init__(self, jobs: Iterable[MeasuredJob]) -> None:
        some = tuple(jobs)
        taken = {*FIELDS, *_ALIASES, *OBSERVABLES, VARIABLES}
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
        self._lengths = tuple(dict.fromkeys(len(job.qubit_ids) for job in some))

    @property
    def variables(self) -> tuple[Quantity, ...]:
        """A quantity for each number of each variable, in the order in which they come first."""
        return tuple(self._variables.values())

    @property
    def names(self) -> tuple[str, ...]:
        """What can be said without an index, and variables with theirs."""
        return (*self._parts, *FIELDS, *_ALIASES, *OBSERVABLES)

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
        if name in OBSERVABLES:
            return self._observable(name, index)
        if name in FIELDS and index is None:
            return FIELDS[name]
        if name in self._parts:
            return self._variable(name, index)
        if index is not None and name in FIELDS:
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
            raise UnknownQuantityError(f"{name} holds several values", f"say which: {_listed(parts)}")
        raise UnknownQuantityError(f"there is no {wanted}", f"there are: {_listed(parts)}")

    def _observable(self, name: str, index: str | None) -> Quantity:
        shown = name if index is None else f"{name}[{index}]"
        if name == "probability":
            return Quantity(shown, ValueKind.ESTIMATE, _probability(self._bitstring(index)))
        if name == "correlation":
            pair = [self._qubit(qubit.strip()) for qubit in (index or "").split(",")]
            if len(pair) != _PAIR:
                raise UnknownQuantityError("a correlation is of two qubits", "say correlation[q0,q1]")
            return Quantity(f"{name}[{','.join(pair)}]", ValueKind.ESTIMATE, _correlation(*pair))
        if index is None:
            return Quantity(name, ValueKind.ESTIMATE, _mean(name))
        return Quantity(shown, ValueKind.ESTIMATE, _of_qubit(name, self._qubit(index)))

    def _qubit(self, name: str) -> str:
        if name in self.qubit_ids:
            return name
        if not name:
            raise UnknownQuantityError("a correlation is of two qubits", "say correlation[q0,q1]")
        hint = near(name, self.qubit_ids, kind="qubits")
        raise UnknownQuantityError(f"there is no qubit {name}", hint)

    def _bitstring(self, index: str | None) -> str:
        if index and not index.strip("01") and len(index) in self._lengths:
            return index
        lengths = " or ".join(map(str, self._lengths))
        message = (
            f"{index} is no bitstring of {lengths} qubits" if index else "a probability is of a bitstring"
        )
        example = ("01" * max(self._lengths, default=1))[: max(self._lengths, default=1)]
        raise UnknownQuantityError(message, f"say probability[{example}]")


_PAIR: Final = 2


def split_name(text: str) -> tuple[str, str | None]:
    """Name and index: `v[0]` is `v` and `0`, `probability:01` is `probability` and `01`."""
    plain = text.strip()
    if plain.endswith("]") and "[" in plain:
        name, _, index = plain[:-1].partition("[")
        return name.strip(), ",".join(each.strip(" \t'\"") for each in index.split(","))
    name, colon, index = plain.partition(":")
    return name, index if colon else None


def near(word: str, known: Iterable[str], *, kind: str = "names") -> str:
    """A hint for a word that is not known: the nearest that is, or all of them."""
    names = list(known)
    by_lower_case = {name.lower(): name for name in reversed(names)}
    match = difflib.get_close_matches(word.lower(), by_lower_case, n=1)
    return f"did you mean {by_lower_case[match[0]]}?" if match else f"{kind} are: {_listed(names)}"


def _listed(names: Sequence[str], most: int = 40) -> str:
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def _one(variables: Mapping[str, object], name: str) -> dict[str, object]:
    return {name: variables[name]} if name in variables else {}


def _variable(name: str, column: str) -> Of:
    return lambda job: columns_of(_one(job.variables, name)).get(column)


def _mean(name: str) -> Of:
    """The mean over all qubits."""
    scale, offset = (2, -1) if name == "magnetization" else (1, 0)

    def of(job: MeasuredJob) -> Estimate:
        between = (float(offset), float(offset + scale))
        return job.expectation(lambda bits: scale * bits.count("1") / len(bits) + offset, between=between)

    return of


def _of_qubit(name: str, qubit: str) -> Of:
    def of(job: MeasuredJob) -> object:
        return getattr(job, name)[qubit] if qubit in job.qubit_ids else None

    return of


def _correlation(one: str, other: str) -> Of:
    def of(job: MeasuredJob) -> object:
        return job.correlations[one, other] if {one, other} <= {*job.qubit_ids} else None

    return of


def _probability(bitstring: str) -> Of:
    def of(job: MeasuredJob) -> object:
        if len(bitstring) != len(job.qubit_ids):
            return None
        return job.expectation(lambda bits: float(bits == bitstring), between=(0.0, 1.0))

    return of
