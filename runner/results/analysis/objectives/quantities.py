"""Quantities as an objective says them → the observables of the vocabulary."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from runner.errors import UsageError
from runner.results.analysis.many_body.pairs import CORRELATION, CORRELATION_AT, JOINT, JOINT_AT, SHELL
from runner.results.analysis.many_body.tails import CVAR, LOWEST
from runner.results.analysis.names import UnknownQuantityError
from runner.results.analysis.vocabulary import (
    COST,
    EVALUATED,
    MAGNETIZATION,
    OCCUPATION,
    PROBABILITY,
    STRUCTURE,
    named_observable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.analysis.named_observable import NamedObservable
    from runner.results.analysis.vocabulary import ReadMatrix

    Let = Mapping[str, Any]
    Name = tuple[str, str | None]


def quantity(said: object, let: Let, job: MeasuredJob, read: ReadMatrix) -> NamedObservable:
    """The observable that a quantity is.

    Args:
        said: As an objective has it, as plain data.

        let: All quantities of the objective, by name.

        read: Gives the matrix of a cost that is in a file.

    Raises:
        UsageError: It is none of this job.
    """
    try:
        return named_observable(*vocabulary_name(said, let), [job], read)
    except UnknownQuantityError as error:
        raise UsageError(error.message, hint=error.hint) from error


def vocabulary_name(said: Any, let: Let) -> Name:
    """Name and index of a quantity in the vocabulary; None without an index.

    Raises:
        UsageError: It says nothing that is known.
    """
    if isinstance(said, str):
        return said, None
    for kind, name in _KINDS.items():
        if kind in said:
            return name(said[kind], let)
    raise UsageError(f"an objective has no quantity {said}")


def _structure(said: Any, _: Let) -> Name:
    numbers = said.get("k_rad_per_um")
    return STRUCTURE, ",".join(map(repr, numbers)) if numbers else "staggered"


def _cost(said: Any, _: Let) -> Name:
    return COST, json.dumps(said["rows"])[1:-1] if "rows" in said else said["file"]


def _tail(said: Any, let: Let) -> Name:
    name, index = vocabulary_name(let.get(said["of"], said["of"]), let)
    of = name if index is None else f"{name}[{index}]"
    return CVAR, f"{said['fraction']!r},{said.get('tail', LOWEST)},{of}"


def _pairs(said: Any, _: Let) -> Name:
    is_connected = said.get("connected", True)
    if "qubits" in said:
        return (CORRELATION if is_connected else JOINT), ",".join(said["qubits"])
    index = f"{SHELL}{said['distance']}" if "distance" in said else repr(said["distance_um"])
    return (CORRELATION_AT if is_connected else JOINT_AT), index


_KINDS: Final[Mapping[str, Callable[[Any, Let], Name]]] = {
    OCCUPATION: lambda said, _: (OCCUPATION, said),
    MAGNETIZATION: lambda said, _: (MAGNETIZATION, said),
    "structure_factor": _structure,
    "correlation": _pairs,
    "qubo": _cost,
    "probability": lambda said, _: (PROBABILITY, ",".join(said)),
    "cvar": _tail,
    "observable": lambda said, _: (EVALUATED, said),
}
