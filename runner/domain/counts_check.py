"""Whether counts of a result are believed: checked where they arrive, and again where a record is read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN_CHARACTERS: Final = 40


@dataclass(frozen=True, slots=True)
class CheckedCounts:
    """Bitstring counts that can be right, or why they cannot.

    Args:
        counts: Empty where there is a problem.

        problem: What cannot be right; empty if nothing speaks against the counts. Fewer runs than were asked
            for are no problem: shots may be missing.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""


def checked_counts(value: object, *, n_qubits: int | None, runs: int | None) -> CheckedCounts:
    """Bitstring counts, if what a result or a record says can be that.

    A count is written as a whole number: neither 10.0 nor true nor "10" is one.

    Args:
        value: As it was read from JSON.

        n_qubits: Length of every bitstring; None where nobody knows, then all are of one length.

        runs: Most runs that can be counted; None where nobody knows.
    """
    if not isinstance(value, dict):
        return CheckedCounts(problem=f"the counts are {_shown(value)}, not an object")
    problem = "" if _are_right(value, n_qubits) else _first_wrong(value, n_qubits)
    if problem:
        return CheckedCounts(problem=problem)
    counted = sum(value.values())
    if not counted:
        return CheckedCounts(problem="no run is counted")
    if runs is not None and counted > runs:
        return CheckedCounts(problem=f"{counted} runs are counted, and {runs} were asked for")
    return CheckedCounts(value)


def _are_right(value: dict[str, int], n_qubits: int | None) -> bool:
    """Whether all bitstrings and numbers can be right; at once, as records hold a great many of them."""
    lengths = set(map(len, value))
    return (
        set(map(type, value.values())) <= {int}
        and min(value.values(), default=0) >= 0
        and not "".join(value).strip("01")
        and len(lengths) <= 1
        and (lengths <= {n_qubits} if n_qubits is not None else "" not in value)
    )


def _first_wrong(value: dict[str, int], n_qubits: int | None) -> str:
    """The first thing that cannot be right."""
    for bitstring, count in value.items():
        if not bitstring or bitstring.strip("01"):
            return f"{_shown(bitstring)} is no bitstring"
        if n_qubits is not None and len(bitstring) != n_qubits:
            qubits = "1 qubit" if n_qubits == 1 else f"{n_qubits} qubits"
            return f"{_shown(bitstring)} does not fit {qubits}"
        if type(count) is not int or count < 0:
            return f"{_shown(bitstring)} is counted {_shown(count)} times"
    return "the bitstrings are of several lengths"


def _shown(value: object) -> str:
    """A value of JSON in few characters."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
